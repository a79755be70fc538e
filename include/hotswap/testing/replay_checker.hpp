#pragma once

/// @file
/// Runs a recorded journal against the code of today: does it go on, from every record, as it did?
/// To be asked in a test, before a new version meets the rollouts that the old one has left.
///
///     const auto check = hotswap::check_replay(records);   // by the document that they hold
///     if (!check.is_same()) std::puts(check.difference.c_str());

#include <hotswap/async/task.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/config/deploy.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/testing/recorded_platform.hpp>
#include <hotswap/testing/replayed_journal.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Starts the strategy that `opening` names on that platform, as it was started then: the task of
/// its `deploy`.
using replay_start = std::function<task<deployment_result>(
    recorded_platform& platform, const opening_record& opening, rollout_context& context)>;

class replay_check {
 public:
  replay_check() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::size_t replays = 0;  ///< that were made: one from each record, until one differed
  /// Which record is the first that differs, as a sentence; empty if none does.
  std::string difference;

  [[nodiscard]] bool is_same() const noexcept { return difference.empty(); }
};

namespace detail {

/// Does something at a time.
class timed_action final : public timer {
 public:
  timed_action(clock& on, std::chrono::nanoseconds in, std::function<void()> doing)
      : clock_(on), doing_(std::move(doing)) {
    clock_.arm(*this, clock_.due_in(std::max(in, std::chrono::nanoseconds::zero())));
  }
  ~timed_action() override { clock_.disarm(*this); }

 private:
  void expired() override { doing_(); }

  clock& clock_;
  std::function<void()> doing_;
};

/// The replay of a rollout's first records, and how it went on.
class one_replay {
 public:
  one_replay(const std::vector<journal_record>& records, std::size_t known)
      : clock_(records[known - 1].at),
        journal_(std::make_shared<replayed_journal>(records, known)),
        platform_(clock_, *journal_),
        context_(environment()) {
    context_.request_id = journal_->opening().request_id;
    context_.document = journal_->opening().document;
    for (std::size_t i = known; i < records.size(); ++i) ask_again(records[i]);
  }

  /// What is different, as a sentence; empty if nothing is.
  std::string difference_of(const replay_start& start) {
    std::string failure;
    bool is_refused = false;
    try {
      const auto result = clock_.run(start(platform_, journal_->opening(), context_));
      end_ = std::string{to_string(result.status())} + ", " +
             std::string{to_string(result.reason_code())};
    } catch (const journal_mismatch& refused) {
      failure = refused.what();
      is_refused = true;
    } catch (const std::exception& failed) {
      failure = failed.what();
    }
    if (context_.outstanding_calls() > 0) clock_.advance(std::chrono::hours{241});
    if (!platform_.repeated().empty()) return where() + platform_.repeated() + after();
    if (is_refused) return failure + after();
    if (!failure.empty()) {
      return where() + "record " + std::to_string(journal_->known() + 1) + " of " + rollout() +
             ": must be " + text_of(next()) + ", got " + failure + after();
    }
    return first_difference();
  }

  [[nodiscard]] std::string state() const { return platform_.state(); }

  /// ` in the replay of its first 12 records`
  [[nodiscard]] std::string after() const {
    return " in the replay of its first " + std::to_string(journal_->known()) + " records";
  }

 private:
  rollout_environment environment() {
    rollout_environment made{clock_};
    made.journal = journal_;
    made.driver = "replay";
    return made;
  }

  [[nodiscard]] std::string where() const {
    return "journal of " + journal_->opening().model + ", ";
  }
  [[nodiscard]] const std::string& rollout() const { return journal_->recorded().front().rollout; }
  [[nodiscard]] const journal_record& next() const {
    return journal_->recorded()[std::min(journal_->known(), journal_->recorded().size() - 1)];
  }

  /// As people did then.
  void ask_again(const journal_record& record) {
    if (const auto* asked = std::get_if<std::shared_ptr<const command_record>>(&record.payload)) {
      const control_command command = (*asked)->command;
      at(record.at, [control = context_.control(), command]() mutable { give(control, command); });
    }
    const auto* decided = std::get_if<rollback_record>(&record.payload);
    if (decided != nullptr && decided->reason_code == reason_code::aborted) {
      const control_command command = abort_of(decided->reason);
      at(record.at, [control = context_.control(), command]() mutable { give(control, command); });
    }
    for (const auto& each : record.events) {
      if (each->kind != event_kind::promoted || is_recorded(record)) continue;
      control_command command{control_command::kind::promote, each->actor, "as it was recorded"};
      command.forced = true;
      at(each->time, [control = context_.control(), command]() mutable { give(control, command); });
    }
  }

  /// `promote_fully` tells that it promotes too.
  static bool is_recorded(const journal_record& record) {
    const auto* asked = std::get_if<std::shared_ptr<const command_record>>(&record.payload);
    return asked != nullptr && (*asked)->command.asked == control_command::kind::promote_fully;
  }

  /// Of `aborted by alice: no more`.
  static control_command abort_of(const std::string& reason) {
    const auto colon = reason.find(": ");
    std::string actor = reason.substr(0, colon);
    const std::string begin = "aborted by ";
    actor = actor.starts_with(begin) ? actor.substr(begin.size()) : std::string{};
    return {control_command::kind::abort, actor,
            colon == std::string::npos ? std::string{} : reason.substr(colon + 2)};
  }

  static void give(rollout_control& control, const control_command& command) {
    switch (command.asked) {
      case control_command::kind::pause:
        return control.pause(command.actor, command.reason);
      case control_command::kind::resume:
        return control.resume(command.actor, command.reason);
      case control_command::kind::promote:
        return control.promote(command.actor, command.reason, command.forced);
      case control_command::kind::promote_fully:
        return control.promote_fully(command.actor, command.reason);
      case control_command::kind::approve:
        return control.approve(command.gate, command.actor, command.reason);
      case control_command::kind::abort:
        return control.abort(command.actor, command.reason);
    }
  }

  void at(clock::time_point time, std::function<void()> doing) {
    actions_.push_back(
        std::make_unique<timed_action>(clock_, time - clock_.now(), std::move(doing)));
  }

  /// What a record decides, as a text; empty for one that may come more or less often, as looks do,
  /// or that repeats what a person has said.
  static std::string decision_of(const journal_record& record) {
    const bool goes_back = record.step == "rollback";
    const bool restores = goes_back && record.phase != record_phase::outcome;
    if (std::holds_alternative<rollback_record>(record.payload)) return text_of(record);
    if (restores || std::holds_alternative<resumed_record>(record.payload)) return {};
    if (std::holds_alternative<std::shared_ptr<const look_report>>(record.payload)) return {};
    if (std::holds_alternative<std::shared_ptr<const command_record>>(record.payload)) return {};
    return text_of(record);
  }

  static std::string text_of(const journal_record& record) {
    std::string text = replayed_journal::name_of(record);
    if (const auto* asked = std::get_if<fingerprint_record>(&record.payload)) {
      if (!asked->arguments.empty()) text += " of " + asked->arguments;
    } else if (const auto* ended = std::get_if<outcome_record>(&record.payload)) {
      text += " " + ended->why;
    } else if (std::holds_alternative<extension_record>(record.payload)) {
      text += " extended";
    } else if (std::holds_alternative<hold_record>(record.payload)) {
      text += " held";
    } else if (const auto* decided = std::get_if<rollback_record>(&record.payload)) {
      text += " " + std::string{to_string(decided->status)} + ", " +
              std::string{to_string(decided->reason_code)};
    } else if (const auto* end = std::get_if<terminal_record>(&record.payload)) {
      text += " " + std::string{to_string(end->status)} + ", " +
              std::string{to_string(end->reason_code)};
      if (!end->active.empty()) text += ", active " + end->active;
    }
    return text;
  }

  /// Lanes of a rollout may record in another order, so it does not matter.
  [[nodiscard]] std::string first_difference() const {
    std::vector<std::string> made;
    for (std::size_t i = journal_->known(); i < journal_->written().size(); ++i) {
      std::string decision = decision_of(journal_->written()[i]);
      if (!decision.empty()) made.push_back(std::move(decision));
    }
    for (std::size_t i = journal_->known(); i < journal_->recorded().size(); ++i) {
      const journal_record& record = journal_->recorded()[i];
      const std::string decision = decision_of(record);
      if (decision.empty()) continue;
      const auto found = std::find(made.begin(), made.end(), decision);
      if (found == made.end()) {
        return where() + "record " + std::to_string(record.sequence) + " of " + rollout() +
               ": must be " + decision + ", got " + (made.empty() ? "nothing" : made.front()) +
               after();
      }
      made.erase(found);
    }
    if (made.empty()) return end_difference();
    return where() + "after record " + std::to_string(journal_->known()) + " of " + rollout() +
           ": must be what was recorded, got " + made.front() + " too" + after();
  }

  /// Of what `deploy` has returned: a request that is repeated gets the recorded result.
  [[nodiscard]] std::string end_difference() const {
    const terminal_record& end = journal_->end();
    const std::string wanted =
        std::string{to_string(end.status)} + ", " + std::string{to_string(end.reason_code)};
    if (wanted == end_) return {};
    return where() + "record " + std::to_string(journal_->recorded().size()) + " of " + rollout() +
           ": result must be " + wanted + ", got " + end_ + after();
  }

  virtual_clock clock_;
  std::shared_ptr<replayed_journal> journal_;
  recorded_platform platform_;
  rollout_context context_;
  std::vector<std::unique_ptr<timed_action>> actions_;
  std::string end_;
};

/// By the operator's document.
/// @throws journal_error  if the rollout was started without one.
template <typename = void>
task<deployment_result> start_by_document(recorded_platform& platform,
                                          const opening_record& opening, rollout_context& context) {
  if (opening.document.empty()) {
    throw journal_error("check_replay: the opening must have a document, or start must be given");
  }
  const strategy_config config = parse_strategy(opening.document);
  const model_version candidate{opening.model, opening.candidate};
  if (opening.baseline.empty()) {
    return deploy(platform, platform, platform, config, candidate, context);
  }
  const model_version baseline{opening.model, opening.baseline};
  return deploy(platform, platform, platform, config, baseline, candidate, context);
}

}  // namespace detail

/// Replays a rollout that has ended from each of its records on: a process finds the first of them,
/// in virtual time, on a platform that answers as it did. The decisions that follow must be those
/// that were recorded, no call whose outcome is recorded may be made again, and every replay must
/// leave the platform as the first one did. From the last record on, it is the request that is
/// repeated, if it had an id.
///
/// How often it looked may differ, and the order in which servers of one batch were updated.
/// @param records  of one rollout, oldest first
/// @throws journal_error  if they are not those of a rollout that has ended.
template <typename = void>
[[nodiscard]] replay_check check_replay(const std::vector<journal_record>& records,
                                        const replay_start& start = detail::start_by_document<>) {
  replay_check check;
  const replayed_journal all{records, records.size()};
  const std::size_t last = records.size() - (all.opening().request_id.empty() ? 1 : 0);
  std::optional<std::string> state;
  for (std::size_t known = 1; known <= last; ++known) {
    detail::one_replay replay{records, known};
    check.difference = replay.difference_of(start);
    ++check.replays;
    if (!state) state = replay.state();
    if (check.difference.empty() && *state != replay.state()) {
      check.difference = "journal of " + all.opening().model + ", record " + std::to_string(known) +
                         " of " + records.front().rollout + ": the platform must be left with " +
                         *state + ", got " + replay.state() + replay.after();
    }
    if (!check.difference.empty()) break;
  }
  return check;
}

}  // namespace hotswap::inline v0_1
