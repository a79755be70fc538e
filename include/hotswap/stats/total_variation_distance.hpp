#pragma once

/// @file
/// How much of one histogram would have to move to make the other.
///
///     total_variation_distance(reference, current);  // in [0, 1]
///     hellinger_distance(reference, current);        // in [0, 1], and stricter with rare bins
///
/// Source
///   [T]  A. B. Tsybakov, "Introduction to Nonparametric Estimation" (2009), 2.4.

#include <hotswap/stats/bin_shares.hpp>

#include <cmath>
#include <cstdint>
#include <span>

namespace hotswap::inline v0_1::stats {

/// Half the sum of |c - r| over the shares of the bins.
///
/// @throws std::invalid_argument  for bins that do not correspond.
/// @throws std::domain_error  for a sample without values.
[[nodiscard]] inline double total_variation_distance(std::span<const std::uint64_t> reference,
                                                     std::span<const std::uint64_t> current) {
  double sum = 0.0;
  for (const bin_shares& bin : shares_of(reference, current, "total_variation_distance")) {
    sum += std::abs(bin.difference);
  }
  return 0.5 * sum;
}

/// The root of half the sum of (sqrt(c) - sqrt(r))^2 over the shares of the bins.
///
/// @throws std::invalid_argument  for bins that do not correspond.
/// @throws std::domain_error  for a sample without values.
[[nodiscard]] inline double hellinger_distance(std::span<const std::uint64_t> reference,
                                               std::span<const std::uint64_t> current) {
  double sum = 0.0;
  for (const bin_shares& bin : shares_of(reference, current, "hellinger_distance")) {
    if (bin.difference == 0.0) continue;
    // the difference of the roots, without cancellation
    const double gap = bin.difference / (std::sqrt(bin.current) + std::sqrt(bin.reference));
    sum += gap * gap;
  }
  return std::sqrt(0.5 * sum);
}

}  // namespace hotswap::inline v0_1::stats
