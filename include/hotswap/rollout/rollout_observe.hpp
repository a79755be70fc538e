#pragma once

/// @file
/// How `rollout` observes a step: looks, and what follows from them.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_look.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Of `observe`, and of `compare`, which looks at divergence too. Most rollouts are in here most of
/// the time: what a wait does not need stands in coroutines of its own.
template <typename Tag>
task<totals_of_bake> basic_rollout<Tag>::observe(task<const recorded_verb*> begin) {
  // the frame of what has begun it goes with the temporary
  const recorded_verb* const recorded = co_await task<const recorded_verb*>{std::move(begin)};
  shared_text why;
  if (recorded != nullptr) why = co_await take_up_bake(*recorded);
  if (recorded != nullptr && recorded->outcome != nullptr) co_return std::move(over_totals_);
  while (why.empty()) {
    auto limit = observation_->until_next_look(bake_goes_on());
    if (hold_left_) limit = std::min(limit, *hold_left_);
    co_await steering_.pass_time(limit);
    const std::chrono::nanoseconds passed = observation_->catch_up(steering_.counted());
    if (hold_left_) *hold_left_ -= passed;
    const bool asked = steering_.promoted();
    if (observation_->look_is_due(bake_goes_on()) || asked) {
      why = co_await look_and_answer(asked);
    } else {
      require_hold_not_expired();
    }
  }
  auto totals = std::make_unique<const paired_windows>(observation_->totals());
  release_hold();
  if (observation_->has_baseline()) remember(totals->baseline, why);
  co_await end_verb(observation_->step(), observation_->verb(), why);
  co_return totals;
}

/// What is recorded of it; null if it begins now.
template <typename Tag>
task<const recorded_verb*> basic_rollout<Tag>::begin_bake(
    shared_text step, shared_text named, std::chrono::nanoseconds bake,
    std::unique_ptr<judge> judge, std::optional<std::chrono::nanoseconds> extension) {
  const begun_verb verb =
      co_await begin_verb(step, named, text_of(bake), "a bake of " + text_of(bake) + ", or a fail");
  if (!verb.is_over()) {
    if (has_baseline()) co_await door_.begin_counting(step, baseline());
    co_await door_.begin_counting(step, candidate());
    if (steering_.promotion() != nullptr) {
      refuse_promotion("nothing was observed yet that it could answer");
    }
  }
  if (extension_ == std::chrono::nanoseconds::zero()) extension_ = bake;  // without a reference
  observation_.emplace(std::move(step), named, bake, look_interval(bake),
                       extension.value_or(extension_), has_baseline(), candidate_share(),
                       std::move(judge), steering_.counted(), clock_);
  if (named == "compare") observation_->shadows(mirrored_);
  co_return verb.recorded;
}

template <typename Tag>
task<shared_text> basic_rollout<Tag>::look_and_answer(bool promote_asked) {
  const look_result seen = co_await look();
  co_return co_await answer(seen, promote_asked);
}

/// The reference of a step that takes the baseline's traffic away. A promote may have cut the bake
/// short: then the longer one before stays.
template <typename Tag>
void basic_rollout<Tag>::remember(const metrics_snapshot& of_baseline, const shared_text& why) {
  if (why != "promoted" || !reference_ || of_baseline.requests >= reference_->requests) {
    reference_ = std::make_shared<const metrics_snapshot>(of_baseline);
  }
}

/// Why the step is over; empty if it goes on.
template <typename Tag>
task<shared_text> basic_rollout<Tag>::answer(const look_result& seen, bool promote_asked) {
  const control_command* const promotion = steering_.promotion();
  const bool forced = promotion != nullptr && promotion->forced;
  if ((seen.made == decision::fail || failure_is_held_) && !forced) {
    if (promotion != nullptr) {
      refuse_promotion("it does not answer a fail, unless it is forced");
    }
    steering_.answer_promotion();
    if (failure_is_held_) {
      require_hold_not_expired();
      co_return shared_text{};
    }
    co_await answer_fail(seen);
    co_return shared_text{};
  }
  if (promote_asked) {
    tell_promoted(promotion);
    steering_.answer_promotion();
    co_return "promoted"_text;
  }
  if (failure_is_held_ || steering_.paused()) {
    require_hold_not_expired();
    co_return shared_text{};
  }
  if (!observation_->is_over()) co_return shared_text{};
  if (seen.made == decision::pass) co_return "pass"_text;
  require_hold_not_expired();
  if (!hold_left_) co_await extend_or_end(seen);
  co_return shared_text{};
}

template <typename Tag>
task<void> basic_rollout<Tag>::extend_or_end(const look_result& seen) {
  bool holds = config_->on_inconclusive == on_inconclusive::hold;
  if (config_->on_inconclusive == on_inconclusive::extend) {
    if (observation_->extensions < config_->max_extensions) {
      ++observation_->extensions;
      const std::chrono::nanoseconds by = observation_->extension();
      observation_->catch_up(steering_.counted());
      observation_->extend(by);
      chronicle_.tell(event_kind::extended, observation_->step(),
                      fmt::format("extended, {} of {}: {}", observation_->extensions,
                                  config_->max_extensions, seen.reason));
      co_await chronicle_.record(observation_->step(), observation_->verb(), record_phase::progress,
                                 extension_record{by});
      co_return;
    }
    holds = config_->on_exhausted == on_exhausted::hold;
  }
  if (!holds) throw rollout_failure(seen.reason_code, seen.reason);
  co_await hold(observation_->step(), seen);
}

/// Traffic stays where it is until a person promotes or aborts, or the hold's time is up.
template <typename Tag>
task<void> basic_rollout<Tag>::hold(const shared_text& step, look_result seen) {
  if (observation_) observation_->catch_up(steering_.counted());
  hold_left_ = config_->hold_timeout;
  held_for_ = std::make_unique<const rollout_failure>(seen.reason_code, seen.reason);
  steering_.hold(true);
  event held = chronicle_.about(event_kind::held, step,
                                "held, a person must promote or abort: " + seen.reason);
  held.severity = severity::warning;
  held.reason_code = seen.reason_code;
  chronicle_.tell(std::move(held));
  chronicle_.tell(event_kind::gate_waiting, step, step + " waits for promote or abort");
  const shared_text& verb =
      observation_ && observation_->step() == step ? observation_->verb() : "hold"_text;
  co_await chronicle_.record(step, verb, record_phase::progress,
                             hold_record{failure_is_held_, seen.reason_code, seen.reason});
}

template <typename Tag>
void basic_rollout<Tag>::release_hold() {
  if (!hold_left_) return;
  hold_left_.reset();
  held_for_.reset();
  failure_is_held_ = false;
  steering_.hold(false);
}

template <typename Tag>
void basic_rollout<Tag>::require_hold_not_expired() const {
  if (hold_left_ && *hold_left_ <= std::chrono::nanoseconds::zero()) {
    throw rollout_failure(held_for_->reason_code(), std::string{held_for_->what()} +
                                                        "; nobody answered within " +
                                                        text_of(config_->hold_timeout));
  }
}

template <typename Tag>
void basic_rollout<Tag>::tell_promoted(const control_command* promotion) {
  if (promotion == nullptr) return;  // to the last step: told when it was asked for
  event promoted = chronicle_.about(event_kind::promoted, step_,
                                    "promoted by " + promotion->actor + ": " + promotion->reason);
  promoted.actor = promotion->actor;
  chronicle_.tell(std::move(promoted));
}

template <typename Tag>
void basic_rollout<Tag>::refuse_promotion(const std::string& why) {
  event refused =
      chronicle_.about(event_kind::gate_answered, step_,
                       "promote by " + steering_.promotion()->actor + " was refused: " + why);
  refused.actor = steering_.promotion()->actor;
  refused.severity = severity::warning;
  chronicle_.tell(std::move(refused));
  steering_.refuse_promotion();
}

/// While paused, or held for a fail: nothing new begins.
template <typename Tag>
task<void> basic_rollout<Tag>::outwait_pause() {
  while (steering_.paused() || failure_is_held_) co_await wait_for_news();
}

/// Progress waits for news, judging does not: looks go on, and a fail rolls back, or is held.
template <typename Tag>
task<void> basic_rollout<Tag>::wait_for_news() {
  auto limit =
      observation_ ? observation_->until_next_look(false) : std::chrono::nanoseconds::max();
  if (hold_left_) limit = std::min(limit, *hold_left_);
  const std::chrono::nanoseconds passed = co_await steering_.pass_time(limit);
  if (observation_) observation_->catch_up(steering_.counted());
  if (hold_left_) {
    *hold_left_ -= passed;
    const control_command* const promotion = steering_.promotion();
    if (promotion != nullptr && promotion->forced) {
      tell_promoted(promotion);
      steering_.record_promotion();  // whoever resumes must not hold it again
      steering_.answer_promotion();
      release_hold();
    } else if (promotion != nullptr) {
      refuse_promotion("it does not answer a fail, unless it is forced");
    }
    require_hold_not_expired();
  }
  if (!observation_ || !observation_->look_is_due(false)) co_return;
  const look_result seen = co_await look();
  if (seen.made == decision::fail && !failure_is_held_) co_await answer_fail(seen);
}

/// Of a look that nothing but a roll-back, or a hold, can follow.
template <typename Tag>
task<void> basic_rollout<Tag>::answer_fail(look_result seen) {
  if (config_->on_failure != on_failure::hold) throw rollout_failure(seen.reason_code, seen.reason);
  failure_is_held_ = true;
  co_await hold(observation_->step(), std::move(seen));
}

}  // namespace hotswap::inline v0_1
