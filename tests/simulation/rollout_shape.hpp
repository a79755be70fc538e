#pragma once

/// @file
/// What the smallest shapes of all strategies share.

#include <hotswap/core/model_version.hpp>
#include <hotswap/testing/invariants.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulation.hpp>

#include "simulation/simulated_strategy.hpp"

#include <functional>
#include <string>
#include <utility>

/// What the shapes of all strategies begin with: which router, and what the candidate is like.
class rollout_shape {
 public:
  enum class router { plain, readable, fenced };

  explicit rollout_shape(hotswap::schedule& choices)
      : router_kind(static_cast<router>(choices.choose(hotswap::choice_site::shape, 3))),
        quality(choices.choose(hotswap::choice_site::shape, 3)) {}

  template <typename Platform>
  static void makes(unsigned quality, Platform& platform, const hotswap::model_version& candidate) {
    if (quality == 1) platform.quality_of(candidate).error_rate = 0.2;
    if (quality == 2) platform.quality_of(candidate).latency = 0.1;
  }

  std::function<void(hotswap::simulated_platform&)> prepares;  ///< what else is of the platform
  router router_kind;
  unsigned quality;  ///< 0 good, 1 many errors, 2 slow
};

/// Runs `start` on a platform of that type.
template <typename Platform, typename Start, typename Prepare>
std::string run_on(hotswap::schedule& choices, const hotswap::rollout_rules& rules,
                   const Start& start, const run_request& request, const Prepare& prepare) {
  hotswap::simulation<Platform> run{choices, rules, start};
  if (request.story != nullptr) run.tell_into(*request.story);
  prepare(run.platform());
  run.run(request.most_choices);
  if (request.tally != nullptr) run.add_to(*request.tally);
  return run.breach();
}

/// Runs `start` on the platform that the shape asks for.
template <typename Start>
std::string run_shape(const rollout_shape& shape, hotswap::schedule& choices,
                      hotswap::rollout_rules rules, const Start& start,
                      const run_request& request) {
  rules.candidate_is_bad = shape.quality != 0;
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
