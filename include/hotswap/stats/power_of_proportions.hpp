#pragma once

/// @file
/// How many requests does a comparison of two rates need, and what would it find with fewer?
///
///     const proportions_plan plan{.baseline_rate = 0.10, .candidate_rate = 0.11};
///     sample_size_of_proportions(0.8, plan).candidate_count();   // 14751
///     power_of_proportions(5'000, 5'000, plan);                  // 0.37
///
///     // not worse by more than a margin, with a tenth of the traffic
///     const proportions_plan canary{.baseline_rate = 0.005, .candidate_rate = 0.005,
///                                   .null_difference = 0.01, .alternative = alternative::less,
///                                   .candidate_share = 0.1};
///
/// Sources
///   [FM] C. P. Farrington, G. Manning, "Test statistics and sample size formulae for comparative
///        binomial trials with null hypothesis of non-zero risk difference or non-unity relative
///        risk", Statistics in Medicine 9 (1990), 1447-1454; method 3.
///   [R]  power.prop.test(n, p1, p2, sig.level, alternative) of R's package stats, which is the
///   same
///        without a margin and with equal arms.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/planned_samples.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct proportions_plan {
  double baseline_rate = 0.0;    ///< as it is supposed to be, in (0, 1)
  double candidate_rate = 0.0;   ///< likewise
  double null_difference = 0.0;  ///< the margin that is tested, candidate - baseline, in (-1, 1)
  stats::alternative alternative = stats::alternative::two_sided;
  double alpha = 0.05;           ///< the level of the test
  double candidate_share = 0.5;  ///< of all values, in (0, 1); power_of_proportions ignores it
};

namespace detail {

/// Deviations, in units of 1 / sqrt(all values), of the difference if the null holds and as it is.
struct planned_deviations {
  double effect = 0.0;  ///< towards the alternative
  double of_null = 0.0;
  double of_plan = 0.0;
  double critical = 0.0;  ///< z
};

inline planned_deviations deviations_of(const proportions_plan& plan, double share,
                                        const char* function) {
  require_plan(plan.alpha, plan.candidate_share, function);
  require_between(plan.baseline_rate, 0.0, 1.0, function, "baseline_rate", "0 and 1");
  require_between(plan.candidate_rate, 0.0, 1.0, function, "candidate_rate", "0 and 1");
  require_between(plan.null_difference, -1.0, 1.0, function, "null_difference", "-1 and 1");
  const double a = plan.baseline_rate;
  const double b = plan.candidate_rate;
  const auto null = restricted_rates_of({(1.0 - share) * a, (1.0 - share) * (1.0 - a)},
                                        {share * b, share * (1.0 - b)}, plan.null_difference);
  const bool is_two_sided = plan.alternative == alternative::two_sided;
  const double gap = (b - a) - plan.null_difference;

  planned_deviations result;
  result.effect = is_two_sided                               ? std::abs(gap)
                  : plan.alternative == alternative::greater ? gap
                                                             : -gap;
  result.of_null = std::sqrt(null.candidate.rate * null.candidate.rest / share +
                             null.baseline.rate * null.baseline.rest / (1.0 - share));
  result.of_plan = std::sqrt(b * (1.0 - b) / share + a * (1.0 - a) / (1.0 - share));
  result.critical = normal_upper_quantile(is_two_sided ? plan.alpha / 2.0 : plan.alpha);
  return result;
}

}  // namespace detail

/// The chance that Farrington and Manning's test, without a margin the z-test, rejects at level
/// alpha. Two-sided, in the direction of the effect. Normal approximation: [FM], [R].
///
/// @param baseline_count, candidate_count  values of each; real numbers above 0 will do
/// @throws std::invalid_argument  for counts and fields out of range.
[[nodiscard]] inline double power_of_proportions(double baseline_count, double candidate_count,
                                                 const proportions_plan& plan) {
  const char* const name = "power_of_proportions";
  if (!(baseline_count > 0.0 && candidate_count > 0.0 && std::isfinite(baseline_count) &&
        std::isfinite(candidate_count))) {
    throw std::invalid_argument(std::string{name} + ": counts must be finite and above 0, got " +
                                std::to_string(baseline_count) + " and " +
                                std::to_string(candidate_count));
  }
  const double all = baseline_count + candidate_count;
  const auto plan_of = detail::deviations_of(plan, candidate_count / all, name);
  return normal_upper_tail((plan_of.critical * plan_of.of_null - std::sqrt(all) * plan_of.effect) /
                           plan_of.of_plan);
}

/// How many values that test needs to reject with probability `power`; the inverse of the above.
///
/// For a test that looks at each window, plan with 1.5 to 2 times as many.
///
/// @throws std::invalid_argument  for fields out of range.
/// @throws std::domain_error  where no number is enough: the rates differ by no more than the null
///   difference, or in the other direction.
[[nodiscard]] inline planned_samples sample_size_of_proportions(double power,
                                                                const proportions_plan& plan) {
  const char* const name = "sample_size_of_proportions";
  detail::require_between(power, 0.0, 1.0, name, "power", "0 and 1");
  const double share = plan.candidate_share;
  const auto plan_of = detail::deviations_of(plan, share, name);
  if (!(plan_of.effect > 0.0)) {
    throw std::domain_error(std::string{name} +
                            ": the rates must differ in the direction of the alternative, got " +
                            std::to_string(plan_of.effect) + " beyond the null difference");
  }
  const double root =
      (plan_of.critical * plan_of.of_null + normal_upper_quantile(1.0 - power) * plan_of.of_plan) /
      plan_of.effect;
  const double all = root > 0.0 ? root * root : 0.0;
  return {all * (1.0 - share), all * share};
}

}  // namespace hotswap::inline v0_1::stats
