#pragma once

/// @file
/// The Kolmogorov-Smirnov test: do two samples differ in any way, shape and tails included?
///
///     const auto test = kolmogorov_smirnov_test(baseline, candidate);
///     if (test.p_value < 0.05) { ... }  // their distributions differ
///
/// Sources
///   [S]  N. V. Smirnov, "On the estimation of the discrepancy between empirical curves of
///        distribution for two independent samples", Moscow University Bulletin 2 (1939).
///   [H]  J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv för
///        Matematik 3 (1958), 469-486: counting paths.
///   [SR] G. Schröer, D. Trenkler, "Exact and randomization distributions of Kolmogorov-Smirnov
///   tests
///        two or three samples", Computational Statistics & Data Analysis 20 (1995), 185-202: ties.
///   [R]  ks.test(baseline, candidate, exact) of R's package stats.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/exactness.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct kolmogorov_smirnov_options {
  stats::alternative alternative = stats::alternative::two_sided;
  stats::exactness exactness = stats::exactness::automatic;  ///< exact below 10 000 pairs
};

struct kolmogorov_smirnov_result {
  double statistic = 0.0;  ///< the greatest distance of the distribution functions that counts
  double candidate_above = 0.0;  ///< sup (F_candidate - F_baseline): great if the candidate is less
  double baseline_above = 0.0;   ///< sup (F_baseline - F_candidate): great if it is greater
  double p_value = 1.0;  ///< of a distance at least this great, if they have one distribution
  double log_p_value = 0.0;
  bool exact = false;
};

namespace detail {

/// P(K > x) of Kolmogorov's distribution, and its logarithm.
inline tail_probability kolmogorov_tail(double x) {
  if (x <= 0.0) return {1.0, 0.0};
  if (x < 1.0) {
    double sum = 0.0;
    for (int k = 1; k <= 9; k += 2) {
      const double angle = k * std::numbers::pi / x;
      sum += std::exp(-angle * angle / 8.0);
    }
    const double below = std::sqrt(2.0 * std::numbers::pi) / x * sum;
    return {1.0 - below, std::log1p(-below)};
  }
  double rest = 0.0;  // the sum over exp(-2 x^2), less 1
  for (int k = 2; k <= 8; ++k)
    rest += (k % 2 == 0 ? -1.0 : 1.0) * std::exp(-2.0 * (k * k - 1) * x * x);
  const double log_tail = std::numbers::ln2 - 2.0 * x * x + std::log1p(rest);
  return {2.0 * std::exp(-2.0 * x * x) * (1.0 + rest), log_tail};
}

/// The distances along a walk over the values, and where values end that are tied.
class distribution_gap {
 public:
  distribution_gap(double baseline_count, double candidate_count)
      : baseline_count_(baseline_count),
        candidate_count_(candidate_count),
        products_are_exact_(baseline_count * candidate_count <= 0x1p53) {}

  void add(double in_baseline, double in_candidate) {
    baseline_ += in_baseline;
    candidate_ += in_candidate;
    const double gap =
        products_are_exact_
            ? candidate_ * baseline_count_ - baseline_ * candidate_count_
            : difference_of_products(candidate_, baseline_count_, baseline_, candidate_count_);
    candidate_above_ = std::max(candidate_above_, gap);
    baseline_above_ = std::max(baseline_above_, -gap);
    if (keeps_ends_) ends_.push_back(static_cast<std::uint32_t>(baseline_ + candidate_));
  }

  void keep_ends() { keeps_ends_ = true; }

  [[nodiscard]] double pairs() const { return baseline_count_ * candidate_count_; }
  [[nodiscard]] double candidate_above() const { return candidate_above_; }  // times pairs()
  [[nodiscard]] double baseline_above() const { return baseline_above_; }
  [[nodiscard]] double effective_count() const {
    return baseline_count_ / (baseline_count_ + candidate_count_) * candidate_count_;
  }

  [[nodiscard]] double exact_tail(alternative side) const;

 private:
  double baseline_count_;
  double candidate_count_;
  bool products_are_exact_;  // of whole numbers up to 2^53, no greater than all the pairs
  double baseline_ = 0.0;    // so far
  double candidate_ = 0.0;
  double candidate_above_ = 0.0;
  double baseline_above_ = 0.0;
  bool keeps_ends_ = false;
  std::vector<std::uint32_t> ends_;
};

/// The probability that a random order of the pooled values reaches the distance somewhere, [H];
/// within ties only their ends count, [SR]. Both kinds of paths are added up, those that have
/// reached it and those that have not: a small probability is no rest of 1 and keeps its digits.
inline double distribution_gap::exact_tail(alternative side) const {
  const auto rows = static_cast<std::size_t>(baseline_count_);
  const auto columns = static_cast<std::size_t>(candidate_count_);
  const double limit = side == alternative::less      ? candidate_above_
                       : side == alternative::greater ? baseline_above_
                                                      : std::max(candidate_above_, baseline_above_);
  std::vector<bool> is_end(rows + columns + 1);
  for (const std::uint32_t end : ends_) is_end[end] = true;

  std::vector<double> inside(columns + 1);  // P(the path passes here and has not reached it)
  std::vector<double> outside(columns + 1);
  for (std::size_t i = 0; i <= rows; ++i) {
    for (std::size_t j = 0; j <= columns; ++j) {
      const auto left = static_cast<double>(rows + columns - i - j + 1);  // values, a step before
      const double by_row = i > 0 ? static_cast<double>(rows - i + 1) / left : 0.0;
      const double by_column = j > 0 ? static_cast<double>(columns - j + 1) / left : 0.0;
      const double before_in = j > 0 ? inside[j - 1] : 0.0;
      const double before_out = j > 0 ? outside[j - 1] : 0.0;
      inside[j] = i + j == 0 ? 1.0 : by_row * inside[j] + by_column * before_in;
      outside[j] = by_row * outside[j] + by_column * before_out;

      const double gap =
          static_cast<double>(j) * baseline_count_ - static_cast<double>(i) * candidate_count_;
      const double counted = side == alternative::less      ? gap
                             : side == alternative::greater ? -gap
                                                            : std::abs(gap);
      if (is_end[i + j] && counted >= limit) {
        outside[j] += inside[j];
        inside[j] = 0.0;
      }
    }
  }
  return std::min(1.0, outside[columns]);
}

inline bool is_to_be_exact(const distribution_gap& gap, exactness wanted) {
  if (wanted == exactness::automatic) return gap.pairs() < 1e4;
  if (wanted == exactness::asymptotic) return false;
  if (gap.pairs() > 1e8) {
    throw std::domain_error(
        "kolmogorov_smirnov_test: an exact test must be of at most 100000000 pairs, got " +
        std::to_string(static_cast<std::uint64_t>(gap.pairs())));
  }
  return true;
}

template <typename Walk>
kolmogorov_smirnov_result kolmogorov_smirnov_of(double baseline_count, double candidate_count,
                                                const kolmogorov_smirnov_options& options,
                                                Walk walk) {
  distribution_gap gap{baseline_count, candidate_count};
  kolmogorov_smirnov_result result;
  result.exact = is_to_be_exact(gap, options.exactness);
  if (result.exact) gap.keep_ends();
  walk([&](double, double a, double b) { gap.add(a, b); });

  result.candidate_above = gap.candidate_above() / gap.pairs();
  result.baseline_above = gap.baseline_above() / gap.pairs();
  switch (options.alternative) {
    case alternative::two_sided:
      result.statistic = std::max(result.candidate_above, result.baseline_above);
      break;
    case alternative::less:
      result.statistic = result.candidate_above;
      break;
    case alternative::greater:
      result.statistic = result.baseline_above;
      break;
  }
  if (result.exact) {
    result.p_value = gap.exact_tail(options.alternative);
    result.log_p_value = std::log(result.p_value);
    return result;
  }
  const double x = std::sqrt(gap.effective_count()) * result.statistic;
  const tail_probability tail = options.alternative == alternative::two_sided
                                    ? kolmogorov_tail(x)
                                    : tail_probability{std::exp(-2.0 * x * x), -2.0 * x * x};
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;
  return result;
}

inline double total_of(std::span<const std::uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), 0.0, [](double sum, std::uint64_t count) {
    return sum + static_cast<double>(count);
  });
}

}  // namespace detail

/// The test of [S]: have both samples one distribution? It notices any difference, and each less
/// well than a test made for it: for a shift, prefer Mann-Whitney's. `greater` asks whether the
/// candidate's values are the greater ones.
///
/// The asymptotic p-value is Kolmogorov's limit, without a correction for small samples. With ties
/// the exact one is conditional on them, and the asymptotic one too great. Agrees with [R], and
/// exactly with both definitions to 12 significant digits. O(n log n); an exact test, O(pairs).
///
/// @throws std::domain_error  for a sample without values or with a NaN, and for an exact test of
///   more than 10^8 pairs.
[[nodiscard]] inline kolmogorov_smirnov_result kolmogorov_smirnov_test(
    std::span<const double> baseline, std::span<const double> candidate,
    const kolmogorov_smirnov_options& options = {}) {
  return detail::kolmogorov_smirnov_of(
      static_cast<double>(baseline.size()), static_cast<double>(candidate.size()), options,
      [&](auto visit) { for_each_value(baseline, candidate, "kolmogorov_smirnov_test", visit); });
}

/// The same from distinct values and their counts.
/// @throws std::invalid_argument  for another number of counts than of values.
[[nodiscard]] inline kolmogorov_smirnov_result kolmogorov_smirnov_test(
    const counted_values& baseline, const counted_values& candidate,
    const kolmogorov_smirnov_options& options = {}) {
  return detail::kolmogorov_smirnov_of(
      detail::total_of(baseline.counts), detail::total_of(candidate.counts), options,
      [&](auto visit) { for_each_value(baseline, candidate, "kolmogorov_smirnov_test", visit); });
}

/// The same from counts in common bins, whose values count as equal.
/// @throws std::invalid_argument  for other numbers of bins in one than in the other.
[[nodiscard]] inline kolmogorov_smirnov_result kolmogorov_smirnov_test(
    const paired_bins& bins, const kolmogorov_smirnov_options& options = {}) {
  return detail::kolmogorov_smirnov_of(
      detail::total_of(bins.baseline), detail::total_of(bins.candidate), options,
      [&](auto visit) { for_each_value(bins, "kolmogorov_smirnov_test", visit); });
}

}  // namespace hotswap::inline v0_1::stats
