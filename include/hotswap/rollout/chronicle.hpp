#pragma once

/// @file
/// What a rollout tells: events to its observers, records with those events to its journal.
///
///     chronicle.tell(event_kind::split_changed, "step-25", "fraud@2 gets 25 %");
///     co_await chronicle.record("step-25", "shift", record_phase::outcome,
///     outcome_record{"done"});

#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/turn.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_terms.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The history is made of the events in the records, so it equals what a re-read of the journal
/// gives. Belongs to the clock's thread.
///
/// A template only so that a program which includes it, and runs no rollout, does not compile it:
/// g++ emits each coroutine that it has seen outside of templates.
template <typename = void>
class basic_chronicle {
 public:
  basic_chronicle(const rollout_terms& terms, const rollout_config& config)
      : clock_(*terms.environment.clock),
        journal_(terms.environment.journal),
        observers_(terms.environment.observers),
        append_limit_(terms.environment.journal_deadline),
        attempts_(terms.environment.attempts.value_or(config.attempts)),
        wait_(config.backoff_min, config.backoff_max, terms.environment.seed),
        stream_(terms.model()),
        driver_(terms.driver) {
    common_.model = terms.model();
    if (terms.baseline) common_.baseline = terms.baseline->version();
    common_.candidate = terms.candidate.version();
    common_.strategy = terms.strategy;
    common_.labels = config.labels;
  }

  /// Names the rollout, before the first event.
  void begin(std::string id) { common_.rollout = std::move(id); }
  [[nodiscard]] const std::string& id() const noexcept { return common_.rollout; }

  /// Goes on after the records of an earlier incarnation.
  void resume(const std::vector<journal_record>& records) {
    begin(records.front().rollout);
    records_made_ = records.back().sequence;
    for (const journal_record& each : records) {
      history_.insert(history_.end(), each.events.begin(), each.events.end());
    }
    if (!history_.empty()) events_told_ = history_.back()->sequence;
  }
  [[nodiscard]] const std::string& stream() const noexcept { return stream_; }

  /// The journal's stream is this rollout's: from here on it is written to.
  void is_recorded() noexcept { recorded_ = true; }

  /// Once triggered, an append that is under way is not waited for, and not tried again. It stays
  /// to be written.
  void gives_up_with(stop_token given_up) noexcept { given_up_ = std::move(given_up); }

  void candidate_share_is(share value) noexcept { common_.candidate_share = value; }

  /// An event of this rollout, to be completed and told.
  [[nodiscard]] event about(event_kind kind, std::string step, std::string message) const {
    event told = common_;
    told.kind = kind;
    told.step = std::move(step);
    told.message = std::move(message);
    return told;
  }

  void tell(event_kind kind, std::string step, std::string message, severity how = severity::info) {
    event told = about(kind, std::move(step), std::move(message));
    told.severity = how;
    tell(std::move(told));
  }

  void tell(event told) {
    told.time = clock_.now();
    told.sequence = ++events_told_;
    const auto shared = std::make_shared<const event>(std::move(told));
    untold_.push_back(shared);
    history_.push_back(shared);
    std::vector<std::string> failures;
    for (const observer& each : observers_) inform(each, *shared, failures);
    if (shared->kind == event_kind::observer_failed) return;  // or it would fail about its failure
    for (std::string& each : failures) {
      tell(event_kind::observer_failed, shared->step, std::move(each), severity::warning);
    }
  }

  [[nodiscard]] std::vector<event> history() const {
    std::vector<event> events;
    events.reserve(history_.size());
    for (const auto& each : history_) events.push_back(*each);
    return events;
  }

  /// Makes a record; awaited, writes it, and those that could not be written before it.
  /// @throws journal_conflict  if another driver has written.
  /// @throws journal_error     if it is not known to be durable, after all attempts.
  task<void> record(std::string step, std::string verb, record_phase phase,
                    record_payload payload) {
    enqueue(std::move(step), std::move(verb), phase, std::move(payload));
    return flush(attempts_, append_limit_);
  }

  /// The same while rolling back, which does not depend on the journal: one short attempt.
  /// @throws journal_conflict  if another driver has written.
  task<void> record_if_possible(std::string step, std::string verb, record_phase phase,
                                record_payload payload) {
    enqueue(std::move(step), std::move(verb), phase, std::move(payload));
    co_await catch_up_if_possible();
  }

  /// The same for what is noted, or could not be written.
  /// @throws journal_conflict  if another driver has written.
  task<void> catch_up_if_possible() {
    try {
      co_await flush(1, std::min<std::chrono::nanoseconds>(append_limit_, std::chrono::seconds{2}));
    } catch (const journal_conflict&) {
      throw;
    } catch (const journal_error&) {  // stays in the queue, for the next record to take along
    }
  }

  /// Makes a record that is written with the next one, or by `catch_up`.
  void note(std::string step, std::string verb, record_phase phase, record_payload payload) {
    enqueue(std::move(step), std::move(verb), phase, std::move(payload));
  }

  [[nodiscard]] bool is_complete() const noexcept { return unwritten_.empty(); }

  /// Writes what was noted.
  task<void> catch_up() { return flush(attempts_, append_limit_); }

 private:
  static void inform(const observer& informed, const event& told,
                     std::vector<std::string>& failures) {
    try {
      informed(told);
    } catch (const std::exception& failure) {
      failures.push_back(std::string{"an observer threw: "} + failure.what());
    } catch (...) {
      failures.push_back("an observer threw what is no std::exception");
    }
  }

  void enqueue(std::string step, std::string verb, record_phase phase, record_payload payload) {
    if (!recorded_) return;
    auto added = std::make_shared<journal_record>();
    added->sequence = ++records_made_;
    added->rollout = common_.rollout;
    added->step = std::move(step);
    added->verb = std::move(verb);
    added->phase = phase;
    added->at = clock_.now();
    added->driver = driver_;
    added->payload = std::move(payload);
    added->events = std::exchange(untold_, {});
    unwritten_.push_back(std::move(added));
  }

  /// One at a time, since lanes of a rollout record side by side. One coroutine for all of it: most
  /// of what a rollout costs are its records.
  task<void> flush(int attempts, std::chrono::nanoseconds limit) {
    co_await writing_.take();
    std::exception_ptr failure;
    try {
      int attempt = 1;
      while (!unwritten_.empty()) {
        std::optional<std::string> trouble;
        try {
          auto append_record = [to = journal_, stream = stream_, added = unwritten_.front()] {
            return to->append(stream, *added);
          };
          co_await call(clock_, limit, std::move(append_record), call_options{given_up_});
        } catch (const journal_conflict&) {
          throw;
        } catch (const deadline_exceeded&) {
          trouble = "it did not end before its deadline";
        } catch (const std::exception& thrown) {
          trouble = thrown.what();
        } catch (...) {
          trouble = "an exception that is no std::exception";
        }
        if (!trouble) {
          unwritten_.erase(unwritten_.begin());
          attempt = 1;
          continue;
        }
        if (attempt >= attempts || given_up_.stop_requested()) {
          throw journal_error("journal of rollout " + common_.rollout + ": record " +
                              std::to_string(unwritten_.front()->sequence) +
                              " must be durable, got " + *trouble);
        }
        ++attempt;
        const std::chrono::nanoseconds pause = wait_.next();
        co_await sleep_for(clock_, pause, given_up_);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    writing_.release();
    if (failure) std::rethrow_exception(failure);
  }

  clock& clock_;
  std::shared_ptr<journal> journal_;
  std::vector<observer> observers_;
  std::chrono::nanoseconds append_limit_;
  int attempts_;
  backoff wait_;
  std::string stream_;
  std::string driver_;
  event common_;
  std::uint64_t events_told_ = 0;
  std::uint64_t records_made_ = 0;
  bool recorded_ = false;
  stop_token given_up_;
  std::vector<std::shared_ptr<const event>> history_;
  std::vector<std::shared_ptr<const event>> untold_;
  std::vector<std::shared_ptr<const journal_record>> unwritten_;  ///< mostly one
  turn writing_;
};

using chronicle = basic_chronicle<>;

}  // namespace hotswap::inline v0_1
