// What fisher_exact_test promises: R's p-values up to counts of 1e7, and never more errors than
// advertised.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/fisher_exact.hpp>
#include <hotswap/stats/two_proportions.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>
#include <string>
#include <utility>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::fisher_exact_test;
using hotswap::stats::proportion;
using hotswap::stats::two_proportions_test;

namespace {

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto a = proportions::from(row.at("input").at("a"));
  const auto b = proportions::from(row.at("input").at("b"));
  const auto check = [&](double value, const std::string& field) {
    if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
  };
  for (const auto& [side, name] :
       {std::pair{alternative::two_sided, "p_two_sided"}, std::pair{alternative::less, "p_less"},
        std::pair{alternative::greater, "p_greater"}}) {
    const auto test = fisher_exact_test(a, b, {.alternative = side});
    check(test.p_value, name);
    check(test.log_p_value, std::string{"log_"} + name);
    check(test.odds_ratio, "sample_odds_ratio");
  }
}

double p_value(const proportion& a, const proportion& b, alternative side) {
  return fisher_exact_test(a, b, {.alternative = side}).p_value;
}

}  // namespace

TEST_CASE("fisher_exact_test: agrees with the oracle to 12 digits",
          "[stats][fisher_exact][oracle]") {
  for (const auto& row : oracle::every_case("fisher_exact")) check_agreement(row);
}

TEST_CASE("fisher_exact_test: keeps its digits with ten million trials",
          "[stats][fisher_exact][oracle]") {
  for (const auto& row : oracle::cases("fisher_large")) check_agreement(row);
}

TEST_CASE("fisher_exact_test: the lady tasting tea", "[stats][fisher_exact]") {
  // Fisher's own: three of four cups right has 17 of 70 chances, four of four 1 of 70
  CHECK_THAT(p_value({1, 4}, {3, 4}, alternative::greater), WithinRel(17.0 / 70.0, 1e-14));
  CHECK_THAT(p_value({0, 4}, {4, 4}, alternative::greater), WithinRel(1.0 / 70.0, 1e-14));
  CHECK_THAT(p_value({0, 4}, {4, 4}, alternative::two_sided), WithinRel(2.0 / 70.0, 1e-14));
}

TEST_CASE("fisher_exact_test: both tails share what was seen, and nothing else",
          "[stats][fisher_exact]") {
  // P(X <= k) + P(X >= k + 1) = 1
  for (std::uint64_t k = 0; k < 12; ++k) {
    const double less = p_value({14 - k, 40}, {k, 30}, alternative::less);
    const double greater = p_value({13 - k, 40}, {k + 1, 30}, alternative::greater);
    CHECK_THAT(less + greater, WithinRel(1.0, 1e-13));
  }
}

TEST_CASE("fisher_exact_test: exchanging the proportions, or success and failure, turns it around",
          "[stats][fisher_exact]") {
  const double less = p_value({30, 90}, {12, 70}, alternative::less);

  CHECK_THAT(p_value({12, 70}, {30, 90}, alternative::greater), WithinRel(less, 1e-13));
  CHECK_THAT(p_value({60, 90}, {58, 70}, alternative::greater), WithinRel(less, 1e-13));
  CHECK_THAT(p_value({12, 70}, {30, 90}, alternative::two_sided),
             WithinRel(p_value({30, 90}, {12, 70}, alternative::two_sided), 1e-13));
}

TEST_CASE("fisher_exact_test: a table without successes, or without failures, says nothing",
          "[stats][fisher_exact]") {
  for (const auto side : {alternative::two_sided, alternative::less, alternative::greater}) {
    CHECK(p_value({0, 7}, {0, 9}, side) == 1.0);
    CHECK(p_value({7, 7}, {9, 9}, side) == 1.0);
  }
  CHECK(fisher_exact_test({0, 7}, {0, 9}).odds_ratio == 1.0);
  CHECK(fisher_exact_test({7, 7}, {9, 9}).odds_ratio == 1.0);
  CHECK(fisher_exact_test({0, 7}, {3, 9}).odds_ratio == HUGE_VAL);
  CHECK(fisher_exact_test({7, 7}, {3, 9}).odds_ratio == 0.0);
}

TEST_CASE("fisher_exact_test: the logarithm of p goes on where p is 0", "[stats][fisher_exact]") {
  const auto test = fisher_exact_test({0, 2000}, {2000, 2000});

  CHECK(test.p_value == 0.0);
  // two tables of choose(4000, 2000), by Stirling's formula 4000 log 2 - log(sqrt(2000 pi)) -
  // 1/16000
  const double expected =
      std::log(2.0) -
      (4000.0 * std::log(2.0) - 0.5 * std::log(2000.0 * std::numbers::pi) - 1.0 / 16000.0);
  CHECK_THAT(test.log_p_value, WithinRel(expected, 1e-12));
}

TEST_CASE("fisher_exact_test: counts up to 1e15 lose nothing", "[stats][fisher_exact]") {
  constexpr std::uint64_t trials = 1'000'000'000'000'000;
  // of 25 errors, five or fewer fall to one arm: sum of choose(25, 0..5) / 2^25, by hand
  constexpr double tail = 68'406.0 / 33'554'432.0;
  CHECK_THAT(p_value({5, trials}, {20, trials}, alternative::greater), WithinRel(tail, 1e-12));
  CHECK_THAT(p_value({5, trials}, {20, trials}, alternative::two_sided),
             WithinRel(2.0 * tail, 1e-12));

  // so many errors are normal, and one more or less is 1e-7 of what it is about
  const proportion baseline{trials / 100, trials};
  const proportion candidate{trials / 100 + 4'000'000, trials};
  CHECK_THAT(p_value(baseline, candidate, alternative::two_sided),
             WithinRel(two_proportions_test(baseline, candidate).p_value, 1e-6));
}

TEST_CASE("fisher_exact_test: never rejects more often than advertised, at any rate",
          "[stats][fisher_exact][calibration]") {
  // exact, over all outcomes of 15 and 12 trials
  double most = 0.0;
  for (const double rate : {0.02, 0.1, 0.25, 0.5, 0.8}) {
    double rejected = 0.0;
    for (int a = 0; a <= 15; ++a) {
      for (int b = 0; b <= 12; ++b) {
        const auto test = fisher_exact_test({static_cast<std::uint64_t>(a), 15},
                                            {static_cast<std::uint64_t>(b), 12});
        if (test.p_value > 0.05) continue;
        rejected += proportions::probability(a, 15, rate) * proportions::probability(b, 12, rate);
      }
    }
    CHECK(rejected <= 0.05);
    most = std::max(most, rejected);
  }
  CHECK(most > 0.01);  // it does reject
}

TEST_CASE("fisher_exact_test: without trials there is no test", "[stats][fisher_exact][errors]") {
  CHECK_THROWS_WITH(fisher_exact_test({1, 2}, {0, 0}),
                    "fisher_exact_test: each proportion must have at least 1 trial, got 2 in "
                    "baseline and 0 in candidate");
  CHECK_THROWS_AS(fisher_exact_test({0, 0}, {1, 2}), std::domain_error);
}
