#pragma once

/// @file
/// The verbs of `rollout` that change something.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
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
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// A verb whose outcome is recorded is over. One without looks for the decision to roll back first,
/// waits while the rollout is paused, and records that it begins.
template <typename Tag>
task<typename basic_rollout<Tag>::begun_verb> basic_rollout<Tag>::begin_verb(
    const shared_text& step, const shared_text& verb, std::string arguments,
    std::string_view awaits) {
  const recorded_verb* recorded = replayed(step, verb, arguments);
  begun_verb begun{step, verb, recorded};
  if (begun.is_over()) co_return begun;
  if (const rollback_record* decided = earlier().rollback()) {
    throw rollout_failure(decided->reason_code, decided->reason, decided->status);
  }
  steering_.announce(step, verb, awaits);
  if (verb != "observe" && verb != "compare") co_await outwait_pause();
  steering_.check();
  if (recorded == nullptr) {
    co_await chronicle_.record(step, verb, record_phase::began,
                               fingerprint_record{std::move(arguments)});
  }
  co_return begun;
}

/// What is recorded of that verb; null if nothing is.
/// @throws journal_mismatch  if it was to do something else.
template <typename Tag>
const recorded_verb* basic_rollout<Tag>::replayed(const shared_text& step, const shared_text& verb,
                                                  std::string_view arguments) const {
  const recorded_verb* recorded = earlier().find(step, verb);
  if (recorded == nullptr || recorded->began == nullptr) return nullptr;
  const auto* asked = std::get_if<fingerprint_record>(&recorded->began->payload);
  if (asked == nullptr || asked->arguments != arguments) {
    throw journal_mismatch(fmt::format(
        "journal of {}, record {} of {}: {}/{} must be of '{}', got '{}'", terms_.model(),
        recorded->began->sequence, chronicle_.id(), step, verb, arguments,
        asked == nullptr ? std::string_view{} : std::string_view{asked->arguments}));
  }
  return recorded;
}

template <typename Tag>
task<void> basic_rollout<Tag>::end_verb(const begun_verb& verb, std::string why) {
  return end_verb(verb.step, verb.verb, std::move(why));
}

template <typename Tag>
task<void> basic_rollout<Tag>::end_verb(const shared_text& step, const shared_text& verb,
                                        std::string why) {
  return chronicle_.record(step, verb, record_phase::outcome, outcome_record{std::move(why)});
}

template <typename Tag>
task<void> basic_rollout<Tag>::reference(shared_text step, std::chrono::nanoseconds window,
                                         std::vector<planned_bake> bakes) {
  const begun_verb verb =
      co_await begin_verb(step, "reference"_text, text_of(window), "the baseline's metrics");
  extension_ = window;
  if (verb.is_over()) {
    using reference_payload = std::shared_ptr<const reference_record>;
    if (const auto* seen = std::get_if<reference_payload>(&verb.recorded->outcome->payload)) {
      reference_ = {*seen, &(*seen)->baseline};
    }
    is_in_force(traffic_split::all_to(baseline()));
    co_return;
  }
  if (!fleet_) co_await require_all_traffic_on_baseline(step);
  metrics_snapshot seen = co_await measure_baseline(step, window);
  std::string shortage = shortage_of_traffic(seen, window, bakes);
  // a source that began to count with this rollout, or shortly before, has no past, or a short one
  if (seen.requests == 0 || !shortage.empty()) {
    const auto whole = std::exchange(window, std::chrono::nanoseconds::zero());
    const bool is_compared = !bakes.empty() && bakes.front().needs_reference;
    const std::uint64_t needed = is_compared ? bakes.front().minimum_samples : 0;
    do {
      auto left = std::min(look_interval(whole), whole - window);
      window += left;
      while (left > std::chrono::nanoseconds::zero()) {  // news do not shorten it
        const std::chrono::nanoseconds passed = co_await steering_.pass_time(left);
        left -= passed;
      }
      seen = co_await measure_baseline(step, window);
      shortage = shortage_of_traffic(seen, window, bakes);
    } while (window < whole && seen.requests < needed && shortage.empty());
  }
  if (!shortage.empty()) {
    throw rollout_failure(reason_code::low_traffic, shortage, deployment_status::rejected);
  }
  if (fleet_) {
    is_in_force(traffic_split::all_to(baseline()));
  } else if (!door_.has_split()) {
    co_await put_in_force(step, traffic_split::all_to(baseline()));
  }
  const auto measured = std::make_shared<const reference_record>(std::move(seen), window);
  reference_ = {measured, &measured->baseline};
  co_await chronicle_.record(step, verb.verb, record_phase::outcome, measured);
}

template <typename Tag>
task<void> basic_rollout<Tag>::require_all_traffic_on_baseline(const shared_text& step) {
  if (!door_.has_split()) co_return;
  std::optional<traffic_split> found;
  std::string text;
  try {
    found = co_await door_.split(step, door_.attempts());
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::set_split_failed) throw;
    text = failure.what();
  }
  const traffic_split wanted = traffic_split::all_to(baseline());
  if (!found || *found != wanted) {
    throw rollout_failure(reason_code::baseline_without_traffic,
                          found ? "the baseline must have all the traffic, got " + to_string(*found)
                                : "the router must tell the split in force, got " + text,
                          deployment_status::rejected);
  }
  in_force_ = std::make_shared<const traffic_split>(wanted);
}

template <typename Tag>
task<metrics_snapshot> basic_rollout<Tag>::measure_baseline(const shared_text& step,
                                                            std::chrono::nanoseconds window) {
  const auto end = clock_.now();
  const time_window past{
      end - std::chrono::duration_cast<time_window::time_point::duration>(window), end};
  std::string text;
  metrics_snapshot seen;
  try {
    seen = co_await door_.collect(step, baseline(), past);
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::metrics_unavailable) throw;
    text = failure.what();
  }
  if (!text.empty()) {
    throw rollout_failure(reason_code::metrics_unavailable, text, deployment_status::rejected);
  }
  co_return seen;
}

/// Which bake cannot have its samples at the rate of that window; empty if each can, or need not.
template <typename Tag>
std::string basic_rollout<Tag>::shortage_of_traffic(const metrics_snapshot& seen,
                                                    std::chrono::nanoseconds window,
                                                    const std::vector<planned_bake>& bakes) const {
  if (config_->allow_low_traffic) return {};
  const double rate =
      static_cast<double>(seen.requests) / std::chrono::duration<double>(window).count();
  const int extensions =
      config_->on_inconclusive == on_inconclusive::extend ? config_->max_extensions : 0;
  for (const planned_bake& each : bakes) {
    const auto time = each.longest.value_or(each.duration + extensions * extension_);
    const double expected = rate * std::chrono::duration<double>(time).count() *
                            each.smaller_side.basis_points() / 10'000.0;
    if (expected < static_cast<double>(each.minimum_samples)) {
      return fmt::format(
          "minimumSamples of {} must be reachable, got {:.3g} requests per second: at {}, {} bring "
          "{:.0f} at most",
          each.minimum_samples, rate, to_string(each.candidate_share), text_of(time), expected);
    }
  }
  return {};
}

/// A router throws for a model that it does not know.
template <typename Tag>
task<void> basic_rollout<Tag>::vacancy(shared_text step) {
  const begun_verb verb = co_await begin_verb(step, "vacancy"_text, terms_.model(),
                                              "the router's split, if it has one");
  if (verb.is_over()) co_return;
  std::optional<traffic_split> found;
  if (door_.has_split()) {
    try {
      found = co_await door_.split(step, 1);
    } catch (const rollout_failure& failure) {
      if (failure.reason_code() != reason_code::set_split_failed) throw;
    }
  }
  if (found) {
    throw rollout_failure(
        reason_code::already_active,
        "a first deployment must be of a model without traffic, got " + to_string(*found),
        deployment_status::rejected);
  }
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::deploy(shared_text step, model_version version) {
  const begun_verb verb =
      co_await begin_verb(step, "deploy"_text, to_string(version), "the server's deploy");
  if (verb.is_over()) co_return;
  candidate_was_deployed_ = candidate_was_deployed_ || version == candidate();
  co_await door_.deploy(step, version);
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::warm_up(shared_text step, model_version version) {
  const begun_verb verb =
      co_await begin_verb(step, "warm_up"_text, to_string(version), "the server's warm_up");
  if (verb.is_over()) co_return;
  co_await door_.warm_up(step, version);
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::smoke_test(shared_text step, model_version version,
                                          std::size_t samples) {
  const begun_verb verb = co_await begin_verb(
      step, "smoke_test"_text, fmt::format("{}, {} samples", to_string(version), samples),
      "the server's smoke_test");
  if (verb.is_over()) co_return;
  const smoke_test_report report = co_await door_.smoke_test(step, version, samples);
  if (report.failures > 0 || report.samples == 0) {
    std::string reason = fmt::format("{} of {} smoke tests of {} failed", report.failures,
                                     report.samples, to_string(version));
    if (report.samples == 0) reason = "no smoke test of " + to_string(version) + " was run";
    if (!report.messages.empty()) reason += ": " + report.messages.front();
    throw rollout_failure(reason_code::smoke_test_failed, reason);
  }
  co_await end_verb(verb, fmt::format("{} samples", report.samples));
}

template <typename Tag>
task<void> basic_rollout<Tag>::mirror(shared_text step, share sampled) {
  const begun_verb verb =
      co_await begin_verb(step, "mirror"_text, to_string(sampled), "the router's set_mirror");
  observation_.reset();  // the copies are no longer those that it has looked at
  mirror_was_set_ = mirror_was_set_ || sampled > share{};
  if (!verb.is_over()) co_await door_.set_mirror(step, baseline(), candidate(), sampled);
  mirror_was_set_ = sampled > share{};
  mirrored_ = sampled;
  if (verb.is_over()) co_return;
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::shift(shared_text step, traffic_split split) {
  if (earlier().find(step, "shift") != nullptr) {  // it may be in force already
    intended_ = std::make_shared<const traffic_split>(split);
  }
  const begun_verb verb =
      co_await begin_verb(step, "shift"_text, to_string(split), "the router's set_split");
  if (verb.is_over()) {
    is_in_force(std::move(split));
    co_return;
  }
  if (split.share_of(candidate()) > candidate_share()) co_await require_health(step);
  co_await put_in_force(step, std::move(split));
  co_await end_verb(verb, "done");
}

/// Before the candidate gets more traffic.
template <typename Tag>
task<void> basic_rollout<Tag>::require_health(const shared_text& step) {
  if (!door_.has_health_check()) co_return;
  if (const recorded_verb* const before = earlier().find(step, "hold")) {
    for (const journal_record* each : before->progress) replay_hold(*each);
  }
  if (!failure_is_held_) {
    const bool healthy = co_await candidate_is_healthy();
    if (healthy) co_return;
    look_result sick{decision::fail, reason_code::unhealthy,
                     to_string(candidate()) + " must be healthy before it gets more traffic"};
    if (config_->on_failure != on_failure::hold)
      throw rollout_failure(sick.reason_code, sick.reason);
    failure_is_held_ = true;
    co_await hold(step, std::move(sick));
  }
  co_await outwait_pause();
  // what a person has answered is written down first: whoever has lost meanwhile leaves here
  if (!chronicle_.is_complete()) co_await chronicle_.catch_up();
}

template <typename Tag>
task<void> basic_rollout<Tag>::put_in_force(const shared_text& step, traffic_split split) {
  observation_.reset();  // its shares are no longer those of the traffic
  intended_ = std::make_shared<const traffic_split>(split);
  for (int attempt = 1;; ++attempt) {
    co_await door_.set_split(step, split);
    if (!door_.has_split()) break;
    const traffic_split found = co_await door_.split(step, door_.attempts());
    if (found == split) break;
    if (attempt >= door_.attempts()) {
      throw rollout_failure(
          reason_code::set_split_failed,
          "the router must have " + to_string(split) + " in force, got " + to_string(found));
    }
  }
  is_in_force(split);
  split_was_set_ = true;
  chronicle_.tell(event_kind::split_changed, step, to_string(split));
}

template <typename Tag>
void basic_rollout<Tag>::is_in_force(traffic_split split) {
  observation_.reset();  // its shares are no longer those of the traffic
  in_force_ = std::make_shared<const traffic_split>(std::move(split));
  intended_ = in_force_;
  chronicle_.candidate_share_is(candidate_share());
}

template <typename Tag>
task<decided_once> basic_rollout<Tag>::decide(shared_text step, std::string what,
                                              std::string reason) {
  const begun_verb verb = co_await begin_verb(step, "decide"_text, std::string{}, "its decision");
  decided_once decided{std::move(what), std::move(reason)};
  if (!verb.is_over()) {
    co_await end_verb(verb, decided.text());
  } else if (const auto* before = std::get_if<outcome_record>(&verb.recorded->outcome->payload)) {
    decided = decided_once::from_text(before->why);
  }
  co_return decided;
}

template <typename Tag>
task<void> basic_rollout<Tag>::wait(shared_text step, std::chrono::nanoseconds time) {
  const begun_verb verb = co_await begin_verb(step, "wait"_text, text_of(time), text_of(time));
  if (verb.is_over()) co_return;
  if (verb.recorded != nullptr) {
    time -= earlier().counted(verb.recorded->began->at, steering_.taken_over_at());
    time -= steering_.counted();
  }
  while (time > std::chrono::nanoseconds::zero()) {
    const auto before = steering_.counted();
    const auto limit = steering_.paused() ? std::chrono::nanoseconds::max() : time;
    co_await steering_.pass_time(limit);
    time -= steering_.counted() - before;
    if (steering_.promoted() && !steering_.paused()) break;
  }
  steering_.answer_promotion();
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::approve(shared_text step) {
  const begun_verb verb =
      co_await begin_verb(step, "approve"_text, step, "the approval of " + step + ", or an abort");
  if (verb.is_over()) co_return;
  event waiting = chronicle_.about(event_kind::gate_waiting, step, step + " waits for approval");
  waiting.payload["gate"] = step;
  chronicle_.tell(std::move(waiting));
  while (!steering_.approved(step) || failure_is_held_) {
    steering_.hold(true);  // also after a fail was held here, and answered
    co_await wait_for_news();
  }
  steering_.hold(false);
  co_await end_verb(verb, "approved");
}

}  // namespace hotswap::inline v0_1
