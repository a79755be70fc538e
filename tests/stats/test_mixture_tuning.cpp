// What the choice of rho promises: the oracle's digits, and a boundary that is narrowest where
// asked.

#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>

using Catch::Matchers::WithinRel;
using hotswap::stats::narrowest_two_sided_rho;
using hotswap::stats::one_sided_rho;
using hotswap::stats::two_sided_normal_mixture;
using hotswap::stats::two_sided_rho;

TEST_CASE("two_sided_rho: agrees with the oracle to 12 digits, in its approximation and without",
          "[stats][mixture_tuning][oracle]") {
  // The oracle's is the root of 1 / rho of ours, where the variance of one value is 1.
  for (const auto& row : oracle::every_case("normal_mixture_rho")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    CHECK_THAT(std::sqrt(1.0 / two_sided_rho(input.at("n"), input.at("alpha"))),
               oracle::agrees_with(row, "approximate"));
    CHECK_THAT(std::sqrt(1.0 / narrowest_two_sided_rho(input.at("n"), input.at("alpha"))),
               oracle::agrees_with(row, "exact"));
  }
}

TEST_CASE("one_sided_rho: is that of confseq", "[stats][mixture_tuning][oracle]") {
  CHECK_THAT(one_sided_rho(20.0, 0.05), WithinRel(3.160126981370107, 1e-14));
  CHECK_THAT(one_sided_rho(20.0, 0.0125), WithinRel(2.104523394977781, 1e-14));
  CHECK_THAT(one_sided_rho(20.0, 0.01), WithinRel(1.9996947451814608, 1e-14));
}

TEST_CASE("narrowest_two_sided_rho: no other rho gives a narrower boundary there",
          "[stats][mixture_tuning]") {
  for (const double alpha : {0.9, 0.5, 0.05, 1e-6, 1e-300}) {
    for (const double variance : {1e-6, 1.0, 300.0, 1e15}) {
      CAPTURE(alpha, variance);
      const double rho = narrowest_two_sided_rho(variance, alpha);
      const double narrowest = two_sided_normal_mixture{rho}.boundary(variance, alpha);
      CHECK(two_sided_normal_mixture{1.01 * rho}.boundary(variance, alpha) > narrowest);
      CHECK(two_sided_normal_mixture{rho / 1.01}.boundary(variance, alpha) > narrowest);
    }
  }
}

TEST_CASE("rho: what is no variance or no alpha is an error", "[stats][mixture_tuning][errors]") {
  CHECK_THROWS_WITH(two_sided_rho(0.0, 0.05),
                    "two_sided_rho: optimal_variance must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(two_sided_rho(1.0, 1.0),
                    "two_sided_rho: alpha must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(
      narrowest_two_sided_rho(-1.0, 0.05),
      "narrowest_two_sided_rho: optimal_variance must be above 0 and finite, got -1.000000");
  CHECK_THROWS_WITH(narrowest_two_sided_rho(1.0, 0.0),
                    "narrowest_two_sided_rho: alpha must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(one_sided_rho(HUGE_VAL, 0.05),
                    "one_sided_rho: optimal_variance must be above 0 and finite, got inf");
  CHECK_THROWS_WITH(one_sided_rho(1.0, 0.5),
                    "one_sided_rho: alpha must lie between 0 and 0.5, got 0.500000");
  CHECK_THROWS_AS(one_sided_rho(std::nan(""), 0.05), std::invalid_argument);
  CHECK_THROWS_AS(two_sided_rho(1.0, std::nan("")), std::invalid_argument);
}
