#pragma once

/// @file
/// Confidence intervals that one may look at as often as one likes.
///
///     const interval of_mean = confidence_sequence(latency, {.optimal_count = 5000.0});
///
/// All intervals of a sequence together contain the truth with the probability that an ordinary one
/// has for a single look. The price is a width about twice that of an ordinary interval.
///
/// Sources
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080: eq. 14.
///   [WS] I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central
///        limit theory and asymptotic confidence sequences" (2021), arXiv 2103.06476.

#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/mixture_arguments.hpp>
#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// A sum of differences, each times a weight; what it divides by, to be a mean again.
struct weighted_sum {
  double sum = 0.0;
  double variance = 0.0;  ///< of the sum
  double weight = 0.0;    ///< the sum of the weights
};

struct confidence_sequence_options {
  double confidence = 0.95;  ///< of all intervals together, in (0, 1)
  double optimal_count =
      5000.0;  ///< at which count the interval is to be narrowest; choose it first
};

/// The interval of [H] for the mean difference, sum / weight: those values that the mixture does
/// not reject at alpha = 1 - confidence.
///
/// @throws std::invalid_argument  for a confidence outside (0, 1), a sum or variance that is not
///   finite, a variance below 0, a weight that is not above 0.
[[nodiscard]] inline interval confidence_sequence(const weighted_sum& seen,
                                                  const two_sided_normal_mixture& mixture,
                                                  double confidence = 0.95) {
  require_confidence(confidence, "confidence_sequence");
  require_evidence(seen.sum, seen.variance, "confidence_sequence");
  require_above_zero(seen.weight, "confidence_sequence", "weight");
  const double radius = mixture.boundary(seen.variance, 1.0 - confidence);
  return {(seen.sum - radius) / seen.weight, (seen.sum + radius) / seen.weight};
}

/// The asymptotic sequence of [WS] for the mean of values that are drawn one after the other: right
/// for counts at which their mean is near normal.
///
/// @throws std::invalid_argument  for a confidence outside (0, 1), an optimal count that is not
///   above 0.
/// @throws std::domain_error  for fewer than two values, values that do not vary, or a mean or
///   variance that is not finite.
[[nodiscard]] inline interval confidence_sequence(const moments& seen,
                                                  const confidence_sequence_options& options = {}) {
  require_confidence(options.confidence, "confidence_sequence");
  require_above_zero(options.optimal_count, "confidence_sequence", "optimal_count");
  if (seen.count() < 2) {
    throw std::domain_error("confidence_sequence: there must be at least 2 values, got " +
                            std::to_string(seen.count()));
  }
  if (!seen.finite()) {
    throw std::domain_error("confidence_sequence: the values must be finite, got one that is not");
  }
  const double variance = seen.variance();
  if (variance == 0.0) {
    throw std::domain_error("confidence_sequence: the values must vary, got constant ones");
  }
  const auto count = static_cast<double>(seen.count());
  const double alpha = 1.0 - options.confidence;
  // In units of the standard deviation, so that no variance is too small or too great.
  const two_sided_normal_mixture mixture{two_sided_rho(options.optimal_count, alpha)};
  const double radius = std::sqrt(variance) * mixture.boundary(count, alpha) / count;
  return {seen.mean() - radius, seen.mean() + radius};
}

}  // namespace hotswap::inline v0_1::stats
