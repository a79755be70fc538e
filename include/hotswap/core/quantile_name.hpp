#pragma once

/// @file
/// What people call a quantile.
///
///     hotswap::quantile_name(0.95);  // p95

#include <fmt/format.h>

#include <string>

namespace hotswap::inline v0_1 {

/// `p` and the percentage: `p95`, `p99.9`.
[[nodiscard]] inline std::string quantile_name(double quantile) {
  return fmt::format("p{:.6g}", quantile * 100.0);
}

}  // namespace hotswap::inline v0_1
