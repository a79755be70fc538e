#pragma once

/// @file
/// Evidence, valid at every look, that a sum drifts, upwards or downwards: for experiments.
///
///     const two_sided_normal_mixture mixture{two_sided_rho(planned_variance, 0.05)};
///     if (mixture.log_e(sum, variance) >= std::log(1.0 / 0.05)) { ... }   // at any look, for good
///
/// Sources
///   [R]  H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of
///        Mathematical Statistics 41 (1970), 1397-1409.
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080: eq. 14.

#include <hotswap/stats/mixture_arguments.hpp>

#include <cmath>

namespace hotswap::inline v0_1::stats {

/// The mixture of [R] in the notation of [H], whose rho is added to the variance. Where another
/// writes the mixture with a variance tau^2 of the mean, as mSPRT does, rho is sigma^2 / tau^2.
class two_sided_normal_mixture {
 public:
  /// @param rho  of `two_sided_rho`, in the unit of the variance
  /// @throws std::invalid_argument  unless it is finite and above 0.
  explicit two_sided_normal_mixture(double rho) : rho_{rho} {
    require_above_zero(rho, "two_sided_normal_mixture", "rho");
  }

  /// The logarithm of the e-value: 0 where both are 0, and greater the further the sum is from 0.
  /// @param sum  of the differences, at this look
  /// @param variance  of that sum
  /// @throws std::invalid_argument  unless the sum is finite, and the variance, not below 0.
  [[nodiscard]] double log_e(double sum, double variance) const {
    require_evidence(sum, variance, "two_sided_normal_mixture");
    const double z = sum / std::sqrt(variance + rho_);
    return 0.5 * z * z - 0.5 * std::log1p(variance / rho_);
  }

  /// How far from 0 the sum is where e is 1 / alpha.
  /// @throws std::invalid_argument  for a variance below 0 or not finite, an alpha outside (0, 1).
  [[nodiscard]] double boundary(double variance, double alpha) const {
    require_variance(variance, "two_sided_normal_mixture");
    require_alpha(alpha, "two_sided_normal_mixture");
    return std::sqrt(variance + rho_) *
           std::sqrt(std::log1p(variance / rho_) - 2.0 * std::log(alpha));
  }

  [[nodiscard]] double rho() const noexcept { return rho_; }

 private:
  double rho_;
};

}  // namespace hotswap::inline v0_1::stats
