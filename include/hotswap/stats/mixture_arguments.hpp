#pragma once

/// @file
/// What every mixture asks of its numbers.
///
///     require_evidence(sum, variance, "normal_mixture");

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// @param function  that the message begins with, here and below
/// @throws std::invalid_argument  unless `value` is finite and above 0.
inline void require_above_zero(double value, const char* function, const char* field) {
  if (value > 0.0 && std::isfinite(value)) return;
  throw std::invalid_argument(std::string{function} + ": " + field +
                              " must be above 0 and finite, got " + std::to_string(value));
}

/// @throws std::invalid_argument  unless it lies strictly between 0 and `below`.
inline void require_alpha(double alpha, const char* function, double below = 1.0) {
  if (alpha > 0.0 && alpha < below) return;
  throw std::invalid_argument(std::string{function} + ": alpha must lie between 0 and " +
                              (below == 1.0 ? "1" : "0.5") + ", got " + std::to_string(alpha));
}

/// @throws std::invalid_argument  unless it is finite and not below 0.
inline void require_variance(double variance, const char* function) {
  if (variance >= 0.0 && std::isfinite(variance)) return;
  throw std::invalid_argument(std::string{function} +
                              ": variance must be finite and not below 0, got " +
                              std::to_string(variance));
}

/// @throws std::invalid_argument  unless the sum is finite, and the variance, which is not below 0.
inline void require_evidence(double sum, double variance, const char* function) {
  if (!std::isfinite(sum)) {
    throw std::invalid_argument(std::string{function} + ": sum must be finite, got " +
                                std::to_string(sum));
  }
  require_variance(variance, function);
}

}  // namespace hotswap::inline v0_1::stats
