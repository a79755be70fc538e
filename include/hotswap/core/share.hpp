#pragma once

/// @file
/// A share of the traffic, exact to a hundredth of a per cent.
///
///     using namespace hotswap::literals;
///     const hotswap::share first_step = 10_pct;

#include <hotswap/core/error.hpp>

#include <compare>
#include <string>

namespace hotswap::inline v0_1 {

/// 0 to 10 000 basis points. Whole numbers, so shares add up to 100 % without a tolerance.
class share {
 public:
  /// No traffic.
  constexpr share() noexcept = default;

  /// @param value  in per cent, a multiple of 0.01.
  /// @throws config_error  if it is none, or lies outside 0 to 100.
  [[nodiscard]] static constexpr share percent(double value) {
    if (!(value >= 0.0 && value <= 100.0)) {
      throw config_error("",
                         "share: percent must lie between 0 and 100, got " + std::to_string(value));
    }
    const double scaled = value * 100.0;
    const int points = static_cast<int>(scaled + 0.5);
    const double distance = scaled - static_cast<double>(points);
    // 0.07 * 100 is 7.000000000000001: a decimal may be off by rounding, 0.005 may not pass
    if (distance > 1e-9 || distance < -1e-9) {
      throw config_error("",
                         "share: percent must be a multiple of 0.01, got " + std::to_string(value));
    }
    return share{points};
  }

  /// @throws config_error  unless 0 <= value <= 10 000.
  [[nodiscard]] static constexpr share basis_points(int value) {
    if (value < 0 || value > 10'000) {
      throw config_error(
          "", "share: basis points must lie between 0 and 10000, got " + std::to_string(value));
    }
    return share{value};
  }

  [[nodiscard]] constexpr int basis_points() const noexcept { return basis_points_; }

  /// What is left of 100 %.
  [[nodiscard]] constexpr share rest() const noexcept { return share{10'000 - basis_points_}; }

  friend constexpr bool operator==(share, share) = default;
  friend constexpr std::strong_ordering operator<=>(share, share) = default;

 private:
  explicit constexpr share(int points) noexcept : basis_points_(points) {}

  int basis_points_ = 0;
};

/// `25 %`, `12.5 %`, `0.01 %`
[[nodiscard]] inline std::string to_string(share value) {
  const int whole = value.basis_points() / 100;
  const int hundredths = value.basis_points() % 100;
  std::string text = std::to_string(whole);
  if (hundredths != 0) {
    text += '.';
    text += static_cast<char>('0' + hundredths / 10);
    if (hundredths % 10 != 0) text += static_cast<char>('0' + hundredths % 10);
  }
  return text + " %";
}

inline namespace literals {

/// `25_pct`; a literal outside 0 to 100 does not compile.
consteval share operator""_pct(unsigned long long percent) {
  return percent > 100 ? throw config_error("", "share: percent must lie between 0 and 100")
                       : share::basis_points(static_cast<int>(percent) * 100);
}

/// `12.5_pct`
consteval share operator""_pct(long double percent) {
  return share::percent(static_cast<double>(percent));
}

}  // namespace literals

}  // namespace hotswap::inline v0_1
