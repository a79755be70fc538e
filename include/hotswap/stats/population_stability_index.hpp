#pragma once

/// @file
/// The population stability index: how far have the inputs of a model drifted?
///
///     const auto drift = population_stability_index(training_counts, todays_counts);
///     if (drift.score > 0.3 && drift.score > 3.0 * drift.noise_floor) { ... }
///
/// Sources
///   [S]  N. Siddiqi, "Credit Risk Scorecards" (2006): the index and its rule of thumb, stable
///   below
///        0.1, shifted above 0.25.
///   [Y]  B. Yurdakul, "Statistical properties of population stability index" (2018): its law where
///        nothing has drifted.

#include <hotswap/stats/bin_shares.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct population_stability_index_options {
  double floor = 1e-4;        ///< the least share of a bin, in [0, 1); shares are not renormalised
  double pseudo_count = 0.0;  ///< added to each count before that; at least 0
};

struct population_stability_index_result {
  double score = 0.0;        ///< the sum of (c - r) log(c / r) over shares; 0 if they are the same
  double noise_floor = 0.0;  ///< what the score is on average if nothing has drifted
  std::vector<double> contributions;  ///< of each bin to the score; none is below 0
};

/// [S], symmetric in its samples, without an upper bound. An empty bin is worth what `floor` says.
///
/// Without drift, the score is about (1 / n + 1 / N) times a chi-square of bins - 1 degrees of
/// freedom [Y], whose mean is `noise_floor`: with 10 bins and 100 values 0.09, which the rule of
/// thumb nearly takes for a shift. Compare scores of a thousand values and more.
///
/// Right to 12 significant digits. O(bins).
///
/// @throws std::invalid_argument  for bins that do not correspond, and for options out of range.
/// @throws std::domain_error  for a sample without values, and for an empty bin with neither
///   option.
[[nodiscard]] inline population_stability_index_result population_stability_index(
    std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
    const population_stability_index_options& options = {}) {
  const char* const name = "population_stability_index";
  if (!(options.floor >= 0.0 && options.floor < 1.0)) {
    throw std::invalid_argument(std::string{name} + ": floor must lie between 0 and 1, got " +
                                std::to_string(options.floor));
  }
  if (!(options.pseudo_count >= 0.0 && std::isfinite(options.pseudo_count))) {
    throw std::invalid_argument(std::string{name} +
                                ": pseudo_count must be finite and not below 0, got " +
                                std::to_string(options.pseudo_count));
  }

  population_stability_index_result result;
  const auto seen = detail::shares_and_totals_of(reference, current, name, options.pseudo_count);
  result.contributions.resize(seen.shares.size());
  for (std::size_t i = 0; i < seen.shares.size(); ++i) {
    const bin_shares& bin = seen.shares[i];
    const double from = std::max(bin.reference, options.floor);
    const double to = std::max(bin.current, options.floor);
    if (from == 0.0 || to == 0.0) {
      throw std::domain_error(
          std::string{name} +
          ": floor or pseudo_count must be above 0 where a bin is empty, got 0");
    }
    const bool is_raised = from != bin.reference || to != bin.current;
    const double change = std::abs(is_raised ? to - from : bin.difference);
    // of the greater to the less: as precise for all, where log(to / from) is not near 0
    const double log_ratio = std::log1p(change / std::min(from, to));
    result.contributions[i] = change * log_ratio;
    result.score += result.contributions[i];
  }

  result.noise_floor =
      static_cast<double>(reference.size() - 1) * (1.0 / seen.reference + 1.0 / seen.current);
  return result;
}

}  // namespace hotswap::inline v0_1::stats
