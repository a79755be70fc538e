// What farrington_manning_test promises: the oracle's numbers, that a margin is part of the null
// hypothesis, and its error rate.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/chi_square.hpp>
#include <hotswap/stats/farrington_manning.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
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
using hotswap::stats::farrington_manning_test;
using hotswap::stats::proportion;
using hotswap::stats::restricted_rates;

namespace {

void check_agreement(const nlohmann::json& row, bool miettinen_nurminen) {
  CAPTURE(row.at("name"), miettinen_nurminen);
  const auto& input = row.at("input");
  const auto test = [&](alternative side) {
    return farrington_manning_test(proportions::from(input.at("a")),
                                   proportions::from(input.at("b")),
                                   {.alternative = side,
                                    .null_difference = input.at("null_difference"),
                                    .miettinen_nurminen = miettinen_nurminen});
  };
  const std::string prefix = miettinen_nurminen ? "miettinen_nurminen_" : "";
  const auto check = [&](double value, const std::string& field) {
    if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
  };

  const auto two_sided = test(alternative::two_sided);
  check(two_sided.difference, "difference");
  check(two_sided.restricted_baseline, "restricted_p_a");
  check(two_sided.restricted_candidate, "restricted_p_b");
  check(two_sided.statistic, prefix + "z");
  for (const auto& [side, name] :
       {std::pair{alternative::two_sided, "p_two_sided"}, std::pair{alternative::less, "p_less"},
        std::pair{alternative::greater, "p_greater"}}) {
    const auto result = test(side);
    check(result.p_value, prefix + name);
    check(result.log_p_value, "log_" + prefix + name);
  }
}

}  // namespace

TEST_CASE("farrington_manning_test: agrees with the oracle to 12 digits",
          "[stats][farrington_manning][oracle]") {
  for (const auto& row : oracle::every_case("farrington_manning")) {
    check_agreement(row, false);
    check_agreement(row, true);
  }
}

TEST_CASE(
    "restricted_rates: are likelier than their neighbours, and as far apart as they should be",
    "[stats][farrington_manning]") {
  std::mt19937_64 random{20260101};
  std::uniform_int_distribution<std::uint64_t> trials{1, 60};
  std::uniform_real_distribution<double> margin{-0.9, 0.9};
  for (int i = 0; i < 3000; ++i) {
    const std::uint64_t of_a = trials(random);
    const std::uint64_t of_b = trials(random);
    const proportion a{random() % (of_a + 1), of_a};
    const proportion b{random() % (of_b + 1), of_b};
    const double difference = margin(random);
    CAPTURE(a.successes(), of_a, b.successes(), of_b, difference);

    const auto at = restricted_rates(a, b, difference);
    REQUIRE_THAT(at.candidate.rate - at.baseline.rate, WithinAbs(difference, 1e-15));
    REQUIRE_THAT(at.baseline.rate + at.baseline.rest, WithinAbs(1.0, 1e-15));
    REQUIRE_THAT(at.candidate.rate + at.candidate.rest, WithinAbs(1.0, 1e-15));
    const auto log_likelihood = [&](double shift) {
      const auto part = [](std::uint64_t count, double rate) {
        return count == 0 ? 0.0 : static_cast<double>(count) * std::log(rate);
      };
      return part(a.successes(), at.baseline.rate + shift) +
             part(a.trials() - a.successes(), at.baseline.rest - shift) +
             part(b.successes(), at.candidate.rate + shift) +
             part(b.trials() - b.successes(), at.candidate.rest - shift);
    };
    for (const double shift : {-1e-5, 1e-5}) {
      const double lowest = std::min(at.baseline.rate, at.candidate.rate) + shift;
      const double least_rest = std::min(at.baseline.rest, at.candidate.rest) - shift;
      if (lowest < 0.0 || least_rest < 0.0) continue;  // no rates
      REQUIRE(log_likelihood(shift) <= log_likelihood(0.0));
    }
  }
}

TEST_CASE("restricted_rates: a rate of 1e-12 keeps its digits", "[stats][farrington_manning]") {
  // The candidate's rate is the baseline's less 0.5: of 5e11 and 1 successes in 1e12, next to 0.
  constexpr std::uint64_t trials = 1'000'000'000'000;
  const auto at = restricted_rates({trials / 2, trials}, {1, trials}, -0.5);

  // With x = the candidate's: 1/x - (1e12 - 1)/(1 - x) + 5e11/(x + .5) - 5e11/(.5 - x) = 0, of
  // which the last two are -4e12 x, less than 1e-11 of the others.
  CHECK_THAT(at.candidate.rate, WithinRel(1e-12, 1e-10));
}

TEST_CASE(
    "farrington_manning_test: exchanging the proportions and the margin's sign changes the sign",
    "[stats][farrington_manning]") {
  const auto forth = farrington_manning_test({3, 100}, {17, 80}, {.null_difference = 0.05});
  const auto back = farrington_manning_test({17, 80}, {3, 100}, {.null_difference = -0.05});

  CHECK_THAT(back.statistic, WithinRel(-forth.statistic, 1e-14));
  CHECK_THAT(back.p_value, WithinRel(forth.p_value, 1e-13));
}

TEST_CASE("farrington_manning_test: without a margin it is Pearson's chi-square",
          "[stats][farrington_manning]") {
  const proportion a{412, 8000};
  const proportion b{498, 8100};
  const auto test = farrington_manning_test(a, b);

  CHECK_THAT(test.statistic * test.statistic, WithinRel(chi_square_test(a, b).statistic, 1e-13));
  CHECK_THAT(test.p_value, WithinRel(chi_square_test(a, b).p_value, 1e-13));
}

TEST_CASE("farrington_manning_test: counts up to 1e15 lose nothing",
          "[stats][farrington_manning]") {
  constexpr std::uint64_t trials = 1'000'000'000'000'000;
  const proportion a{trials / 100, trials};
  const proportion b{trials / 50 + 10'000'000, trials};
  const auto test = farrington_manning_test(a, b, {.null_difference = 0.01});

  // 0.01 * 0.99 + 0.02 * 0.98, but for restricted rates that are 1e-8 off
  CHECK_THAT(test.statistic, WithinRel(1e-8 / std::sqrt(0.0295 / 1e15), 1e-6));
  CHECK_THAT(farrington_manning_test(a, {trials / 100 + 4'000'000, trials}).statistic,
             WithinRel(4e-9 / std::sqrt(2.0 * 0.0099 / 1e15), 1e-7));
}

TEST_CASE("farrington_manning_test: a candidate without errors is not proof of much in few trials",
          "[stats][farrington_manning]") {
  const proportion baseline{0, 30};
  const auto few = farrington_manning_test(
      baseline, {0, 30}, {.alternative = alternative::less, .null_difference = 0.01});
  const auto many = farrington_manning_test(
      {0, 3000}, {0, 3000}, {.alternative = alternative::less, .null_difference = 0.01});

  CHECK(few.p_value > 0.2);
  CHECK(many.p_value < 1e-6);
}

TEST_CASE("farrington_manning_test: the logarithm of p goes on where p is 0",
          "[stats][farrington_manning]") {
  const auto test = farrington_manning_test({0, 1'000'000}, {900'000, 1'000'000});

  CHECK(test.p_value == 0.0);
  CHECK(test.log_p_value < -100'000.0);
  CHECK(std::isfinite(test.log_p_value));
}

TEST_CASE(
    "farrington_manning_test: a candidate that is worse by just the margin passes as often as "
    "advertised",
    "[stats][farrington_manning][calibration]") {
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260101};

  int passed = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = proportions::draw(random, 2000, 0.05);
    const auto candidate = proportions::draw(random, 1000, 0.07);
    const auto test = farrington_manning_test(
        baseline, candidate, {.alternative = alternative::less, .null_difference = 0.02});
    if (test.p_value < 0.05) ++passed;
  }

  // five standard errors: sqrt(0.05 * 0.95 / 4000) = 0.00345
  CHECK_THAT(static_cast<double>(passed) / rounds, WithinAbs(0.05, 0.0173));
}

TEST_CASE("farrington_manning_test: a test without an answer is an error that says why",
          "[stats][farrington_manning][errors]") {
  CHECK_THROWS_WITH(farrington_manning_test({0, 0}, {1, 2}),
                    "farrington_manning_test: each proportion must have at least 1 trial, got 0 in "
                    "baseline and 2 in candidate");
  CHECK_THROWS_WITH(
      farrington_manning_test({0, 9}, {0, 8}),
      "farrington_manning_test: both outcomes must occur where the null difference is "
      "0, got 0 of 9 in baseline and 0 of 8 in candidate");
  CHECK_THROWS_AS(farrington_manning_test({9, 9}, {8, 8}), std::domain_error);
  CHECK_THROWS_AS(farrington_manning_test({0, 0}, {1, 2}), std::domain_error);
  CHECK_THROWS_WITH(farrington_manning_test({1, 9}, {1, 8}, {.null_difference = 1.0}),
                    "farrington_manning_test: null_difference must lie between -1 and 1, got "
                    "1.000000");
  CHECK_THROWS_AS(farrington_manning_test({1, 9}, {1, 8}, {.null_difference = std::nan("")}),
                  std::invalid_argument);
}
