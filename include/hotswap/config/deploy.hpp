#pragma once

/// @file
/// A rollout by whichever strategy an operator's document names.
///
///     const auto config = hotswap::parse_strategy(json);
///     co_await hotswap::deploy(server, router, metrics, config, baseline, candidate, context);

#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/config/to_json.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/rolling.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// The member that a strategy needs and the platform lacks, as "a server with the member
/// smoke_test"; empty if the three types can serve it.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] std::string_view missing_member(const strategy_config& config) {
  using servers_call = std::vector<server_id>(const std::string&);
  using update_call = void(const server_id&, const model_version&);
  using healthy_call = bool(const server_id&);

  constexpr auto unless = [](bool has, std::string_view needed) {
    return has ? std::string_view{} : needed;
  };
  constexpr auto smoke_test = unless(SmokeTestable<Server>, "a server with the member smoke_test");
  constexpr auto mirror = unless(MirroringRouter<Router>, "a router with the member set_mirror");
  constexpr auto divergence =
      unless(DivergenceSource<Metrics>, "metrics with the member divergence");
  constexpr auto servers =
      unless(answers<Server, member::servers, servers_call>, "a server with the member servers");
  constexpr auto update =
      unless(answers<Server, member::update, update_call>, "a server with the member update");
  constexpr auto healthy = unless(answers<Server, member::healthy, healthy_call>,
                                  "a server with the member healthy of a server_id");

  if (std::holds_alternative<blue_green_config>(config)) return smoke_test;
  if (std::holds_alternative<rolling_config>(config)) {
    return !servers.empty() ? servers : !update.empty() ? update : healthy;
  }
  if (const auto* shadow = std::get_if<shadow_config>(&config)) {
    const bool goes_on = shadow->promote() == shadow_promotion::blue_green;
    const auto then = goes_on ? smoke_test : std::string_view{};
    return !mirror.empty() ? mirror : !divergence.empty() ? divergence : then;
  }
  return {};
}

namespace detail {

/// What all deployments begin with. The journal's opening record keeps the operator's text, if
/// there is one, or one that says the same: whoever takes the rollout over needs no more.
template <typename Server, typename Router, typename Metrics>
void prepare(const strategy_config& config, rollout_context& context) {
  validate(config);
  const std::string_view missing = missing_member<Server, Router, Metrics>(config);
  if (!missing.empty()) {
    refuse("/strategy", "be one that the platform can serve",
           fmt::format("{}, which needs {}", strategy_name(config), missing));
  }
  if (context.document.empty()) context.document = to_json(config);
}

}  // namespace detail

/// Replaces `baseline` by `candidate` as `config` says; each strategy's own `deploy` tells what it
/// promises and how it fails. Server, router and metrics outlive the rollout and its outstanding
/// calls; the config may die first. The journal keeps `context.document`, or, if that is empty, a
/// document that says what the config says.
///
/// @throws config_error  at once: at `/strategy` if the platform lacks a member that the strategy
/// needs; elsewhere if a setting cannot be used.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] task<deployment_result> deploy(Server& server, Router& router, Metrics& metrics,
                                             const strategy_config& config, model_version baseline,
                                             model_version candidate, rollout_context& context) {
  detail::prepare<Server, Router, Metrics>(config, context);
  if (const auto* canary = std::get_if<canary_config>(&config)) {
    const canary_strategy strategy{server, router, metrics, *canary};
    return strategy.deploy(std::move(baseline), std::move(candidate), context);
  }
  if constexpr (SmokeTestable<Server>) {
    if (const auto* blue_green = std::get_if<blue_green_config>(&config)) {
      const blue_green_strategy strategy{server, router, metrics, *blue_green};
      return strategy.deploy(std::move(baseline), std::move(candidate), context);
    }
  }
  if constexpr (MirroringRouter<Router> && DivergenceSource<Metrics>) {
    if (const auto* shadow = std::get_if<shadow_config>(&config)) {
      const shadow_strategy strategy{server, router, metrics, *shadow};
      return strategy.deploy(std::move(baseline), std::move(candidate), context);
    }
  }
  if constexpr (ServerFleet<Server>) {
    if (const auto* rolling = std::get_if<rolling_config>(&config)) {
      const rolling_strategy strategy{server, router, metrics, *rolling};
      return strategy.deploy(std::move(baseline), std::move(candidate), context);
    }
  }
  const ab_test_strategy strategy{server, router, metrics, std::get<ab_test_config>(config)};
  return strategy.deploy(std::move(baseline), std::move(candidate), context);
}

/// Deploys the first version of a model, which is then held to the config's `limits`.
///
/// @throws config_error  at once: at `/strategy` if the strategy needs a baseline, or a member that
/// the platform lacks; elsewhere if a setting cannot be used.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] task<deployment_result> deploy(Server& server, Router& router, Metrics& metrics,
                                             const strategy_config& config, model_version candidate,
                                             rollout_context& context) {
  detail::prepare<Server, Router, Metrics>(config, context);
  if (const auto* canary = std::get_if<canary_config>(&config)) {
    const canary_strategy strategy{server, router, metrics, *canary};
    return strategy.deploy(std::move(candidate), context);
  }
  if constexpr (SmokeTestable<Server>) {
    if (const auto* blue_green = std::get_if<blue_green_config>(&config)) {
      const blue_green_strategy strategy{server, router, metrics, *blue_green};
      return strategy.deploy(std::move(candidate), context);
    }
  }
  refuse("/strategy", "be Canary or BlueGreen for the first deployment of a model",
         strategy_name(config));
}

}  // namespace hotswap::inline v0_1
