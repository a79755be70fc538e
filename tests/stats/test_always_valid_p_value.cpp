// What always_valid_p_value promises: the oracle's numbers, that it never rises, and its logarithm.

#include <hotswap/stats/always_valid_p_value.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::always_valid_p_value;
using hotswap::stats::p_value_of_e;

TEST_CASE("always_valid_p_value: agrees with the oracle after each look",
          "[stats][always_valid_p_value][oracle]") {
  for (const auto& row : oracle::every_case("always_valid_p")) {
    CAPTURE(row.at("name"));
    const auto looks = row.at("input").at("log_e").get<std::vector<double>>();
    const auto& expected = row.at("expected").at("p");
    REQUIRE(expected.size() == looks.size());

    always_valid_p_value so_far;
    for (std::size_t i = 0; i < looks.size(); ++i) {
      so_far.add(looks[i]);
      const double error = oracle::error(so_far.p_value(), oracle::number(expected[i]));
      CHECK(error <= oracle::tolerance(row, "p"));
    }
  }
}

TEST_CASE("always_valid_p_value: is 1 before the first look, and never rises",
          "[stats][always_valid_p_value]") {
  always_valid_p_value so_far;
  CHECK(so_far.p_value() == 1.0);
  CHECK(so_far.log_p_value() == 0.0);

  double before = 1.0;
  for (const double log_e : {-3.0, 0.5, 0.25, 7.0, -2.0, 6.9, 7.5}) {
    so_far.add(log_e);
    CHECK(so_far.p_value() <= before);
    CHECK(so_far.p_value() <= p_value_of_e(log_e).p_value);
    before = so_far.p_value();
  }
  CHECK(so_far.p_value() == p_value_of_e(7.5).p_value);
}

TEST_CASE("p_value_of_e: is 1 without evidence, and keeps its logarithm below the least double",
          "[stats][always_valid_p_value]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();

  CHECK(p_value_of_e(-5.0).p_value == 1.0);
  CHECK_FALSE(std::signbit(p_value_of_e(-5.0).log_p_value));
  CHECK_THAT(p_value_of_e(std::log(1e300)).p_value, WithinRel(1e-300, 1e-12));
  CHECK(p_value_of_e(1e4).p_value == 0.0);
  CHECK(p_value_of_e(1e4).log_p_value == -1e4);
  CHECK(p_value_of_e(-infinity).p_value == 1.0);
  CHECK(p_value_of_e(infinity).p_value == 0.0);
  CHECK(p_value_of_e(infinity).log_p_value == -infinity);
}

TEST_CASE("always_valid_p_value: a fair bettor's p-value is rarely below any level",
          "[stats][always_valid_p_value][calibration]") {
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260105};
  std::bernoulli_distribution heads{0.5};

  int below = 0;
  int last_below = 0;
  for (int round = 0; round < rounds; ++round) {
    always_valid_p_value so_far;
    double log_e = 0.0;  // of stakes of a half, at even odds
    for (int look = 0; look < 300; ++look) {
      log_e += std::log(heads(random) ? 1.5 : 0.5);
      so_far.add(log_e);
    }
    if (so_far.p_value() <= 0.25) ++below;
    if (p_value_of_e(log_e).p_value <= 0.25) ++last_below;
  }

  // five standard errors: sqrt(0.25 * 0.75 / 4000) = 0.00685
  CHECK(below <= (0.25 + 0.0343) * rounds);
  CHECK(below >= 0.1 * rounds);    // the bound is nearly attained: e overshoots 4 by less than half
  CHECK(last_below * 10 < below);  // a look at the end alone would have missed them
}

TEST_CASE("always_valid_p_value: evidence that is no number is an error",
          "[stats][always_valid_p_value][errors]") {
  always_valid_p_value so_far;
  so_far.add(2.0);

  CHECK_THROWS_WITH(so_far.add(std::nan("")),
                    "always_valid_p_value: log_e must be a number, got nan");
  CHECK_THROWS_WITH(p_value_of_e(std::nan("")), "p_value_of_e: log_e must be a number, got nan");
  CHECK_THROWS_AS(so_far.add(std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(p_value_of_e(std::nan("")), std::invalid_argument);
  CHECK(so_far.log_p_value() == -2.0);
}
