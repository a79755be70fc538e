#pragma once

/// @file
/// How to choose the rho of a mixture, before there are data: at which variance should it be best?
///
///     const gamma_poisson_mixture mixture{one_sided_rho(20.0, 0.05)};   // rho 3.16
///
/// A mixture is valid at every rho and every sample size. At the variance that rho is chosen for,
/// it finds what there is with the fewest samples; within a factor of ten of it, nearly so. To take
/// rho from the data that it will judge is not valid.
///
/// Source
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080: 3.5.

#include <hotswap/stats/mixture_arguments.hpp>

#include <cmath>

namespace hotswap::inline v0_1::stats {

/// For `two_sided_normal_mixture`, in [H]'s approximation.
/// @param optimal_variance  of the sum, at which the boundary is to be narrowest
/// @throws std::invalid_argument  for a variance that is not above 0, or an alpha outside (0, 1).
inline double two_sided_rho(double optimal_variance, double alpha) {
  require_above_zero(optimal_variance, "two_sided_rho", "optimal_variance");
  require_alpha(alpha, "two_sided_rho");
  const double evidence = 2.0 * std::log(1.0 / alpha);
  return optimal_variance / (evidence + std::log1p(evidence));
}

/// The same without approximation: optimal_variance / (-1 - W(-alpha^2 / e)), with the lower branch
/// of Lambert's W.
/// @throws std::invalid_argument  as `two_sided_rho`.
inline double narrowest_two_sided_rho(double optimal_variance, double alpha) {
  require_above_zero(optimal_variance, "narrowest_two_sided_rho", "optimal_variance");
  require_alpha(alpha, "narrowest_two_sided_rho");
  const double evidence = 2.0 * std::log(1.0 / alpha);
  // Newton's method on ratio - log(1 + ratio) = evidence, which is convex: from above, downwards.
  double ratio = evidence + 2.0 * std::sqrt(evidence);
  for (int i = 0; i < 100; ++i) {
    const double step = (ratio - std::log1p(ratio) - evidence) * (1.0 + ratio) / ratio;
    ratio -= step;
    if (std::abs(step) <= 1e-15 * ratio) break;
  }
  return optimal_variance / ratio;
}

/// For `normal_mixture` and `gamma_poisson_mixture`, which look to one side.
/// @throws std::invalid_argument  for a variance that is not above 0, or an alpha outside (0, 0.5).
inline double one_sided_rho(double optimal_variance, double alpha) {
  require_above_zero(optimal_variance, "one_sided_rho", "optimal_variance");
  require_alpha(alpha, "one_sided_rho", 0.5);
  return two_sided_rho(optimal_variance, 2.0 * alpha);
}

}  // namespace hotswap::inline v0_1::stats
