#pragma once

/// @file
/// P-values that hold for many tests at once.
///
///     const std::vector<double> adjusted = holm(p_values);
///     if (adjusted[3] < 0.05) { ... }  // rejected, and the chance of any false one is below 0.05
///
/// Sources
///   [H]  S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
///   of
///        Statistics 6 (1979), 65-70.
///   [Y]  Y. Hochberg, "A sharper Bonferroni procedure for multiple tests of significance",
///        Biometrika 75 (1988), 800-802.
///   [BH] Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal
///        Statistical Society B 57 (1995), 289-300.
///   [BY] Y. Benjamini, D. Yekutieli, "The control of the false discovery rate in multiple testing
///        under dependency", Annals of Statistics 29 (2001), 1165-1188.
///   [R]  p.adjust(p, method) of R's package stats.
///
/// Each function answers in the order of its input, agrees with [R] to 12 digits, takes
/// O(n log n), and throws std::invalid_argument for what is no probability. No p-values give none.

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

namespace detail {

inline void require_probabilities(std::span<const double> p_values, const char* function) {
  for (const double p : p_values) {
    if (p >= 0.0 && p <= 1.0) continue;
    throw std::invalid_argument(std::string{function} +
                                ": a p-value must lie between 0 and 1, got " + std::to_string(p));
  }
}

inline std::vector<std::size_t> ascending_order(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

/// From the greatest to the least: each p-value times factor(rank), rank 1 being the least, and
/// never more than the one before.
template <typename Factor>
std::vector<double> step_up(std::span<const double> p_values, Factor factor) {
  const auto order = ascending_order(p_values);
  std::vector<double> adjusted(p_values.size());
  double least = 1.0;
  for (std::size_t rank = order.size(); rank >= 1; --rank) {
    const std::size_t i = order[rank - 1];
    least = std::min(least, p_values[i] * factor(static_cast<double>(rank)));
    adjusted[i] = least;
  }
  return adjusted;
}

}  // namespace detail

/// Each p-value times their number: the chance of any false rejection stays below the level,
/// whatever the tests have to do with one another. `holm` promises the same and rejects more.
[[nodiscard]] inline std::vector<double> bonferroni(std::span<const double> p_values) {
  detail::require_probabilities(p_values, "bonferroni");
  std::vector<double> adjusted(p_values.begin(), p_values.end());
  const auto tests = static_cast<double>(adjusted.size());
  for (double& p : adjusted) p = std::min(1.0, p * tests);
  return adjusted;
}

/// [H]: the chance of any false rejection stays below the level, whatever the tests have to do with
/// one another.
[[nodiscard]] inline std::vector<double> holm(std::span<const double> p_values) {
  detail::require_probabilities(p_values, "holm");
  std::vector<double> adjusted(p_values.size());
  auto left = static_cast<double>(p_values.size());
  double greatest = 0.0;
  for (const std::size_t i : detail::ascending_order(p_values)) {
    greatest = std::max(greatest, std::min(1.0, p_values[i] * left));
    adjusted[i] = greatest;
    left -= 1.0;
  }
  return adjusted;
}

/// [Y]: rejects at least as much as `holm`, and holds for independent tests and for positively
/// dependent ones.
[[nodiscard]] inline std::vector<double> hochberg(std::span<const double> p_values) {
  detail::require_probabilities(p_values, "hochberg");
  const auto tests = static_cast<double>(p_values.size());
  return detail::step_up(p_values, [=](double rank) { return tests - rank + 1.0; });
}

/// [BH]: of all rejections, the expected part of false ones stays below the level; for independent
/// tests and positively dependent ones.
[[nodiscard]] inline std::vector<double> benjamini_hochberg(std::span<const double> p_values) {
  detail::require_probabilities(p_values, "benjamini_hochberg");
  const auto tests = static_cast<double>(p_values.size());
  return detail::step_up(p_values, [=](double rank) { return tests / rank; });
}

/// [BY]: the same, whatever the tests have to do with one another.
[[nodiscard]] inline std::vector<double> benjamini_yekutieli(std::span<const double> p_values) {
  detail::require_probabilities(p_values, "benjamini_yekutieli");
  const auto tests = static_cast<double>(p_values.size());
  double harmonic = 0.0;
  for (double k = tests; k >= 1.0; --k) harmonic += 1.0 / k;
  return detail::step_up(p_values, [=](double rank) { return tests / rank * harmonic; });
}

}  // namespace hotswap::inline v0_1::stats
