#pragma once

/// @file
/// Do the means differ? A comparison that may be looked at as often as one likes: the mixture
/// sequential probability ratio test (mSPRT).
///
///     always_valid_p_value p;
///     p.add(msprt(baseline, candidate, {.mixing_deviation = 0.01}).log_likelihood_ratio);
///     if (p.p_value() <= 0.05) { ... }   // at any look: the means differ
///
/// Sources
///   [J]  R. Johari, P. Koomen, L. Pekelis, D. Walsh, "Always valid inference: continuous
///        monitoring of A/B tests", Operations Research 70 (2022), 1806-1821: the mixture of
///        section 5 with a normal prior; arXiv 1512.04922.
///   [R]  H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of
///        Mathematical Statistics 41 (1970), 1397-1409.
///   [WS] I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central
///        limit theory and asymptotic confidence sequences" (2021), arXiv 2103.06476.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/always_valid_p_value.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/mixture_arguments.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/normal_mixture.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct msprt_options {
  /// How great a difference is looked for, in the samples' unit: the standard deviation, tau, of
  /// the differences that the null is compared with. Has no default: choose it before there are
  /// values.
  double mixing_deviation = 0.0;
  stats::alternative alternative = stats::alternative::two_sided;
  double null_difference = 0.0;  ///< the difference under test, in the samples' unit; a margin
  double confidence = 0.95;      ///< of the intervals at all looks together, in (0, 1)
};

struct msprt_result {
  double difference = 0.0;            ///< mean(candidate) - mean(baseline), in the samples' unit
  double standard_error = 0.0;        ///< of that difference, in the samples' unit
  double log_likelihood_ratio = 0.0;  ///< of the mixture to the null; the logarithm of an e-value
  double p_value = 1.0;               ///< min(1, 1 / likelihood ratio), at this look
  double log_p_value = 0.0;      ///< its logarithm, also where p_value is too small for a double
  interval difference_interval;  ///< of a confidence sequence; half-infinite if one-sided
};

namespace detail {

inline void require_answerable(const moments& baseline, const moments& candidate,
                               const msprt_options& options) {
  require_above_zero(options.mixing_deviation, "msprt", "mixing_deviation");
  require_confidence(options.confidence, "msprt");
  if (!std::isfinite(options.null_difference)) {
    throw std::invalid_argument("msprt: null_difference must be finite, got " +
                                std::to_string(options.null_difference));
  }
  if (baseline.count() < 2 || candidate.count() < 2) {
    throw std::domain_error("msprt: each sample must have at least 2 values, got " +
                            std::to_string(baseline.count()) + " in baseline and " +
                            std::to_string(candidate.count()) + " in candidate");
  }
  if (!baseline.finite() || !candidate.finite()) {
    throw std::domain_error("msprt: the values must be finite, got one that is not in " +
                            std::string{baseline.finite() ? "candidate" : "baseline"});
  }
  if (baseline.variance() == 0.0 && candidate.variance() == 0.0) {
    throw std::domain_error("msprt: a sample must vary, got two constant ones");
  }
}

}  // namespace detail

/// The test of [J] at one look, by moments of all values so far. With d = difference - null
/// difference, v its squared standard error and tau the mixing deviation,
///
///     log likelihood ratio = log(v / (v + tau^2)) / 2 + tau^2 d^2 / (2 v (v + tau^2))
///
/// if two-sided. `less` and `greater` ask about the candidate, and mix over differences of that
/// sign alone; the test then has the more power, and the ratio is above a half of that times 2 P(Z
/// < +-d tau / sqrt(v (v + tau^2))).
///
/// If the null is true, P(ratio >= 1 / alpha at any look) is at most alpha; `always_valid_p_value`
/// is its p-value over several looks. The interval is that of [WS]: the differences that are not
/// rejected. Both are asymptotic, for the variances are estimates: start to look when the means are
/// near normal, at a hundred values or so.
///
/// 12 digits, but those that the difference has lost to the means. A tenth of a microsecond if
/// two-sided; a few for the one-sided interval. Allocates nothing, safe from any thread.
///
/// @throws std::invalid_argument  for a mixing deviation that is not above 0 and finite, a null
///   difference that is not finite, or a confidence outside (0, 1).
/// @throws std::domain_error  where the test has no answer: fewer than two values in a sample, or
///   one that is not finite, no variance in either, a mixing deviation that is not within a factor
///   of 1e100 of the standard error, or a difference of more than 1e150 of those. It never returns
///   NaN.
[[nodiscard]] inline msprt_result msprt(const moments& baseline, const moments& candidate,
                                        const msprt_options& options) {
  detail::require_answerable(baseline, candidate, options);
  msprt_result result;
  result.difference = candidate.mean() - baseline.mean();
  result.standard_error = std::sqrt(baseline.variance() / static_cast<double>(baseline.count()) +
                                    candidate.variance() / static_cast<double>(candidate.count()));
  const double error_share = result.standard_error / options.mixing_deviation;
  if (!(error_share >= 1e-100 && error_share <= 1e100)) {
    throw std::domain_error(
        "msprt: mixing_deviation must lie within a factor of 1e100 of the standard error, got " +
        std::to_string(options.mixing_deviation) + " for " + std::to_string(result.standard_error));
  }

  // In units of the standard error, in which the sum is z and its variance 1.
  const double z = (result.difference - options.null_difference) / result.standard_error;
  if (!(std::abs(z) <= 1e150)) {
    throw std::domain_error("msprt: the difference must lie within 1e150 standard errors, got " +
                            std::to_string(result.difference) + " at a standard error of " +
                            std::to_string(result.standard_error));
  }
  const double rho = error_share * error_share;
  const two_sided_normal_mixture both{rho};
  const normal_mixture one{rho};
  const double alpha = 1.0 - options.confidence;
  constexpr double infinity = std::numeric_limits<double>::infinity();

  double radius = infinity;
  switch (options.alternative) {
    case alternative::two_sided:
      result.log_likelihood_ratio = both.log_e(z, 1.0);
      radius = result.standard_error * both.boundary(1.0, alpha);
      result.difference_interval = {result.difference - radius, result.difference + radius};
      break;
    case alternative::less:
      result.log_likelihood_ratio = one.log_e(-z, 1.0);
      radius = result.standard_error * one.boundary(1.0, alpha);
      result.difference_interval = {-infinity, result.difference + radius};
      break;
    case alternative::greater:
      result.log_likelihood_ratio = one.log_e(z, 1.0);
      radius = result.standard_error * one.boundary(1.0, alpha);
      result.difference_interval = {result.difference - radius, infinity};
      break;
  }
  const tail_probability tail = p_value_of_e(result.log_likelihood_ratio);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
