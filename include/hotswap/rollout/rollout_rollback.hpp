#pragma once

/// @file
/// How `rollout` gives the traffic back to the baseline, whatever else fails.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// The baseline first, without waiting for any call in flight; then those calls are waited for,
/// since a late one can undo it; then the baseline again; and only then is the candidate removed.
template <typename Tag>
task<deployment_result> basic_rollout<Tag>::roll_back(rollout_failure cause) {
  steering_.close("the rollout is being rolled back"_text);
  if (earlier().rollback() == nullptr) {
    co_await decide_to_roll_back(cause);
  } else {
    step_ = {};
  }
  if (fleet_) co_return co_await roll_back_servers(std::move(cause));
  if (!has_baseline() && intended_) {
    co_return co_await give_up_rolling_back(
        cause, to_string(candidate()) + " is the only version, there is no baseline to go back to",
        candidate(), nullptr);
  }
  if (has_baseline() && has_charge_of_traffic()) {
    const bool baseline_had_traffic = !in_force_ || in_force_->share_of(baseline()) > share{};
    const recorded_verb* recorded = earlier().find("rollback"_text, "shift");
    const bool is_in_force_again = recorded != nullptr && recorded->outcome != nullptr;
    std::string trouble;
    if (!is_in_force_again) {
      if (!baseline_had_traffic) trouble = co_await make_baseline_ready();
      if (trouble.empty()) trouble = co_await force_baseline();
    }
    if (!trouble.empty()) {
      co_return co_await give_up_rolling_back(cause, std::move(trouble),
                                              baseline_had_traffic ? baseline() : candidate(),
                                              baseline_had_traffic ? &candidate() : &baseline());
    }
  }
  co_await stop_mirroring("rollback"_text);
  if (mirror_was_set_) {  // it took its time, in vain: whoever has lost meanwhile leaves here
    co_await chronicle_.record_if_possible("rollback"_text, "shift"_text, record_phase::progress,
                                           traffic_split::all_to(baseline()));
  }
  co_await remove_candidate();
  std::string where_the_traffic_is = "the traffic was not touched";
  if (!has_baseline()) {
    where_the_traffic_is = "no version has traffic";
  } else if (has_charge_of_traffic()) {
    where_the_traffic_is = to_string(baseline()) + " has all the traffic";
  }
  chronicle_.tell(event_kind::rollback_finished, "rollback"_text, std::move(where_the_traffic_is));
  co_return co_await finish(cause.status(), terms_.baseline, cause.reason_code(), cause.what());
}

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::roll_back_servers(rollout_failure cause) {
  const recorded_verb* recorded = earlier().find("rollback"_text, "shift");
  std::string trouble;
  if (recorded == nullptr || recorded->outcome == nullptr) trouble = co_await restore_servers();
  if (!trouble.empty()) {
    co_return co_await give_up_rolling_back(cause, std::move(trouble), baseline(), nullptr);
  }
  chronicle_.tell(event_kind::rollback_finished, "rollback"_text,
                  to_string(baseline()) + " has all the traffic");
  co_return co_await finish(cause.status(), baseline(), cause.reason_code(), cause.what());
}

/// The decision is a record before its first action, so that whoever resumes acts on it too.
template <typename Tag>
task<void> basic_rollout<Tag>::decide_to_roll_back(const rollout_failure& cause) {
  event started = chronicle_.about(event_kind::rollback_started, step_, cause.what());
  started.severity = severity::warning;
  started.reason_code = cause.reason_code();
  chronicle_.tell(std::move(started));
  if (!step_.empty()) {
    chronicle_.tell(event_kind::step_finished, std::exchange(step_, {}), "the step did not pass");
  }
  steering_.announce("rollback"_text, "shift"_text,
                     "the baseline in force, or " + text_of(limits().set_split) + " of attempts");
  co_await chronicle_.record_if_possible(
      "rollback"_text, "decision"_text, record_phase::began,
      rollback_record{cause.status(), cause.reason_code(), cause.what()});
}

/// @param left  the version that is left over; null if none is.
template <typename Tag>
task<deployment_result> basic_rollout<Tag>::give_up_rolling_back(const rollout_failure& cause,
                                                                 std::string trouble,
                                                                 const model_version& active,
                                                                 const model_version* left) {
  co_await stop_mirroring("rollback"_text);
  if (left != nullptr && candidate_was_deployed_) tell_left_over("rollback"_text, *left, trouble);
  std::string reason = std::string{cause.what()} + "; roll-back failed: " + trouble;
  co_return co_await finish(deployment_status::rollback_failed, active, cause.reason_code(),
                            std::move(reason));
}

/// A baseline that has had no traffic is warmed, and checked, before it gets any: better a bad
/// candidate than nobody. What is wrong with it; empty if nothing is.
template <typename Tag>
task<std::string> basic_rollout<Tag>::make_baseline_ready() {
  std::string trouble;
  try {
    co_await door_.warm_up("rollback"_text, baseline(), limits().warm_up);
    if (door_.has_health_check()) {
      const bool healthy = co_await door_.healthy("rollback"_text, baseline(), true);
      if (!healthy) trouble = to_string(baseline()) + " is not healthy";
    }
  } catch (const std::exception& failure) {
    trouble = failure.what();
  }
  if (!trouble.empty()) trouble = "the baseline cannot serve, " + trouble;
  co_return trouble;
}

/// Sets the baseline until it is confirmed, and again after calls that were still under way.
template <typename Tag>
task<std::string> basic_rollout<Tag>::force_baseline() {
  std::string trouble = co_await set_baseline_until_confirmed();
  if (!trouble.empty()) co_return trouble;
  if (door_.router_calls()->count() > 0) {
    steering_.announce("rollback"_text, "drain"_text, "the end of router calls that are under way");
    router_is_drained_ = co_await wait_until_none(clock_, door_.router_calls(), limits().drain);
    // another driver may have taken over meanwhile: whoever has lost leaves here
    co_await chronicle_.record_if_possible("rollback"_text, "shift"_text, record_phase::progress,
                                           traffic_split::all_to(baseline()));
    trouble = co_await set_baseline_until_confirmed();
    if (!trouble.empty()) co_return trouble;
  }
  co_await chronicle_.record_if_possible("rollback"_text, "shift"_text, record_phase::outcome,
                                         outcome_record{"done"});
  co_return trouble;
}

template <typename Tag>
task<std::string> basic_rollout<Tag>::set_baseline_until_confirmed() {
  const traffic_split wanted = traffic_split::all_to(baseline());
  const auto give_up_at = clock_.due_in(limits().set_split);
  backoff wait{config_->backoff_min, config_->backoff_max, terms_.environment.seed};
  while (true) {
    std::string trouble;
    try {
      call_terms terms{"rollback"_text, "set_split to", wanted, limits().attempt,
                       reason_code::set_split_failed};
      terms.shielded = true;
      co_await door_.set_split(std::move(terms), wanted);
      if (door_.has_split()) {
        const traffic_split found = co_await door_.split("rollback"_text, 1, true);
        if (found != wanted) trouble = "the router has " + to_string(found) + " in force";
      }
    } catch (const std::exception& failure) {
      trouble = failure.what();
    }
    if (trouble.empty()) break;
    const std::chrono::nanoseconds pause = wait.next();
    if (clock_.steady_now() + pause >= give_up_at) co_return trouble;
    chronicle_.tell(event_kind::retrying, "rollback"_text, trouble, severity::warning);
    co_await sleep_for(clock_, pause);
    co_await chronicle_.catch_up_if_possible();  // whoever has lost meanwhile leaves here
  }
  const bool changed = !in_force_ || *in_force_ != wanted || (intended_ && *intended_ != wanted) ||
                       !earlier().empty();
  in_force_ = std::make_shared<const traffic_split>(wanted);
  intended_ = in_force_;
  chronicle_.candidate_share_is(share{});
  if (changed) {
    chronicle_.tell(event_kind::split_changed, "rollback"_text, to_string(wanted));
    co_await chronicle_.record_if_possible("rollback"_text, "shift"_text, record_phase::progress,
                                           wanted);
  }
  co_return std::string{};
}

/// Not while a late call may still send it traffic, nor before the decision is durable: whoever
/// takes the rollout over would go on with a candidate that its journal says to be warm.
template <typename Tag>
task<void> basic_rollout<Tag>::remove_candidate() {
  if (!candidate_was_deployed_) co_return;
  if (!router_is_drained_) {
    tell_left_over("rollback"_text, candidate(), "a router call is still under way");
    co_return;
  }
  if (!chronicle_.is_complete()) {
    tell_left_over("rollback"_text, candidate(), "the journal cannot be written");
    co_return;
  }
  const recorded_verb* recorded = earlier().find("rollback"_text, "remove");
  if (recorded != nullptr && recorded->outcome != nullptr) co_return;
  steering_.announce("rollback"_text, "remove"_text, "the server's remove");
  co_await remove_or_tell("rollback"_text, candidate());
  co_await chronicle_.record_if_possible("rollback"_text, "remove"_text, record_phase::outcome,
                                         outcome_record{"done"});
  if (door_.deploy_calls()->count() > 0) {
    tell_left_over("rollback"_text, candidate(),
                   "a deploy is still under way, and may end after remove");
  }
}

}  // namespace hotswap::inline v0_1
