#pragma once

/// @file
/// The point of no return, and the removal of the loser after it.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <fmt/format.h>

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

template <typename Tag>
task<void> basic_rollout<Tag>::commit(shared_text step) {
  if (!committed_) {
    if (const rollback_record* decided = earlier().rollback()) {
      throw rollout_failure(decided->reason_code, decided->reason, decided->status);
    }
    steering_.announce(step, "commit"_text, "the journal");
    co_await outwait_pause();
    steering_.check();
    steering_.close(
        "the rollout is committed, use undo"_text);  // who comes while it is written is late
    try {
      co_await chronicle_.record(step, "commit"_text, record_phase::outcome, committed_record{});
    } catch (const journal_conflict&) {
      throw;
    } catch (...) {  // it may be durable all the same, or become it: then there is no way back
      if (chronicle_.is_complete()) throw;
    }
    committed_ = true;
  }
  if (!earlier().has_told(event_kind::committed)) {
    chronicle_.tell(
        event_kind::committed, step,
        to_string(ending().active) + " has the model, there is no way back but an undo");
  }
}

template <typename Tag>
task<void> basic_rollout<Tag>::retire(shared_text step, model_version version) {
  const recorded_verb* recorded = replayed(step, "retire"_text, to_string(version));
  if (recorded != nullptr && recorded->outcome != nullptr) co_return;
  if (!committed_ && in_force_ && in_force_->share_of(version) > share{}) {
    throw std::logic_error("retire: a version must have no traffic, got " + to_string(version) +
                           " with " + to_string(in_force_->share_of(version)));
  }
  if (!committed_) co_await require_no_traffic(step, version);
  co_await commit(step);
  if (!chronicle_.is_complete()) {  // and it may not be: whoever takes over may need the version
    co_await stop_mirroring(step);
    tell_left_over(step, version, "the journal cannot be written");
    co_return;
  }
  steering_.announce(step, "retire"_text, "the server's remove");
  if (recorded == nullptr) {
    co_await chronicle_.record_if_possible(step, "retire"_text, record_phase::began,
                                           fingerprint_record{to_string(version)});
  }
  co_await stop_mirroring(step);
  co_await remove_or_tell(step, std::move(version));
  co_await chronicle_.record_if_possible(step, "retire"_text, record_phase::outcome,
                                         outcome_record{"done"});
}

/// Before a version is removed. Its traffic may have come back since the split was set: somebody
/// else has changed it, or an earlier incarnation went back when it could not record that it would.
/// Then the split is set again; so it is by a later incarnation whose router cannot be read.
template <typename Tag>
task<void> basic_rollout<Tag>::require_no_traffic(const shared_text& step, model_version version) {
  if (!in_force_ || earlier().rollback() != nullptr) co_return;
  steering_.announce(step, "retire"_text, "the router's split");
  co_await outwait_pause();
  const traffic_split wanted = *in_force_;
  std::optional<traffic_split> found;
  if (door_.has_split()) {
    try {
      found = co_await door_.split(step, door_.attempts());
    } catch (const rollout_failure& failure) {
      if (failure.reason_code() != reason_code::set_split_failed) throw;
    }
    if (found && found->share_of(version) == share{}) co_return;
  } else if (split_was_set_ || !has_baseline() || version != baseline()) {
    co_return;
  }
  if (found) tell_drifted(*found, wanted);
  // whoever has lost meanwhile leaves here
  co_await chronicle_.record(step, "retire"_text, record_phase::progress, found.value_or(wanted));
  if (found) {
    co_await put_in_force(step, wanted);
  } else {
    co_await door_.set_split(step, wanted);
  }
}

/// The shadow gets no more copies, or that is told.
template <typename Tag>
task<void> basic_rollout<Tag>::stop_mirroring(const shared_text& step) {
  if (!mirror_was_set_) co_return;
  std::string text;
  try {
    co_await door_.set_mirror(step, baseline(), candidate(), share{}, true);
    mirror_was_set_ = false;
  } catch (const std::exception& failure) {
    text = failure.what();
  }
  if (text.empty()) co_return;
  event left =
      chronicle_.about(event_kind::leftover, step,
                       "requests are still mirrored to " + to_string(candidate()) + ": " + text);
  left.severity = severity::warning;
  left.payload["mirror"] = candidate().version();
  chronicle_.tell(std::move(left));
}

template <typename Tag>
task<void> basic_rollout<Tag>::remove_or_tell(const shared_text& step, model_version version) {
  std::string text;
  try {
    co_await door_.remove(step, version);
  } catch (const std::exception& failure) {
    text = failure.what();
  }
  if (!text.empty()) tell_left_over(step, version, text);
}

template <typename Tag>
void basic_rollout<Tag>::tell_left_over(const shared_text& step, const model_version& version,
                                        const std::string& why) {
  event left =
      chronicle_.about(event_kind::leftover, step, to_string(version) + " is left over: " + why);
  left.severity = severity::warning;
  left.payload["version"] = version.version();
  chronicle_.tell(std::move(left));
}

}  // namespace hotswap::inline v0_1
