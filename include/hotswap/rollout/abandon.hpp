#pragma once

/// @file
/// The end of a rollout that cannot be resumed: its journal is refused, or its strategy is gone.
///
///     co_await hotswap::abandon(server, router, metrics, "fraud", "alice", "v2 is lost", context);

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/rollout/take_over.hpp>

#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename = void>
task<deployment_result> abandon_rollout(std::shared_ptr<platform_calls> calls, std::string model,
                                        std::string reason, rollout_context& context) {
  const opening_record opening = co_await opening_of(context.environment, model);
  const model_version candidate{model, opening.candidate};
  const rollout_config config;
  if (opening.baseline.empty()) {
    const auto terms = rollout_terms::first(opening.strategy, candidate, context);
    rollout running{std::move(calls), terms, config};
    co_return co_await running.abandon(std::move(reason));
  }
  const model_version baseline{model, opening.baseline};
  const rollout_terms terms{opening.strategy, baseline, candidate, context};
  rollout running{std::move(calls), terms, config};
  co_return co_await running.abandon(std::move(reason));
}

}  // namespace detail

/// Gives the model's traffic back to the baseline of its unfinished rollout, removes the candidate,
/// and closes the rollout in the journal as `aborted`, whatever its config and strategy were. Of a
/// rolling one the servers go back, one at a time. A driver that still runs it loses it.
///
/// Server, router and metrics outlive the rollout and its outstanding calls, the context outlives
/// the call. If the rollout is committed, the version that won keeps the traffic, the other one is
/// removed, and the end is `succeeded`.
/// @throws journal_error  when awaited, if the model has no unfinished rollout, or the journal
/// cannot be read.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] task<deployment_result> abandon(Server& server, Router& router, Metrics& metrics,
                                              std::string model, const std::string& actor,
                                              const std::string& reason, rollout_context& context) {
  auto calls = make_platform_calls(server, router, metrics, *context.environment.clock);
  std::string said = "abandoned";
  if (!actor.empty()) said += " by " + actor;
  if (!reason.empty()) said += ": " + reason;
  return detail::abandon_rollout(std::move(calls), std::move(model), std::move(said), context);
}

}  // namespace hotswap::inline v0_1
