#pragma once

/// @file
/// How far a shadow's answers may be from production's.
///
///     config.divergence_thresholds.disagreement_rate = 0.01;

#include <optional>

namespace hotswap::inline v0_1 {

/// The limits of `divergenceThresholds`. A limit is exceeded only by what is strictly greater.
class divergence_thresholds {
 public:
  divergence_thresholds() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  double disagreement_rate = 0.05;         ///< of the compared requests, in [0, 1]
  std::optional<double> score_difference;  ///< of the mean difference, either way, above 0
  double dropped_rate = 0.1;               ///< of the sampled requests; above it: inconclusive

  friend bool operator==(const divergence_thresholds&, const divergence_thresholds&) = default;
};

}  // namespace hotswap::inline v0_1
