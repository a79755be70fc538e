// What Student's t promises: 12 digits of each tail, those of Boost and of the oracle, and their
// logarithms where the tail is 0; the same of the noncentral t.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/noncentral_t.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/student_t.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::log_normal_upper_tail;
using hotswap::stats::noncentral_t_upper_tail;
using hotswap::stats::normal_upper_tail;
using hotswap::stats::student_t_p_value;
using hotswap::stats::student_t_upper_quantile;
using hotswap::stats::student_t_upper_tail;

namespace {

bool is_student(const nlohmann::json& row) {
  return row.at("input").at("family") == "student_t";
}

double boost_tail(double t, double degrees_of_freedom) {
  const boost::math::students_t_distribution<long double> law{degrees_of_freedom};
  return static_cast<double>(cdf(complement(law, static_cast<long double>(t))));
}

}  // namespace

TEST_CASE("student_t: tails, their logarithms and quantiles agree with the oracle to 12 digits",
          "[stats][student_t][oracle]") {
  for (const auto& row : oracle::every_case("distribution")) {
    if (!is_student(row)) continue;
    CAPTURE(row.at("name"));
    const double df = row.at("input").at("parameters").at(0);
    const double x = row.at("input").at("x");
    CHECK_THAT(student_t_upper_tail(x, df).p_value, oracle::agrees_with(row, "sf"));
    CHECK_THAT(student_t_upper_tail(-x, df).p_value, oracle::agrees_with(row, "cdf"));
    CHECK_THAT(student_t_upper_tail(x, df).log_p_value, oracle::agrees_with(row, "log_sf"));
    CHECK_THAT(student_t_upper_tail(-x, df).log_p_value, oracle::agrees_with(row, "log_cdf"));
  }
  for (const auto& row : oracle::every_case("quantile")) {
    if (!is_student(row)) continue;
    CAPTURE(row.at("name"));
    CHECK_THAT(student_t_upper_quantile(row.at("input").at("upper_tail"),
                                        row.at("input").at("parameters").at(0)),
               oracle::agrees_with(row, "x"));
  }
}

TEST_CASE("student_t: tails agree with Boost's to 12 digits, from 0.5 to 1e6 degrees of freedom",
          "[stats][student_t][oracle]") {
  for (const double df : {0.5, 1.0, 1.5, 2.0, 3.7, 9.0, 23.5, 24.0, 24.5, 60.0, 1e3, 1e6}) {
    for (const double t : {1e-4, 0.03, 0.3, 0.7, 1.0, 1.4, 1.96, 2.6, 3.9, 5.0, 8.0, 15.0, 30.0,
                           1e2, 1e4, 1e15, 1e60, 1e150}) {
      const double expected = boost_tail(t, df);
      if (expected < 1e-300) continue;
      CAPTURE(df, t);
      CHECK_THAT(student_t_upper_tail(t, df).p_value, WithinRel(expected, 1e-12));
      CHECK_THAT(student_t_upper_tail(t, df).log_p_value, WithinRel(std::log(expected), 1e-12));
      CHECK_THAT(student_t_upper_tail(-t, df).p_value, WithinRel(1.0 - expected, 1e-15));
    }
  }
}

TEST_CASE(
    "student_t: with 1 and 2 degrees of freedom it is what they are in closed form, in logarithms",
    "[stats][student_t]") {
  for (const double t : {0.1, 1.0, 7.0, 1e5, 1e100, 1e150, 1e300}) {
    CAPTURE(t);
    CHECK_THAT(student_t_upper_tail(t, 1.0).log_p_value,
               WithinRel(std::log(std::atan(1.0 / t) / std::numbers::pi), 1e-13));
    const double root = std::hypot(t, std::numbers::sqrt2);
    CHECK_THAT(student_t_upper_tail(t, 2.0).log_p_value,
               WithinRel(-std::log(root) - std::log(root + t), 1e-13));
  }
}

TEST_CASE("student_t: with 1e15 degrees of freedom it is the normal distribution, in logarithms",
          "[stats][student_t]") {
  // log P differs by some t^4 / 4 / df
  for (const double t : {0.0, 0.5, 3.0, 20.0, 37.0, 60.0}) {
    CAPTURE(t);
    CHECK_THAT(student_t_upper_tail(t, 1e15).log_p_value,
               WithinAbs(log_normal_upper_tail(t), 1e-12 + 3e-16 * t * t * t * t));
  }
}

TEST_CASE("student_t: the tail falls and has no step where the method changes",
          "[stats][student_t]") {
  for (const double df : {0.5, 5.0, 23.9, 24.1, 100.0, 1e5}) {
    double before = 0.0;
    for (double ratio = 0.9; ratio < 1.1; ratio += 0.0001) {  // x is 1/2 at 1
      const double log_p = student_t_upper_tail(ratio * std::sqrt(df), df).log_p_value;
      CAPTURE(df, ratio);
      CHECK(log_p < before);
      before = log_p;
    }
    const double at = std::sqrt(df);
    CHECK_THAT(
        student_t_upper_tail(at * (1.0 + 1e-15), df).log_p_value,
        WithinAbs(student_t_upper_tail(at * (1.0 - 1e-15), df).log_p_value, 1e-14 + 2e-15 * df));
  }
}

TEST_CASE("student_t: the quantile undoes the tail, from 1e-300 to nearly 1",
          "[stats][student_t]") {
  for (const double df : {0.5, 0.9, 1.0, 1.4, 2.0, 2.99, 3.01, 5.0, 11.0, 24.0, 1e3, 1e8, 1e15}) {
    for (const double tail :
         {1e-300, 1e-100, 1e-20, 1e-6, 0.001, 0.025, 0.2, 0.39, 0.41, 0.499, 0.7, 0.999}) {
      CAPTURE(df, tail);
      const double t = student_t_upper_quantile(tail, df);
      if (std::isinf(t)) {
        CHECK(tail < 1e-90);
        CHECK(student_t_upper_tail(1e307, df).p_value > tail);
        continue;
      }
      CHECK_THAT(student_t_upper_tail(t, df).log_p_value,
                 WithinRel(std::log(tail), 1e-13) || WithinAbs(std::log(tail), 1e-13));
    }
  }
  CHECK(student_t_upper_quantile(0.5, 3.0) == 0.0);
  CHECK(student_t_upper_quantile(0.75, 3.0) == -student_t_upper_quantile(0.25, 3.0));
}

TEST_CASE("student_t: a p-value is of the tail or tails that the alternative names",
          "[stats][student_t]") {
  const double half = student_t_upper_tail(2.0, 7.5).p_value;
  CHECK(student_t_p_value(2.0, 7.5, alternative::greater).p_value == half);
  CHECK(student_t_p_value(-2.0, 7.5, alternative::less).p_value == half);
  CHECK(student_t_p_value(-2.0, 7.5, alternative::greater).p_value == 1.0 - half);
  CHECK(student_t_p_value(-2.0, 7.5, alternative::two_sided).p_value == 2.0 * half);
  CHECK(student_t_p_value(0.0, 7.5, alternative::two_sided).p_value == 1.0);
  CHECK(student_t_p_value(0.0, 7.5, alternative::two_sided).log_p_value == 0.0);
}

TEST_CASE("student_t: a tail that is no probability is refused", "[stats][student_t][errors]") {
  CHECK_THROWS_WITH(student_t_upper_quantile(0.0, 3.0),
                    "student_t_upper_quantile: tail must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_AS(student_t_upper_quantile(1.0, 3.0), std::invalid_argument);
  CHECK_THROWS_AS(student_t_upper_quantile(std::nan(""), 3.0), std::invalid_argument);
}

TEST_CASE("noncentral_t: agrees with Boost to 11 digits", "[stats][noncentral_t][oracle]") {
  for (const double df : {0.7, 2.0, 5.0, 38.0, 998.0, 1e5}) {
    for (const double noncentrality : {0.0, 0.5, 1.6, 3.0, 8.9, 9.1, 20.0, 60.0}) {
      const boost::math::non_central_t_distribution<long double> law{df, noncentrality};
      for (const double t : {0.1, 0.7, 1.96, 3.0, 10.0, 70.0}) {
        CAPTURE(df, noncentrality, t);
        const auto expected =
            static_cast<double>(cdf(complement(law, static_cast<long double>(t))));
        if (expected < 1e-9) continue;  // of which Boost knows fewer digits
        CHECK_THAT(noncentral_t_upper_tail(t, df, noncentrality), WithinRel(expected, 1e-11));
      }
    }
  }
}

TEST_CASE("noncentral_t: without noncentrality it is Student's t, at 0 the normal distribution",
          "[stats][noncentral_t]") {
  for (const double df : {1.0, 4.5, 300.0, 1e9}) {
    for (const double t : {-3.0, -0.2, 0.4, 2.0, 12.0}) {
      CAPTURE(df, t);
      CHECK_THAT(noncentral_t_upper_tail(t, df, 0.0),
                 WithinRel(student_t_upper_tail(t, df).p_value, 1e-11));
    }
    CHECK(noncentral_t_upper_tail(0.0, df, 1.3) == normal_upper_tail(-1.3));
  }
  CHECK(noncentral_t_upper_tail(1.0, 5.0, -50.0) == 0.0);
  CHECK(noncentral_t_upper_tail(HUGE_VAL, 5.0, 1.0) == 0.0);
}
