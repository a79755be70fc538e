#pragma once

/// @file
/// One step's bake: how much of it is left, when the next look is due, and what the looks have
/// shown.
///
///     observation bake{"step-25", "observe", 10min, 1min, 10min, true, 25_pct, std::move(judge),
///                      steering.counted(), clock};
///     … const look_report report = bake.judge_windows(window, of_baseline, of_candidate, true);

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/time_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace hotswap::inline v0_1 {

/// Belongs to the clock's thread.
class observation {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  /// @param baseline_exists  false for the first deployment of a model.
  /// @param counted          what `catch_up` would be given now.
  observation(shared_text step, shared_text verb, nanoseconds bake, nanoseconds interval,
              nanoseconds extension, bool baseline_exists, share candidate_share,
              std::unique_ptr<judge> judge, nanoseconds counted, const clock& on)
      : step_(std::move(step)),
        verb_(std::move(verb)),
        interval_(std::min(interval, bake)),
        extension_(extension),
        candidate_share_(candidate_share),
        has_baseline_(baseline_exists && candidate_share.rest() > share{}),
        judge_(std::move(judge)),
        clock_(on),
        left_(bake),
        planned_(bake),
        until_look_(interval_),
        counted_(counted),
        window_end_(on.now()),
        window_end_steady_(on.steady_now()),
        seen_({window_end_, window_end_}) {}

  /// The candidate gets copies of that share of the baseline's requests, and nothing else.
  void shadows(share sampled) noexcept { shadowed_ = sampled; }
  /// What `shadows` was told.
  [[nodiscard]] const std::optional<share>& shadowed() const noexcept { return shadowed_; }

  [[nodiscard]] const shared_text& step() const noexcept { return step_; }
  [[nodiscard]] share candidate_share() const noexcept { return candidate_share_; }
  [[nodiscard]] const shared_text& verb() const noexcept { return verb_; }  ///< observe or compare
  [[nodiscard]] bool has_baseline() const noexcept { return has_baseline_; }
  [[nodiscard]] nanoseconds extension() const noexcept { return extension_; }

  /// @param goes_on  false while paused, held or at a gate: looks go on, the bake does not.
  [[nodiscard]] nanoseconds until_next_look(bool goes_on) const noexcept {
    return std::max(nanoseconds::zero(), goes_on ? std::min(until_look_, left_) : until_look_);
  }

  /// Lets the time since the last call pass, that of the looks included; says how long it was.
  /// @param counted  the time of the rollout so far that is a bake's, see `steering::counted`
  nanoseconds catch_up(nanoseconds counted) {
    const auto present = clock_.steady_now();
    const nanoseconds passed = present - std::exchange(caught_up_, present);
    until_look_ -= passed;
    left_ -= counted - std::exchange(counted_, counted);
    return passed;
  }

  /// By an earlier incarnation.
  void has_begun(time_window::time_point at) noexcept {
    window_end_ = at;
    seen_.begin = at;
    last_look_ = at;
  }

  /// Time that counts, of an earlier incarnation.
  void pass(nanoseconds time) noexcept { left_ -= time; }

  /// A look of an earlier incarnation. What was decided then stands; the judge only takes notice.
  void replay(const look_report& report, time_window::time_point at) {
    left_ = planned_ - report.elapsed;
    last_look_ = at;
    health_failures = report.unhealthy_looks.value_or(0);
    if (!report.collected) return;
    paired_windows seen{report.window, report.baseline, report.candidate};
    seen.contemporaneous = report.contemporaneous;
    seen.candidate_share = report.candidate_share;
    seen.divergence = report.divergence;
    take_notice_of(seen);
    static_cast<void>(judge_->look(seen));
    window_end_ = report.window.end;
  }

  /// After the last of them: the next window begins where the last one ended.
  void goes_on_here() {
    const auto present = clock_.now();
    left_ = std::max(left_, nanoseconds::zero());
    window_end_ = std::min(window_end_, present);
    window_end_steady_ = clock_.steady_now() - (present - window_end_);
    caught_up_ = clock_.steady_now();
    if (last_look_) {
      const nanoseconds since = present - *last_look_;
      until_look_ = std::clamp(interval_ - since, nanoseconds::zero(), interval_);
    }
  }

  [[nodiscard]] bool is_over() const noexcept { return left_ <= nanoseconds::zero(); }
  [[nodiscard]] bool look_is_due(bool goes_on) const noexcept {
    return until_look_ <= nanoseconds::zero() || (goes_on && is_over());
  }

  /// More time, since the bake did not decide.
  void extend(nanoseconds by) noexcept {
    left_ = by;
    planned_ += by;
  }

  /// The window since the last look that had metrics. As long as the steady clock says, also if the
  /// wall clock jumps; and without a gap or an overlap if it does not.
  [[nodiscard]] time_window next_window() const {
    using wall = time_window::time_point;
    const auto steady =
        std::chrono::duration_cast<wall::duration>(clock_.steady_now() - window_end_steady_);
    const wall end = clock_.now();
    const auto jump = (end - window_end_) - steady;
    const bool jumped = jump > std::chrono::seconds{1} || jump < std::chrono::seconds{-1};
    return {jumped || window_end_ >= end ? end - steady : window_end_, end};
  }

  void begin_next_window_after(const time_window& window) {
    window_end_ = window.end;
    window_end_steady_ = clock_.steady_now() - (clock_.now() - window.end);
  }

  void look_was_made() noexcept { until_look_ = interval_; }

  /// What the judge says about one more pair of windows.
  [[nodiscard]] look_report judge_windows(paired_windows seen) {
    take_notice_of(seen);
    look_report report;
    report.verdict = judge_->look(seen);
    report.window = seen.window;
    report.baseline = std::move(seen.baseline);
    report.candidate = std::move(seen.candidate);
    report.contemporaneous = seen.contemporaneous;
    report.candidate_share = candidate_share_;
    report.divergence = std::move(seen.divergence);
    report.elapsed = in_milliseconds(planned_ - left_);
    report.bake = in_milliseconds(planned_);
    if (health_failures > 0) report.unhealthy_looks = health_failures;
    return report;
  }

  /// What a look without metrics reports.
  [[nodiscard]] look_report blind_look(time_window window) const {
    look_report report;
    report.window = window;
    report.collected = false;
    report.contemporaneous = has_baseline();
    report.candidate_share = candidate_share_;
    report.elapsed = in_milliseconds(planned_ - left_);
    report.bake = in_milliseconds(planned_);
    if (health_failures > 0) report.unhealthy_looks = health_failures;
    return report;
  }

  /// For 3 windows in a row, or more, none of the candidate's requests came, and 100 were due.
  [[nodiscard]] bool candidate_is_silent() const noexcept {
    return silent_windows_ >= 3 && due_in_silence_ >= 100.0;
  }

  /// What both have done in this bake. The baseline's part is the reference of a later step that
  /// takes its traffic away.
  [[nodiscard]] paired_windows totals() const {
    if (totals_) return *totals_;
    paired_windows nothing{seen_, metrics_snapshot{}, metrics_snapshot{}};
    nothing.contemporaneous = has_baseline_;
    return nothing;
  }

  std::uint64_t health_failures = 0;  ///< looks in a row at which the candidate was not healthy
  int extensions = 0;

 private:
  static std::chrono::milliseconds in_milliseconds(nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time);
  }

  void take_notice_of(const paired_windows& seen) {
    if (!totals_) totals_ = std::make_unique<paired_windows>(totals());
    if (seen.contemporaneous) {
      totals_->baseline += seen.baseline;
    } else {
      totals_->baseline = seen.baseline;
    }
    totals_->candidate += seen.candidate;
    totals_->window.end = seen.window.end;
    count_silence(seen);
  }

  void count_silence(const paired_windows& seen) noexcept {
    if (!seen.contemporaneous || seen.candidate.requests > 0) {
      silent_windows_ = 0;
      due_in_silence_ = 0.0;
      return;
    }
    if (seen.baseline.requests == 0) return;  // nobody came, so nobody was kept from the candidate
    ++silent_windows_;
    due_in_silence_ += shadowed_ ? due_to_shadow(seen, *shadowed_)
                                 : static_cast<double>(seen.baseline.requests) *
                                       candidate_share_.basis_points() /
                                       candidate_share_.rest().basis_points();
  }

  /// Copies that were dropped on the way are told by themselves.
  static double due_to_shadow(const paired_windows& seen, share sampled) noexcept {
    double due = static_cast<double>(seen.baseline.requests) * sampled.basis_points() / 10'000.0;
    if (!seen.divergence) return due;
    for (const auto& [cause, count] : seen.divergence->dropped) due -= static_cast<double>(count);
    return std::max(due, 0.0);
  }

  shared_text step_;
  shared_text verb_;
  nanoseconds interval_;
  nanoseconds extension_;
  share candidate_share_;
  std::optional<share> shadowed_;
  bool has_baseline_;
  std::unique_ptr<judge> judge_;
  const clock& clock_;
  nanoseconds left_;
  nanoseconds planned_;
  nanoseconds until_look_;
  clock::steady_time_point caught_up_ = clock_.steady_now();
  nanoseconds counted_;
  time_window::time_point window_end_;
  clock::steady_time_point window_end_steady_;
  time_window seen_;                                  ///< by the looks so far, if there was none
  std::unique_ptr<paired_windows> totals_;            ///< null before the first look
  std::optional<time_window::time_point> last_look_;  ///< of an earlier incarnation
  int silent_windows_ = 0;
  double due_in_silence_ = 0.0;
};

}  // namespace hotswap::inline v0_1
