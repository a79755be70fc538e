// What msprt promises: the oracle's numbers, the algebra of a location test, that its interval is
// the test inverted, and an error rate that holds however often one looks.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/always_valid_p_value.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/msprt.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::always_valid_p_value;
using hotswap::stats::moments;
using hotswap::stats::msprt;

namespace {

const moments group_1{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};  // R: sleep
const moments group_2{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
constexpr auto sides = {alternative::two_sided, alternative::less, alternative::greater};

moments summary(const nlohmann::json& arm) {
  return moments::from_summary(arm.at("n"), arm.at("mean"), arm.at("variance"));
}

}  // namespace

TEST_CASE("msprt: agrees with the oracle to 12 digits", "[stats][msprt][oracle]") {
  for (const auto& row : oracle::every_case("mean_difference_mixture")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    for (const auto& [side, name] :
         {std::pair{alternative::two_sided, "two_sided"}, std::pair{alternative::less, "less"},
          std::pair{alternative::greater, "greater"}}) {
      CAPTURE(name);
      const auto test = msprt(summary(input.at("a")), summary(input.at("b")),
                              {.mixing_deviation = input.at("mixing_sd"),
                               .alternative = side,
                               .null_difference = input.at("null_difference"),
                               .confidence = 1.0 - input.at("alpha").get<double>()});
      const auto check = [&](double value, const std::string& field) {
        if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
      };
      check(test.difference, "difference");
      check(test.standard_error * test.standard_error, "variance_of_difference");
      check(test.log_likelihood_ratio, std::string{"log_e_"} + name);
      check(test.p_value, std::string{"always_valid_p_"} + name);
      check(test.log_p_value, std::string{"log_always_valid_p_"} + name);
      if (side == alternative::two_sided) {
        check(test.difference_interval.lower, "interval_lower");
        check(test.difference_interval.upper, "interval_upper");
      }
    }
  }
}

TEST_CASE("msprt: exchanging the samples changes the sign and the side, and nothing else",
          "[stats][msprt]") {
  for (const auto& [side, other] : {std::pair{alternative::two_sided, alternative::two_sided},
                                    std::pair{alternative::less, alternative::greater},
                                    std::pair{alternative::greater, alternative::less}}) {
    const auto forth = msprt(
        group_1, group_2, {.mixing_deviation = 0.5, .alternative = side, .null_difference = 0.3});
    const auto back = msprt(
        group_2, group_1, {.mixing_deviation = 0.5, .alternative = other, .null_difference = -0.3});

    CHECK(back.difference == -forth.difference);
    CHECK(back.log_likelihood_ratio == forth.log_likelihood_ratio);
    CHECK(back.p_value == forth.p_value);
    CHECK(back.difference_interval.lower == -forth.difference_interval.upper);
    CHECK(back.difference_interval.upper == -forth.difference_interval.lower);
  }
}

TEST_CASE("msprt: the unit of the samples does not matter", "[stats][msprt]") {
  const auto in_seconds = msprt(moments::from_summary(90, 1.25, 4.0),
                                moments::from_summary(80, 1.75, 5.0), {.mixing_deviation = 0.25});
  for (const double unit : {0x1p-60, 0x1p60}) {
    const auto test = msprt(moments::from_summary(90, 1.25 * unit, 4.0 * unit * unit),
                            moments::from_summary(80, 1.75 * unit, 5.0 * unit * unit),
                            {.mixing_deviation = 0.25 * unit});
    CHECK_THAT(test.log_likelihood_ratio, WithinRel(in_seconds.log_likelihood_ratio, 1e-13));
    CHECK_THAT(test.difference_interval.upper,
               WithinRel(in_seconds.difference_interval.upper * unit, 1e-13));
  }
}

TEST_CASE("msprt: two-sided, it is the mean of the one-sided ratios", "[stats][msprt]") {
  const auto ratio = [](alternative side) {
    return std::exp(msprt(group_1, group_2, {.mixing_deviation = 0.8, .alternative = side})
                        .log_likelihood_ratio);
  };
  CHECK_THAT(ratio(alternative::two_sided),
             WithinRel(0.5 * (ratio(alternative::less) + ratio(alternative::greater)), 1e-12));
}

TEST_CASE("msprt: the ends of the interval are the differences that are just rejected",
          "[stats][msprt]") {
  for (const auto side : sides) {
    const auto [lower, upper] =
        msprt(group_1, group_2, {.mixing_deviation = 0.8, .alternative = side, .confidence = 0.9})
            .difference_interval;
    CHECK((side == alternative::less) == (lower == -std::numeric_limits<double>::infinity()));
    CHECK((side == alternative::greater) == (upper == std::numeric_limits<double>::infinity()));
    for (const double end : {lower, upper}) {
      if (!std::isfinite(end)) continue;
      const auto test = msprt(
          group_1, group_2, {.mixing_deviation = 0.8, .alternative = side, .null_difference = end});
      CHECK_THAT(test.p_value, WithinRel(0.1, 1e-12));
    }
  }
}

TEST_CASE("msprt: equal means are evidence for the null, the more the more values",
          "[stats][msprt]") {
  double before = 0.0;
  for (std::uint64_t count = 10; count <= 1'000'000'000'000'000; count *= 10) {
    const moments values = moments::from_summary(count, 3.0, 2.0);
    const auto test = msprt(values, values, {.mixing_deviation = 0.5});
    CAPTURE(count);
    CHECK(test.log_likelihood_ratio < before);
    CHECK(test.p_value == 1.0);
    before = test.log_likelihood_ratio;
  }
  CHECK_THAT(before, WithinAbs(-0.5 * std::log1p(0.25 * 1e15 / 4.0), 1e-12));
}

TEST_CASE("msprt: errs at most as often as advertised, at 200 looks at skewed values",
          "[stats][msprt][calibration][long]") {
  constexpr int rounds = 500;
  constexpr int values = 20;  // of each arm, per look
  std::mt19937_64 random{20260110};
  std::lognormal_distribution<double> value{0.0, 1.0};

  int two_sided = 0;
  int greater = 0;
  int missed = 0;
  int naive = 0;  // an ordinary test at each look, in the same harness
  for (int round = 0; round < rounds; ++round) {
    moments baseline;
    moments candidate;
    always_valid_p_value of_both;
    always_valid_p_value of_one;
    bool outside = false;
    bool crossed = false;
    for (int look = 1; look <= 200; ++look) {
      for (int i = 0; i < values; ++i) {
        baseline.add(value(random));
        candidate.add(value(random));
      }
      if (look * values < 100) continue;
      const auto test = msprt(baseline, candidate, {.mixing_deviation = 0.1});
      of_both.add(test.log_likelihood_ratio);
      of_one.add(
          msprt(baseline, candidate, {.mixing_deviation = 0.1, .alternative = alternative::greater})
              .log_likelihood_ratio);
      outside =
          outside || test.difference_interval.lower > 0.0 || test.difference_interval.upper < 0.0;
      crossed = crossed || std::abs(test.difference) > 1.96 * test.standard_error;
    }
    if (of_both.p_value() <= 0.05) ++two_sided;
    if (of_one.p_value() <= 0.05) ++greater;
    if (outside) ++missed;
    if (crossed) ++naive;
  }

  // Of 500 at probability 0.05, more than 51 are rarer than 1e-6.
  CHECK(two_sided <= 51);
  CHECK(greater <= 51);
  CHECK(missed == two_sided);
  CHECK(two_sided >= 1);
  CHECK(greater >= 1);
  CHECK(naive > 100);  // the test can fail: it does for a method that is wrong
}

TEST_CASE("msprt: a test without an answer is an error that says why", "[stats][msprt][errors]") {
  const moments single{1.0};
  const moments constant{2.0, 2.0, 2.0};
  const moments wrong{1.0, std::nan(""), 2.0};
  const moments tiny = moments::from_summary(9, 0.0, 1e-300);

  CHECK_THROWS_WITH(msprt(group_1, group_2, {}),
                    "msprt: mixing_deviation must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(msprt(group_1, group_2, {.mixing_deviation = HUGE_VAL}),
                    "msprt: mixing_deviation must be above 0 and finite, got inf");
  CHECK_THROWS_WITH(msprt(group_1, group_2, {.mixing_deviation = 1.0, .confidence = 95.0}),
                    "msprt: confidence must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_WITH(msprt(group_1, group_2, {.mixing_deviation = 1.0, .null_difference = HUGE_VAL}),
                    "msprt: null_difference must be finite, got inf");
  CHECK_THROWS_WITH(msprt(single, group_2, {.mixing_deviation = 1.0}),
                    "msprt: each sample must have at least 2 values, got 1 in baseline and 10 in "
                    "candidate");
  CHECK_THROWS_WITH(msprt(wrong, group_2, {.mixing_deviation = 1.0}),
                    "msprt: the values must be finite, got one that is not in baseline");
  CHECK_THROWS_WITH(msprt(group_1, wrong, {.mixing_deviation = 1.0}),
                    "msprt: the values must be finite, got one that is not in candidate");
  CHECK_THROWS_WITH(msprt(constant, constant, {.mixing_deviation = 1.0}),
                    "msprt: a sample must vary, got two constant ones");
  CHECK_THROWS_WITH(msprt(tiny, tiny, {.mixing_deviation = 1.0}),
                    "msprt: mixing_deviation must lie within a factor of 1e100 of the standard "
                    "error, got 1.000000 for 0.000000");
  CHECK_THROWS_WITH(
      msprt(tiny, moments::from_summary(9, 1.0, 0.0), {.mixing_deviation = 1e-100}),
      "msprt: the difference must lie within 1e150 standard errors, got 1.000000 at a standard "
      "error of 0.000000");
  CHECK_THROWS_AS(msprt(moments{}, group_2, {.mixing_deviation = 1.0}), std::domain_error);
  CHECK_THROWS_AS(msprt(group_1, group_2, {.mixing_deviation = std::nan("")}),
                  std::invalid_argument);
  CHECK_THROWS_AS(msprt(group_1, group_2, {.mixing_deviation = -1.0}), std::invalid_argument);
  CHECK_NOTHROW(msprt(constant, group_2, {.mixing_deviation = 1.0}));  // one that varies is enough
}
