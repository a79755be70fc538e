// What welch_t_test promises: R's numbers, the algebra of a location test, the error rate that it
// advertises, and an error instead of a NaN.

#include <hotswap/stats/welch.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::moments;
using hotswap::stats::welch_t_test;

namespace {

const moments group_1{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};  // R: sleep
const moments group_2{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

moments normal_sample(std::mt19937_64& random, int count, double deviation) {
  std::normal_distribution<double> value{0.0, deviation};
  moments sample;
  for (int i = 0; i < count; ++i) sample.add(value(random));
  return sample;
}

moments sample_of(const nlohmann::json& arm) {
  if (arm.is_array()) return moments::of(arm.get<std::vector<double>>());
  return moments::from_summary(arm.at("n"), arm.at("mean"), arm.at("variance"));
}

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto& input = row.at("input");
  const auto baseline = sample_of(input.at("a"));
  const auto candidate = sample_of(input.at("b"));

  const auto test = [&](alternative side) {
    return welch_t_test(baseline, candidate,
                        {.alternative = side,
                         .null_difference = input.at("null_difference"),
                         .confidence = input.at("confidence")});
  };
  const auto two_sided = test(alternative::two_sided);
  const auto less = test(alternative::less);
  const auto greater = test(alternative::greater);

  const auto expected = [&](const char* field) { return oracle::agrees_with(row, field); };
  CHECK_THAT(two_sided.difference, expected("difference"));
  CHECK_THAT(two_sided.standard_error, expected("standard_error"));
  CHECK_THAT(two_sided.statistic, expected("statistic"));
  CHECK_THAT(two_sided.degrees_of_freedom, expected("df"));
  CHECK_THAT(two_sided.p_value, expected("p_two_sided"));
  CHECK_THAT(less.p_value, expected("p_less"));
  CHECK_THAT(greater.p_value, expected("p_greater"));
  CHECK_THAT(two_sided.difference_interval.lower, expected("interval_lower"));
  CHECK_THAT(two_sided.difference_interval.upper, expected("interval_upper"));
  CHECK_THAT(greater.difference_interval.lower, expected("one_sided_lower"));
  CHECK_THAT(less.difference_interval.upper, expected("one_sided_upper"));
}

}  // namespace

TEST_CASE("welch_t_test: agrees with the oracle to 12 digits", "[stats][welch][oracle]") {
  for (const auto& row : oracle::every_case("welch")) check_agreement(row);
  for (const auto& row : oracle::cases("welch_examples")) check_agreement(row);
}

TEST_CASE("welch_t_test: agrees with R", "[stats][welch][oracle]") {
  for (const auto& row : oracle::cases("r_welch")) check_agreement(row);
}

TEST_CASE("welch_t_test: keeps 12 digits with 1e15 values, p-values of 1e-300, and any unit",
          "[stats][welch][oracle]") {
  for (const auto& row : oracle::cases("extremes", "welch")) check_agreement(row);
}

TEST_CASE("welch_t_test: exchanging the samples changes the sign and nothing else",
          "[stats][welch]") {
  const auto forth = welch_t_test(group_1, group_2);
  const auto back = welch_t_test(group_2, group_1);

  CHECK(back.difference == -forth.difference);
  CHECK(back.statistic == -forth.statistic);
  CHECK(back.p_value == forth.p_value);
  CHECK_THAT(back.degrees_of_freedom, WithinRel(forth.degrees_of_freedom, 1e-14));
}

TEST_CASE("welch_t_test: the ends of the interval are the differences that are just rejected",
          "[stats][welch]") {
  const auto interval = welch_t_test(group_1, group_2, {.confidence = 0.9}).difference_interval;

  for (const double end : {interval.lower, interval.upper}) {
    CHECK_THAT(welch_t_test(group_1, group_2, {.null_difference = end}).p_value,
               WithinRel(0.1, 1e-12));
  }
}

TEST_CASE(
    "welch_t_test: the two one-sided p-values are each other's rest, and the smaller one is half",
    "[stats][welch]") {
  const auto both = welch_t_test(group_1, group_2);
  const auto less = welch_t_test(group_1, group_2, {.alternative = alternative::less});
  const auto greater = welch_t_test(group_1, group_2, {.alternative = alternative::greater});

  CHECK_THAT(less.p_value + greater.p_value, WithinRel(1.0, 1e-15));
  CHECK_THAT(2.0 * greater.p_value, WithinRel(both.p_value, 1e-15));
  CHECK(less.difference_interval.lower == -HUGE_VAL);
  CHECK(greater.difference_interval.upper == HUGE_VAL);
}

TEST_CASE("welch_t_test: samples have the answer of their moments, and so have braces",
          "[stats][welch]") {
  const std::vector<double> baseline{1.0, 2.0, 4.0};
  const std::array candidate{2.5, 3.0, 7.0, 9.0};
  const auto of_moments = welch_t_test(moments::of(baseline), moments::of(candidate));
  const auto of_samples = welch_t_test(baseline, candidate);
  const auto of_braces = welch_t_test({1.0, 2.0, 4.0}, {2.5, 3.0, 7.0, 9.0});

  CHECK(of_samples.statistic == of_moments.statistic);
  CHECK(of_samples.p_value == of_moments.p_value);
  CHECK(of_samples.difference_interval == of_moments.difference_interval);
  CHECK(of_braces.p_value == of_moments.p_value);
  CHECK(welch_t_test(baseline, candidate, {.alternative = alternative::less}).p_value ==
        welch_t_test(moments::of(baseline), moments::of(candidate),
                     {.alternative = alternative::less})
            .p_value);
}

TEST_CASE("welch_t_test: equal means have a p-value of 1", "[stats][welch]") {
  const auto test = welch_t_test(group_1, group_1);

  CHECK(test.difference == 0.0);
  CHECK(test.p_value == 1.0);
}

TEST_CASE("welch_t_test: the logarithm of p is that of p, and goes on where p is 0",
          "[stats][welch]") {
  for (const auto side : {alternative::two_sided, alternative::less, alternative::greater}) {
    const auto test = welch_t_test(group_1, group_2, {.alternative = side});
    CHECK_THAT(test.log_p_value, WithinRel(std::log(test.p_value), 1e-13));
  }

  // two degrees of freedom, where P(|T| > t) = 2 / (t^2 + 2 + t sqrt(t^2 + 2)), so t^-2 far out
  const auto far =
      welch_t_test(moments::from_summary(2, 0.0, 1.0), moments::from_summary(2, 1e170, 1.0));
  CHECK(far.p_value == 0.0);
  CHECK_THAT(far.degrees_of_freedom, WithinRel(2.0, 1e-15));
  CHECK_THAT(far.log_p_value, WithinRel(-2.0 * std::log(1e170), 1e-13));
}

TEST_CASE("welch_t_test: means as far apart as doubles can be are different, not NaN",
          "[stats][welch]") {
  const auto low = moments::from_summary(10, -1.7e308, 1.0);
  const auto high = moments::from_summary(10, 1.7e308, 1.0);
  const auto test = welch_t_test(low, high);

  CHECK(test.p_value == 0.0);
  CHECK(test.log_p_value == -HUGE_VAL);
  CHECK(test.statistic == HUGE_VAL);
  CHECK(test.difference_interval.lower == HUGE_VAL);
}

TEST_CASE("welch_t_test: equal means are rejected as often as advertised",
          "[stats][welch][calibration]") {
  constexpr int rounds = 20'000;
  std::mt19937_64 random{20260101};  // fixed, so that the test is a fact and not a lottery

  int rejected = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = normal_sample(random, 10, 1.0);
    const auto candidate = normal_sample(random, 30, 3.0);
    if (welch_t_test(baseline, candidate).p_value < 0.05) ++rejected;
  }

  const double rate = static_cast<double>(rejected) / rounds;
  CHECK(rate > 0.050 - 0.0062);  // four standard errors: sqrt(0.05 * 0.95 / 20'000) = 0.00154
  CHECK(rate < 0.050 + 0.0062);
}

TEST_CASE("welch_t_test: a test without an answer is an error that says why",
          "[stats][welch][errors]") {
  const moments single{1.0};
  const moments constant{2.0, 2.0, 2.0};

  CHECK_THROWS_WITH(welch_t_test(single, group_2),
                    "welch_t_test: each sample must have at least 2 values, got 1 in baseline and "
                    "10 in candidate");
  CHECK_THROWS_WITH(welch_t_test(constant, constant),
                    "welch_t_test: a sample must vary, got two constant ones");
  CHECK_THROWS_WITH(welch_t_test(moments{1.0, HUGE_VAL}, group_2),
                    Catch::Matchers::Matches("welch_t_test: baseline must have finite moments, got "
                                             "a mean of inf and a variance of -?nan"));
  CHECK_THROWS_WITH(welch_t_test(group_1, moments{1e200, -1e200}),
                    "welch_t_test: candidate must have finite moments, got a mean of 0.000000 and "
                    "a variance of inf");
  CHECK_THROWS_AS(welch_t_test(single, group_2), std::domain_error);
  CHECK_THROWS_AS(welch_t_test(constant, constant), std::domain_error);
  CHECK_THROWS_AS(welch_t_test(group_1, moments{1.0, HUGE_VAL}), std::domain_error);
  CHECK_THROWS_AS(welch_t_test(group_1, group_2, {.confidence = 0.0}), std::invalid_argument);
  CHECK_THROWS_AS(welch_t_test(group_1, group_2, {.confidence = 1.0}), std::invalid_argument);
  CHECK_THROWS_WITH(welch_t_test(group_1, group_2, {.confidence = 95.0}),
                    "welch_t_test: confidence must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_WITH(welch_t_test(group_1, group_2, {.null_difference = HUGE_VAL}),
                    "welch_t_test: null_difference must be finite, got inf");
  CHECK_NOTHROW(welch_t_test(constant, group_2));  // one sample that varies is enough
}
