// What wasserstein_distance promises: the oracle's numbers, and that it is a distance in the unit
// of the values.

#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/wasserstein_distance.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::counted_values;
using hotswap::stats::wasserstein_distance;

namespace {

using values = std::vector<double>;

}  // namespace

TEST_CASE("wasserstein_distance: agrees with the oracle to 12 digits, from values and from counts",
          "[stats][wasserstein_distance][oracle]") {
  for (const auto& row : oracle::every_case("wasserstein_1")) {
    CAPTURE(row.at("name"));
    const samples::sample a{row.at("input").at("a")};
    const samples::sample b{row.at("input").at("b")};
    CHECK_THAT(wasserstein_distance(a.expanded(), b.expanded()),
               oracle::agrees_with(row, "distance"));
    CHECK_THAT(wasserstein_distance(a.counted(), b.counted()),
               oracle::agrees_with(row, "distance"));
  }
}

TEST_CASE("wasserstein_distance: a sample that was moved lies as far away as it was moved",
          "[stats][wasserstein_distance]") {
  std::mt19937_64 random{20260101};
  const auto sample = samples::normal(random, 500);
  auto moved = sample;
  for (double& value : moved) value += 0.25;

  CHECK_THAT(wasserstein_distance(sample, moved), WithinRel(0.25, 1e-13));
  CHECK(wasserstein_distance(sample, sample) == 0.0);
}

TEST_CASE("wasserstein_distance: is symmetric, scales with the unit, and no detour is shorter",
          "[stats][wasserstein_distance]") {
  std::mt19937_64 random{7};
  const auto a = samples::normal(random, 40);
  const auto b = samples::normal(random, 70, 1.0, 2.0);
  const auto c = samples::normal(random, 30, -1.0, 0.5);
  auto doubled_a = a;
  auto doubled_b = b;
  for (double& value : doubled_a) value *= 2.0;
  for (double& value : doubled_b) value *= 2.0;

  const double distance = wasserstein_distance(a, b);
  CHECK_THAT(wasserstein_distance(b, a), WithinRel(distance, 1e-14));
  CHECK_THAT(wasserstein_distance(doubled_a, doubled_b), WithinRel(2.0 * distance, 1e-14));
  CHECK(wasserstein_distance(a, c) <= distance + wasserstein_distance(b, c) + 1e-14);
}

TEST_CASE("wasserstein_distance: of normal samples it nears that of their laws",
          "[stats][wasserstein_distance][calibration]") {
  // N(0, 1) and N(0, 2^2) are E|Z| = sqrt(2 / pi) apart; the deviation of an estimate from 40 000
  // values each is about sqrt((1 + 4) / 40 000) = 0.011
  std::mt19937_64 random{20260101};
  const auto narrow = samples::normal(random, 40'000);
  const auto wide = samples::normal(random, 40'000, 0.0, 2.0);

  CHECK_THAT(wasserstein_distance(narrow, wide), WithinAbs(0.7979, 0.05));
}

TEST_CASE("wasserstein_distance: counts of 1e15 neither overflow nor lose the distance",
          "[stats][wasserstein_distance]") {
  const values at{1.0, 2.0};
  const std::vector<std::uint64_t> a{1'000'000'000'000'000, 1'000'000'000'000'000};
  const std::vector<std::uint64_t> b{1'000'000'000'000'001, 999'999'999'999'999};

  CHECK_THAT(wasserstein_distance(counted_values{at, a}, counted_values{at, b}),
             WithinRel(5e-16, 1e-12));
}

TEST_CASE("wasserstein_distance: without values, or with one that is not finite, there is none",
          "[stats][wasserstein_distance][errors]") {
  const values one{1.0};
  CHECK_THROWS_WITH(wasserstein_distance(values{}, one),
                    "wasserstein_distance: baseline must have at least 1 value, got 0");
  CHECK_THROWS_WITH(wasserstein_distance(one, values{}),
                    "wasserstein_distance: candidate must have at least 1 value, got 0");
  CHECK_THROWS_WITH(wasserstein_distance(one, values{2.0, std::nan("")}),
                    "wasserstein_distance: candidate must have no NaN, got one at index 1");
  CHECK_THROWS_WITH(wasserstein_distance(one, values{2.0, HUGE_VAL}),
                    "wasserstein_distance: values must be finite, got inf");
  CHECK_THROWS_AS(wasserstein_distance(one, values{2.0, HUGE_VAL}), std::domain_error);
  CHECK_THROWS_AS(wasserstein_distance(one, values{std::nan("")}), std::domain_error);
  const std::vector<std::uint64_t> counts{1, 2};
  const std::vector<std::uint64_t> zero{0};
  CHECK_THROWS_WITH(wasserstein_distance(counted_values{one, counts}, counted_values{one, counts}),
                    "wasserstein_distance: baseline must have a count per value, got 2 for 1");
  CHECK_THROWS_AS(wasserstein_distance(counted_values{one, counts}, counted_values{one, counts}),
                  std::invalid_argument);
  CHECK_THROWS_WITH(wasserstein_distance(counted_values{one, zero}, counted_values{one, zero}),
                    "wasserstein_distance: baseline must have at least 1 value, got 0");
}
