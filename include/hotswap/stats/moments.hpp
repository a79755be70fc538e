#pragma once

/// @file
/// Count, mean and variance of a stream of values, in 32 bytes.
///
///     moments latency;                       // or moments{0.7, 1.1}, or moments::of(samples)
///     latency.add(0.012);
///     latency += latency_of_another_thread;
///     if (latency.finite() && latency.count() >= 2) use(latency.mean(), latency.variance());
///
/// Sources
///   [W]  B. P. Welford, "Note on a method for calculating corrected sums of squares and products",
///        Technometrics 4 (1962), 419-420.
///   [C]  T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance:
///        analysis and recommendations", The American Statistician 37 (1983), 242-247; for the
///        merge, and for measuring from one of the values.

#include <hotswap/stats/vector_loops.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// The moments of the values so far, by [W] on their distances from the first one. Where the values
/// lie far from 0 (1e9 ± 1), those distances are exact and keep all digits of the variance.
///
/// A value that is not finite is counted like any other, and never forgotten: from then on, and in
/// whatever it is merged into, `finite()` is false, and mean and variance are NaN or infinite. The
/// same holds for finite values whose squares leave the range of double. A judge asks first.
class moments {
 public:
  /// All that there is, so that it can be written down and read back bit for bit.
  struct raw_state {
    std::uint64_t count = 0;
    double origin = 0.0;         ///< what `mean_distance` is measured from, near the first value
    double mean_distance = 0.0;  ///< mean - origin
    double squared_deviations = 0.0;  ///< sum of (value - mean)^2

    friend bool operator==(const raw_state&, const raw_state&) = default;
  };

  moments() = default;
  moments(std::initializer_list<double> values) {
    for (const double value : values) add(value);
  }

  /// As if the values had been added one by one, up to rounding: of many, the squared deviations
  /// have a relative error of at most 1e-14, in the time that it takes to read them.
  [[nodiscard]] static moments of(std::span<const double> values);

  /// From what another system has summed up already.
  /// @param variance  unbiased: divided by count - 1; 0 for a single value
  /// @throws std::invalid_argument  for a mean that is not finite, a variance that is not finite or
  ///   below 0, or a mean or variance of fewer values than it needs (1 and 2) that is not 0.
  [[nodiscard]] static moments from_summary(std::uint64_t count, double mean, double variance);

  /// The inverse of `raw()`.
  /// @throws std::invalid_argument  for a state that no stream of values leads to.
  [[nodiscard]] static moments from_raw(const raw_state& state);

  void add(double value) noexcept {
    ++state_.count;
    if (state_.count == 1) state_.origin = value;
    const double distance = value - state_.origin;
    const double step = distance - state_.mean_distance;
    state_.mean_distance += step / static_cast<double>(state_.count);
    state_.squared_deviations += step * (distance - state_.mean_distance);
  }

  /// As if the values of `other` had been added one by one, up to rounding.
  moments& operator+=(moments other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return state_.count; }

  /// @throws std::domain_error  without values.
  [[nodiscard]] double mean() const {
    require_values(1, "mean");
    return state_.origin + state_.mean_distance;
  }

  /// Unbiased: the squared deviations divided by count - 1.
  /// @throws std::domain_error  for fewer than two values.
  [[nodiscard]] double variance() const {
    require_values(2, "variance");
    return state_.squared_deviations / static_cast<double>(state_.count - 1);
  }

  /// Sum of (value - mean)^2; 0 without values.
  [[nodiscard]] double sum_of_squared_deviations() const noexcept {
    return state_.squared_deviations;
  }

  /// Are the mean and the variance numbers? False for good after a NaN or an infinity.
  [[nodiscard]] bool finite() const noexcept {
    return std::isfinite(state_.origin + state_.mean_distance) &&
           std::isfinite(state_.squared_deviations);
  }

  [[nodiscard]] const raw_state& raw() const noexcept { return state_; }

  /// Equal states. The same values in another order need not be equal; a NaN never is.
  friend bool operator==(const moments&, const moments&) = default;

 private:
  void require_values(std::uint64_t needed, const char* what) const {
    if (state_.count < needed) {
      throw std::domain_error("moments: " + std::string{what} + " must be of at least " +
                              std::to_string(needed) + (needed == 1 ? " value" : " values") +
                              ", got " + std::to_string(state_.count));
    }
  }

  static moments of_blocks(std::span<const double> values);

  raw_state state_;
};

inline moments& moments::operator+=(moments other) noexcept {
  if (other.state_.count == 0) return *this;
  if (state_.count == 0) return *this = other;

  const auto ours = static_cast<double>(state_.count);
  const auto theirs = static_cast<double>(other.state_.count);
  const double their_weight = theirs / (ours + theirs);
  const double gap =
      (other.state_.origin - state_.origin) + (other.state_.mean_distance - state_.mean_distance);

  state_.count += other.state_.count;
  state_.mean_distance += gap * their_weight;
  state_.squared_deviations += other.state_.squared_deviations + gap * (gap * their_weight) * ours;
  return *this;
}

inline moments moments::of(std::span<const double> values) {
  constexpr std::size_t many = 256;
  if (values.size() >= many) {
    const moments result = of_blocks(values);
    if (result.finite()) return result;
  }
  moments result;
  for (const double value : values) result.add(value);
  return result;
}

/// Two sums a block, over distances from the mean of all before: nearly nothing cancels, wherever
/// the values lie and however they drift. Blocks are merged like the rounds of a tournament, so
/// that rounding errors grow with the number of rounds [C].
inline moments moments::of_blocks(std::span<const double> values) {
  constexpr std::size_t block = 1024;
  constexpr std::size_t pilot = 64;
  const double origin =
      values[0] + detail::sum_about(values.data(), pilot, values[0]).sum / double{pilot};

  std::array<moments, 64> rounds;  // of 1, 2, 4, ... blocks, the greatest first
  std::size_t open = 0;
  std::uint64_t blocks = 0;
  double mean_distance = 0.0;  // of those so far, from the origin
  for (std::size_t begin = 0; begin < values.size(); begin += block) {
    const std::size_t count = std::min(block, values.size() - begin);
    const auto number = static_cast<double>(count);
    const double shift = origin + mean_distance;
    const detail::shifted_sums sums = detail::sum_about(values.data() + begin, count, shift);
    const double of_mean = sums.sum * (sums.sum / number);

    raw_state& state = rounds[open++].state_;
    state.count = count;
    state.origin = origin;
    state.mean_distance = (shift - origin) + sums.sum / number;
    state.squared_deviations = sums.squares < of_mean ? 0.0 : sums.squares - of_mean;
    mean_distance +=
        (state.mean_distance - mean_distance) * number / static_cast<double>(begin + count);
    for (std::uint64_t each = ++blocks; each % 2 == 0; each /= 2) {
      --open;
      rounds[open - 1] += rounds[open];
    }
  }
  for (; open > 1; --open) rounds[open - 2] += rounds[open - 1];
  return rounds[0];
}

inline moments moments::from_summary(std::uint64_t count, double mean, double variance) {
  if (!std::isfinite(mean) || (count == 0 && mean != 0.0)) {
    throw std::invalid_argument("moments::from_summary: mean must be " +
                                std::string{count == 0 ? "0 without values" : "finite"} + ", got " +
                                std::to_string(mean));
  }
  if (!(variance >= 0.0 && std::isfinite(variance)) || (count < 2 && variance != 0.0)) {
    throw std::invalid_argument(
        "moments::from_summary: variance must be " +
        std::string{count < 2 ? "0 for fewer than 2 values" : "finite and not below 0"} + ", got " +
        std::to_string(variance));
  }
  moments result;
  if (count == 0) return result;
  result.state_ = {.count = count,
                   .origin = mean,
                   .mean_distance = 0.0,
                   .squared_deviations = variance * static_cast<double>(count - 1)};
  return result;
}

inline moments moments::from_raw(const raw_state& state) {
  if (state.squared_deviations < 0.0) {
    throw std::invalid_argument("moments::from_raw: squared_deviations must not be below 0, got " +
                                std::to_string(state.squared_deviations));
  }
  if (state.count == 0 && state != raw_state{}) {
    throw std::invalid_argument("moments::from_raw: all must be 0 without values, got " +
                                std::to_string(state.origin) + ", " +
                                std::to_string(state.mean_distance) + " and " +
                                std::to_string(state.squared_deviations));
  }
  moments result;
  result.state_ = state;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
