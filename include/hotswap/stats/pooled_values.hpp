#pragma once

/// @file
/// Two samples, walked through together from the least value to the greatest.
///
///     for_each_value(baseline, candidate, [](double value, double in_baseline, double
///     in_candidate) {
///       ...  // how often each of them has it
///     });
///
/// All rank tests and distances of distributions are sums over such a walk.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1::stats {

/// A sample by its distinct values, in any order: value i occurred counts[i] times. It refers to
/// both and does not keep them alive.
struct counted_values {
  std::span<const double> values;
  std::span<const std::uint64_t> counts;
};

/// Counts of two samples in the same bins, in ascending order. Within a bin, all values count as
/// equal.
struct paired_bins {
  std::span<const std::uint64_t> baseline;
  std::span<const std::uint64_t> candidate;
};

namespace detail {

/// @throws std::domain_error  for an empty sample, or one with a NaN.
inline std::vector<double> sorted(std::span<const double> sample, const char* function,
                                  const char* name) {
  if (sample.empty()) {
    throw std::domain_error(std::string{function} + ": " + name +
                            " must have at least 1 value, got 0");
  }
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::any_of(sample.begin(), sample.end(), is_nan)) {
    throw std::domain_error(
        std::string{function} + ": " + name + " must have no NaN, got one at index " +
        std::to_string(std::find_if(sample.begin(), sample.end(), is_nan) - sample.begin()));
  }
  std::vector<double> result(sample.begin(), sample.end());
  std::sort(result.begin(), result.end());
  return result;
}

/// As above; each value once, with how often it occurred.
inline std::vector<std::pair<double, double>> sorted(const counted_values& sample,
                                                     const char* function, const char* name) {
  if (sample.values.size() != sample.counts.size()) {
    throw std::invalid_argument(
        std::string{function} + ": " + name + " must have a count per value, got " +
        std::to_string(sample.counts.size()) + " for " + std::to_string(sample.values.size()));
  }
  std::vector<std::pair<double, double>> result;
  for (std::size_t i = 0; i < sample.values.size(); ++i) {
    if (sample.counts[i] == 0) continue;
    if (std::isnan(sample.values[i])) {
      throw std::domain_error(std::string{function} + ": " + name +
                              " must have no NaN, got one at index " + std::to_string(i));
    }
    result.emplace_back(sample.values[i], static_cast<double>(sample.counts[i]));
  }
  if (result.empty()) {
    throw std::domain_error(std::string{function} + ": " + name +
                            " must have at least 1 value, got 0");
  }
  std::sort(result.begin(), result.end());
  return result;
}

inline double value_at(double value) {
  return value;
}
inline double value_at(const std::pair<double, double>& value) {
  return value.first;
}
inline double count_at(double) {
  return 1.0;
}
inline double count_at(const std::pair<double, double>& value) {
  return value.second;
}

/// How often `value` comes next; steps over it.
template <typename Iterator>
double take(Iterator& next, Iterator end, double value) {
  double count = 0.0;
  for (; next != end && value_at(*next) == value; ++next) count += count_at(*next);
  return count;
}

template <typename Sorted, typename Visit>
void walk(const Sorted& baseline, const Sorted& candidate, Visit visit) {
  auto a = baseline.begin();
  auto b = candidate.begin();
  while (a != baseline.end() || b != candidate.end()) {
    const double value = a == baseline.end()    ? value_at(*b)
                         : b == candidate.end() ? value_at(*a)
                                                : std::min(value_at(*a), value_at(*b));
    const double in_baseline = take(a, baseline.end(), value);
    visit(value, in_baseline, take(b, candidate.end(), value));
  }
}

}  // namespace detail

/// Calls visit(value, count in baseline, count in candidate) for each distinct value, in ascending
/// order. O(n log n).
///
/// @param function  that a message begins with
/// @throws std::domain_error  for a sample without values, or with a NaN.
template <typename Visit>
void for_each_value(std::span<const double> baseline, std::span<const double> candidate,
                    const char* function, Visit visit) {
  const auto a = detail::sorted(baseline, function, "baseline");
  detail::walk(a, detail::sorted(candidate, function, "candidate"), visit);
}

/// @throws std::invalid_argument  for another number of counts than of values.
template <typename Visit>
void for_each_value(const counted_values& baseline, const counted_values& candidate,
                    const char* function, Visit visit) {
  const auto a = detail::sorted(baseline, function, "baseline");
  detail::walk(a, detail::sorted(candidate, function, "candidate"), visit);
}

/// The value of a bin is its index. O(bins), allocates nothing.
/// @throws std::invalid_argument  for other numbers of bins in one than in the other.
template <typename Visit>
void for_each_value(const paired_bins& bins, const char* function, Visit visit) {
  if (bins.baseline.size() != bins.candidate.size()) {
    throw std::invalid_argument(
        std::string{function} + ": baseline and candidate must have the same bins, got " +
        std::to_string(bins.baseline.size()) + " and " + std::to_string(bins.candidate.size()));
  }
  const auto has_value = [](std::span<const std::uint64_t> counts) {
    return std::any_of(counts.begin(), counts.end(), [](std::uint64_t count) { return count > 0; });
  };
  const bool has_baseline = has_value(bins.baseline);
  if (!has_baseline || !has_value(bins.candidate)) {
    throw std::domain_error(std::string{function} + ": " +
                            (has_baseline ? "candidate" : "baseline") +
                            " must have at least 1 value, got 0");
  }
  for (std::size_t i = 0; i < bins.baseline.size(); ++i) {
    if (bins.baseline[i] == 0 && bins.candidate[i] == 0) continue;
    visit(static_cast<double>(i), static_cast<double>(bins.baseline[i]),
          static_cast<double>(bins.candidate[i]));
  }
}

}  // namespace hotswap::inline v0_1::stats
