#pragma once

/// @file
/// What must hold once a rollout has ended, and after all that lands late.
///
///     ends.ended(result, process);
///     … ends.is_settled();

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/breach.hpp>
#include <hotswap/testing/record_invariants.hpp>
#include <hotswap/testing/rollout_excuses.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_process.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Of one rollout.
class end_invariants {
 public:
  end_invariants(simulated_platform& platform, const rollout_rules& rules,
                 const rollout_excuses& excuses, const record_invariants& records, breach& broken)
      : platform_(platform), rules_(rules), excuses_(excuses), records_(records), broken_(broken) {}

  /// What the rollout before has named as left over is named, or could not know of, and what it
  /// believed to serve, which need not be this one's baseline.
  void follows(const end_invariants& before) {
    named_ = before.named_;
    for (const auto& each : platform_.versions()) {
      if (before.has_joined_since(each)) named_.push_back(each.version.version());
    }
    if (before.active_ != rules_.baseline.version()) named_.push_back(before.active_);
    mirror_is_named_ = before.mirror_is_named_;
  }

  /// As far as one process says.
  void ended(const deployment_result& result, const simulated_process& by) {
    if (rules_.is_first && another_serves_) return;  // its version, not this one's, is there
    status_ = result.status();
    require_traffic(result, by);
    require_steps(result);
    require_way_back(result, by);
    for (const event& each : result.history()) note_left_over(each);
    const bool has_active = !rules_.is_first || result.status() == deployment_status::succeeded ||
                            result.status() == deployment_status::rollback_failed;
    active_ = has_active ? result.active().version() : std::string{};
    // a driver that has asked nobody goes by what those before it have recorded
    servers_told_ = by.servers_told > 0 ? by.servers_told : platform_.servers_told();
  }

  /// Another rollout has opened the journal, and may move the traffic and the versions. What the
  /// one before believed to serve need not be its baseline, nor its own to remove.
  void another_begins() {
    another_serves_ = another_serves_ || !active_.empty();
    if (!active_.empty() && active_ != rules_.baseline.version()) named_.push_back(active_);
    status_.reset();
    ended_baseline_ = false;
  }

  /// What is left over may be named by a driver that cannot say how it ended.
  void is_durable(const journal_record& record) {
    for (const auto& each : record.events) note_left_over(*each);
  }

  /// The traffic has changed.
  void changed() {
    if (ended_baseline_ && rules_.router_is_fenced) require_baseline_in_force();
  }

  /// And all that was to come late has come.
  void is_settled() {
    if (!status_ || *status_ == deployment_status::rollback_failed) return;
    if (ended_baseline_) {
      if (rules_.router_is_fenced) {
        require_baseline_in_force();
      } else if (!excuses_.router() && !excuses_.late_splits() &&
                 !platform_.is_all_to(rules_.baseline)) {
        broken_.of(3, "the baseline has not all the traffic in the end");
      }
    }
    if (excuses_.server() || excuses_.servers_went_back_unrecorded) return;
    require_nothing_left_over();
  }

 private:
  void note_left_over(const event& told) {
    if (told.kind != event_kind::leftover) return;
    const auto version = told.payload.find("version");
    if (version != told.payload.end()) named_.push_back(version->second);
    if (told.payload.contains("mirror")) mirror_is_named_ = true;
  }

  /// In a fleet, with servers that the rollout was never told of.
  [[nodiscard]] bool has_joined_since(
      const simulated_platform::version_state& version) const noexcept {
    return version.first_server > servers_told_;
  }

  void require_traffic(const deployment_result& result, const simulated_process& by) {
    const auto status = result.status();
    const bool is_back =
        status == deployment_status::rolled_back || status == deployment_status::aborted;
    if (rules_.is_first) {
      const bool is_excused = excuses_.router() || excuses_.late_splits();
      if (is_back && platform_.share_of(rules_.candidate) > 0.0 && !is_excused) {
        broken_.of(3, "no version is said to have traffic, and the first one has");
      }
      return;
    }
    ended_baseline_ = (is_back && !has_left_traffic_alone(by)) ||
                      (status == deployment_status::rejected && by.last_split > 0);
    if (!ended_baseline_ || by.last_split == 0) return;
    if (!by.last_split_is_baseline) {
      broken_.of(3, "the last split that was sent is not 100 % of the baseline");
    } else if (!by.last_split_is_confirmed) {
      broken_.of(3, "the last split that was sent was not answered with yes");
    } else if (is_back && rules_.router_is_readable && !by.last_split_was_read) {
      broken_.of(3,
                 "the last split that was sent was not read back from a router that can be read");
    }
  }

  /// It has not made sure of where the traffic is, nor asked for another split.
  [[nodiscard]] bool has_left_traffic_alone(const simulated_process& by) const noexcept {
    return !records_.has_charge_of_traffic() && by.last_split == 0;
  }

  void require_baseline_in_force() {
    if (excuses_.router() || platform_.is_all_to(rules_.baseline)) return;
    broken_.of(3, "the baseline has not all the traffic after the end, behind a fenced router");
  }

  void require_steps(const deployment_result& result) {
    const bool has_won =
        result.status() == deployment_status::succeeded && result.active() == rules_.candidate;
    if (!has_won) return;
    for (const std::string& each : rules_.observed) {
      if (!records_.bakes.is_over(each) && excuses_.promotions == 0 && !excuses_.fleet_shrank) {
        broken_.of(12, "the candidate has won without " + each);
      }
    }
    // of a fleet, which somebody else has made send requests to a baseline that no server runs
    const bool is_starved = excuses_.fleet_shrank && platform_.foreign_splits() > 0;
    const bool has_died = platform_.state(rules_.baseline).has_died || excuses_.baseline_died;
    if (rules_.candidate_is_bad && !has_died && !is_starved && platform_.metric_lies() == 0 &&
        excuses_.promotions == 0) {
      broken_.of(13, "a bad candidate has won");
    }
  }

  void require_way_back(const deployment_result& result, const simulated_process& by) {
    const bool is_back = result.status() == deployment_status::rolled_back ||
                         result.status() == deployment_status::aborted;
    if (rules_.is_first || !is_back || !by.decided_at ||
        excuses_.router_faults() != by.faults_by_then)
      return;
    if (excuses_.router() || excuses_.late_splits()) return;
    if (has_left_traffic_alone(by)) return;
    const bool has_died = excuses_.baseline_died || excuses_.candidate_died;
    if (excuses_.is_fleet && (has_died || excuses_.fleet_shrank)) return;
    if (!by.is_back_at) {
      broken_.of(14, "the baseline is not in force, though the router works");
    } else if (*by.is_back_at - *by.decided_at > rules_.way_back) {
      broken_.of(14,
                 "the way back took " +
                     std::to_string((*by.is_back_at - *by.decided_at) / std::chrono::seconds{1}) +
                     " s");
    }
  }

  void require_nothing_left_over() {
    for (const auto& each : platform_.versions()) {
      const std::string& name = each.version.version();
      const bool is_named = std::find(named_.begin(), named_.end(), name) != named_.end();
      if (each.is_deployed && !has_joined_since(each) && name != active_ && !is_named) {
        broken_.of(15, to_string(each.version) + " is still deployed, and nobody says so");
      }
      if (!each.is_deployed && name == active_) {
        broken_.of(15, to_string(each.version) + " is active, and not deployed");
      }
    }
    if (platform_.mirrored() > 0 && !mirror_is_named_) {
      broken_.of(15, "requests are still mirrored, and nobody says so");
    }
  }

  simulated_platform& platform_;
  const rollout_rules& rules_;
  const rollout_excuses& excuses_;
  const record_invariants& records_;
  breach& broken_;
  std::optional<deployment_status> status_;
  bool ended_baseline_ = false;
  std::string active_;
  bool another_serves_ = false;  ///< of a rollout that had ended before this one began
  std::vector<std::string> named_;
  bool mirror_is_named_ = false;
  std::size_t servers_told_ = 0;  ///< of which the rollout was told, when it ended
};

}  // namespace hotswap::inline v0_1
