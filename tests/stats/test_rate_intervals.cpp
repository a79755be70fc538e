// What the intervals of a difference of rates promise: newcombe and miettinen_nurminen.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/farrington_manning.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/miettinen_nurminen.hpp>
#include <hotswap/stats/newcombe.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::farrington_manning_test;
using hotswap::stats::interval;
using hotswap::stats::miettinen_nurminen;
using hotswap::stats::newcombe;
using hotswap::stats::proportion;

namespace {

using method = interval (*)(const proportion&, const proportion&, double);

interval by_newcombe(const proportion& a, const proportion& b, double confidence) {
  return newcombe(a, b, {.confidence = confidence});
}
interval by_miettinen_nurminen(const proportion& a, const proportion& b, double confidence) {
  return miettinen_nurminen(a, b, {.confidence = confidence});
}

void check_oracle(const std::string& formula, method of) {
  for (const auto& row : oracle::every_case(formula)) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto bounds = of(proportions::from(input.at("a")), proportions::from(input.at("b")),
                           input.at("confidence"));
    CHECK_THAT(bounds.lower, oracle::agrees_with(row, "lower"));
    CHECK_THAT(bounds.upper, oracle::agrees_with(row, "upper"));
  }
}

/// How often, in 2000 rounds of 60 and 40 trials, the true difference is within.
double coverage(method of, double rate_a, double rate_b) {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  int covered = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = proportions::draw(random, 60, rate_a);
    const auto candidate = proportions::draw(random, 40, rate_b);
    const auto bounds = of(baseline, candidate, 0.95);
    if (bounds.lower <= rate_b - rate_a && rate_b - rate_a <= bounds.upper) ++covered;
  }
  return static_cast<double>(covered) / rounds;
}

}  // namespace

TEST_CASE("newcombe: agrees with the oracle to 12 digits", "[stats][newcombe][oracle]") {
  check_oracle("newcombe", by_newcombe);
}

TEST_CASE("miettinen_nurminen: agrees with the oracle to 12 digits",
          "[stats][miettinen_nurminen][oracle]") {
  check_oracle("miettinen_nurminen", by_miettinen_nurminen);
}

TEST_CASE("newcombe, miettinen_nurminen: exchanging the proportions mirrors the interval",
          "[stats][newcombe][miettinen_nurminen]") {
  for (const method of : {by_newcombe, by_miettinen_nurminen}) {
    const auto forth = of({3, 100}, {17, 80}, 0.9);
    const auto back = of({17, 80}, {3, 100}, 0.9);
    CHECK_THAT(back.lower, WithinRel(-forth.upper, 1e-13));
    CHECK_THAT(back.upper, WithinRel(-forth.lower, 1e-13));
  }
}

TEST_CASE("newcombe, miettinen_nurminen: without any error there is still something unknown",
          "[stats][newcombe][miettinen_nurminen]") {
  for (const method of : {by_newcombe, by_miettinen_nurminen}) {
    const auto bounds = of({0, 100}, {0, 100}, 0.95);
    CHECK(bounds.lower < -0.03);
    CHECK(bounds.upper > 0.03);
    CHECK_THAT(bounds.lower, WithinRel(-bounds.upper, 1e-13));
  }
}

TEST_CASE("newcombe, miettinen_nurminen: rates as far apart as can be have an end at 1",
          "[stats][newcombe][miettinen_nurminen]") {
  for (const method of : {by_newcombe, by_miettinen_nurminen}) {
    const auto bounds = of({0, 30}, {30, 30}, 0.95);
    CHECK_THAT(bounds.upper, WithinAbs(1.0, 1e-15));
    CHECK(bounds.lower < 0.9);
    CHECK(bounds.lower > 0.7);
    CHECK_THAT(of({30, 30}, {0, 30}, 0.95).lower, WithinAbs(-1.0, 1e-15));
  }
}

TEST_CASE("miettinen_nurminen: its ends are the margins that are just rejected",
          "[stats][miettinen_nurminen][farrington_manning]") {
  const proportion baseline{412, 8000};
  const proportion candidate{98, 2100};
  const auto bounds = miettinen_nurminen(baseline, candidate, {.confidence = 0.9});

  for (const double end : {bounds.lower, bounds.upper}) {
    const auto test = farrington_manning_test(baseline, candidate,
                                              {.null_difference = end, .miettinen_nurminen = true});
    CHECK_THAT(test.p_value, WithinRel(0.1, 1e-11));
  }
}

TEST_CASE("newcombe, miettinen_nurminen: with 1e15 trials they are those of the normal law",
          "[stats][newcombe][miettinen_nurminen]") {
  constexpr std::uint64_t trials = 1'000'000'000'000'000;
  const double half = 1.959963984540054 * std::sqrt(2.0 * 0.2 * 0.8 / 1e15);
  for (const method of : {by_newcombe, by_miettinen_nurminen}) {
    const auto bounds = of({trials / 5, trials}, {trials / 5, trials}, 0.95);
    CHECK_THAT(bounds.upper, WithinRel(half, 1e-7));
    CHECK_THAT(bounds.lower, WithinRel(-half, 1e-7));
  }
}

TEST_CASE("newcombe, miettinen_nurminen: cover the difference as often as advertised",
          "[stats][newcombe][miettinen_nurminen][calibration]") {
  // Within 0.95 +- 0.02: four standard errors, sqrt(0.95 * 0.05 / 2000) = 0.0049.
  for (const method of : {by_newcombe, by_miettinen_nurminen}) {
    CHECK_THAT(coverage(of, 0.5, 0.5), WithinAbs(0.95, 0.02));
    CHECK_THAT(coverage(of, 0.2, 0.35), WithinAbs(0.95, 0.02));
  }
  // Where Newcombe's method is known to cover more than it says, the other does not cover less.
  CHECK(coverage(by_newcombe, 0.03, 0.03) > 0.93);
  CHECK(coverage(by_miettinen_nurminen, 0.03, 0.03) > 0.93);
}

TEST_CASE("newcombe, miettinen_nurminen: without trials, or at no level, there is no interval",
          "[stats][newcombe][miettinen_nurminen][errors]") {
  CHECK_THROWS_WITH(newcombe({0, 0}, {1, 2}),
                    "newcombe: each proportion must have at least 1 trial, got 0 in baseline and 2 "
                    "in candidate");
  CHECK_THROWS_WITH(miettinen_nurminen({1, 2}, {0, 0}),
                    "miettinen_nurminen: each proportion must have at least 1 trial, got 2 in "
                    "baseline and 0 in candidate");
  CHECK_THROWS_AS(newcombe({0, 0}, {1, 2}), std::domain_error);
  CHECK_THROWS_AS(miettinen_nurminen({0, 0}, {1, 2}), std::domain_error);
  CHECK_THROWS_WITH(newcombe({1, 3}, {1, 2}, {.confidence = 0.0}),
                    "newcombe: confidence must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(miettinen_nurminen({1, 3}, {1, 2}, {.confidence = 2.0}),
                    "miettinen_nurminen: confidence must lie between 0 and 1, got 2.000000");
  CHECK_THROWS_AS(newcombe({1, 3}, {1, 2}, {.confidence = 1.0}), std::invalid_argument);
  CHECK_THROWS_AS(miettinen_nurminen({1, 3}, {1, 2}, {.confidence = 1.0}), std::invalid_argument);
}
