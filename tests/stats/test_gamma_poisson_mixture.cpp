// What gamma_poisson_mixture promises: the oracle's digits, an e-value that grows with the sum
// alone, bounds that are just reached, and an error rate that holds however often one looks.

#include <hotswap/stats/gamma_poisson_mixture.hpp>
#include <hotswap/stats/mixture_tuning.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <limits>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::gamma_poisson_mixture;
using hotswap::stats::one_sided_rho;

TEST_CASE("gamma_poisson_mixture: agrees with the oracle to 12 digits, up to variances of 1e15",
          "[stats][gamma_poisson_mixture][oracle]") {
  for (const auto& row : oracle::every_case("gamma_poisson_mixture")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const gamma_poisson_mixture mixture{input.at("rho"), input.at("largest_jump")};
    CHECK_THAT(mixture.log_e(input.at("sum"), input.at("variance")),
               oracle::agrees_with(row, "log_e"));
  }
}

TEST_CASE("gamma_poisson_mixture: rejects from the sums on that were published",
          "[stats][gamma_poisson_mixture][oracle]") {
  // Three decimals are known, of the mixtures that are best at a variance of 20.
  const auto check = [](double alpha, double variance, double expected) {
    CAPTURE(alpha, variance);
    const gamma_poisson_mixture mixture{one_sided_rho(20.0, alpha)};
    CHECK_THAT(mixture.boundary(variance, alpha), WithinAbs(expected, 5e-4));
  };
  check(0.05, 1.0, 5.615);
  check(0.05, 5.0, 7.915);
  check(0.05, 20.0, 13.632);
  check(0.05, 100.0, 30.187);
  check(0.05, 1000.0, 102.803);
  check(0.05, 1e4, 354.665);
  check(0.0125, 1.0, 6.436);
  check(0.0125, 20.0, 16.415);
  check(0.0125, 1e4, 397.048);
}

TEST_CASE("gamma_poisson_mixture: nothing seen is no evidence, and no drift is some against it",
          "[stats][gamma_poisson_mixture]") {
  for (const double rho : {1e-3, 0.3, 2.1, 40.0, 1e6}) {
    const gamma_poisson_mixture mixture{rho};
    CAPTURE(rho);
    CHECK(mixture.log_e(0.0, 0.0) == 0.0);
    for (double variance = 1e-3; variance < 1e16; variance *= 10.0) {
      CAPTURE(variance);
      CHECK(mixture.log_e(0.0, variance) <= 0.0);
    }
  }
}

TEST_CASE("gamma_poisson_mixture: grows with the sum and stays finite, up to counts of 1e15",
          "[stats][gamma_poisson_mixture]") {
  const gamma_poisson_mixture mixture{2.1};
  for (double variance = 0.0; variance < 1e16; variance = 10.0 * variance + 0.1) {
    double before = -std::numeric_limits<double>::infinity();
    for (int deviations = -30; deviations <= 30; ++deviations) {
      const double sum = 0.3 * deviations * std::sqrt(variance + 2.1);
      CAPTURE(variance, sum);
      const double log_e = mixture.log_e(sum, variance);
      CHECK((std::isfinite(log_e) || variance + 2.1 + sum <= 0.0));
      CHECK(log_e >= before);
      if (std::isfinite(before)) CHECK(log_e > before);
      before = log_e;
    }
  }
}

TEST_CASE("gamma_poisson_mixture: the unit of the sum does not matter",
          "[stats][gamma_poisson_mixture]") {
  const gamma_poisson_mixture of_requests{2.1, 1.0};
  const gamma_poisson_mixture of_thousands{2.1e-6, 1e-3};
  CHECK_THAT(of_thousands.log_e(12.5e-3, 20e-6), WithinRel(of_requests.log_e(12.5, 20.0), 1e-12));
}

TEST_CASE("gamma_poisson_mixture: at the boundary, e is 1 / alpha",
          "[stats][gamma_poisson_mixture]") {
  for (const double jump : {0.01, 0.5, 1.0}) {
    for (const double alpha : {0.9, 0.05, 1e-6}) {
      const gamma_poisson_mixture mixture{3.16, jump};
      for (const double variance : {0.0, 1.0, 1e3, 1e9, 1e15}) {
        CAPTURE(jump, alpha, variance);
        // One ulp of the sum changes log e by up to 1e-16 * sum^2 / variance: some 1e-15.
        CHECK_THAT(mixture.log_e(mixture.boundary(variance, alpha), variance),
                   WithinAbs(-std::log(alpha), 2e-12));
      }
    }
  }
}

TEST_CASE("gamma_poisson_mixture: a sum that cannot be is no evidence at all",
          "[stats][gamma_poisson_mixture]") {
  const gamma_poisson_mixture mixture{2.0, 0.5};
  CHECK(mixture.log_e(-24.0, 10.0) == -std::numeric_limits<double>::infinity());
  CHECK(std::isfinite(mixture.log_e(-23.9, 10.0)));
}

TEST_CASE("gamma_poisson_mixture: errs at most as often as advertised, at 300 looks",
          "[stats][gamma_poisson_mixture][calibration]") {
  // Centred Poisson counts: the process for which the mixture is exact and its bound is tight.
  constexpr int rounds = 1000;
  std::mt19937_64 random{20260301};
  std::poisson_distribution<int> count{0.5};
  const gamma_poisson_mixture mixture{one_sided_rho(20.0, 0.05)};
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    double sum = 0.0;
    for (int look = 1; look <= 300; ++look) {
      sum += count(random) - 0.5;
      if (mixture.log_e(sum, 0.5 * look) >= -std::log(0.05)) {
        ++wrong;
        break;
      }
    }
  }
  CHECK(wrong <= 86);  // more than 86 of 1000 at probability 0.05 are rarer than 1e-6
  CHECK(wrong >= 5);   // an e-value that never speaks would be no evidence
}

TEST_CASE("gamma_poisson_mixture: numbers that are none are errors",
          "[stats][gamma_poisson_mixture][errors]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const gamma_poisson_mixture mixture{2.0};

  CHECK_THROWS_WITH(gamma_poisson_mixture(0.0),
                    "gamma_poisson_mixture: rho must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(gamma_poisson_mixture(infinity),
                    "gamma_poisson_mixture: rho must be above 0 and finite, got inf");
  CHECK_THROWS_WITH(
      gamma_poisson_mixture(2.0, -1.0),
      "gamma_poisson_mixture: largest_jump must be above 0 and finite, got -1.000000");
  CHECK_THROWS_WITH(gamma_poisson_mixture(2.0, 1e-200),
                    "gamma_poisson_mixture: rho / largest_jump^2 must be above 0 and finite, got "
                    "inf");
  CHECK_THROWS_WITH(mixture.log_e(infinity, 1.0),
                    "gamma_poisson_mixture: sum must be finite, got inf");
  CHECK_THROWS_WITH(
      mixture.log_e(1.0, -2.0),
      "gamma_poisson_mixture: variance must be finite and not below 0, got -2.000000");
  CHECK_THROWS_WITH(mixture.log_e(1.0, infinity),
                    "gamma_poisson_mixture: variance must be finite and not below 0, got inf");
  CHECK_THROWS_AS(mixture.log_e(std::nan(""), 1.0), std::invalid_argument);
  CHECK_THROWS_AS(mixture.log_e(1.0, std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(
      mixture.boundary(-1.0, 0.05),
      "gamma_poisson_mixture: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(mixture.boundary(1.0, 1.0),
                    "gamma_poisson_mixture: alpha must lie between 0 and 1, got 1.000000");
}
