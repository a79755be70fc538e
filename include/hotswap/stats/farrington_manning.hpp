#pragma once

/// @file
/// Farrington and Manning's test: do two rates differ by more than a margin?
///
///     const auto test = farrington_manning_test(
///         baseline, candidate, {.alternative = alternative::less, .null_difference = 0.01});
///     if (test.p_value < 0.05) { ... }  // the candidate's rate is not worse by 0.01
///
/// Source
///   [FM] C. P. Farrington, G. Manning, "Test statistics and sample size formulae for comparative
///        binomial trials with null hypothesis of non-zero risk difference or non-unity relative
///        risk", Statistics in Medicine 9 (1990), 1447-1454.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct farrington_manning_options {
  stats::alternative alternative = stats::alternative::two_sided;
  double null_difference = 0.0;     ///< of the rates, candidate - baseline; a margin, in (-1, 1)
  bool miettinen_nurminen = false;  ///< their factor N / (N - 1) of the variance
};

struct farrington_manning_result {
  double difference = 0.0;  ///< rate(candidate) - rate(baseline)
  double statistic = 0.0;   ///< z: how many standard errors from the null difference
  double p_value = 1.0;     ///< of a z at least this extreme, if the null is true
  double log_p_value = 0.0;
  double restricted_baseline = 0.0;  ///< the likeliest rates that the null difference allows
  double restricted_candidate = 0.0;
};

/// The score test of [FM]: is rate(candidate) - rate(baseline) the null difference? With
/// `null_difference` 0 it is the z-test with pooled variance, and its square Pearson's chi-square.
///
/// Right to 12 significant digits, unless the difference agrees with the null in its first ones.
///
/// @throws std::invalid_argument  for `null_difference` outside (-1, 1).
/// @throws std::domain_error  where the test has no answer: no trials in one of the two, or only
///   successes or only failures in both and a null difference of 0.
[[nodiscard]] inline farrington_manning_result farrington_manning_test(
    const proportion& baseline, const proportion& candidate,
    const farrington_manning_options& options = {}) {
  if (!(std::abs(options.null_difference) < 1.0)) {
    throw std::invalid_argument(
        "farrington_manning_test: null_difference must lie between -1 and 1, got " +
        std::to_string(options.null_difference));
  }
  require_trials(baseline, candidate, "farrington_manning_test");
  const auto successes = baseline.successes() + candidate.successes();
  const auto trials = baseline.trials() + candidate.trials();
  if (options.null_difference == 0.0 && (successes == 0 || successes == trials)) {
    throw std::domain_error(
        "farrington_manning_test: both outcomes must occur where the null difference is 0, got " +
        std::to_string(baseline.successes()) + " of " + std::to_string(baseline.trials()) +
        " in baseline and " + std::to_string(candidate.successes()) + " of " +
        std::to_string(candidate.trials()) + " in candidate");
  }

  const restricted_pair at = restricted_rates(baseline, candidate, options.null_difference);
  farrington_manning_result result;
  result.restricted_baseline = at.baseline.rate;
  result.restricted_candidate = at.candidate.rate;
  result.difference = rate_difference(baseline, candidate);
  result.statistic = score_statistic(baseline, candidate, options.null_difference);
  if (options.miettinen_nurminen) {
    const auto all = static_cast<double>(trials);
    result.statistic *= std::sqrt((all - 1.0) / all);
  }
  const tail_probability tail = normal_p_value(result.statistic, options.alternative);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
