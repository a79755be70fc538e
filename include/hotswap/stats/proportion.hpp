#pragma once

/// @file
/// So many successes of so many trials.
///
///     const proportion accuracy{95, 100};
///     accuracy.rate();  // 0.95

#include <cstdint>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// Never more successes than trials; 0 of 0 by default. A "success" is whatever is counted: of an
/// error rate, it is an error.
class proportion {
 public:
  constexpr proportion() = default;

  /// @throws std::invalid_argument  for more successes than trials.
  constexpr proportion(std::uint64_t successes, std::uint64_t trials)
      : successes_{successes}, trials_{trials} {
    if (successes > trials) {
      throw std::invalid_argument("proportion: successes must be at most trials, got " +
                                  std::to_string(successes) + " of " + std::to_string(trials));
    }
  }

  [[nodiscard]] constexpr std::uint64_t successes() const noexcept { return successes_; }
  [[nodiscard]] constexpr std::uint64_t trials() const noexcept { return trials_; }

  /// Successes per trial, in [0, 1].
  /// @throws std::domain_error  without trials.
  [[nodiscard]] constexpr double rate() const {
    if (trials_ == 0) {
      throw std::domain_error("proportion: a rate must be of at least 1 trial, got 0");
    }
    return static_cast<double>(successes_) / static_cast<double>(trials_);
  }

  /// Adds the trials of `other`, which must be different trials.
  constexpr proportion& operator+=(proportion other) noexcept {
    successes_ += other.successes_;
    trials_ += other.trials_;
    return *this;
  }

  /// Equal counts; 1 of 2 is not 2 of 4.
  friend constexpr bool operator==(const proportion&, const proportion&) = default;

 private:
  std::uint64_t successes_ = 0;
  std::uint64_t trials_ = 0;
};

}  // namespace hotswap::inline v0_1::stats
