#pragma once

/// @file
/// How many values does a comparison of two means need, and what would it find with fewer?
///
///     const means_plan plan{.difference = 0.5, .standard_deviation = 1.0};
///     sample_size_of_means(0.8, plan).candidate_count();   // 64
///     power_of_means(20, 20, plan);                        // 0.34
///
/// Source
///   [R]  power.t.test(n, delta, sd, sig.level, power, alternative, strict) of R's package stats:
///   the
///        noncentral t distribution, not its normal limit.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/bracketed_root.hpp>
#include <hotswap/stats/noncentral_t.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/planned_samples.hpp>
#include <hotswap/stats/student_t.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct means_plan {
  double difference = 0.0;          ///< of the means as it is supposed to be, candidate - baseline
  double standard_deviation = 1.0;  ///< of the values of either arm; above 0
  double null_difference = 0.0;     ///< the margin that is tested
  stats::alternative alternative = stats::alternative::two_sided;
  double alpha = 0.05;           ///< the level of the test
  double candidate_share = 0.5;  ///< of all values, in (0, 1); power_of_means ignores it
  bool strict = false;           ///< two-sided: also count rejections in the wrong direction
};

namespace detail {

inline void require_means_plan(const means_plan& plan, const char* function) {
  require_plan(plan.alpha, plan.candidate_share, function);
  if (!(plan.standard_deviation > 0.0 && std::isfinite(plan.standard_deviation))) {
    throw std::invalid_argument(std::string{function} +
                                ": standard_deviation must be finite and above 0, got " +
                                std::to_string(plan.standard_deviation));
  }
  if (!std::isfinite(plan.difference - plan.null_difference)) {
    throw std::invalid_argument(std::string{function} + ": differences must be finite, got " +
                                std::to_string(plan.difference) + " against " +
                                std::to_string(plan.null_difference));
  }
}

/// In standard deviations, towards the alternative.
inline double standardised_effect(const means_plan& plan) {
  const double effect = (plan.difference - plan.null_difference) / plan.standard_deviation;
  switch (plan.alternative) {
    case alternative::two_sided:
      return std::abs(effect);
    case alternative::less:
      return -effect;
    case alternative::greater:
      return effect;
  }
  return effect;
}

inline double power_of_t(double baseline_count, double candidate_count, const means_plan& plan) {
  const double all = baseline_count + candidate_count;
  const double degrees_of_freedom = all - 2.0;
  const double noncentrality =
      std::sqrt(baseline_count / all * candidate_count) * standardised_effect(plan);
  const bool is_two_sided = plan.alternative == alternative::two_sided;
  const double critical =
      student_t_upper_quantile(is_two_sided ? plan.alpha / 2.0 : plan.alpha, degrees_of_freedom);
  const double power = noncentral_t_upper_tail(critical, degrees_of_freedom, noncentrality);
  if (!(is_two_sided && plan.strict)) return power;
  return power + noncentral_t_upper_tail(critical, degrees_of_freedom, -noncentrality);
}

}  // namespace detail

/// The chance that a t-test with pooled variance rejects at level alpha, for values from normal
/// distributions. Two-sided, in the direction of the effect, unless `strict`.
///
/// Agrees with [R], and with the definition to 11 significant digits.
///
/// @param baseline_count, candidate_count  values of each; real numbers above 1 will do
/// @throws std::invalid_argument  for counts and fields out of range.
[[nodiscard]] inline double power_of_means(double baseline_count, double candidate_count,
                                           const means_plan& plan) {
  detail::require_means_plan(plan, "power_of_means");
  if (!(baseline_count > 1.0 && candidate_count > 1.0 && std::isfinite(baseline_count) &&
        std::isfinite(candidate_count))) {
    throw std::invalid_argument("power_of_means: counts must be finite and above 1, got " +
                                std::to_string(baseline_count) + " and " +
                                std::to_string(candidate_count));
  }
  return detail::power_of_t(baseline_count, candidate_count, plan);
}

/// How many values that test needs to reject with probability `power`; the inverse of the above. At
/// least 2 in each arm. A millisecond.
///
/// For a test that looks at each window, plan with 1.5 to 2 times as many.
///
/// @throws std::invalid_argument  for fields out of range.
/// @throws std::domain_error  where no number is enough: the difference is the null difference, or
///   lies in the other direction.
[[nodiscard]] inline planned_samples sample_size_of_means(double power, const means_plan& plan) {
  const char* const name = "sample_size_of_means";
  detail::require_between(power, 0.0, 1.0, name, "power", "0 and 1");
  detail::require_means_plan(plan, name);
  const double effect = detail::standardised_effect(plan);
  if (!(effect > 0.0)) {
    throw std::domain_error(std::string{name} +
                            ": the means must differ in the direction of the alternative, got " +
                            std::to_string(effect) + " standard deviations");
  }

  const double share = plan.candidate_share;
  const auto excess = [&](double all) {
    return detail::power_of_t(all * (1.0 - share), all * share, plan) - power;
  };
  const bool is_two_sided = plan.alternative == alternative::two_sided;
  const double deviations = normal_upper_quantile(is_two_sided ? plan.alpha / 2.0 : plan.alpha) +
                            normal_upper_quantile(1.0 - power);
  const double in_the_limit = std::max(0.0, deviations) * std::max(0.0, deviations) / effect /
                              effect / share / (1.0 - share);
  const double least = 2.0 / std::min(share, 1.0 - share);  // two values in the smaller arm
  double low = std::max(least, in_the_limit);               // the limit needs fewer than t
  double high = low + 4.0;
  if (excess(low) >= 0.0) {
    if (low == least) return {least * (1.0 - share), least * share};
    low = least;
  }
  while (excess(high) < 0.0) high += high - least + 1.0;
  const double all = bracketed_root(excess, low, high);
  return {all * (1.0 - share), all * share};
}

}  // namespace hotswap::inline v0_1::stats
