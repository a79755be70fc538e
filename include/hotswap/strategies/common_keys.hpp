#pragma once

/// @file
/// The keys that every strategy's document may have, each with its field and its rule.
///
///     hotswap::validator visit{""};
///     describe_common(visit, config);

#include <hotswap/analysis/absolute_limits.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <string>

namespace hotswap::inline v0_1 {

namespace rule {

inline constexpr choice<hotswap::on_failure, 2> on_failure{
    {{{hotswap::on_failure::rollback, "rollback"}, {hotswap::on_failure::hold, "hold"}}}};
inline constexpr choice<hotswap::on_inconclusive, 3> on_inconclusive{
    {{{hotswap::on_inconclusive::extend, "extend"},
      {hotswap::on_inconclusive::hold, "hold"},
      {hotswap::on_inconclusive::rollback, "rollback"}}}};
inline constexpr choice<hotswap::on_exhausted, 2> on_exhausted{
    {{{hotswap::on_exhausted::rollback, "rollback"}, {hotswap::on_exhausted::hold, "hold"}}}};
inline constexpr choice<analysis_method, 1> analysis{{{{analysis_method::threshold, "threshold"}}}};

inline constexpr number latency_ratio{1.0, std::numeric_limits<double>::infinity(), false, false,
                                      "a ratio above 1"};
inline constexpr number quantile{0.0, 1.0, false, false, "a quantile between 0 and 1"};

// less than 1 % compares nothing, and 0.05 was meant as a ratio
inline constexpr part holdback{share::basis_points(100), share::basis_points(5'000), 100.0, true,
                               "0 or a percentage from 1 to 50"};

}  // namespace rule

template <typename Visitor, maybe_const<rollback_thresholds> Thresholds>
void describe(Visitor& visit, Thresholds& thresholds) {
  visit("accuracyDrop", thresholds.accuracy_drop, rule::limit{rule::zero_to_one, "accuracy"});
  visit("latencyIncrease", thresholds.latency_increase,
        rule::limit{rule::latency_ratio, "latency"});
  visit("latencyQuantile", thresholds.latency_quantile, rule::quantile);
  visit("errorRateIncrease", thresholds.error_rate_increase,
        rule::limit{rule::zero_to_one, "errorRate"});
  visit("dataDrift", thresholds.data_drift, rule::limit{rule::above_zero, "dataDrift"});
}

template <typename Visitor, maybe_const<absolute_limits> Limits>
void describe(Visitor& visit, Limits& limits) {
  visit("errorRate", limits.error_rate, rule::zero_to_one);
  visit("latency", limits.latency, rule::positive);
  visit("accuracy", limits.accuracy, rule::zero_to_one);
}

template <typename Visitor, maybe_const<call_deadlines> Deadlines>
void describe(Visitor& visit, Deadlines& deadlines) {
  visit("deploy", deadlines.deploy, rule::positive);
  visit("warmUp", deadlines.warm_up, rule::positive);
  visit("smokeTest", deadlines.smoke_test, rule::positive);
  visit("setSplit", deadlines.set_split, rule::positive);
  visit("collect", deadlines.collect, rule::positive);
  visit("healthy", deadlines.healthy, rule::positive);
  visit("update", deadlines.update, rule::positive);
  visit("remove", deadlines.remove, rule::positive);
}

namespace detail {

template <typename Visitor, maybe_const<rollout_config> Config>
void describe_rollout(Visitor& visit, Config& config) {
  visit("name", config.name, rule::text{128, false});
  visit("description", config.description, rule::text{1'024, true});
  visit("labels", config.labels, rule::labels{});
  visit("dryRun", config.dry_run, rule::flag{});
  visit("rollbackThresholds", config.rollback_thresholds, rule::section{});
  visit("requiredMetrics", config.required_metrics, rule::required_metrics{});
  visit("limits", config.limits, rule::section{});
  visit("analysis", config.analysis, rule::analysis);
  visit("analysisInterval", config.analysis_interval, rule::positive);
  visit("maxMetricsFailures", config.max_metrics_failures, rule::whole{1, 1'000});
  visit("allowLowTraffic", config.allow_low_traffic, rule::flag{});
  visit("onFailure", config.on_failure, rule::on_failure);
  visit("onInconclusive", config.on_inconclusive, rule::on_inconclusive);
  visit("maxExtensions", config.max_extensions, rule::whole{0, 1'000});
  visit("onExhausted", config.on_exhausted, rule::on_exhausted);
  visit("holdTimeout", config.hold_timeout, rule::positive);
  visit("holdback", config.holdback, rule::holdback);
  visit("deadline", config.deadline, rule::positive);
  visit("deadlines", config.deadlines, rule::section{});
  visit("attempts", config.attempts, rule::whole{1, 100});
  visit("backoffMin", config.backoff_min, rule::positive);
  visit("backoffMax", config.backoff_max, rule::positive);
}

}  // namespace detail

/// Shows the keys of every strategy. A document also has `strategy`, which says whose config it is,
/// and may have `$schema`. Two functions, so that a visitor is compiled once for all strategies.
template <typename Visitor>
void describe_common(Visitor& visit, rollout_config& config) {
  detail::describe_rollout(visit, config);
}

template <typename Visitor>
void describe_common(Visitor& visit, const rollout_config& config) {
  detail::describe_rollout(visit, config);
}

/// Of a strategy that deploys no first version, whose `limits` nobody would look at.
///
/// @throws config_error  if one is set.
inline void check_no_limits(const std::string& at, const rollout_config& config) {
  if (config.limits == absolute_limits{}) return;
  refuse(at + "/limits", "be left out where there always is a baseline",
         "limits for a first version");
}

/// What the common fields owe one another and the strategy.
///
/// @param waits  the shortest time that the rollout can take: its bakes, and what it keeps warm.
/// @param bake   the shortest time in which it looks at metrics.
/// @throws config_error
inline void check_together(const std::string& at, const rollout_config& config,
                           std::chrono::milliseconds waits, std::chrono::milliseconds bake) {
  if (config.backoff_max < config.backoff_min) {
    refuse(at + "/backoffMax",
           fmt::format("be at least backoffMin, {}", duration_text(config.backoff_min)),
           duration_text(config.backoff_max));
  }
  const bool extends = config.on_inconclusive == on_inconclusive::extend;
  const rollout_config usual;
  if (!extends && config.max_extensions > usual.max_extensions) {
    refuse(at + "/maxExtensions", "stand next to an onInconclusive of extend",
           fmt::format("{} next to {}", config.max_extensions,
                       rule::on_inconclusive.word_of(config.on_inconclusive)));
  }
  if (!extends && config.on_exhausted != usual.on_exhausted) {
    refuse(at + "/onExhausted", "stand next to an onInconclusive of extend",
           fmt::format("{} next to {}", rule::on_exhausted.word_of(config.on_exhausted),
                       rule::on_inconclusive.word_of(config.on_inconclusive)));
  }
  if (config.deadline && *config.deadline <= waits) {
    refuse(at + "/deadline", fmt::format("exceed the waits it covers, {}", duration_text(waits)),
           duration_text(*config.deadline));
  }
  if (config.analysis_interval && *config.analysis_interval > bake) {
    refuse(at + "/analysisInterval",
           fmt::format("not exceed the shortest bake, {}", duration_text(bake)),
           duration_text(*config.analysis_interval));
  }
}

}  // namespace hotswap::inline v0_1
