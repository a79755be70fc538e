#pragma once

/// @file
/// The question that a margin asks: by how much is the candidate worse than it may be?
///
///     const linear_contrast absolute{.offset = 0.01};              // one percentage point more
///     const linear_contrast relative{.slope = 1.5};                // half as much again
///     const linear_contrast accuracy{.slope = 0.95, .offset = 0.05};  // of the incorrect answers:
///                                        // the correct ones may become 5 % fewer
///
/// Ratios are never divided: a linear contrast has no bias, and no 0 / 0.

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// candidate - slope * baseline - offset, of rates or means of which a greater one is worse. Where
/// it is above 0, the candidate is worse by more than the margin.
struct linear_contrast {
  double slope = 1.0;   ///< above 0
  double offset = 0.0;  ///< in the unit of the rates or means

  friend bool operator==(const linear_contrast&, const linear_contrast&) = default;
};

/// The same question with the arms exchanged: above 0 where `contrast` is below, and the reverse.
inline linear_contrast exchanged(const linear_contrast& contrast) {
  return {1.0 / contrast.slope, -contrast.offset / contrast.slope};
}

/// @param function  that the message begins with, here and below
/// @throws std::invalid_argument  unless the slope is above 0, and both are finite.
inline void require_contrast(const linear_contrast& contrast, const char* function) {
  if (!(contrast.slope > 0.0 && std::isfinite(contrast.slope))) {
    throw std::invalid_argument(std::string{function} + ": slope must be above 0 and finite, got " +
                                std::to_string(contrast.slope));
  }
  if (!std::isfinite(contrast.offset)) {
    throw std::invalid_argument(std::string{function} + ": offset must be finite, got " +
                                std::to_string(contrast.offset));
  }
}

/// What a contrast of rates must be besides, or its answer is known before any request is served.
/// @throws std::invalid_argument  unless the offset lies between -slope and 1.
inline void require_rate_contrast(const linear_contrast& contrast, const char* function) {
  require_contrast(contrast, function);
  if (contrast.offset > -contrast.slope && contrast.offset < 1.0) return;
  throw std::invalid_argument(
      std::string{function} + ": offset must lie between -slope and 1, got " +
      std::to_string(contrast.offset) + " and a slope of " + std::to_string(contrast.slope));
}

}  // namespace hotswap::inline v0_1::stats
