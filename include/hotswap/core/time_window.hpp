#pragma once

/// @file
/// A stretch of wall-clock time for which metrics are asked.
///
///     const hotswap::time_window last_minute{now - 1min, now};

#include <chrono>

namespace hotswap::inline v0_1 {

/// Half-open: `begin` is in it, `end` is not, so that windows in a row share no request. A plain
/// pair of points; an empty one (`begin` >= `end`) has nothing in it.
struct time_window {
  using time_point = std::chrono::system_clock::time_point;

  time_point begin{};
  time_point end{};

  [[nodiscard]] constexpr time_point::duration duration() const noexcept { return end - begin; }
  [[nodiscard]] constexpr bool contains(time_point at) const noexcept {
    return begin <= at && at < end;
  }

  friend constexpr bool operator==(const time_window&, const time_window&) = default;
};

}  // namespace hotswap::inline v0_1
