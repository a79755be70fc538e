#pragma once

/// @file
/// Clopper and Pearson's interval: between which bounds does a rate lie, for certain?
///
///     const auto [lower, upper] = clopper_pearson({3, 20}, {.confidence = 0.999});
///
/// Every judge includes this, so it needs no Boost: a bound is the root of a finite sum.
///
/// Source
///   [CP] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
///   the
///        case of the binomial", Biometrika 26 (1934), 404-413; binom.test of R's package stats.

#include <hotswap/stats/binomial_tail.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/proportion.hpp>

#include <cmath>
#include <limits>

namespace hotswap::inline v0_1::stats {

struct clopper_pearson_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1); each bound errs in half of the rest
};

namespace detail {

/// The rate at which P(X >= count) is `tail`, a probability below one half.
///
/// In the logit of the rate, the logarithm of that probability is increasing and concave. So one
/// Newton step from anywhere leads to the left of the root, and all further ones towards it.
inline binomial_rate rate_of_tail(double count, double trials, double tail) {
  const double failures = trials - count + 1.0;
  const double deviations = std::sqrt(-2.0 * std::log(2.0 * tail));  // at least the quantile's
  double logit =
      std::log(count / failures) - deviations * std::sqrt((trials + 1.0) / count / failures);

  double last_step = std::numeric_limits<double>::infinity();
  for (bool first = true;; first = false) {
    const auto at = binomial_rate::of_logit(logit);
    const auto [log_probability, slope] = binomial_upper_tail(count, trials, at);
    const double step = (std::log(tail) - log_probability) / slope;
    // A step back, or one that does not shrink, is rounding.
    if (!first && !(step < last_step && step > 0.0)) return at;
    logit += step;
    if (!first) last_step = step;
  }
}

}  // namespace detail

/// The interval of [CP]: the rates at which what was seen is not too unlikely, on either side.
///
/// It covers the true rate at least as often as `confidence` says, at any number of trials; without
/// trials it is [0, 1]. All bounds have 12 digits, those below 1e-9 too. Some microseconds; some
/// hundred where both outcomes were seen a million times, and O(1) beyond.
///
/// @throws std::invalid_argument  for `confidence` outside (0, 1).
[[nodiscard]] inline interval clopper_pearson(const proportion& seen,
                                              const clopper_pearson_options& options = {}) {
  require_confidence(options.confidence, "clopper_pearson");
  const auto successes = static_cast<double>(seen.successes());
  const auto failures = static_cast<double>(seen.trials() - seen.successes());
  const auto trials = static_cast<double>(seen.trials());
  const double tail = (1.0 - options.confidence) / 2.0;

  interval result{.lower = 0.0, .upper = 1.0};
  if (successes > 0.0) result.lower = detail::rate_of_tail(successes, trials, tail).rate;
  if (failures > 0.0) result.upper = detail::rate_of_tail(failures, trials, tail).complement;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
