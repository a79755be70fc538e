// What normal_mixture and two_sided_normal_mixture promise: the oracle's digits, their symmetry,
// bounds that are just reached, and an error rate that holds however often one looks.

#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/normal_mixture.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <limits>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::normal_mixture;
using hotswap::stats::one_sided_rho;
using hotswap::stats::two_sided_normal_mixture;
using hotswap::stats::two_sided_rho;

TEST_CASE("normal_mixture: agrees with the oracle to 12 digits, up to variances of 1e15",
          "[stats][normal_mixture][oracle]") {
  for (const auto& row : oracle::every_case("one_sided_normal_mixture")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    CHECK_THAT(normal_mixture{input.at("rho")}.log_e(input.at("sum"), input.at("variance")),
               oracle::agrees_with(row, "log_e"));
  }
}

TEST_CASE("normal mixtures: their boundaries agree with the oracle to 12 digits",
          "[stats][normal_mixture][oracle]") {
  for (const auto& row : oracle::every_case("normal_mixture_boundary")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const double variance = input.at("v");
    const double alpha = input.at("alpha");
    CHECK_THAT(two_sided_normal_mixture{input.at("rho")}.boundary(variance, alpha),
               oracle::agrees_with(row, "two_sided"));
    CHECK_THAT(normal_mixture{input.at("rho")}.boundary(variance, alpha),
               oracle::agrees_with(row, "one_sided"));
  }
}

TEST_CASE("normal mixtures: the radius of a mean agrees with the oracle to 12 digits",
          "[stats][normal_mixture][oracle]") {
  // Its rho is that of a mixture over means: ours is its sigma^2 / rho^2.
  for (const auto& row : oracle::every_case("normal_mixture_radius")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const double count = input.at("n");
    const double alpha = input.at("alpha");
    const double variance = std::pow(input.at("sigma").get<double>(), 2);
    const double rho = variance / std::pow(input.at("rho").get<double>(), 2);
    CHECK_THAT(two_sided_normal_mixture{rho}.boundary(count * variance, alpha) / count,
               oracle::agrees_with(row, "radius"));
    CHECK_THAT(normal_mixture{rho}.closed_boundary(count * variance, alpha) / count,
               oracle::agrees_with(row, "radius_one_sided"));
  }
}

TEST_CASE("normal mixtures: nothing seen is no evidence, and no drift is some against it",
          "[stats][normal_mixture]") {
  for (const double rho : {1e-3, 2.1, 1e6}) {
    CAPTURE(rho);
    CHECK(normal_mixture{rho}.log_e(0.0, 0.0) == 0.0);
    CHECK(two_sided_normal_mixture{rho}.log_e(0.0, 0.0) == 0.0);
    for (double variance = 1e-3; variance < 1e16; variance *= 10.0) {
      CHECK(normal_mixture{rho}.log_e(0.0, variance) < 0.0);
      CHECK(two_sided_normal_mixture{rho}.log_e(0.0, variance) < 0.0);
    }
  }
}

TEST_CASE("two_sided_normal_mixture: is the mean of the one-sided ones, upwards and downwards",
          "[stats][normal_mixture]") {
  for (const double sum : {0.0, 0.01, 1.0, 12.0, 30.0}) {
    for (const double variance : {0.0, 10.0, 1e4}) {
      CAPTURE(sum, variance);
      const double up = std::exp(normal_mixture{2.1}.log_e(sum, variance));
      const double down = std::exp(normal_mixture{2.1}.log_e(-sum, variance));
      const two_sided_normal_mixture both{2.1};
      CHECK_THAT(std::exp(both.log_e(sum, variance)), WithinRel(0.5 * (up + down), 1e-12));
      CHECK(both.log_e(-sum, variance) == both.log_e(sum, variance));
    }
  }
}

TEST_CASE("normal_mixture: grows with the sum and stays finite, up to counts of 1e15",
          "[stats][normal_mixture]") {
  const normal_mixture mixture{2.1};
  for (double variance = 0.0; variance < 1e16; variance = 10.0 * variance + 0.1) {
    double before = -std::numeric_limits<double>::infinity();
    for (int deviations = -200; deviations <= 200; ++deviations) {
      const double sum = 0.25 * deviations * std::sqrt(variance + 2.1);
      CAPTURE(variance, sum);
      const double log_e = mixture.log_e(sum, variance);
      CHECK(std::isfinite(log_e));
      CHECK(log_e > before);
      before = log_e;
    }
  }
  CHECK(std::isfinite(mixture.log_e(-1e150, 1.0)));
}

TEST_CASE("normal mixtures: the unit of the sum does not matter", "[stats][normal_mixture]") {
  CHECK_THAT(normal_mixture{2.1e-6}.log_e(12.5e-3, 20e-6),
             WithinRel(normal_mixture{2.1}.log_e(12.5, 20.0), 1e-13));
  CHECK_THAT(two_sided_normal_mixture{2.1e-6}.log_e(12.5e-3, 20e-6),
             WithinRel(two_sided_normal_mixture{2.1}.log_e(12.5, 20.0), 1e-13));
}

TEST_CASE("normal mixtures: at the boundary, e is 1 / alpha", "[stats][normal_mixture]") {
  for (const double alpha : {0.9, 0.05, 1e-6, 1e-300}) {
    for (const double variance : {0.0, 1.0, 1e3, 1e15}) {
      CAPTURE(alpha, variance);
      const normal_mixture up{3.16};
      const two_sided_normal_mixture both{3.16};
      CHECK_THAT(up.log_e(up.boundary(variance, alpha), variance),
                 WithinAbs(-std::log(alpha), 1e-12));
      CHECK_THAT(both.log_e(both.boundary(variance, alpha), variance),
                 WithinAbs(-std::log(alpha), 1e-12));
    }
  }
}

TEST_CASE("normal_mixture: the closed boundary is never below the exact one, and close to it",
          "[stats][normal_mixture]") {
  for (const double alpha : {0.9, 0.5, 0.05, 0.01, 1e-6}) {
    for (const double variance : {0.0, 1.0, 20.0, 1e4, 1e12}) {
      CAPTURE(alpha, variance);
      const normal_mixture mixture{3.0};
      const double ratio =
          mixture.closed_boundary(variance, alpha) / mixture.boundary(variance, alpha);
      CHECK(ratio >= 1.0 - 1e-14);
      if (alpha <= 0.05) CHECK(ratio < 1.02);
    }
  }
}

TEST_CASE("normal mixtures: err at most as often as advertised, at 1000 looks",
          "[stats][normal_mixture][calibration]") {
  constexpr int rounds = 1000;
  std::mt19937_64 random{20260302};
  std::normal_distribution<double> step;
  const normal_mixture up{one_sided_rho(200.0, 0.05)};
  const two_sided_normal_mixture both{two_sided_rho(200.0, 0.05)};
  int wrong_up = 0;
  int wrong_both = 0;
  int wrong_naive = 0;  // an ordinary test at each look, in the same harness
  for (int round = 0; round < rounds; ++round) {
    double sum = 0.0;
    bool crossed_up = false;
    bool crossed_both = false;
    bool crossed_naive = false;
    for (int look = 1; look <= 1000; ++look) {
      sum += step(random);
      crossed_up = crossed_up || up.log_e(sum, look) >= -std::log(0.05);
      crossed_both = crossed_both || both.log_e(sum, look) >= -std::log(0.05);
      crossed_naive = crossed_naive || (look >= 5 && sum >= 1.6449 * std::sqrt(look));
    }
    wrong_up += crossed_up ? 1 : 0;
    wrong_both += crossed_both ? 1 : 0;
    wrong_naive += crossed_naive ? 1 : 0;
  }
  // Of 1000 at probability 0.05, more than 86 are rarer than 1e-6.
  CHECK(wrong_up <= 86);
  CHECK(wrong_both <= 86);
  CHECK(wrong_up >= 5);
  CHECK(wrong_both >= 5);
  CHECK(wrong_naive >= 187);  // the test can fail: it does for a method that is wrong
}

TEST_CASE("normal mixtures: numbers that are none are errors", "[stats][normal_mixture][errors]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const normal_mixture up{2.0};
  const two_sided_normal_mixture both{2.0};

  CHECK_THROWS_WITH(normal_mixture(0.0),
                    "normal_mixture: rho must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(two_sided_normal_mixture(-3.0),
                    "two_sided_normal_mixture: rho must be above 0 and finite, got -3.000000");
  CHECK_THROWS_WITH(up.log_e(-infinity, 1.0), "normal_mixture: sum must be finite, got -inf");
  CHECK_THROWS_WITH(up.log_e(1.0, -2.0),
                    "normal_mixture: variance must be finite and not below 0, got -2.000000");
  CHECK_THROWS_WITH(both.log_e(infinity, 1.0),
                    "two_sided_normal_mixture: sum must be finite, got inf");
  CHECK_THROWS_WITH(both.log_e(1.0, infinity),
                    "two_sided_normal_mixture: variance must be finite and not below 0, got inf");
  CHECK_THROWS_WITH(up.boundary(-1.0, 0.05),
                    "normal_mixture: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(up.boundary(1.0, 0.0),
                    "normal_mixture: alpha must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(up.closed_boundary(-1.0, 0.05),
                    "normal_mixture: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(up.closed_boundary(1.0, 5.0),
                    "normal_mixture: alpha must lie between 0 and 1, got 5.000000");
  CHECK_THROWS_WITH(
      both.boundary(-1.0, 0.05),
      "two_sided_normal_mixture: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(both.boundary(1.0, 1.0),
                    "two_sided_normal_mixture: alpha must lie between 0 and 1, got 1.000000");
  for (const double not_a_number : {std::nan("")}) {
    CHECK_THROWS_AS(up.log_e(not_a_number, 1.0), std::invalid_argument);
    CHECK_THROWS_AS(up.log_e(1.0, not_a_number), std::invalid_argument);
    CHECK_THROWS_AS(both.log_e(not_a_number, 1.0), std::invalid_argument);
    CHECK_THROWS_AS(both.boundary(1.0, not_a_number), std::invalid_argument);
    CHECK_THROWS_AS(normal_mixture(not_a_number), std::invalid_argument);
  }
}
