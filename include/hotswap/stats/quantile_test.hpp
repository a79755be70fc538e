#pragma once

/// @file
/// Tests of quantiles: has the candidate more slow requests, and is its p95 more than 1.5 times the
/// baseline's?
///
///     quantile_test(baseline, candidate, 0.95).p_value;              // from samples
///     quantile_ratio_test(of_baseline, of_candidate,                 // from sketches, with a
///     margin
///                         {.quantile = 0.95, .ratio = 1.5}).p_value;
///
/// Sources
///   [M]  A. M. Mood, "On the asymptotic efficiency of certain nonparametric two-sample tests",
///   Annals
///        of Mathematical Statistics 25 (1954), 514-522: the median test.
///   [F]  R. A. Fisher, "The logic of inductive inference", Journal of the Royal Statistical
///   Society
///        98 (1935), 39-82: what it comes to, given the pooled sample.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/fisher_exact.hpp>
#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct quantile_test_options {
  stats::alternative alternative = stats::alternative::two_sided;
};

struct quantile_test_result {
  double threshold = 0.0;  ///< in the baseline's unit
  proportion baseline;     ///< so many of its values lie above the threshold
  proportion candidate;
  double p_value = 1.0;  ///< exact, given the pooled sample
  double log_p_value = 0.0;
};

namespace detail {

inline void judge_above(quantile_test_result& result, alternative side) {
  const auto test = fisher_exact_test(result.baseline, result.candidate, {.alternative = side});
  result.p_value = test.p_value;
  result.log_p_value = test.log_p_value;
}

template <typename Sample>
quantile_test_result quantile_test_of(const Sample& baseline, const Sample& candidate,
                                      std::uint64_t baseline_count, std::uint64_t candidate_count,
                                      double q, const quantile_test_options& options) {
  if (!(q > 0.0 && q < 1.0)) {
    throw std::invalid_argument("quantile_test: q must lie between 0 and 1, got " +
                                std::to_string(q));
  }
  const double all = static_cast<double>(baseline_count) + static_cast<double>(candidate_count);
  // of the exact product: 0.9, which is a little more, of 100 values has rank 91
  const double product = q * all;
  const bool is_rounded_down = product == std::floor(product) && std::fma(q, all, -product) > 0.0;
  const double rank = is_rounded_down ? product + 1.0 : std::ceil(product);
  quantile_test_result result;
  double up_to_a = 0.0;
  double up_to_b = 0.0;
  bool is_found = false;
  for_each_value(baseline, candidate, "quantile_test", [&](double value, double a, double b) {
    if (is_found) return;
    up_to_a += a;
    up_to_b += b;
    is_found = up_to_a + up_to_b >= rank;
    result.threshold = value;
  });
  result.baseline = {baseline_count - static_cast<std::uint64_t>(up_to_a), baseline_count};
  result.candidate = {candidate_count - static_cast<std::uint64_t>(up_to_b), candidate_count};
  judge_above(result, options.alternative);
  return result;
}

}  // namespace detail

/// [M]: do as many values of each sample lie above the q-quantile of both? Exact by [F], whatever
/// the distribution. The threshold is the pooled value of rank ceil(q n); those equal to it lie
/// below.
///
/// @throws std::invalid_argument  for `q` outside (0, 1).
/// @throws std::domain_error  for a sample without values, or with a NaN.
[[nodiscard]] inline quantile_test_result quantile_test(std::span<const double> baseline,
                                                        std::span<const double> candidate, double q,
                                                        const quantile_test_options& options = {}) {
  return detail::quantile_test_of(baseline, candidate, baseline.size(), candidate.size(), q,
                                  options);
}

/// The same from distinct values and their counts.
/// @throws std::invalid_argument  for another number of counts than of values.
[[nodiscard]] inline quantile_test_result quantile_test(const counted_values& baseline,
                                                        const counted_values& candidate, double q,
                                                        const quantile_test_options& options = {}) {
  const auto total = [](const counted_values& of) {
    return std::accumulate(of.counts.begin(), of.counts.end(), std::uint64_t{0});
  };
  return detail::quantile_test_of(baseline, candidate, total(baseline), total(candidate), q,
                                  options);
}

struct quantile_ratio_options {
  double quantile = 0.95;  ///< in (0, 1)
  double ratio = 1.0;      ///< that the candidate's may be of the baseline's; a margin, above 0
  /// `greater` looks for proof that it is more, `less` that it is not
  stats::alternative alternative = stats::alternative::greater;
};

/// Is the candidate's quantile more than `ratio` times the baseline's? Asks [M] whether as many of
/// its values, divided by the ratio, lie above the quantile of both together. Exact if the
/// candidate's values are distributed like the baseline's times the ratio, and cautious if they are
/// smaller; if only the quantiles agree, right in the limit.
///
/// Buckets that the threshold cuts are counted against the alternative, so that their width costs
/// power (2^-6 of the ratio) and never truth. O(buckets).
///
/// @throws std::invalid_argument  for options out of range, and for a two-sided alternative.
/// @throws std::domain_error  for a sketch without values.
[[nodiscard]] inline quantile_test_result quantile_ratio_test(
    const quantile_sketch& baseline, const quantile_sketch& candidate,
    const quantile_ratio_options& options = {}) {
  const std::string name = "quantile_ratio_test";
  if (!(options.quantile > 0.0 && options.quantile < 1.0)) {
    throw std::invalid_argument(name + ": quantile must lie between 0 and 1, got " +
                                std::to_string(options.quantile));
  }
  if (!(options.ratio > 0.0 && std::isfinite(options.ratio))) {
    throw std::invalid_argument(name + ": ratio must be finite and above 0, got " +
                                std::to_string(options.ratio));
  }
  if (options.alternative == alternative::two_sided) {
    throw std::invalid_argument(name + ": alternative must be less or greater, got two_sided");
  }
  if (baseline.count() == 0 || candidate.count() == 0) {
    throw std::domain_error(name + ": each sketch must have at least 1 value, got " +
                            std::to_string(baseline.count()) + " in baseline and " +
                            std::to_string(candidate.count()) + " in candidate");
  }

  constexpr std::size_t buckets = quantile_sketch::bucket_count;
  const bool is_strict = options.alternative == alternative::greater;
  const double wanted = (1.0 - options.quantile) * (static_cast<double>(baseline.count()) +
                                                    static_cast<double>(candidate.count()));

  // Each edge of a bucket, from the least: how many lie above it, and above `ratio` times it.
  std::uint64_t above_a = baseline.count();
  std::uint64_t above_b = candidate.count();
  std::size_t next_b = 0;  // the first bucket of the candidate that counts as above
  double closest = std::numeric_limits<double>::infinity();
  quantile_test_result result;
  for (std::size_t edge = 0; edge < buckets; ++edge) {
    const double threshold = options.ratio * quantile_sketch::lower_edge(edge);
    const auto is_above = [&](std::size_t bucket) {
      if (is_strict) return quantile_sketch::lower_edge(bucket) >= threshold;
      return bucket + 1 == buckets || quantile_sketch::lower_edge(bucket + 1) > threshold;
    };
    if (edge > 0) above_a -= baseline.count_in(edge - 1);
    while (next_b < buckets && !is_above(next_b)) above_b -= candidate.count_in(next_b++);
    const double distance =
        std::abs(static_cast<double>(above_a) + static_cast<double>(above_b) - wanted);
    if (distance > closest) continue;  // of two as close, the greater
    closest = distance;
    result.threshold = quantile_sketch::lower_edge(edge);
    result.baseline = {above_a, baseline.count()};
    result.candidate = {above_b, candidate.count()};
  }
  detail::judge_above(result, options.alternative);
  return result;
}

}  // namespace hotswap::inline v0_1::stats
