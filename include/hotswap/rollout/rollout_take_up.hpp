#pragma once

/// @file
/// How a bake goes on that an earlier incarnation has begun: what its looks said, and what is held.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_look.hpp>

#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace hotswap::inline v0_1 {

/// Of a bake that an earlier incarnation has ended: why it was over.
template <typename Tag>
task<shared_text> basic_rollout<Tag>::take_up_after_bake(const recorded_verb& verb) {
  shared_text why = replay_over(verb);
  const std::optional<look_result> unanswered = replay_looks_after(verb);
  if (unanswered) co_await answer_fail(*unanswered);
  co_return why;
}

/// Goes on where an earlier incarnation has left off: why the bake is over, or empty if it is not.
template <typename Tag>
task<shared_text> basic_rollout<Tag>::take_up_bake(const recorded_verb& verb) {
  observation_->has_begun(verb.began->at);
  if (verb.outcome != nullptr) co_return co_await take_up_after_bake(verb);
  const std::optional<look_result> unanswered = replay_looks(verb);
  const auto last = verb.last().at;
  std::chrono::nanoseconds of_bake{0};  // that has passed since the last record
  if (hold_left_) {
    steering_.hold(true);
    *hold_left_ -= recorded_rollout::between(last, clock_.now());
  } else {
    of_bake = earlier().counted(last, steering_.taken_over_at()) + steering_.counted();
  }
  const int extensions = observation_->extensions;
  shared_text why;
  if (unanswered) why = co_await answer(*unanswered, false);
  const bool is_extended_now = observation_->extensions > extensions;  // from now on
  if (!is_extended_now) observation_->pass(of_bake);
  observation_->goes_on_here();
  co_return why;
}

/// Shows the judge what an earlier incarnation has shown it, and restores where the bake stood at
/// the last record. The last look, if nothing has followed from it yet.
template <typename Tag>
std::optional<typename basic_rollout<Tag>::look_result> basic_rollout<Tag>::replay_looks(
    const recorded_verb& verb) {
  using recorded_look = std::shared_ptr<const look_report>;
  std::optional<look_result> unanswered;
  auto since = verb.began->at;
  for (const journal_record* each : verb.progress) {
    // what follows a look comes after its answer, or with time that it does not speak about
    if (unanswered && unanswered->made != decision::fail) unanswered.reset();
    if (hold_left_) {
      *hold_left_ -= recorded_rollout::between(since, each->at);
    } else {
      observation_->pass(earlier().counted(since, each->at));
    }
    since = each->at;
    if (const auto* seen = std::get_if<recorded_look>(&each->payload)) {
      observation_->replay(**seen, each->at);
      unanswered.emplace(result_of(**seen, "its metrics could not be had"));
    } else if (const auto* longer = std::get_if<extension_record>(&each->payload)) {
      ++observation_->extensions;
      observation_->extend(longer->by);
      unanswered.reset();
    } else if (const auto* held = std::get_if<hold_record>(&each->payload)) {
      hold_left_ = config_->hold_timeout;
      held_for_ = std::make_unique<const rollout_failure>(held->reason_code, held->reason);
      failure_is_held_ = held->failed;
      unanswered.reset();
    }
  }
  return unanswered;
}

/// The same for a bake that is over: why it ended. Looks that came after its end, at a gate, are
/// shown to the judge too, but are no part of its totals.
template <typename Tag>
shared_text basic_rollout<Tag>::replay_over(const recorded_verb& verb) {
  using recorded_look = std::shared_ptr<const look_report>;
  const auto* outcome = std::get_if<outcome_record>(&verb.outcome->payload);
  const shared_text why = outcome == nullptr ? "done"_text : shared_text{outcome->why};
  const auto end_it = [&] {
    over_totals_ = std::make_unique<const paired_windows>(observation_->totals());
    if (observation_->has_baseline()) remember(over_totals_->baseline, why);
  };
  for (const journal_record* each : verb.progress) {
    const bool at_gate = each->sequence > verb.outcome->sequence;
    if (at_gate && !over_totals_) end_it();
    const auto* seen = std::get_if<recorded_look>(&each->payload);
    if (seen != nullptr) observation_->replay(**seen, each->at);
    if (at_gate) replay_hold(*each);
  }
  if (!over_totals_) end_it();
  observation_->goes_on_here();
  return why;
}

/// Looks go on after the bake's end, at a gate or while paused. The last of them, if it has failed
/// and nothing has followed from it.
template <typename Tag>
std::optional<typename basic_rollout<Tag>::look_result> basic_rollout<Tag>::replay_looks_after(
    const recorded_verb& verb) {
  using recorded_look = std::shared_ptr<const look_report>;
  const journal_record* last = nullptr;
  for (const journal_record* each : verb.progress) {
    const bool is_look = std::holds_alternative<recorded_look>(each->payload);
    if (is_look && each->sequence > verb.outcome->sequence) last = each;
  }
  std::optional<look_result> unanswered;
  const bool is_answered = last == nullptr || earlier().goes_on_after(last->sequence);
  if (is_answered || config_->on_failure == on_failure::hold) return unanswered;
  unanswered.emplace(result_of(*std::get<recorded_look>(last->payload), {}));
  if (unanswered->made != decision::fail) unanswered.reset();
  return unanswered;
}

/// A fail that was held before the traffic changed still is, unless a person has answered it; also
/// if the process has died before it could record that.
template <typename Tag>
void basic_rollout<Tag>::replay_hold(const journal_record& record) {
  std::unique_ptr<const rollout_failure> cause;
  if (const auto* held = std::get_if<hold_record>(&record.payload); held && held->failed) {
    cause = std::make_unique<const rollout_failure>(held->reason_code, held->reason);
  }
  const auto* seen = std::get_if<std::shared_ptr<const look_report>>(&record.payload);
  if (seen != nullptr && (*seen)->verdict.failed() && config_->on_failure == on_failure::hold) {
    const look_result failed = result_of(**seen, std::string{});
    cause = std::make_unique<const rollout_failure>(failed.reason_code, failed.reason);
  }
  if (!cause || failure_is_held_) return;
  for (const journal_record& later : earlier().records()) {
    const auto command = recorded_rollout::command_of(later);
    const bool promotes = command && command->command.asked == control_command::kind::promote;
    if (promotes && later.sequence > record.sequence) return;
  }
  hold_left_ = config_->hold_timeout - recorded_rollout::between(record.at, clock_.now());
  held_for_ = std::move(cause);
  failure_is_held_ = true;
  steering_.hold(true);
}

}  // namespace hotswap::inline v0_1
