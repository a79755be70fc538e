#pragma once

/// @file
/// The Kullback-Leibler divergence: how surprising are today's values to who expects the reference?
///
///     kullback_leibler_divergence(reference, current);  // in nats
///
/// Source
///   [KL] S. Kullback, R. A. Leibler, "On information and sufficiency", Annals of Mathematical
///        Statistics 22 (1951), 79-86.

#include <hotswap/stats/bin_shares.hpp>
#include <hotswap/stats/log_factorial.hpp>

#include <cstdint>
#include <limits>
#include <span>

namespace hotswap::inline v0_1::stats {

/// The sum of c log(c / r) over the shares of the bins, natural logarithms; [KL]. 0 if they are the
/// same, and infinite if a bin that is empty in the reference is not so now. Not symmetric.
///
/// Right to 12 significant digits, however little they differ. O(bins).
///
/// @throws std::invalid_argument  for bins that do not correspond.
/// @throws std::domain_error  for a sample without values.
[[nodiscard]] inline double kullback_leibler_divergence(std::span<const std::uint64_t> reference,
                                                        std::span<const std::uint64_t> current) {
  double sum = 0.0;
  for (const bin_shares& bin : shares_of(reference, current, "kullback_leibler_divergence")) {
    if (bin.reference == 0.0 && bin.current > 0.0) return std::numeric_limits<double>::infinity();
    // c log(c / r) - (c - r): the differences add up to 0, and no term is below it
    if (bin.reference > 0.0) sum += deviance(bin.current, bin.reference, bin.difference);
  }
  return sum;
}

}  // namespace hotswap::inline v0_1::stats
