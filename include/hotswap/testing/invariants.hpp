#pragma once

/// @file
/// What must hold in a rollout whatever goes wrong, checked after each change of a simulated world.
///
///     hotswap::rollout_invariants invariants{world, platform, journal, rules};
///     … if (!invariants.breach().empty()) std::puts(invariants.breach().c_str());
///
/// Sources: the published defects of rollout controllers (argo-rollouts #1190, #1665, #3852, #4841
/// among others), and the promises of this library's own documentation.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/breach.hpp>
#include <hotswap/testing/end_invariants.hpp>
#include <hotswap/testing/platform_watcher.hpp>
#include <hotswap/testing/record_invariants.hpp>
#include <hotswap/testing/rollout_excuses.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_journal.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Watches one rollout, over all its processes. The first breach is kept, as a sentence that begins
/// with the invariant's number.
///
/// The numbers, and where a promise has a limit, the limit:
///   1 shares sum to 100 % in every replica of the router.
///   2 a split is only sent, and only recorded as intended, for versions that the server has said
///     to be deployed and warm. (It may have lied, or the version may have died since.)
///   3 after any end but `succeeded` and `rollback_failed`, the last split that its driver has sent
///     is 100 % baseline, and was answered with yes; with a fenced router it is in force, then and
///     after. Not if the router lied, reached some replicas only, or somebody else has set the
///     split. From a router that can be read it was read back. A router without a fence keeps it
///     too, unless a call of it lands after it has failed, after its process has died, or after the
///     rollout has waited for it as long as it says.
///     Of a first deployment, which has no baseline: then no version has traffic.
///   4 nothing is removed that gets traffic or may get it from a call that is under way, and no
///     baseline before `committed` is durable. The excuses of 3 hold.
///   5 a bake passes only on as many samples as it needs, of both sides, and on numbers.
///   6 exactly one terminal record per rollout, the last one of it, and equal to the
///     result of the driver that wrote it. It is committed once, and never goes back after that.
///   7 the candidate's share is never above the last recorded intent, nor rises after a fail or a
///     decision to roll back, unless a forced promote is recorded. While a fail is held it stays
///     what it was, and is set to that again if it has drifted.
///   9 no request goes to a version that cannot answer it: not if it has died, the server has lied
///     about it, the router has told an older split before it was removed, or the excuses of 3
///     hold. In a fleet: no server is updated in rotation, none is put in before it was said to be
///     healthy, and one stays in it.
///  10 a driver that has lost, or has left, makes no call that changes anything. One that is
///     stopped does not go back for that: its journal survives it.
///  12 a candidate has won only if each step has passed, or was promoted by somebody who is named,
///     after its whole bake, of which no pause is a part.
///  13 with truthful metrics, and nobody who promotes it, a bad candidate does not win over a
///     baseline that has not died.
///  14 from the decision to roll back to the baseline in force it takes no longer than said, if the
///     router and the baseline work. (A fleet that has lost a server, or one of whose versions has
///     died, waits until another one serves.)
///  15 at the end, what is deployed is active or named as left over, and nothing is mirrored. Not
///     if the server lied, or a call lands after it has failed or after its process has died; nor
///     if servers of a fleet went back before that could be recorded, and the driver died: its
///     successor cannot ask a server what it runs.
///  16 a shadow gets no traffic before it is validated, and no copies once it has traffic.
///  17 all splits of a rollout have one salt, its name: so a key keeps its arm. (Not while it goes
///     back with a journal that has not even its first record: then nobody else knows its name.)
///  18 the loser is removed no sooner than it was to be kept, so a switch back needs no deploy.
/// A driver that another one has taken over learns that when it next writes. Until then it may
/// make, and repeat, the call that its last record has begun: what that does is excused where the
/// router has no fence. What it is told to its face it must heed (10). (8 is `check_replay`'s; 11
/// is the simulation's, which knows when faults have stopped.)
class rollout_invariants final : public platform_watcher, public journal_watcher {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  rollout_invariants(simulated_world& world, simulated_platform& platform,
                     simulated_journal& journal, rollout_rules rules)
      : world_(world),
        platform_(platform),
        journal_(journal),
        rules_(std::move(rules)),
        broken_(world),
        excuses_(world, platform, journal, rules_),
        records_(world, platform, rules_, excuses_, broken_),
        ends_(platform, rules_, excuses_, records_, broken_) {
    platform_.watched_by(this);
    journal_.watched_by(this);
  }

  /// That rollout was in this world before, and may have left calls under way.
  void follows(const rollout_invariants& before) {
    excuses_.follows(before.excuses_);
    ends_.follows(before.ends_);
  }

  /// Empty if all is well.
  [[nodiscard]] const std::string& breach() const noexcept { return broken_.text(); }
  /// @param number  of the invariant that does not hold
  void breaks(int number, const std::string& how) { broken_.of(number, how); }

  /// Of the rollout's observer.
  void told(const event& event) {
    if (event.kind == event_kind::rollback_started && world_.running != nullptr) {
      decides_to_roll_back(event, *world_.running);
    }
    if (event.kind == event_kind::resumed && world_.running != nullptr) {
      world_.running->resumes_roll_back = records_.rolls_back();
    }
    if (event.kind == event_kind::promoted && !event.actor.empty()) {
      records_.bakes.person_promotes();
    }
    world_.tell([&] {
      return "   " + std::string{to_string(event.kind)} + " " + event.step + ": " + event.message;
    });
  }

  /// A person has asked for a promote, forced or not.
  void person_promotes(bool forced) noexcept {
    ++excuses_.promotions;
    if (forced) ++excuses_.forced_promotions;
  }
  void clock_jumped() noexcept { ++excuses_.jumps; }
  void candidate_dies() noexcept { excuses_.candidate_died = true; }
  void baseline_dies() noexcept { excuses_.baseline_died = true; }
  void fleet_shrinks() noexcept { excuses_.fleet_shrank = true; }
  void process_starts() noexcept { ++excuses_.drivers; }
  void process_died() noexcept {
    ++excuses_.crashes;
    outstanding_.erase(std::remove_if(outstanding_.begin(), outstanding_.end(),
                                      [](const sent_split& each) { return each.by->is_dead(); }),
                       outstanding_.end());
  }

  // Of the platform.

  void split_sent(std::uint64_t number, const traffic_split& split) override {
    require_driver("set_split");
    const bool can_know = excuses_.knows_enough("shift");
    const int candidate = split.share_of(rules_.candidate).basis_points();
    require_told_warm(split, can_know);
    if (can_know) require_intended(candidate);
    if (rules_.is_shadow && candidate > 0) require_shadow_may_serve();
    require_salt(split);
    last_share_sent_ = candidate;
    if (world_.running != nullptr) {
      world_.running->sends_split(number,
                                  split.share_of(rules_.baseline) == share::basis_points(10'000));
    }
    outstanding_.push_back(
        {number, world_.running, candidate, split.share_of(rules_.baseline).basis_points()});
  }

  void split_refused(std::uint64_t number) override {
    require_driver("set_split");
    if (world_.running == nullptr) return;
    world_.running->sends_split(number, world_.running->last_split_is_baseline);
  }

  void split_answered(std::uint64_t number, bool yes) override {
    for (const sent_split& each : outstanding_) {
      if (each.number == number && each.by != nullptr && each.by->last_split == number) {
        each.by->last_split_is_confirmed = yes;
      }
    }
    outstanding_.erase(
        std::remove_if(outstanding_.begin(), outstanding_.end(),
                       [&](const sent_split& each) { return each.number == number; }),
        outstanding_.end());
  }

  void split_read(const traffic_split& found) override {
    if (world_.running == nullptr) return;
    world_.running->last_split_was_read =
        found.share_of(rules_.baseline) == share::basis_points(10'000);
    world_.running->was_told_older_split =
        std::lround(10'000.0 * share_in_force()) != found.share_of(rules_.candidate).basis_points();
  }

  void change_sent(choice_site what, const model_version& version) override {
    require_driver(what == choice_site::deploy   ? "deploy"
                   : what == choice_site::remove ? "remove"
                                                 : "warm_up");
    if (what == choice_site::update || what == choice_site::rotate) {
      excuses_.is_fleet = true;
      const bool decides = world_.running != nullptr && world_.running->decided_at;
      if (decides && !records_.rolls_back()) excuses_.servers_went_back_unrecorded = true;
      static_cast<void>(excuses_.knows_enough(""));
      return;
    }
    static_cast<void>(excuses_.knows_enough(what == choice_site::deploy ? "deploy" : "warm_up"));
    if (what == choice_site::remove) require_may_be_removed(version);
  }

  void mirror_sent(share sampled) override {
    require_driver("set_mirror");
    const bool can_know = excuses_.knows_enough("mirror");
    if (excuses_.router() || excuses_.late_splits()) return;
    if (can_know && sampled > share{} && share_in_force() > 0.0) {
      broken_.of(16, "the shadow gets copies, and has traffic");
    }
  }

  void changed() override {
    for (const auto& replica : platform_.in_force()) {
      int sum = 0;
      for (const int each : replica) sum += each;
      const bool is_unknown = rules_.is_first && sum == 0;  // to a router without the model
      if (sum != 10'000 && !is_unknown)
        broken_.of(1, "the shares of a replica sum to " + std::to_string(sum));
    }
    for (const auto& each : platform_.versions()) {
      if (platform_.share_of(each.version) <= 0.0 || each.is_ready()) continue;
      const bool is_excused = each.has_died || each.is_lied_about || excuses_.router() ||
                              excuses_.late_splits() || excuses_.server() ||
                              excuses_.removed_in_error == each.version;
      if (!is_excused) {
        broken_.of(9, to_string(each.version) + " has traffic, and cannot answer");
      }
    }
    const double share_now = share_in_force();
    if (rolls_back() && share_now > share_before_ && share_before_ <= 0.0) ++late_effects_undone;
    share_before_ = share_now;
    note_way_back();
    ends_.changed();
  }

  void wrong(const std::string& what) override {
    if (!excuses_.router() && !excuses_.late_splits()) broken_.of(9, what);
  }

  // Of the journal.

  void is_durable(const journal_record& record, simulated_process* by) override {
    if (record.sequence == 1 && record.rollout != records_.rollout()) ends_.another_begins();
    records_.is_durable(record, by);
    ends_.is_durable(record);
  }

  /// The rollout has ended, as far as one process says.
  void ended(const deployment_result& result, const simulated_process& by) {
    records_.require_terminal(journal_, result, by);
    ends_.ended(result, by);
  }

  /// And all that was to come late has come.
  void is_settled() { ends_.is_settled(); }

  /// Is that decided by the journal, or by the process that runs?
  [[nodiscard]] bool rolls_back() const noexcept {
    return records_.rolls_back() || (world_.running != nullptr && world_.running->decided_at);
  }

  std::uint64_t rolled_back_from_all = 0;  ///< when the candidate had all the traffic
  std::uint64_t late_effects_undone = 0;   ///< splits that landed while rolling back

 private:
  struct sent_split {
    std::uint64_t number;
    simulated_process* by;
    int candidate;
    int baseline;
  };

  static std::string in_percent(int basis_points) {
    return to_string(share::basis_points(basis_points));
  }

  [[nodiscard]] double share_in_force() { return platform_.share_of(rules_.candidate); }

  void decides_to_roll_back(const event& why, simulated_process& by) {
    if (why.reason_code == reason_code::stopped && journal_.survives_the_process()) {
      broken_.of(10, "a driver that is stopped rolls back, though its journal survives it");
    }
    by.decided_at = world_.clock.elapsed();
    by.faults_by_then = excuses_.router_faults();
    deciders_.push_back(&by);
    note_way_back();
    if (share_in_force() >= 1.0) ++rolled_back_from_all;
  }

  void require_driver(const char* what) {
    const simulated_process* const by = world_.running;
    if (by == nullptr) return;
    if (by->has_lost || by->has_left) {
      broken_.of(10, std::string{"a driver that "} + (by->has_lost ? "has lost" : "has left") +
                         " calls " + what);
    }
    // by now the journal may be another rollout's
    const bool must_go_on = rolls_back() || by->resumes_roll_back || records_.is_committed();
    if (by->is_told_to_stop && !must_go_on) {
      broken_.of(10, std::string{"a driver that was stopped calls "} + what);
    }
  }

  void require_told_warm(const traffic_split& split, bool can_know) {
    for (const auto& [version, part] : split.entries()) {
      const auto& state = platform_.state(version);
      if (can_know && (!state.is_told_deployed || !state.is_told_warm)) {
        broken_.of(2, to_string(version) + " is to get traffic, and was not said to be warm");
      }
    }
  }

  void require_intended(int candidate) {
    if (candidate > records_.intent()) {
      broken_.of(7, "the candidate is to get " + in_percent(candidate) +
                        ", and the last recorded intent is " + in_percent(records_.intent()));
    }
    const std::optional<int> at_fail = records_.intent_at_fail();
    const bool rises_after_fail = at_fail && excuses_.forced_promotions == 0 &&
                                  (!rules_.fail_is_held || candidate > *at_fail);
    if (candidate > last_share_sent_ && (rolls_back() || rises_after_fail)) {
      broken_.of(7, "the candidate's share rises to " + in_percent(candidate) + " after " +
                        (rolls_back() ? "the decision to roll back" : "a fail"));
    }
  }

  void require_shadow_may_serve() {
    if (!records_.bakes.is_validated()) {
      broken_.of(16, "the shadow gets traffic before it is validated");
    }
    if (platform_.mirrored() > 0 && !excuses_.server()) {
      broken_.of(16, "the shadow is to get traffic, and still gets copies");
    }
  }

  void require_salt(const traffic_split& split) {
    const std::string& name = records_.rollout();
    const bool is_unknown =
        name.empty() || (world_.running != nullptr &&
                         !rollout_excuses::is_by(*journal_.records().back(), *world_.running));
    if (!is_unknown && split.salt() != name) {
      broken_.of(17, "a split's salt must be the rollout's name, got '" + split.salt() + "'");
    }
  }

  void require_may_be_removed(const model_version& version) {
    const bool can_know = world_.running == nullptr || !world_.running->was_told_older_split;
    const bool has_traffic = platform_.share_of(version) > 0.0;
    if (has_traffic && !can_know) excuses_.removed_in_error = version;
    if (has_traffic && can_know && !excuses_.router() && !excuses_.late_splits()) {
      broken_.of(4, to_string(version) + " is removed while it has traffic");
    }
    const bool is_candidate = version == rules_.candidate;
    for (const sent_split& each : outstanding_) {
      if (each.by == world_.running && (is_candidate ? each.candidate : each.baseline) > 0) {
        broken_.of(4, to_string(version) + " is removed while a call may still give it traffic");
      }
    }
    if (!is_candidate && !records_.is_committed()) {
      broken_.of(4, "the baseline is removed before the rollout is committed");
    }
    if (is_candidate && !records_.is_committed() && !rolls_back()) {
      broken_.of(4, "the candidate is removed, and nobody has decided to roll back");
    }
    if (records_.is_committed()) require_kept(version);
  }

  void require_kept(const model_version& version) {
    const auto over_at = records_.bakes.last_over_at();
    if (!over_at || excuses_.jumps > 0 || excuses_.promotions > 0) return;
    const nanoseconds kept = world_.clock.elapsed() - *over_at;
    if (kept < rules_.keep) {
      broken_.of(18, to_string(version) + " is removed " +
                         std::to_string(kept / std::chrono::seconds{1}) + " s after the last bake");
    }
  }

  void note_way_back() {
    if (deciders_.empty() || !platform_.is_all_to(rules_.baseline)) return;
    for (simulated_process* const each : deciders_) {
      if (!each->is_back_at) each->is_back_at = world_.clock.elapsed();
    }
    deciders_.clear();
  }

  simulated_world& world_;
  simulated_platform& platform_;
  simulated_journal& journal_;
  rollout_rules rules_;
  hotswap::breach broken_;
  rollout_excuses excuses_;
  record_invariants records_;
  end_invariants ends_;

  std::vector<sent_split> outstanding_;
  int last_share_sent_ = 0;
  double share_before_ = 0.0;
  std::vector<simulated_process*> deciders_;  ///< to roll back
};

}  // namespace hotswap::inline v0_1
