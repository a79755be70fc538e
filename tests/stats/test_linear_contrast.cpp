// What linear_contrast promises: exchanged arms ask the same question, and a margin that answers
// itself is an error.

#include <hotswap/stats/linear_contrast.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

using Catch::Matchers::WithinRel;
using hotswap::stats::exchanged;
using hotswap::stats::linear_contrast;
using hotswap::stats::require_contrast;
using hotswap::stats::require_rate_contrast;

TEST_CASE("linear_contrast: exchanged, it is above 0 where it was below",
          "[stats][linear_contrast]") {
  const auto value = [](const linear_contrast& of, double baseline, double candidate) {
    return candidate - of.slope * baseline - of.offset;
  };
  for (const auto& contrast : {linear_contrast{}, linear_contrast{1.0, 0.01},
                               linear_contrast{0.95, 0.05}, linear_contrast{1.5, -0.2}}) {
    CAPTURE(contrast.slope, contrast.offset);
    const linear_contrast back = exchanged(contrast);
    for (const double baseline : {0.1, 0.5, 0.9}) {
      for (const double candidate : {0.05, 0.3, 0.93}) {
        CHECK_THAT(value(back, candidate, baseline) * contrast.slope,
                   WithinRel(-value(contrast, baseline, candidate), 1e-12));
      }
    }
    CHECK_THAT(exchanged(back).slope, WithinRel(contrast.slope, 1e-15));
  }
}

TEST_CASE("linear_contrast: a margin of rates that answers itself is an error",
          "[stats][linear_contrast][errors]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();

  CHECK_NOTHROW(require_contrast({.slope = 1e-3, .offset = -5.0}, "welcome"));
  CHECK_THROWS_WITH(require_contrast({.slope = 0.0}, "f"),
                    "f: slope must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(require_contrast({.slope = -1.0}, "f"),
                    "f: slope must be above 0 and finite, got -1.000000");
  CHECK_THROWS_WITH(require_contrast({.slope = infinity}, "f"),
                    "f: slope must be above 0 and finite, got inf");
  CHECK_THROWS_WITH(require_contrast({.offset = -infinity}, "f"),
                    "f: offset must be finite, got -inf");
  CHECK_THROWS_AS(require_contrast({.slope = std::nan("")}, "f"), std::invalid_argument);
  CHECK_THROWS_AS(require_contrast({.offset = std::nan("")}, "f"), std::invalid_argument);

  CHECK_NOTHROW(require_rate_contrast({.slope = 0.5, .offset = -0.499}, "f"));
  CHECK_NOTHROW(require_rate_contrast({.offset = 0.999}, "f"));
  CHECK_THROWS_WITH(
      require_rate_contrast({.offset = 1.0}, "f"),
      "f: offset must lie between -slope and 1, got 1.000000 and a slope of 1.000000");
  CHECK_THROWS_WITH(
      require_rate_contrast({.slope = 0.5, .offset = -0.5}, "f"),
      "f: offset must lie between -slope and 1, got -0.500000 and a slope of 0.500000");
  CHECK_THROWS_WITH(require_rate_contrast({.slope = 0.0}, "f"),
                    "f: slope must be above 0 and finite, got 0.000000");
}
