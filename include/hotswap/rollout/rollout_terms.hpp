#pragma once

/// @file
/// What one rollout is about, taken from its context before its coroutine starts.
///
///     rollout_terms terms{"Canary", std::move(baseline), std::move(candidate), context};

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/active_rollouts.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Copies what it needs, so the context may die while the rollout runs.
class rollout_terms {
 public:
  /// @throws config_error      if the models differ, or the versions are the same.
  /// @throws std::logic_error  if the context has had a rollout already.
  rollout_terms(shared_text strategy_name, model_version from, model_version to,
                rollout_context& context)
      : rollout_terms(std::move(strategy_name), std::move(to), context) {
    if (from.model() != candidate.model()) {
      throw config_error("/candidate", "must be a version of the baseline's model " + from.model() +
                                           ", got " + to_string(candidate));
    }
    if (from == candidate) {
      throw config_error("/candidate",
                         "must be another version than the baseline, got " + to_string(candidate));
    }
    baseline = std::move(from);
    begin(context);
  }

  /// Of the first deployment of a model, which has no baseline.
  /// @throws std::logic_error  if the context has had a rollout already.
  [[nodiscard]] static rollout_terms first(shared_text strategy_name, model_version to,
                                           rollout_context& context) {
    rollout_terms terms{std::move(strategy_name), std::move(to), context};
    terms.begin(context);
    return terms;
  }

  [[nodiscard]] const std::string& model() const noexcept { return candidate.model(); }

  shared_text strategy;
  std::optional<model_version> baseline;
  model_version candidate;
  shared_text request_id;
  shared_text config;    ///< digest of the keys that were set; of what makes it the same rollout
  shared_text document;  ///< the operator's, to be recorded
  shared_text driver;    ///< of this incarnation; a second rollout at the same instant is another
  rollout_environment environment;
  std::shared_ptr<detail::control_channel> channel;
  std::shared_ptr<outstanding_calls> calls;

 private:
  rollout_terms(shared_text strategy_name, model_version to, rollout_context& context)
      : strategy(std::move(strategy_name)),
        candidate(std::move(to)),
        request_id(context.request_id),
        document(context.document),
        environment(context.environment),
        channel(context.channel()),
        calls(context.calls()) {}

  void begin(rollout_context& context) {
    context.begin();
    const auto active = environment.clock->shared<active_rollouts>();
    driver = environment.driver + "-" + std::to_string(active->next_number());
  }
};

}  // namespace hotswap::inline v0_1
