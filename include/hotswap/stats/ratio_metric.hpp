#pragma once

/// @file
/// Ratios of sums, such as clicks per view, of users who have many of both.
///
///     covariance baseline;   // add(clicks, views) for each user
///     covariance candidate;
///     const auto test = ratio_metric_test(baseline, candidate);
///     test.relative_change;  // 0.021: 2.1 % more clicks per view
///
/// Views of one user are not independent, so clicks per view is no proportion. Users are.
///
/// Source
///   [D]  A. Deng, U. Knoblich, J. Lu, "Applying the delta method in metric analytics: a practical
///        guide with novel ideas", KDD 2018, 233-242.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/covariance.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/normal.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct ratio_metric_options {
  stats::alternative alternative = stats::alternative::two_sided;
  double confidence = 0.95;  ///< level of the intervals, in (0, 1); the p-value ignores it
};

/// A ratio of means and the variance of that estimate.
struct ratio_estimate {
  double ratio = 0.0;
  double variance = 0.0;
};

struct ratio_metric_result {
  ratio_estimate baseline;
  ratio_estimate candidate;
  double difference = 0.0;  ///< of the ratios, candidate - baseline
  double standard_error = 0.0;
  double statistic = 0.0;  ///< z
  double p_value = 1.0;    ///< of a z at least this extreme, if the ratios are equal
  double log_p_value = 0.0;
  interval difference_interval;  ///< half-infinite if one-sided
  double relative_change = 0.0;  ///< candidate / baseline - 1
  double relative_standard_error = 0.0;
  interval relative_interval;  ///< half-infinite if one-sided
};

/// The ratio of the mean of y to that of x, and its variance by the delta method [D].
/// @throws std::domain_error  for fewer than two pairs, one that is not finite, or a mean of x of
///   0.
[[nodiscard]] inline ratio_estimate ratio_of_means(const covariance& of) {
  if (of.count() < 2 || !of.finite()) {
    throw std::domain_error("ratio_metric: there must be at least 2 pairs, all finite, got " +
                            std::to_string(of.count()));
  }
  const double denominator = of.x().mean();
  if (denominator == 0.0) {
    throw std::domain_error("ratio_metric: the mean of x must not be 0, got 0");
  }
  const double ratio = of.y().mean() / denominator;
  const double spread =
      of.y().variance() - 2.0 * ratio * of.value() + ratio * ratio * of.x().variance();
  return {ratio,
          std::max(0.0, spread) / denominator / denominator / static_cast<double>(of.count())};
}

/// Do the ratios of two arms differ? By their difference, and relative to the baseline, [D]; both
/// are normal in the limit, for some hundred users and more.
///
/// Right to 12 significant digits. O(1).
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  as `ratio_of_means` does; for arms that do not vary, and for a
///   baseline whose ratio is 0.
[[nodiscard]] inline ratio_metric_result ratio_metric_test(
    const covariance& baseline, const covariance& candidate,
    const ratio_metric_options& options = {}) {
  require_confidence(options.confidence, "ratio_metric_test");
  ratio_metric_result result;
  result.baseline = ratio_of_means(baseline);
  result.candidate = ratio_of_means(candidate);
  const auto [from, variance_from] = result.baseline;
  const auto [to, variance_to] = result.candidate;
  if (variance_from + variance_to == 0.0) {
    throw std::domain_error("ratio_metric_test: an arm must vary, got two constant ones");
  }
  if (from == 0.0) {
    throw std::domain_error("ratio_metric_test: the ratio of baseline must not be 0, got 0");
  }

  result.difference = to - from;
  result.standard_error = std::sqrt(variance_from + variance_to);
  result.statistic = result.difference / result.standard_error;
  const tail_probability tail = normal_p_value(result.statistic, options.alternative);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;
  const double lift = to / from;
  result.relative_change = result.difference / from;
  result.relative_standard_error =
      std::sqrt(variance_to + lift * lift * variance_from) / std::abs(from);

  const double outside = 1.0 - options.confidence;
  const bool is_two_sided = options.alternative == alternative::two_sided;
  const double z = normal_upper_quantile(is_two_sided ? outside / 2.0 : outside);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const auto around = [&](double estimate, double error) {
    interval bounds{estimate - z * error, estimate + z * error};
    if (options.alternative == alternative::less) bounds.lower = -infinity;
    if (options.alternative == alternative::greater) bounds.upper = infinity;
    return bounds;
  };
  result.difference_interval = around(result.difference, result.standard_error);
  result.relative_interval = around(result.relative_change, result.relative_standard_error);
  return result;
}

}  // namespace hotswap::inline v0_1::stats
