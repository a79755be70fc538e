#pragma once

/// @file
/// What an operator may set for a canary.
///
///     hotswap::canary_config config;
///     config.steps = {5_pct, 50_pct, 100_pct};

#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

namespace rule {

/// Of `incrementStep`; less than 1 % would make more steps than a rollout may have.
inline constexpr part increment{share::basis_points(100), share::basis_points(10'000), 100.0, false,
                                "a percentage from 1 to 100"};

}  // namespace rule

/// The document `"strategy": "Canary"`, with its defaults.
class canary_config : public rollout_config {
 public:
  canary_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// Rising, and ending at 100 %.
  std::vector<canary_step> steps = {share::basis_points(1'000), share::basis_points(2'500),
                                    share::basis_points(5'000), share::basis_points(10'000)};
  /// The bake of each step that says no duration of its own, and each extension of every step.
  /// Absent: such a bake lasts `usual_bake`, and an extension as long as its step's bake, so that a
  /// step of two hours is not extended by minutes, nor one of seconds by ten minutes.
  std::optional<std::chrono::milliseconds> monitoring_duration;
  static constexpr std::chrono::milliseconds usual_bake = std::chrono::minutes{10};
  std::uint64_t minimum_samples = 1000;  ///< of each side, before a look can pass
  std::chrono::milliseconds keep_duration = std::chrono::minutes{10};  ///< of the warm baseline

  /// Over which the baseline is measured before anything is touched.
  [[nodiscard]] std::chrono::milliseconds reference_duration() const noexcept {
    return monitoring_duration.value_or(usual_bake);
  }
  [[nodiscard]] std::chrono::milliseconds bake_of(const canary_step& step) const noexcept {
    return step.duration.value_or(monitoring_duration.value_or(usual_bake));
  }
  /// What each extension adds to an undecided bake of `step`.
  [[nodiscard]] std::chrono::milliseconds extension_of(const canary_step& step) const noexcept {
    return monitoring_duration.value_or(bake_of(step));
  }

  friend bool operator==(const canary_config&, const canary_config&) = default;
};

/// Shows each key with its field and its rule to `visit(key, field, rule)`.
template <typename Visitor, maybe_const<canary_config> Config>
void describe(Visitor& visit, Config& config) {
  visit("steps", config.steps, rule::steps{true});
  visit("monitoringDuration", config.monitoring_duration, rule::positive);
  visit("minimumSamples", config.minimum_samples, rule::samples);
  visit("keepDuration", config.keep_duration, rule::not_negative);
  describe_common(visit, config);
}

/// The least time that the rollout takes: its bakes and the time that the baseline is kept.
[[nodiscard]] inline std::chrono::milliseconds planned_waits(const canary_config& config) {
  std::chrono::milliseconds sum = config.keep_duration;
  for (const auto& step : config.steps) {
    sum += config.bake_of(step);
  }
  return sum;
}

/// @param at  the JSON pointer to this config; empty unless it stands within another one.
/// @throws config_error  for the first setting that cannot be used.
inline void validate(const canary_config& config, const std::string& at = "") {
  validator visit{at};
  describe(visit, config);

  auto bake = rule::longest_duration;
  for (const auto& step : config.steps) {
    bake = std::min(bake, config.bake_of(step));
  }
  check_together(at, config, planned_waits(config), bake);

  const share last = config.holdback.rest();
  if (config.steps.size() > 1 && last <= config.steps[config.steps.size() - 2].share) {
    const share before = config.steps[config.steps.size() - 2].share;
    refuse(at + "/holdback",
           fmt::format("leave the last step above the one before it, {}",
                       rule::percentage.written(before)),
           fmt::format("{}", rule::percentage.written(config.holdback)));
  }
}

}  // namespace hotswap::inline v0_1
