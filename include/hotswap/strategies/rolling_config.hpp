#pragma once

/// @file
/// What an operator may set for a rolling deployment over a fleet.
///
///     hotswap::rolling_config config;
///     config.max_unavailable = 2;

#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// The document `"strategy": "Rolling"`, with its defaults.
class rolling_config : public rollout_config {
 public:
  rolling_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  int max_unavailable = 1;  ///< servers out of rotation at a time
  std::chrono::milliseconds health_check_interval = std::chrono::seconds{5};
  int unhealthy_threshold = 3;  ///< checks in a row that say so
  std::chrono::milliseconds health_timeout = std::chrono::minutes{10};  ///< to become healthy
  std::chrono::milliseconds min_ready = std::chrono::seconds{10};       ///< healthy, before traffic
  std::chrono::milliseconds monitoring_duration =
      std::chrono::minutes{5};  ///< per batch; 0: health only

  /// Of each side, before a look can pass: as of a canary that says nothing else. No key.
  static constexpr std::uint64_t minimum_samples = 1000;

  friend bool operator==(const rolling_config&, const rolling_config&) = default;
};

/// Shows each key with its field and its rule to `visit(key, field, rule)`.
template <typename Visitor, maybe_const<rolling_config> Config>
void describe(Visitor& visit, Config& config) {
  visit("maxUnavailable", config.max_unavailable, rule::whole{1, 10'000});
  visit("healthCheckInterval", config.health_check_interval, rule::positive);
  visit("unhealthyThreshold", config.unhealthy_threshold, rule::whole{1, 1'000});
  visit("healthTimeout", config.health_timeout, rule::positive);
  visit("minReady", config.min_ready, rule::not_negative);
  visit("monitoringDuration", config.monitoring_duration, rule::not_negative);
  describe_common(visit, config);
}

/// The least time that a rollout of one batch takes.
[[nodiscard]] inline std::chrono::milliseconds planned_waits(const rolling_config& config) {
  return config.min_ready + config.monitoring_duration;
}

/// @param at  the JSON pointer to this config; empty unless it stands within another one.
/// @throws config_error  for the first setting that cannot be used.
inline void validate(const rolling_config& config, const std::string& at = "") {
  validator visit{at};
  describe(visit, config);
  const bool observes = config.monitoring_duration.count() > 0;
  check_together(at, config, planned_waits(config),
                 observes ? config.monitoring_duration : rule::longest_duration);
  check_no_limits(at, config);
  if (!observes && config.rollback_thresholds != rollback_thresholds{}) {
    refuse(at + "/rollbackThresholds", "stand next to a monitoringDuration above zero", "PT0S");
  }
  if (!observes && config.analysis_interval) {
    refuse(at + "/analysisInterval", "stand next to a monitoringDuration above zero", "PT0S");
  }
  if (config.health_timeout <= config.health_check_interval) {
    refuse(
        at + "/healthTimeout",
        fmt::format("exceed healthCheckInterval, {}", duration_text(config.health_check_interval)),
        duration_text(config.health_timeout));
  }
  if (config.health_timeout <= config.min_ready) {
    refuse(at + "/healthTimeout",
           fmt::format("exceed minReady, {}", duration_text(config.min_ready)),
           duration_text(config.health_timeout));
  }
  if (config.holdback != share{}) {
    refuse(at + "/holdback", "be 0, since a rolling deployment splits no traffic",
           fmt::format("{}", rule::percentage.written(config.holdback)));
  }
}

}  // namespace hotswap::inline v0_1
