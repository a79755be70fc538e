#pragma once

/// @file
/// Any of the five strategies' configs, and the names by which documents call them.
///
///     hotswap::strategy_config config = hotswap::canary_config{};
///     hotswap::strategy_name(config);  // "Canary"

#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <array>
#include <string_view>
#include <type_traits>
#include <variant>

namespace hotswap::inline v0_1 {

using strategy_config =
    std::variant<canary_config, blue_green_config, ab_test_config, shadow_config, rolling_config>;

/// In the order of `strategy_config`.
inline constexpr std::array<std::string_view, 5> strategy_names = {
    "Canary", "BlueGreen", "ABTesting", "Shadow", "Rolling"};

/// The value of the key `strategy`.
[[nodiscard]] inline std::string_view strategy_name(const strategy_config& config) {
  return strategy_names.at(config.index());
}

/// The same, of a type of config.
template <typename Config>
[[nodiscard]] constexpr std::string_view strategy_name_of() {
  if constexpr (std::is_same_v<Config, canary_config>) return strategy_names[0];
  if constexpr (std::is_same_v<Config, blue_green_config>) return strategy_names[1];
  if constexpr (std::is_same_v<Config, ab_test_config>) return strategy_names[2];
  if constexpr (std::is_same_v<Config, shadow_config>) return strategy_names[3];
  if constexpr (std::is_same_v<Config, rolling_config>) return strategy_names[4];
}

/// @throws config_error  for the first setting that cannot be used.
inline void validate(const strategy_config& config) {
  std::visit([](const auto& each) { validate(each); }, config);
}

}  // namespace hotswap::inline v0_1
