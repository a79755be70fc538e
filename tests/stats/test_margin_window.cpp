// What margin_window promises: the oracle's digits, the algebra of a contrast of two arms, and
// counts up to 1e15.

#include <hotswap/stats/margin_window.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>

using Catch::Matchers::WithinRel;
using hotswap::stats::linear_contrast;
using hotswap::stats::margin_increment;
using hotswap::stats::margin_window;
using hotswap::stats::proportion;

TEST_CASE("margin_window: agrees with the oracle to 12 digits, up to counts of 1e15",
          "[stats][margin_window][oracle]") {
  for (const auto& row : oracle::every_case("margin_window")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const margin_increment window =
        margin_window(proportions::from(input.at("a")), proportions::from(input.at("b")),
                      {input.at("slope"), input.at("offset")});
    const auto check = [&](double value, const char* field) {
      if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
    };
    check(window.sum, "sum");
    check(window.variance, "variance");
    check(window.spread, "spread");
  }
}

TEST_CASE("margin_window: a window without trials in an arm says nothing",
          "[stats][margin_window]") {
  CHECK(margin_window({0, 0}, {3, 100}) == margin_increment{});
  CHECK(margin_window({3, 100}, {0, 0}, {.offset = 0.01}) == margin_increment{});
}

TEST_CASE("margin_window: exchanging the arms changes the sign, and not the variance",
          "[stats][margin_window]") {
  const auto forth = margin_window({5, 900}, {3, 100});
  const auto back = margin_window({3, 100}, {5, 900});
  CHECK(back.sum == -forth.sum);
  CHECK(back.variance == forth.variance);
  CHECK(back.spread == forth.spread);
  CHECK_THAT(back.noise, WithinRel(forth.noise, 1e-14));
  CHECK(forth.weight == 90.0);
  CHECK_THAT(back.weight, WithinRel(90.0, 1e-15));
}

TEST_CASE("margin_window: without a margin, it has the moments of the hypergeometric distribution",
          "[stats][margin_window]") {
  // 3 successes among 7 and 5: so many are the candidate's with a known probability.
  const auto choose = [](int n, int k) {
    return std::round(
        std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0)));
  };
  double mean = 0.0;
  double variance = 0.0;
  for (int k = 0; k <= 3; ++k) {
    const double probability = choose(5, k) * choose(7, 3 - k) / choose(12, 3);
    const auto seen =
        margin_window({static_cast<std::uint64_t>(3 - k), 7}, {static_cast<std::uint64_t>(k), 5});
    mean += probability * seen.sum;
    variance += probability * seen.sum * seen.sum;
    CHECK_THAT(seen.variance, WithinRel(margin_window({3, 7}, {0, 5}).variance, 1e-14));
  }
  CHECK(std::abs(mean) < 1e-15);
  CHECK_THAT(margin_window({3, 7}, {0, 5}).variance, WithinRel(variance, 1e-13));
}

TEST_CASE("margin_window: two windows are not one of both counts", "[stats][margin_window]") {
  // The sum of contrasts within windows is what a drift of both arms leaves alone.
  const auto morning = margin_window({5, 900}, {3, 100});
  const auto evening = margin_window({40, 500}, {44, 500});
  const auto pooled = margin_window({45, 1400}, {47, 600});
  CHECK_THAT(morning.sum + evening.sum, WithinRel(4.2, 1e-14));
  CHECK_THAT(pooled.sum, WithinRel(19.4, 1e-14));
}

TEST_CASE("margin_window: arms without a success have a variance, if a margin is allowed",
          "[stats][margin_window]") {
  CHECK(margin_window({0, 900}, {0, 100}).variance == 0.0);
  const auto seen = margin_window({0, 900}, {0, 100}, {.offset = 0.01});
  CHECK_THAT(seen.variance, WithinRel(90.0 * 90.0 * 0.01 * 0.99 / 100.0, 1e-13));
  CHECK(seen.noise == 0.0);
}

TEST_CASE("margin_window: counts of 1e15 neither overflow nor lose a difference of 1",
          "[stats][margin_window]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  for (const auto& contrast : {linear_contrast{}, linear_contrast{.offset = 0.01},
                               linear_contrast{.slope = 0.95, .offset = 0.05}}) {
    CAPTURE(contrast.slope, contrast.offset);
    const auto seen = margin_window({many / 3, many}, {many / 3, many}, contrast);
    const auto one_more = margin_window({many / 3, many}, {many / 3 + 4096, many}, contrast);
    CHECK(std::isfinite(seen.sum));
    CHECK(std::isfinite(seen.spread));
    CHECK(seen.variance > 1e13);
    CHECK_THAT(one_more.sum - seen.sum, WithinRel(2048.0, 1e-3));
  }
  const auto alike = margin_window({many / 3, many}, {many / 3, many});
  CHECK(alike.sum == 0.0);
  CHECK(margin_window({many / 3, many}, {many / 3 + 1, many}).sum == 0.5);
  CHECK(std::isfinite(margin_window({1, 2}, {UINT64_MAX, UINT64_MAX}).variance));
}

TEST_CASE("margin_window: a margin that is none is an error", "[stats][margin_window][errors]") {
  CHECK_THROWS_WITH(margin_window({5, 900}, {3, 100}, {.slope = 0.0}),
                    "margin_window: slope must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(margin_window({5, 900}, {3, 100}, {.offset = HUGE_VAL}),
                    "margin_window: offset must be finite, got inf");
  CHECK_THROWS_WITH(
      margin_window({0, 0}, {0, 0}, {.offset = 1.5}),
      "margin_window: offset must lie between -slope and 1, got 1.500000 and a slope of 1.000000");
}
