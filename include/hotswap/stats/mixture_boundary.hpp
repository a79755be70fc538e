#pragma once

/// @file
/// Where a one-sided mixture rejects: the sum at which its e-value is 1 / alpha.
///
///     mixture_boundary(mixture, variance, alpha, std::sqrt(variance + mixture.rho()));

#include <hotswap/stats/bracketed_root.hpp>

#include <cmath>

namespace hotswap::inline v0_1::stats {

/// @param mixture  whose log_e(sum, variance) increases with the sum, and is not above 0 at 0
/// @param step  above 0, from where the search for a sum beyond the boundary starts
template <typename Mixture>
double mixture_boundary(const Mixture& mixture, double variance, double alpha, double step) {
  const auto excess = [&](double sum) { return mixture.log_e(sum, variance) + std::log(alpha); };
  double beyond = step;
  while (excess(beyond) < 0.0) beyond *= 2.0;
  return bracketed_root(excess, 0.0, beyond);
}

}  // namespace hotswap::inline v0_1::stats
