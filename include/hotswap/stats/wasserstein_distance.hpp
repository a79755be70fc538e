#pragma once

/// @file
/// The Wasserstein-1 distance: how far would values have to be moved, on average, to make one
/// sample of the other? In the unit of the values.
///
///     wasserstein_distance(baseline, candidate);  // 0.004: latencies differ by 4 ms on average
///
/// Source
///   [V]  S. S. Vallender, "Calculation of the Wasserstein distance between probability
///   distributions
///        on the line", Theory of Probability and its Applications 18 (1974), 784-786.

#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// The integral of |F_candidate - F_baseline|, [V], along a walk over the values.
class area_between {
 public:
  area_between(double baseline_count, double candidate_count)
      : baseline_count_(baseline_count), candidate_count_(candidate_count) {}

  void add(double value, double in_baseline, double in_candidate) {
    if (std::isinf(value)) {
      throw std::domain_error("wasserstein_distance: values must be finite, got " +
                              std::to_string(value));
    }
    if (baseline_below_ + candidate_below_ > 0.0) {
      const double gap = difference_of_products(candidate_below_, baseline_count_, baseline_below_,
                                                candidate_count_);
      area_ += std::abs(gap) / baseline_count_ / candidate_count_ * (value - last_);
    }
    baseline_below_ += in_baseline;
    candidate_below_ += in_candidate;
    last_ = value;
  }

  [[nodiscard]] double area() const { return area_; }

 private:
  double baseline_count_;
  double candidate_count_;
  double baseline_below_ = 0.0;
  double candidate_below_ = 0.0;
  double last_ = 0.0;
  double area_ = 0.0;
};

}  // namespace detail

/// The distance of [V] between the distributions of two samples. Right to 12 significant digits.
/// O(n log n).
///
/// @throws std::domain_error  for a sample without values, or with one that is not finite.
[[nodiscard]] inline double wasserstein_distance(std::span<const double> baseline,
                                                 std::span<const double> candidate) {
  detail::area_between sum{static_cast<double>(baseline.size()),
                           static_cast<double>(candidate.size())};
  for_each_value(baseline, candidate, "wasserstein_distance",
                 [&](double value, double a, double b) { sum.add(value, a, b); });
  return sum.area();
}

/// The same from distinct values and their counts.
/// @throws std::invalid_argument  for another number of counts than of values.
[[nodiscard]] inline double wasserstein_distance(const counted_values& baseline,
                                                 const counted_values& candidate) {
  const auto total = [](const counted_values& sample) {
    return std::accumulate(
        sample.counts.begin(), sample.counts.end(), 0.0,
        [](double all, std::uint64_t count) { return all + static_cast<double>(count); });
  };
  detail::area_between sum{total(baseline), total(candidate)};
  for_each_value(baseline, candidate, "wasserstein_distance",
                 [&](double value, double a, double b) { sum.add(value, a, b); });
  return sum.area();
}

}  // namespace hotswap::inline v0_1::stats
