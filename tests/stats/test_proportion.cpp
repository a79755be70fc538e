// What proportion promises: counts that cannot contradict each other, and no rate out of nothing.

#include <hotswap/stats/proportion.hpp>

#include "support/catch.hpp"

#include <cstdint>
#include <limits>

using hotswap::stats::proportion;

static_assert(proportion{95, 100}.rate() == 0.95, "proportion is for constant expressions, too");

TEST_CASE("proportion: gives back what was counted, and its rate", "[stats][proportion]") {
  const proportion accuracy{95, 100};

  CHECK(accuracy.successes() == 95);
  CHECK(accuracy.trials() == 100);
  CHECK(accuracy.rate() == 0.95);
  CHECK(proportion{0, 7}.rate() == 0.0);
  CHECK(proportion{7, 7}.rate() == 1.0);
  CHECK(proportion{std::numeric_limits<std::uint64_t>::max(),
                   std::numeric_limits<std::uint64_t>::max()}
            .rate() == 1.0);
}

TEST_CASE("proportion: a sum counts the trials of both, and nothing is 0 of 0",
          "[stats][proportion]") {
  proportion sum;
  CHECK(sum == proportion{0, 0});

  sum += {3, 10};
  sum += {7, 12};
  CHECK(sum == proportion{10, 22});

  sum += proportion{};
  CHECK(sum == proportion{10, 22});
  sum += sum;
  CHECK(sum == proportion{20, 44});
}

TEST_CASE("proportion: equal rates of other counts are not equal", "[stats][proportion]") {
  CHECK_FALSE(proportion{1, 2} == proportion{2, 4});
  CHECK_FALSE(proportion{1, 2} == proportion{1, 3});
}

TEST_CASE("proportion: more successes than trials, or a rate of no trials, is an error",
          "[stats][proportion][errors]") {
  CHECK_THROWS_AS((proportion{5, 4}), std::invalid_argument);
  CHECK_THROWS_WITH((proportion{5, 4}), "proportion: successes must be at most trials, got 5 of 4");
  CHECK_THROWS_AS(proportion{}.rate(), std::domain_error);
  CHECK_THROWS_WITH(proportion{}.rate(), "proportion: a rate must be of at least 1 trial, got 0");
}
