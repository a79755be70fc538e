#pragma once

/// @file
/// How `rollout` observes a step: looks, and what follows from them.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/sample_ratio.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// What one look at the platform came to.
template <typename Tag>
class basic_rollout<Tag>::look_result {
 public:
  look_result(decision made_of_it, hotswap::reason_code code, std::string said)
      : made(made_of_it), reason_code(code), reason(std::move(said)) {}

  decision made;
  hotswap::reason_code reason_code;
  std::string reason;
};

template <typename Tag>
std::chrono::nanoseconds basic_rollout<Tag>::look_interval(std::chrono::nanoseconds bake) const {
  using namespace std::chrono_literals;
  if (config_->analysis_interval)
    return std::min<std::chrono::nanoseconds>(*config_->analysis_interval, bake);
  return std::min(std::clamp<std::chrono::nanoseconds>(bake / 10, 10s, 5min), bake);
}

/// Of `observe`, and of `compare`, which looks at divergence too. Most rollouts are in here most of
/// the time: what a wait does not need stands in coroutines of its own.
template <typename Tag>
task<totals_of_bake> basic_rollout<Tag>::observe(task<const recorded_verb*> begin) {
  // the frame of what has begun it goes with the temporary
  const recorded_verb* const recorded = co_await task<const recorded_verb*>{std::move(begin)};
  std::string why;
  if (recorded != nullptr) why = co_await take_up_bake(*recorded);
  if (recorded != nullptr && recorded->outcome != nullptr) co_return std::move(over_totals_);
  while (why.empty()) {
    const bool counting = !steering_.paused() && !hold_left_;
    auto limit = observation_->until_next_look(counting);
    if (hold_left_) limit = std::min(limit, *hold_left_);
    co_await steering_.pass_time(limit);
    const std::chrono::nanoseconds passed = observation_->catch_up(counting);
    if (hold_left_) *hold_left_ -= passed;
    const bool asked = steering_.promoted();
    if (observation_->look_is_due(counting) || asked) {
      why = co_await look_and_answer(asked, counting);
      // resumed while it looked: the time before that is no part of the bake
      if (!counting && !steering_.paused() && !hold_left_) observation_->catch_up(false);
    } else {
      require_hold_not_expired();
    }
  }
  auto totals = std::make_unique<const paired_windows>(observation_->totals());
  release_hold();
  if (observation_->has_baseline()) remember(totals->baseline, why);
  co_await end_verb(observation_->step(), observation_->verb(), std::move(why));
  co_return totals;
}

/// What is recorded of it; null if it begins now.
template <typename Tag>
task<const recorded_verb*> basic_rollout<Tag>::begin_bake(
    std::string step, std::string named, std::chrono::nanoseconds bake,
    std::unique_ptr<judge> judge, std::optional<std::chrono::nanoseconds> extension) {
  const begun_verb verb =
      co_await begin_verb(step, named, text_of(bake), "a bake of " + text_of(bake) + ", or a fail");
  if (!verb.is_over()) {
    if (has_baseline()) co_await door_.begin_counting(step, baseline());
    co_await door_.begin_counting(step, candidate());
    if (steering_.promotion()) refuse_promotion("nothing was observed yet that it could answer");
  }
  if (extension_ == std::chrono::nanoseconds::zero()) extension_ = bake;  // without a reference
  observation_.emplace(std::move(step), named, bake, look_interval(bake),
                       extension.value_or(extension_), has_baseline(), candidate_share(),
                       std::move(judge), clock_);
  if (named == "compare") observation_->shadows(mirrored_);
  co_return verb.recorded;
}

/// Of a bake that an earlier incarnation has ended: why it was over.
template <typename Tag>
task<std::string> basic_rollout<Tag>::take_up_after_bake(const recorded_verb& verb) {
  std::string why = replay_over(verb);
  const std::optional<look_result> unanswered = replay_looks_after(verb);
  if (unanswered) co_await answer_fail(*unanswered);
  co_return why;
}

/// Goes on where an earlier incarnation has left off: why the bake is over, or empty if it is not.
template <typename Tag>
task<std::string> basic_rollout<Tag>::take_up_bake(const recorded_verb& verb) {
  observation_->has_begun(verb.began->at);
  if (verb.outcome != nullptr) co_return co_await take_up_after_bake(verb);
  const std::optional<look_result> unanswered = replay_looks(verb);
  if (hold_left_) steering_.hold(true);
  const bool counting = !steering_.paused() && !hold_left_;
  std::string why;
  if (unanswered) why = co_await answer(*unanswered, false, counting);
  const auto down = recorded_rollout::between(verb.last().at, clock_.now());
  if (hold_left_) *hold_left_ -= down;
  observation_->goes_on_after(down, !steering_.paused() && !hold_left_);
  co_return why;
}

template <typename Tag>
task<std::string> basic_rollout<Tag>::look_and_answer(bool promote_asked, bool counting) {
  const look_result seen = co_await look();
  co_return co_await answer(seen, promote_asked, counting);
}

/// The reference of a step that takes the baseline's traffic away. A promote may have cut the bake
/// short: then the longer one before stays.
template <typename Tag>
void basic_rollout<Tag>::remember(const metrics_snapshot& of_baseline, const std::string& why) {
  if (why != "promoted" || !reference_ || of_baseline.requests >= reference_->requests) {
    reference_ = std::make_shared<const metrics_snapshot>(of_baseline);
  }
}

/// Shows the judge what an earlier incarnation has shown it, and restores where the bake stood at
/// the last record. The last look, if nothing has followed from it yet.
template <typename Tag>
std::optional<typename basic_rollout<Tag>::look_result> basic_rollout<Tag>::replay_looks(
    const recorded_verb& verb) {
  using recorded_look = std::shared_ptr<const look_report>;
  std::optional<look_result> unanswered;
  bool paused = verb.began_paused;
  auto since = verb.began->at;
  for (const journal_record* each : verb.progress) {
    const auto time = recorded_rollout::between(since, each->at);
    since = each->at;
    // what follows a look comes after its answer, or with time that it does not speak about
    if (unanswered && unanswered->made != decision::fail) unanswered.reset();
    if (!paused && !hold_left_) observation_->pass(time);
    if (hold_left_) *hold_left_ -= time;
    if (const auto command = recorded_rollout::command_of(*each)) {
      paused = recorded_rollout::is_paused_after(*command, paused);
    } else if (const auto* seen = std::get_if<recorded_look>(&each->payload)) {
      observation_->replay(**seen, each->at);
      unanswered.emplace(result_of(**seen, "its metrics could not be had"));
    } else if (const auto* longer = std::get_if<extension_record>(&each->payload)) {
      ++observation_->extensions;
      observation_->extend(longer->by);
      unanswered.reset();
    } else if (const auto* held = std::get_if<hold_record>(&each->payload)) {
      hold_left_ = config_->hold_timeout;
      held_for_.emplace(held->reason_code, held->reason);
      failure_is_held_ = held->failed;
      unanswered.reset();
    }
  }
  return unanswered;
}

/// The same for a bake that is over: why it ended. Looks that came after its end, at a gate, are
/// shown to the judge too, but are no part of its totals.
template <typename Tag>
std::string basic_rollout<Tag>::replay_over(const recorded_verb& verb) {
  using recorded_look = std::shared_ptr<const look_report>;
  const auto* outcome = std::get_if<outcome_record>(&verb.outcome->payload);
  std::string why = outcome == nullptr ? std::string{"done"} : outcome->why;
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
  observation_->goes_on_after({}, false);
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
  const bool is_answered = last == nullptr || recorded_.goes_on_after(last->sequence);
  if (is_answered || config_->on_failure == on_failure::hold) return unanswered;
  unanswered.emplace(result_of(*std::get<recorded_look>(last->payload), {}));
  if (unanswered->made != decision::fail) unanswered.reset();
  return unanswered;
}

/// A fail that was held before the traffic changed still is, unless a person has answered it; also
/// if the process has died before it could record that.
template <typename Tag>
void basic_rollout<Tag>::replay_hold(const journal_record& record) {
  std::optional<rollout_failure> cause;
  if (const auto* held = std::get_if<hold_record>(&record.payload); held && held->failed) {
    cause.emplace(held->reason_code, held->reason);
  }
  const auto* seen = std::get_if<std::shared_ptr<const look_report>>(&record.payload);
  if (seen != nullptr && (*seen)->verdict.failed() && config_->on_failure == on_failure::hold) {
    const look_result failed = result_of(**seen, std::string{});
    cause.emplace(failed.reason_code, failed.reason);
  }
  if (!cause || failure_is_held_) return;
  for (const journal_record& later : recorded_.records()) {
    const auto command = recorded_rollout::command_of(later);
    const bool promotes = command && command->command.asked == control_command::kind::promote;
    if (promotes && later.sequence > record.sequence) return;
  }
  hold_left_ = config_->hold_timeout - recorded_rollout::between(record.at, clock_.now());
  held_for_ = std::move(cause);
  failure_is_held_ = true;
  steering_.hold(true);
}

/// Why the step is over; empty if it goes on.
template <typename Tag>
task<std::string> basic_rollout<Tag>::answer(const look_result& seen, bool promote_asked,
                                             bool counting) {
  const std::optional<control_command> promotion = steering_.promotion();
  const bool forced = promotion && promotion->forced;
  if ((seen.made == decision::fail || failure_is_held_) && !forced) {
    if (promotion) refuse_promotion("it does not answer a fail, unless it is forced");
    steering_.answer_promotion();
    if (failure_is_held_) {
      require_hold_not_expired();
      co_return std::string{};
    }
    co_await answer_fail(seen);
    co_return std::string{};
  }
  if (promote_asked) {
    tell_promoted(promotion);
    steering_.answer_promotion();
    co_return std::string{"promoted"};
  }
  if (failure_is_held_ || steering_.paused()) {
    require_hold_not_expired();
    co_return std::string{};
  }
  if (!observation_->is_over()) co_return std::string{};
  if (seen.made == decision::pass) co_return std::string{"pass"};
  require_hold_not_expired();
  if (counting) co_await extend_or_end(seen);
  co_return std::string{};
}

template <typename Tag>
task<void> basic_rollout<Tag>::extend_or_end(const look_result& seen) {
  bool holds = config_->on_inconclusive == on_inconclusive::hold;
  if (config_->on_inconclusive == on_inconclusive::extend) {
    if (observation_->extensions < config_->max_extensions) {
      ++observation_->extensions;
      const std::chrono::nanoseconds by = observation_->extension();
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
task<void> basic_rollout<Tag>::hold(std::string step, look_result seen) {
  hold_left_ = config_->hold_timeout;
  held_for_.emplace(seen.reason_code, seen.reason);
  steering_.hold(true);
  event held = chronicle_.about(event_kind::held, step,
                                "held, a person must promote or abort: " + seen.reason);
  held.severity = severity::warning;
  held.reason_code = seen.reason_code;
  chronicle_.tell(std::move(held));
  chronicle_.tell(event_kind::gate_waiting, step, step + " waits for promote or abort");
  const std::string verb =
      observation_ && observation_->step() == step ? observation_->verb() : std::string{"hold"};
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
void basic_rollout<Tag>::tell_promoted(const std::optional<control_command>& promotion) {
  if (!promotion) return;  // to the last step: told when it was asked for
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
  if (observation_) observation_->catch_up(false);
  if (hold_left_) {
    *hold_left_ -= passed;
    if (const auto promotion = steering_.promotion(); promotion && promotion->forced) {
      tell_promoted(promotion);
      steering_.record_promotion();  // whoever resumes must not hold it again
      steering_.answer_promotion();
      release_hold();
    } else if (promotion) {
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

template <typename Tag>
task<typename basic_rollout<Tag>::look_result> basic_rollout<Tag>::look() {
  observation_->look_was_made();
  co_await reassert_drifted_split();
  if (door_.has_health_check() || fleet_) {
    const bool healthy = co_await candidate_is_healthy();
    observation_->health_failures = healthy ? 0 : observation_->health_failures + 1;
    if (observation_->health_failures >= 3) {
      look_result sick{decision::fail, reason_code::unhealthy,
                       to_string(candidate()) + " was not healthy at 3 looks in a row"};
      co_return sick;
    }
  }

  const time_window window = observation_->next_window();
  std::string text;
  std::optional<paired_windows> seen;
  try {
    seen = co_await collect_windows(window);
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::metrics_unavailable) throw;
    text = failure.what();
  }
  auto report = std::make_shared<look_report>(observation_->blind_look(window));
  if (seen) {
    observation_->begin_next_window_after(window);
    *report = judged(*seen);
  } else {
    chronicle_.tell(event_kind::metrics_unavailable, observation_->step(), text, severity::warning);
  }
  tell_of(report);
  co_await chronicle_.record(observation_->step(), observation_->verb(), record_phase::progress,
                             std::shared_ptr<const look_report>{report});
  look_result result = result_of(*report, text);
  co_return result;
}

/// What follows from the windows so far, this look's the last of them.
template <typename Tag>
typename basic_rollout<Tag>::look_result basic_rollout<Tag>::result_of(
    const look_report& report, const std::string& trouble) const {
  if (observation_->candidate_is_silent()) {
    return {decision::fail, reason_code::candidate_silent,
            to_string(candidate()) + " got none of the requests that were due in 3 windows"};
  }
  const decision made = report.verdict.decision();
  const std::string at = observation_->shadowed()
                             ? "mirroring " + to_string(*observation_->shadowed()) + ", "
                             : "at " + to_string(observation_->candidate_share()) + ", ";
  auto code = reason_code::inconclusive;
  if (made == decision::fail) {
    const auto& findings = report.verdict.findings();
    const bool mismatch = std::any_of(findings.begin(), findings.end(), [](const finding& each) {
      return each.metric == sample_ratio_metric && each.made == decision::fail;
    });
    code = mismatch ? reason_code::sample_ratio_mismatch : reason_code::metrics_degraded;
  }
  return {made, code, at + (report.collected ? report.verdict.summary() : trouble)};
}

template <typename Tag>
look_report basic_rollout<Tag>::judged(const paired_windows& seen) {
  try {
    return observation_->judge_windows(seen);
  } catch (const std::exception& failure) {
    throw rollout_failure(reason_code::judge_failed,
                          std::string{"the judge threw: "} + failure.what());
  }
}

template <typename Tag>
task<std::optional<paired_windows>> basic_rollout<Tag>::collect_windows(time_window window) {
  metrics_snapshot of_baseline;
  if (!observation_->has_baseline()) {
    if (reference_) of_baseline = *reference_;
  } else {
    of_baseline = co_await door_.collect(observation_->step(), baseline(), window);
  }
  metrics_snapshot of_candidate = co_await door_.collect(observation_->step(), candidate(), window);
  std::optional<paired_windows> seen;
  seen.emplace(window, std::move(of_baseline), std::move(of_candidate));
  seen->contemporaneous = observation_->has_baseline();
  seen->candidate_share = observation_->candidate_share();
  if (observation_->verb() == "compare") {
    seen->divergence =
        co_await door_.divergence(observation_->step(), baseline(), candidate(), window);
  }
  co_return seen;
}

template <typename Tag>
void basic_rollout<Tag>::tell_of(std::shared_ptr<const look_report> report) {
  for (const finding& each : report->verdict.findings()) {
    const bool unjudged = !each.required && each.made == decision::inconclusive;
    if (!unjudged || !unjudged_.insert(each.metric).second) continue;
    event told = chronicle_.about(event_kind::metric_unjudged, observation_->step(),
                                  each.metric + " is not judged: " + each.sentence);
    told.payload["metric"] = each.metric;
    chronicle_.tell(std::move(told));
  }
  event told = chronicle_.about(event_kind::look, observation_->step(), report->verdict.summary());
  if (report->verdict.failed()) told.severity = severity::warning;
  told.look = std::move(report);
  chronicle_.tell(std::move(told));
}

/// A health check that fails to answer is taken for a no.
template <typename Tag>
task<bool> basic_rollout<Tag>::candidate_is_healthy() {
  if (fleet_) {
    const std::vector<server_id> updated{fleet_->updated.begin(), fleet_->updated.end()};
    for (const server_id& each : updated) {
      const bool healthy = co_await server_is_healthy(step_, each);
      if (!healthy) co_return false;
    }
    co_return true;
  }
  try {
    const bool healthy = co_await door_.healthy(step_, candidate());
    co_return healthy;
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::unhealthy) throw;
  }
  co_return false;
}

/// Somebody else has changed the split: it is set again 3 times, then a person is asked, who may
/// have it set again as often.
template <typename Tag>
task<void> basic_rollout<Tag>::reassert_drifted_split() {
  if (!door_.has_split() || !in_force_ || fleet_) co_return;
  std::optional<traffic_split> found;
  try {
    found = co_await door_.split(step_, 1);
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::set_split_failed) throw;
  }
  if (!found || *found == *in_force_ || (intended_ && *found == *intended_)) co_return;

  // a shift that an earlier incarnation has begun may be in force: never more than it would give
  const bool gives_less =
      intended_ && intended_->share_of(candidate()) < in_force_->share_of(candidate());
  const traffic_split wanted = gives_less ? *intended_ : *in_force_;
  tell_drifted(*found, wanted);
  if (steering_.take_resumed()) drifts_ = 0;  // whoever was asked has answered
  if (++drifts_ > 3) {
    steering_.pause_because("the split is changed by somebody else again and again");
  } else {
    // what drifted may be the work of a driver that has taken over: whoever has lost leaves here
    co_await chronicle_.record(observation_->step(), observation_->verb(), record_phase::progress,
                               *found);
    co_await door_.set_split(step_, wanted);
  }
}

template <typename Tag>
void basic_rollout<Tag>::tell_drifted(const traffic_split& found, const traffic_split& wanted) {
  event drifted = chronicle_.about(
      event_kind::split_drifted, step_,
      "the split must be " + to_string(wanted) + ", got " + to_string(found) + " by somebody else");
  drifted.severity = severity::warning;
  chronicle_.tell(std::move(drifted));
}

}  // namespace hotswap::inline v0_1
