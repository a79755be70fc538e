#pragma once

/// @file
/// Is the rate of successes what it should be? And between which bounds does it lie? For one stream
/// of trials, at every look.
///
///     const proportion errors{52, 1000};
///     beta_binomial_test(errors, 0.02).p_value;   // 7e-7: it is not 2 %
///     beta_binomial_interval(errors);             // [0.030, 0.083], at every look
///
/// Sources
///   [R]  H. Robbins, "Statistical methods related to the law of the iterated logarithm", Annals of
///        Mathematical Statistics 41 (1970), 1397-1409: mixtures of likelihoods.
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080:
///        section 3.

#include <hotswap/stats/always_valid_p_value.hpp>
#include <hotswap/stats/confidence.hpp>
#include <hotswap/stats/dirichlet_multinomial.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/log_factorial.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// The beta distribution of rates that are looked for: as if that many successes and failures had
/// been seen before. To be chosen first; uniform by default, any positive numbers are valid.
struct beta_prior {
  double successes = 1.0;  ///< above 0
  double failures = 1.0;   ///< above 0
};

struct beta_binomial_interval_options {
  double confidence = 0.95;  ///< of the intervals at all looks together, in (0, 1)
  beta_prior prior = {};
};

struct beta_binomial_result {
  double log_martingale = 0.0;  ///< the logarithm of an e-value: evidence against the rate
  double p_value = 1.0;         ///< min(1, 1 / martingale), at this look
  double log_p_value = 0.0;     ///< its logarithm, also where p_value is too small for a double
};

namespace detail {

inline void require_prior(const beta_prior& prior, const char* function) {
  for (const double each : {prior.successes, prior.failures}) {
    if (each >= 1e-100 && each <= 1e100) continue;
    throw std::invalid_argument(std::string{function} +
                                ": prior must have successes and failures between 1e-100 and "
                                "1e100, got " +
                                std::to_string(each));
  }
}

/// Successes less those that the rate makes one expect; exact, given the lesser of rate and rest.
inline double excess_of_successes(double successes, double failures, const rate_and_rest& at) {
  const double trials = successes + failures;
  return at.rate <= at.rest ? std::fma(-trials, at.rate, successes)
                            : -std::fma(-trials, at.rest, failures);
}

inline double log_beta_binomial_factor(double successes, double failures, const rate_and_rest& at,
                                       const beta_prior& prior) {
  const double excess = excess_of_successes(successes, failures, at);
  const double prior_excess = excess_of_successes(prior.successes, prior.failures, at);
  const std::array<counted_share, 2> classes{
      counted_share{at.rate, successes, excess, prior.successes, prior_excess},
      counted_share{at.rest, failures, -excess, prior.failures, -prior_excess}};
  return log_dirichlet_multinomial_factor(classes);
}

/// The logarithm of the likelihood ratio of the observed rate to that one.
inline double log_likelihood_ratio(double successes, double failures, const rate_and_rest& at) {
  const double excess = excess_of_successes(successes, failures, at);
  const double trials = successes + failures;
  return deviance(successes, trials * at.rate, excess) +
         deviance(failures, trials * at.rest, -excess);
}

/// The rate above the observed one at which the logarithm of the likelihood ratio is `evidence`.
///
/// In the logit of the rate it is convex. So one Newton step from anywhere above the observed rate
/// leads to the right of the root, and all further ones towards it.
inline rate_and_rest rate_above(double successes, double failures, double evidence) {
  const double trials = successes + failures;
  if (successes == 0.0) return {-std::expm1(-evidence / trials), std::exp(-evidence / trials)};

  constexpr double far = 700.0;  // beyond, the rest is too small for a double
  double logit = std::log(successes / failures) +
                 std::sqrt(2.0 * evidence / (successes * (failures / trials)));
  double last_step = std::numeric_limits<double>::infinity();
  for (bool first = true;; first = false) {
    logit = std::min(logit, far);
    const rate_and_rest at{1.0 / (1.0 + std::exp(-logit)), 1.0 / (1.0 + std::exp(logit))};
    const double slope = -excess_of_successes(successes, failures, at);
    if (slope <= 0.0) return at;  // so little evidence that it is the observed rate
    const double step = (log_likelihood_ratio(successes, failures, at) - evidence) / slope;
    if (step < 0.0 && logit == far) return {1.0, 0.0};
    // A step back, or one that does not shrink, is rounding.
    if (!first && !(step > 0.0 && step < last_step)) return at;
    logit -= step;
    if (!first) last_step = step;
  }
}

}  // namespace detail

/// Is the rate of successes `rate`? The mixture of [R] over a beta distribution, at one look:
///
///     log M = log B(a + s, b + n - s) - log B(a, b) - s log(rate) - (n - s) log(1 - rate)
///
/// If it is, P(M >= 1 / alpha at any look) is at most alpha, exactly, however often one looks;
/// `always_valid_p_value` is its p-value over several looks. It compares with a known rate: for two
/// versions, which both have to be observed, there are other tests.
///
/// @param seen  all trials since the start; may be none
/// @param rate  of the null hypothesis, in (0, 1)
///
/// The logarithm has 12 digits, or an error of 1e-13 where it is next to 0, for counts up to 2^53.
/// A quarter of a microsecond. Allocates nothing, safe from any thread.
///
/// @throws std::invalid_argument  for a rate outside (0, 1), or a prior outside [1e-100, 1e100].
[[nodiscard]] inline beta_binomial_result beta_binomial_test(const proportion& seen, double rate,
                                                             const beta_prior& prior = {}) {
  if (!(rate > 0.0 && rate < 1.0)) {
    throw std::invalid_argument("beta_binomial_test: rate must lie between 0 and 1, got " +
                                std::to_string(rate));
  }
  detail::require_prior(prior, "beta_binomial_test");
  const double log_martingale = detail::log_beta_binomial_factor(
      static_cast<double>(seen.successes()), static_cast<double>(seen.trials() - seen.successes()),
      {rate, 1.0 - rate}, prior);
  const tail_probability tail = p_value_of_e(log_martingale);
  return {log_martingale, tail.p_value, tail.log_p_value};
}

/// The confidence sequence of [H]: those rates at which M < 1 / alpha, alpha being 1 - confidence.
///
/// All intervals of all looks together contain the true rate with that probability, at least. About
/// twice as wide as `wilson` and `clopper_pearson`, which hold for a single look; [0, 1] without
/// trials. Both bounds have 12 digits, those next to 0 too. About a microsecond.
///
/// @throws std::invalid_argument  for a confidence outside (0, 1), or a prior outside
///   [1e-100, 1e100].
[[nodiscard]] inline interval beta_binomial_interval(
    const proportion& seen, const beta_binomial_interval_options& options = {}) {
  require_confidence(options.confidence, "beta_binomial_interval");
  detail::require_prior(options.prior, "beta_binomial_interval");
  if (seen.trials() == 0) return {.lower = 0.0, .upper = 1.0};
  const auto successes = static_cast<double>(seen.successes());
  const auto failures = static_cast<double>(seen.trials() - seen.successes());

  // M at a rate is M at the observed one times their likelihood ratio. The observed one may be 0,
  // so M is taken at the mean of the posterior distribution.
  const double posterior_successes = successes + options.prior.successes;
  const double posterior_failures = failures + options.prior.failures;
  const double total = posterior_successes + posterior_failures;
  const rate_and_rest at{posterior_successes / total, posterior_failures / total};
  const double against_observed =  // at most 0, but for rounding
      detail::log_beta_binomial_factor(successes, failures, at, options.prior) -
      detail::log_likelihood_ratio(successes, failures, at);
  const double evidence = -std::log1p(-options.confidence) - std::min(0.0, against_observed);

  interval result{.lower = 0.0, .upper = 1.0};
  if (successes > 0.0) result.lower = detail::rate_above(failures, successes, evidence).rest;
  if (failures > 0.0) result.upper = detail::rate_above(successes, failures, evidence).rate;
  return result;
}

}  // namespace hotswap::inline v0_1::stats
