#pragma once

/// @file
/// Welch's t-test: do two samples of unequal variance and size have the same mean?
///
///     const auto test = welch_t_test(baseline, candidate, {.alternative = alternative::greater});
///     if (test.p_value < 0.05) { ... }  // the candidate's mean is greater
///
/// Sources
///   [W]  B. L. Welch, "The generalization of 'Student's' problem when several different population
///        variances are involved", Biometrika 34 (1947), 28-35.
///   [S]  F. E. Satterthwaite, "An approximate distribution of estimates of variance components",
///        Biometrics Bulletin 2 (1946), 110-114.
///   [R]  t.test(candidate, baseline, alternative, mu, conf.level) of R's package stats.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/student_t.hpp>

#include <cmath>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct welch_options {
  stats::alternative alternative = stats::alternative::two_sided;
  double null_difference = 0.0;  ///< the difference under test, in the samples' unit; a margin
  double confidence = 0.95;      ///< level of the interval, in (0, 1); the p-value ignores it
};

struct welch_result {
  double difference = 0.0;          ///< mean(candidate) - mean(baseline), in the samples' unit
  double standard_error = 0.0;      ///< of that difference, in the samples' unit
  double statistic = 0.0;           ///< t: how many standard errors from the null difference
  double degrees_of_freedom = 0.0;  ///< Welch-Satterthwaite; rarely a whole number
  double p_value = 1.0;             ///< of a t at least this extreme, if the null is true
  double log_p_value = 0.0;         ///< its logarithm, also where p_value is too small for a double
  interval difference_interval;     ///< at level `confidence`; half-infinite if one-sided
};

namespace detail {

/// [S], written in shares of the squared error: no variance is ever squared, so none can overflow
/// or vanish.
inline double satterthwaite(double baseline_share, double baseline_count, double candidate_share,
                            double candidate_count) {
  return 1.0 / (baseline_share * baseline_share / (baseline_count - 1.0) +
                candidate_share * candidate_share / (candidate_count - 1.0));
}

inline void require_finite(const moments& sample, const char* name) {
  if (sample.finite()) return;
  throw std::domain_error(
      "welch_t_test: " + std::string{name} + " must have finite moments, got a mean of " +
      std::to_string(sample.mean()) + " and a variance of " + std::to_string(sample.variance()));
}

inline void require_answerable(const moments& baseline, const moments& candidate,
                               const welch_options& options) {
  if (!(options.confidence > 0.0 && options.confidence < 1.0)) {
    throw std::invalid_argument("welch_t_test: confidence must lie between 0 and 1, got " +
                                std::to_string(options.confidence));
  }
  if (!std::isfinite(options.null_difference)) {
    throw std::invalid_argument("welch_t_test: null_difference must be finite, got " +
                                std::to_string(options.null_difference));
  }
  if (baseline.count() < 2 || candidate.count() < 2) {
    throw std::domain_error("welch_t_test: each sample must have at least 2 values, got " +
                            std::to_string(baseline.count()) + " in baseline and " +
                            std::to_string(candidate.count()) + " in candidate");
  }
  require_finite(baseline, "baseline");
  require_finite(candidate, "candidate");
}

}  // namespace detail

/// The test of [W]: does the mean of `candidate` differ from that of `baseline`? Moments suffice.
///
/// `less` and `greater` ask about the candidate: `greater` gives a small p-value when the
/// candidate's mean is the greater one. A few slow requests can hide a difference of means: for
/// latencies, compare the distributions.
///
/// Agrees with [R] to 12 significant digits, unless the means agree in their first four already: a
/// difference has no more digits than the means that it is taken from. O(1), allocates nothing,
/// safe from any thread.
///
/// @throws std::domain_error  where the test has no answer: fewer than two values in a sample, one
///   that is not finite, or no variance in either. It never returns NaN.
/// @throws std::invalid_argument  for `confidence` outside (0, 1), or `null_difference` not finite.
[[nodiscard]] inline welch_result welch_t_test(const moments& baseline, const moments& candidate,
                                               const welch_options& options = {}) {
  detail::require_answerable(baseline, candidate, options);

  const auto baseline_count = static_cast<double>(baseline.count());
  const auto candidate_count = static_cast<double>(candidate.count());
  const double baseline_term = baseline.variance() / baseline_count;
  const double candidate_term = candidate.variance() / candidate_count;
  const double squared_error = baseline_term + candidate_term;
  if (squared_error == 0.0) {
    throw std::domain_error("welch_t_test: a sample must vary, got two constant ones");
  }

  welch_result result;
  result.difference = candidate.mean() - baseline.mean();
  result.standard_error = std::sqrt(squared_error);
  result.statistic = (result.difference - options.null_difference) / result.standard_error;
  result.degrees_of_freedom =
      detail::satterthwaite(baseline_term / squared_error, baseline_count,
                            candidate_term / squared_error, candidate_count);

  const tail_probability tail =
      student_t_p_value(result.statistic, result.degrees_of_freedom, options.alternative);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;

  const double outside = 1.0 - options.confidence;
  const bool is_two_sided = options.alternative == alternative::two_sided;
  const double margin =
      result.standard_error *
      student_t_upper_quantile(is_two_sided ? outside / 2.0 : outside, result.degrees_of_freedom);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  result.difference_interval = {
      options.alternative == alternative::less ? -infinity : result.difference - margin,
      options.alternative == alternative::greater ? infinity : result.difference + margin};
  return result;
}

/// The same from the samples themselves, each read once.
[[nodiscard]] inline welch_result welch_t_test(std::span<const double> baseline,
                                               std::span<const double> candidate,
                                               const welch_options& options = {}) {
  return welch_t_test(moments::of(baseline), moments::of(candidate), options);
}

}  // namespace hotswap::inline v0_1::stats
