#pragma once

/// @file
/// The way back from a rollout that has succeeded.
///
///     co_await hotswap::undo(server, router, metrics, "fraud", "alice", "v2 overheats", context);

#include <hotswap/async/call.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// The traffic to whom it belonged before: no share in between, no bake.
template <typename = void>
task<void> undo_steps(rollout& running, std::string reason) {
  running.concludes(reason_code::undone, running.candidate(), std::move(reason));
  auto back = running.last_step("back");
  co_await back.deploy(running.candidate());
  co_await back.warm_up(running.candidate());
  co_await back.shift(traffic_split::all_to(running.candidate()));
  co_await back.retire(running.baseline());
}

/// The records of an unfinished or succeeded rollout of the model.
/// @throws error  if its latest rollout is neither.
inline opening_record what_to_undo(const std::string& model,
                                   const std::vector<journal_record>& records) {
  const auto* opening =
      records.empty()
          ? nullptr
          : std::get_if<std::shared_ptr<const opening_record>>(&records.front().payload);
  const auto refuse = [&](const std::string& got) {
    throw error("undo: the latest rollout of " + model +
                " must have succeeded and have had a baseline, got " + got);
  };
  if (opening == nullptr) refuse("none");
  opening_record found = **opening;
  if (const auto* end = std::get_if<terminal_record>(&records.back().payload)) {
    const bool candidate_serves = end->active == found.candidate && !found.baseline.empty();
    if (end->status != deployment_status::succeeded || !candidate_serves) {
      refuse(std::string{to_string(end->status)} + " with " +
             (end->active.empty() ? std::string{"no version"} : end->active.str()));
    }
  } else if (found.strategy != "Undo") {
    refuse("one that is unfinished, " + records.front().rollout);
  } else {
    std::swap(found.baseline, found.candidate);  // an undo that is resumed
  }
  return found;
}

template <typename = void>
task<deployment_result> undo_rollout(std::shared_ptr<platform_calls> calls, std::string model,
                                     std::string reason, rollout_context& context) {
  auto load = [journal = context.environment.journal, model] { return journal->load(model); };
  const std::vector<journal_record> records = co_await call(
      *context.environment.clock, context.environment.journal_deadline, std::move(load));
  const opening_record before = what_to_undo(model, records);
  const model_version serves{model, before.candidate};
  const model_version returns{model, before.baseline};
  const rollout_terms terms{"Undo"_text, serves, returns, context};
  const rollout_config config;
  rollout running{std::move(calls), terms, config};
  co_return co_await running.run(undo_steps(running, std::move(reason)));
}

}  // namespace detail

/// Deploys and warms the version that the model's latest rollout has replaced, gives it all the
/// traffic at once, and removes the other one: a rollout of its own, which can be resumed, and
/// rolls back if the old version cannot serve.
///
/// Server, router and metrics outlive it and its outstanding calls, the context outlives the call.
/// @throws error             when awaited, if there is nothing to undo.
/// @throws journal_conflict  when awaited, if another driver has taken it over.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] task<deployment_result> undo(Server& server, Router& router, Metrics& metrics,
                                           std::string model, const std::string& actor,
                                           const std::string& reason, rollout_context& context) {
  auto calls = make_platform_calls(server, router, metrics, *context.environment.clock);
  std::string said = "undone";
  if (!actor.empty()) said += " by " + actor;
  if (!reason.empty()) said += ": " + reason;
  return detail::undo_rollout(std::move(calls), std::move(model), std::move(said), context);
}

}  // namespace hotswap::inline v0_1
