#pragma once

/// @file
/// The verbs of `rollout` that change something, and the frame around a strategy's steps.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/call.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::run(task<void> steps) {
  std::exception_ptr failed;
  try {
    co_await open();
    co_await steps;
  } catch (const journal_conflict&) {
    throw;
  } catch (const rollout_stopped&) {
    throw;
  } catch (...) {
    failed = std::current_exception();
  }
  if (!failed || committed_) {  // what fails after the point of no return is left over, no more
    std::string reason = to_string(candidate()) + " serves all traffic";
    co_return co_await finish(deployment_status::succeeded, candidate(), reason_code::promoted,
                              std::move(reason));
  }

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
  if (cause->status() == deployment_status::rejected) {
    steering_.close("the rollout was rejected");
    co_return co_await finish(deployment_status::rejected, baseline(), cause->reason_code(),
                              cause->what());
  }
  co_return co_await roll_back(std::move(*cause));
}

/// Opens the journal's stream of this model.
template <typename Tag>
task<void> basic_rollout<Tag>::open() {
  const auto journal = terms_.environment.journal;
  const auto limit = terms_.environment.journal_deadline;
  std::vector<journal_record> latest;
  std::string text;
  try {
    auto load = [journal, stream = baseline().model()] { return journal->load(stream); };
    latest = co_await call(clock_, limit, std::move(load));
  } catch (const std::exception& failure) {
    text = failure.what();
  }
  using std::chrono::milliseconds;
  const auto since_epoch = clock_.now().time_since_epoch();
  auto number =
      static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(since_epoch).count());
  if (!latest.empty()) {
    const std::string& before = latest.front().rollout;
    const auto tilde = before.rfind('~');
    if (tilde != std::string::npos) {
      number = std::max<std::uint64_t>(number,
                                       std::strtoull(before.c_str() + tilde + 1, nullptr, 10) + 1);
    }
  }
  chronicle_.begin(baseline().model() + "~" + std::to_string(number));
  door_.first_revision_is(number << 16U);  // 65'536 splits, before the next rollout's millisecond

  const bool unfinished =
      !latest.empty() && !std::holds_alternative<terminal_record>(latest.back().payload);
  if (!text.empty() || unfinished) {
    chronicle_.is_not_recorded();
    throw rollout_failure(
        unfinished ? reason_code::already_active : reason_code::journal_failed,
        unfinished ? "model " + baseline().model() + " has an unfinished rollout, " +
                         latest.front().rollout
                   : "the journal of " + baseline().model() + " must be readable, got " + text,
        deployment_status::rejected);
  }

  event started = chronicle_.about(
      event_kind::rollout_started, "",
      terms_.strategy + " of " + to_string(candidate()) + ", in place of " + to_string(baseline()));
  if (!config_.name.empty()) started.payload["name"] = config_.name;
  if (config_.dry_run) started.payload["dryRun"] = "true";
  chronicle_.tell(std::move(started));

  opening_record opening;
  opening.strategy = terms_.strategy;
  opening.model = baseline().model();
  opening.baseline = baseline().version();
  opening.candidate = candidate().version();
  opening.request_id = terms_.request_id;
  co_await chronicle_.record("", "rollout", record_phase::began, std::move(opening));
}

template <typename Tag>
task<typename basic_rollout<Tag>::begun_verb> basic_rollout<Tag>::begin_verb(std::string step,
                                                                             std::string verb,
                                                                             std::string arguments,
                                                                             std::string awaits) {
  steering_.announce(step, verb, std::move(awaits));
  while (steering_.paused() && verb != "observe") co_await wait_for_news();
  steering_.check();
  co_await chronicle_.record(step, verb, record_phase::began,
                             fingerprint_record{std::move(arguments)});
  begun_verb begun{std::move(step), std::move(verb)};
  co_return begun;
}

template <typename Tag>
task<void> basic_rollout<Tag>::end_verb(const begun_verb& verb, std::string why) {
  co_await chronicle_.record(verb.step, verb.verb, record_phase::outcome,
                             outcome_record{std::move(why)});
}

template <typename Tag>
task<void> basic_rollout<Tag>::reference(std::string step, std::chrono::nanoseconds window,
                                         std::vector<planned_bake> bakes) {
  const begun_verb verb =
      co_await begin_verb(step, "reference", text_of(window), "the baseline's metrics");
  extension_ = window;
  co_await require_all_traffic_on_baseline(step);
  reference_ = co_await measure_baseline(step, window);
  co_await end_verb(verb, fmt::format("{} requests", reference_.requests));
  if (reference_.requests == 0) {  // a source that began to count with this rollout has no past
    window = look_interval(window);
    auto left = window;
    while (left > std::chrono::nanoseconds::zero()) {  // news do not shorten it
      const std::chrono::nanoseconds passed = co_await steering_.pass_time(left);
      left -= passed;
    }
    reference_ = co_await measure_baseline(step, window);
  }
  if (!config_.allow_low_traffic) require_enough_traffic(reference_, window, bakes);
  if (!door_.has_split()) co_await put_in_force(step, traffic_split::all_to(baseline()));
}

template <typename Tag>
task<void> basic_rollout<Tag>::require_all_traffic_on_baseline(std::string step) {
  if (!door_.has_split()) co_return;
  std::optional<traffic_split> found;
  std::string text;
  try {
    found = co_await door_.split(step, door_.attempts());
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::set_split_failed) throw;
    text = failure.what();
  }
  const traffic_split wanted = traffic_split::all_to(baseline());
  if (!found || *found != wanted) {
    throw rollout_failure(reason_code::baseline_without_traffic,
                          found ? "the baseline must have all the traffic, got " + to_string(*found)
                                : "the router must tell the split in force, got " + text,
                          deployment_status::rejected);
  }
  in_force_ = wanted;
}

template <typename Tag>
task<metrics_snapshot> basic_rollout<Tag>::measure_baseline(std::string step,
                                                            std::chrono::nanoseconds window) {
  const auto end = clock_.now();
  const time_window past{
      end - std::chrono::duration_cast<time_window::time_point::duration>(window), end};
  std::string text;
  metrics_snapshot seen;
  try {
    seen = co_await door_.collect(step, baseline(), past);
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::metrics_unavailable) throw;
    text = failure.what();
  }
  if (!text.empty()) {
    throw rollout_failure(reason_code::metrics_unavailable, text, deployment_status::rejected);
  }
  co_return seen;
}

template <typename Tag>
void basic_rollout<Tag>::require_enough_traffic(const metrics_snapshot& seen,
                                                std::chrono::nanoseconds window,
                                                const std::vector<planned_bake>& bakes) const {
  const double rate =
      static_cast<double>(seen.requests) / std::chrono::duration<double>(window).count();
  const int extensions =
      config_.on_inconclusive == on_inconclusive::extend ? config_.max_extensions : 0;
  for (const planned_bake& each : bakes) {
    const auto time = each.duration + extensions * extension_;
    const share smaller = each.candidate_share.rest() == share{}
                              ? each.candidate_share
                              : std::min(each.candidate_share, each.candidate_share.rest());
    const double expected =
        rate * std::chrono::duration<double>(time).count() * smaller.basis_points() / 10'000.0;
    if (expected < static_cast<double>(each.minimum_samples)) {
      throw rollout_failure(
          reason_code::low_traffic,
          fmt::format("minimumSamples of {} must be reachable, got {:.3g} requests per second: at "
                      "{}, {} bring {:.0f} at most",
                      each.minimum_samples, rate, to_string(each.candidate_share), text_of(time),
                      expected),
          deployment_status::rejected);
    }
  }
}

template <typename Tag>
task<void> basic_rollout<Tag>::deploy(std::string step, model_version version) {
  const begun_verb verb =
      co_await begin_verb(step, "deploy", to_string(version), "the server's deploy");
  candidate_was_deployed_ = candidate_was_deployed_ || version == candidate();
  co_await door_.deploy(step, version);
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::warm_up(std::string step, model_version version) {
  const begun_verb verb =
      co_await begin_verb(step, "warm_up", to_string(version), "the server's warm_up");
  co_await door_.warm_up(step, version);
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::shift(std::string step, traffic_split split) {
  const begun_verb verb =
      co_await begin_verb(step, "shift", to_string(split), "the router's set_split");
  if (split.share_of(candidate()) > candidate_share()) co_await require_health();
  co_await put_in_force(step, std::move(split));
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::require_health() {
  if (!door_.has_health_check()) co_return;
  const bool healthy = co_await candidate_is_healthy();
  if (!healthy) {
    throw rollout_failure(reason_code::unhealthy,
                          to_string(candidate()) + " must be healthy before it gets more traffic");
  }
}

template <typename Tag>
task<void> basic_rollout<Tag>::put_in_force(std::string step, traffic_split split) {
  observation_.reset();  // its shares are no longer those of the traffic
  intended_ = split;
  for (int attempt = 1;; ++attempt) {
    co_await door_.set_split(step, split);
    if (!door_.has_split()) break;
    const traffic_split found = co_await door_.split(step, door_.attempts());
    if (found == split) break;
    if (attempt >= door_.attempts()) {
      throw rollout_failure(
          reason_code::set_split_failed,
          "the router must have " + to_string(split) + " in force, got " + to_string(found));
    }
  }
  in_force_ = split;
  chronicle_.candidate_share_is(candidate_share());
  chronicle_.tell(event_kind::split_changed, step, to_string(split));
}

template <typename Tag>
task<void> basic_rollout<Tag>::wait(std::string step, std::chrono::nanoseconds time) {
  const begun_verb verb = co_await begin_verb(step, "wait", text_of(time), text_of(time));
  while (time > std::chrono::nanoseconds::zero()) {
    const bool counting = !steering_.paused();
    const auto limit = counting ? time : std::chrono::nanoseconds::max();
    const std::chrono::nanoseconds passed = co_await steering_.pass_time(limit);
    if (counting) time -= passed;
    if (steering_.promoted() && !steering_.paused()) break;
  }
  steering_.answer_promotion();
  co_await end_verb(verb, "done");
}

template <typename Tag>
task<void> basic_rollout<Tag>::approve(std::string step) {
  const begun_verb verb =
      co_await begin_verb(step, "approve", step, "the approval of " + step + ", or an abort");
  event waiting = chronicle_.about(event_kind::gate_waiting, step, step + " waits for approval");
  waiting.payload["gate"] = step;
  chronicle_.tell(std::move(waiting));
  steering_.hold(true);
  while (!steering_.approved(step)) co_await wait_for_news();
  steering_.hold(false);
  co_await end_verb(verb, "approved");
}

template <typename Tag>
task<void> basic_rollout<Tag>::retire(std::string step, model_version version) {
  steering_.announce(step, "retire", "the server's remove");
  steering_.check();
  if (in_force_ && in_force_->share_of(version) > share{}) {
    throw std::logic_error("retire: a version must have no traffic, got " + to_string(version) +
                           " with " + to_string(in_force_->share_of(version)));
  }
  if (!committed_) {
    steering_.close("the rollout is committed, use undo");  // who comes while it is written is late
    co_await chronicle_.record(step, "commit", record_phase::outcome, committed_record{});
    committed_ = true;
    chronicle_.tell(event_kind::committed, step,
                    to_string(candidate()) + " has the model, there is no way back but an undo");
  }
  const begun_verb verb{step, "retire"};
  co_await chronicle_.record_if_possible(step, verb.verb, record_phase::began,
                                         fingerprint_record{to_string(version)});
  co_await remove_or_tell(step, std::move(version));
  co_await chronicle_.record_if_possible(step, verb.verb, record_phase::outcome,
                                         outcome_record{"done"});
}

template <typename Tag>
task<void> basic_rollout<Tag>::remove_or_tell(std::string step, model_version version) {
  std::string text;
  try {
    co_await door_.remove(step, version);
  } catch (const std::exception& failure) {
    text = failure.what();
  }
  if (!text.empty()) tell_left_over(std::move(step), version, text);
}

template <typename Tag>
void basic_rollout<Tag>::tell_left_over(std::string step, const model_version& version,
                                        const std::string& why) {
  event left = chronicle_.about(event_kind::leftover, std::move(step),
                                to_string(version) + " is left over: " + why);
  left.severity = severity::warning;
  left.payload["version"] = version.version();
  chronicle_.tell(std::move(left));
}

template <typename Tag>
task<deployment_result> basic_rollout<Tag>::finish(deployment_status status,
                                                   std::optional<model_version> active,
                                                   hotswap::reason_code code, std::string reason) {
  if (!step_.empty()) {
    chronicle_.tell(event_kind::step_finished, step_, step_ + " is over");
    step_.clear();
  }
  event finished = chronicle_.about(event_kind::rollout_finished, "", reason);
  finished.reason_code = code;
  finished.severity = status == deployment_status::succeeded         ? severity::info
                      : status == deployment_status::rollback_failed ? severity::error
                                                                     : severity::warning;
  finished.payload["status"] = std::string{to_string(status)};
  if (active) finished.payload["active"] = active->version();
  chronicle_.tell(std::move(finished));
  terminal_record terminal{status, std::string{}, code, reason};
  if (active) terminal.active = active->version();
  std::vector<event> history = chronicle_.history();  // what is told later is in no record
  try {  // not one short attempt: without this record the model stays locked
    co_await chronicle_.record("", "rollout", record_phase::outcome, std::move(terminal));
  } catch (const journal_conflict&) {
    throw;
  } catch (const journal_error&) {  // the traffic is right, and the result says what happened
  }
  steering_.finished();
  deployment_result result{status, std::move(active), code, std::move(reason), std::move(history)};
  co_return result;
}

}  // namespace hotswap::inline v0_1
