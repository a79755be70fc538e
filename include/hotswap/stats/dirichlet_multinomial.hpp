#pragma once

/// @file
/// How much likelier counts are under rates that were drawn at random than under given ones.
///
///     const std::vector<counted_share> classes{{.share = 0.5, .count = 5200.0, .prior = 50.0, ...
///     log_dirichlet_multinomial_factor(classes);
///
/// `sequential_sample_ratio_test` and `beta_binomial_test` are this, with the arguments prepared.
///
/// Sources
///   [M]  J. E. Mosimann, "On the compound multinomial distribution, the multivariate
///        beta-distribution, and correlations among proportions", Biometrika 49 (1962), 65-82.
///   [L]  C. Loader, "Fast and accurate computation of binomial probabilities" (2000): how to
///        subtract factorials without losing the digits of the difference.

#include <hotswap/stats/log_factorial.hpp>

#include <cmath>
#include <span>

namespace hotswap::inline v0_1::stats {

/// A class of outcomes. With 1e15 outcomes, what exceeds the expectation is 1e-8 of it: so it is
/// handed over, and has all its digits, rather than computed from the others.
struct counted_share {
  double share = 0.0;         ///< of the outcomes by the null hypothesis, in (0, 1)
  double count = 0.0;         ///< of the outcomes
  double excess = 0.0;        ///< count - total count * share
  double prior = 0.0;         ///< parameter of the Dirichlet distribution of the rates, above 0
  double prior_excess = 0.0;  ///< prior - total prior * share; 0 where the null is its mean
};

/// The logarithm of the Bayes factor: of [M], the counts' probability under rates of a Dirichlet
/// distribution, divided by their multinomial probability under the null hypothesis' shares:
///
///     log G(k) - log G(k + n) + sum (log G(prior + count) - log G(prior) - count log(share))
///
/// where G is the gamma function, k the total prior and n the total count. As in [L], each log G is
/// taken apart, and the leading parts, which may be 1e16, add up to deviances. The error is 1e-14
/// per class, and 1e-15 of the deviance of counts and priors from the shares. O(classes), allocates
/// nothing.
inline double log_dirichlet_multinomial_factor(std::span<const counted_share> classes) {
  double total_prior = 0.0;
  double total_count = 0.0;
  for (const counted_share& each : classes) {
    total_prior += each.prior;
    total_count += each.count;
  }
  double sum = 0.5 * std::log1p(total_count / total_prior) + stirling_error(total_prior) -
               stirling_error(total_prior + total_count);
  for (const counted_share& each : classes) {
    const double both = each.prior + each.count;
    sum +=
        deviance(both, (total_prior + total_count) * each.share, each.excess + each.prior_excess) -
        deviance(each.prior, total_prior * each.share, each.prior_excess) -
        0.5 * std::log1p(each.count / each.prior) + stirling_error(both) -
        stirling_error(each.prior);
  }
  return sum;
}

}  // namespace hotswap::inline v0_1::stats
