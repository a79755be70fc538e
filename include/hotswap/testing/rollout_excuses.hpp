#pragma once

/// @file
/// What has gone wrong in a simulated world that no rollout can know of, or mend: then some
/// promises do not hold, and it is not the rollout's fault.
///
///     if (!excuses.router() && !excuses.late_splits()) broken.of(3, "…");

#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_journal.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// Of one rollout. What the world counts, it counts since it began: what went wrong in an earlier
/// rollout excuses what lands in this one.
class rollout_excuses {
 public:
  rollout_excuses(simulated_world& world, const simulated_platform& platform,
                  const simulated_journal& journal, const rollout_rules& rules)
      : world_(world), platform_(platform), journal_(journal), rules_(rules) {}

  std::uint64_t drivers = 0;  ///< processes, those of earlier rollouts of this world included
  std::uint64_t crashes = 0;
  std::uint64_t jumps = 0;       ///< of the clock
  std::uint64_t promotions = 0;  ///< that people have asked for
  std::uint64_t forced_promotions = 0;
  bool baseline_died = false;
  bool candidate_died = false;
  bool is_fleet = false;
  bool fleet_shrank = false;  ///< so there may be fewer batches
  bool servers_went_back_unrecorded = false;
  /// It was removed while it had traffic, by a driver to which the router had told an older split.
  std::optional<model_version> removed_in_error;

  /// What an earlier rollout of this world may have left under way.
  void follows(const rollout_excuses& before) noexcept {
    drivers = before.drivers;
    fleet_shrank = before.fleet_shrank;
    calls_of_the_ignorant_ = before.calls_of_the_ignorant_;
  }

  /// What a router did.
  [[nodiscard]] bool router() const noexcept {
    return routed(call_fault::lies) + routed(call_fault::partly) +
               routed(call_fault::partly_fails) + platform_.foreign_splits() >
           0;
  }
  /// A router without a fence lets in what comes after its call has ended, or its process.
  [[nodiscard]] bool late_splits() const noexcept {
    return !rules_.router_is_fenced &&
           (calls_of_the_ignorant_ > 0 ||
            routed(call_fault::lost) + routed(call_fault::lands_very_late) > 0 ||
            (drivers > 1 && routed(call_fault::lands_late) > 0));
  }
  [[nodiscard]] bool server() const noexcept {
    return calls_of_the_ignorant_ > 0 ||
           served(call_fault::lies) + served(call_fault::lost) +
                   served(call_fault::lands_very_late) >
               0 ||
           (drivers > 1 && served(call_fault::lands_late) > 0);
  }

  /// That may make the way back longer.
  [[nodiscard]] std::uint64_t router_faults() const noexcept {
    return platform_.foreign_splits() + crashes + world_.count(choice_site::set_split) +
           world_.count(choice_site::read_split) + world_.count(choice_site::warm_up) +
           world_.count(choice_site::healthy) + world_.count(choice_site::update) +
           world_.count(choice_site::rotate) + world_.count(choice_site::server_healthy);
  }

  /// Has another driver taken over, and has this one not written since? Then it goes on with the
  /// call that it has recorded, in vain behind a fence, and not in vain without one.
  /// @param verb  that makes a call now; empty for one to a server of a fleet
  bool knows_enough(std::string_view verb) {
    const simulated_process* const by = world_.running;
    const auto& records = journal_.records();
    if (by == nullptr || records.empty()) return true;
    if (is_by(*records.back(), *by)) return true;
    const bool sets_baseline = verb == "shift" && by->verb_under_way == "reference";
    const bool is_under_way = sets_baseline || verb.empty() || by->verb_under_way == verb ||
                              by->verb_under_way == "resumed";
    if (!is_under_way && !by->decided_at) return true;
    ++calls_of_the_ignorant_;
    return false;
  }

  static bool is_by(const journal_record& record, const simulated_process& process) {
    return record.driver.starts_with(process.identity() + "-");
  }

 private:
  [[nodiscard]] std::uint64_t routed(call_fault kind) const noexcept {
    return world_.count(choice_site::set_split, kind) + moved(kind);
  }
  [[nodiscard]] std::uint64_t served(call_fault kind) const noexcept {
    return world_.count(choice_site::deploy, kind) + world_.count(choice_site::warm_up, kind) +
           world_.count(choice_site::remove, kind) + world_.count(choice_site::set_mirror, kind) +
           moved(kind);
  }
  /// In a fleet, which is server and router in one.
  [[nodiscard]] std::uint64_t moved(call_fault kind) const noexcept {
    return world_.count(choice_site::update, kind) + world_.count(choice_site::rotate, kind);
  }

  simulated_world& world_;
  const simulated_platform& platform_;
  const simulated_journal& journal_;
  const rollout_rules& rules_;
  std::uint64_t calls_of_the_ignorant_ = 0;
};

}  // namespace hotswap::inline v0_1
