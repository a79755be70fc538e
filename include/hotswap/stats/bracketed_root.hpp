#pragma once

/// @file
/// Where a function crosses 0, between two points of opposite sign.
///
///     bracketed_root([](double x) { return x * x - 2.0; }, 1.0, 2.0);  // 1.4142135623730951
///
/// Source
///   [D]  M. Dowell, P. Jarratt, "A modified regula falsi method for computing the root of an
///        equation", BIT 11 (1971), 168-174: Illinois.

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotswap::inline v0_1::stats {

/// By [D], with a bisection at every third step, so that no function takes long. Right to the last
/// bits, as far as the function's own rounding allows.
///
/// @param function  continuous and finite; its values at the ends differ in sign, or one is 0
template <typename Function>
double bracketed_root(Function function, double low, double high) {
  double at_low = function(low);
  double at_high = function(high);
  if (at_low == 0.0) return low;
  if (at_high == 0.0) return high;
  const bool rises = at_low < 0.0;

  for (int step = 0; step < 400; ++step) {
    const double middle = low + 0.5 * (high - low);
    double next = step % 3 == 2 ? middle : high - at_high * ((high - low) / (at_high - at_low));
    if (!(next > low && next < high)) next = middle;
    if (!(next > low && next < high)) break;  // neighbours
    const double value = function(next);
    if (value == 0.0) return next;
    if ((value < 0.0) == rises) {
      low = next;
      at_low = value;
      at_high *= 0.5;
    } else {
      high = next;
      at_high = value;
      at_low *= 0.5;
    }
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    if (high - low <= 2.0 * epsilon * std::max(std::abs(low), std::abs(high))) break;
  }
  return low + 0.5 * (high - low);
}

}  // namespace hotswap::inline v0_1::stats
