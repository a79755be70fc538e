// What two_proportions_test and rate_ratio promise.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/chi_square.hpp>
#include <hotswap/stats/two_proportions.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::chi_square_test;
using hotswap::stats::proportion;
using hotswap::stats::rate_ratio;
using hotswap::stats::two_proportions_test;

TEST_CASE("two_proportions_test: agrees with the oracle to 12 digits",
          "[stats][two_proportions][oracle]") {
  for (const auto& row : oracle::every_case("z_two_proportions")) {
    CAPTURE(row.at("name"));
    const auto a = proportions::from(row.at("input").at("a"));
    const auto b = proportions::from(row.at("input").at("b"));
    const auto check = [&](double value, const std::string& field) {
      if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
    };
    for (const bool pooled : {true, false}) {
      const std::string prefix = pooled ? "pooled_" : "unpooled_";
      if (!row.at("expected").contains(prefix + "p_less")) continue;
      check(two_proportions_test(a, b, {.pooled = pooled}).difference, "difference");
      check(two_proportions_test(a, b, {.pooled = pooled}).statistic, prefix + "z");
      for (const auto& [side, name] :
           {std::pair{alternative::two_sided, "p_two_sided"},
            std::pair{alternative::less, "p_less"}, std::pair{alternative::greater, "p_greater"}}) {
        const auto test = two_proportions_test(a, b, {.alternative = side, .pooled = pooled});
        check(test.p_value, prefix + name);
        check(test.log_p_value, "log_" + prefix + name);
      }
    }
  }
}

TEST_CASE("two_proportions_test: pooled, it is Pearson's chi-square", "[stats][two_proportions]") {
  const proportion a{412, 8000};
  const proportion b{498, 8100};
  const auto test = two_proportions_test(a, b);

  CHECK_THAT(test.statistic * test.statistic, WithinRel(chi_square_test(a, b).statistic, 1e-14));
  CHECK_THAT(test.p_value, WithinRel(chi_square_test(a, b).p_value, 1e-13));
}

TEST_CASE("two_proportions_test: exchanging the proportions changes the sign and nothing else",
          "[stats][two_proportions]") {
  const auto forth = two_proportions_test({3, 50}, {9, 40});
  const auto back = two_proportions_test({9, 40}, {3, 50});

  CHECK_THAT(back.statistic, WithinRel(-forth.statistic, 1e-14));
  CHECK_THAT(back.p_value, WithinRel(forth.p_value, 1e-13));
  CHECK_THAT(back.difference_interval.lower, WithinRel(-forth.difference_interval.upper, 1e-14));
  CHECK_THAT(back.difference_interval.upper, WithinRel(-forth.difference_interval.lower, 1e-13));
}

TEST_CASE("two_proportions_test: unpooled, the interval ends where the test rejects",
          "[stats][two_proportions]") {
  const auto test =
      two_proportions_test({30, 500}, {59, 400}, {.pooled = false, .confidence = 0.9});
  const double margin = test.difference - test.difference_interval.lower;

  CHECK_THAT(margin / test.standard_error, WithinRel(1.6448536269514722, 1e-13));
  const auto greater = two_proportions_test(
      {30, 500}, {59, 400},
      {.alternative = alternative::greater, .pooled = false, .confidence = 0.95});
  CHECK_THAT(greater.difference_interval.lower, WithinRel(test.difference_interval.lower, 1e-13));
  CHECK(greater.difference_interval.upper == HUGE_VAL);
  const auto less = two_proportions_test({30, 500}, {59, 400}, {.alternative = alternative::less});
  CHECK(less.difference_interval.lower == -HUGE_VAL);
}

TEST_CASE("two_proportions_test: counts of 1e15 neither overflow nor lose the difference",
          "[stats][two_proportions]") {
  constexpr std::uint64_t trials = 1'000'000'000'000'000;
  const auto test = two_proportions_test({trials / 2, trials}, {trials / 2 + 31'622'777, trials});

  CHECK_THAT(test.difference, WithinRel(3.1622777e-8, 1e-12));
  CHECK_THAT(test.statistic, WithinRel(std::sqrt(2.0), 1e-7));  // 1 / sqrt(1e15), 2 of 1/4 each
}

TEST_CASE("two_proportions_test: equal rates are rejected as often as advertised",
          "[stats][two_proportions][calibration]") {
  constexpr int rounds = 10'000;
  std::mt19937_64 random{20260101};

  int rejected = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = proportions::draw(random, 800, 0.3);
    const auto candidate = proportions::draw(random, 500, 0.3);
    if (two_proportions_test(baseline, candidate).p_value < 0.05) ++rejected;
  }

  // four standard errors: sqrt(0.05 * 0.95 / 10'000) = 0.0022
  CHECK_THAT(static_cast<double>(rejected) / rounds, WithinAbs(0.05, 0.0088));
}

TEST_CASE("rate_ratio: has the interval of the textbook", "[stats][two_proportions][oracle]") {
  // aspirin and myocardial infarction, A. Agresti, "Categorical Data Analysis" (2002), 3.1.2-3.1.3:
  // placebo 189 of 11 034 against aspirin 104 of 11 037, 1.82 and (1.43, 2.31)
  const auto result = rate_ratio({104, 11'037}, {189, 11'034});

  CHECK_THAT(result.ratio, WithinAbs(1.82, 0.005));
  CHECK_THAT(result.ratio_interval.lower, WithinAbs(1.43, 0.005));
  CHECK_THAT(result.ratio_interval.upper, WithinAbs(2.31, 0.005));
}

TEST_CASE("rate_ratio: exchanging the proportions inverts it", "[stats][two_proportions]") {
  const auto forth = rate_ratio({30, 500}, {59, 400}, {.confidence = 0.9});
  const auto back = rate_ratio({59, 400}, {30, 500}, {.confidence = 0.9});

  CHECK_THAT(back.ratio, WithinRel(1.0 / forth.ratio, 1e-14));
  CHECK_THAT(back.ratio_interval.lower, WithinRel(1.0 / forth.ratio_interval.upper, 1e-14));
  CHECK_THAT(back.ratio_interval.upper, WithinRel(1.0 / forth.ratio_interval.lower, 1e-14));
}

TEST_CASE("rate_ratio: covers the ratio as often as advertised",
          "[stats][two_proportions][calibration]") {
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260101};
  int covered = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = proportions::draw(random, 1000, 0.1);
    const auto candidate = proportions::draw(random, 800, 0.2);
    const auto bounds = rate_ratio(baseline, candidate).ratio_interval;
    if (bounds.lower <= 2.0 && 2.0 <= bounds.upper) ++covered;
  }

  // four standard errors: sqrt(0.05 * 0.95 / 4000) = 0.00345
  CHECK_THAT(static_cast<double>(covered) / rounds, WithinAbs(0.95, 0.0138));
}

TEST_CASE("two_proportions_test, rate_ratio: what has no answer is an error that says why",
          "[stats][two_proportions][errors]") {
  CHECK_THROWS_WITH(two_proportions_test({0, 0}, {1, 2}),
                    "two_proportions_test: each proportion must have at least 1 trial, got 0 in "
                    "baseline and 2 in candidate");
  CHECK_THROWS_WITH(
      two_proportions_test({0, 5}, {0, 2}),
      "two_proportions_test: both outcomes must occur, got 0 of 5 in baseline and 0 of "
      "2 in candidate");
  CHECK_THROWS_AS(two_proportions_test({0, 5}, {2, 2}, {.pooled = false}), std::domain_error);
  CHECK_NOTHROW(two_proportions_test({0, 5}, {2, 2}));
  CHECK_THROWS_WITH(two_proportions_test({1, 5}, {2, 3}, {.confidence = 1.0}),
                    "two_proportions_test: confidence must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(
      rate_ratio({0, 5}, {2, 3}),
      "rate_ratio: each proportion must have at least 1 success, got 0 in baseline and "
      "2 in candidate");
  CHECK_THROWS_AS(rate_ratio({0, 5}, {2, 3}), std::domain_error);
  CHECK_THROWS_WITH(rate_ratio({1, 5}, {2, 3}, {.confidence = 5.0}),
                    "rate_ratio: confidence must lie between 0 and 1, got 5.000000");
}
