// What cuped_test and ratio_metric_test promise: the oracle's numbers, less variance, and the error
// rates.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/covariance.hpp>
#include <hotswap/stats/cuped.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/ratio_metric.hpp>
#include <hotswap/stats/welch.hpp>

#include "stats/pairs.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::covariance;
using hotswap::stats::cuped_test;
using hotswap::stats::moments;
using hotswap::stats::ratio_metric_test;
using hotswap::stats::ratio_of_means;
using hotswap::stats::welch_t_test;

namespace {

/// Ten views of each user on average, of which a part that is the user's own is clicked.
covariance clicks(std::mt19937_64& random, int users, double part) {
  std::poisson_distribution<int> views{10.0};
  std::normal_distribution<double> taste{part, 0.05};
  covariance seen;
  for (int i = 0; i < users; ++i) {
    const double viewed = views(random) + 1;
    seen.add(viewed * taste(random), viewed);
  }
  return seen;
}

}  // namespace

TEST_CASE("cuped_test: agrees with the oracle to 12 digits", "[stats][cuped][oracle]") {
  for (const auto& row : oracle::every_case("cuped")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto test = [&](alternative side) {
      return cuped_test(pairs::from(input.at("a")), pairs::from(input.at("b")),
                        {.alternative = side,
                         .null_difference = input.at("null_difference"),
                         .confidence = input.at("confidence")});
    };
    const auto expected = [&](const char* field) { return oracle::agrees_with(row, field); };
    const auto two_sided = test(alternative::two_sided);
    const auto less = test(alternative::less);
    const auto greater = test(alternative::greater);

    CHECK_THAT(two_sided.theta, expected("theta"));
    CHECK_THAT(two_sided.baseline.mean(), expected("adjusted_mean_a"));
    CHECK_THAT(two_sided.candidate.mean(), expected("adjusted_mean_b"));
    CHECK_THAT(two_sided.baseline.variance(), expected("adjusted_variance_a"));
    CHECK_THAT(two_sided.candidate.variance(), expected("adjusted_variance_b"));
    CHECK_THAT(two_sided.variance_ratio, expected("variance_ratio"));
    CHECK_THAT(two_sided.difference, expected("difference"));
    CHECK_THAT(two_sided.standard_error, expected("standard_error"));
    CHECK_THAT(two_sided.degrees_of_freedom, expected("df"));
    CHECK_THAT(two_sided.statistic, expected("statistic"));
    CHECK_THAT(two_sided.p_value, expected("p_two_sided"));
    CHECK_THAT(less.p_value, expected("p_less"));
    CHECK_THAT(greater.p_value, expected("p_greater"));
    CHECK_THAT(two_sided.difference_interval.lower, expected("interval_lower"));
    CHECK_THAT(two_sided.difference_interval.upper, expected("interval_upper"));
    CHECK_THAT(greater.difference_interval.lower, expected("one_sided_lower"));
    CHECK_THAT(less.difference_interval.upper, expected("one_sided_upper"));
  }
}

TEST_CASE("cuped_test: the variance falls by the square of the correlation", "[stats][cuped]") {
  std::mt19937_64 random{20260101};
  const auto baseline = pairs::draw(random, 20'000, 0.0, 0.8);
  const auto candidate = pairs::draw(random, 20'000, 0.1, 0.8);

  CHECK_THAT(cuped_test(baseline, candidate).variance_ratio, WithinAbs(1.0 - 0.64, 0.02));
}

TEST_CASE("cuped_test: an x that does not vary, or has nothing to do with y, changes nothing",
          "[stats][cuped]") {
  covariance a;
  covariance b;
  for (const double value : {1.0, 2.5, 3.0, 4.0}) a.add(value, 7.0);
  for (const double value : {2.0, 2.5, 6.0}) b.add(value, 7.0);
  const auto test = cuped_test(a, b);
  const auto plain = welch_t_test(a.y(), b.y());

  CHECK(test.theta == 0.0);
  CHECK_THAT(test.variance_ratio, WithinRel(1.0, 1e-14));
  CHECK_THAT(test.p_value, WithinRel(plain.p_value, 1e-13));
}

TEST_CASE("cuped_test: equal arms are rejected as often as advertised, and small effects found",
          "[stats][cuped][calibration]") {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  int falsely = 0;
  int found = 0;
  int found_without = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = pairs::draw(random, 150, 0.0, 0.9);
    const auto same = pairs::draw(random, 150, 0.0, 0.9);
    const auto better = pairs::draw(random, 150, 0.15, 0.9);
    if (cuped_test(baseline, same).p_value < 0.05) ++falsely;
    if (cuped_test(baseline, better).p_value < 0.05) ++found;
    if (welch_t_test(baseline.y(), better.y()).p_value < 0.05) ++found_without;
  }

  // five standard errors: sqrt(0.05 * 0.95 / 2000) = 0.0049. An effect of 0.15 is 3 standard errors
  // of sqrt(2 * 0.19 / 150) = 0.0503: found in 0.85 of cases; without x 1.3, in a quarter.
  CHECK_THAT(static_cast<double>(falsely) / rounds, WithinAbs(0.05, 0.0245));
  CHECK(found > rounds * 0.8);
  CHECK(found_without < rounds * 0.35);
}

TEST_CASE("ratio_metric_test: agrees with the oracle to 12 digits",
          "[stats][ratio_metric][oracle]") {
  for (const auto& row : oracle::every_case("ratio_metric")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto test = [&](alternative side) {
      return ratio_metric_test(pairs::from(input.at("a")), pairs::from(input.at("b")),
                               {.alternative = side, .confidence = input.at("confidence")});
    };
    const auto check = [&](double value, const std::string& field) {
      if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
    };
    const auto two_sided = test(alternative::two_sided);
    const auto less = test(alternative::less);
    const auto greater = test(alternative::greater);

    check(two_sided.baseline.ratio, "ratio_a");
    check(two_sided.candidate.ratio, "ratio_b");
    check(two_sided.baseline.variance, "variance_a");
    check(two_sided.candidate.variance, "variance_b");
    check(two_sided.difference, "difference");
    check(two_sided.standard_error, "standard_error");
    check(two_sided.statistic, "statistic");
    check(two_sided.p_value, "p_two_sided");
    check(two_sided.log_p_value, "log_p_two_sided");
    check(less.p_value, "p_less");
    check(less.log_p_value, "log_p_less");
    check(greater.p_value, "p_greater");
    check(greater.log_p_value, "log_p_greater");
    check(two_sided.difference_interval.lower, "interval_lower");
    check(two_sided.difference_interval.upper, "interval_upper");
    check(greater.difference_interval.lower, "one_sided_lower");
    check(less.difference_interval.upper, "one_sided_upper");
    check(two_sided.relative_change, "relative_change");
    check(two_sided.relative_standard_error, "relative_standard_error");
    check(two_sided.relative_interval.lower, "relative_lower");
    check(two_sided.relative_interval.upper, "relative_upper");
  }
}

TEST_CASE("ratio_metric_test: one x for each y is a mean", "[stats][ratio_metric]") {
  covariance mean;
  for (const double value : {1.0, 2.0, 4.0, 7.0}) mean.add(value, 1.0);
  const auto estimate = ratio_of_means(mean);

  CHECK_THAT(estimate.ratio, WithinRel(3.5, 1e-15));
  CHECK_THAT(estimate.variance, WithinRel(mean.y().variance() / 4.0, 1e-15));
}

TEST_CASE("ratio_metric_test: the unit of x and y does not matter to the relative change",
          "[stats][ratio_metric]") {
  std::mt19937_64 random{7};
  std::mt19937_64 same{7};
  const auto a = clicks(random, 50, 0.3);
  const auto b = clicks(random, 60, 0.33);
  const auto in_thousands = [&](int users, double part) {
    std::poisson_distribution<int> views{10.0};
    std::normal_distribution<double> taste{part, 0.05};
    covariance seen;
    for (int i = 0; i < users; ++i) {
      const double viewed = views(same) + 1;
      seen.add(1000.0 * viewed * taste(same), viewed);
    }
    return seen;
  };
  const auto scaled_a = in_thousands(50, 0.3);
  const auto scaled = ratio_metric_test(scaled_a, in_thousands(60, 0.33));
  const auto plain = ratio_metric_test(a, b);

  CHECK_THAT(scaled.difference, WithinRel(1000.0 * plain.difference, 1e-12));
  CHECK_THAT(scaled.p_value, WithinRel(plain.p_value, 1e-11));
  CHECK_THAT(scaled.relative_interval.lower, WithinRel(plain.relative_interval.lower, 1e-10));
}

TEST_CASE("ratio_metric_test: covers the difference and the relative change as often as advertised",
          "[stats][ratio_metric][calibration]") {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  int difference = 0;
  int relative = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto test = ratio_metric_test(clicks(random, 200, 0.30), clicks(random, 200, 0.33));
    const auto& bounds = test.difference_interval;
    const auto& lift = test.relative_interval;
    if (bounds.lower <= 0.03 && 0.03 <= bounds.upper) ++difference;
    if (lift.lower <= 0.1 && 0.1 <= lift.upper) ++relative;
  }

  // five standard errors: sqrt(0.05 * 0.95 / 2000) = 0.0049
  CHECK_THAT(static_cast<double>(difference) / rounds, WithinAbs(0.95, 0.0245));
  CHECK_THAT(static_cast<double>(relative) / rounds, WithinAbs(0.95, 0.0245));
}

TEST_CASE("cuped_test, ratio_metric_test: counts up to 1e15 lose nothing",
          "[stats][cuped][ratio_metric]") {
  constexpr std::uint64_t users = 1'000'000'000'000'000;
  const auto arm = [](double mean) {
    return covariance::from_summary(moments::from_summary(users, mean, 4.0),
                                    moments::from_summary(users, 10.0, 1.0), 1.6);
  };
  const auto cuped = cuped_test(arm(3.0), arm(3.0 + 1e-7));
  // the variance of each arm is 4 (1 - 0.8^2)
  CHECK_THAT(cuped.statistic, WithinRel(1e-7 / std::sqrt(2.0 * 4.0 * 0.36 / 1e15), 1e-8));

  const auto ratio = ratio_metric_test(arm(3.0), arm(3.0 + 1e-7));
  // [delta method] var = (4 - 2 * 0.3 * 1.6 + 0.3^2) / (1e15 * 10^2)
  CHECK_THAT(ratio.statistic, WithinRel(1e-8 / std::sqrt(2.0 * 3.13 / 1e17), 1e-7));
}

TEST_CASE("cuped_test, ratio_metric_test: what has no answer is an error that says why",
          "[stats][cuped][ratio_metric][errors]") {
  covariance one;
  one.add(1.0, 1.0);
  covariance two = one;
  two.add(2.0, 4.0);
  covariance broken = two;
  broken.add(std::nan(""), 1.0);
  covariance without_x;
  without_x.add(1.0, 1.0);
  without_x.add(1.0, -1.0);
  covariance constant;
  constant.add(3.0, 2.0);
  constant.add(3.0, 2.0);
  covariance zero;
  zero.add(1.0, 2.0);
  zero.add(-1.0, 2.0);

  CHECK_THROWS_WITH(cuped_test(one, two),
                    "cuped_test: each arm must have at least 2 pairs, got 1 in baseline and 2 in "
                    "candidate");
  CHECK_THROWS_WITH(cuped_test(two, broken),
                    "cuped_test: pairs must be finite, got others in candidate");
  CHECK_THROWS_AS(cuped_test(broken, two), std::domain_error);
  CHECK_THROWS_AS(cuped_test(two, two, {.confidence = 2.0}), std::invalid_argument);
  CHECK_THROWS_WITH(ratio_metric_test(one, two),
                    "ratio_metric: there must be at least 2 pairs, all finite, got 1");
  CHECK_THROWS_AS(ratio_metric_test(two, broken), std::domain_error);
  CHECK_THROWS_WITH(ratio_metric_test(two, without_x),
                    "ratio_metric: the mean of x must not be 0, got 0");
  CHECK_THROWS_WITH(ratio_metric_test(constant, constant),
                    "ratio_metric_test: an arm must vary, got two constant ones");
  CHECK_THROWS_WITH(ratio_metric_test(zero, two),
                    "ratio_metric_test: the ratio of baseline must not be 0, got 0");
  CHECK_THROWS_WITH(ratio_metric_test(two, two, {.confidence = 2.0}),
                    "ratio_metric_test: confidence must lie between 0 and 1, got 2.000000");
}
