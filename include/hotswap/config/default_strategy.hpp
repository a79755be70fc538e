#pragma once

/// @file
/// Which strategy a model gets when nobody has chosen one.
///
///     auto config = hotswap::default_strategy(hotswap::criticality::high);  // a canary

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/error.hpp>

#include <fmt/format.h>

namespace hotswap::inline v0_1 {

/// What depends on a model; `validation` is of a candidate that must not serve anybody yet.
enum class criticality { high, medium, low, validation };

/// A config with its defaults: canary for a model that many depend on, an A/B test for one that can
/// be compared at leisure, rolling where the servers matter more than the answers, shadow to
/// validate without traffic.
///
/// @throws config_error  for a value that is no enumerator.
[[nodiscard]] inline strategy_config default_strategy(criticality of_model) {
  switch (of_model) {
    case criticality::high:
      return canary_config{};
    case criticality::medium:
      return ab_test_config{};
    case criticality::low:
      return rolling_config{};
    case criticality::validation:
      return shadow_config{};
  }
  throw config_error("", fmt::format("default_strategy: criticality must be one of high, medium, "
                                     "low, validation, got {}",
                                     static_cast<int>(of_model)));
}

}  // namespace hotswap::inline v0_1
