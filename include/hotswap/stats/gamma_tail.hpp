#pragma once

/// @file
/// The upper tail of the gamma distribution in logarithms, fast for large shapes, without Boost.
///
///     log_gamma_upper_tail(100.0, 130.0);   // -6.13: log P(X > 130), of mean 100
///
/// Sources
///   [T]  N. M. Temme, "On the computation of the incomplete gamma functions for large values of
///        the parameters", in Algorithms for Approximation (1987), 479-489; and A. Gil, J. Segura,
///        N. M. Temme, "Efficient and accurate algorithms for the computation and inversion of the
///        incomplete gamma function ratios", SIAM J. Sci. Comput. 34 (2012), A2965-A2981.
///   [AS] M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions" (1964), 6.1.33 (the
///        logarithm of the gamma function next to 1), 6.5.29 (series), 6.5.31 (continued fraction).

#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/mills_ratio.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// [T]: what the normal approximation of the tail lacks, divided by the density at `eta`; and that
/// times the root of the shape. 14 digits of the tail from shape 14 on, for x between 0.4 and 2.1
/// times the shape.
inline double temme_sum(double shape, double eta) {
  // of eta / (mu - 1) in powers of eta, where eta^2 / 2 = mu - 1 - log(mu), from the first on
  constexpr std::array<double, 26> coefficients{
      -0.33333333333333333333,    0.083333333333333333333,    -0.014814814814814814815,
      0.0011574074074074074074,   0.00035273368606701940035,  -0.0001787551440329218107,
      3.9192631785224377817e-5,   -2.1854485106799921615e-6,  -1.8540622107151599607e-6,
      8.296711340953086005e-7,    -1.7665952736826079304e-7,  6.7078535434014985804e-9,
      1.0261809784240308043e-8,   -4.3820360184533531866e-9,  9.1476995822367902342e-10,
      -2.5514193994946249767e-11, -5.8307721325504250675e-11, 2.4361948020667416244e-11,
      -5.0276692801141755891e-12, 1.1004392031956134771e-13,  3.3717632624009853788e-13,
      -1.3923887224181620659e-13, 2.8534893807047443204e-14,  -5.139111834242572619e-16,
      -1.9752288294349442835e-15, 8.0995211567246613341e-16};
  const double inverse = 1.0 / shape;
  double after_next = 0.0;
  double next = 0.0;
  double sum = 0.0;
  for (std::size_t i = coefficients.size(); i-- > 0;) {
    const double term = coefficients[i] + static_cast<double>(i + 2) * after_next * inverse;
    sum = sum * eta + term;
    after_next = next;
    next = term;
  }
  return sum / (1.0 + after_next * inverse);
}

inline bool temme_holds(double shape, double x) {
  return shape >= 14.0 && x > 0.4 * shape && x < 2.1 * shape;
}

/// log(G(a) e^a / a^a), where G is the gamma function.
inline double log_gamma_peak(double shape) {
  return 0.5 * std::log(2.0 * std::numbers::pi / shape) + stirling_error(shape);
}

/// P(X <= x) exp(deviance), for where that is not close to 1.
inline double scaled_lower(double shape, double x, double deviance) {
  if (temme_holds(shape, x)) {
    const double z = std::sqrt(2.0 * deviance);
    const double root = std::sqrt(shape);
    return (mills_ratio(z) - temme_sum(shape, -z / root) / root) /
           std::sqrt(2.0 * std::numbers::pi);
  }
  double term = 1.0;
  double sum = 1.0;
  for (double k = 1.0; term > 1e-17 * sum; ++k) {
    term *= x / (shape + k);
    sum += term;
  }
  return sum * std::exp(-log_gamma_peak(shape)) / shape;
}

/// log P(X > x) by way of that.
inline double log_upper_from_lower(double shape, double x, double deviance) {
  return std::log1p(-scaled_lower(shape, x, deviance) * std::exp(-deviance));
}

inline bool are_small(double shape, double x) {
  return shape < 0.05 && x < 0.3;
}

/// G(a, x) e^x / x^a for small arguments, where 1 - P(X <= x) would lose all digits.
inline double scaled_upper_of_small(double shape, double x) {
  constexpr std::array<double, 11> coefficients{
      -0.57721566490153286061, 0.82246703342411321824,  -0.40068563438653142847,
      0.27058080842778454788,  -0.20738555102867398527, 0.1695571769974081899,
      -0.1440498967688461181,  0.12550966952474304242,  -0.11133426586956469049,
      0.10009945751278180853,  -0.090954017145829042233};
  double log_gamma = 0.0;  // of G(1 + a)
  for (std::size_t i = coefficients.size(); i-- > 0;)
    log_gamma = (log_gamma + coefficients[i]) * shape;

  double power = 1.0;  // (-x)^k / k!
  double sum = 0.0;
  for (double k = 1.0; k < 16.0; ++k) {
    power *= -x / k;
    sum += power / (shape + k);
  }
  const double log_power = shape * std::log(x);
  const double upper =
      (std::expm1(log_gamma) - std::expm1(log_power)) / shape - std::exp(log_power) * sum;
  return upper * std::exp(x - log_power);
}

/// G(a, x) e^x / x^a for x of at least a and 0.3: by the continued fraction of [AS], or for a
/// chi-square's odd degrees of freedom by the recurrence that leads up from 1/2, of positive terms.
inline double scaled_upper_fraction(double shape, double x) {
  if (shape < 14.0 && shape - std::floor(shape) == 0.5) {
    double upper = mills_ratio(std::sqrt(2.0 * x)) / std::sqrt(0.5 * x);
    for (double a = 0.5; a < shape; ++a) upper = (a * upper + 1.0) / x;
    return upper;
  }
  double below = x + 1.0 - shape;
  double inverse = 1.0 / below;
  double change = inverse;
  double sum = inverse;
  for (double k = 1.0; std::abs(change) > 1e-17 * sum; ++k) {
    const double above = -k * (k - shape);
    below += 2.0;
    inverse = 1.0 / (below + above * inverse);
    change *= below * inverse - 1.0;
    sum += change;
  }
  return sum;
}

}  // namespace detail

/// log(G(shape, x) e^x / x^shape) of the upper incomplete gamma function G: the logarithm of the
/// integral of (1 + t)^(shape - 1) e^(-x t) over t > 0. Its error is 2e-13, or that times its size,
/// also where G is too small or too great for a double. Some 0.1 microseconds; up to 1 next to 0.
///
/// @param shape, x  above 0 and finite
/// @param excess  shape - x, which is known more exactly than its terms
inline double log_scaled_upper_gamma(double shape, double x, double excess) {
  if (detail::are_small(shape, x)) return std::log(detail::scaled_upper_of_small(shape, x));
  if (excess <= 0.0 && x >= 0.3 && !detail::temme_holds(shape, x)) {
    return std::log(detail::scaled_upper_fraction(shape, x));
  }
  const double deviation = deviance(shape, x, excess);
  if (excess <= 0.0 && detail::temme_holds(shape, x)) {
    const double z = std::sqrt(2.0 * deviation);
    const double root = std::sqrt(shape);
    return stirling_error(shape) +
           std::log((mills_ratio(z) + detail::temme_sum(shape, z / root) / root) / root);
  }
  return deviation + detail::log_gamma_peak(shape) +
         detail::log_upper_from_lower(shape, x, deviation);
}

/// log P(X > x) for a gamma distribution of that shape and scale 1: the regularised upper
/// incomplete gamma function, Q. Its error is 2e-13, or that times its size.
///
/// @throws std::invalid_argument  unless shape and x are finite, shape above 0 and x not below.
inline double log_gamma_upper_tail(double shape, double x) {
  if (!(shape > 0.0 && std::isfinite(shape))) {
    throw std::invalid_argument("log_gamma_upper_tail: shape must be above 0 and finite, got " +
                                std::to_string(shape));
  }
  if (!(x >= 0.0 && std::isfinite(x))) {
    throw std::invalid_argument("log_gamma_upper_tail: x must be finite and not below 0, got " +
                                std::to_string(x));
  }
  if (x == 0.0) return 0.0;
  const double deviation = deviance(shape, x);
  if (x < shape && !detail::are_small(shape, x)) {
    return detail::log_upper_from_lower(shape, x, deviation);
  }
  return log_scaled_upper_gamma(shape, x, shape - x) - deviation - detail::log_gamma_peak(shape);
}

/// log P(X <= x) for the same distribution, P, likewise.
///
/// @param shape, x  above 0 and finite
inline double log_gamma_lower_tail(double shape, double x) {
  if (x >= shape) return std::log1p(-std::exp(log_gamma_upper_tail(shape, x)));
  const double deviation = deviance(shape, x);
  return std::log(detail::scaled_lower(shape, x, deviation)) - deviation;
}

}  // namespace hotswap::inline v0_1::stats
