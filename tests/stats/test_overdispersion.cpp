// What overdispersion promises: it expects until it knows, then finds what there is, and a level
// that shifts is no noise.

#include <hotswap/stats/overdispersion.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::overdispersion;

TEST_CASE("overdispersion: is what was expected until there are windows enough",
          "[stats][overdispersion]") {
  overdispersion noise{{.expected = 0.02, .windows = 8}};
  for (int window = 0; window < 7; ++window) noise.add(window % 2 == 0 ? 50.0 : -50.0);
  CHECK(noise.estimate(7.0, 1.0) == 0.02);
  noise.add(-50.0);
  CHECK(noise.estimate(8.0, 1.0) > 0.02);
}

TEST_CASE("overdispersion: is the formula of its estimate", "[stats][overdispersion]") {
  // Steps of 1, -2, 0 and 3: half their squares are 7 in all, times 5 / 4; 4 is explained.
  overdispersion noise{{.expected = 0.1, .windows = 2}};
  for (const double contrast : {1.0, 2.0, 0.0, 0.0, 3.0}) noise.add(contrast);
  const double alone = (7.0 * 5.0 / 4.0 - 4.0) / 50.0;
  CHECK_THAT(noise.estimate(4.0, 50.0), WithinRel((5.0 * alone + 2.0 * 0.1) / 7.0, 1e-14));
  CHECK(noise.windows() == 5);
}

TEST_CASE("overdispersion: finds what there is", "[stats][overdispersion][calibration]") {
  // Each contrast has variance 1 of its own and 100 times 0.03 between the windows.
  std::mt19937_64 random{20260502};
  std::normal_distribution<double> contrast{5.0, 2.0};
  overdispersion noise;
  for (int window = 0; window < 5000; ++window) noise.add(contrast(random));
  // The variance of 4 has a standard error of 4 * sqrt(3 / 5000) = 0.098, for steps that overlap.
  CHECK_THAT(noise.estimate(5000.0, 5000.0 * 100.0), WithinAbs(0.03, 0.004));
}

TEST_CASE("overdispersion: does not take a level that shifts for noise",
          "[stats][overdispersion]") {
  overdispersion noise{{.expected = 0.0, .windows = 2}};
  for (int window = 0; window < 1000; ++window) noise.add(window < 500 ? 0.0 : 10.0);
  // One step of 10 in 1000 windows: half its square is 50. As noise of the level, it would be
  // 25000.
  const double alone = 50.0 * 1000.0 / 999.0 / 1000.0;
  CHECK_THAT(noise.estimate(0.0, 1000.0), WithinRel(alone * 1000.0 / 1002.0, 1e-12));
}

TEST_CASE("overdispersion: is never below 0, nor infinite where nothing could vary",
          "[stats][overdispersion]") {
  overdispersion noise{{.expected = 0.0, .windows = 2}};
  for (int window = 0; window < 100; ++window) noise.add(window % 2);
  CHECK(noise.estimate(1e6, 100.0) == 0.0);
  CHECK(noise.estimate(0.0, 0.0) == 0.0);
}

TEST_CASE("overdispersion: an expectation that is none is an error",
          "[stats][overdispersion][errors]") {
  CHECK_THROWS_WITH(overdispersion({.expected = -0.1}),
                    "overdispersion: expected must be finite and not below 0, got -0.100000");
  CHECK_THROWS_WITH(overdispersion({.expected = std::numeric_limits<double>::infinity()}),
                    "overdispersion: expected must be finite and not below 0, got inf");
  CHECK_THROWS_AS(overdispersion({.expected = std::nan("")}), std::invalid_argument);
}
