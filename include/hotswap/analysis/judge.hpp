#pragma once

/// @file
/// What a rollout asks at each look: is the candidate as good as the baseline?
///
///     class my_judge final : public hotswap::judge {
///       hotswap::verdict look(const hotswap::paired_windows& seen) override;
///     };

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>

#include <optional>
#include <utility>

namespace hotswap::inline v0_1 {

/// What both versions did in the same stretch of time.
class paired_windows {
 public:
  paired_windows(time_window during, metrics_snapshot of_baseline, metrics_snapshot of_candidate)
      : window(during), baseline(std::move(of_baseline)), candidate(std::move(of_candidate)) {}

  time_window window;
  metrics_snapshot baseline;
  metrics_snapshot candidate;
  /// False if the rollout itself has taken the baseline's traffic away: `baseline` then is a
  /// recorded reference, the same one at each look of the step.
  bool contemporaneous = true;
  share candidate_share;  ///< in force during the window; 0 for a shadow, and if it is not known
  std::optional<divergence_snapshot> divergence;  ///< of a shadow's answers, where one is compared
};

/// Judges one step of one rollout, whose shares are constant. Its state is a function of the looks
/// it was shown, so that it can be rebuilt from their records. Not shared between threads.
class judge {
 public:
  judge() = default;
  judge(const judge&) = delete;
  judge& operator=(const judge&) = delete;
  virtual ~judge() = default;

  /// Adds a window, and judges all that was seen in this step. `fail` ends the step at once; `pass`
  /// counts when the bake is over. What it throws rolls the rollout back.
  [[nodiscard]] virtual verdict look(const paired_windows& seen) = 0;
};

}  // namespace hotswap::inline v0_1
