// What mills_ratio promises: the normal tail divided by the density, where both are 0, too.

#include <hotswap/stats/mills_ratio.hpp>
#include <hotswap/stats/normal.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <numbers>

using Catch::Matchers::WithinRel;
using hotswap::stats::log_normal_upper_tail;
using hotswap::stats::mills_ratio;

TEST_CASE("mills_ratio: is the tail divided by the density", "[stats][mills_ratio]") {
  for (double z = 0.0; z <= 37.0; z += 0.21) {
    CAPTURE(z);
    const double log_density = -0.5 * z * z - 0.5 * std::log(2.0 * std::numbers::pi);
    // The logarithms are up to 700, with an error of some ulps: 1e-13 each.
    CHECK_THAT(mills_ratio(z), WithinRel(std::exp(log_normal_upper_tail(z) - log_density), 5e-13));
  }
}

TEST_CASE("mills_ratio: satisfies its differential equation, m' = z m - 1",
          "[stats][mills_ratio]") {
  for (const double z : {0.5, 3.0, 5.99, 6.01, 20.0}) {
    CAPTURE(z);
    const double step = 1e-3;
    const double slope = (mills_ratio(z + step) - mills_ratio(z - step)) / (2.0 * step);
    CHECK_THAT(slope, WithinRel(z * mills_ratio(z) - 1.0, 1e-5));
  }
}

TEST_CASE("mills_ratio: is as known at 0, and 1 / z far out", "[stats][mills_ratio]") {
  CHECK_THAT(mills_ratio(0.0), WithinRel(std::sqrt(0.5 * std::numbers::pi), 1e-15));
  CHECK_THAT(mills_ratio(1e8), WithinRel(1e-8, 1e-15));
  CHECK(mills_ratio(1e300) == 1e-300);
}

TEST_CASE("mills_ratio: falls, also where another formula takes over", "[stats][mills_ratio]") {
  double before = mills_ratio(5.999);
  for (int i = 1; i <= 20; ++i) {
    const double after = mills_ratio(5.999 + 1e-4 * i);
    CHECK(after < before);
    before = after;
  }
}
