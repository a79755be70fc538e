#pragma once

/// @file
/// Newcombe's hybrid score interval: how far apart are two rates?
///
///     const auto [lower, upper] = newcombe({412, 8000}, {498, 8100}, {.confidence = 0.95});
///
/// Source
///   [N]  R. G. Newcombe, "Interval estimation for the difference between independent proportions:
///        comparison of eleven methods", Statistics in Medicine 17 (1998), 873-890; method 10.

#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>
#include <hotswap/stats/wilson.hpp>

#include <cmath>

namespace hotswap::inline v0_1::stats {

struct newcombe_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1)
};

/// The interval of [N] for rate(candidate) - rate(baseline), without a correction for continuity.
/// It lies within [-1, 1], and has a width above 0 also where both rates are 0 or 1.
///
/// Right to 12 significant digits, unless an end is so much smaller than the difference that it is
/// the rest of a subtraction. O(1).
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  for a proportion without trials.
[[nodiscard]] inline interval newcombe(const proportion& baseline, const proportion& candidate,
                                       const newcombe_options& options = {}) {
  require_confidence(options.confidence, "newcombe");
  require_trials(baseline, candidate, "newcombe");
  const double z = normal_upper_quantile((1.0 - options.confidence) / 2.0);
  const double difference = rate_difference(baseline, candidate);
  const interval_arms of_baseline = wilson_arms(baseline, z);
  const interval_arms of_candidate = wilson_arms(candidate, z);
  return {.lower = difference - std::hypot(of_candidate.below, of_baseline.above),
          .upper = difference + std::hypot(of_candidate.above, of_baseline.below)};
}

}  // namespace hotswap::inline v0_1::stats
