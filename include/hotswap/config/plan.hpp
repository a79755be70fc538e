#pragma once

/// @file
/// What a document will do, step by step, and how long that can take, before anything is touched.
///
///     const hotswap::rollout_plan planned = hotswap::plan(hotswap::parse_strategy(json));
///     fmt::print("{}", hotswap::plan_text(planned));   // report/plan_text.hpp
///
/// It is of the way forward: a roll-back has its own, short limits.

#include <hotswap/config/planner.hpp>
#include <hotswap/config/rollout_plan.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <variant>

namespace hotswap::inline v0_1 {

/// @throws config_error  if the config cannot be used, if its deadline is too short for calls that
/// take so long, if it would leave a fleet of that many servers none in rotation, or if an option
/// is out of range.
template <typename = void>
[[nodiscard]] rollout_plan plan(const strategy_config& config, plan_options options = {}) {
  constexpr std::size_t most_servers = 100'000;
  if (options.call.count() < 0 || options.call > rule::longest_duration) {
    throw config_error(
        "", fmt::format("plan: call must be a duration of at most {}, got {}",
                        duration_text(rule::longest_duration), duration_text(options.call)));
  }
  if (options.servers < 1 || options.servers > most_servers) {
    throw config_error("", fmt::format("plan: servers must be a number from 1 to {}, got {}",
                                       most_servers, options.servers));
  }
  validate(config);

  const auto& common =
      std::visit([](const auto& each) -> const rollout_config& { return each; }, config);
  rollout_plan made{strategy_name(config), common.name};
  planner builder{made, options};
  const auto* canary = std::get_if<canary_config>(&config);
  const auto* blue_green = std::get_if<blue_green_config>(&config);
  const auto* rolling = std::get_if<rolling_config>(&config);
  if (options.first && canary == nullptr && blue_green == nullptr) {
    refuse("/strategy", "be Canary or BlueGreen for the first deployment of a model",
           made.strategy);
  }
  if (rolling != nullptr && options.servers < 2) {
    refuse("/strategy", "be one that leaves a server in rotation", "Rolling of 1 server");
  }
  if (options.first && canary != nullptr) {
    builder.add_first(common, canary->reference_duration(), canary->minimum_samples, false);
  } else if (options.first) {
    builder.add_first(common, blue_green->monitoring_duration, blue_green->minimum_samples, true);
  } else if (canary != nullptr) {
    builder.add(*canary, true);
  } else if (blue_green != nullptr) {
    builder.add(*blue_green, true);
  } else if (rolling != nullptr) {
    builder.add(*rolling, options.servers);
  } else if (const auto* experiment = std::get_if<ab_test_config>(&config)) {
    builder.add(*experiment);
  } else {
    builder.add(std::get<shadow_config>(config));
  }

  std::chrono::milliseconds hold{};
  for (const planned_step& each : made.steps) {
    made.shortest += each.shortest;
    made.longest += each.longest;
    hold += each.hold;
    made.needs_approval = made.needs_approval || each.needs_approval;
  }
  if (common.deadline && *common.deadline <= made.shortest) {
    refuse("/deadline",
           fmt::format("exceed the shortest way, {}, with calls of {}",
                       duration_text(made.shortest), duration_text(options.call)),
           duration_text(*common.deadline));
  }
  if (common.deadline) made.longest = std::min(made.longest, *common.deadline);
  made.longest += hold;  // which the deadline does not count
  return made;
}

}  // namespace hotswap::inline v0_1
