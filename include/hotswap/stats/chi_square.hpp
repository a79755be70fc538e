#pragma once

/// @file
/// Pearson's chi-square test: are two rates equal, are two attributes independent, do counts follow
/// the weights that they should?
///
///     const proportion baseline{412, 8000};
///     const proportion candidate{498, 8100};
///     if (chi_square_test(baseline, candidate).p_value < 0.05) { ... }  // the rates differ
///
/// Sources
///   [P]  K. Pearson, "On the criterion that a given system of deviations ... can be reasonably
///        supposed to have arisen from random sampling", Philosophical Magazine 50 (1900), 157-175.
///   [Y]  F. Yates, "Contingency tables involving small numbers and the chi-square test",
///   Supplement
///        to the Journal of the Royal Statistical Society 1 (1934), 217-235.
///   [G]  S. S. Wilks, "The large-sample distribution of the likelihood ratio for testing composite
///        hypotheses", Annals of Mathematical Statistics 9 (1938), 60-62.
///   [C]  H. Cramér, "Mathematical Methods of Statistics" (1946), 21.9: V.
///   [R]  chisq.test(x, correct = yates) and chisq.test(x, p = weights, rescale.p = TRUE).

#include <hotswap/stats/gamma_tail.hpp>
#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

struct chi_square_options {
  bool yates = false;             ///< Yates' correction for continuity; at most one half, as in R
  bool likelihood_ratio = false;  ///< the G statistic instead of Pearson's; without correction
};

struct chi_square_table_options {
  bool likelihood_ratio = false;  ///< the G statistic instead of Pearson's
};

struct chi_square_result {
  double statistic = 0.0;  ///< the sum of (observed - expected)^2 / expected, or G: that of
                           ///< 2 observed log(observed / expected)
  double degrees_of_freedom = 0.0;  ///< a whole number
  double p_value = 1.0;             ///< of a statistic at least as great, if the null is true
  double log_p_value = 0.0;         ///< its logarithm, also where p_value is too small for a double
  double smallest_expected = 0.0;   ///< count of any cell; below 5 the p-value is a rough one
};

struct chi_square_table_result : chi_square_result {
  double cramers_v = 0.0;  ///< strength of the association in [0, 1], by Pearson's statistic
};

struct chi_square_proportions_result : chi_square_result {
  double difference = 0.0;  ///< rate of the candidate - rate of the baseline
};

namespace detail {

inline void set_p_value(chi_square_result& result) {
  result.log_p_value =
      log_gamma_upper_tail(0.5 * result.degrees_of_freedom, 0.5 * result.statistic);
  result.p_value = std::exp(result.log_p_value);
}

/// What a cell adds to the statistic.
inline double chi_square_of_cell(double observed, double expected, double gap,
                                 bool likelihood_ratio) {
  // observed log(observed / expected) - gap: the gaps add up to 0, and no term is below it
  return likelihood_ratio ? 2.0 * deviance(observed, expected, gap) : gap * (gap / expected);
}

}  // namespace detail

/// Are the two rates equal? [P], and [Y] if asked for. One degree of freedom, two-sided.
///
/// Meant for an expected count of at least 5 in each cell; see `smallest_expected`.
///
/// Agrees with [R] to 12 significant digits, for counts up to 2^53. O(1), allocates nothing, safe
/// from any thread.
///
/// @throws std::invalid_argument  for both options at once.
/// @throws std::domain_error  where the test has no answer: no trials in one of the two, or only
///   successes or only failures in both. It never returns NaN.
[[nodiscard]] inline chi_square_proportions_result chi_square_test(
    const proportion& baseline, const proportion& candidate,
    const chi_square_options& options = {}) {
  if (options.yates && options.likelihood_ratio) {
    throw std::invalid_argument(
        "chi_square_test: yates must be false where likelihood_ratio is true, got true");
  }
  require_trials(baseline, candidate, "chi_square_test");
  const auto baseline_successes = static_cast<double>(baseline.successes());
  const auto baseline_trials = static_cast<double>(baseline.trials());
  const auto candidate_successes = static_cast<double>(candidate.successes());
  const auto candidate_trials = static_cast<double>(candidate.trials());
  const auto baseline_failures = static_cast<double>(baseline.trials() - baseline.successes());
  const auto candidate_failures = static_cast<double>(candidate.trials() - candidate.successes());
  const double successes = baseline_successes + candidate_successes;
  const double failures = baseline_failures + candidate_failures;
  const double trials = baseline_trials + candidate_trials;
  if (successes == 0.0 || failures == 0.0) {
    throw std::domain_error("chi_square_test: both outcomes must occur, got " +
                            std::to_string(baseline.successes()) + " of " +
                            std::to_string(baseline.trials()) + " in baseline and " +
                            std::to_string(candidate.successes()) + " of " +
                            std::to_string(candidate.trials()) + " in candidate");
  }

  // Observed less expected is the same in all four cells, but for its sign.
  const double cross = difference_of_products(candidate_successes, baseline_trials,
                                              baseline_successes, candidate_trials);
  const double gap = std::abs(cross) / trials;
  const double corrected = options.yates ? gap - std::min(0.5, gap) : gap;

  chi_square_proportions_result result;
  result.statistic = corrected * corrected * (trials / baseline_trials) *
                     (trials / candidate_trials) * (trials / successes / failures);
  if (options.likelihood_ratio) {
    const double signed_gap = cross / trials;  // of the candidate's successes
    const auto cell = [&](double observed, double row, double column, double sign) {
      return detail::chi_square_of_cell(observed, row * (column / trials), sign * signed_gap, true);
    };
    result.statistic = cell(candidate_successes, candidate_trials, successes, 1.0) +
                       cell(candidate_failures, candidate_trials, failures, -1.0) +
                       cell(baseline_successes, baseline_trials, successes, -1.0) +
                       cell(baseline_failures, baseline_trials, failures, 1.0);
  }
  result.degrees_of_freedom = 1.0;
  detail::set_p_value(result);
  result.smallest_expected =
      std::min(baseline_trials, candidate_trials) * (std::min(successes, failures) / trials);
  result.difference = cross / (baseline_trials * candidate_trials);
  return result;
}

/// Is the row that something falls into independent of its column? [P], without correction.
///
/// @param table  rows of counts, as many in each; at least two rows of two
///
/// Agrees with [R] to 12 significant digits, for totals up to 2^53.
///
/// @throws std::invalid_argument  for another shape of table.
/// @throws std::domain_error  for a row or a column without any count.
[[nodiscard]] inline chi_square_table_result chi_square_test(
    const std::vector<std::vector<std::uint64_t>>& table,
    const chi_square_table_options& options = {}) {
  const std::size_t rows = table.size();
  const std::size_t columns = table.empty() ? 0 : table.front().size();
  const auto rectangular = [&](const auto& row) { return row.size() == columns; };
  if (rows < 2 || columns < 2 || !std::ranges::all_of(table, rectangular)) {
    std::string sizes;
    for (const auto& row : table) sizes += (sizes.empty() ? "" : ", ") + std::to_string(row.size());
    throw std::invalid_argument(
        "chi_square_test: table must have at least 2 rows of at least 2 counts, as many in each, "
        "got rows of [" +
        sizes + "]");
  }

  std::vector<double> row_totals(rows);
  std::vector<double> column_totals(columns);
  double total = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      const auto count = static_cast<double>(table[r][c]);
      row_totals[r] += count;
      column_totals[c] += count;
      total += count;
    }
  }
  const auto require_counts = [](const std::vector<double>& totals, const char* what) {
    const auto empty = std::ranges::find(totals, 0.0);
    if (empty == totals.end()) return;
    throw std::domain_error("chi_square_test: each " + std::string{what} +
                            " must have a count above 0, got none in " + what + " " +
                            std::to_string(empty - totals.begin() + 1));
  };
  require_counts(row_totals, "row");
  require_counts(column_totals, "column");

  chi_square_table_result result;
  double pearson = 0.0;
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) {
      const double expected = row_totals[r] * (column_totals[c] / total);
      const double gap = difference_of_products(static_cast<double>(table[r][c]), total,
                                                row_totals[r], column_totals[c]) /
                         total;
      pearson += gap * (gap / expected);
      result.statistic += detail::chi_square_of_cell(static_cast<double>(table[r][c]), expected,
                                                     gap, options.likelihood_ratio);
    }
  }
  result.degrees_of_freedom = static_cast<double>((rows - 1) * (columns - 1));
  detail::set_p_value(result);
  result.cramers_v = std::sqrt(pearson / total / static_cast<double>(std::min(rows, columns) - 1));
  result.smallest_expected =
      std::ranges::min(row_totals) * (std::ranges::min(column_totals) / total);
  return result;
}

/// Are the counts in proportion to the weights? [P]; with the counts of users that each version was
/// given and the shares that it should have had, this is the test for a sample-ratio mismatch.
///
/// @param observed  a count per class
/// @param weights   one per class, in any unit, between 1e-100 and 1e100
///
/// Agrees with [R] to 12 significant digits, for totals up to 2^53.
///
/// @throws std::invalid_argument  for fewer than two classes, another number of weights, or a
///   weight out of range.
/// @throws std::domain_error  without any count.
[[nodiscard]] inline chi_square_result chi_square_goodness_of_fit(
    std::span<const std::uint64_t> observed, std::span<const double> weights,
    const chi_square_table_options& options = {}) {
  if (observed.size() < 2 || observed.size() != weights.size()) {
    throw std::invalid_argument(
        "chi_square_goodness_of_fit: there must be at least 2 counts and as many weights, got " +
        std::to_string(observed.size()) + " and " + std::to_string(weights.size()));
  }
  double total = 0.0;
  double total_weight = 0.0;
  for (const std::uint64_t count : observed) total += static_cast<double>(count);
  for (const double weight : weights) {
    if (!(weight >= 1e-100 && weight <= 1e100)) {  // within, no product of theirs overflows
      throw std::invalid_argument(
          "chi_square_goodness_of_fit: weights must lie between 1e-100 and 1e100, got " +
          std::to_string(weight));
    }
    total_weight += weight;
  }
  if (total == 0.0) {
    throw std::domain_error("chi_square_goodness_of_fit: a count must be above 0, got only 0");
  }

  chi_square_result result;
  result.smallest_expected = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < observed.size(); ++i) {
    const double expected = total * (weights[i] / total_weight);
    const double gap =
        difference_of_products(static_cast<double>(observed[i]), total_weight, total, weights[i]) /
        total_weight;
    result.statistic += detail::chi_square_of_cell(static_cast<double>(observed[i]), expected, gap,
                                                   options.likelihood_ratio);
    result.smallest_expected = std::min(result.smallest_expected, expected);
  }
  result.degrees_of_freedom = static_cast<double>(observed.size() - 1);
  detail::set_p_value(result);
  return result;
}

}  // namespace hotswap::inline v0_1::stats
