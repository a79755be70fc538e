#pragma once

/// @file
/// What one rollout is about, taken from its context before its coroutine starts.
///
///     rollout_terms terms{"Canary", std::move(baseline), std::move(candidate), context};

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>

#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Copies what it needs, so the context may die while the rollout runs.
class rollout_terms {
 public:
  /// @throws config_error      if the models differ, or the versions are the same.
  /// @throws std::logic_error  if the context has had a rollout already.
  rollout_terms(std::string strategy_name, model_version from, model_version to,
                rollout_context& context)
      : strategy(std::move(strategy_name)),
        baseline(std::move(from)),
        candidate(std::move(to)),
        request_id(context.request_id),
        environment(context.environment),
        channel(context.channel()),
        calls(context.calls()) {
    if (baseline.model() != candidate.model()) {
      throw config_error("/candidate", "must be a version of the baseline's model " +
                                           baseline.model() + ", got " + to_string(candidate));
    }
    if (baseline == candidate) {
      throw config_error("/candidate",
                         "must be another version than the baseline, got " + to_string(candidate));
    }
    context.begin();
    driver = environment.driver + "-" + std::to_string(++*environment.rollouts_begun);
  }

  std::string strategy;
  model_version baseline;
  model_version candidate;
  std::string request_id;
  std::string driver;  ///< of this incarnation; a second rollout at the same instant is another one
  rollout_environment environment;
  std::shared_ptr<detail::control_channel> channel;
  std::shared_ptr<outstanding_calls> calls;
};

}  // namespace hotswap::inline v0_1
