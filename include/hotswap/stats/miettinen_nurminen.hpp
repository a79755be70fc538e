#pragma once

/// @file
/// Miettinen and Nurminen's score interval: which differences of two rates would not be rejected?
///
///     const auto [lower, upper] = miettinen_nurminen({412, 8000}, {498, 8100});
///
/// Source
///   [MN] O. Miettinen, M. Nurminen, "Comparative analysis of two rates", Statistics in Medicine 4
///        (1985), 213-226; with their factor N / (N - 1) of the variance.

#include <hotswap/stats/bracketed_root.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <algorithm>
#include <cmath>

namespace hotswap::inline v0_1::stats {

struct miettinen_nurminen_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1)
};

/// The interval of [MN] for rate(candidate) - rate(baseline): the closest to the level that it
/// states among those without an exact computation, with few trials and with rates near 0 or 1 as
/// well.
///
/// Right to 12 significant digits. Some fifty microseconds.
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  for a proportion without trials.
[[nodiscard]] inline interval miettinen_nurminen(const proportion& baseline,
                                                 const proportion& candidate,
                                                 const miettinen_nurminen_options& options = {}) {
  require_confidence(options.confidence, "miettinen_nurminen");
  require_trials(baseline, candidate, "miettinen_nurminen");
  const double z = normal_upper_quantile((1.0 - options.confidence) / 2.0);
  const double trials =
      static_cast<double>(baseline.trials()) + static_cast<double>(candidate.trials());
  const double shrink = std::sqrt((trials - 1.0) / trials);
  const double difference = rate_difference(baseline, candidate);

  // Above 0 where a difference is too small to be true, by `sign` 1, or too large, by -1.
  const auto excess = [&](double at, double sign) {
    const double score = sign * score_statistic(baseline, candidate, at) * shrink;
    return std::clamp(score, -10.0 * z, 10.0 * z) - z;
  };
  interval result{.lower = -1.0, .upper = 1.0};
  if (difference > -1.0) {
    result.lower = bracketed_root([&](double at) { return excess(at, 1.0); }, -1.0, difference);
  }
  if (difference < 1.0) {
    result.upper = bracketed_root([&](double at) { return excess(at, -1.0); }, difference, 1.0);
  }
  return result;
}

}  // namespace hotswap::inline v0_1::stats
