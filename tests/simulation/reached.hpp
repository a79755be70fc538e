#pragma once

/// @file
/// Says once of each place that it was reached. Put before all else where `catches.cmake` has
/// marked them.

#include <cstdio>

/// `reached<17>()` prints `reached 17` the first time.
template <int Place>
void reached() noexcept {
  static const bool is_said = std::printf("reached %d\n", Place) > 0;
  (void)is_said;
}
