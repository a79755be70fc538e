#pragma once

/// @file
/// What must hold of a rollout's records, and what they say so far: the traffic that it intends,
/// and which points of no return it has passed.
///
///     if (candidate > records.intent()) broken.of(7, "…");

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/bake_invariants.hpp>
#include <hotswap/testing/breach.hpp>
#include <hotswap/testing/rollout_excuses.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/simulated_journal.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <variant>

namespace hotswap::inline v0_1 {

/// Is told of each record once it is durable.
class record_invariants {
 public:
  record_invariants(simulated_world& world, simulated_platform& platform,
                    const rollout_rules& rules, const rollout_excuses& excuses, breach& broken)
      : bakes(world, rules, excuses, broken), platform_(platform), rules_(rules), broken_(broken) {}

  bake_invariants bakes;

  void is_durable(const journal_record& record, simulated_process* by) {
    if (record.sequence == 1) opens(record.rollout);
    if (by != nullptr) note_verb(record, *by);
    if (has_terminal_) broken_.of(6, "a record follows the terminal one");
    if (is_terminal(record)) has_terminal_ = true;
    if (std::holds_alternative<committed_record>(record.payload)) {
      if (is_committed_) broken_.of(6, "it is committed, and it was before");
      if (rolls_back_) broken_.of(6, "it is committed after the decision to roll back");
      is_committed_ = true;
    }
    if (std::holds_alternative<rollback_record>(record.payload)) {
      if (is_committed_) broken_.of(6, "it decides to roll back after it was committed");
      rolls_back_ = true;
      intent_ = 0;
    }
    const bool is_shift = record.verb == "shift" && record.phase == record_phase::began;
    const bool is_reference = record.verb == "reference" && record.phase == record_phase::outcome;
    if (is_shift) note_intent(record);
    if (is_shift || is_reference) has_charge_of_traffic_ = true;
    bakes.is_durable(record);
    if (bakes.has_failed() && !intent_at_fail_) intent_at_fail_ = intent_;
  }

  /// A driver has ended with that.
  void require_terminal(const simulated_journal& journal, const deployment_result& result,
                        const simulated_process& by) {
    const auto& records = journal.records();
    if (records.empty() || !is_terminal(*records.back())) return;
    if (records.back()->rollout != rollout_) return;  // of the rollout before
    if (!rollout_excuses::is_by(*records.back(), by)) return;
    const auto& end = std::get<terminal_record>(records.back()->payload);
    if (end.status != result.status() || end.reason_code != result.reason_code()) {
      broken_.of(6, "the result is " + std::string{to_string(result.status())} +
                        ", and the journal says " + std::string{to_string(end.status)});
    }
  }

  /// Its name; empty until its first record is durable.
  [[nodiscard]] const std::string& rollout() const noexcept { return rollout_; }
  /// Of the candidate's share, the last one that was recorded, in basis points.
  [[nodiscard]] int intent() const noexcept { return intent_; }
  /// The same as it was when the first look failed; empty if none has.
  [[nodiscard]] std::optional<int> intent_at_fail() const noexcept { return intent_at_fail_; }
  [[nodiscard]] bool rolls_back() const noexcept { return rolls_back_; }
  [[nodiscard]] bool is_committed() const noexcept { return is_committed_; }
  /// Has it made sure of where the traffic is, or begun to move it?
  [[nodiscard]] bool has_charge_of_traffic() const noexcept { return has_charge_of_traffic_; }

 private:
  /// Two starts with one request id, of which neither has seen the other's first record, are two
  /// rollouts, one after the other.
  void opens(const std::string& name) {
    if (name == rollout_) return;
    rollout_ = name;
    has_terminal_ = is_committed_ = rolls_back_ = has_charge_of_traffic_ = false;
    intent_ = 0;
    intent_at_fail_.reset();
    bakes.begin_anew();
  }

  static void note_verb(const journal_record& record, simulated_process& by) {
    if (record.phase == record_phase::began) by.verb_under_way = record.verb;
    if (record.phase == record_phase::outcome) by.verb_under_way.clear();
    const bool announces_split = std::holds_alternative<traffic_split>(record.payload);
    if (announces_split) by.verb_under_way = "shift";  // that has drifted is set again
    if (std::holds_alternative<resumed_record>(record.payload)) by.verb_under_way = "resumed";
  }

  void note_intent(const journal_record& record) {
    const auto* asked = std::get_if<fingerprint_record>(&record.payload);
    if (asked == nullptr) return;
    intent_ = share_in(asked->arguments, to_string(rules_.candidate));
    for (const model_version* each : {&rules_.baseline, &rules_.candidate}) {
      if (rules_.is_first && each == &rules_.baseline) continue;
      const auto& state = platform_.state(*each);
      if (share_in(asked->arguments, to_string(*each)) > 0 &&
          !(state.is_told_deployed && state.is_told_warm)) {
        broken_.of(2,
                   to_string(*each) + " is intended to get traffic, and was not said to be warm");
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

  simulated_platform& platform_;
  const rollout_rules& rules_;
  breach& broken_;
  std::string rollout_;
  int intent_ = 0;
  std::optional<int> intent_at_fail_;
  bool rolls_back_ = false;
  bool is_committed_ = false;
  bool has_charge_of_traffic_ = false;
  bool has_terminal_ = false;
};

}  // namespace hotswap::inline v0_1
