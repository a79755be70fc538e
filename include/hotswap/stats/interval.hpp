#pragma once

/// @file
/// Two ends, both part of it: what a confidence interval is.
///
///     const auto [lower, upper] = welch_t_test(baseline, candidate).difference_interval;

namespace hotswap::inline v0_1::stats {

/// A one-sided interval has one infinite end.
struct interval {
  double lower = 0.0;
  double upper = 0.0;

  friend bool operator==(const interval&, const interval&) = default;
};

}  // namespace hotswap::inline v0_1::stats
