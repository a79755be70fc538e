#pragma once

/// @file
/// The parts that log n! has, kept apart so that probabilities of large counts lose no digits.
///
///     log n! = n log n - n + factorial_remainder(n)
///
/// A probability of counts is a quotient of factorials. Their leading parts, which may be 1e16, add
/// up to a few `deviance`s: each is small, and computed without cancellation.
///
/// Source
///   [L]  C. Loader, "Fast and accurate computation of binomial probabilities" (2000); dbinom and
///        dhyper of R.

#include <cmath>
#include <numbers>

namespace hotswap::inline v0_1::stats {

/// log(n!) less Stirling's formula for it; [L]. Where n is no whole number, n! is the gamma
/// function of n + 1, and the error is 1e-14 in absolute terms.
inline double stirling_error(double n) {
  if (n < 16.0 && n != std::floor(n)) {  // by way of the first N = n + k from 16 on
    double product = 1.0;
    double further = n;
    while (further < 16.0) product *= ++further;
    return stirling_error(further) + further * std::log(further) - n * std::log(n) -
           std::log(product) - (further - n) + 0.5 * std::log(further / n);
  }
  if (n < 16.0) {
    double factorial = 1.0;  // at most 15!, which a double holds exactly
    for (double factor = 2.0; factor <= n; ++factor) factorial *= factor;
    return std::log(factorial) - (n + 0.5) * std::log(n) + n -
           0.5 * std::log(2.0 * std::numbers::pi);
  }
  const double s = 1.0 / (n * n);
  return (1.0 / 12 - s * (1.0 / 360 - s * (1.0 / 1260 - s * (1.0 / 1680 - s / 1188)))) / n;
}

/// count * log(count / mean) - gap, of a gap = count - mean that is known more exactly than its
/// terms.
inline double deviance(double count, double mean, double gap) {
  if (count == 0.0) return mean;
  if (std::abs(gap) >= 0.4 * (count + mean)) return count * std::log(count / mean) - gap;

  const double ratio = gap / (count + mean);
  double power = 2.0 * count * ratio;
  double sum = gap * ratio;
  for (double divisor = 3.0;; divisor += 2.0) {
    power *= ratio * ratio;
    const double next = sum + power / divisor;
    if (next == sum) return sum;
    sum = next;
  }
}

/// count * log(count / mean) - count + mean, without cancellation; `bd0` of [L].
inline double deviance(double count, double mean) {
  return deviance(count, mean, count - mean);
}

/// log(n!) - n log(n) + n, and 0 for 0.
inline double factorial_remainder(double n) {
  return n == 0.0 ? 0.0 : 0.5 * std::log(2.0 * std::numbers::pi * n) + stirling_error(n);
}

}  // namespace hotswap::inline v0_1::stats
