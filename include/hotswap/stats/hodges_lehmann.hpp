#pragma once

/// @file
/// The Hodges-Lehmann shift: by how much is the candidate's typical value greater?
///
///     hodges_lehmann_shift(baseline, candidate);  // 0.003, in the unit of the values
///
/// Source
///   [HL] J. L. Hodges, E. L. Lehmann, "Estimates of location based on rank tests", Annals of
///        Mathematical Statistics 34 (1963), 598-611.

#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/sorted_values.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// How many of the differences b - a are at most `limit`. Both samples are sorted.
inline std::uint64_t differences_up_to(double limit, const std::vector<double>& baseline,
                                       const std::vector<double>& candidate) {
  std::uint64_t count = 0;
  std::size_t below = 0;
  for (const double a : baseline) {
    while (below < candidate.size() && candidate[below] - a <= limit) ++below;
    count += below;
  }
  return count;
}

}  // namespace detail

/// The median of all differences, candidate - baseline: the shift [HL] that makes a Mann-Whitney
/// test of both samples least significant. Half of the values may be wild without moving it much.
///
/// As exact as a difference of doubles is. O(n log n) in time and O(n) in memory, though there are
/// n^2 differences: the median is found by bisection over the doubles themselves.
///
/// @throws std::domain_error  for a sample without values, or with one that is not finite.
[[nodiscard]] inline double hodges_lehmann_shift(std::span<const double> baseline,
                                                 std::span<const double> candidate) {
  const auto a = detail::sorted(baseline, "hodges_lehmann_shift", "baseline");
  const auto b = detail::sorted(candidate, "hodges_lehmann_shift", "candidate");
  for (const double end : {a.front(), a.back(), b.front(), b.back()}) {
    if (std::isfinite(end)) continue;
    throw std::domain_error("hodges_lehmann_shift: values must be finite, got " +
                            std::to_string(end));
  }

  // The least double that at least `rank` differences do not exceed is one of them.
  const auto ranked = [&](std::uint64_t rank) {
    std::uint64_t low = detail::key_of(b.front() - a.back());
    std::uint64_t high = detail::key_of(b.back() - a.front());
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (detail::differences_up_to(detail::value_of_key(middle), a, b) >= rank) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return detail::value_of_key(low);
  };
  const std::uint64_t pairs = std::uint64_t{a.size()} * b.size();
  const double upper = ranked(pairs / 2 + 1);
  if (pairs % 2 == 1) return upper;
  const double lower = ranked(pairs / 2);
  return lower + 0.5 * (upper - lower);
}

}  // namespace hotswap::inline v0_1::stats
