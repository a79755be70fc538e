#pragma once

/// @file
/// The z-test of two rates, and their ratio: what textbooks do with large samples.
///
///     const auto test = two_proportions_test({412, 8000}, {498, 8100});
///     if (test.p_value < 0.05) { ... }                                // the rates differ
///     const auto [ratio, bounds] = rate_ratio({412, 8000}, {498, 8100});
///
/// With a margin, or few of either outcome: <hotswap/stats/farrington_manning.hpp> and
/// <hotswap/stats/fisher_exact.hpp>.
///
/// Source
///   [K]  D. Katz, J. Baptista, S. P. Azen, M. C. Pike, "Obtaining confidence intervals for the
///   risk
///        ratio in cohort studies", Biometrics 34 (1978), 469-474; method C.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct two_proportions_options {
  stats::alternative alternative = stats::alternative::two_sided;
  bool pooled = true;        ///< the variance if both rates are equal; else that of each (Wald)
  double confidence = 0.95;  ///< level of the interval, in (0, 1); the p-value ignores it
};

struct two_proportions_result {
  double difference = 0.0;      ///< rate(candidate) - rate(baseline)
  double standard_error = 0.0;  ///< of that difference, pooled or not
  double statistic = 0.0;       ///< z: how many of them the difference is
  double p_value = 1.0;         ///< of a z at least this extreme, if the rates are equal
  double log_p_value = 0.0;
  interval difference_interval;  ///< Wald's, by the variance of each; half-infinite if one-sided
};

/// Are the two rates equal? Pooled, z is the signed root of Pearson's chi-square.
///
/// The interval is the textbook's, which is too narrow with few of either outcome: prefer
/// `newcombe` or `miettinen_nurminen`. Right to 12 significant digits. O(1).
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  where the test has no answer: no trials in one of the two, or only
///   successes or only failures in both; unpooled, in each.
[[nodiscard]] inline two_proportions_result two_proportions_test(
    const proportion& baseline, const proportion& candidate,
    const two_proportions_options& options = {}) {
  require_confidence(options.confidence, "two_proportions_test");
  require_trials(baseline, candidate, "two_proportions_test");
  const auto trials_a = static_cast<double>(baseline.trials());
  const auto trials_b = static_cast<double>(candidate.trials());
  const auto successes_a = static_cast<double>(baseline.successes());
  const auto successes_b = static_cast<double>(candidate.successes());
  const auto failures_a = static_cast<double>(baseline.trials() - baseline.successes());
  const auto failures_b = static_cast<double>(candidate.trials() - candidate.successes());
  const double trials = trials_a + trials_b;

  const double pooled = (successes_a + successes_b) / trials *
                        ((failures_a + failures_b) / trials) * (trials / trials_a / trials_b);
  const double unpooled = successes_a / trials_a * (failures_a / trials_a) / trials_a +
                          successes_b / trials_b * (failures_b / trials_b) / trials_b;
  const double variance = options.pooled ? pooled : unpooled;
  if (variance == 0.0) {
    throw std::domain_error("two_proportions_test: both outcomes must occur, got " +
                            std::to_string(baseline.successes()) + " of " +
                            std::to_string(baseline.trials()) + " in baseline and " +
                            std::to_string(candidate.successes()) + " of " +
                            std::to_string(candidate.trials()) + " in candidate");
  }

  two_proportions_result result;
  result.difference = rate_difference(baseline, candidate);
  result.standard_error = std::sqrt(variance);
  result.statistic = result.difference / result.standard_error;
  const tail_probability tail = normal_p_value(result.statistic, options.alternative);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;

  const double outside = 1.0 - options.confidence;
  const bool is_two_sided = options.alternative == alternative::two_sided;
  const double margin =
      normal_upper_quantile(is_two_sided ? outside / 2.0 : outside) * std::sqrt(unpooled);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  result.difference_interval = {result.difference - margin, result.difference + margin};
  if (options.alternative == alternative::less) result.difference_interval.lower = -infinity;
  if (options.alternative == alternative::greater) result.difference_interval.upper = infinity;
  return result;
}

struct rate_ratio_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1)
};

struct rate_ratio_result {
  double ratio = 1.0;  ///< rate(candidate) / rate(baseline)
  interval ratio_interval;
};

/// The ratio of the rates, with the interval of [K], which is symmetric in its logarithm.
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
/// @throws std::domain_error  for a proportion without successes.
[[nodiscard]] inline rate_ratio_result rate_ratio(const proportion& baseline,
                                                  const proportion& candidate,
                                                  const rate_ratio_options& options = {}) {
  require_confidence(options.confidence, "rate_ratio");
  if (baseline.successes() == 0 || candidate.successes() == 0) {
    throw std::domain_error("rate_ratio: each proportion must have at least 1 success, got " +
                            std::to_string(baseline.successes()) + " in baseline and " +
                            std::to_string(candidate.successes()) + " in candidate");
  }
  // 1 / successes - 1 / trials
  const auto relative_variance = [](const proportion& of) {
    return static_cast<double>(of.trials() - of.successes()) / static_cast<double>(of.trials()) /
           static_cast<double>(of.successes());
  };
  const double z = normal_upper_quantile((1.0 - options.confidence) / 2.0);
  const double factor =
      std::exp(z * std::sqrt(relative_variance(baseline) + relative_variance(candidate)));
  const double ratio = candidate.rate() / baseline.rate();
  return {ratio, {ratio / factor, ratio * factor}};
}

}  // namespace hotswap::inline v0_1::stats
