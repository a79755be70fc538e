#pragma once

/// @file
/// What an operator may set for an A/B test.
///
///     hotswap::ab_test_config config;
///     config.primary_metric = "revenue_per_request";
///     config.primary_direction = hotswap::metric_direction::increase;

#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Which way a metric improves.
enum class metric_direction { increase, decrease };

namespace rule {

inline constexpr choice<metric_direction, 2> direction{
    {{{metric_direction::increase, "increase"}, {metric_direction::decrease, "decrease"}}}};
inline constexpr part split_ratio{share::basis_points(1), share::basis_points(9'999), 1.0, false,
                                  "a ratio above 0 and below 1"};
// 0.95 was meant as the confidence
inline constexpr number significance{0.0, 0.5, false, true,
                                     "a probability above 0 and at most 0.5"};

}  // namespace rule

/// The document `"strategy": "ABTesting"`, with its defaults.
class ab_test_config : public rollout_config {
 public:
  ab_test_config() { max_extensions = 1; }

  /// The bake of a step of the ramp that says no duration of its own, and of a winning candidate
  /// once it has all the traffic.
  static constexpr std::chrono::milliseconds ramp_step_duration = std::chrono::minutes{10};

  share split_ratio = share::basis_points(5'000);  ///< the candidate's, while samples are collected
  std::uint64_t minimum_samples = 10'000;          ///< of the primary metric, per arm
  double significance_level = 0.05;                ///< of the one test at the end, in (0, 0.5]
  /// `accuracy`, `latency`, `errorRate` or a custom metric.
  std::string primary_metric = "accuracy";
  /// Needed for a custom metric; the others know theirs: see `direction_of_primary`.
  std::optional<metric_direction> primary_direction;
  std::chrono::milliseconds duration = std::chrono::days{7};  ///< extended once for lack of samples
  std::vector<canary_step> ramp;                              ///< rising, below `split_ratio`
  std::chrono::milliseconds keep_duration = std::chrono::hours{1};  ///< of the warm loser

  /// Of each side, before a limit can pass: it needs fewer than the question, of which it knows
  /// more. A step of the ramp may ask for other ones.
  [[nodiscard]] std::uint64_t samples_of_limits() const noexcept {
    constexpr std::uint64_t enough = 1000;
    return std::min(minimum_samples, enough);
  }

  [[nodiscard]] static std::chrono::milliseconds bake_of(const canary_step& step) noexcept {
    return step.duration.value_or(ramp_step_duration);
  }
  /// What each extension adds to an undecided bake of `step`: as much again.
  [[nodiscard]] static std::chrono::milliseconds extension_of(const canary_step& step) noexcept {
    return bake_of(step);
  }

  friend bool operator==(const ab_test_config&, const ab_test_config&) = default;
};

/// Shows each key with its field and its rule to `visit(key, field, rule)`.
template <typename Visitor, maybe_const<ab_test_config> Config>
void describe(Visitor& visit, Config& config) {
  visit("splitRatio", config.split_ratio, rule::split_ratio);
  visit("minimumSamples", config.minimum_samples, rule::samples);
  visit("significanceLevel", config.significance_level, rule::significance);
  visit("primaryMetric", config.primary_metric, rule::metric_name{});
  visit("primaryDirection", config.primary_direction, rule::direction);
  visit("duration", config.duration, rule::positive);
  visit("ramp", config.ramp, rule::steps{false});
  visit("keepDuration", config.keep_duration, rule::not_negative);
  describe_common(visit, config);
}

/// Which way the primary metric improves: set, or known for a built-in metric. `increase` for a
/// custom metric that does not say, which `validate` refuses.
[[nodiscard]] inline metric_direction direction_of_primary(const ab_test_config& config) {
  const bool falls = config.primary_metric == "latency" || config.primary_metric == "errorRate";
  return config.primary_direction.value_or(falls ? metric_direction::decrease
                                                 : metric_direction::increase);
}

/// The least time that the rollout takes: its ramp, its collection and the time that the loser is
/// kept.
[[nodiscard]] inline std::chrono::milliseconds planned_waits(const ab_test_config& config) {
  std::chrono::milliseconds sum = config.duration + config.keep_duration;
  for (const auto& step : config.ramp) {
    sum += config.bake_of(step);
  }
  return sum;
}

/// @param at  the JSON pointer to this config; empty unless it stands within another one.
/// @throws config_error  for the first setting that cannot be used.
inline void validate(const ab_test_config& config, const std::string& at = "") {
  validator visit{at};
  describe(visit, config);
  check_together(at, config, planned_waits(config), config.duration);
  check_no_limits(at, config);
  if (config.max_extensions > 1) {
    refuse(at + "/maxExtensions", "be 0 or 1, since an A/B test is extended once",
           fmt::format("{}", config.max_extensions));
  }

  const std::string& metric = config.primary_metric;
  if (metric == "dataDrift") {
    refuse(at + "/primaryMetric", "be accuracy, latency, errorRate or a custom metric",
           in_quotes(metric));
  }
  const bool falls = metric == "latency" || metric == "errorRate";
  if (!falls && metric != "accuracy" && !config.primary_direction) {
    refuse(at + "/primaryDirection",
           fmt::format("be increase or decrease for the custom metric {}", in_quotes(metric)),
           "nothing");
  }
  if (falls && config.primary_direction == metric_direction::increase) {
    refuse(at + "/primaryDirection", fmt::format("be decrease for {}", metric), "increase");
  }
  if (metric == "accuracy" && config.primary_direction == metric_direction::decrease) {
    refuse(at + "/primaryDirection", "be increase for accuracy", "decrease");
  }
  if (config.holdback.rest() <= config.split_ratio) {
    refuse(at + "/holdback",
           fmt::format("leave a winner above splitRatio, {} per cent",
                       rule::percentage.written(config.split_ratio)),
           fmt::format("{}", rule::percentage.written(config.holdback)));
  }
  if (!config.ramp.empty() && config.ramp.back().share >= config.split_ratio) {
    refuse(pointer_to(at + "/ramp", config.ramp.size() - 1),
           fmt::format("be below splitRatio, {} per cent",
                       rule::percentage.written(config.split_ratio)),
           fmt::format("{}", rule::percentage.written(config.ramp.back().share)));
  }
}

}  // namespace hotswap::inline v0_1
