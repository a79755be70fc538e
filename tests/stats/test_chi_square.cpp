// What the chi-square tests promise: R's numbers, the algebra of a table, the error rate that they
// advertise, and an error instead of a NaN.

#include <hotswap/stats/chi_square.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <boost/math/special_functions/gamma.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::chi_square_goodness_of_fit;
using hotswap::stats::chi_square_test;
using hotswap::stats::proportion;

namespace {

using table = std::vector<std::vector<std::uint64_t>>;
using counts = std::vector<std::uint64_t>;
using weights = std::vector<double>;

const proportion baseline{412, 8000};
const proportion candidate{498, 8100};

proportion proportion_of(const nlohmann::json& arm) {
  return {arm.at("successes"), arm.at("trials")};
}

void check(const nlohmann::json& row, double value, const char* field) {
  if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
}

void check_two_proportions(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto a = proportion_of(row.at("input").at("a"));
  const auto b = proportion_of(row.at("input").at("b"));
  const auto plain = chi_square_test(a, b);
  const auto yates = chi_square_test(a, b, {.yates = true});

  CHECK_THAT(plain.statistic, oracle::agrees_with(row, "pearson_statistic"));
  CHECK_THAT(plain.p_value, oracle::agrees_with(row, "pearson_p"));
  CHECK_THAT(yates.statistic, oracle::agrees_with(row, "yates_statistic"));
  CHECK_THAT(yates.p_value, oracle::agrees_with(row, "yates_p"));
  const auto ratio = chi_square_test(a, b, {.likelihood_ratio = true});
  check(row, ratio.statistic, "g_statistic");
  check(row, ratio.p_value, "g_p");
  check(row, ratio.log_p_value, "log_g_p");
  check(row, plain.log_p_value, "log_pearson_p");
  check(row, yates.log_p_value, "log_yates_p");
}

void check_independence(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto test = chi_square_test(row.at("input").at("observed").get<table>());

  CHECK_THAT(test.statistic, oracle::agrees_with(row, "statistic"));
  CHECK_THAT(test.degrees_of_freedom, oracle::agrees_with(row, "df"));
  CHECK_THAT(test.p_value, oracle::agrees_with(row, "p"));
  const auto ratio =
      chi_square_test(row.at("input").at("observed").get<table>(), {.likelihood_ratio = true});
  check(row, test.smallest_expected, "smallest_expected");
  check(row, test.log_p_value, "log_p");
  check(row, test.cramers_v, "cramers_v");
  check(row, ratio.statistic, "g_statistic");
  check(row, ratio.p_value, "g_p");
  check(row, ratio.log_p_value, "log_g_p");
  CHECK(ratio.cramers_v == test.cramers_v);
}

void check_goodness_of_fit(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto test = chi_square_goodness_of_fit(row.at("input").at("observed").get<counts>(),
                                               row.at("input").at("weights").get<weights>());

  CHECK_THAT(test.statistic, oracle::agrees_with(row, "statistic"));
  CHECK_THAT(test.degrees_of_freedom, oracle::agrees_with(row, "df"));
  CHECK_THAT(test.p_value, oracle::agrees_with(row, "p"));
  const auto ratio = chi_square_goodness_of_fit(row.at("input").at("observed").get<counts>(),
                                                row.at("input").at("weights").get<weights>(),
                                                {.likelihood_ratio = true});
  check(row, test.log_p_value, "log_p");
  check(row, ratio.statistic, "g_statistic");
  check(row, ratio.p_value, "g_p");
  check(row, ratio.log_p_value, "log_g_p");
}

}  // namespace

TEST_CASE("chi_square_test: of two proportions, agrees with the oracle and with R",
          "[stats][chi_square][oracle]") {
  for (const auto& row : oracle::every_case("pearson_two_by_two")) {
    check_two_proportions(row);
  }
  for (const auto& row : oracle::cases("r_two_proportions")) check_two_proportions(row);
}

TEST_CASE("chi_square_test: of a table, agrees with the oracle and with R",
          "[stats][chi_square][oracle]") {
  for (const auto& row : oracle::every_case("independence")) check_independence(row);
  for (const auto& row : oracle::cases("r_chi_square")) check_independence(row);
}

TEST_CASE("chi_square_goodness_of_fit: agrees with the oracle", "[stats][chi_square][oracle]") {
  for (const auto& row : oracle::every_case("goodness_of_fit")) {
    check_goodness_of_fit(row);
  }
}

TEST_CASE("chi_square_test: keeps 12 digits with 1e15 trials and p-values of 1e-300",
          "[stats][chi_square][oracle]") {
  for (const auto& row : oracle::cases("extremes", "pearson_two_by_two")) {
    check_two_proportions(row);
  }
  for (const auto& row : oracle::cases("extremes", "independence")) check_independence(row);
  for (const auto& row : oracle::cases("extremes", "goodness_of_fit")) check_goodness_of_fit(row);
}

TEST_CASE("chi_square_test: exchanging the proportions changes the sign of the difference only",
          "[stats][chi_square]") {
  const auto forth = chi_square_test(baseline, candidate);
  const auto back = chi_square_test(candidate, baseline);

  CHECK(back.difference == -forth.difference);
  CHECK_THAT(back.statistic, WithinRel(forth.statistic, 1e-15));
  CHECK_THAT(back.p_value, WithinRel(forth.p_value, 1e-14));
}

TEST_CASE("chi_square_test: the difference is the candidate's rate less the baseline's",
          "[stats][chi_square]") {
  CHECK(chi_square_test({1, 4}, {3, 4}).difference == 0.5);
  CHECK(chi_square_test({3, 4}, {1, 4}).difference == -0.5);
}

TEST_CASE("chi_square_test: the statistic is the square of the pooled z", "[stats][chi_square]") {
  const auto test = chi_square_test(baseline, candidate);
  const double pooled = 910.0 / 16'100.0;
  const double variance = pooled * (1.0 - pooled) * (1.0 / 8000.0 + 1.0 / 8100.0);

  CHECK_THAT(test.statistic, WithinRel(test.difference * test.difference / variance, 1e-13));
  CHECK_THAT(test.p_value, WithinRel(std::erfc(std::sqrt(test.statistic / 2.0)), 1e-13));
}

TEST_CASE("chi_square_test: two proportions are a table of two rows", "[stats][chi_square]") {
  const auto proportions = chi_square_test(baseline, candidate);
  const auto rows = chi_square_test(table{{412, 8000 - 412}, {498, 8100 - 498}});

  CHECK_THAT(rows.statistic, WithinRel(proportions.statistic, 1e-14));
  CHECK_THAT(rows.p_value, WithinRel(proportions.p_value, 1e-13));
  CHECK(rows.degrees_of_freedom == proportions.degrees_of_freedom);
  CHECK_THAT(rows.smallest_expected, WithinRel(proportions.smallest_expected, 1e-15));
}

TEST_CASE("chi_square_test: rows and columns can be exchanged, and their order does not matter",
          "[stats][chi_square]") {
  const auto test = chi_square_test(table{{10, 20, 30}, {6, 9, 17}});

  for (const auto& same : {table{{10, 6}, {20, 9}, {30, 17}}, table{{6, 9, 17}, {10, 20, 30}},
                           table{{30, 10, 20}, {17, 6, 9}}}) {
    CHECK_THAT(chi_square_test(same).statistic, WithinRel(test.statistic, 1e-14));
    CHECK(chi_square_test(same).degrees_of_freedom == 2.0);
  }
}

TEST_CASE("chi_square_test: k times the counts are k times the statistic", "[stats][chi_square]") {
  CHECK_THAT(chi_square_test(table{{30, 60, 90}, {18, 27, 51}}).statistic,
             WithinRel(3.0 * chi_square_test(table{{10, 20, 30}, {6, 9, 17}}).statistic, 1e-14));
}

TEST_CASE("chi_square_test: equal rates have a statistic of exactly 0, at any size",
          "[stats][chi_square]") {
  const std::uint64_t huge = 300'000'000'000'000;

  for (const bool yates : {false, true}) {
    CHECK(chi_square_test({1, 3}, {huge / 3, huge}, {.yates = yates}).statistic == 0.0);
    CHECK(chi_square_test({7, 70}, {13, 130}, {.yates = yates}).p_value == 1.0);
  }
  CHECK(chi_square_test(table{{1, 3, 7}, {1000, 3000, 7000}}).p_value == 1.0);
  CHECK(chi_square_goodness_of_fit(counts{30, 90, 210}, weights{1, 3, 7}).p_value == 1.0);
}

TEST_CASE("chi_square_test: Yates' correction never makes the p-value smaller",
          "[stats][chi_square]") {
  for (std::uint64_t successes = 0; successes <= 20; ++successes) {
    CAPTURE(successes);
    const proportion other{successes, 20};
    CHECK(chi_square_test({9, 20}, other, {.yates = true}).p_value >=
          chi_square_test({9, 20}, other).p_value);
  }
}

TEST_CASE("chi_square_goodness_of_fit: weights have no unit", "[stats][chi_square]") {
  const counts observed{315, 101, 108, 32};
  const auto test = chi_square_goodness_of_fit(observed, weights{9, 3, 3, 1});
  const auto same = chi_square_goodness_of_fit(observed, weights{0.5625, 0.1875, 0.1875, 0.0625});

  CHECK_THAT(same.statistic, WithinRel(test.statistic, 1e-15));
  CHECK(same.smallest_expected == test.smallest_expected);
  CHECK(test.smallest_expected == 34.75);
}

TEST_CASE("chi_square_test: equal rates are rejected as often as advertised, with Yates less often",
          "[stats][chi_square][calibration]") {
  constexpr int rounds = 20'000;
  std::mt19937_64 random{20260105};
  std::binomial_distribution<std::uint64_t> of_baseline{3000, 0.3};
  std::binomial_distribution<std::uint64_t> of_candidate{1000, 0.3};

  int rejected = 0;
  int rejected_with_yates = 0;
  for (int i = 0; i < rounds; ++i) {
    const proportion a{of_baseline(random), 3000};
    const proportion b{of_candidate(random), 1000};
    if (chi_square_test(a, b).p_value < 0.05) ++rejected;
    if (chi_square_test(a, b, {.yates = true}).p_value < 0.05) ++rejected_with_yates;
  }

  const double rate = static_cast<double>(rejected) / rounds;
  CHECK(rate > 0.050 - 0.0062);  // four standard errors: sqrt(0.05 * 0.95 / 20'000) = 0.00154
  CHECK(rate < 0.050 + 0.0062);
  CHECK(rejected_with_yates < rejected);
}

TEST_CASE("chi_square_goodness_of_fit: a split that is kept is rejected as often as advertised",
          "[stats][chi_square][calibration]") {
  constexpr int rounds = 20'000;
  std::mt19937_64 random{20260106};
  std::discrete_distribution<std::size_t> arm{5.0, 3.0, 2.0};

  int rejected = 0;
  for (int i = 0; i < rounds; ++i) {
    counts observed(3);
    for (int user = 0; user < 200; ++user) ++observed[arm(random)];
    if (chi_square_goodness_of_fit(observed, weights{5, 3, 2}).p_value < 0.05) ++rejected;
  }

  const double rate = static_cast<double>(rejected) / rounds;
  CHECK(rate > 0.050 - 0.0062);  // four standard errors: sqrt(0.05 * 0.95 / 20'000) = 0.00154
  CHECK(rate < 0.050 + 0.0062);
}

TEST_CASE("chi_square_test: proportions without an answer are an error that says why",
          "[stats][chi_square][errors]") {
  CHECK_THROWS_AS(chi_square_test({0, 0}, {1, 2}), std::domain_error);
  CHECK_THROWS_WITH(chi_square_test({1, 2}, {0, 0}),
                    "chi_square_test: each proportion must have at least 1 trial, got 2 in "
                    "baseline and 0 in candidate");
  CHECK_THROWS_AS(chi_square_test({0, 20}, {0, 30}), std::domain_error);
  CHECK_THROWS_WITH(chi_square_test({0, 20}, {0, 30}),
                    "chi_square_test: both outcomes must occur, got 0 of 20 in baseline and 0 of "
                    "30 in candidate");
  CHECK_THROWS_WITH(chi_square_test({20, 20}, {30, 30}),
                    "chi_square_test: both outcomes must occur, got 20 of 20 in baseline and 30 of "
                    "30 in candidate");
  CHECK_NOTHROW(chi_square_test({0, 20}, {30, 30}));
}

TEST_CASE("chi_square_test: a table that is none, or has an empty row or column, is an error",
          "[stats][chi_square][errors]") {
  const std::string shape =
      "chi_square_test: table must have at least 2 rows of at least 2 counts, as many in each, got "
      "rows of ";

  CHECK_THROWS_AS(chi_square_test(table{}), std::invalid_argument);
  CHECK_THROWS_WITH(chi_square_test(table{}), shape + "[]");
  CHECK_THROWS_WITH(chi_square_test(table{{1, 2}}), shape + "[2]");
  CHECK_THROWS_WITH(chi_square_test(table{{1}, {2}}), shape + "[1, 1]");
  CHECK_THROWS_WITH(chi_square_test(table{{1, 2}, {1, 2, 3}}), shape + "[2, 3]");
  CHECK_THROWS_AS(chi_square_test(table{{1, 2}, {0, 0}}), std::domain_error);
  CHECK_THROWS_WITH(chi_square_test(table{{1, 2}, {0, 0}}),
                    "chi_square_test: each row must have a count above 0, got none in row 2");
  CHECK_THROWS_WITH(chi_square_test(table{{0, 2}, {0, 1}}),
                    "chi_square_test: each column must have a count above 0, got none in column 1");
}

TEST_CASE("chi_square_goodness_of_fit: counts and weights that do not match are an error",
          "[stats][chi_square][errors]") {
  const std::string sizes =
      "chi_square_goodness_of_fit: there must be at least 2 counts and as many weights, got ";

  CHECK_THROWS_AS(chi_square_goodness_of_fit(counts{1, 2}, weights{1}), std::invalid_argument);
  CHECK_THROWS_WITH(chi_square_goodness_of_fit(counts{1, 2}, weights{1}), sizes + "2 and 1");
  CHECK_THROWS_WITH(chi_square_goodness_of_fit(counts{1}, weights{1}), sizes + "1 and 1");
  CHECK_THROWS_WITH(chi_square_goodness_of_fit(counts{1, 2}, weights{1, 0}),
                    "chi_square_goodness_of_fit: weights must lie between 1e-100 and 1e100, got "
                    "0.000000");
  CHECK_THROWS_AS(chi_square_goodness_of_fit(counts{1, 2}, weights{1, std::nan("")}),
                  std::invalid_argument);
  CHECK_THROWS_AS(chi_square_goodness_of_fit(counts{0, 0}, weights{1, 1}), std::domain_error);
  CHECK_THROWS_WITH(chi_square_goodness_of_fit(counts{0, 0}, weights{1, 1}),
                    "chi_square_goodness_of_fit: a count must be above 0, got only 0");
}

TEST_CASE("chi_square_test: the logarithm of p goes on where p is 0", "[stats][chi_square]") {
  // for 2 degrees of freedom P(X >= x) = exp(-x / 2); for 4, (1 + x / 2) exp(-x / 2)
  const auto fit = [](const counts& observed) {
    return chi_square_goodness_of_fit(observed, weights(observed.size(), 1.0));
  };
  const auto two = fit({6000, 0, 0});
  const auto four = fit({6000, 0, 0, 0, 0});

  CHECK(two.p_value == 0.0);
  CHECK_THAT(two.log_p_value, WithinRel(-two.statistic / 2.0, 1e-14));
  CHECK(four.p_value == 0.0);
  CHECK_THAT(four.log_p_value,
             WithinRel(std::log1p(four.statistic / 2.0) - four.statistic / 2.0, 1e-14));
}

TEST_CASE(
    "chi_square_test: its tail agrees with Boost's to 12 digits, from 1 to 1e5 degrees of freedom",
    "[stats][chi_square][oracle]") {
  using in_long_double = boost::math::policies::policy<>;
  for (const double df :
       {1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 26.0, 27.0, 28.0, 29.0, 100.0, 1001.0, 1e5}) {
    for (const double deviations : {-6.0, -2.0, -0.5, 0.0, 0.01, 1.0, 3.0, 10.0, 30.0}) {
      const double statistic = df + deviations * std::sqrt(2.0 * df);
      if (statistic <= 0.0) continue;
      CAPTURE(df, statistic);
      hotswap::stats::chi_square_result result;
      result.statistic = statistic;
      result.degrees_of_freedom = df;
      hotswap::stats::detail::set_p_value(result);
      const auto expected = static_cast<double>(
          boost::math::gamma_q(static_cast<long double>(df) / 2,
                               static_cast<long double>(statistic) / 2, in_long_double{}));
      CHECK_THAT(result.p_value, WithinRel(expected, 1e-12));
      CHECK_THAT(result.log_p_value, WithinRel(std::log(expected), 1e-12) ||
                                         Catch::Matchers::WithinAbs(std::log(expected), 1e-15));
    }
  }
}

TEST_CASE("chi_square_test: as a likelihood ratio it adds up over a table that is taken apart",
          "[stats][chi_square]") {
  // G of three rows is that of the first two, plus that of their sum against the third
  const table all{{30, 70}, {45, 85}, {20, 90}};
  const table first{{30, 70}, {45, 85}};
  const table rest{{75, 155}, {20, 90}};
  const auto g = [](const table& of) {
    return chi_square_test(of, {.likelihood_ratio = true}).statistic;
  };

  CHECK_THAT(g(all), WithinRel(g(first) + g(rest), 1e-13));
}

TEST_CASE(
    "chi_square_test: Cramer's V is 1 where a row tells its column, and 0 where it tells nothing",
    "[stats][chi_square]") {
  CHECK_THAT(chi_square_test(table{{9, 0}, {0, 4}}).cramers_v, WithinRel(1.0, 1e-14));
  CHECK(chi_square_test(table{{9, 18}, {4, 8}}).cramers_v == 0.0);
}

TEST_CASE("chi_square_test: the likelihood ratio has no correction of Yates",
          "[stats][chi_square][errors]") {
  CHECK_THROWS_WITH(
      chi_square_test(baseline, candidate, {.yates = true, .likelihood_ratio = true}),
      "chi_square_test: yates must be false where likelihood_ratio is true, got true");
  CHECK_THROWS_AS(chi_square_test(baseline, candidate, {.yates = true, .likelihood_ratio = true}),
                  std::invalid_argument);
}
