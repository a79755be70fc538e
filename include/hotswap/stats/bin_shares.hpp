#pragma once

/// @file
/// Two samples in the same bins, as shares: what all distances of histograms begin with.
///
///     for (const bin_shares& each : shares_of(reference, current, "hellinger_distance")) { ... }

#include <hotswap/stats/vector_loops.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct bin_shares {
  double reference = 0.0;
  double current = 0.0;
  double difference = 0.0;  ///< current - reference, with the digits that a subtraction would lose
};

namespace detail {

struct shares_and_totals {
  std::vector<bin_shares> shares;
  double reference = 0.0;  ///< how many values there are
  double current = 0.0;
};

/// As `shares_of`.
inline shares_and_totals shares_and_totals_of(std::span<const std::uint64_t> reference,
                                              std::span<const std::uint64_t> current,
                                              const char* function, double extra) {
  if (reference.empty() || reference.size() != current.size()) {
    throw std::invalid_argument(
        std::string{function} + ": reference and current must have the same bins, got " +
        std::to_string(reference.size()) + " and " + std::to_string(current.size()));
  }
  std::vector<double> from(reference.begin(), reference.end());
  std::vector<double> to(current.begin(), current.end());
  const double seen_in_reference = sum_about(from.data(), from.size(), 0.0).sum;
  const double seen_in_current = sum_about(to.data(), to.size(), 0.0).sum;
  if (seen_in_reference == 0.0 || seen_in_current == 0.0) {
    throw std::domain_error(std::string{function} +
                            ": each sample must have a value, got none in " +
                            (seen_in_reference == 0.0 ? "reference" : "current"));
  }

  const double added = extra * static_cast<double>(reference.size());
  const double all_reference = seen_in_reference + added;
  const double all_current = seen_in_current + added;
  std::vector<bin_shares> shares(reference.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    from[i] += extra;
    to[i] += extra;
    shares[i].reference = from[i] / all_reference;
    shares[i].current = to[i] / all_current;
  }
  subtract_products(to.data(), all_reference, from.data(), all_current, to.size());
  const double per_reference = 1.0 / all_reference;  // a division takes as long as all the rest
  const double per_current = 1.0 / all_current;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    shares[i].difference = to[i] * per_reference * per_current;
  }
  return {std::move(shares), seen_in_reference, seen_in_current};
}

}  // namespace detail

/// @param reference, current  a count per bin
/// @param extra  is added to each count, so that no bin is empty; not below 0
/// @param function  that a message begins with
/// @throws std::invalid_argument  for other numbers of bins in one than in the other, or none.
/// @throws std::domain_error  for a sample without any count.
inline std::vector<bin_shares> shares_of(std::span<const std::uint64_t> reference,
                                         std::span<const std::uint64_t> current,
                                         const char* function, double extra = 0.0) {
  return detail::shares_and_totals_of(reference, current, function, extra).shares;
}

}  // namespace hotswap::inline v0_1::stats
