#pragma once

/// @file
/// The upper tail of the binomial distribution, in logarithms: how likely are so many successes?
///
///     const auto at = binomial_rate{0.1, 0.9};
///     binomial_upper_tail(18.0, 100.0, at).log_probability;   // -4.55: log P(X >= 18)
///
/// Sources
///   [L]  C. Loader, "Fast and accurate computation of binomial probabilities" (2000): how to weigh
///        a million trials without losing the digits to their factorials.
///   [BN] O. E. Barndorff-Nielsen, "Inference on full or partial parameters based on the
///        standardized signed log likelihood ratio", Biometrika 73 (1986), 307-322: r*.

#include <hotswap/stats/log_factorial.hpp>

#include <cmath>
#include <numbers>

namespace hotswap::inline v0_1::stats {

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

namespace detail {

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

}  // namespace detail

/// P(X >= count) of that many trials, for a count from 1 on that is not much below the mean: the
/// sum begins there. Some microseconds; some hundred with a million successes and failures, and
/// O(1) beyond.
inline binomial_tail binomial_upper_tail(double count, double trials, const binomial_rate& at) {
  const bool many = count > 1e6 && trials - count + 1.0 > 1e6;
  return many ? detail::approximate_tail(count, trials, at)
              : detail::summed_tail(count, trials, at);
}

/// P(X >= count), for any count: with 12 digits where it is below one half, 11 if there are a
/// million successes and failures.
inline double binomial_upper_probability(double count, double trials, const binomial_rate& at) {
  if (count <= 0.0) return 1.0;
  if (count > trials) return 0.0;
  if (count < trials * at.rate) {
    const binomial_rate failure{at.complement, at.rate};
    return 1.0 - binomial_upper_probability(trials - count + 1.0, trials, failure);
  }
  return std::exp(binomial_upper_tail(count, trials, at).log_probability);
}

}  // namespace hotswap::inline v0_1::stats
