// What the normal distribution's functions promise: 13 digits, in the tails too.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/normal.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::log_normal_upper_tail;
using hotswap::stats::normal_p_value;
using hotswap::stats::normal_upper_quantile;
using hotswap::stats::normal_upper_tail;

TEST_CASE("normal: tails and quantiles agree with the oracle", "[stats][normal][oracle]") {
  const auto is_normal = [](const nlohmann::json& row) {
    return row.at("input").at("family") == "normal";
  };
  for (const auto& row : oracle::every_case("quantile")) {
    if (!is_normal(row)) continue;  // others are Student's, or not ours
    CAPTURE(row.at("name"));
    CHECK_THAT(normal_upper_quantile(row.at("input").at("upper_tail")),
               oracle::agrees_with(row, "x"));
  }
  for (const auto& row : oracle::every_case("distribution")) {
    if (!is_normal(row)) continue;
    CAPTURE(row.at("name"));
    const double x = row.at("input").at("x");
    CHECK_THAT(normal_upper_tail(x), oracle::agrees_with(row, "sf"));
    CHECK_THAT(normal_upper_tail(-x), oracle::agrees_with(row, "cdf"));
    if (oracle::promises(row, "log_sf")) {
      CHECK_THAT(log_normal_upper_tail(x), oracle::agrees_with(row, "log_sf"));
    }
    if (oracle::promises(row, "log_cdf")) {
      CHECK_THAT(log_normal_upper_tail(-x), oracle::agrees_with(row, "log_cdf"));
    }
  }
}

TEST_CASE("normal: the quantile undoes the tail, from 1e-300 to 1 - 1e-15", "[stats][normal]") {
  for (const double tail : {1e-300, 1e-100, 1e-20, 1e-6, 0.025, 0.3, 0.4999, 0.5001, 0.9, 0.999}) {
    CAPTURE(tail);
    CHECK_THAT(std::log(normal_upper_tail(normal_upper_quantile(tail))),
               WithinRel(std::log(tail), 1e-14));
  }
  CHECK(normal_upper_quantile(0.5) == 0.0);
  CHECK(normal_upper_quantile(0.75) == -normal_upper_quantile(0.25));
  CHECK(std::isfinite(normal_upper_quantile(1.0 - 0x1p-53)));
}

TEST_CASE("normal: the logarithm of a tail goes on where the tail itself is 0", "[stats][normal]") {
  // mpmath, 40 digits
  CHECK_THAT(log_normal_upper_tail(30.0), WithinRel(-454.321243956343197, 1e-14));
  CHECK_THAT(log_normal_upper_tail(40.0), WithinRel(-804.608442013753788, 1e-14));
  CHECK_THAT(log_normal_upper_tail(100.0), WithinRel(-5005.52420869420509, 1e-14));
  // -z^2/2 - log(z sqrt(2 pi)) - 1/z^2: the next term is 5/2 z^-4
  CHECK_THAT(
      log_normal_upper_tail(1000.0),
      WithinRel(-500000.0 - std::log(1000.0 * std::sqrt(2.0 * std::numbers::pi)) - 1e-6, 1e-15));
  CHECK(log_normal_upper_tail(std::numeric_limits<double>::infinity()) == -HUGE_VAL);
  CHECK(log_normal_upper_tail(-std::numeric_limits<double>::infinity()) == 0.0);
}

TEST_CASE("normal: the logarithm has no step where its method changes", "[stats][normal]") {
  for (const double z : {-1.0, 25.0}) {
    const double below = log_normal_upper_tail(std::nextafter(z, -100.0));
    CHECK_THAT(log_normal_upper_tail(z) - below, WithinAbs(0.0, 1e-13 * std::abs(below) + 1e-14));
  }
}

TEST_CASE("normal: a p-value and its logarithm are of the same tail", "[stats][normal]") {
  for (const double z : {-3.0, -0.1, 0.0, 0.7, 8.0}) {
    for (const auto side : {alternative::two_sided, alternative::less, alternative::greater}) {
      const auto tail = normal_p_value(z, side);
      CHECK_THAT(std::exp(tail.log_p_value), WithinRel(tail.p_value, 1e-13));
    }
  }
  CHECK(normal_p_value(0.0, alternative::two_sided).p_value == 1.0);
  CHECK(normal_p_value(3.0, alternative::greater).p_value < 0.002);
  CHECK(normal_p_value(3.0, alternative::less).p_value > 0.998);
}

TEST_CASE("normal: a tail that is no probability is refused", "[stats][normal][errors]") {
  CHECK_THROWS_WITH(normal_upper_quantile(0.0),
                    "normal_upper_quantile: tail must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_AS(normal_upper_quantile(1.0), std::invalid_argument);
  CHECK_THROWS_AS(normal_upper_quantile(std::nan("")), std::invalid_argument);
}
