#pragma once

/// @file
/// How much worse than the baseline a candidate may be.
///
///     config.rollback_thresholds.error_rate_increase = 0.005;

namespace hotswap::inline v0_1 {

/// The limits of `rollbackThresholds`. A limit is exceeded only by what is strictly greater.
class rollback_thresholds {
 public:
  rollback_thresholds() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  double accuracy_drop = 0.05;     ///< relative: (baseline - candidate) / baseline, in [0, 1]
  double latency_increase = 1.5;   ///< ratio candidate / baseline, above 1
  double latency_quantile = 0.95;  ///< compared where both sides report a distribution; in (0, 1)
  double error_rate_increase = 0.01;  ///< absolute: candidate - baseline, in [0, 1]
  double data_drift = 0.3;            ///< PSI of the candidate's inputs, above 0

  friend bool operator==(const rollback_thresholds&, const rollback_thresholds&) = default;
};

}  // namespace hotswap::inline v0_1
