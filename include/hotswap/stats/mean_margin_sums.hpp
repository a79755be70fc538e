#pragma once

/// @file
/// What windows of means add up to: the contrast, and all that its variance is estimated from.
///
///     mean_margin_sums all;
///     all += mean_margin_window(baseline_moments, candidate_moments, {.slope = 1.5});
///
/// A variance is estimated within the windows: what differs between them is no part of it.

#include <hotswap/stats/linear_contrast.hpp>
#include <hotswap/stats/moments.hpp>

namespace hotswap::inline v0_1::stats {

/// What windows add up to in one arm.
struct mean_margin_arm {
  double values = 0.0;
  double freedom = 0.0;  ///< sum of (values of a window - 1)
  double squares = 0.0;  ///< squared deviations from the mean of the arm's own window
  double share = 0.0;  ///< sum of squared weight / values: of the arm's variance in that of the sum
  double noise_share = 0.0;  ///< the same of the contrasts, each divided by the root of its weight

  mean_margin_arm& operator+=(const mean_margin_arm& other) noexcept {
    values += other.values;
    freedom += other.freedom;
    squares += other.squares;
    share += other.share;
    noise_share += other.noise_share;
    return *this;
  }
  friend bool operator==(const mean_margin_arm&, const mean_margin_arm&) = default;
};

struct mean_margin_sums {
  double weight = 0.0;
  double squared_weight = 0.0;
  double sum = 0.0;  ///< of the weighted contrasts
  mean_margin_arm baseline;
  mean_margin_arm candidate;

  mean_margin_sums& operator+=(const mean_margin_sums& other) noexcept {
    weight += other.weight;
    squared_weight += other.squared_weight;
    sum += other.sum;
    baseline += other.baseline;
    candidate += other.candidate;
    return *this;
  }
  friend bool operator==(const mean_margin_sums&, const mean_margin_sums&) = default;
};

/// One window, of which both arms have values.
inline mean_margin_sums mean_margin_window(const moments& baseline, const moments& candidate,
                                           const linear_contrast& contrast) {
  const auto arm_of = [](const moments& arm, double weight) {
    const auto values = static_cast<double>(arm.count());
    return mean_margin_arm{.values = values,
                           .freedom = values - 1.0,
                           .squares = arm.sum_of_squared_deviations(),
                           .share = weight * (weight / values),
                           .noise_share = weight / values};
  };
  const auto of_baseline = static_cast<double>(baseline.count());
  const auto of_candidate = static_cast<double>(candidate.count());
  // The origins first: means of 1e9 keep the digits of their difference.
  const double gap =
      (candidate.raw().origin - contrast.slope * baseline.raw().origin - contrast.offset) +
      (candidate.raw().mean_distance - contrast.slope * baseline.raw().mean_distance);

  mean_margin_sums window;
  window.weight = of_baseline * (of_candidate / (of_baseline + of_candidate));
  window.squared_weight = window.weight * window.weight;
  window.sum = window.weight * gap;
  window.baseline = arm_of(baseline, window.weight);
  window.candidate = arm_of(candidate, window.weight);
  return window;
}

/// Of one value, in the unit of the contrast.
struct mean_margin_variances {
  double baseline = 0.0;  ///< times the squared slope
  double candidate = 0.0;
  double common = 0.0;  ///< of both arms, as if they had the same
};

/// From windows of which some had more than one value, in each arm.
inline mean_margin_variances variances_of_one(const mean_margin_sums& windows,
                                              const linear_contrast& contrast) {
  const double squared_slope = contrast.slope * contrast.slope;
  const double of_baseline = squared_slope * windows.baseline.squares;
  const double of_candidate = windows.candidate.squares;
  return {.baseline = of_baseline / windows.baseline.freedom,
          .candidate = of_candidate / windows.candidate.freedom,
          .common = (of_baseline + of_candidate) /
                    (windows.baseline.freedom + windows.candidate.freedom)};
}

}  // namespace hotswap::inline v0_1::stats
