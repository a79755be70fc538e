#pragma once

/// @file
/// What the events of one rollout, taken in order, say about it: where it stands, and what each
/// step has seen. Views are made of it.
///
///     hotswap::rollout_progress seen;
///     for (const hotswap::event& each : result.history()) seen.add(each);
///     seen.steps().back().candidate_requests;

#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// One named step of a rollout.
/// A template so that only its users compile it.
template <typename = void>
class basic_step_progress {
 public:
  explicit basic_step_progress(std::string of_name) : name(std::move(of_name)) {}

  enum class outcome { running, done, failed };

  std::string name;
  share candidate_share;  ///< in the step, not what a roll-back made of it
  time_window lasted;     ///< its end is the time of the latest event while it runs
  outcome ended = outcome::running;
  int looks = 0;
  int looks_expected = 0;  ///< as far as can be told from the latest look; 0 before the first
  std::shared_ptr<const look_report> look;  ///< the latest
  std::uint64_t candidate_requests = 0;     ///< in the windows of all looks
  std::uint64_t candidate_errors = 0;
};

using step_progress = basic_step_progress<>;

/// In which state a person finds a rollout. In this order: what goes on, what turns, what is over.
enum class rollout_stage {
  running,
  paused,
  held,
  rolling_back,
  committed,
  succeeded,
  rolled_back,
  aborted,
  rejected,
  rollback_failed,
};

/// As a person would say it: `rolling back`.
[[nodiscard]] constexpr std::string_view to_string(rollout_stage stage) noexcept {
  switch (stage) {
    case rollout_stage::running:
      return "running";
    case rollout_stage::paused:
      return "paused";
    case rollout_stage::held:
      return "waiting for a person";
    case rollout_stage::rolling_back:
      return "rolling back";
    case rollout_stage::committed:
      return "committed";
    case rollout_stage::succeeded:
      return "succeeded";
    case rollout_stage::rolled_back:
      return "rolled back";
    case rollout_stage::aborted:
      return "aborted";
    case rollout_stage::rejected:
      return "rejected";
    case rollout_stage::rollback_failed:
      return "ROLL-BACK FAILED";
  }
  return "ROLL-BACK FAILED";
}

/// Grows with the steps of a rollout, not with its looks.
/// A template so that only its users compile it.
template <typename = void>
class basic_rollout_progress {
 public:
  /// Takes the next event of this rollout.
  void add(const event& told) {
    if (count_++ == 0) began_ = told.time;
    latest_ = told;
    if (!told.message.empty()) message_ = told.message;
    set_stage(told);
    follow_step(told);
    if (told.kind == event_kind::rollback_started) end_steps(told.time, outcome::failed);
    if (told.kind == event_kind::rollback_finished) end_steps(told.time, outcome::done);  // its own
    if (told.kind == event_kind::rollout_finished) {
      end_steps(told.time, stage_ == rollout_stage::succeeded ? outcome::done : outcome::failed);
    }
  }

  /// Default-constructed before the first one.
  [[nodiscard]] const event& latest() const noexcept { return latest_; }
  /// The latest that was not empty.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] rollout_stage stage() const noexcept { return stage_; }
  [[nodiscard]] bool is_over() const noexcept { return stage_ >= rollout_stage::succeeded; }
  /// In order of their beginning.
  [[nodiscard]] const std::vector<step_progress>& steps() const noexcept { return steps_; }

  [[nodiscard]] time_window lasted() const noexcept { return {began_, latest_.time}; }

  /// In the windows of all looks of all steps.
  [[nodiscard]] std::uint64_t candidate_requests() const noexcept {
    return sum_of(&step_progress::candidate_requests);
  }
  [[nodiscard]] std::uint64_t candidate_errors() const noexcept {
    return sum_of(&step_progress::candidate_errors);
  }
  [[nodiscard]] int looks() const noexcept { return sum_of(&step_progress::looks); }

  /// The step that runs, or the last that did; null before the first.
  [[nodiscard]] const step_progress* current() const noexcept {
    const auto runs = [](const step_progress& each) { return each.ended == outcome::running; };
    const auto found = std::find_if(steps_.rbegin(), steps_.rend(), runs);
    if (found != steps_.rend()) return &*found;
    return steps_.empty() ? nullptr : &steps_.back();
  }

  /// The latest step that has seen a look; null before the first.
  [[nodiscard]] const step_progress* last_looked_at() const noexcept {
    const auto found = std::find_if(steps_.rbegin(), steps_.rend(),
                                    [](const step_progress& each) { return each.look != nullptr; });
    return found == steps_.rend() ? nullptr : &*found;
  }

  /// The step of that name; null if it was never begun.
  [[nodiscard]] const step_progress* step(std::string_view name) const noexcept {
    const auto found =
        std::find_if(steps_.begin(), steps_.end(),
                     [name](const step_progress& each) { return each.name == name; });
    return found == steps_.end() ? nullptr : &*found;
  }

 private:
  using outcome = step_progress::outcome;

  template <typename Count>
  Count sum_of(Count step_progress::* member) const noexcept {
    Count sum = 0;
    for (const step_progress& each : steps_) sum += each.*member;
    return sum;
  }

  void set_stage(const event& told) {
    switch (told.kind) {
      case event_kind::paused:
        interrupt(rollout_stage::paused);
        break;
      case event_kind::held:
      case event_kind::gate_waiting:
        interrupt(rollout_stage::held);
        break;
      case event_kind::continued:
      case event_kind::gate_answered:
      case event_kind::resumed:
      case event_kind::step_started:
        if (stage_ == rollout_stage::paused || stage_ == rollout_stage::held) {
          stage_ = rollout_stage::running;
        }
        break;
      case event_kind::rollback_started:
        stage_ = rollout_stage::rolling_back;
        was_rolled_back_ = true;
        break;
      case event_kind::committed:
        stage_ = rollout_stage::committed;
        break;
      case event_kind::rollout_finished:
        stage_ = end_of(told);
        break;
      case event_kind::rollout_started:
      case event_kind::step_finished:
      case event_kind::split_changed:
      case event_kind::look:
      case event_kind::extended:
      case event_kind::promoted:
      case event_kind::retrying:
      case event_kind::call_timed_out:
      case event_kind::split_drifted:
      case event_kind::metrics_unavailable:
      case event_kind::metric_unjudged:
      case event_kind::rollback_finished:
      case event_kind::leftover:
      case event_kind::observer_failed:
        break;
    }
  }

  void interrupt(rollout_stage by) {
    if (stage_ == rollout_stage::running || stage_ == rollout_stage::paused) stage_ = by;
  }

  /// Its `status` if the event says it; else what the events before it lead to.
  rollout_stage end_of(const event& told) const {
    const auto status = told.payload.find("status");
    if (status != told.payload.end()) {
      if (status->second == "succeeded") return rollout_stage::succeeded;
      if (status->second == "rolled_back") return rollout_stage::rolled_back;
      if (status->second == "aborted") return rollout_stage::aborted;
      if (status->second == "rejected") return rollout_stage::rejected;
      return rollout_stage::rollback_failed;
    }
    if (!was_rolled_back_) {
      return steps_.empty() && told.severity != severity::info ? rollout_stage::rejected
                                                               : rollout_stage::succeeded;
    }
    if (told.severity == severity::error) return rollout_stage::rollback_failed;
    return told.reason_code == reason_code::aborted ? rollout_stage::aborted
                                                    : rollout_stage::rolled_back;
  }

  void follow_step(const event& told) {
    if (told.step.empty()) return;
    auto at = std::find_if(steps_.begin(), steps_.end(),
                           [&](const step_progress& each) { return each.name == told.step; });
    if (at == steps_.end()) {
      if (told.kind != event_kind::step_started && told.kind != event_kind::look) return;
      at = steps_.insert(steps_.end(), step_progress{told.step});
      at->lasted = {told.time, told.time};
      at->candidate_share = told.candidate_share;
    }
    if (at->ended != outcome::running) return;
    at->lasted.end = told.time;
    if (stage_ != rollout_stage::rolling_back) at->candidate_share = told.candidate_share;
    if (told.kind == event_kind::look && told.look) add_look(*at, told.look);
    if (told.kind == event_kind::step_finished) {
      const bool has_failed = told.severity == severity::error ||
                              (at->look && at->look->verdict.failed() && told.actor.empty());
      at->ended = has_failed ? outcome::failed : outcome::done;
    }
  }

  static void add_look(step_progress& to, const std::shared_ptr<const look_report>& seen) {
    to.look = seen;
    ++to.looks;
    to.candidate_requests += seen->candidate.requests;
    to.candidate_errors += seen->candidate.errors;
    const auto interval = seen->window.duration();
    const auto left = seen->bake - seen->elapsed;
    to.looks_expected = to.looks;
    if (interval <= interval.zero() || left <= left.zero()) return;
    // rounded: a look is a little late, and the next one is not for that
    const double more = static_cast<double>(left.count()) /
                        std::chrono::duration<double, std::milli>(interval).count();
    constexpr double most = 1e6;
    to.looks_expected += static_cast<int>(std::clamp(more + 0.5, 1.0, most));
  }

  void end_steps(std::chrono::system_clock::time_point at, outcome how) {
    for (step_progress& each : steps_) {
      if (each.ended != outcome::running) continue;
      each.ended = how;
      each.lasted.end = at;
    }
  }

  std::uint64_t count_ = 0;
  std::chrono::system_clock::time_point began_{};
  event latest_;
  std::string message_;
  rollout_stage stage_ = rollout_stage::running;
  bool was_rolled_back_ = false;
  std::vector<step_progress> steps_;
};

using rollout_progress = basic_rollout_progress<>;

}  // namespace hotswap::inline v0_1
