#pragma once

/// @file
/// What an earlier incarnation of a rollout has recorded, by step and verb: what a replay looks up.
///
///     const recorded_verb* shift = recorded.find("step-25", "shift");
///     if (shift != nullptr && shift->outcome != nullptr) …  // done: it is not called again

#include <hotswap/core/event.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// The records of one verb of one step.
class recorded_verb {
 public:
  const journal_record* began = nullptr;
  std::vector<const journal_record*> progress;
  const journal_record* outcome = nullptr;

  /// Of those that have been recorded.
  [[nodiscard]] const journal_record& last() const noexcept {
    return outcome != nullptr ? *outcome : progress.empty() ? *began : *progress.back();
  }
};

/// Of the latest rollout of a stream; empty if there is nothing to resume.
class recorded_rollout {
 public:
  using time_point = std::chrono::system_clock::time_point;

  recorded_rollout() = default;

  explicit recorded_rollout(std::vector<journal_record> records) : records_(std::move(records)) {
    for (const journal_record& each : records_) {
      if (const auto command = command_of(each)) take_notice_of(command->command.asked, each.at);
      recorded_verb& verb = verbs_[{each.step, each.verb}];
      switch (each.phase) {
        case record_phase::began:
          verb.began = &each;
          break;
        case record_phase::progress:
          verb.progress.push_back(&each);
          break;
        case record_phase::outcome:
          verb.outcome = &each;
          break;
      }
      if (const auto* decided = std::get_if<rollback_record>(&each.payload)) rollback_ = decided;
      if (std::holds_alternative<committed_record>(each.payload)) committed_ = true;
      if (std::holds_alternative<resumed_record>(each.payload)) ++resumes_;
    }
  }
  recorded_rollout(recorded_rollout&&) = default;
  recorded_rollout& operator=(recorded_rollout&&) = default;

  [[nodiscard]] bool empty() const noexcept { return records_.empty(); }
  [[nodiscard]] const std::vector<journal_record>& records() const noexcept { return records_; }

  /// Null if it never began.
  [[nodiscard]] const recorded_verb* find(std::string_view step, std::string_view verb) const {
    const auto found = verbs_.find({step, verb});
    return found == verbs_.end() ? nullptr : &found->second;
  }

  /// Did any verb of that step begin?
  [[nodiscard]] bool has_step(std::string_view step) const {
    const auto found = verbs_.lower_bound({step, std::string_view{}});
    return found != verbs_.end() && found->first.first == step;
  }

  /// Did a verb of that name begin, in any step, with those arguments?
  [[nodiscard]] bool has_begun(std::string_view verb, std::string_view arguments) const {
    return std::any_of(records_.begin(), records_.end(), [&](const journal_record& each) {
      const auto* asked = std::get_if<fingerprint_record>(&each.payload);
      return asked != nullptr && each.verb == verb && asked->arguments == arguments;
    });
  }

  /// Did any verb of that name begin?
  [[nodiscard]] bool has_begun(std::string_view verb) const {
    return has(verb, record_phase::began);
  }

  /// Did any verb of that name end?
  [[nodiscard]] bool has_ended(std::string_view verb) const {
    return has(verb, record_phase::outcome);
  }

  /// Has a verb of its steps begun, or ended, after that record?
  [[nodiscard]] bool goes_on_after(std::uint64_t sequence) const {
    return std::any_of(records_.begin(), records_.end(), [&](const journal_record& each) {
      return each.sequence > sequence && !each.step.empty() && each.phase != record_phase::progress;
    });
  }

  /// Was there an event of that kind?
  [[nodiscard]] bool has_told(event_kind kind) const {
    return std::any_of(records_.begin(), records_.end(), [&](const journal_record& each) {
      return std::any_of(each.events.begin(), each.events.end(),
                         [&](const auto& told) { return told->kind == kind; });
    });
  }

  /// The decision to roll back; null if there is none.
  [[nodiscard]] const rollback_record* rollback() const noexcept { return rollback_; }
  [[nodiscard]] bool committed() const noexcept { return committed_; }
  /// How many incarnations have taken it over so far.
  [[nodiscard]] std::size_t resumes() const noexcept { return resumes_; }

  /// Null if the record is of no command.
  [[nodiscard]] static std::shared_ptr<const command_record> command_of(
      const journal_record& record) {
    const auto* command = std::get_if<std::shared_ptr<const command_record>>(&record.payload);
    return command == nullptr ? nullptr : *command;
  }

  /// From one recorded time to another, and never less than nothing: the clock may have been set.
  [[nodiscard]] static std::chrono::nanoseconds between(time_point from, time_point to) noexcept {
    return std::max(std::chrono::nanoseconds::zero(),
                    std::chrono::duration_cast<std::chrono::nanoseconds>(to - from));
  }

  /// How much of the time from one recorded time to another it was not paused.
  [[nodiscard]] std::chrono::nanoseconds counted(time_point from, time_point to) const noexcept {
    std::chrono::nanoseconds counted = between(from, to);
    for (const auto& [began, ended] : pauses_) {
      counted -= between(std::max(from, began), std::min(to, ended));
    }
    return std::max(counted, std::chrono::nanoseconds::zero());
  }

 private:
  /// Of any step.
  [[nodiscard]] bool has(std::string_view verb, record_phase phase) const {
    return std::any_of(records_.begin(), records_.end(), [&](const journal_record& each) {
      return each.phase == phase && each.verb == verb && !each.step.empty();
    });
  }

  void take_notice_of(control_command::kind asked, time_point at) {
    const bool paused = !pauses_.empty() && pauses_.back().second == time_point::max();
    if (asked == control_command::kind::pause && !paused) {
      pauses_.emplace_back(at, time_point::max());
    } else if (asked == control_command::kind::resume && paused) {
      pauses_.back().second = at;
    }
  }

  std::vector<journal_record> records_;
  /// By step and verb, whose texts are the records'.
  std::map<std::pair<std::string_view, std::string_view>, recorded_verb> verbs_;
  const rollback_record* rollback_ = nullptr;
  bool committed_ = false;
  std::vector<std::pair<time_point, time_point>> pauses_;  ///< the last may go on
  std::size_t resumes_ = 0;
};

}  // namespace hotswap::inline v0_1
