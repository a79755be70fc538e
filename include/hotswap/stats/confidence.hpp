#pragma once

/// @file
/// What every interval asks of its level.
///
///     require_confidence(options.confidence, "wilson");

#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// @param function  that the message begins with
/// @throws std::invalid_argument  unless it lies strictly between 0 and 1.
inline void require_confidence(double confidence, const char* function) {
  if (confidence > 0.0 && confidence < 1.0) return;
  throw std::invalid_argument(std::string{function} +
                              ": confidence must lie between 0 and 1, got " +
                              std::to_string(confidence));
}

}  // namespace hotswap::inline v0_1::stats
