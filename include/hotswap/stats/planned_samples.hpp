#pragma once

/// @file
/// How many values an experiment needs: what both plans answer with.
///
///     const planned_samples needed = sample_size_of_proportions(0.8, plan);
///     needed.baseline_count() + needed.candidate_count();

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// Real numbers, at which the power is just what was asked for.
struct planned_samples {
  double baseline = 0.0;
  double candidate = 0.0;

  /// Rounded up.
  [[nodiscard]] std::uint64_t baseline_count() const {
    return static_cast<std::uint64_t>(std::ceil(baseline));
  }
  [[nodiscard]] std::uint64_t candidate_count() const {
    return static_cast<std::uint64_t>(std::ceil(candidate));
  }
};

namespace detail {

inline void require_between(double value, double low, double high, const char* function,
                            const char* field, const char* rule) {
  if (value > low && value < high) return;
  throw std::invalid_argument(std::string{function} + ": " + field + " must lie between " + rule +
                              ", got " + std::to_string(value));
}

/// What each plan asks of its level, its split and the power that it is to reach.
inline void require_plan(double alpha, double candidate_share, const char* function) {
  require_between(alpha, 0.0, 1.0, function, "alpha", "0 and 1");
  require_between(candidate_share, 0.0, 1.0, function, "candidate_share", "0 and 1");
}

}  // namespace detail

}  // namespace hotswap::inline v0_1::stats
