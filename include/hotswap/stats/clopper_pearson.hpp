#pragma once

/// @file
/// Clopper and Pearson's interval: between which bounds does a rate lie, for certain?
///
///     const auto [lower, upper] = clopper_pearson({3, 20}, {.confidence = 0.999});
///
/// Every judge includes this, so it needs no Boost: a bound is the root of a finite sum.
///
/// Sources
///   [CP] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in
///   the
///        case of the binomial", Biometrika 26 (1934), 404-413; binom.test of R's package stats.
///   [L]  C. Loader, "Fast and accurate computation of binomial probabilities" (2000): how to weigh
///        a million trials without losing the digits to their factorials.
///   [BN] O. E. Barndorff-Nielsen, "Inference on full or partial parameters based on the
///        standardized signed log likelihood ratio", Biometrika 73 (1986), 307-322: r*.

#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/proportion.hpp>

#include <cmath>
#include <limits>
#include <numbers>

namespace hotswap::inline v0_1::stats {

struct clopper_pearson_options {
  double confidence = 0.95;  ///< of the interval, in (0, 1); each bound errs in half of the rest
};

namespace detail {

/// A rate and its complement; both have all digits, however close to 0 either is.
struct binomial_rate {
  double rate = 0.0;
  double complement = 1.0;

  static binomial_rate of_logit(double logit) {
    return {1.0 / (1.0 + std::exp(-logit)), 1.0 / (1.0 + std::exp(logit))};
  }
};

/// log P(X >= count), and its derivative with respect to the logit of the rate.
struct binomial_tail {
  double log_probability = 0.0;
  double slope = 0.0;
};

/// log P(X = count), by [L].
inline double log_binomial(double count, double trials, const binomial_rate& at) {
  const double others = trials - count;
  if (others == 0.0) return count * std::log(at.rate);
  return 0.5 * std::log(trials / (2.0 * std::numbers::pi * count * others)) +
         stirling_error(trials) - stirling_error(count) - stirling_error(others) -
         deviance(count, trials * at.rate) - deviance(others, trials * at.complement);
}

/// The sum of P(X = count), P(X = count + 1), ..., of which all terms are positive. It takes some
/// ten standard deviations of terms.
inline binomial_tail summed_tail(double count, double trials, const binomial_rate& at) {
  const double odds = at.rate / at.complement;
  double term = 1.0;  // in units of P(X = count)
  double sum = 1.0;
  for (double more = 1.0; more <= trials - count; ++more) {
    term *= (trials - count - more + 1.0) / (count + more) * odds;
    sum += term;
    if (term < 1e-17 * sum) break;
  }
  return {log_binomial(count, trials, at) + std::log(sum), count * at.complement / sum};
}

/// The same by r* of [BN], for the beta distribution of the rate that has this tail; its correction
/// of r in powers of r. With a million successes and failures, a bound's relative error is 1e-14.
inline binomial_tail approximate_tail(double count, double trials, const binomial_rate& at) {
  const double failures = trials - count + 1.0;
  const double total = trials + 1.0;
  const double squared =
      2.0 * (deviance(count, total * at.rate) + deviance(failures, total * at.complement));
  const double r = std::copysign(std::sqrt(squared), count - total * at.rate);
  const double information = count * (failures / total);
  const double corrected = r + (count - failures) / total / (3.0 * std::sqrt(information)) -
                           r * (1.0 + 5.0 * information / total) / (36.0 * information);
  const double probability = 0.5 * std::erfc(corrected / std::numbers::sqrt2);
  const double density = std::exp(log_binomial(count, trials, at)) * count * at.complement;
  return {std::log(probability), density / probability};
}

/// The rate at which P(X >= count) is `tail`, a probability below one half.
///
/// In the logit of the rate, the logarithm of that probability is increasing and concave. So one
/// Newton step from anywhere leads to the left of the root, and all further ones towards it.
inline binomial_rate rate_of_tail(double count, double trials, double tail) {
  const double failures = trials - count + 1.0;
  const bool many = count > 1e6 && failures > 1e6;
  const double deviations = std::sqrt(-2.0 * std::log(2.0 * tail));  // at least the quantile's
  double logit =
      std::log(count / failures) - deviations * std::sqrt((trials + 1.0) / count / failures);

  double last_step = std::numeric_limits<double>::infinity();
  for (bool first = true;; first = false) {
    const auto at = binomial_rate::of_logit(logit);
    const auto [log_probability, slope] =
        many ? approximate_tail(count, trials, at) : summed_tail(count, trials, at);
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
