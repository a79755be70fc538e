#pragma once

/// @file
/// Who else has a say in a running rollout: people, a shutdown, its deadline. And how it waits, so
/// that they are heard.
///
///     const auto passed = co_await steering.pass_time(10s);   // sooner, if there is news
///     if (steering.paused()) …

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleepers.hpp>
#include <hotswap/async/stop_signal.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_terms.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to the clock's thread. Once closed, because the rollout is committed or rolls back,
/// nobody can end it any more.
template <typename = void>
class basic_steering final : private detail::control_channel::receiver,
                             private stop_signal::receiver,
                             private timer {
 public:
  basic_steering(const rollout_terms& terms, const rollout_config& config, chronicle& told)
      : clock_(*terms.environment.clock),
        channel_(terms.channel),
        chronicle_(told),
        resumable_(terms.environment.journal->survives_the_process()),
        deadline_(config.deadline),
        loop_stop_(clock_.stop_token()),
        process_stop_(terms.environment.stop) {
    channel_->connect(this);
    chronicle_.gives_up_with(given_up());
    loop_stops_.open(clock_, loop_stop_, *this);
    process_stops_.open(clock_, process_stop_, *this);
    start_counting();
    commands_arrived();
  }

  /// The rollout has its name: what was asked for before is done, and what an earlier incarnation
  /// was asked for holds.
  void begin(const recorded_rollout& recorded) {
    has_begun_ = true;
    if (!recorded.empty()) {
      restore(recorded);
      publish();
    }
    for (control_command& each : std::exchange(early_, {})) obey(std::move(each));
  }
  ~basic_steering() override {
    channel_->connect(nullptr);
    clock_.disarm(*this);
  }

  /// Waits for `limit`, or until there is news; says how long it was.
  /// @throws rollout_failure, rollout_stopped  if the rollout is to end.
  task<std::chrono::nanoseconds> pass_time(std::chrono::nanoseconds limit) {
    const auto from = clock_.steady_now();
    check();
    co_await naps_.sleep_for(limit);
    check();
    if (!chronicle_.is_complete()) co_await chronicle_.catch_up();
    co_return clock_.steady_now() - from;
  }

  /// @throws rollout_failure, rollout_stopped  if the rollout is to end.
  void check() const {
    if (ending_) std::rethrow_exception(ending_);
    if (stop_is_on_its_way()) std::rethrow_exception(what_a_stop_means());
  }

  /// The abort that was heard, if it has not led to the end yet; null if there is none. A stop that
  /// came with it, or before it, is only the process's: the next one would not know what was asked.
  [[nodiscard]] std::exception_ptr aborted() {
    commands_arrived();
    return aborted_;
  }

  /// Gives up calls into the platform when the rollout is to end.
  [[nodiscard]] stop_token given_up() const noexcept { return give_up_.get_token(); }

  [[nodiscard]] bool paused() const noexcept { return paused_; }
  [[nodiscard]] bool promoted() const noexcept { return promotion_ != nullptr || leaves_step_; }
  [[nodiscard]] bool to_last_step() const noexcept { return to_last_step_; }
  [[nodiscard]] bool approved(const std::string& gate) const {
    return std::find(approved_.begin(), approved_.end(), gate) != approved_.end();
  }

  /// The promote that is waiting for an answer; null if there is none.
  [[nodiscard]] const control_command* promotion() const noexcept { return promotion_.get(); }
  void refuse_promotion() noexcept { promotion_.reset(); }
  void answer_promotion() noexcept {
    promotion_.reset();
    leaves_step_ = false;
  }

  /// Where no outcome of a verb says that it was promoted.
  void record_promotion() { record(*promotion_); }

  /// From here on there is no further step to go to.
  void reached_last_step() noexcept {
    in_last_step_ = true;
    leaves_step_ = false;
  }

  /// As if a person had, until one says otherwise.
  void pause_because(const std::string& reason) {
    set_paused(true, control_command{control_command::kind::pause, "", reason});
  }

  /// Has a person resumed it since this was last asked?
  [[nodiscard]] bool take_resumed() noexcept { return std::exchange(was_resumed_, false); }

  /// How long it was driven here, neither paused nor held: of that the deadline and a bake are
  /// made.
  [[nodiscard]] std::chrono::nanoseconds counted() const noexcept {
    return counting_since_ ? counted_ + (clock_.steady_now() - *counting_since_) : counted_;
  }

  /// When this incarnation went on from what was recorded.
  [[nodiscard]] recorded_rollout::time_point taken_over_at() const noexcept {
    return taken_over_at_;
  }

  /// While a person must answer, time does not count.
  void hold(bool held) {
    stop_counting();
    held_ = held;
    start_counting();
    publish();
  }

  /// From here on the rollout cannot be ended from outside: commands are answered "too late".
  void close(shared_text why) {
    closed_because_ = std::move(why);
    ending_ = nullptr;
    clock_.disarm(*this);
    chronicle_.gives_up_with({});
  }

  /// For `rollout_control::status()`.
  void announce(const shared_text& step, const shared_text& verb, std::string_view awaits) {
    channel_->publish([&](rollout_status& status) {
      status.rollout = chronicle_.id();
      status.step = step;
      status.verb = verb;
      status.awaits = awaits;
      status.since = clock_.now();
    });
  }

  void finished() {
    channel_->publish([](rollout_status& status) { status.finished = true; });
    announce({}, {}, "nothing, the rollout has ended");
  }

 private:
  void commands_arrived() override {
    for (control_command& each : channel_->take_commands()) obey(std::move(each));
  }

  void obey(control_command command) {
    if (is_closed()) return answer_too_late(command);
    if (!has_begun_ && command.asked != control_command::kind::abort) {
      early_.push_back(std::move(command));
      return;
    }
    switch (command.asked) {
      case control_command::kind::pause:
        set_paused(true, command);
        break;
      case control_command::kind::resume:
        set_paused(false, command);
        break;
      case control_command::kind::promote:
        promotion_ = std::make_unique<const control_command>(std::move(command));
        break;
      case control_command::kind::promote_fully:
        if (in_last_step_) break;
        to_last_step_ = true;
        leaves_step_ = true;
        tell(event_kind::promoted, "to the last step", command);
        record(std::move(command));
        break;
      case control_command::kind::approve:
        approved_.push_back(command.gate);
        tell(event_kind::gate_answered, command.gate + " approved", command);
        record(std::move(command));
        break;
      case control_command::kind::abort:
        aborted_ = std::make_exception_ptr(rollout_failure(
            reason_code::aborted, said("aborted", command), deployment_status::aborted));
        if (std::exchange(ends_by_stop_, false)) ending_ = nullptr;
        end(aborted_);
        break;
    }
    news();
  }

  void answer_too_late(const control_command& command) {
    if (command.asked != control_command::kind::abort) return;
    event told =
        chronicle_.about(event_kind::gate_answered, status().step,
                         "abort by " + command.actor + " came too late: " + closed_because_);
    told.actor = command.actor;
    told.severity = severity::warning;
    chronicle_.tell(std::move(told));
  }

  void set_paused(bool paused, const control_command& command) {
    if (paused == paused_) return;
    stop_counting();
    paused_ = paused;
    if (!paused) was_resumed_ = true;
    start_counting();
    tell(paused ? event_kind::paused : event_kind::continued, paused ? "paused" : "continued",
         command);
    record(command);
    publish();
  }

  /// With the next record, or by whoever waits meanwhile.
  void record(control_command command) {
    chronicle_.note(status().step, status().verb, record_phase::progress,
                    std::make_shared<const command_record>(std::move(command)));
  }

  /// What was asked for, and how much of the deadline is left.
  void restore(const recorded_rollout& recorded) {
    stop_counting();
    std::chrono::nanoseconds counted{0};
    auto since = recorded.records().front().at;
    bool held = false;
    const auto pass = [&](recorded_rollout::time_point until) {
      if (!held) counted += recorded.counted(since, until);
      since = until;
    };
    for (const journal_record& each : recorded.records()) {
      pass(each.at);
      if (const auto command = recorded_rollout::command_of(each)) restore(command->command);
      if (each.verb == "approve" && each.phase == record_phase::began) held = true;
      if (std::holds_alternative<hold_record>(each.payload)) held = true;
      if (each.phase == record_phase::outcome) held = false;
      if (each.phase == record_phase::outcome && answers_promotions(each.verb)) {
        leaves_step_ = false;  // that was the step to leave
      }
    }
    taken_over_at_ = clock_.now();
    pass(taken_over_at_);
    counted_ = {};
    if (deadline_) *deadline_ = std::max(*deadline_ - counted, std::chrono::nanoseconds::zero());
    start_counting();
  }

  static bool answers_promotions(const std::string& verb) {
    return verb == "observe" || verb == "compare" || verb == "wait";
  }

  void restore(const control_command& command) {
    switch (command.asked) {
      case control_command::kind::pause:
        paused_ = true;
        break;
      case control_command::kind::resume:
        paused_ = false;
        break;
      case control_command::kind::promote_fully:
        to_last_step_ = true;
        leaves_step_ = true;
        break;
      case control_command::kind::approve:
        approved_.push_back(command.gate);
        break;
      case control_command::kind::promote:
      case control_command::kind::abort:  // are in what they led to
        break;
    }
  }

  static std::string said(std::string what, const control_command& command) {
    if (!command.actor.empty()) what += " by " + command.actor;
    if (!command.reason.empty()) what += ": " + command.reason;
    return what;
  }

  void tell(event_kind kind, std::string what, const control_command& command) {
    event told = chronicle_.about(kind, status().step, said(std::move(what), command));
    told.actor = command.actor;
    chronicle_.tell(std::move(told));
  }

  std::string name() const {
    return chronicle_.id().empty() ? "of " + chronicle_.stream() : chronicle_.id().str();
  }

  void stop_requested() override {
    if (is_closed()) return;
    ends_by_stop_ = ends_by_stop_ || !ending_;
    end(what_a_stop_means());
    news();
  }

  bool is_closed() const noexcept { return !closed_because_.empty(); }

  /// Requested, and its letter is not delivered while calls and appends end at once.
  bool stop_is_on_its_way() const noexcept {
    return !is_closed() && (loop_stop_.stop_requested() || process_stop_.stop_requested());
  }

  std::exception_ptr what_a_stop_means() const {
    if (resumable_) {
      return std::make_exception_ptr(rollout_stopped(
          "rollout " + name() + ": stopped; it goes on where its journal is next taken over"));
    }
    return std::make_exception_ptr(rollout_failure(
        reason_code::stopped, "the process shuts down, and nobody can resume the rollout",
        deployment_status::aborted));
  }

  void expired() override {
    end(std::make_exception_ptr(
        rollout_failure(reason_code::deadline, "the rollout did not end before its deadline")));
    news();
  }

  void end(std::exception_ptr why) {
    if (ending_) return;
    ending_ = std::move(why);
    give_up_.request_stop();
  }

  void news() { naps_.wake_all(); }

  void start_counting() {
    if (paused_ || held_) return;
    counting_since_ = clock_.steady_now();
    if (deadline_ && !is_closed()) clock_.arm(*this, clock_.due_in(*deadline_ - counted_));
  }

  void stop_counting() {
    counted_ = counted();
    counting_since_.reset();
    if (armed()) clock_.disarm(*this);
  }

  void publish() {
    channel_->publish([this](rollout_status& status) {
      status.paused = paused_;
      status.held = held_;
    });
  }

  /// As it was last announced.
  const rollout_status& status() const noexcept { return channel_->published(); }

  clock& clock_;
  std::shared_ptr<detail::control_channel> channel_;
  chronicle& chronicle_;
  bool resumable_;
  std::optional<std::chrono::nanoseconds> deadline_;  ///< of what is counted here
  std::chrono::nanoseconds counted_{0};
  std::optional<clock::steady_time_point> counting_since_;  ///< none while paused or held
  recorded_rollout::time_point taken_over_at_{};
  stop_token loop_stop_;
  stop_token process_stop_;
  stop_signal loop_stops_;
  stop_signal process_stops_;
  sleepers naps_{clock_};  ///< of lanes, which may wait side by side
  stop_source give_up_;
  std::exception_ptr ending_;
  std::exception_ptr aborted_;
  bool ends_by_stop_ = false;
  shared_text closed_because_;  ///< empty while it is open
  bool has_begun_ = false;
  std::vector<control_command> early_;  ///< came before the rollout had its name
  bool paused_ = false;
  bool was_resumed_ = false;
  bool held_ = false;
  bool to_last_step_ = false;
  bool leaves_step_ = false;
  bool in_last_step_ = false;
  std::unique_ptr<const control_command> promotion_;
  std::vector<std::string> approved_;
};

using steering = basic_steering<>;

}  // namespace hotswap::inline v0_1
