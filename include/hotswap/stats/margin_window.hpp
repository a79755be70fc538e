#pragma once

/// @file
/// What one window of traffic says about a margin: an increment of the stream that a judge sums up.
///
///     // 5 errors of 900 and 3 of 100; may one percentage point more be lost?
///     const margin_increment seen = margin_window({5, 900}, {3, 100}, {.offset = 0.01});
///     seen.sum;       // 1.3: so many errors more than the margin allows, as if the arms were one
///     seen.variance;  // 1.34
///
/// Both arms are of the same window of time, so that a drift common to both cancels.
///
/// Sources
///   [MH] N. Mantel, W. Haenszel, "Statistical aspects of the analysis of data from retrospective
///        studies of disease", Journal of the National Cancer Institute 22 (1959), 719-748: the
///        weight, and the variance without a margin.
///   [FM] C. P. Farrington, G. Manning, Statistics in Medicine 9 (1990), 1447-1454: the variance
///   with
///        one. That of the rates seen is 0 where there was no error, and proves too much.

#include <hotswap/stats/linear_contrast.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>
#include <hotswap/stats/restricted_contrast.hpp>

#include <cmath>

namespace hotswap::inline v0_1::stats {

/// All 0 for a window that says nothing.
struct margin_increment {
  double weight = 0.0;  ///< what the contrast is multiplied by; does not depend on the outcomes
  double sum = 0.0;     ///< the weighted contrast; above 0 where the candidate is beyond its margin
  double variance = 0.0;  ///< of the sum, if the contrast is 0
  double spread = 0.0;    ///< what an overdispersion of 1 adds to that variance
  double noise = 0.0;     ///< variance of the sum at the rates that were seen

  friend bool operator==(const margin_increment&, const margin_increment&) = default;
};

namespace detail {

/// The sum of both variances of one trial, in these shares.
inline double variance_of_contrast(double baseline_share, const rate_and_rest& baseline,
                                   double candidate_share, const rate_and_rest& candidate,
                                   double slope) {
  return candidate_share * candidate.rate * candidate.rest +
         slope * slope * (baseline_share * baseline.rate * baseline.rest);
}

}  // namespace detail

/// The increment of counts: errors of requests, incorrect of labelled, values above a threshold.
///
/// A window in which an arm has no trials says nothing. Without a margin, the variance is exact:
/// that of the candidate's successes, given how many both arms have. Counts up to 1e15 lose no
/// digits.
///
/// @param baseline, candidate  of which a success is what should be rare
/// @throws std::invalid_argument  for a slope that is not above 0 or not finite, or an offset
///   outside (-slope, 1).
[[nodiscard]] inline margin_increment margin_window(const proportion& baseline,
                                                    const proportion& candidate,
                                                    const linear_contrast& contrast = {}) {
  require_rate_contrast(contrast, "margin_window");
  if (baseline.trials() == 0 || candidate.trials() == 0) return {};

  const auto [slope, offset] = contrast;
  const auto of_baseline = static_cast<double>(baseline.trials());
  const auto of_candidate = static_cast<double>(candidate.trials());
  const auto baseline_successes = static_cast<double>(baseline.successes());
  const auto candidate_successes = static_cast<double>(candidate.successes());
  const double total = of_baseline + of_candidate;
  const double successes = baseline_successes + candidate_successes;

  margin_increment seen;
  seen.weight = of_baseline * (of_candidate / total);
  seen.sum = difference_of_products(candidate_successes, of_baseline, baseline_successes,
                                    slope * of_candidate) /
                 total -
             seen.weight * offset;

  // The weight times the baseline's, or the candidate's, variance of one trial is divided by n.
  const double baseline_share = of_candidate / total;
  const double candidate_share = of_baseline / total;
  const rate_and_rest baseline_seen{baseline_successes / of_baseline,
                                    (of_baseline - baseline_successes) / of_baseline};
  const rate_and_rest candidate_seen{candidate_successes / of_candidate,
                                     (of_candidate - candidate_successes) / of_candidate};
  seen.noise = seen.weight * detail::variance_of_contrast(baseline_share, baseline_seen,
                                                          candidate_share, candidate_seen, slope);

  if (slope == 1.0 && offset == 0.0) {
    const rate_and_rest pooled{successes / total, (total - successes) / total};
    seen.variance =
        total <= 1.0 ? 0.0 : seen.weight * pooled.rate * pooled.rest * (total / (total - 1.0));
    seen.spread = 2.0 * seen.weight * seen.weight * pooled.rate * pooled.rest;
    return seen;
  }
  const restricted_pair at = restricted_rates_of(
      weighted_outcomes{baseline_successes, of_baseline - baseline_successes},
      weighted_outcomes{candidate_successes, of_candidate - candidate_successes}, contrast);
  seen.variance = seen.weight * detail::variance_of_contrast(baseline_share, at.baseline,
                                                             candidate_share, at.candidate, slope);
  seen.spread = seen.weight * seen.weight *
                detail::variance_of_contrast(1.0, at.baseline, 1.0, at.candidate, slope);
  return seen;
}

}  // namespace hotswap::inline v0_1::stats
