#pragma once

/// @file
/// The difference of two rates, with all its digits.
///
///     rate_difference({412, 8000}, {498, 8100});  // 0.00998: candidate - baseline

#include <hotswap/stats/proportion.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// a * b - c * d without cancellation (W. Kahan): counts of 1e15 keep their differences.
inline double difference_of_products(double a, double b, double c, double d) {
  const double product = c * d;
  const double rounding = std::fma(-c, d, product);
  return std::fma(a, b, -product) + rounding;
}

/// @param function  that the message begins with
/// @throws std::domain_error  unless both have trials.
inline void require_trials(const proportion& baseline, const proportion& candidate,
                           const char* function) {
  if (baseline.trials() > 0 && candidate.trials() > 0) return;
  throw std::domain_error(std::string{function} +
                          ": each proportion must have at least 1 trial, got " +
                          std::to_string(baseline.trials()) + " in baseline and " +
                          std::to_string(candidate.trials()) + " in candidate");
}

/// rate(candidate) - rate(baseline) of proportions that have trials. Subtracted before it is
/// divided, so that rates which agree in their first digits do not lose the others.
inline double rate_difference(const proportion& baseline, const proportion& candidate) {
  const auto baseline_trials = static_cast<double>(baseline.trials());
  const auto candidate_trials = static_cast<double>(candidate.trials());
  return difference_of_products(static_cast<double>(candidate.successes()), baseline_trials,
                                static_cast<double>(baseline.successes()), candidate_trials) /
         baseline_trials / candidate_trials;
}

}  // namespace hotswap::inline v0_1::stats
