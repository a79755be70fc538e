#pragma once

/// @file
/// Numbers as a report has them: no more digits than are known.
///
///     const int places = report::places_for(interval.upper - interval.lower);
///     report::fixed(mean, places);       // 0.0123
///     report::p_value(test.p_value);     // 3.1e-08

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace report {

/// Decimal places at which something uncertain by `width` has two digits that say something.
inline int places_for(double width) {
  if (!(width > 0.0 && std::isfinite(width))) return 3;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(width / 2.0))), 0, 12);
}

inline std::string fixed(double number, int places) {
  std::string text = fmt::format("{:.{}f}", number, places);
  const bool is_zero = text.find_first_not_of("-0.") == std::string::npos;
  return is_zero && text.starts_with('-') ? text.substr(1) : text;  // no -0.00
}

/// `+0.25`: of a difference, where the sign is half of what it says.
inline std::string with_sign(double number, int places) {
  const std::string text = fixed(number, places);
  return number > 0.0 && text.find_first_not_of("0.") != std::string::npos ? "+" + text : text;
}

/// Two digits; one that double cannot hold is said to be below the least that it can.
inline std::string p_value(double p) {
  if (p == 0.0) return "<1e-307";
  return p < 1e-4 ? fmt::format("{:.1e}", p) : fmt::format("{:.2g}", p);
}

}  // namespace report
