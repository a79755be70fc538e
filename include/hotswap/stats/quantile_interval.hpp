#pragma once

/// @file
/// Between which values does a quantile lie, whatever the distribution?
///
///     const auto [lower, upper] = quantile_interval(latencies, 0.95, {.confidence = 0.99});
///
/// Source
///   [DN] H. A. David, H. N. Nagaraja, "Order Statistics" (2003), 7.1.

#include <hotswap/stats/binomial_tail.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/pooled_values.hpp>

#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct quantile_interval_options {
  double confidence = 0.95;  ///< at least this, in (0, 1); each end errs in half of the rest
};

/// Ranks in ascending order, from 1 on; 0 stands for minus infinity, count + 1 for infinity.
struct quantile_ranks {
  std::uint64_t lower = 0;
  std::uint64_t upper = 0;
  double coverage =
      1.0;  ///< the probability that the quantile lies between; at least the confidence
};

/// The ranks between whose values the quantile lies, of any continuous distribution; [DN].
///
/// @throws std::invalid_argument  for `q` or `confidence` outside (0, 1).
/// @throws std::domain_error  without values.
[[nodiscard]] inline quantile_ranks ranks_around_quantile(
    std::uint64_t count, double q, const quantile_interval_options& options = {}) {
  require_confidence(options.confidence, "quantile_interval");
  if (!(q > 0.0 && q < 1.0)) {
    throw std::invalid_argument("quantile_interval: q must lie between 0 and 1, got " +
                                std::to_string(q));
  }
  if (count == 0) {
    throw std::domain_error("quantile_interval: the sample must have at least 1 value, got 0");
  }
  const auto trials = static_cast<double>(count);
  const binomial_rate below{q, 1.0 - q};  // that a value lies below the quantile
  const binomial_rate above{1.0 - q, q};
  const auto at_most = [&](std::uint64_t k) {
    return binomial_upper_probability(trials - static_cast<double>(k), trials, above);
  };
  const auto more_than = [&](std::uint64_t k) {
    return binomial_upper_probability(static_cast<double>(k) + 1.0, trials, below);
  };
  // the least k in [low, high] for which a predicate that stays true is true
  const auto first = [](std::uint64_t low, std::uint64_t high, auto predicate) {
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (predicate(middle)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  };
  const double tail = (1.0 - options.confidence) / 2.0;
  quantile_ranks ranks;
  ranks.lower = first(0, count, [&](std::uint64_t k) { return at_most(k) > tail; });
  ranks.upper = first(1, count + 1, [&](std::uint64_t k) { return more_than(k - 1) <= tail; });
  ranks.coverage = 1.0 - more_than(ranks.upper - 1);
  if (ranks.lower > 0) ranks.coverage -= at_most(ranks.lower - 1);
  return ranks;
}

/// The values of those ranks; infinite where the sample is too small to tell. O(n log n).
///
/// @throws std::invalid_argument  for `q` or `confidence` outside (0, 1).
/// @throws std::domain_error  for a sample without values, or with a NaN.
[[nodiscard]] inline interval quantile_interval(std::span<const double> sample, double q,
                                                const quantile_interval_options& options = {}) {
  const std::vector<double> values = detail::sorted(sample, "quantile_interval", "sample");
  const quantile_ranks ranks = ranks_around_quantile(values.size(), q, options);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {.lower = ranks.lower == 0 ? -infinity : values[ranks.lower - 1],
          .upper = ranks.upper > values.size() ? infinity : values[ranks.upper - 1]};
}

}  // namespace hotswap::inline v0_1::stats
