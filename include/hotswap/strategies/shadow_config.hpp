#pragma once

/// @file
/// What an operator may set for a shadow deployment.
///
///     hotswap::shadow_config config;
///     config.sample_rate = 10_pct;
///     config.then = hotswap::canary_config{};   // promote it, if it was validated

#include <hotswap/analysis/divergence_thresholds.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace hotswap::inline v0_1 {

/// What follows a shadow that was validated; never straight 100 %.
enum class shadow_promotion { never, blue_green, canary };

namespace rule {

inline constexpr choice<shadow_promotion, 3> promote{{{{shadow_promotion::never, "never"},
                                                       {shadow_promotion::blue_green, "blueGreen"},
                                                       {shadow_promotion::canary, "canary"}}}};
/// What follows a shadow, by the words of `promote`, in the order of the variant.
struct following {
  std::array<std::pair<shadow_promotion, std::string_view>, 3> words;
};
inline constexpr following then{promote.words};
inline constexpr part sample_rate{share::basis_points(1), share::basis_points(10'000), 1.0, false,
                                  "a ratio above 0 and at most 1"};

}  // namespace rule

/// The document `"strategy": "Shadow"`, with its defaults.
class shadow_config : public rollout_config {
 public:
  shadow_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  share sample_rate = share::basis_points(10'000);  ///< of production's requests
  std::chrono::milliseconds duration = std::chrono::hours{1};
  std::uint64_t minimum_samples = 1000;  ///< compared requests
  hotswap::divergence_thresholds divergence_thresholds;
  /// How the same rollout goes on; nothing if it ends here.
  std::variant<std::monostate, blue_green_config, canary_config> then;

  /// The key `promote`, which follows from `then`.
  [[nodiscard]] shadow_promotion promote() const noexcept {
    return static_cast<shadow_promotion>(then.index());
  }

  friend bool operator==(const shadow_config&, const shadow_config&) = default;
};

template <typename Visitor, maybe_const<divergence_thresholds> Thresholds>
void describe(Visitor& visit, Thresholds& thresholds) {
  visit("disagreementRate", thresholds.disagreement_rate, rule::zero_to_one);
  visit("scoreDifference", thresholds.score_difference, rule::above_zero);
  visit("droppedRate", thresholds.dropped_rate, rule::zero_to_one);
}

/// Shows each key with its field and its rule to `visit(key, field, rule)`; `promote` and `then`
/// are one field, shown as `then`.
template <typename Visitor, maybe_const<shadow_config> Config>
void describe(Visitor& visit, Config& config) {
  visit("sampleRate", config.sample_rate, rule::sample_rate);
  visit("duration", config.duration, rule::positive);
  visit("minimumSamples", config.minimum_samples, rule::samples);
  visit("divergenceThresholds", config.divergence_thresholds, rule::section{});
  visit("then", config.then, rule::then);
  describe_common(visit, config);
}

/// The least time that the rollout takes, with what follows the shadow.
[[nodiscard]] inline std::chrono::milliseconds planned_waits(const shadow_config& config) {
  auto sum = config.duration;
  if (const auto* next = std::get_if<blue_green_config>(&config.then)) sum += planned_waits(*next);
  if (const auto* next = std::get_if<canary_config>(&config.then)) sum += planned_waits(*next);
  return sum;
}

/// What is of the whole rollout stands in the shadow's own config.
///
/// @throws config_error  if a config under `then` sets it.
inline void check_nested(const std::string& at, const rollout_config& config) {
  const auto outer = [&at](const char* key, const std::string& got) {
    refuse(pointer_to(at, key), "stand in the shadow's own config", got);
  };
  if (!config.name.empty()) outer("name", in_quotes(config.name));
  if (!config.description.empty()) outer("description", in_quotes(config.description));
  if (!config.labels.empty()) outer("labels", fmt::format("an object of {}", config.labels.size()));
  if (config.dry_run) outer("dryRun", "true");
  if (config.deadline) outer("deadline", duration_text(*config.deadline));
  check_no_limits(at, config);
}

/// @throws config_error  at the JSON pointer `at`, or below it, if what follows cannot be used.
inline void check(const std::string& at,
                  const std::variant<std::monostate, blue_green_config, canary_config>& then,
                  const rule::following&) {
  if (const auto* next = std::get_if<blue_green_config>(&then)) {
    validate(*next, at);
    check_nested(at, *next);
  }
  if (const auto* next = std::get_if<canary_config>(&then)) {
    validate(*next, at);
    check_nested(at, *next);
  }
}

/// @param at  the JSON pointer to this config; empty unless it stands within another one.
/// @throws config_error  for the first setting that cannot be used.
inline void validate(const shadow_config& config, const std::string& at = "") {
  validator visit{at};
  describe(visit, config);
  check_together(at, config, planned_waits(config), config.duration);
  check_no_limits(at, config);
  if (config.holdback != share{}) {
    refuse(at + "/holdback", "be 0, since a shadow has no traffic to leave",
           fmt::format("{}", rule::percentage.written(config.holdback)));
  }
}

}  // namespace hotswap::inline v0_1
