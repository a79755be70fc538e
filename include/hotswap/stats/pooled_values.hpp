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

#include <hotswap/stats/sorted_values.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
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
inline void require_sortable(std::span<const double> sample, const char* function,
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
}

/// @throws std::domain_error  as above.
inline std::vector<double> sorted(std::span<const double> sample, const char* function,
                                  const char* name) {
  require_sortable(sample, function, name);
  return sorted_values(sample);
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

using counted_value = std::pair<double, double>;

/// How often `value` comes next; steps over it.
inline double take(const double*& next, const double* end, double value) {
  const double* const first = next;
  while (next != end && *next == value) ++next;
  return static_cast<double>(next - first);
}
inline double take(const counted_value*& next, const counted_value* end, double value) {
  double count = 0.0;
  for (; next != end && next->first == value; ++next) count += next->second;
  return count;
}

/// As long as there are values of both: which sample the next one is of is as good as a coin, and a
/// processor that guesses is wrong every other time. So nothing depends on it but two sums.
template <typename Visit>
void walk_both(const double*& a, const double* a_end, const double*& b, const double* b_end,
               Visit& visit) {
  while (a != a_end && b != b_end) {
    const std::ptrdiff_t of_baseline = *a <= *b;
    const std::ptrdiff_t of_candidate = *b <= *a;
    const double value = std::min(*a, *b);
    a += of_baseline;
    b += of_candidate;
    visit(value, static_cast<double>(of_baseline) + take(a, a_end, value),
          static_cast<double>(of_candidate) + take(b, b_end, value));
  }
}
template <typename Visit>
void walk_both(const counted_value*& a, const counted_value* a_end, const counted_value*& b,
               const counted_value* b_end, Visit& visit) {
  while (a != a_end && b != b_end) {
    const double value = std::min(a->first, b->first);
    const double of_baseline = take(a, a_end, value);
    visit(value, of_baseline, take(b, b_end, value));
  }
}

inline double value_at(double value) {
  return value;
}
inline double value_at(const counted_value& value) {
  return value.first;
}

template <typename Value, typename Visit>
void walk(const Value* a, const Value* a_end, const Value* b, const Value* b_end, Visit visit) {
  walk_both(a, a_end, b, b_end, visit);
  while (a != a_end) {
    const double value = value_at(*a);
    visit(value, take(a, a_end, value), 0.0);
  }
  while (b != b_end) {
    const double value = value_at(*b);
    visit(value, 0.0, take(b, b_end, value));
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
  detail::require_sortable(baseline, function, "baseline");
  detail::require_sortable(candidate, function, "candidate");
  // one block, which an allocator is more likely to keep than two: new pages cost a third of a sort
  const auto both = std::make_unique_for_overwrite<double[]>(baseline.size() + candidate.size());
  double* const second = both.get() + baseline.size();
  detail::sort_into(baseline, both.get());
  detail::sort_into(candidate, second);
  detail::walk<double>(both.get(), second, second, second + candidate.size(), visit);
}

/// @throws std::invalid_argument  for another number of counts than of values.
template <typename Visit>
void for_each_value(const counted_values& baseline, const counted_values& candidate,
                    const char* function, Visit visit) {
  const auto a = detail::sorted(baseline, function, "baseline");
  const auto b = detail::sorted(candidate, function, "candidate");
  detail::walk(a.data(), a.data() + a.size(), b.data(), b.data() + b.size(), visit);
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
