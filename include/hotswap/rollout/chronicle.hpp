#pragma once

/// @file
/// What a rollout tells: events to its observers, records with those events to its journal.
///
///     chronicle.tell(event_kind::split_changed, step, "fraud@2 gets 25 %");
///     co_await chronicle.record(step, "observe"_text, record_phase::progress, std::move(look));

#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/frame_memory.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/turn.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/event_history.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/text_map.hpp>
#include <hotswap/rollout/backoff.hpp>
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
/// gives. Belongs to the clock's thread; terms and config outlive it.
///
/// A template only so that a program which includes it, and runs no rollout, does not compile it:
/// g++ emits each coroutine that it has seen outside of templates.
template <typename = void>
class basic_chronicle {
 public:
  basic_chronicle(const rollout_terms& terms, const rollout_config& config)
      : terms_(terms),
        config_(config),
        clock_(*terms.environment.clock),
        model_(terms.model()),
        candidate_(terms.candidate.version()),
        labels_(config.labels),
        wait_(config.backoff_min, config.backoff_max, terms.environment.seed) {
    if (terms.baseline) baseline_ = terms.baseline->version();
  }

  /// Names the rollout, before the first event.
  void begin(shared_text id) { id_ = std::move(id); }
  [[nodiscard]] const shared_text& id() const noexcept { return id_; }

  /// Goes on after the records of an earlier incarnation.
  void resume(const std::vector<journal_record>& records) {
    begin(records.front().rollout);
    records_made_ = records.back().sequence;
    for (const journal_record& each : records) {
      history_.insert(history_.end(), each.events.begin(), each.events.end());
    }
    if (!history_.empty()) events_told_ = history_.back()->sequence;
  }
  [[nodiscard]] const std::string& stream() const noexcept { return terms_.model(); }

  /// The journal's stream is this rollout's: from here on it is written to.
  void is_recorded() noexcept { recorded_ = true; }

  /// Once triggered, an append that is under way is not waited for, and not tried again. It stays
  /// to be written.
  void gives_up_with(stop_token given_up) noexcept { given_up_ = std::move(given_up); }

  /// The same names as all events have.
  void name(opening_record& opening) const {
    opening.strategy = terms_.strategy;
    opening.model = model_;
    opening.baseline = baseline_;
    opening.candidate = candidate_;
  }

  void candidate_share_is(share value) noexcept { candidate_share_ = value; }

  /// An event of this rollout, to be completed and told.
  [[nodiscard]] event about(event_kind kind, const shared_text& step, std::string message) {
    event told;
    told.rollout = id_;
    told.kind = kind;
    told.model = model_;
    told.baseline = baseline_;
    told.candidate = candidate_;
    told.strategy = terms_.strategy;
    told.step = step;
    told.candidate_share = candidate_share_;
    told.message = std::move(message);
    told.labels = labels_;
    return told;
  }

  void tell(event_kind kind, const shared_text& step, std::string message,
            severity how = severity::info) {
    event told = about(kind, step, std::move(message));
    told.severity = how;
    tell(std::move(told));
  }

  void tell(event&& told) {
    told.time = clock_.now();
    told.sequence = ++events_told_;
    const auto shared =
        std::allocate_shared<const event>(frame_allocator<event>{}, std::move(told));
    untold_.push_back(shared);
    history_.push_back(shared);
    std::vector<std::string> failures;
    for (const observer& each : terms_.environment.observers) inform(each, *shared, failures);
    if (shared->kind == event_kind::observer_failed) return;  // or it would fail about its failure
    for (std::string& each : failures) {
      tell(event_kind::observer_failed, shared->step, std::move(each), severity::warning);
    }
  }

  /// All of it; what is told from here on is in no history.
  [[nodiscard]] event_history take_history() { return std::exchange(history_, {}); }

  /// Makes a record; awaited, writes it, and those that could not be written before it.
  /// @throws journal_conflict  if another driver has written.
  /// @throws journal_error     if it is not known to be durable, after all attempts.
  task<void> record(const shared_text& step, const shared_text& verb, record_phase phase,
                    record_payload payload) {
    task<void> writing = flush(attempts(), append_limit());  // first: if it throws, nothing is made
    enqueue(step, verb, phase, std::move(payload));
    return writing;
  }

  /// The same while rolling back, which does not depend on the journal: one short attempt.
  /// @throws journal_conflict  if another driver has written.
  task<void> record_if_possible(const shared_text& step, const shared_text& verb,
                                record_phase phase, record_payload payload) {
    enqueue(step, verb, phase, std::move(payload));
    co_await catch_up_if_possible();
  }

  /// The same for what is noted, or could not be written.
  /// @throws journal_conflict  if another driver has written.
  task<void> catch_up_if_possible() {
    try {
      co_await flush(1,
                     std::min<std::chrono::nanoseconds>(append_limit(), std::chrono::seconds{2}));
    } catch (const journal_conflict&) {
      throw;
    } catch (const journal_error&) {  // stays in the queue, for the next record to take along
    }
  }

  /// Makes a record that is written with the next one, or by `catch_up`.
  void note(const shared_text& step, const shared_text& verb, record_phase phase,
            record_payload payload) {
    enqueue(step, verb, phase, std::move(payload));
  }

  [[nodiscard]] bool is_complete() const noexcept { return unwritten_.empty(); }

  /// Writes what was noted.
  task<void> catch_up() { return flush(attempts(), append_limit()); }

 private:
  [[nodiscard]] int attempts() const noexcept {
    return terms_.environment.attempts.value_or(config_.attempts);
  }
  [[nodiscard]] std::chrono::milliseconds append_limit() const noexcept {
    return terms_.environment.journal_deadline;
  }

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

  void enqueue(const shared_text& step, const shared_text& verb, record_phase phase,
               record_payload payload) {
    if (!recorded_) return;
    auto added = std::allocate_shared<journal_record>(frame_allocator<journal_record>{});
    added->rollout = id_;
    added->step = step;
    added->verb = verb;
    added->phase = phase;
    added->at = clock_.now();
    added->driver = terms_.driver;
    added->payload = std::move(payload);
    unwritten_.push_back(added);
    added->sequence = ++records_made_;
    added->events = std::exchange(untold_, {});
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
          auto append_record = [to = terms_.environment.journal, stream = model_,
                                added = unwritten_.front()] { return to->append(stream, *added); };
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
          failure = std::make_exception_ptr(journal_error(
              "journal of rollout " + id_ + ": record " +
              std::to_string(unwritten_.front()->sequence) + " must be durable, got " + *trouble));
          break;
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

  const rollout_terms& terms_;
  const rollout_config& config_;
  clock& clock_;
  shared_text model_;
  shared_text baseline_;
  shared_text candidate_;
  text_map labels_;
  backoff wait_;
  shared_text id_;
  share candidate_share_;
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
