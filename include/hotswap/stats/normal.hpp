#pragma once

/// @file
/// The standard normal distribution, to the last digits of its tails, without Boost.
///
///     normal_upper_tail(1.96);         // 0.025: P(Z > 1.96)
///     normal_upper_quantile(0.025);    // 1.96
///     log_normal_upper_tail(100.0);    // -5005.5, where the probability itself is 0
///
/// Sources
///   [AS] M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.2.22, from
///        which the quantile starts, and 26.2.14, the continued fraction of the tail.

#include <hotswap/stats/alternative.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// P(Z > z).
inline double normal_upper_tail(double z) {
  return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

/// log P(Z > z), with 14 digits however small the probability is.
inline double log_normal_upper_tail(double z) {
  if (z < -1.0) return std::log1p(-normal_upper_tail(-z));
  if (z < 25.0) return std::log(normal_upper_tail(z));
  if (std::isinf(z)) return -std::numeric_limits<double>::infinity();
  double fraction = z;
  for (int k = 20; k >= 1; --k) fraction = z + k / fraction;
  return -0.5 * z * z - 0.5 * std::log(2.0 * std::numbers::pi) - std::log(fraction);
}

/// The z with P(Z > z) = `tail`, by Newton's method on the logarithm of the tail.
/// @throws std::invalid_argument  for a tail outside (0, 1).
inline double normal_upper_quantile(double tail) {
  if (!(tail > 0.0 && tail < 1.0)) {
    throw std::invalid_argument("normal_upper_quantile: tail must lie between 0 and 1, got " +
                                std::to_string(tail));
  }
  if (tail > 0.5) return -normal_upper_quantile(1.0 - tail);
  if (tail == 0.5) return 0.0;

  const double log_tail = std::log(tail);
  const double t = std::sqrt(-2.0 * log_tail);
  double z = t - (2.30753 + 0.27061 * t) / (1.0 + t * (0.99229 + 0.04481 * t));
  for (int i = 0; i < 4; ++i) {  // right to 3e-3 before, so to 1e-5, 1e-10 and all digits after
    const double reached = log_normal_upper_tail(z);
    const double log_density = -0.5 * z * z - 0.5 * std::log(2.0 * std::numbers::pi);
    z += (reached - log_tail) * std::exp(reached - log_density);
  }
  return z;
}

/// A probability and its logarithm, which is finite where the probability is too small for a
/// double.
struct tail_probability {
  double p_value = 1.0;
  double log_p_value = 0.0;
};

/// Of factor * exp(-decay), a probability of at most one half.
inline tail_probability tail_of(double factor, double decay) {
  return {factor * std::exp(-decay), std::log(factor) - decay};
}

/// Of the other tail, if that one is at most one half.
inline tail_probability rest_of(const tail_probability& tail) {
  return {1.0 - tail.p_value, std::log1p(-tail.p_value)};
}

/// Of a Z at least as extreme as `z`, in the direction of the alternative.
inline tail_probability normal_p_value(double z, alternative side) {
  if (side == alternative::two_sided) {
    const double log_half = log_normal_upper_tail(std::abs(z));
    return {2.0 * normal_upper_tail(std::abs(z)), z == 0.0 ? 0.0 : log_half + std::numbers::ln2};
  }
  const double against = side == alternative::greater ? z : -z;
  return {normal_upper_tail(against), log_normal_upper_tail(against)};
}

}  // namespace hotswap::inline v0_1::stats
