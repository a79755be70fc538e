#pragma once

/// @file
/// What the smallest shapes of all strategies share.

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulation.hpp>

#include "simulation/simulated_strategy.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <utility>

/// What the shapes of all strategies begin with: which router, whom the rollout asks, and what the
/// candidate is like.
class rollout_shape {
 public:
  enum class router { plain, readable, fenced };
  /// Nobody; a person, who answers what did not pass; a person, who also approves the last step.
  enum class asks { nobody, holds, holds_and_gates };

  explicit rollout_shape(hotswap::schedule& choices, unsigned whom_to_ask = 2)
      : rollout_shape(choices.choose(hotswap::choice_site::shape, 3 * whom_to_ask), choices) {}

  /// What did not pass waits for an answer.
  template <typename Config>
  static Config held(Config config) {
    config.on_failure = hotswap::on_failure::hold;
    config.on_inconclusive = hotswap::on_inconclusive::hold;
    return config;
  }

  template <typename Platform>
  static void makes(unsigned quality, Platform& platform, const hotswap::model_version& candidate) {
    if (quality == 1) platform.quality_of(candidate).error_rate = 0.2;
    if (quality == 2) platform.quality_of(candidate).latency = 0.1;
  }

  /// The place of `person`, in a list of configs.
  [[nodiscard]] std::size_t whom() const noexcept { return static_cast<std::size_t>(person); }

  std::function<void(hotswap::simulated_platform&)> prepares;  ///< what else is of the platform
  router router_kind;
  asks person;
  unsigned quality;  ///< 0 good, 1 many errors, 2 slow

 private:
  rollout_shape(unsigned drawn, hotswap::schedule& choices)
      : router_kind(static_cast<router>(drawn % 3)),
        person(static_cast<asks>(drawn / 3)),
        quality(choices.choose(hotswap::choice_site::shape, 3)) {}
};

/// Starts a strategy on any simulated platform.
template <template <typename, typename, typename> typename Strategy, typename Config>
class starts {
 public:
  /// @param config  outlives it
  explicit starts(const hotswap::checked_config<Config>& config) : config_(config) {}

  template <typename Platform>
  hotswap::task<hotswap::deployment_result> operator()(Platform& platform,
                                                       const hotswap::rollout_rules& rules,
                                                       hotswap::rollout_context& context) const {
    const Strategy<Platform, Platform, Platform> strategy{platform, platform, platform, config_};
    return strategy.deploy(rules.baseline, rules.candidate, context);
  }

 private:
  const hotswap::checked_config<Config>& config_;
};

/// Runs `start` on a platform of that type.
template <typename Platform, typename Start, typename Prepare>
std::string run_on(hotswap::schedule& choices, const hotswap::rollout_rules& rules,
                   const Start& start, const run_request& request, const Prepare& prepare) {
  hotswap::simulation<Platform> run{choices, rules, start};
  if (request.story != nullptr) run.tell_into(*request.story);
  prepare(run.platform());
  request.watch(&run.world());
  run.run(request.most_choices);
  request.watch(nullptr);
  if (request.tally != nullptr) run.add_to(*request.tally);
  return run.breach();
}

/// Runs `start` on the platform that the shape asks for.
template <typename Start>
std::string run_shape(const rollout_shape& shape, hotswap::schedule& choices,
                      hotswap::rollout_rules rules, const Start& start,
                      const run_request& request) {
  rules.candidate_is_bad = shape.quality != 0;
  rules.fail_is_held = shape.person != rollout_shape::asks::nobody;
  rules.router_is_fenced = shape.router_kind == rollout_shape::router::fenced;
  const auto prepare = [&](hotswap::simulated_platform& platform) {
    rollout_shape::makes(shape.quality, platform, rules.candidate);
    if (shape.prepares) shape.prepares(platform);
  };
  switch (shape.router_kind) {
    case rollout_shape::router::plain:
      return run_on<hotswap::simulated_platform>(choices, rules, start, request, prepare);
    case rollout_shape::router::readable:
      return run_on<hotswap::readable_simulated_platform>(choices, rules, start, request, prepare);
    case rollout_shape::router::fenced:
      break;
  }
  return run_on<hotswap::fenced_simulated_platform>(choices, rules, start, request, prepare);
}
