#pragma once

/// @file
/// CUPED: a comparison of means that is freed of what was known before the experiment.
///
///     covariance baseline;   // add(spent in the experiment, spent before it) for each user
///     covariance candidate;
///     const auto test = cuped_test(baseline, candidate);
///     test.variance_ratio;   // 0.4: as good as 2.5 times the users
///
/// Source
///   [D]  A. Deng, Y. Xu, R. Kohavi, T. Walker, "Improving the sensitivity of online controlled
///        experiments by utilizing pre-experiment data", WSDM 2013, 123-132.

#include <hotswap/stats/covariance.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/welch.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct cuped_result : welch_result {
  double theta = 0.0;           ///< how much of x is taken off y
  double variance_ratio = 1.0;  ///< of the difference, adjusted against not
  moments baseline;             ///< of y - theta x
  moments candidate;
};

namespace detail {

/// Those of y - theta x.
inline moments adjusted(const covariance& of, double theta) {
  const double variance =
      of.y().variance() - 2.0 * theta * of.value() + theta * theta * of.x().variance();
  return moments::from_summary(of.count(), of.y().mean() - theta * of.x().mean(),
                               std::max(0.0, variance));
}

}  // namespace detail

/// Welch's test of y - theta x, [D], with the theta that leaves least variance within the arms. y
/// is the metric, x must be of the time before the experiment: an x that the candidate has changed
/// would take the effect off with it. The variance falls by the square of the correlation.
///
/// theta is taken as fixed, which is right for some hundred users and more. The means that it tells
/// are of y - theta x; their difference is that of y, up to chance. An x that does not vary changes
/// nothing. O(1).
///
/// @throws std::domain_error, std::invalid_argument  as `welch_t_test` does, and for fewer than two
///   pairs in an arm or one that is not finite.
[[nodiscard]] inline cuped_result cuped_test(const covariance& baseline,
                                             const covariance& candidate,
                                             const welch_options& options = {}) {
  if (baseline.count() < 2 || candidate.count() < 2) {
    throw std::domain_error("cuped_test: each arm must have at least 2 pairs, got " +
                            std::to_string(baseline.count()) + " in baseline and " +
                            std::to_string(candidate.count()) + " in candidate");
  }
  if (!baseline.finite() || !candidate.finite()) {
    throw std::domain_error("cuped_test: pairs must be finite, got others in " +
                            std::string{baseline.finite() ? "candidate" : "baseline"});
  }
  const double spread =
      baseline.x().sum_of_squared_deviations() + candidate.x().sum_of_squared_deviations();
  const double theta =
      spread == 0.0 ? 0.0 : (baseline.sum_of_products() + candidate.sum_of_products()) / spread;

  cuped_result result;
  result.baseline = detail::adjusted(baseline, theta);
  result.candidate = detail::adjusted(candidate, theta);
  static_cast<welch_result&>(result) = welch_t_test(result.baseline, result.candidate, options);
  result.theta = theta;
  const double plain = baseline.y().variance() / static_cast<double>(baseline.count()) +
                       candidate.y().variance() / static_cast<double>(candidate.count());
  result.variance_ratio = result.standard_error * result.standard_error / plain;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
