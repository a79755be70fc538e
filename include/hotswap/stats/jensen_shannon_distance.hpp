#pragma once

/// @file
/// The Jensen-Shannon distance of two histograms: a drift score that is bounded and symmetric.
///
///     jensen_shannon_distance(reference, current);                 // in [0, 0.8326]
///     jensen_shannon_distance(reference, current, {.base = 2.0});  // in [0, 1]
///
/// Sources
///   [L]  J. Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on
///        Information Theory 37 (1991), 145-151.
///   [ES] D. M. Endres, J. E. Schindelin, "A new metric for probability distributions", ibid. 49
///        (2003), 1858-1860: its root is a metric.

#include <hotswap/stats/bin_shares.hpp>
#include <hotswap/stats/log_factorial.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct jensen_shannon_options {
  double base = std::numbers::e;  ///< of the logarithms, above 1; with 2 the distance is at most 1
};

/// The root of the divergence of [L], which is a metric [ES]; with natural logarithms unless asked
/// otherwise. 0 if the shares of all bins are the same. Empty bins do no harm.
///
/// Right to 12 significant digits, however little they differ. O(bins).
///
/// @throws std::invalid_argument  for bins that do not correspond, and a base out of range.
/// @throws std::domain_error  for a sample without values.
[[nodiscard]] inline double jensen_shannon_distance(std::span<const std::uint64_t> reference,
                                                    std::span<const std::uint64_t> current,
                                                    const jensen_shannon_options& options = {}) {
  if (!(options.base > 1.0 && std::isfinite(options.base))) {
    throw std::invalid_argument("jensen_shannon_distance: base must be finite and above 1, got " +
                                std::to_string(options.base));
  }
  double sum = 0.0;
  for (const bin_shares& bin : shares_of(reference, current, "jensen_shannon_distance")) {
    const double half = 0.5 * bin.difference;
    const double middle = 0.5 * (bin.reference + bin.current);
    if (middle == 0.0) continue;
    sum += deviance(bin.reference, middle, -half) + deviance(bin.current, middle, half);
  }
  const double divergence = 0.5 * sum;
  return std::sqrt(options.base == std::numbers::e ? divergence
                                                   : divergence / std::log(options.base));
}

}  // namespace hotswap::inline v0_1::stats
