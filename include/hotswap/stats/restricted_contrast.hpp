#pragma once

/// @file
/// The likeliest pair of rates of which the candidate's is just at its margin.
///
///     const auto at = restricted_rates_of({45, 855}, {15, 85}, {.slope = 0.95, .offset = 0.05});
///     at.candidate.rate;  // 0.1003, which is 0.95 * at.baseline.rate + 0.05
///
/// Source
///   [FM] C. P. Farrington, G. Manning, "Test statistics and sample size formulae for comparative
///        binomial trials with null hypothesis of non-zero risk difference or non-unity relative
///        risk", Statistics in Medicine 9 (1990), 1447-1454.

#include <hotswap/stats/linear_contrast.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hotswap::inline v0_1::stats {

/// The rates that maximise the likelihood of both samples while the contrast is 0; [FM] for any
/// slope. Right to 14 digits, also those of a rate next to 0 or 1.
///
/// @param contrast  as `require_rate_contrast` wants it; both samples have an outcome
inline restricted_pair restricted_rates_of(const weighted_outcomes& baseline,
                                           const weighted_outcomes& candidate,
                                           const linear_contrast& contrast) {
  const auto [slope, offset] = contrast;
  if (slope == 1.0) return restricted_rates_of(baseline, candidate, offset);

  // The baseline's rate p lies in an interval. At its lower end, one of the rates is 0, and the
  // other one would be at `low_shift` below that end; at the upper end, one is 1.
  const bool baseline_is_low = offset >= 0.0;
  const bool baseline_is_high = offset <= 1.0 - slope;
  const double low = baseline_is_low ? 0.0 : -offset / slope;
  const double width = (baseline_is_high ? 1.0 : (1.0 - offset) / slope) - low;
  const double low_shift = std::abs(offset) / slope;
  const double high_shift = std::abs(1.0 - offset - slope) / slope;

  double a = baseline.successes;
  double b = candidate.successes;
  double c = candidate.failures;
  double d = baseline.failures;
  if (!baseline_is_low) std::swap(a, b);
  if (!baseline_is_high) std::swap(c, d);
  // Two weights at one place are one, which the solver finds sooner.
  if (low_shift == 0.0) a += std::exchange(b, 0.0);
  if (high_shift == 0.0) d += std::exchange(c, 0.0);

  const double middle = 0.5 * width;
  const double steepness = (a - d) / middle + b / (middle + low_shift) - c / (middle + high_shift);
  double above_low = 0.0;  // how far p lies from either end
  double below_high = 0.0;
  if (steepness <= 0.0) {
    above_low = detail::likeliest_low_rate(a, b, c, d, low_shift, width, width + high_shift);
    below_high = width - above_low;
  } else {
    below_high = detail::likeliest_low_rate(d, c, b, a, high_shift, width, width + low_shift);
    above_low = width - below_high;
  }

  restricted_pair at;
  at.baseline.rate = above_low + (baseline_is_low ? 0.0 : low_shift);
  at.baseline.rest = below_high + (baseline_is_high ? 0.0 : high_shift);
  at.candidate.rate = slope * (above_low + (baseline_is_low ? low_shift : 0.0));
  at.candidate.rest = slope * (below_high + (baseline_is_high ? high_shift : 0.0));
  return at;
}

}  // namespace hotswap::inline v0_1::stats
