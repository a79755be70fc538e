#pragma once

/// @file
/// Two samples in the same bins, as shares: what all distances of histograms begin with.
///
///     for (const bin_shares& each : shares_of(reference, current, "hellinger_distance")) { ... }

#include <hotswap/stats/rate_difference.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct bin_shares {
  double reference = 0.0;
  double current = 0.0;
  double difference = 0.0;  ///< current - reference, with the digits that a subtraction would lose
};

/// @param reference, current  a count per bin
/// @param extra  is added to each count, so that no bin is empty; not below 0
/// @param function  that a message begins with
/// @throws std::invalid_argument  for other numbers of bins in one than in the other, or none.
/// @throws std::domain_error  for a sample without any count.
inline std::vector<bin_shares> shares_of(std::span<const std::uint64_t> reference,
                                         std::span<const std::uint64_t> current,
                                         const char* function, double extra = 0.0) {
  if (reference.empty() || reference.size() != current.size()) {
    throw std::invalid_argument(
        std::string{function} + ": reference and current must have the same bins, got " +
        std::to_string(reference.size()) + " and " + std::to_string(current.size()));
  }
  const auto total = [](std::span<const std::uint64_t> counts) {
    return std::accumulate(counts.begin(), counts.end(), 0.0, [](double sum, std::uint64_t count) {
      return sum + static_cast<double>(count);
    });
  };
  const double seen_in_reference = total(reference);
  const double seen_in_current = total(current);
  if (seen_in_reference == 0.0 || seen_in_current == 0.0) {
    throw std::domain_error(std::string{function} +
                            ": each sample must have a value, got none in " +
                            (seen_in_reference == 0.0 ? "reference" : "current"));
  }

  const double added = extra * static_cast<double>(reference.size());
  const double all_reference = seen_in_reference + added;
  const double all_current = seen_in_current + added;
  std::vector<bin_shares> shares;
  shares.reserve(reference.size());
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double r = static_cast<double>(reference[i]) + extra;
    const double c = static_cast<double>(current[i]) + extra;
    shares.push_back(
        {r / all_reference, c / all_current,
         difference_of_products(c, all_reference, r, all_current) / all_reference / all_current});
  }
  return shares;
}

}  // namespace hotswap::inline v0_1::stats
