#pragma once

/// @file
/// Mills' ratio: the normal tail divided by the density at which it begins.
///
///     mills_ratio(0.0);     // 1.2533: one half of the square root of 2 pi
///     mills_ratio(100.0);   // 0.0099990, where the tail itself is e^-5005
///
/// Source
///   [AS] M. Abramowitz, I. A. Stegun, "Handbook of Mathematical Functions" (1964), 26.2.14.

#include <cmath>
#include <numbers>
#include <utility>

namespace hotswap::inline v0_1::stats {

/// P(Z > z) / density(z), with 14 digits, for any z that is not below 0; about 1 / z for a large
/// one.
inline double mills_ratio(double z) {
  if (z < 6.0) {
    return std::sqrt(0.5 * std::numbers::pi) * std::exp(0.5 * z * z) *
           std::erfc(z / std::numbers::sqrt2);
  }
  if (z > 1e8) return 1.0 / z;
  // The convergents of [AS], from the first on: so it takes a single division.
  const double levels = 6.0 + 90.0 / z;
  double numerator = z;
  double denominator = 1.0;
  double numerator_before = 1.0;
  double denominator_before = 0.0;
  for (double k = 1.0; k <= levels; ++k) {
    numerator_before = std::exchange(numerator, z * numerator + k * numerator_before);
    denominator_before = std::exchange(denominator, z * denominator + k * denominator_before);
  }
  return denominator / numerator;
}

}  // namespace hotswap::inline v0_1::stats
