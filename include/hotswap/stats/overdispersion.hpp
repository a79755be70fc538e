#pragma once

/// @file
/// By how much windows differ more than their requests alone can explain: pods, hosts, busy users.
///
///     overdispersion noise;                              // expects 0.005 until it knows better
///     noise.add(increment.sum / std::sqrt(increment.weight));
///     variance + noise.estimate(expected_noise, spread) * spread;
///
/// Where each arm's rate p wobbles from window to window with variance iota * p * (1 - p), counting
/// more requests does not help, and a test that believes so finds a difference between equals: of
/// windows of 10 000 requests at iota = 0.001, half the time.

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct overdispersion_options {
  double expected = 5e-3;     ///< iota, the correlation of two requests of one arm in one window
  std::uint64_t windows = 8;  ///< as many as that expectation weighs, and it stands alone before
};

/// An estimate of iota from the differences of successive windows: a level that shifts, which may
/// be a real regression, is not taken for noise.
class overdispersion {
 public:
  /// @throws std::invalid_argument  for an expectation that is not finite, or below 0.
  explicit overdispersion(const overdispersion_options& options = {}) : options_{options} {
    if (!(options.expected >= 0.0 && std::isfinite(options.expected))) {
      throw std::invalid_argument("overdispersion: expected must be finite and not below 0, got " +
                                  std::to_string(options.expected));
    }
  }

  /// @param contrast  of the next window: its sum, divided by the root of its weight; finite
  void add(double contrast) noexcept {
    if (windows_ > 0) {
      const double step = contrast - last_;
      half_squared_steps_ += 0.5 * step * step;
    }
    last_ = contrast;
    ++windows_;
  }

  /// Iota, never below 0.
  /// @param noise  what the half squared steps add up to on average if iota is 0: the sum over the
  ///   windows of the contrasts' variances at the rates that were seen
  /// @param spread  what an iota of 1 adds to those variances
  [[nodiscard]] double estimate(double noise, double spread) const noexcept {
    if (windows_ < options_.windows || windows_ < 2) return options_.expected;
    const auto count = static_cast<double>(windows_);
    const double excess = half_squared_steps_ * (count / (count - 1.0)) - noise;
    const double alone = excess > 0.0 && spread > 0.0 ? excess / spread : 0.0;
    const auto prior = static_cast<double>(options_.windows);
    return (count * alone + prior * options_.expected) / (count + prior);
  }

  [[nodiscard]] std::uint64_t windows() const noexcept { return windows_; }

  friend bool operator==(const overdispersion& left, const overdispersion& right) noexcept {
    return left.windows_ == right.windows_ && left.last_ == right.last_ &&
           left.half_squared_steps_ == right.half_squared_steps_ &&
           left.options_.expected == right.options_.expected &&
           left.options_.windows == right.options_.windows;
  }

 private:
  overdispersion_options options_;
  std::uint64_t windows_ = 0;
  double last_ = 0.0;
  double half_squared_steps_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
