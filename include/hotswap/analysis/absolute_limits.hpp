#pragma once

/// @file
/// How good the first version of a model must be, which has no baseline to be compared with.
///
///     config.limits.latency = 200ms;

#include <chrono>
#include <optional>

namespace hotswap::inline v0_1 {

/// The document's `limits`. A limit is exceeded only by what is strictly worse; a metric without a
/// limit is only required to be there, if it is required.
class absolute_limits {
 public:
  absolute_limits() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  double error_rate = 0.05;                          ///< at most, in [0, 1]
  std::optional<std::chrono::milliseconds> latency;  ///< at most, of `latencyQuantile` or the mean
  std::optional<double> accuracy;                    ///< at least, in [0, 1]

  friend bool operator==(const absolute_limits&, const absolute_limits&) = default;
};

}  // namespace hotswap::inline v0_1
