#pragma once

/// @file
/// Means, variances and covariance of pairs: a metric and what is known of the same user besides.
///
///     covariance spending;
///     spending.add(spent_this_week, spent_last_week);   // y, x
///     spending.correlation();
///
/// Source
///   [P]  P. Pébay, "Formulas for robust, one-pass parallel computation of covariances and
///   arbitrary-
///        order statistical moments", Sandia report SAND2008-6212 (2008).

#include <hotswap/stats/moments.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// Of the pairs so far, by [P] on their distances from the first one.
class covariance {
 public:
  covariance() = default;

  /// @throws std::invalid_argument  for samples of different sizes.
  [[nodiscard]] static covariance of(std::span<const double> y, std::span<const double> x) {
    if (y.size() != x.size()) {
      throw std::invalid_argument("covariance: each y must have an x, got " +
                                  std::to_string(y.size()) + " and " + std::to_string(x.size()));
    }
    covariance result;
    for (std::size_t i = 0; i < y.size(); ++i) result.add(y[i], x[i]);
    return result;
  }

  /// From what another system has summed up already.
  /// @param y, x  of as many values
  /// @param xy  unbiased: divided by count - 1
  /// @throws std::invalid_argument  for other counts of y than of x, and for a covariance that is
  ///   not finite or greater than the variances allow.
  [[nodiscard]] static covariance from_summary(const moments& y, const moments& x, double xy) {
    if (y.count() != x.count()) {
      throw std::invalid_argument("covariance::from_summary: each y must have an x, got " +
                                  std::to_string(y.count()) + " and " + std::to_string(x.count()));
    }
    const double pairs = static_cast<double>(std::max<std::uint64_t>(y.count(), 1)) - 1.0;
    const double most = std::sqrt(y.sum_of_squared_deviations()) *
                        std::sqrt(x.sum_of_squared_deviations()) * (1.0 + 1e-12);
    if (!(std::abs(xy * pairs) <= most) || (pairs == 0.0 && xy != 0.0)) {
      throw std::invalid_argument(
          "covariance::from_summary: covariance must not exceed the root of the variances' product, "
          "got " +
          std::to_string(xy));
    }
    covariance result;
    result.y_ = y;
    result.x_ = x;
    result.products_ = xy * pairs;
    return result;
  }

  void add(double y, double x) noexcept {
    const double before = y_.count() == 0 ? 0.0 : distance(y_, y);
    y_.add(y);
    x_.add(x);
    products_ += before * distance(x_, x);
  }

  /// As if the pairs of `other` had been added one by one, up to rounding.
  covariance& operator+=(covariance other) noexcept {
    if (other.count() == 0) return *this;
    if (count() == 0) return *this = other;
    const auto ours = static_cast<double>(count());
    const auto theirs = static_cast<double>(other.count());
    products_ +=
        other.products_ + gap(y_, other.y_) * gap(x_, other.x_) * ours * (theirs / (ours + theirs));
    y_ += other.y_;
    x_ += other.x_;
    return *this;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return y_.count(); }
  [[nodiscard]] const moments& y() const noexcept { return y_; }
  [[nodiscard]] const moments& x() const noexcept { return x_; }

  /// Sum of (y - mean)(x - mean); 0 without pairs.
  [[nodiscard]] double sum_of_products() const noexcept { return products_; }

  /// Unbiased: that sum divided by count - 1.
  /// @throws std::domain_error  for fewer than two pairs.
  [[nodiscard]] double value() const {
    if (count() < 2) {
      throw std::domain_error("covariance: a covariance must be of at least 2 pairs, got " +
                              std::to_string(count()));
    }
    return products_ / static_cast<double>(count() - 1);
  }

  /// Pearson's, in [-1, 1].
  /// @throws std::domain_error  where y or x does not vary.
  [[nodiscard]] double correlation() const {
    const double spread =
        std::sqrt(y_.sum_of_squared_deviations()) * std::sqrt(x_.sum_of_squared_deviations());
    if (spread == 0.0) {
      throw std::domain_error("covariance: a correlation must be of values that vary, got " +
                              std::to_string(count()) + " pairs of which one does not");
    }
    return std::clamp(products_ / spread, -1.0, 1.0);
  }

  /// Are all of them numbers? False for good after a NaN or an infinity.
  [[nodiscard]] bool finite() const noexcept {
    return y_.finite() && x_.finite() && std::isfinite(products_);
  }

  friend bool operator==(const covariance&, const covariance&) = default;

 private:
  static double distance(const moments& of, double value) noexcept {
    return (value - of.raw().origin) - of.raw().mean_distance;
  }
  static double gap(const moments& from, const moments& to) noexcept {
    return (to.raw().origin - from.raw().origin) +
           (to.raw().mean_distance - from.raw().mean_distance);
  }

  moments y_;
  moments x_;
  double products_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
