#pragma once

/// @file
/// Wilson's score interval: which rates would not be rejected after so many successes?
///
///     const auto [lower, upper] = wilson({3, 20}, {.confidence = 0.95});
///
/// Sources
///   [W]  E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
///        Journal of the American Statistical Association 22 (1927), 209-212.
///   [R]  prop.test(successes, trials, conf.level, correct = FALSE)$conf.int.

#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>

#include <cmath>
#include <stdexcept>

namespace hotswap::inline v0_1::stats {

struct wilson_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1)
};

/// How far the ends of an interval lie from the observed rate.
struct interval_arms {
  double below = 0.0;
  double above = 0.0;
};

/// Those of [W], for z standard errors. All digits are right even where trials are so many that the
/// interval is narrower than the last digit of the rate.
inline interval_arms wilson_arms(const proportion& seen, double z) {
  const auto trials = static_cast<double>(seen.trials());
  const auto successes = static_cast<double>(seen.successes());
  const auto failures = static_cast<double>(seen.trials() - seen.successes());
  const double spread = z * std::sqrt(successes * (failures / trials) + 0.25 * z * z);
  const double skew = 0.5 * z * z * ((failures - successes) / trials);  // towards one half
  // The difference of spread and |skew| is written as the quotient that cancels nothing.
  const double far = spread + std::abs(skew);
  const double near = z * z * (successes / trials) * (failures / trials) / far;
  const double wide = far / (trials + z * z);
  return skew >= 0.0 ? interval_arms{near, wide} : interval_arms{wide, near};
}

/// The interval of [W], without a correction for continuity. On average over rates it covers as
/// often as `confidence` says; near 0 and 1 it may cover less. `clopper_pearson` never does.
///
/// Agrees with [R] to 12 significant digits. O(1).
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  without trials.
[[nodiscard]] inline interval wilson(const proportion& seen, const wilson_options& options = {}) {
  require_confidence(options.confidence, "wilson");
  if (seen.trials() == 0) {
    throw std::domain_error("wilson: the proportion must have at least 1 trial, got 0");
  }
  const double z = normal_upper_quantile((1.0 - options.confidence) / 2.0);
  const auto trials = static_cast<double>(seen.trials());
  const auto successes = static_cast<double>(seen.successes());
  const auto failures = static_cast<double>(seen.trials() - seen.successes());
  const double spread = z * std::sqrt(successes * (failures / trials) + 0.25 * z * z);

  // The ends' product, (successes / trials) * successes / (trials + z^2), gives the lower one
  // without cancellation.
  interval result{.lower = 0.0, .upper = 1.0};
  if (successes > 0.0) {
    result.lower = successes / trials * successes / (successes + 0.5 * z * z + spread);
  }
  if (failures > 0.0) result.upper = (successes + 0.5 * z * z + spread) / (trials + z * z);
  return result;
}

}  // namespace hotswap::inline v0_1::stats
