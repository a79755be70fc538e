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
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_journal.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// What the rollout that is simulated was asked to do.
class rollout_rules {
 public:
  rollout_rules(model_version from, model_version to)
      : baseline(std::move(from)), candidate(std::move(to)) {}

  model_version baseline;
  model_version candidate;
  std::uint64_t minimum_samples = 1;     ///< of each side, before a step can pass
  std::chrono::nanoseconds bake{0};      ///< of each step
  std::chrono::nanoseconds keep{0};      ///< of the loser, warm, before it is removed
  std::vector<std::string> observed;     ///< the steps that must pass before the candidate has won
  std::chrono::nanoseconds way_back{0};  ///< at most, from the decision to the baseline in force
  bool router_is_fenced = false;
  bool is_shadow = false;         ///< gets no traffic before it is validated
  bool candidate_is_bad = false;  ///< worse than its limits, in truth
};

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
///     split. A router without a fence keeps it too, unless a call of it lands after it has failed,
///     after its process has died, or after the rollout has waited for it as long as it says.
///   4 nothing is removed that gets traffic or may get it from a call that is under way, and no
///     baseline before `committed` is durable. The excuses of 3 hold.
///   5 a bake passes only on as many samples as it needs, of both sides, and on numbers.
///   6 exactly one terminal record per rollout, the last one of it, and equal to the
///     result of the driver that wrote it.
///   7 the candidate's share is never above the last recorded intent, nor rises after a fail or a
///     decision to roll back, unless a forced promote is recorded.
///   9 no request goes to a version that cannot answer it: not if it has died, the server has lied
///     about it, or the excuses of 3 hold.
///     In a fleet: no server is updated in rotation, and one stays in it.
///  10 a driver that has lost, or has left, makes no call that changes anything.
///  12 a candidate has won only if each step has passed, or was promoted by somebody who is named,
///     after its whole bake.
///  13 with truthful metrics, and nobody who promotes it, a bad candidate does not win over a
///     baseline that has not died.
///  14 from the decision to roll back to the baseline in force it takes no longer than said, if the
///     router and the baseline work. (A fleet whose baseline has died waits.)
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
      : world_(world), platform_(platform), journal_(journal), rules_(std::move(rules)) {
    platform_.watched_by(this);
    journal_.watched_by(this);
  }

  /// Empty if all is well.
  [[nodiscard]] const std::string& breach() const noexcept { return breach_; }

  /// @param number  of the invariant that does not hold
  void breaks(int number, const std::string& how) {
    if (!breach_.empty()) return;
    breach_ = "invariant " + std::to_string(number) + ": " + how;
    world_.tell([&] { return "BREACH of " + breach_; });
  }

  /// Of the rollout's observer.
  void told(const event& event) {
    if (event.kind == event_kind::rollback_started && world_.running != nullptr) {
      world_.running->decided_at = world_.clock.elapsed();
      world_.running->faults_by_then = router_faults();
      deciders_.push_back(world_.running);
      note_way_back();
      if (share_in_force() >= 1.0) ++rolled_back_from_all;
    }
    if (event.kind == event_kind::promoted && !event.actor.empty()) is_promoted_ = true;
    world_.tell([&] {
      return "   " + std::string{to_string(event.kind)} + " " + event.step + ": " + event.message;
    });
  }

  /// A person has asked for a promote, forced or not.
  void person_promotes(bool forced) noexcept {
    ++promotions_;
    if (forced) ++forced_promotions_;
  }
  void clock_jumped() noexcept { ++jumps_; }
  void baseline_dies() noexcept { baseline_died_ = true; }
  void process_starts() noexcept { ++drivers_; }
  void process_died() noexcept {
    ++crashes_;
    outstanding_.erase(std::remove_if(outstanding_.begin(), outstanding_.end(),
                                      [](const sent_split& each) { return each.by->is_dead(); }),
                       outstanding_.end());
  }

  // Of the platform.

  void split_sent(std::uint64_t number, const traffic_split& split) override {
    require_driver("set_split");
    const bool can_know = knows_enough("shift");
    const int candidate = split.share_of(rules_.candidate).basis_points();
    for (const auto& [version, part] : split.entries()) {
      const auto& state = platform_.state(version);
      if (can_know && (!state.is_told_deployed || !state.is_told_warm)) {
        breaks(2, to_string(version) + " is to get traffic, and was not said to be warm");
      }
    }
    if (can_know && candidate > intent_) {
      breaks(7, "the candidate is to get " + in_percent(candidate) +
                    ", and the last recorded intent is " + in_percent(intent_));
    }
    if (can_know && candidate > last_share_sent_ &&
        (rolls_back() || (has_failed_ && forced_promotions_ == 0))) {
      breaks(7, "the candidate's share rises to " + in_percent(candidate) + " after " +
                    (rolls_back() ? "the decision to roll back" : "a fail"));
    }
    if (candidate > 0 && rules_.is_shadow && !is_validated_) {
      breaks(16, "the shadow gets traffic before it is validated");
    }
    if (candidate > 0 && rules_.is_shadow && platform_.mirrored() > 0 && !server_is_excused()) {
      breaks(16, "the shadow is to get traffic, and still gets copies");
    }
    const auto& records = journal_.records();
    const bool is_unknown =
        records.empty() || (world_.running != nullptr && !is_by(*records.back(), *world_.running));
    if (!is_unknown && split.salt() != records.back()->rollout) {
      breaks(17, "a split's salt must be the rollout's name, got '" + split.salt() + "'");
    }
    last_share_sent_ = candidate;
    if (world_.running != nullptr) {
      world_.running->last_split = number;
      world_.running->last_split_is_confirmed = false;
      world_.running->last_split_is_baseline =
          split.share_of(rules_.baseline) == share::basis_points(10'000);
    }
    outstanding_.push_back(
        {number, world_.running, candidate, split.share_of(rules_.baseline).basis_points()});
  }

  void split_refused(std::uint64_t number) override {
    require_driver("set_split");
    if (world_.running == nullptr) return;
    world_.running->last_split = number;
    world_.running->last_split_is_confirmed = false;
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

  void change_sent(choice_site what, const model_version& version) override {
    require_driver(what == choice_site::deploy   ? "deploy"
                   : what == choice_site::remove ? "remove"
                                                 : "warm_up");
    if (what == choice_site::update || what == choice_site::rotate) {
      is_fleet_ = true;
      const simulated_process* const by = world_.running;
      if (by != nullptr && by->decided_at && !rolls_back_) went_back_unrecorded_ = true;
      static_cast<void>(knows_enough(""));
      return;
    }
    static_cast<void>(knows_enough(what == choice_site::deploy ? "deploy" : "warm_up"));
    if (what != choice_site::remove) return;
    if (platform_.share_of(version) > 0.0 && !router_is_excused() && !router_lets_in_late()) {
      breaks(4, to_string(version) + " is removed while it has traffic");
    }
    const bool is_candidate = version == rules_.candidate;
    for (const sent_split& each : outstanding_) {
      if (each.by != world_.running) continue;
      if ((is_candidate ? each.candidate : each.baseline) > 0) {
        breaks(4, to_string(version) + " is removed while a call may still give it traffic");
      }
    }
    if (!is_candidate && !is_committed_) {
      breaks(4, "the baseline is removed before the rollout is committed");
    }
    if (is_candidate && !is_committed_ && !rolls_back()) {
      breaks(4, "the candidate is removed, and nobody has decided to roll back");
    }
    if (is_committed_ && last_bake_over_at_ && jumps_ == 0 && promotions_ == 0) {
      const nanoseconds kept = world_.clock.elapsed() - *last_bake_over_at_;
      if (kept < rules_.keep) {
        breaks(18, to_string(version) + " is removed " +
                       std::to_string(kept / std::chrono::seconds{1}) + " s after the last bake");
      }
    }
  }

  void mirror_sent(share sampled) override {
    require_driver("set_mirror");
    static_cast<void>(knows_enough("mirror"));
    if (sampled > share{} && share_in_force() > 0.0 && !router_is_excused()) {
      breaks(16, "the shadow gets copies, and has traffic");
    }
  }

  void changed() override {
    for (const auto& replica : platform_.in_force()) {
      int sum = 0;
      for (const int each : replica) sum += each;
      if (sum != 10'000) breaks(1, "the shares of a replica sum to " + std::to_string(sum));
    }
    for (const auto& each : platform_.versions()) {
      if (platform_.share_of(each.version) <= 0.0 || each.is_ready()) continue;
      const bool is_excused = each.has_died || each.is_lied_about || router_is_excused() ||
                              router_lets_in_late() || server_is_excused();
      if (!is_excused) {
        breaks(9, to_string(each.version) + " has traffic, and cannot answer");
      }
    }
    const double share_now = share_in_force();
    if (rolls_back() && share_now > share_before_ && share_before_ <= 0.0) ++late_effects_undone;
    share_before_ = share_now;
    note_way_back();
    if (ended_ && ended_baseline_ && rules_.router_is_fenced) require_baseline_in_force();
  }

  void wrong(const std::string& what) override {
    if (!router_is_excused() && !router_lets_in_late()) breaks(9, what);
  }

  // Of the journal.

  void is_durable(const journal_record& record) override {
    if (record.sequence == 1) opens(record.rollout);
    if (world_.running != nullptr) {
      std::string& under_way = world_.running->verb_under_way;
      if (record.phase == record_phase::began) under_way = record.verb;
      if (record.phase == record_phase::outcome) under_way.clear();
      if (std::holds_alternative<resumed_record>(record.payload)) under_way = "resumed";
    }
    if (has_terminal_) breaks(6, "a record follows the terminal one");
    if (is_terminal(record)) has_terminal_ = true;
    if (std::holds_alternative<committed_record>(record.payload)) is_committed_ = true;
    if (std::holds_alternative<rollback_record>(record.payload)) {
      rolls_back_ = true;
      intent_ = 0;
    }
    for (const auto& each : record.events) {
      if (each->kind == event_kind::promoted && !each->actor.empty()) is_promoted_ = true;
    }
    if (record.verb == "shift" && record.phase == record_phase::began) note_intent(record);
    if (record.verb == "observe" || record.verb == "compare") note_bake(record);
  }

  /// The rollout has ended, as far as one process says.
  void ended(const deployment_result& result, const simulated_process& by) {
    ended_ = true;
    status_ = result.status();
    require_terminal(result, by);
    require_traffic(result, by);
    require_steps(result);
    require_way_back(result, by);
    for (const event& each : result.history()) {
      if (each.kind != event_kind::leftover) continue;
      const auto version = each.payload.find("version");
      if (version != each.payload.end()) named_.push_back(version->second);
      if (each.payload.contains("mirror")) mirror_is_named_ = true;
    }
    active_ = result.active().version();
  }

  /// And all that was to come late has come.
  void is_settled() {
    if (!ended_ || *status_ == deployment_status::rollback_failed) return;
    if (ended_baseline_) {
      if (rules_.router_is_fenced) {
        require_baseline_in_force();
      } else if (!router_is_excused() && !router_lets_in_late() &&
                 !platform_.is_all_to(rules_.baseline)) {
        breaks(3, "the baseline has not all the traffic in the end");
      }
    }
    if (server_is_excused() || went_back_unrecorded_) return;
    for (const auto& each : platform_.versions()) {
      const std::string& name = each.version.version();
      const bool is_named = std::find(named_.begin(), named_.end(), name) != named_.end();
      if (each.is_deployed && name != active_ && !is_named) {
        breaks(15, to_string(each.version) + " is still deployed, and nobody says so");
      }
      if (!each.is_deployed && name == active_) {
        breaks(15, to_string(each.version) + " is active, and not deployed");
      }
    }
    if (platform_.mirrored() > 0 && !mirror_is_named_) {
      breaks(15, "requests are still mirrored, and nobody says so");
    }
  }

  [[nodiscard]] bool has_terminal() const noexcept { return has_terminal_; }
  /// Is that decided by the journal, or by the process that runs?
  [[nodiscard]] bool rolls_back() const noexcept {
    return rolls_back_ || (world_.running != nullptr && world_.running->decided_at);
  }
  [[nodiscard]] bool is_committed() const noexcept { return is_committed_; }

  std::uint64_t rolled_back_from_all = 0;  ///< when the candidate had all the traffic
  std::uint64_t late_effects_undone = 0;   ///< splits that landed while rolling back

 private:
  /// Two starts with one request id, of which neither has seen the other's first record, are two
  /// rollouts, one after the other.
  void opens(const std::string& name) {
    if (name == rollout_) return;
    rollout_ = name;
    has_terminal_ = is_committed_ = rolls_back_ = has_failed_ = is_validated_ = is_promoted_ =
        false;
    intent_ = 0;
    passed_.clear();
  }

  struct sent_split {
    std::uint64_t number;
    simulated_process* by;
    int candidate;
    int baseline;
  };

  static bool is_by(const journal_record& record, const simulated_process& process) {
    return record.driver.starts_with(process.identity() + "-");
  }

  static std::string in_percent(int basis_points) {
    return to_string(share::basis_points(basis_points));
  }

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

  /// What a router did that no rollout can know of, or mend.
  [[nodiscard]] bool router_is_excused() const noexcept {
    return routed(call_fault::lies) + routed(call_fault::partly) +
               routed(call_fault::partly_fails) + platform_.foreign_splits() >
           0;
  }
  /// A router without a fence lets in what comes after its call has ended, or its process.
  [[nodiscard]] bool router_lets_in_late() const noexcept {
    return !rules_.router_is_fenced &&
           (calls_of_the_ignorant_ > 0 ||
            routed(call_fault::lost) + routed(call_fault::lands_very_late) > 0 ||
            (drivers_ > 1 && routed(call_fault::lands_late) > 0));
  }
  [[nodiscard]] bool server_is_excused() const noexcept {
    return calls_of_the_ignorant_ > 0 ||
           served(call_fault::lies) + served(call_fault::lost) +
                   served(call_fault::lands_very_late) >
               0 ||
           (drivers_ > 1 && served(call_fault::lands_late) > 0);
  }

  [[nodiscard]] double share_in_force() { return platform_.share_of(rules_.candidate); }

  /// That may make the way back longer.
  [[nodiscard]] std::uint64_t router_faults() const noexcept {
    return platform_.foreign_splits() + crashes_ + world_.count(choice_site::set_split) +
           world_.count(choice_site::read_split) + world_.count(choice_site::warm_up) +
           world_.count(choice_site::healthy) + world_.count(choice_site::update) +
           world_.count(choice_site::rotate) + world_.count(choice_site::server_healthy);
  }

  void require_driver(const char* what) {
    const simulated_process* const by = world_.running;
    if (by == nullptr) return;
    if (by->has_lost || by->has_left) {
      breaks(10, std::string{"a driver that "} + (by->has_lost ? "has lost" : "has left") +
                     " calls " + what);
    }
    if (by->is_told_to_stop && !rolls_back() && !is_committed_) {
      breaks(10, std::string{"a driver that was stopped calls "} + what);
    }
  }

  /// Has another driver taken over, and has this one not written since? Then it goes on with the
  /// call that it has recorded, in vain behind a fence, and not in vain without one.
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

  void note_intent(const journal_record& record) {
    const auto* asked = std::get_if<fingerprint_record>(&record.payload);
    if (asked == nullptr) return;
    intent_ = share_in(asked->arguments, to_string(rules_.candidate));
    for (const model_version* each : {&rules_.baseline, &rules_.candidate}) {
      const auto& state = platform_.state(*each);
      if (share_in(asked->arguments, to_string(*each)) > 0 &&
          !(state.is_told_deployed && state.is_told_warm)) {
        breaks(2, to_string(*each) + " is intended to get traffic, and was not said to be warm");
      }
    }
  }

  /// `25 % fraud@1, 75 % fraud@2`
  static int share_in(const std::string& split, const std::string& version) {
    const auto found = split.find(" % " + version);
    if (found == std::string::npos) return 0;
    auto begin = split.rfind(' ', found - 1);
    begin = begin == std::string::npos ? 0 : begin + 1;
    double percent = 0.0;
    double scale = 0.0;
    for (std::size_t i = begin; i < found; ++i) {
      if (split[i] == '.') {
        scale = 0.1;
      } else if (scale > 0.0) {
        percent += scale * (split[i] - '0');
        scale /= 10.0;
      } else {
        percent = percent * 10.0 + (split[i] - '0');
      }
    }
    return static_cast<int>(percent * 100.0 + 0.5);
  }

  void note_bake(const journal_record& record) {
    if (record.phase == record_phase::began) {
      bake_ = bake_so_far{};
      return;
    }
    if (const auto* look = std::get_if<std::shared_ptr<const look_report>>(&record.payload)) {
      note_look(**look);
      return;
    }
    const auto* outcome = std::get_if<outcome_record>(&record.payload);
    if (outcome == nullptr) return;
    last_bake_over_at_ = world_.clock.elapsed();
    if (outcome->why == "pass") {
      require_samples(record.step);
      if (bake_.elapsed < rules_.bake) {
        breaks(12, record.step + " has passed after " + std::to_string(bake_.elapsed.count()) +
                       " ms, before its bake was over");
      }
    } else if (outcome->why != "promoted" || !is_promoted_) {
      breaks(12, record.step + " is over for no reason: " + outcome->why);
    }
    passed_.push_back(record.step);
    if (record.verb == "compare") is_validated_ = true;
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

  void require_samples(const std::string& step) {
    if (!bake_.last_passed) breaks(5, step + " has passed, and its last look has not");
    if (!bake_.is_finite) breaks(5, step + " has passed on what is no number");
    if (bake_.candidate < rules_.minimum_samples || bake_.baseline < rules_.minimum_samples) {
      breaks(5, step + " has passed on " + std::to_string(bake_.baseline) +
                    " requests of the baseline and " + std::to_string(bake_.candidate) +
                    " of the candidate");
    }
  }

  void require_terminal(const deployment_result& result, const simulated_process& by) {
    const auto& records = journal_.records();
    if (records.empty() || !is_terminal(*records.back())) return;
    if (!is_by(*records.back(), by)) return;
    const auto& end = std::get<terminal_record>(records.back()->payload);
    if (end.status != result.status() || end.reason_code != result.reason_code()) {
      breaks(6, "the result is " + std::string{to_string(result.status())} +
                    ", and the journal says " + std::string{to_string(end.status)});
    }
  }

  void require_traffic(const deployment_result& result, const simulated_process& by) {
    const auto status = result.status();
    ended_baseline_ = status == deployment_status::rolled_back ||
                      status == deployment_status::aborted ||
                      (status == deployment_status::rejected && by.last_split > 0);
    if (!ended_baseline_) return;
    if (by.last_split > 0 && !by.last_split_is_baseline) {
      breaks(3, "the last split that was sent is not 100 % of the baseline");
    } else if (by.last_split > 0 && !by.last_split_is_confirmed) {
      breaks(3, "the last split that was sent was not answered with yes");
    }
  }

  void require_baseline_in_force() {
    if (router_is_excused() || platform_.is_all_to(rules_.baseline)) return;
    breaks(3, "the baseline has not all the traffic after the end, behind a fenced router");
  }

  void require_steps(const deployment_result& result) {
    const bool has_won =
        result.status() == deployment_status::succeeded && result.active() == rules_.candidate;
    if (!has_won) return;
    for (const std::string& each : rules_.observed) {
      const bool is_over = std::find(passed_.begin(), passed_.end(), each) != passed_.end();
      if (!is_over && promotions_ == 0) breaks(12, "the candidate has won without " + each);
    }
    const bool is_fair = !platform_.state(rules_.baseline).has_died && !baseline_died_;
    if (rules_.candidate_is_bad && is_fair && platform_.metric_lies() == 0 && promotions_ == 0) {
      breaks(13, "a bad candidate has won");
    }
  }

  void note_way_back() {
    if (deciders_.empty() || !platform_.is_all_to(rules_.baseline)) return;
    for (simulated_process* const each : deciders_) {
      if (!each->is_back_at) each->is_back_at = world_.clock.elapsed();
    }
    deciders_.clear();
  }

  void require_way_back(const deployment_result& result, const simulated_process& by) {
    const bool is_back = result.status() == deployment_status::rolled_back ||
                         result.status() == deployment_status::aborted;
    if (!is_back || !by.decided_at || router_faults() != by.faults_by_then) return;
    if (router_is_excused() || router_lets_in_late() || (is_fleet_ && baseline_died_)) return;
    if (!by.is_back_at) {
      breaks(14, "the baseline is not in force, though the router works");
    } else if (*by.is_back_at - *by.decided_at > rules_.way_back) {
      breaks(14, "the way back took " +
                     std::to_string((*by.is_back_at - *by.decided_at) / std::chrono::seconds{1}) +
                     " s");
    }
  }

  struct bake_so_far {
    bool last_passed = false;
    bool is_finite = true;
    std::chrono::milliseconds elapsed{0};
    std::uint64_t baseline = 0;
    std::uint64_t candidate = 0;
  };

  simulated_world& world_;
  simulated_platform& platform_;
  simulated_journal& journal_;
  rollout_rules rules_;
  std::string breach_;

  std::vector<sent_split> outstanding_;
  int last_share_sent_ = 0;

  std::string rollout_;
  int intent_ = 0;
  bool has_failed_ = false;
  bool rolls_back_ = false;
  bool is_committed_ = false;
  bool is_validated_ = false;
  bool is_promoted_ = false;
  bool has_terminal_ = false;
  bake_so_far bake_;
  std::vector<std::string> passed_;
  std::optional<nanoseconds> last_bake_over_at_;

  double share_before_ = 0.0;
  std::vector<simulated_process*> deciders_;  ///< to roll back
  std::uint64_t drivers_ = 0;
  std::uint64_t calls_of_the_ignorant_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t jumps_ = 0;
  std::uint64_t promotions_ = 0;
  std::uint64_t forced_promotions_ = 0;

  bool baseline_died_ = false;
  bool is_fleet_ = false;
  bool went_back_unrecorded_ = false;  ///< of a fleet
  bool ended_ = false;
  bool ended_baseline_ = false;
  std::optional<deployment_status> status_;
  std::string active_;
  std::vector<std::string> named_;
  bool mirror_is_named_ = false;
};

}  // namespace hotswap::inline v0_1
