#pragma once

/// @file
/// Count, mean, variance, skewness, kurtosis, least and greatest value of a stream, in 64 bytes.
///
///     const auto latency = extended_moments::of(samples);
///     latency.skewness();           // 2.1: a long tail of slow requests
///     welch_t_test(latency.basic(), other.basic());
///
/// Sources
///   [P]  P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
///   arbitrary-
///        order statistical moments", Sandia report SAND2008-6212 (2008).
///   [JG] D. N. Joanes, C. A. Gill, "Comparing measures of sample skewness and kurtosis", The
///        Statistician 47 (1998), 183-189: g1, g2 and G1, G2.

#include <hotswap/stats/moments.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// The moments of the values so far, by [P] on their distances from the first one: like `moments`,
/// which is a third of the work where mean and variance are enough.
///
/// A value that is not finite is counted like any other, and never forgotten: from then on
/// `finite()` is false, and what is computed of it is NaN or infinite.
class extended_moments {
 public:
  /// All that there is, so that it can be written down and read back bit for bit.
  struct raw_state {
    std::uint64_t count = 0;
    double origin = 0.0;              ///< what `mean_distance` is measured from: the first value
    double mean_distance = 0.0;       ///< mean - origin
    double squared_deviations = 0.0;  ///< sum of (value - mean)^2
    double cubed_deviations = 0.0;    ///< sum of (value - mean)^3
    double fourth_deviations = 0.0;   ///< sum of (value - mean)^4
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();

    friend bool operator==(const raw_state&, const raw_state&) = default;
  };

  extended_moments() = default;
  extended_moments(std::initializer_list<double> values) {
    for (const double value : values) add(value);
  }

  [[nodiscard]] static extended_moments of(std::span<const double> values) {
    extended_moments result;
    for (const double value : values) result.add(value);
    return result;
  }

  /// The inverse of `raw()`.
  /// @throws std::invalid_argument  for a state that no stream of values leads to.
  [[nodiscard]] static extended_moments from_raw(const raw_state& state) {
    if (state.count == 0 && state != raw_state{}) {
      throw std::invalid_argument(
          "extended_moments::from_raw: all must be as at first without "
          "values, got a mean of " +
          std::to_string(state.origin + state.mean_distance));
    }
    if (state.squared_deviations < 0.0 || state.fourth_deviations < 0.0) {
      throw std::invalid_argument(
          "extended_moments::from_raw: squared and fourth deviations must not be below 0, got " +
          std::to_string(state.squared_deviations) + " and " +
          std::to_string(state.fourth_deviations));
    }
    extended_moments result;
    result.state_ = state;
    return result;
  }

  void add(double value) noexcept { add(value, 1); }

  /// As if `value` had been added so many times.
  void add(double value, std::uint64_t times) noexcept {
    if (times == 0) return;
    raw_state one;
    one.count = times;
    one.origin = value;
    one.minimum = value;
    one.maximum = value;
    merge(one);
  }

  /// As if the values of `other` had been added one by one, up to rounding.
  extended_moments& operator+=(extended_moments other) noexcept {
    if (other.state_.count > 0) merge(other.state_);
    return *this;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return state_.count; }

  /// @throws std::domain_error  without values.
  [[nodiscard]] double mean() const {
    require_values(1, "a mean");
    return state_.origin + state_.mean_distance;
  }

  /// @throws std::domain_error  without values.
  [[nodiscard]] double minimum() const {
    require_values(1, "a minimum");
    return state_.minimum;
  }
  [[nodiscard]] double maximum() const {
    require_values(1, "a maximum");
    return state_.maximum;
  }

  /// Unbiased: the squared deviations divided by count - 1.
  /// @throws std::domain_error  for fewer than two values.
  [[nodiscard]] double variance() const {
    require_values(2, "a variance");
    return state_.squared_deviations / (number() - 1.0);
  }

  /// g1 of [JG], of the values themselves: 0 if they are symmetric, above 0 if the tail is on the
  /// right.
  /// @throws std::domain_error  for values that do not vary.
  [[nodiscard]] double skewness() const {
    require_variation("a skewness");
    const double variance = state_.squared_deviations / number();
    return state_.cubed_deviations / number() / variance / std::sqrt(variance);
  }

  /// G1 of [JG], which estimates the skewness of what the values were drawn from.
  /// @throws std::domain_error  for fewer than three values, or ones that do not vary.
  [[nodiscard]] double adjusted_skewness() const {
    require_values(3, "an adjusted skewness");
    return skewness() * std::sqrt(number() * (number() - 1.0)) / (number() - 2.0);
  }

  /// g2 of [JG], of the values themselves: 0 for a normal distribution, above 0 with heavy tails.
  /// @throws std::domain_error  for values that do not vary.
  [[nodiscard]] double excess_kurtosis() const {
    require_variation("a kurtosis");
    const double variance = state_.squared_deviations / number();
    return state_.fourth_deviations / number() / variance / variance - 3.0;
  }

  /// G2 of [JG], which estimates the excess kurtosis of what the values were drawn from.
  /// @throws std::domain_error  for fewer than four values, or ones that do not vary.
  [[nodiscard]] double adjusted_excess_kurtosis() const {
    require_values(4, "an adjusted kurtosis");
    const double n = number();
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess_kurtosis() + 6.0);
  }

  /// Are all that are computed of them numbers? False for good after a NaN or an infinity.
  [[nodiscard]] bool finite() const noexcept {
    return std::isfinite(state_.origin + state_.mean_distance) &&
           std::isfinite(state_.squared_deviations) && std::isfinite(state_.fourth_deviations);
  }

  /// Count, mean and variance, for tests that need no more.
  [[nodiscard]] moments basic() const {
    return moments::from_raw({.count = state_.count,
                              .origin = state_.origin,
                              .mean_distance = state_.mean_distance,
                              .squared_deviations = state_.squared_deviations});
  }

  [[nodiscard]] const raw_state& raw() const noexcept { return state_; }

  /// Equal states. The same values in another order need not be equal; a NaN never is.
  friend bool operator==(const extended_moments&, const extended_moments&) = default;

 private:
  [[nodiscard]] double number() const { return static_cast<double>(state_.count); }

  void require_values(std::uint64_t needed, const char* what) const {
    if (state_.count >= needed) return;
    throw std::domain_error("extended_moments: " + std::string{what} + " must be of at least " +
                            std::to_string(needed) + (needed == 1 ? " value" : " values") +
                            ", got " + std::to_string(state_.count));
  }

  void require_variation(const char* what) const {
    require_values(1, what);
    if (state_.squared_deviations != 0.0) return;
    throw std::domain_error("extended_moments: " + std::string{what} +
                            " must be of values that vary, got " + std::to_string(state_.count) +
                            " equal ones");
  }

  /// [P], equations 2.1 and 3.1, in parts of the whole, so that no product of counts is taken.
  void merge(const raw_state& other) noexcept {
    if (state_.count == 0) {
      state_ = other;
      return;
    }
    const double ours = number();
    const auto theirs = static_cast<double>(other.count);
    const double our_part = ours / (ours + theirs);
    const double their_part = theirs / (ours + theirs);
    const double gap =
        (other.origin - state_.origin) + (other.mean_distance - state_.mean_distance);
    const double square = gap * gap * their_part * ours;

    state_.fourth_deviations +=
        other.fourth_deviations +
        square * gap * gap *
            (our_part * our_part - our_part * their_part + their_part * their_part) +
        6.0 * gap * gap *
            (our_part * our_part * other.squared_deviations +
             their_part * their_part * state_.squared_deviations) +
        4.0 * gap * (our_part * other.cubed_deviations - their_part * state_.cubed_deviations);
    state_.cubed_deviations +=
        other.cubed_deviations + square * gap * (our_part - their_part) +
        3.0 * gap * (our_part * other.squared_deviations - their_part * state_.squared_deviations);
    state_.squared_deviations += other.squared_deviations + square;
    state_.mean_distance += gap * their_part;
    state_.count += other.count;
    state_.minimum = std::min(state_.minimum, other.minimum);
    state_.maximum = std::max(state_.maximum, other.maximum);
  }

  raw_state state_;
};

}  // namespace hotswap::inline v0_1::stats
