#pragma once

/// @file
/// Successes of binomial trials, drawn fast enough for a million windows.

#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/proportion.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

/// By inverting the distribution function, which is tabulated within 12 standard deviations.
class drawn_counts {
 public:
  drawn_counts(std::uint64_t trials, double rate) : trials_{trials} {
    const auto n = static_cast<double>(trials);
    const double deviation = std::sqrt(n * rate * (1.0 - rate)) + 2.0;
    const double first = std::floor(std::max(0.0, n * rate - 12.0 * deviation));
    const double last = std::min(n, std::ceil(n * rate + 12.0 * deviation));
    first_ = static_cast<std::uint64_t>(first);
    double sum = 0.0;
    for (double k = first; k <= last; ++k) {
      sum += std::exp(log_probability(k, n, rate));
      cumulative_.push_back(sum);
    }
  }

  hotswap::stats::proportion operator()(std::mt19937_64& random) const {
    const double u = std::uniform_real_distribution<double>{}(random)*cumulative_.back();
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, u);
    return {first_ + static_cast<std::uint64_t>(at - cumulative_.begin()), trials_};
  }

 private:
  static double log_probability(double k, double n, double rate) {
    using hotswap::stats::deviance;
    using hotswap::stats::factorial_remainder;
    return factorial_remainder(n) - factorial_remainder(k) - factorial_remainder(n - k) -
           deviance(k, n * rate) - deviance(n - k, n * (1.0 - rate));
  }

  std::uint64_t trials_;
  std::uint64_t first_ = 0;
  std::vector<double> cumulative_;
};
