// What the plans of experiments promise: R's numbers, that size undoes power, and that the tests
// keep the promise.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/farrington_manning.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/power_of_means.hpp>
#include <hotswap/stats/power_of_proportions.hpp>
#include <hotswap/stats/welch.hpp>

#include "stats/proportions.hpp"
#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::farrington_manning_test;
using hotswap::stats::means_plan;
using hotswap::stats::moments;
using hotswap::stats::power_of_means;
using hotswap::stats::power_of_proportions;
using hotswap::stats::proportions_plan;
using hotswap::stats::sample_size_of_means;
using hotswap::stats::sample_size_of_proportions;
using hotswap::stats::welch_t_test;

namespace {

/// R speaks of a number of sides, and its one-sided test is in the direction of the effect.
means_plan means_of(const nlohmann::json& input) {
  means_plan plan;
  plan.difference = input.at("difference");
  plan.standard_deviation = input.at("standard_deviation");
  plan.alpha = input.at("alpha");
  plan.strict = input.value("strict", false);
  if (input.at("sides_count") == 1) plan.alternative = alternative::greater;
  return plan;
}

proportions_plan proportions_of(const nlohmann::json& input) {
  proportions_plan plan;
  plan.baseline_rate = input.at("p_a");
  plan.candidate_rate = input.at("p_b");
  plan.alpha = input.at("alpha");
  if (input.at("sides_count") == 1) {
    plan.alternative =
        plan.candidate_rate < plan.baseline_rate ? alternative::less : alternative::greater;
  }
  return plan;
}

}  // namespace

TEST_CASE("power_of_means: agrees with the oracle and with R", "[stats][power][oracle]") {
  for (const auto& row : oracle::every_case("power_t_test")) {
    CAPTURE(row.at("name"));
    const double n = row.at("input").at("n");
    CHECK_THAT(power_of_means(n, n, means_of(row.at("input"))), oracle::agrees_with(row, "power"));
  }
  for (const auto& row : oracle::cases("r_power")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const double n = input.at("n");
    const double power = input.at("test") == "t"
                             ? power_of_means(n, n, means_of(input))
                             : power_of_proportions(n, n, proportions_of(input));
    CHECK_THAT(power, oracle::agrees_with(row, "power"));
  }
}

TEST_CASE("sample_size_of_means: agrees with the oracle", "[stats][power][oracle]") {
  for (const auto& row : oracle::every_case("size_t_test")) {
    CAPTURE(row.at("name"));
    const auto size = sample_size_of_means(row.at("input").at("power"), means_of(row.at("input")));
    CHECK_THAT(size.baseline, oracle::agrees_with(row, "n"));
    CHECK(size.baseline_count() == row.at("expected").at("n_rounded_up").get<std::uint64_t>());
    CHECK(size.candidate == size.baseline);
  }
}

TEST_CASE("power_of_proportions, sample_size_of_proportions: agree with the oracle to 12 digits",
          "[stats][power][oracle]") {
  for (const auto& row : oracle::every_case("power_proportions")) {
    CAPTURE(row.at("name"));
    const double n = row.at("input").at("n");
    CHECK_THAT(power_of_proportions(n, n, proportions_of(row.at("input"))),
               oracle::agrees_with(row, "power"));
  }
  for (const auto& row : oracle::every_case("size_proportions")) {
    CAPTURE(row.at("name"));
    const auto size =
        sample_size_of_proportions(row.at("input").at("power"), proportions_of(row.at("input")));
    CHECK_THAT(size.candidate, oracle::agrees_with(row, "n"));
    CHECK(size.candidate_count() == row.at("expected").at("n_rounded_up").get<std::uint64_t>());
  }
}

TEST_CASE("sample_size_of_means: gives the power that was asked for, at any split and margin",
          "[stats][power]") {
  for (const double share : {0.5, 0.1, 0.95}) {
    for (const double power : {0.03, 0.5, 0.9, 0.999}) {
      CAPTURE(share, power);
      means_plan plan;
      plan.difference = 0.1;
      plan.null_difference = 0.35;
      plan.alternative = alternative::less;
      plan.alpha = 0.01;
      plan.candidate_share = share;
      const auto size = sample_size_of_means(power, plan);
      CHECK_THAT(size.candidate / (size.baseline + size.candidate), WithinRel(share, 1e-14));
      CHECK_THAT(power_of_means(size.baseline, size.candidate, plan), WithinRel(power, 1e-9));
    }
  }
}

TEST_CASE("sample_size_of_proportions: gives the power that was asked for, at any split and margin",
          "[stats][power]") {
  for (const double share : {0.5, 0.1, 0.95}) {
    for (const double power : {0.5, 0.9, 0.999}) {
      CAPTURE(share, power);
      proportions_plan plan;
      plan.baseline_rate = 0.005;
      plan.candidate_rate = 0.006;
      plan.null_difference = 0.01;
      plan.alternative = alternative::less;
      plan.candidate_share = share;
      const auto size = sample_size_of_proportions(power, plan);
      CHECK_THAT(size.candidate / (size.baseline + size.candidate), WithinRel(share, 1e-14));
      CHECK_THAT(power_of_proportions(size.baseline, size.candidate, plan),
                 WithinRel(power, 1e-11));
    }
  }
}

TEST_CASE("power_of_means, power_of_proportions: without an effect, a test rejects at its level",
          "[stats][power]") {
  means_plan means;
  means.strict = true;
  CHECK_THAT(power_of_means(30, 40, means), WithinRel(0.05, 1e-11));
  proportions_plan proportions;
  proportions.baseline_rate = 0.2;
  proportions.candidate_rate = 0.25;
  proportions.null_difference = 0.05;
  proportions.alternative = alternative::greater;
  CHECK_THAT(power_of_proportions(300, 300, proportions), WithinRel(0.05, 1e-12));
}

TEST_CASE("sample_size_of_means: a huge effect still needs two values in each arm",
          "[stats][power]") {
  means_plan plan;
  plan.difference = 1e6;
  plan.candidate_share = 0.2;
  const auto size = sample_size_of_means(0.8, plan);

  CHECK(size.candidate_count() == 2);
  CHECK(size.baseline_count() == 8);
}

TEST_CASE("sample_size_of_means, sample_size_of_proportions: plan arms of 1e15 and more",
          "[stats][power]") {
  means_plan means;
  means.difference = 1e-7;
  const auto of_means = sample_size_of_means(0.8, means);
  // 2 (z_0.975 + z_0.8)^2 / difference^2
  CHECK_THAT(of_means.baseline, WithinRel(1.5697759e15, 1e-6));
  CHECK_THAT(power_of_means(of_means.baseline, of_means.candidate, means), WithinRel(0.8, 1e-6));

  proportions_plan rates;
  rates.baseline_rate = 1e-9;
  rates.candidate_rate = 1.0001e-9;
  const auto of_rates = sample_size_of_proportions(0.8, rates);
  CHECK_THAT(of_rates.baseline, WithinRel(1.5698544e18, 1e-5));
  CHECK_THAT(power_of_proportions(of_rates.baseline, of_rates.candidate, rates),
             WithinRel(0.8, 1e-6));
}

TEST_CASE("power_of_means: keeps 11 digits at any effect", "[stats][power]") {
  // With two values in each arm S^2 is exponential, so that all has a closed form:
  // P(|T| > c) = 1 - exp(-d^2 / (c^2 + 2)) / sqrt(1 + 2 / c^2), where P(T < 0) is nothing, and
  // c = (1 - 2p) / sqrt(2p(1 - p)) for an upper tail p.
  for (const double alpha : {0.05, 1e-4, 1e-12}) {
    for (const double d : {12.0, 40.0, 900.0, 999.9, 1000.1, 1e4, 1e6, 1e9}) {
      CAPTURE(alpha, d);
      means_plan plan;
      plan.alpha = alpha;
      plan.difference = d;
      const double p = alpha / 2.0;
      const double c = (1.0 - 2.0 * p) / std::sqrt(2.0 * p * (1.0 - p));
      const double power = -std::expm1(-d * d / (c * c + 2.0) - 0.5 * std::log1p(2.0 / (c * c)));
      CHECK_THAT(power_of_means(2, 2, plan), WithinRel(power, 1e-11));
    }
  }
}

TEST_CASE("power_of_means: the t-test finds what it was planned to find",
          "[stats][power][calibration]") {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  means_plan plan;
  plan.difference = 0.8;
  int found = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = moments::of(samples::normal(random, 25));
    const auto candidate = moments::of(samples::normal(random, 25, 0.8));
    if (welch_t_test(baseline, candidate).p_value < 0.05) ++found;
  }

  // five standard errors, sqrt(0.8 * 0.2 / 2000) = 0.0089; Welch's test loses next to nothing
  CHECK_THAT(static_cast<double>(found) / rounds, WithinAbs(power_of_means(25, 25, plan), 0.045));
}

TEST_CASE("power_of_proportions: a test with a margin finds what it was planned to find",
          "[stats][power][calibration]") {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  proportions_plan plan;
  plan.baseline_rate = 0.05;
  plan.candidate_rate = 0.05;
  plan.null_difference = 0.02;
  plan.alternative = alternative::less;
  plan.candidate_share = 0.25;
  const auto size = sample_size_of_proportions(0.8, plan);
  int found = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = proportions::draw(random, size.baseline_count(), 0.05);
    const auto candidate = proportions::draw(random, size.candidate_count(), 0.05);
    const auto test = farrington_manning_test(
        baseline, candidate, {.alternative = alternative::less, .null_difference = 0.02});
    if (test.p_value < 0.05) ++found;
  }

  CHECK_THAT(static_cast<double>(found) / rounds, WithinAbs(0.8, 0.045));  // as above
}

TEST_CASE("power: what cannot be planned is an error that says why", "[stats][power][errors]") {
  means_plan means;
  means.difference = 1.0;
  CHECK_THROWS_WITH(power_of_means(1, 5, means),
                    "power_of_means: counts must be finite and above 1, got 1.000000 and 5.000000");
  CHECK_THROWS_AS(power_of_means(5, std::nan(""), means), std::invalid_argument);
  CHECK_THROWS_WITH(sample_size_of_means(1.0, means),
                    "sample_size_of_means: power must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(
      sample_size_of_means(0.8, {.difference = -1.0, .alternative = alternative::greater}),
      "sample_size_of_means: the means must differ in the direction of the "
      "alternative, got -1.000000 standard deviations");
  CHECK_THROWS_AS(sample_size_of_means(0.8, {.difference = 0.0}), std::domain_error);
  CHECK_THROWS_WITH(power_of_means(5, 5, {.standard_deviation = 0.0}),
                    "power_of_means: standard_deviation must be finite and above 0, got 0.000000");
  CHECK_THROWS_WITH(power_of_means(5, 5, {.difference = HUGE_VAL}),
                    "power_of_means: differences must be finite, got inf against 0.000000");
  CHECK_THROWS_WITH(power_of_means(5, 5, {.alpha = 0.0}),
                    "power_of_means: alpha must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(sample_size_of_means(0.5, {.difference = 1.0, .candidate_share = 1.0}),
                    "sample_size_of_means: candidate_share must lie between 0 and 1, got 1.000000");

  const proportions_plan proportions{.baseline_rate = 0.1, .candidate_rate = 0.2};
  CHECK_THROWS_WITH(power_of_proportions(0, 5, proportions),
                    "power_of_proportions: counts must be finite and above 0, got 0.000000 and "
                    "5.000000");
  CHECK_THROWS_WITH(power_of_proportions(5, 5, {.baseline_rate = 0.0, .candidate_rate = 0.2}),
                    "power_of_proportions: baseline_rate must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(power_of_proportions(5, 5, {.baseline_rate = 0.1, .candidate_rate = 1.0}),
                    "power_of_proportions: candidate_rate must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(
      power_of_proportions(5, 5,
                           {.baseline_rate = 0.1, .candidate_rate = 0.1, .null_difference = 1.0}),
      "power_of_proportions: null_difference must lie between -1 and 1, got 1.000000");
  CHECK_THROWS_WITH(sample_size_of_proportions(0.8, {.baseline_rate = 0.1,
                                                     .candidate_rate = 0.125,
                                                     .null_difference = 0.05,
                                                     .alternative = alternative::greater}),
                    "sample_size_of_proportions: the rates must differ in the direction of the "
                    "alternative, got -0.025000 beyond the null difference");
  CHECK_THROWS_AS(sample_size_of_proportions(0.0, proportions), std::invalid_argument);
}
