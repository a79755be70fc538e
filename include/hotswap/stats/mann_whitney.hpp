#pragma once

/// @file
/// The Mann-Whitney test: do the candidate's values tend to be greater?
///
///     const auto test = mann_whitney_test(baseline, candidate);
///     if (test.p_value < 0.05) { ... }   // they do, or they tend to be smaller
///     test.superiority;                  // how often a candidate's value is the greater one: 0.56
///
/// Sources
///   [MW] H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is
///        stochastically larger than the other", Annals of Mathematical Statistics 18 (1947),
///        50-60.
///   [L]  E. L. Lehmann, "Nonparametrics" (1975), 1.2 and 1.4: the variance with ties.
///   [R]  wilcox.test(candidate, baseline, alternative, exact, correct) of R's package stats.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/exactness.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/pooled_values.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct mann_whitney_options {
  stats::alternative alternative = stats::alternative::two_sided;
  stats::exactness exactness = stats::exactness::automatic;  ///< exact below 50 values without ties
  bool continuity = true;  ///< one half towards the null, where it is not exact
};

struct mann_whitney_result {
  double u = 0.0;             ///< pairs with a greater candidate, and half of the tied ones; R's W
  double superiority = 0.5;   ///< u as a part of all pairs
  double cliffs_delta = 0.0;  ///< 2 superiority - 1, in [-1, 1]
  double statistic = 0.0;     ///< z: how many standard deviations u lies from its mean
  double p_value = 1.0;       ///< of a u at least this extreme, if both have one distribution
  double log_p_value = 0.0;
  bool exact = false;
};

namespace detail {

/// What the test needs to know of a walk over the values.
class rank_sums {
 public:
  void add(double in_baseline, double in_candidate) {
    twice_centred_ += in_candidate * baseline_ - in_baseline * candidate_;
    const double before = baseline_ + candidate_;
    const double tied = in_baseline + in_candidate;
    // what n^3 - (the sum of cubes of ties) grows by: no difference of cubes is ever taken
    untied_cubes_ += 3.0 * before * tied * (before + tied);
    has_ties_ = has_ties_ || tied > 1.0;
    baseline_ += in_baseline;
    candidate_ += in_candidate;
  }

  [[nodiscard]] double pairs() const { return baseline_ * candidate_; }
  [[nodiscard]] double baseline() const { return baseline_; }
  [[nodiscard]] double candidate() const { return candidate_; }
  [[nodiscard]] bool has_ties() const { return has_ties_; }

  /// u less its mean, half of the pairs.
  [[nodiscard]] double centred() const { return 0.5 * twice_centred_; }

  [[nodiscard]] double deviation() const {
    const double n = baseline_ + candidate_;
    return std::sqrt(pairs() / 12.0 * (untied_cubes_ / n / (n - 1.0)));
  }

 private:
  double baseline_ = 0.0;  // so far
  double candidate_ = 0.0;
  double twice_centred_ = 0.0;
  double untied_cubes_ = 0.0;
  bool has_ties_ = false;
};

/// P(U <= u) of samples without ties, by the recursion of [MW]: the greatest value is of one sample
/// or of the other. Only sums of counts, so all digits are right.
inline double exact_lower_tail(std::size_t baseline, std::size_t candidate, std::size_t u) {
  const std::size_t pairs = baseline * candidate;
  if (u >= pairs) return 1.0;
  if (2 * u > pairs) return 1.0 - exact_lower_tail(baseline, candidate, pairs - u - 1);

  // ways[m][v]: arrangements of m baseline values and those candidates so far that have U = v
  std::vector<std::vector<double>> ways(baseline + 1, std::vector<double>(u + 1));
  for (auto& row : ways) row[0] = 1.0;
  for (std::size_t n = 1; n <= candidate; ++n) {
    for (std::size_t m = 1; m <= baseline; ++m) {
      for (std::size_t v = n; v <= u; ++v) ways[m][v] += ways[m - 1][v - n];
    }
  }
  double below = 0.0;
  for (const double count : ways[baseline]) below += count;
  double total = 1.0;
  for (std::size_t i = 1; i <= candidate; ++i) {
    total *= static_cast<double>(baseline + i) / static_cast<double>(i);
  }
  return below / total;
}

inline tail_probability exact_p_value(const rank_sums& sums, alternative side) {
  const auto baseline = static_cast<std::size_t>(sums.baseline());
  const auto candidate = static_cast<std::size_t>(sums.candidate());
  const auto u = static_cast<std::size_t>(std::llround(0.5 * sums.pairs() + sums.centred()));
  const auto less = [&] { return exact_lower_tail(baseline, candidate, u); };
  const auto greater = [&] {
    return exact_lower_tail(baseline, candidate, baseline * candidate - u);
  };
  const double p = side == alternative::less ? less()
                   : side == alternative::greater
                       ? greater()
                       : std::min(1.0, 2.0 * std::min(less(), greater()));
  return {p, std::log(p)};
}

inline bool is_to_be_exact(const rank_sums& sums, exactness wanted) {
  constexpr double most_pairs = 10'000.0;
  if (wanted == exactness::automatic) {
    return !sums.has_ties() && sums.baseline() < 50.0 && sums.candidate() < 50.0;
  }
  if (wanted == exactness::asymptotic) return false;
  if (sums.has_ties()) {
    throw std::domain_error("mann_whitney_test: values must have no ties where the test is exact");
  }
  if (sums.pairs() > most_pairs) {
    throw std::domain_error(
        "mann_whitney_test: an exact test must be of at most 10000 pairs, got " +
        std::to_string(static_cast<std::uint64_t>(sums.pairs())));
  }
  return true;
}

inline mann_whitney_result mann_whitney_of(const rank_sums& sums,
                                           const mann_whitney_options& options) {
  mann_whitney_result result;
  result.exact = is_to_be_exact(sums, options.exactness);
  result.u = 0.5 * sums.pairs() + sums.centred();
  result.superiority = 0.5 + sums.centred() / sums.pairs();
  result.cliffs_delta = 2.0 * sums.centred() / sums.pairs();
  const double deviation = sums.deviation();
  if (deviation == 0.0) return result;  // all values are equal, in every arrangement

  double towards = 0.0;
  if (options.continuity && !result.exact) {
    switch (options.alternative) {
      case alternative::two_sided:
        towards = -std::copysign(std::min(0.5, std::abs(sums.centred())), sums.centred());
        break;
      case alternative::less:
        towards = 0.5;
        break;
      case alternative::greater:
        towards = -0.5;
        break;
    }
  }
  result.statistic = (sums.centred() + towards) / deviation;
  const tail_probability tail = result.exact
                                    ? exact_p_value(sums, options.alternative)
                                    : normal_p_value(result.statistic, options.alternative);
  result.p_value = tail.p_value;
  result.log_p_value = tail.log_p_value;
  return result;
}

}  // namespace detail

/// The test of [MW]: have both samples one distribution? It notices where the candidate's values
/// tend to be greater or smaller, is not misled by a few huge ones, and needs no normal
/// distribution; but a small p-value does not say that the means differ. Values that are equal
/// count as one half.
///
/// Agrees with [R] to 12 significant digits, exact and not. O(n log n).
///
/// Where all values are equal, the p-value is 1.
///
/// @throws std::domain_error  for a sample without values or with a NaN; where an exact test is
///   asked for, with ties or for more than 10 000 pairs.
[[nodiscard]] inline mann_whitney_result mann_whitney_test(
    std::span<const double> baseline, std::span<const double> candidate,
    const mann_whitney_options& options = {}) {
  detail::rank_sums sums;
  for_each_value(baseline, candidate, "mann_whitney_test",
                 [&](double, double a, double b) { sums.add(a, b); });
  return detail::mann_whitney_of(sums, options);
}

/// The same from distinct values and their counts.
/// @throws std::invalid_argument  for another number of counts than of values.
[[nodiscard]] inline mann_whitney_result mann_whitney_test(
    const counted_values& baseline, const counted_values& candidate,
    const mann_whitney_options& options = {}) {
  detail::rank_sums sums;
  for_each_value(baseline, candidate, "mann_whitney_test",
                 [&](double, double a, double b) { sums.add(a, b); });
  return detail::mann_whitney_of(sums, options);
}

/// The same from counts in common bins, whose values count as equal: a test of the distributions
/// that a recorder keeps, in microseconds whatever was counted.
/// @throws std::invalid_argument  for other numbers of bins in one than in the other.
[[nodiscard]] inline mann_whitney_result mann_whitney_test(
    const paired_bins& bins, const mann_whitney_options& options = {}) {
  detail::rank_sums sums;
  for_each_value(bins, "mann_whitney_test", [&](double, double a, double b) { sums.add(a, b); });
  return detail::mann_whitney_of(sums, options);
}

}  // namespace hotswap::inline v0_1::stats
