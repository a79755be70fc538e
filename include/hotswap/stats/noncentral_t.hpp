#pragma once

/// @file
/// The noncentral t distribution, which the power of a t-test has, without Boost.
///
///     noncentral_t_upper_tail(2.02, 38.0, 1.58);   // 0.337: P((Z + 1.58) / S > 2.02)
///
/// Z is a standard normal value, S^2 a chi-square one divided by its degrees of freedom. The
/// integral over either is done by the trapezoidal rule, which is exact to rounding for such
/// functions.
///
/// Source
///   [TW] L. N. Trefethen, J. A. C. Weideman, "The exponentially convergent trapezoidal rule", SIAM
///        Review 56 (2014), 385-458.

#include <hotswap/stats/gamma_tail.hpp>
#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/normal.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// [TW], for a function given by its logarithm, which is concave.
template <typename LogFunction>
double concave_integral(LogFunction log_function, double step) {
  double peak = 0.0;
  double log_peak = log_function(peak);
  for (const double towards : {step, -step}) {
    for (double next = log_function(peak + towards); next > log_peak;
         next = log_function(peak + towards)) {
      peak += towards;
      log_peak = next;
    }
  }
  double sum = 1.0;
  for (const double towards : {step, -step}) {
    double term = 1.0;
    for (double at = peak + towards; term > 1e-18 * sum; at += towards) {
      term = std::exp(log_function(at) - log_peak);
      sum += term;
    }
  }
  return step * sum * std::exp(log_peak);
}

/// Over log(S).
inline double noncentral_t_by_chi(double t, double degrees_of_freedom, double noncentrality) {
  const double a = 0.5 * degrees_of_freedom;
  const double log_scale = 0.5 * std::log(2.0 * a / std::numbers::pi) - stirling_error(a);
  const auto log_integrand = [&](double log_s) {
    const double mean = a * std::exp(2.0 * log_s);
    return log_scale - deviance(a, mean, -a * std::expm1(2.0 * log_s)) +
           log_normal_upper_tail(t * std::exp(log_s) - noncentrality);
  };
  const double step =
      0.7 / std::sqrt(26.0 + 2.0 * degrees_of_freedom + noncentrality * noncentrality);
  return concave_integral(log_integrand, step);
}

/// Over Z, which suits a noncentrality so great that Z hardly matters.
inline double noncentral_t_by_normal(double t, double degrees_of_freedom, double noncentrality) {
  const double a = 0.5 * degrees_of_freedom;
  const auto log_integrand = [&](double z) {
    const double s = (noncentrality + z) / t;
    if (!(s > 0.0)) return -std::numeric_limits<double>::infinity();
    return -0.5 * z * z - 0.5 * std::log(2.0 * std::numbers::pi) +
           log_gamma_lower_tail(a, a * s * s);
  };
  return concave_integral(log_integrand, 0.5);
}

}  // namespace detail

/// P((Z + noncentrality) / S > t), with 11 digits, however small. Ten microseconds.
///
/// @param degrees_of_freedom  above 0 and finite; less than 1 take longer
inline double noncentral_t_upper_tail(double t, double degrees_of_freedom, double noncentrality) {
  if (t < 0.0) return 1.0 - noncentral_t_upper_tail(-t, degrees_of_freedom, -noncentrality);
  if (noncentrality < -40.0 || std::isinf(t)) return 0.0;  // P(Z > 40) is
  if (t == 0.0) return normal_upper_tail(-noncentrality);
  const bool is_great = noncentrality > std::max(9.0, 3.0 * std::sqrt(2.0 * degrees_of_freedom));
  return std::min(1.0, is_great
                           ? detail::noncentral_t_by_normal(t, degrees_of_freedom, noncentrality)
                           : detail::noncentral_t_by_chi(t, degrees_of_freedom, noncentrality));
}

}  // namespace hotswap::inline v0_1::stats
