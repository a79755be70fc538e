#pragma once

/// @file
/// One look: is the traffic as it was set, is the candidate well, and what does the judge say of
/// the window?
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
  std::string reason;  ///< of what does not pass
};

template <typename Tag>
std::chrono::nanoseconds basic_rollout<Tag>::look_interval(std::chrono::nanoseconds bake) const {
  using namespace std::chrono_literals;
  if (config_->analysis_interval)
    return std::min<std::chrono::nanoseconds>(*config_->analysis_interval, bake);
  return std::min(std::clamp<std::chrono::nanoseconds>(bake / 10, 10s, 5min), bake);
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
  std::shared_ptr<const look_report> report;
  if (seen) {
    observation_->begin_next_window_after(window);
    report = judged(std::move(*seen));
  } else {
    chronicle_.tell(event_kind::metrics_unavailable, observation_->step(), text, severity::warning);
    report = std::make_shared<const look_report>(observation_->blind_look(window));
  }
  tell_of(report);
  co_await chronicle_.record(observation_->step(), observation_->verb(), record_phase::progress,
                             report);
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
  if (made == decision::pass) return {made, reason_code::none, {}};
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
std::shared_ptr<const look_report> basic_rollout<Tag>::judged(paired_windows seen) {
  try {
    return std::make_shared<const look_report>(observation_->judge_windows(std::move(seen)));
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
    const auto told_of = std::find(unjudged_.begin(), unjudged_.end(), each.metric);
    if (!unjudged || told_of != unjudged_.end()) continue;
    unjudged_.push_back(each.metric);
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
