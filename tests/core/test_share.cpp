// What a share promises: shares are exact, and add up to 100 % without a tolerance.

#include <hotswap/core/error.hpp>
#include <hotswap/core/share.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

using hotswap::share;
using namespace hotswap::literals;

// In constant expressions too.
static_assert(share::percent(12.5).basis_points() == 1'250);
static_assert(share::basis_points(7) == share::percent(0.07));
static_assert((25_pct).basis_points() == 2'500);
static_assert((12.5_pct).basis_points() == 1'250);
static_assert((0.01_pct).basis_points() == 1);
static_assert((99.99_pct).basis_points() == 9'999);
static_assert((0_pct).basis_points() == 0);
static_assert((100_pct).basis_points() == 10'000);
static_assert((100.0_pct) == 100_pct);
static_assert(25_pct < 25.01_pct);
static_assert(share{} == 0_pct);
static_assert(!std::is_convertible_v<double, share>, "is 0.5 a half, or a half per cent?");
static_assert(!std::is_convertible_v<int, share>);

TEST_CASE("share: each of the 10'001 decimals is exact, although 0.07 * 100 is not 7",
          "[core][share]") {
  for (int points = 0; points <= 10'000; ++points) {
    const double decimal =
        std::stod(std::to_string(points / 100) + "." + std::to_string(points % 100 / 10) +
                  std::to_string(points % 10));
    REQUIRE(share::percent(decimal).basis_points() == points);
    REQUIRE(share::percent(points / 100.0).basis_points() == points);
    REQUIRE(share::basis_points(points).basis_points() == points);
    REQUIRE(share::basis_points(points).rest().basis_points() == 10'000 - points);
  }
}

TEST_CASE("share: per cent that are not a multiple of 0.01 are refused", "[core][share][errors]") {
  CHECK_THROWS_WITH(share::percent(0.005),
                    "share: percent must be a multiple of 0.01, got 0.005000");
  CHECK_THROWS_WITH(share::percent(33.333),
                    "share: percent must be a multiple of 0.01, got 33.333000");
  CHECK_THROWS_WITH(share::percent(100.0 / 3.0),
                    "share: percent must be a multiple of 0.01, got 33.333333");
  CHECK_THROWS_WITH(share::percent(99.999999),
                    "share: percent must be a multiple of 0.01, got 99.999999");
  CHECK_THROWS_AS(share::percent(1e-8), hotswap::config_error);
}

TEST_CASE("share: per cent outside of 0 to 100 are refused", "[core][share][errors]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();

  CHECK_THROWS_WITH(share::percent(-0.01),
                    "share: percent must lie between 0 and 100, got -0.010000");
  CHECK_THROWS_WITH(share::percent(100.01),
                    "share: percent must lie between 0 and 100, got 100.010000");
  CHECK_THROWS_WITH(share::percent(1e300), Catch::Matchers::StartsWith(
                                               "share: percent must lie between 0 and 100, got 1"));
  CHECK_THROWS_WITH(share::percent(infinity), "share: percent must lie between 0 and 100, got inf");
  CHECK_THROWS_WITH(share::percent(not_a_number),
                    "share: percent must lie between 0 and 100, got nan");
  CHECK(share::percent(-0.0) == share{});
}

TEST_CASE("share: basis points outside of 0 to 10000 are refused", "[core][share][errors]") {
  CHECK_THROWS_WITH(share::basis_points(-1),
                    "share: basis points must lie between 0 and 10000, got -1");
  CHECK_THROWS_WITH(share::basis_points(10'001),
                    "share: basis points must lie between 0 and 10000, got 10001");
  CHECK_THROWS_AS(share::basis_points(10'001), hotswap::config_error);
}

TEST_CASE("share: is written as people write it", "[core][share]") {
  CHECK(to_string(share{}) == "0 %");
  CHECK(to_string(0.01_pct) == "0.01 %");
  CHECK(to_string(0.1_pct) == "0.1 %");
  CHECK(to_string(12.5_pct) == "12.5 %");
  CHECK(to_string(25_pct) == "25 %");
  CHECK(to_string(99.99_pct) == "99.99 %");
  CHECK(to_string(100_pct) == "100 %");
}
