// What the distances of histograms promise: the oracle's numbers, however little differs, and a
// noise floor that is true.

#include <hotswap/stats/jensen_shannon_distance.hpp>
#include <hotswap/stats/kullback_leibler_divergence.hpp>
#include <hotswap/stats/population_stability_index.hpp>
#include <hotswap/stats/total_variation_distance.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::hellinger_distance;
using hotswap::stats::jensen_shannon_distance;
using hotswap::stats::kullback_leibler_divergence;
using hotswap::stats::population_stability_index;
using hotswap::stats::total_variation_distance;

namespace {

using counts = std::vector<std::uint64_t>;

counts drawn(std::mt19937_64& random, int values, const std::vector<double>& weights) {
  std::discrete_distribution<std::size_t> bin{weights.begin(), weights.end()};
  counts seen(weights.size());
  for (int i = 0; i < values; ++i) ++seen[bin(random)];
  return seen;
}

}  // namespace

TEST_CASE("divergences: agree with the oracle to 12 digits", "[stats][divergences][oracle]") {
  for (const auto& row : oracle::every_case("divergences")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto reference = input.at("reference").get<counts>();
    const auto current = input.at("current").get<counts>();
    const auto expected = [&](const char* field) { return oracle::agrees_with(row, field); };

    const auto floored =
        population_stability_index(reference, current, {.floor = input.at("floor")});
    const auto pseudo = population_stability_index(
        reference, current, {.floor = 0.0, .pseudo_count = input.at("pseudo_count")});
    CHECK_THAT(floored.score, expected("psi_floor"));
    CHECK_THAT(pseudo.score, expected("psi_pseudo"));
    CHECK_THAT(kullback_leibler_divergence(reference, current), expected("kl_current_reference"));
    CHECK_THAT(kullback_leibler_divergence(current, reference), expected("kl_reference_current"));
    const double distance = jensen_shannon_distance(reference, current);
    CHECK_THAT(distance, expected("jensen_shannon_distance"));
    CHECK_THAT(distance * distance, expected("jensen_shannon_divergence"));
    CHECK_THAT(jensen_shannon_distance(reference, current, {.base = 2.0}),
               expected("jensen_shannon_distance_base2"));
    CHECK_THAT(total_variation_distance(reference, current), expected("total_variation"));
    CHECK_THAT(hellinger_distance(reference, current), expected("hellinger"));
  }
}

TEST_CASE("divergences: equal shares have no distance, however many values there are",
          "[stats][divergences]") {
  const counts small{1, 2, 3, 0};
  const counts large{1'000'000'000'000'000, 2'000'000'000'000'000, 3'000'000'000'000'000, 0};

  CHECK(population_stability_index(small, large).score == 0.0);
  CHECK(kullback_leibler_divergence(small, large) == 0.0);
  CHECK(jensen_shannon_distance(small, large) == 0.0);
  CHECK(total_variation_distance(small, large) == 0.0);
  CHECK(hellinger_distance(small, large) == 0.0);
}

TEST_CASE("divergences: a change in the ninth digit is measured, not lost to rounding",
          "[stats][divergences]") {
  // shares 1/2 +- d with d = 1e-9: PSI = 2 d atanh(2 d) -> 4 d^2, KL -> 2 d^2, JS -> d^2 / 2,
  // Hellinger^2 -> d^2 / 2, each but for terms of d^4
  const counts even{500'000'000, 500'000'000};
  const counts tilted{500'000'001, 499'999'999};
  const double square = 1e-18;

  CHECK_THAT(population_stability_index(even, tilted).score, WithinRel(4.0 * square, 1e-12));
  CHECK_THAT(kullback_leibler_divergence(even, tilted), WithinRel(2.0 * square, 1e-12));
  CHECK_THAT(jensen_shannon_distance(even, tilted), WithinRel(std::sqrt(0.5 * square), 1e-12));
  CHECK_THAT(hellinger_distance(even, tilted), WithinRel(std::sqrt(0.5 * square), 1e-12));
  CHECK_THAT(total_variation_distance(even, tilted), WithinRel(1e-9, 1e-12));
}

TEST_CASE("divergences: all but Kullback-Leibler's are symmetric", "[stats][divergences]") {
  const counts a{40, 30, 20, 10};
  const counts b{25, 25, 45, 5};

  CHECK_THAT(population_stability_index(b, a).score,
             WithinRel(population_stability_index(a, b).score, 1e-14));
  CHECK_THAT(jensen_shannon_distance(b, a), WithinRel(jensen_shannon_distance(a, b), 1e-14));
  CHECK_THAT(total_variation_distance(b, a), WithinRel(total_variation_distance(a, b), 1e-14));
  CHECK_THAT(hellinger_distance(b, a), WithinRel(hellinger_distance(a, b), 1e-14));
  CHECK(std::abs(kullback_leibler_divergence(b, a) - kullback_leibler_divergence(a, b)) > 1e-3);
}

TEST_CASE("divergences: samples without a bin in common are as far apart as can be",
          "[stats][divergences]") {
  const counts a{5, 0};
  const counts b{0, 70};

  CHECK_THAT(jensen_shannon_distance(a, b), WithinRel(std::sqrt(std::numbers::ln2), 1e-15));
  CHECK_THAT(jensen_shannon_distance(a, b, {.base = 2.0}), WithinRel(1.0, 1e-15));
  CHECK(total_variation_distance(a, b) == 1.0);
  CHECK(hellinger_distance(a, b) == 1.0);
  CHECK(kullback_leibler_divergence(a, b) == HUGE_VAL);
}

TEST_CASE(
    "jensen_shannon_distance, total_variation_distance, hellinger_distance: no detour is shorter",
    "[stats][divergences]") {
  std::mt19937_64 random{20260101};
  for (int i = 0; i < 200; ++i) {
    const auto a = drawn(random, 50, {1, 2, 3, 4});
    const auto b = drawn(random, 60, {2, 2, 2, 2});
    const auto c = drawn(random, 70, {4, 3, 2, 1});
    CHECK(jensen_shannon_distance(a, c) <=
          jensen_shannon_distance(a, b) + jensen_shannon_distance(b, c) + 1e-15);
    CHECK(total_variation_distance(a, c) <=
          total_variation_distance(a, b) + total_variation_distance(b, c) + 1e-15);
    CHECK(hellinger_distance(a, c) <= hellinger_distance(a, b) + hellinger_distance(b, c) + 1e-15);
  }
}

TEST_CASE("population_stability_index: is the sum of what each bin contributes",
          "[stats][divergences]") {
  const auto drift = population_stability_index(counts{50, 30, 20, 0}, counts{20, 30, 40, 10});

  REQUIRE(drift.contributions.size() == 4);
  CHECK(drift.contributions[1] == 0.0);
  CHECK(*std::max_element(drift.contributions.begin(), drift.contributions.end()) ==
        drift.contributions[3]);  // 0.1 against the floor
  double sum = 0.0;
  for (const double each : drift.contributions) sum += each;
  CHECK_THAT(drift.score, WithinRel(sum, 1e-15));
}

TEST_CASE("population_stability_index: without drift, the score is at its noise floor on average",
          "[stats][divergences][calibration]") {
  constexpr int rounds = 3000;
  std::mt19937_64 random{20260101};
  const std::vector<double> deciles(10, 1.0);
  double mean = 0.0;
  double floor = 0.0;
  int alarms = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto drift =
        population_stability_index(drawn(random, 2000, deciles), drawn(random, 1000, deciles));
    mean += drift.score / rounds;
    floor = drift.noise_floor;
    if (drift.score > 0.1) ++alarms;
  }

  // 9 (1/2000 + 1/1000); five standard errors, 0.0015 sqrt(18 / 3000) = 0.00012, and 2 % for the
  // law being one of large samples
  CHECK_THAT(floor, WithinRel(0.0135, 1e-14));
  CHECK_THAT(mean, WithinAbs(0.0135, 0.0009));
  CHECK(alarms == 0);
}

TEST_CASE("divergences: what has no answer is an error that says why",
          "[stats][divergences][errors]") {
  const counts two{1, 2};
  const counts three{1, 2, 3};
  const counts none{0, 0};

  CHECK_THROWS_WITH(
      population_stability_index(two, three),
      "population_stability_index: reference and current must have the same bins, got "
      "2 and 3");
  CHECK_THROWS_WITH(
      kullback_leibler_divergence({}, {}),
      "kullback_leibler_divergence: reference and current must have the same bins, got "
      "0 and 0");
  CHECK_THROWS_WITH(
      jensen_shannon_distance(none, two),
      "jensen_shannon_distance: each sample must have a value, got none in reference");
  CHECK_THROWS_WITH(hellinger_distance(two, none),
                    "hellinger_distance: each sample must have a value, got none in current");
  CHECK_THROWS_WITH(total_variation_distance(two, none),
                    "total_variation_distance: each sample must have a value, got none in current");
  CHECK_THROWS_AS(total_variation_distance(two, three), std::invalid_argument);
  CHECK_THROWS_AS(total_variation_distance(two, none), std::domain_error);
  CHECK_THROWS_WITH(population_stability_index(two, two, {.floor = 1.0}),
                    "population_stability_index: floor must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_AS(population_stability_index(two, two, {.floor = std::nan("")}),
                  std::invalid_argument);
  CHECK_THROWS_WITH(population_stability_index(two, two, {.pseudo_count = -1.0}),
                    "population_stability_index: pseudo_count must be finite and not below 0, got "
                    "-1.000000");
  CHECK_THROWS_WITH(population_stability_index(two, counts{0, 3}, {.floor = 0.0}),
                    "population_stability_index: floor or pseudo_count must be above 0 where a bin "
                    "is empty, got 0");
  CHECK_THROWS_AS(population_stability_index(two, counts{0, 3}, {.floor = 0.0}), std::domain_error);
  CHECK_THROWS_WITH(jensen_shannon_distance(two, two, {.base = 1.0}),
                    "jensen_shannon_distance: base must be finite and above 1, got 1.000000");
}
