#pragma once

/// @file
/// How much of the error rate may be spent by now: spending functions for tests with several looks.
///
///     spent_alpha(spending_function::obrien_fleming, 0.025, 0.5);   // 0.0015, halfway
///     spent_alpha(spending_function::pocock, 0.025, 0.5);           // 0.0155
///
/// Source
///   [LD] K. K. G. Lan, D. L. DeMets, "Discrete sequential boundaries for clinical trials",
///        Biometrika 70 (1983), 659-663: alpha_1 and alpha_2 there.

#include <hotswap/stats/normal.hpp>

#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// `obrien_fleming` spends little early: an early look needs overwhelming evidence, and the last
/// one loses almost nothing. `pocock` spends evenly: more is found early, less at the end.
enum class spending_function { obrien_fleming, pocock };

/// The probability of a false rejection that all looks up to now may have together:
/// 2 P(Z > z / sqrt(t)), where z has the upper tail alpha / 2, or alpha log(1 + (e - 1) t).
///
/// @param alpha  the error rate of all looks, in (0, 1); on one side
/// @param information  the share t of what the last look will have seen, in [0, 1]
/// @throws std::invalid_argument  for either out of its range.
[[nodiscard]] inline double spent_alpha(spending_function spending, double alpha,
                                        double information) {
  if (!(alpha > 0.0 && alpha < 1.0)) {
    throw std::invalid_argument("spent_alpha: alpha must lie between 0 and 1, got " +
                                std::to_string(alpha));
  }
  if (!(information >= 0.0 && information <= 1.0)) {
    throw std::invalid_argument("spent_alpha: information must be at least 0 and at most 1, got " +
                                std::to_string(information));
  }
  const bool all = information == 1.0;  // then no digit is to differ
  switch (spending) {
    case spending_function::obrien_fleming:
      if (all) return alpha;
      return 2.0 * normal_upper_tail(normal_upper_quantile(0.5 * alpha) / std::sqrt(information));
    case spending_function::pocock:
      if (all) return alpha;
      return alpha * std::log1p((std::numbers::e - 1.0) * information);
  }
  throw std::invalid_argument("spent_alpha: spending must be one of the enumerators, got " +
                              std::to_string(static_cast<int>(spending)));
}

}  // namespace hotswap::inline v0_1::stats
