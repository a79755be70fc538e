#pragma once

/// @file
/// Evidence, valid at every look, that a sum of bounded differences drifts upwards: for counts.
///
///     const gamma_poisson_mixture mixture{one_sided_rho(20.0, 0.05)};
///     if (mixture.log_e(sum, variance) >= std::log(1.0 / 0.05)) { ... }   // at any look, for good
///
/// While the true sum does not drift upwards, the probability that e ever reaches 1 / alpha, at any
/// of however many looks, is at most alpha.
///
/// Source
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080: prop. 10;
///        `GammaPoissonMixture` of their package confseq.

#include <hotswap/stats/gamma_tail.hpp>
#include <hotswap/stats/mixture_arguments.hpp>
#include <hotswap/stats/mixture_boundary.hpp>

#include <cmath>
#include <limits>

namespace hotswap::inline v0_1::stats {

/// The mixture of [H]. It is exact, not asymptotic, for sums whose increments are at most
/// `largest_jump` above their mean and have the given variance: those of rare errors, too.
class gamma_poisson_mixture {
 public:
  /// @param rho  of `one_sided_rho`, in the unit of the variance
  /// @param largest_jump  the most that one observation can add to the sum
  /// @throws std::invalid_argument  unless both are finite and above 0.
  explicit gamma_poisson_mixture(double rho, double largest_jump = 1.0)
      : rho_{rho}, largest_jump_{largest_jump} {
    require_above_zero(rho, "gamma_poisson_mixture", "rho");
    require_above_zero(largest_jump, "gamma_poisson_mixture", "largest_jump");
    scaled_rho_ = rho / largest_jump / largest_jump;
    require_above_zero(scaled_rho_, "gamma_poisson_mixture", "rho / largest_jump^2");
    log_normalizer_ = log_scaled_upper_gamma(scaled_rho_, scaled_rho_, 0.0);
  }

  /// The logarithm of the e-value. It increases with the sum, is 0 at the start, where both are 0,
  /// and minus infinity where the sum is below -(variance + rho) / largest_jump.
  ///
  /// Its error is 4e-13, or that times its size, up to variances of 1e15 and beyond; 0.1 to 0.3
  /// microseconds. Allocates nothing, safe from any thread.
  ///
  /// @param sum  of the differences, at this look
  /// @param variance  of that sum
  /// @throws std::invalid_argument  unless the sum is finite, and the variance, not below 0.
  [[nodiscard]] double log_e(double sum, double variance) const {
    const double s = sum / largest_jump_;
    const double v = variance / largest_jump_ / largest_jump_;
    require_evidence(s, v, "gamma_poisson_mixture");
    const double x = v + scaled_rho_;
    if (!(x + s > 0.0)) return -std::numeric_limits<double>::infinity();
    return log_scaled_upper_gamma(x + s, x, s) - log_normalizer_;
  }

  /// The smallest sum at which e is 1 / alpha.
  /// @throws std::invalid_argument  for a variance below 0 or not finite, an alpha outside (0, 1).
  [[nodiscard]] double boundary(double variance, double alpha) const {
    require_variance(variance, "gamma_poisson_mixture");
    require_alpha(alpha, "gamma_poisson_mixture");
    return mixture_boundary(*this, variance, alpha, largest_jump_);
  }

  [[nodiscard]] double rho() const noexcept { return rho_; }
  [[nodiscard]] double largest_jump() const noexcept { return largest_jump_; }

 private:
  double rho_;
  double largest_jump_;
  double scaled_rho_ = 0.0;
  double log_normalizer_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
