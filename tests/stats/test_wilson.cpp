// What wilson promises: R's interval, its algebra, and the coverage that it advertises.

#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/wilson.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <stdexcept>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::normal_upper_quantile;
using hotswap::stats::proportion;
using hotswap::stats::wilson;
using hotswap::stats::wilson_arms;

TEST_CASE("wilson: agrees with the oracle to 12 digits", "[stats][wilson][oracle]") {
  for (const auto& row : oracle::every_case("wilson")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto bounds = wilson(proportions::from(input), {.confidence = input.at("confidence")});
    CHECK_THAT(bounds.lower, oracle::agrees_with(row, "lower"));
    CHECK_THAT(bounds.upper, oracle::agrees_with(row, "upper"));
  }
}

TEST_CASE("wilson: failures have the interval of successes, mirrored", "[stats][wilson]") {
  const auto successes = wilson({7, 50});
  const auto failures = wilson({43, 50});

  CHECK_THAT(failures.lower, WithinRel(1.0 - successes.upper, 1e-14));
  CHECK_THAT(failures.upper, WithinRel(1.0 - successes.lower, 1e-14));
}

TEST_CASE("wilson: at an end of the interval, what was seen is z standard errors away",
          "[stats][wilson]") {
  const double z = normal_upper_quantile(0.05);
  const auto bounds = wilson({7, 50}, {.confidence = 0.9});

  for (const double end : {bounds.lower, bounds.upper}) {
    CHECK_THAT(std::abs(0.14 - end) / std::sqrt(end * (1.0 - end) / 50.0), WithinRel(z, 1e-13));
  }
}

TEST_CASE("wilson: its arms reach to its ends", "[stats][wilson]") {
  for (const proportion seen : {proportion{0, 9}, proportion{7, 50}, proportion{25, 50},
                                proportion{43, 50}, proportion{9, 9}}) {
    CAPTURE(seen.successes(), seen.trials());
    const auto bounds = wilson(seen);
    const auto arms = wilson_arms(seen, normal_upper_quantile(0.025));
    CHECK_THAT(seen.rate() - arms.below, WithinAbs(bounds.lower, 1e-15));
    CHECK_THAT(seen.rate() + arms.above, WithinAbs(bounds.upper, 1e-15));
  }
}

TEST_CASE("wilson: with 1e15 trials the interval is as narrow as it should be", "[stats][wilson]") {
  constexpr std::uint64_t trials = 1'000'000'000'000'000;
  const auto arms = wilson_arms({trials / 4, trials}, 2.0);

  // two standard errors: 2 sqrt(.25 * .75 / 1e15), but for 1e-8 of it
  const double expected = 2.0 * std::sqrt(0.1875 / 1e15);
  CHECK_THAT(arms.below, WithinRel(expected, 1e-7));
  CHECK_THAT(arms.above, WithinRel(expected, 1e-7));
  CHECK(arms.above > arms.below);  // towards one half
}

TEST_CASE("wilson: without successes it begins at 0, without failures it ends at 1",
          "[stats][wilson]") {
  CHECK(wilson({0, 1000}).lower == 0.0);
  CHECK(wilson({1000, 1000}).upper == 1.0);
  CHECK(wilson({0, 1000}).upper < 0.005);
}

TEST_CASE("wilson: covers a rate as often as advertised, on average",
          "[stats][wilson][calibration]") {
  // Exact, over all outcomes of 40 trials; the mean over rates of the coverage is 0.9526 (A.
  // Agresti and B. A. Coull, The American Statistician 52 (1998), report 0.953 at 30 and 50).
  double mean = 0.0;
  constexpr int rates = 99;
  for (int r = 1; r <= rates; ++r) {
    const double rate = r / 100.0;
    double covered = 0.0;
    for (int successes = 0; successes <= 40; ++successes) {
      const auto bounds = wilson({static_cast<std::uint64_t>(successes), 40});
      if (bounds.lower <= rate && rate <= bounds.upper) {
        covered += proportions::probability(successes, 40, rate);
      }
    }
    mean += covered / rates;
  }

  CHECK_THAT(mean, WithinAbs(0.95, 0.006));
}

TEST_CASE("wilson: a level or a proportion without an answer is refused",
          "[stats][wilson][errors]") {
  CHECK_THROWS_WITH(wilson({1, 2}, {.confidence = 95.0}),
                    "wilson: confidence must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_AS(wilson({1, 2}, {.confidence = 1.0}), std::invalid_argument);
  CHECK_THROWS_AS(wilson({1, 2}, {.confidence = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_WITH(wilson({0, 0}), "wilson: the proportion must have at least 1 trial, got 0");
  CHECK_THROWS_AS(wilson({0, 0}), std::domain_error);
}
