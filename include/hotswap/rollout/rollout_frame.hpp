#pragma once

/// @file
/// The frame around a strategy's steps: how `rollout` runs them, and how it ends.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/event_history.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::run(task<void> steps) {
  std::exception_ptr failed;
  try {
    const std::unique_ptr<deployment_result> already = co_await open();
    if (already) co_return std::move(*already);
    co_await steps;
  } catch (const journal_conflict&) {
    throw;
  } catch (const journal_mismatch&) {
    throw;
  } catch (const rollout_stopped&) {
    failed = steering_.aborted();
    const bool is_open = !chronicle_.id().empty();
    if (!failed || !is_open) throw;
  } catch (...) {
    failed = std::current_exception();
  }
  co_return co_await conclude(std::move(failed));
}

/// As its steps have ended. A coroutine of its own: what it needs is not kept while they run.
template <typename Tag>
task<deployment_result> basic_rollout<Tag>::conclude(std::exception_ptr failed) {
  if (!failed || committed_) {  // what fails after the point of no return is left over, no more
    const model_version* const loser = failed ? loser_not_retired() : nullptr;
    if (loser != nullptr) tell_left_over(step_, *loser, cause_of(failed).what());
    const conclusion end = ending();
    if (is_dry_run_) {
      std::string reason = "a dry run, nothing was changed: " + end.reason;
      co_return co_await finish(deployment_status::succeeded, terms_.baseline, end.reason_code,
                                std::move(reason));
    }
    co_return co_await finish(deployment_status::succeeded, end.active, end.reason_code,
                              end.reason);
  }
  const std::exception_ptr aborted = steering_.aborted();
  rollout_failure cause = cause_of(failed);
  if (aborted && cause.reason_code() == reason_code::stopped) cause = cause_of(aborted);
  if (cause.status() == deployment_status::rejected) {
    steering_.close("the rollout was rejected"_text);
    co_return co_await finish(deployment_status::rejected, terms_.baseline, cause.reason_code(),
                              cause.what());
  }
  co_return co_await roll_back(std::move(cause));
}

/// Why it is rolled back, or rejected.
template <typename Tag>
rollout_failure basic_rollout<Tag>::cause_of(std::exception_ptr failed) const {
  std::optional<rollout_failure> cause;
  try {
    std::rethrow_exception(failed);
  } catch (const rollout_failure& failure) {
    cause = failure;
  } catch (const journal_error& failure) {
    cause.emplace(reason_code::journal_failed, failure.what());
  } catch (const config_error& failure) {  // the program is wrong; so would each roll-back call be
    cause.emplace(
        reason_code::failed, failure.what(),
        platform_was_touched() ? deployment_status::rolled_back : deployment_status::rejected);
  } catch (const std::exception& failure) {
    cause.emplace(reason_code::failed, failure.what());
  } catch (...) {
    cause.emplace(reason_code::failed, "an exception that is no std::exception");
  }
  if (cause->reason_code() == reason_code::journal_failed) {
    try {
      steering_.check();  // or did an abort give the append up?
    } catch (const rollout_failure& ending) {
      if (cause->status() != deployment_status::rejected) cause = ending;
    }
  }
  return *cause;
}

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::abandon(std::string reason) {
  claim_model();
  std::vector<journal_record> latest = co_await load_latest();
  if (latest.empty() || is_terminal(latest.back())) {
    throw journal_error("journal of " + terms_.model() + ": its latest rollout must be unfinished");
  }
  const bool has_batches = std::any_of(latest.begin(), latest.end(), [](const auto& each) {
    return each.verb == "batch" && !each.step.empty();
  });
  if (has_batches || terms_.strategy == "Rolling") rolls_servers(1);
  co_await resume(std::move(latest));
  if (committed_) {
    conclude_as_recorded();
    co_await remove_loser();
    const conclusion end = ending();
    co_return co_await finish(deployment_status::succeeded, end.active, end.reason_code,
                              end.reason);
  }
  // if it may have had no traffic, the baseline is warmed before it gets any
  const traffic_split all_to_candidate = traffic_split::all_to(candidate());
  if (earlier().has_begun("shift", to_string(all_to_candidate))) is_in_force(all_to_candidate);
  if (const rollback_record* decided = earlier().rollback()) reason = decided->reason;
  rollout_failure cause{reason_code::aborted, reason, deployment_status::aborted};
  co_return co_await roll_back(std::move(cause));
}

/// Its steps, which would say it, do not run: the version that the last shift was to, or the
/// baseline if there was none; server by server, it is the candidate.
template <typename Tag>
void basic_rollout<Tag>::conclude_as_recorded() {
  if (!has_baseline() || fleet_) return;
  const std::string all_to_candidate = to_string(traffic_split::all_to(candidate()));
  bool candidate_serves = false;
  const outcome_record* decided = nullptr;
  for (const journal_record& each : earlier().records()) {
    const auto* asked = std::get_if<fingerprint_record>(&each.payload);
    if (each.verb == "shift" && asked != nullptr) {
      candidate_serves = asked->arguments == all_to_candidate;
    }
    if (each.verb == "decide") decided = std::get_if<outcome_record>(&each.payload);
  }
  if (candidate_serves && decided == nullptr) return;

  reason_code code = reason_code::validated;
  std::string reason = to_string(baseline()) + " serves all traffic";
  if (decided != nullptr) {
    decided_once test = decided_once::from_text(decided->why);
    code = candidate_serves          ? reason_code::winner_candidate
           : test.what == "baseline" ? reason_code::winner_baseline
                                     : reason_code::no_difference;
    if (!test.reason.empty()) reason = std::move(test.reason);
  }
  concludes(code, candidate_serves ? candidate() : baseline(), std::move(reason));
}

/// The version that the steps after the point of no return have not come to remove; null if none.
template <typename Tag>
const model_version* basic_rollout<Tag>::loser_not_retired() const {
  if (!has_baseline() || fleet_) return nullptr;
  for (const journal_record& each : earlier().records()) {
    if (each.verb == "retire" && each.phase == record_phase::outcome) return nullptr;
  }
  return ending().active == candidate() ? &baseline() : &candidate();
}

/// As the steps after the point of no return would have done.
template <typename Tag>
task<void> basic_rollout<Tag>::remove_loser() {
  co_await stop_mirroring("abandon"_text);
  const model_version* const loser = loser_not_retired();
  if (loser != nullptr) co_await remove_or_tell("abandon"_text, *loser);
}

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::finish(deployment_status status,
                                                   std::optional<model_version> active,
                                                   hotswap::reason_code code, std::string reason) {
  if (!step_.empty()) {
    chronicle_.tell(event_kind::step_finished, step_, step_ + " is over");
    step_ = {};
  }
  event finished = chronicle_.about(event_kind::rollout_finished, ""_text, reason);
  finished.reason_code = code;
  finished.severity = status == deployment_status::succeeded         ? severity::info
                      : status == deployment_status::rollback_failed ? severity::error
                                                                     : severity::warning;
  finished.payload["status"] = std::string{to_string(status)};
  if (active) finished.payload["active"] = active->version();
  chronicle_.tell(std::move(finished));
  terminal_record terminal{status, {}, code, reason};
  if (active) terminal.active = active->version();
  event_history history = chronicle_.take_history();  // what is told later is in no record
  try {  // not one short attempt: without this record the model stays locked
    co_await chronicle_.record(""_text, "rollout"_text, record_phase::outcome, std::move(terminal));
  } catch (const journal_conflict&) {
    throw;
  } catch (const journal_error&) {  // the traffic is right, and the result says what happened
  }
  steering_.finished();
  deployment_result result{status, std::move(active), code, std::move(reason), std::move(history)};
  co_return result;
}

}  // namespace hotswap::inline v0_1
