#pragma once

/// @file
/// How `rollout` begins: anew, where an earlier incarnation has left off, or not at all.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/call.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/event_history.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/active_rollouts.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_id.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Opens the journal's stream of this model. Its latest rollout may be this one: unfinished, then
/// it goes on; or finished, then its result is the answer.
template <typename Tag>
task<std::unique_ptr<deployment_result>> basic_rollout<Tag>::open() {
  claim_model();
  std::vector<journal_record> latest = co_await load_latest();
  std::unique_ptr<deployment_result> already;
  if (latest.empty()) {
    co_await begin_anew(0);
  } else if (!is_terminal(latest.back())) {
    chronicle_.begin(rollout_id(terms_.model(), milliseconds_since_epoch()));  // if it is rejected
    require_same_rollout(latest.front());
    co_await resume(std::move(latest));
  } else if (is_same_request(latest.front())) {
    already = std::make_unique<deployment_result>(recorded_result(latest));
  } else {
    const std::uint64_t before = number_of(latest.front().rollout);
    co_await begin_anew(before + 1);
  }
  co_return already;
}

/// @throws rollout_failure  if another rollout on this clock changes the model.
template <typename Tag>
void basic_rollout<Tag>::claim_model() {
  const auto active = clock_.shared<active_rollouts>();
  const std::string other = active->of(terms_.model());
  const std::string unrecorded = rollout_id(terms_.model(), milliseconds_since_epoch());
  if (!other.empty()) {
    chronicle_.begin(unrecorded);
    throw rollout_failure(reason_code::already_active,
                          "model " + terms_.model() + " has an unfinished rollout, " + other,
                          deployment_status::rejected);
  }
  claim_.take(active, terms_.model());
  claim_.is_of(unrecorded);
}

/// Tries as often as a call to the platform is tried.
/// @throws rollout_failure  if the journal cannot be read.
/// @throws rollout_stopped  if it is to stop meanwhile.
template <typename Tag>
task<std::vector<journal_record>> basic_rollout<Tag>::load_latest() {
  std::vector<journal_record> latest;
  std::string text;
  backoff wait{config_->backoff_min, config_->backoff_max, terms_.environment.seed};
  for (int number = 1;; ++number) {
    try {
      auto load = [journal = terms_.environment.journal, stream = terms_.model()] {
        return journal->load(stream);
      };
      latest = co_await call(clock_, terms_.environment.journal_deadline, std::move(load));
      co_return latest;
    } catch (const std::exception& failure) {
      text = failure.what();
    } catch (...) {
      text = "an exception that is no std::exception";
    }
    if (number >= door_.attempts()) break;
    const std::chrono::nanoseconds pause = wait.next();
    const bool has_passed = co_await sleep_for(clock_, pause, steering_.given_up());
    if (!has_passed) break;
  }
  try {
    steering_.check();
  } catch (const rollout_failure&) {  // there is nothing to roll back: it is rejected
  }
  chronicle_.begin(rollout_id(terms_.model(), milliseconds_since_epoch()));
  throw rollout_failure(reason_code::journal_failed,
                        "the journal of " + terms_.model() + " must be readable, got " + text,
                        deployment_status::rejected);
}

template <typename Tag>
bool basic_rollout<Tag>::is_same_request(const journal_record& first) const {
  const auto* opening = std::get_if<std::shared_ptr<const opening_record>>(&first.payload);
  return opening != nullptr && !terms_.request_id.empty() &&
         (*opening)->request_id == terms_.request_id;
}

/// Of a rollout that has ended, and was asked for again.
template <typename Tag>
deployment_result basic_rollout<Tag>::recorded_result(
    const std::vector<journal_record>& records) const {
  const auto& end = std::get<terminal_record>(records.back().payload);
  event_history::shared_events history;
  for (const journal_record& record : records) {
    history.insert(history.end(), record.events.begin(), record.events.end());
  }
  std::optional<model_version> active;
  if (!end.active.empty()) active.emplace(terms_.model(), end.active);
  return {end.status, std::move(active), end.reason_code, end.reason, std::move(history)};
}

/// @throws rollout_failure   if an unfinished rollout is another one: this one is rejected.
/// @throws journal_mismatch  if it is this one, but not with this config, or of a later format.
template <typename Tag>
void basic_rollout<Tag>::require_same_rollout(const journal_record& first) const {
  const auto* recorded = std::get_if<std::shared_ptr<const opening_record>>(&first.payload);
  const auto refuse = [&](const std::string& field, const std::string& rule,
                          const std::string& value) {
    throw journal_mismatch("journal of " + terms_.model() + ", record " +
                           std::to_string(first.sequence) + " of " + first.rollout + ": " + field +
                           " must be " + rule + ", got " + value);
  };
  if (recorded == nullptr) refuse("verb", "the opening of a rollout", first.verb);
  const opening_record& before = **recorded;
  const opening_record now = what_this_is();
  if (before.format > opening_record::current_format) {
    refuse("format", "at most " + std::to_string(opening_record::current_format),
           std::to_string(before.format));
  }
  if (before.strategy != now.strategy || before.baseline != now.baseline ||
      before.candidate != now.candidate || before.request_id != now.request_id) {
    throw rollout_failure(
        reason_code::already_active,
        "model " + terms_.model() + " has an unfinished rollout, " + first.rollout,
        deployment_status::rejected);
  }
  if (before.config != now.config)
    refuse("config", "'" + now.config + "'", "'" + before.config + "'");
}

template <typename Tag>
opening_record basic_rollout<Tag>::what_this_is() const {
  opening_record opening;
  chronicle_.name(opening);
  opening.request_id = terms_.request_id;
  opening.config = terms_.config;
  opening.document = terms_.document;
  return opening;
}

/// Its number is the time, and greater than those before, though the clock may have been set back.
template <typename Tag>
task<void> basic_rollout<Tag>::begin_anew(std::uint64_t at_least) {
  const std::uint64_t number = std::max(at_least, milliseconds_since_epoch());
  chronicle_.begin(rollout_id(terms_.model(), number));
  chronicle_.is_recorded();
  claim_.is_of(chronicle_.id());
  door_.first_revision_is(first_revision_of(chronicle_.id(), 0));

  event started = chronicle_.about(
      event_kind::rollout_started, ""_text,
      terms_.strategy + " of " + to_string(candidate()) +
          (has_baseline() ? ", in place of " + to_string(baseline()) : ", the first of its model"));
  if (!config_->name.empty()) started.payload["name"] = config_->name;
  if (is_dry_run_) started.payload["dryRun"] = "true";
  chronicle_.tell(std::move(started));
  co_await chronicle_.record(""_text, "rollout"_text, record_phase::began,
                             std::make_shared<const opening_record>(what_this_is()));
  steering_.begin(earlier());
  co_await outwait_earlier_calls();
}

/// Becomes the driver before anything is touched: the one before can no longer write.
template <typename Tag>
task<void> basic_rollout<Tag>::resume(std::vector<journal_record> records) {
  earlier_ = std::make_unique<const recorded_rollout>(std::move(records));
  chronicle_.resume(earlier().records());
  chronicle_.is_recorded();
  claim_.is_of(chronicle_.id());
  const std::uint64_t first_revision = first_revision_of(chronicle_.id(), earlier().resumes() + 1);
  // one that goes back without a journal yields to one that could write that it goes on
  door_.first_revision_is(first_revision - revisions_unrecorded);
  candidate_was_deployed_ = earlier().has_begun("deploy", to_string(candidate()));
  mirror_was_set_ = earlier().has_begun("mirror");
  if (!has_baseline() && earlier().has_begun("shift"))
    intended_ = std::make_shared<const traffic_split>(traffic_split::all_to(candidate()));
  committed_ = earlier().committed();
  if (committed_) conclude_as_recorded();  // the steps may not come to say it
  for (const journal_record& record : earlier().records()) {
    if (fleet_) fleet_->replay(record, door_.has_rotation());
    for (const auto& each : record.events) {
      if (each->kind == event_kind::split_drifted) ++drifts_;
      if (each->kind == event_kind::continued) drifts_ = 0;
      const auto metric = each->payload.find("metric");
      if (each->kind == event_kind::metric_unjudged && metric != each->payload.end()) {
        unjudged_.push_back(metric->second);
      }
    }
  }
  chronicle_.tell(event_kind::resumed, ""_text, terms_.driver + " goes on with " + chronicle_.id());
  co_await chronicle_.record(""_text, "rollout"_text, record_phase::progress, resumed_record{});
  door_.first_revision_is(first_revision);
  steering_.begin(earlier());
  if (committed_) steering_.close("the rollout is committed, use undo"_text);
  co_await outwait_earlier_calls();
}

/// What an earlier rollout of this model has left under way may undo what this one does.
template <typename Tag>
task<void> basic_rollout<Tag>::outwait_earlier_calls() {
  if (door_.model_calls()->count() == 0) co_return;
  steering_.announce(""_text, "drain"_text, "the end of calls of an earlier rollout");
  const auto due = clock_.due_in(limits().drain);
  std::chrono::nanoseconds pause = std::chrono::milliseconds{1};
  while (door_.model_calls()->count() > 0 && clock_.steady_now() < due) {
    co_await steering_.pass_time(pause);
    pause = std::min<std::chrono::nanoseconds>(2 * pause, std::chrono::seconds{1});
  }
  if (door_.model_calls()->count() > 0) {
    chronicle_.tell(event_kind::call_timed_out, ""_text,
                    "a call of an earlier rollout of " + terms_.model() +
                        " is still under way, and may undo what this one does",
                    severity::warning);
  }
}

template <typename Tag>
std::uint64_t basic_rollout<Tag>::milliseconds_since_epoch() const {
  const auto since_epoch = clock_.now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

}  // namespace hotswap::inline v0_1
