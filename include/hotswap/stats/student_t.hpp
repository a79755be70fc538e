#pragma once

/// @file
/// Student's t distribution, to 12 digits of its tails, without Boost.
///
///     student_t_upper_tail(2.0, 7.5).p_value;        // 0.041: P(T > 2)
///     student_t_upper_tail(1e9, 200.0).log_p_value;  // -3614.5, where the probability itself is 0
///     student_t_upper_quantile(0.025, 7.5);          // 2.33: the t that is exceeded so often
///
/// For t > 0, P(T > t) is half of I_x(a, 1/2), with a = df / 2 and x = df / (df + t^2).
///
/// Sources
///   [DLMF] NIST Digital Library of Mathematical Functions, 8.17.20 (what I_x(a, b) is more than
///          I_x(a + 1, b)) and 5.11.14 (a ratio of gamma functions in even powers).
///   [DM]   A. R. DiDonato, A. H. Morris, "Algorithm 708: significant digit computation of the
///          incomplete beta function ratios", ACM TOMS 18 (1992), 360-373: BGRAT.
///   [GK]   D. P. Gaver, K. Kafadar, "A retrievable recipe for inverse t", The American
///          Statistician 38 (1984), 308-311: from where the quantile starts.
///   [AS]   M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.2.23.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/mills_ratio.hpp>
#include <hotswap/stats/normal.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// gamma(a + 1/2) / gamma(a), for a >= 12; [DLMF].
inline double gamma_ratio(double a) {
  const double w = a - 0.25;
  const double s = 1.0 / (64.0 * w * w);
  return std::sqrt(w) *
         (1.0 + s * (1.0 - s * (9.5 - s * (315.5 - s * (21789.625 -
                                                        s * (2561472.875 - s * 458425118.4375))))));
}

/// P(T > t) for a t > 0, in parts: where the tail is too small for a double, they are not.
struct student_t_parts {
  double mills_ratio = 0.0;  ///< P(T > t) / (t density(t)); so its inverse is the tail's
                             ///< logarithmic slope, -d log P(T > t) / d log t
  double factor = 0.0;       ///< t density(t) = factor * exp(-decay)
  double decay = 0.0;
  double x = 1.0;
};

/// [DLMF] as long as a is too small for [DM], or until nothing is left if x is small; [DM] for the
/// rest. All terms are positive but those of [DM], which decrease fast.
inline student_t_parts student_t_above(double t, double degrees_of_freedom) {
  const double a = 0.5 * degrees_of_freedom;
  const double root = t / std::sqrt(degrees_of_freedom);
  const double log_x = root < 1e8 ? -std::log1p(root * root) : -2.0 * std::log(root);
  const double x = 1.0 / (1.0 + root * root);

  double n = a;  // less a, the number of terms
  double coefficient = 1.0;
  double power = 1.0;
  double sum = 0.0;
  for (; n < 12.0; ++n) {
    sum += coefficient * power;
    coefficient *= (n + 0.5) / (n + 1.0);
    power *= x;
  }
  const double ratio = gamma_ratio(n);
  student_t_parts result;
  result.x = x;
  result.decay = -a * log_x;
  result.factor = ratio * (a / n) / coefficient / std::sqrt(1.0 + 1.0 / (root * root)) *
                  std::numbers::inv_sqrtpi;

  if (x < 0.5) {
    for (double term = coefficient * power; term > 1e-17 * sum; ++n) {
      sum += term;
      term *= (n + 0.5) / (n + 1.0) * x;
    }
    result.mills_ratio = sum / (2.0 * a);
    return result;
  }

  // of sqrt(z / sinh(z)), in even powers of z
  constexpr double expansion[] = {
      1.0,
      -8.3333333333333333e-2,
      6.25e-3,
      -5.0429894179894180e-4,
      4.3437224426807760e-5,
      -3.8963857323232323e-6,
      3.5833354634507908e-7,
      -3.3497470720605780e-8,
      3.1675854343161148e-9,
      -3.0210368517370962e-10,
  };
  const double scale = n - 0.25;
  const double u = -scale * log_x;
  const double half = 0.5 / scale;
  // exp(u) gamma(1/2 + 2 k, u) / gamma(1/2) / (2 scale)^(2 k): exp(u) erfc(sqrt(u)) at first
  double gamma = std::sqrt(2.0 / std::numbers::pi) * mills_ratio(std::sqrt(2.0 * u));
  double above = std::sqrt(u) * std::numbers::inv_sqrtpi;
  double rest = gamma;
  for (int k = 1; k < 10; ++k) {
    const double m = 2.0 * k - 1.5;
    gamma = (m * (m + 1.0) * gamma + (u + m + 1.0) * above) * half * half;
    above *= 0.25 * log_x * log_x;
    const double term = expansion[k] * gamma;
    rest += term;
    if (std::abs(term) < 1e-17 * rest) break;
  }
  const double beyond = ratio / std::sqrt(scale) * rest * std::exp((n - a - 0.25) * log_x);
  result.mills_ratio = sum / (2.0 * a) + 0.5 * beyond / result.factor;
  return result;
}

/// For a t >= 0.
inline tail_probability student_t_half(double t, double degrees_of_freedom) {
  // so close to 0 that it makes no difference, and that its square vanishes
  if (t < 1e-100 * std::sqrt(degrees_of_freedom)) return {0.5, -std::numbers::ln2};
  const student_t_parts at = student_t_above(t, degrees_of_freedom);
  return tail_of(at.factor * at.mills_ratio, at.decay);
}

}  // namespace detail

/// P(T > t), with 12 digits however small it is. A tenth of a microsecond.
///
/// @param degrees_of_freedom  above 0, at most 1e300
inline tail_probability student_t_upper_tail(double t, double degrees_of_freedom) {
  const auto half = detail::student_t_half(std::abs(t), degrees_of_freedom);
  return t < 0.0 ? rest_of(half) : half;
}

/// Of a T at least as extreme as `t`, in the direction of the alternative.
inline tail_probability student_t_p_value(double t, double degrees_of_freedom, alternative side) {
  if (side != alternative::two_sided) {
    return student_t_upper_tail(side == alternative::greater ? t : -t, degrees_of_freedom);
  }
  const auto half = detail::student_t_half(std::abs(t), degrees_of_freedom);
  return {2.0 * half.p_value, half.log_p_value + std::numbers::ln2};
}

/// The t with P(T > t) = `tail`: infinite beyond the doubles, and 12 digits of it unless it is near
/// 0, where `tail` is so close to one half that it has lost them.
///
/// In log t the logarithm of the tail falls ever more steeply, so that Newton's method on it finds
/// the root from anywhere; the steps are Halley's, of third order, and two or three are enough.
///
/// @throws std::invalid_argument  for a tail outside (0, 1).
inline double student_t_upper_quantile(double tail, double degrees_of_freedom) {
  if (!(tail > 0.0 && tail < 1.0)) {
    throw std::invalid_argument("student_t_upper_quantile: tail must lie between 0 and 1, got " +
                                std::to_string(tail));
  }
  if (tail > 0.5) return -student_t_upper_quantile(1.0 - tail, degrees_of_freedom);
  if (tail == 0.5) return 0.0;

  const double df = degrees_of_freedom;
  const double log_tail = std::log(tail);
  const double w = std::sqrt(-2.0 * log_tail);
  const double z = tail > 0.4 ? (0.5 - tail) * std::sqrt(2.0 * std::numbers::pi)
                              : w - (2.515517 + w * (0.802853 + w * 0.010328)) /
                                        (1.0 + w * (1.432788 + w * (0.189269 + w * 0.001308)));
  const double growth = df < 3.0 ? z * z / df : z * z * ((df - 1.5) / (df - 1.0) / (df - 1.0));
  if (growth > 1400.0) return std::numeric_limits<double>::infinity();
  double t =
      growth < 1.0 ? std::sqrt(df * std::expm1(growth)) : std::sqrt(df) * std::exp(0.5 * growth);
  for (int step = 0; step < 20; ++step) {
    const detail::student_t_parts at = detail::student_t_above(t, df);
    const double slope = 1.0 / at.mills_ratio;
    const double excess = std::log(at.factor * at.mills_ratio) - at.decay - log_tail;
    const double newton = excess / slope;
    const double bend = 0.5 * newton * (at.x - df * (1.0 - at.x) + slope);
    const double change = newton / std::max(0.5, 1.0 + bend);  // of log t
    t *= std::exp(change);
    constexpr double small = 1e-5;  // whose third power is rounding
    if (std::abs(excess) < 1e-15 || (std::abs(excess) < small && std::abs(change) < small)) break;
  }
  return t;
}

}  // namespace hotswap::inline v0_1::stats
