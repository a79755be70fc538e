#pragma once

/// @file
/// What an operator may set for a blue-green deployment: blue is the baseline, green the candidate.
///
///     hotswap::blue_green_config config;
///     config.smoke_test_samples = 500;

#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/validator.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// The document `"strategy": "BlueGreen"`, with its defaults.
class blue_green_config : public rollout_config {
 public:
  blue_green_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::uint64_t smoke_test_samples = 100;  ///< requests that green answers before the switch
  std::chrono::milliseconds monitoring_duration = std::chrono::minutes{5};  ///< after the switch
  std::chrono::milliseconds keep_blue_duration = std::chrono::minutes{10};  ///< warm, after that
  /// Of each side, before a look can pass: as of a canary that says nothing else. No key.
  static constexpr std::uint64_t minimum_samples = 1000;

  friend bool operator==(const blue_green_config&, const blue_green_config&) = default;
};

/// Shows each key with its field and its rule to `visit(key, field, rule)`.
template <typename Visitor, maybe_const<blue_green_config> Config>
void describe(Visitor& visit, Config& config) {
  visit("smokeTestSamples", config.smoke_test_samples, rule::whole{1, 1'000'000});
  visit("monitoringDuration", config.monitoring_duration, rule::positive);
  visit("keepBlueDuration", config.keep_blue_duration, rule::not_negative);
  describe_common(visit, config);
}

/// The least time that the rollout takes: its bake and the time that blue is kept.
[[nodiscard]] inline std::chrono::milliseconds planned_waits(const blue_green_config& config) {
  return config.monitoring_duration + config.keep_blue_duration;
}

/// @param at  the JSON pointer to this config; empty unless it stands within another one.
/// @throws config_error  for the first setting that cannot be used.
inline void validate(const blue_green_config& config, const std::string& at = "") {
  validator visit{at};
  describe(visit, config);
  check_together(at, config, planned_waits(config), config.monitoring_duration);
}

}  // namespace hotswap::inline v0_1
