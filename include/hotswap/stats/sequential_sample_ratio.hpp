#pragma once

/// @file
/// Did each version get the share of users that it should have? A check at every look.
///
///     always_valid_p_value mismatch;
///     mismatch.add(sequential_sample_ratio_test(users, shares).log_bayes_factor);   // at each
///     look if (mismatch.p_value() <= 0.001) { ... }   // the experiment is void, whatever it found
///
/// Count what was assigned, users, not what they do: the requests of one user are not independent.
///
/// Source
///   [LM] M. Lindon, A. Malek, "Anytime-valid inference for multinomial count data", NeurIPS 35
///        (2022), arXiv 2011.03567: the Bayes factor of section 3, under a Dirichlet prior.

#include <hotswap/stats/always_valid_p_value.hpp>
#include <hotswap/stats/dirichlet_multinomial.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct sequential_sample_ratio_options {
  /// How close to the intended shares a mismatch is looked for: they are off by some
  /// 1 / sqrt(concentration). The smallest mismatch that matters decides; to be chosen first.
  double concentration = 100.0;
};

struct sequential_sample_ratio_result {
  double log_bayes_factor = 0.0;  ///< of a mismatch; the logarithm of an e-value
  double p_value = 1.0;           ///< min(1, 1 / Bayes factor), at this look
  double log_p_value = 0.0;       ///< its logarithm, also where p_value is too small for a double
};

namespace detail {

inline void require_ratio(std::span<const std::uint64_t> counts, std::span<const double> shares,
                          const sequential_sample_ratio_options& options) {
  if (counts.size() < 2 || counts.size() != shares.size()) {
    throw std::invalid_argument(
        "sequential_sample_ratio_test: there must be at least 2 counts and as many shares, got " +
        std::to_string(counts.size()) + " and " + std::to_string(shares.size()));
  }
  for (const double share : shares) {
    if (share >= 1e-100 && share <= 1e100) continue;  // within, no product of theirs overflows
    throw std::invalid_argument(
        "sequential_sample_ratio_test: shares must lie between 1e-100 and 1e100, got " +
        std::to_string(share));
  }
  if (!(options.concentration >= 1e-50 && options.concentration <= 1e50)) {
    throw std::invalid_argument(
        "sequential_sample_ratio_test: concentration must lie between 1e-50 and 1e50, got " +
        std::to_string(options.concentration));
  }
}

}  // namespace detail

/// The test of [LM] at one look. Under the intended shares, P(Bayes factor >= 1 / alpha at any
/// look) is at most alpha, exactly, however often one looks; `always_valid_p_value` is its p-value
/// over several looks. A single look is better served by `chi_square_goodness_of_fit`.
///
/// The shares must be the same throughout. Where a split changes, begin anew to count, and add the
/// logarithms: the Bayes factors' product is as good evidence as each of them.
///
/// @param counts  per version, since the start; all may be 0
/// @param shares  one per version, in any unit
///
/// The logarithm has 12 digits, or an error of 1e-13 where it is next to 0, for totals up to 2^53.
/// A quarter of a microsecond for two versions. Safe from any thread.
///
/// @throws std::invalid_argument  for fewer than two counts, another number of shares, a share out
///   of [1e-100, 1e100], or a concentration out of [1e-50, 1e50].
[[nodiscard]] inline sequential_sample_ratio_result sequential_sample_ratio_test(
    std::span<const std::uint64_t> counts, std::span<const double> shares,
    const sequential_sample_ratio_options& options = {}) {
  detail::require_ratio(counts, shares, options);
  double total = 0.0;
  double total_share = 0.0;  // its rounding scales all shares alike: excesses of sum 0 cancel it
  for (const std::uint64_t count : counts) total += static_cast<double>(count);
  for (const double share : shares) total_share += share;

  std::vector<counted_share> classes(counts.size());
  for (std::size_t i = 0; i < classes.size(); ++i) {
    counted_share& each = classes[i];
    each.share = shares[i] / total_share;
    each.count = static_cast<double>(counts[i]);
    each.excess = difference_of_products(each.count, total_share, total, shares[i]) / total_share;
    each.prior = options.concentration * each.share;
  }
  const double log_bayes_factor = log_dirichlet_multinomial_factor(classes);
  const tail_probability tail = p_value_of_e(log_bayes_factor);
  return {log_bayes_factor, tail.p_value, tail.log_p_value};
}

}  // namespace hotswap::inline v0_1::stats
