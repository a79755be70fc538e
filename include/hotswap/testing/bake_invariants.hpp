#pragma once

/// @file
/// What must hold of a bake, seen from its records: how long it was, and on what it has passed.
///
///     bakes.is_durable(record);
///     if (bakes.is_over("step-50")) …

#include <hotswap/core/event.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/breach.hpp>
#include <hotswap/testing/rollout_excuses.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Of one rollout, whose steps are observed one after the other.
class bake_invariants {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  bake_invariants(simulated_world& world, const rollout_rules& rules,
                  const rollout_excuses& excuses, breach& broken)
      : world_(world), rules_(rules), excuses_(excuses), broken_(broken) {}

  void is_durable(const journal_record& record) {
    for (const auto& each : record.events) {
      if (each->kind == event_kind::promoted && !each->actor.empty()) person_promotes();
    }
    if (const auto* obeyed = std::get_if<std::shared_ptr<const command_record>>(&record.payload)) {
      note_pause((*obeyed)->command.asked, record.at);
    }
    if (record.verb == "observe" || record.verb == "compare") note_bake(record);
  }

  /// Is it told, or recorded, who did?
  void person_promotes() noexcept { is_promoted_ = true; }

  [[nodiscard]] bool has_failed() const noexcept { return has_failed_; }
  [[nodiscard]] bool is_validated() const noexcept { return is_validated_; }
  [[nodiscard]] bool is_over(const std::string& step) const {
    return std::find(over_.begin(), over_.end(), step) != over_.end();
  }
  [[nodiscard]] std::optional<nanoseconds> last_over_at() const noexcept { return last_over_at_; }

  /// Another rollout has opened the journal.
  void begin_anew() {
    is_promoted_ = has_failed_ = is_validated_ = false;
    paused_at_.reset();
    over_.clear();
  }

 private:
  using time_point = std::chrono::system_clock::time_point;

  struct bake_so_far {
    time_point began{};
    nanoseconds paused{0};
    bool last_passed = false;
    bool is_finite = true;
    std::chrono::milliseconds elapsed{0};
    std::uint64_t baseline = 0;
    std::uint64_t candidate = 0;
  };

  void note_pause(control_command::kind asked, time_point at) {
    if (asked == control_command::kind::pause && !paused_at_) paused_at_ = at;
    if (asked != control_command::kind::resume || !paused_at_) return;
    bake_.paused += std::max(nanoseconds{0}, nanoseconds{at - std::max(*paused_at_, bake_.began)});
    paused_at_.reset();
  }

  void note_bake(const journal_record& record) {
    if (record.phase == record_phase::began) {
      bake_ = bake_so_far{};
      bake_.began = record.at;
    } else if (const auto* look =
                   std::get_if<std::shared_ptr<const look_report>>(&record.payload)) {
      note_look(**look);
    } else if (const auto* outcome = std::get_if<outcome_record>(&record.payload)) {
      note_end(record, outcome->why);
    }
  }

  void note_look(const look_report& look) {
    if (look.verdict.failed()) has_failed_ = true;
    if (!look.collected) return;
    bake_.last_passed = look.verdict.passed();
    bake_.elapsed = look.elapsed;
    bake_.is_finite = (!look.baseline.latency || look.baseline.latency->finite()) &&
                      (!look.candidate.latency || look.candidate.latency->finite()) &&
                      bake_.is_finite;
    bake_.candidate += look.candidate.requests;
    bake_.baseline =
        look.contemporaneous ? bake_.baseline + look.baseline.requests : look.baseline.requests;
  }

  void note_end(const journal_record& record, const std::string& why) {
    last_over_at_ = world_.clock.elapsed();
    if (why == "pass") {
      require_samples(record.step);
      require_time(record);
    } else if (why != "promoted" || !is_promoted_) {
      broken_.of(12, record.step + " is over for no reason: " + why);
    }
    over_.push_back(record.step);
    if (record.verb == "compare") is_validated_ = true;
  }

  void require_samples(const std::string& step) {
    if (!bake_.last_passed) broken_.of(5, step + " has passed, and its last look has not");
    if (!bake_.is_finite) broken_.of(5, step + " has passed on what is no number");
    const bool is_compared = !rules_.is_first;
    if (bake_.candidate < rules_.minimum_samples ||
        (is_compared && bake_.baseline < rules_.minimum_samples)) {
      broken_.of(5, step + " has passed on " + std::to_string(bake_.baseline) +
                        " requests of the baseline and " + std::to_string(bake_.candidate) +
                        " of the candidate");
    }
  }

  /// By its own account, and by the clock: what was paused is no part of it.
  void require_time(const journal_record& end) {
    if (bake_.elapsed < rules_.bake) {
      broken_.of(12, end.step + " has passed after " + std::to_string(bake_.elapsed.count()) +
                         " ms, before its bake was over");
    }
    const nanoseconds counted = nanoseconds{end.at - bake_.began} - bake_.paused;
    if (excuses_.jumps == 0 && counted < rules_.bake) {
      broken_.of(12, end.step + " has passed after " +
                         std::to_string(counted / std::chrono::milliseconds{1}) +
                         " ms in which it was not paused, before its bake was over");
    }
  }

  simulated_world& world_;
  const rollout_rules& rules_;
  const rollout_excuses& excuses_;
  breach& broken_;
  bake_so_far bake_;
  std::optional<time_point> paused_at_;
  bool is_promoted_ = false;
  bool has_failed_ = false;
  bool is_validated_ = false;
  std::vector<std::string> over_;
  std::optional<nanoseconds> last_over_at_;
};

}  // namespace hotswap::inline v0_1
