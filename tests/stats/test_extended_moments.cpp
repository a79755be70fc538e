// What extended_moments promises: 12 digits of skewness and kurtosis, NIST's data among them, the
// algebra of merging, and an error instead of a NaN.

#include <hotswap/stats/extended_moments.hpp>
#include <hotswap/stats/moments.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::extended_moments;
using hotswap::stats::moments;

namespace {

extended_moments of_case(const nlohmann::json& row) {
  const auto& input = row.at("input");
  if (row.at("formula") == "moments") {
    return extended_moments::of(input.at("x").get<std::vector<double>>());
  }
  extended_moments all;
  if (row.at("formula") == "moments_weighted") {
    const samples::sample sample{input};
    for (std::size_t i = 0; i < sample.values.size(); ++i) {
      all.add(sample.values[i], sample.counts[i]);
    }
    return all;
  }
  REQUIRE(row.at("formula") == "merged_moments");
  for (const auto& part : input.at("parts")) {
    extended_moments::raw_state state;
    state.count = part.at("n");
    if (state.count > 0) {
      state.origin = part.at("mean");
      state.squared_deviations = part.at("m2");
      state.cubed_deviations = part.at("m3");
      state.fourth_deviations = part.at("m4");
    }
    all += extended_moments::from_raw(state);
  }
  return all;
}

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto seen = of_case(row);
  const auto check = [&](auto value, const char* field) {
    if (oracle::promises(row, field)) CHECK_THAT(value(), oracle::agrees_with(row, field));
  };
  check([&] { return static_cast<double>(seen.count()); }, "n");
  check([&] { return seen.mean(); }, "mean");
  check([&] { return seen.variance(); }, "variance");
  check([&] { return std::sqrt(seen.variance()); }, "standard_deviation");
  check([&] { return seen.raw().squared_deviations; }, "m2");
  check([&] { return seen.raw().cubed_deviations; }, "m3");
  check([&] { return seen.raw().fourth_deviations; }, "m4");
  check([&] { return seen.skewness(); }, "skewness_g1");
  check([&] { return seen.adjusted_skewness(); }, "skewness_G1");
  check([&] { return seen.excess_kurtosis(); }, "excess_kurtosis_g2");
  check([&] { return seen.adjusted_excess_kurtosis(); }, "excess_kurtosis_G2");
}

}  // namespace

TEST_CASE("extended_moments: agree with the oracle to 12 digits, NIST's data sets among them",
          "[stats][extended_moments][oracle]") {
  for (const auto* formula : {"moments", "moments_weighted", "merged_moments"}) {
    for (const auto& row : oracle::every_case(formula)) check_agreement(row);
  }
}

TEST_CASE("extended_moments: count, mean and variance are those of moments",
          "[stats][extended_moments]") {
  std::mt19937_64 random{20260101};
  const auto sample = samples::normal(random, 1000, 5.0, 2.0);
  const auto plain = moments::of(sample);
  const auto basic = extended_moments::of(sample).basic();

  CHECK(basic.count() == plain.count());
  CHECK_THAT(basic.mean(), WithinRel(plain.mean(), 1e-15));
  CHECK_THAT(basic.variance(), WithinRel(plain.variance(), 1e-13));
}

TEST_CASE("extended_moments: of parts that are merged they are those of the whole",
          "[stats][extended_moments]") {
  std::mt19937_64 random{7};
  std::lognormal_distribution<double> latency{-3.0, 1.0};
  extended_moments whole;
  extended_moments parts;
  extended_moments part;
  for (int i = 0; i < 3000; ++i) {
    const double value = latency(random);
    whole.add(value);
    part.add(value);
    if (i % 700 == 699) {
      parts += part;
      part = {};
    }
  }
  parts += part;

  CHECK(parts.count() == whole.count());
  CHECK_THAT(parts.mean(), WithinRel(whole.mean(), 1e-14));
  CHECK_THAT(parts.variance(), WithinRel(whole.variance(), 1e-12));
  CHECK_THAT(parts.skewness(), WithinRel(whole.skewness(), 1e-12));
  CHECK_THAT(parts.excess_kurtosis(), WithinRel(whole.excess_kurtosis(), 1e-12));
  CHECK(parts.minimum() == whole.minimum());
  CHECK(parts.maximum() == whole.maximum());
}

TEST_CASE("extended_moments: a shift changes the mean alone, a scale the unit alone",
          "[stats][extended_moments]") {
  const extended_moments plain{0.5, 1.0, 1.5, 4.0, -2.0, 0.25};
  const extended_moments shifted{1e6 + 0.5, 1e6 + 1.0, 1e6 + 1.5, 1e6 + 4.0, 1e6 - 2.0, 1e6 + 0.25};
  const extended_moments mirrored{-1.0, -2.0, -3.0, -8.0, 4.0, -0.5};

  CHECK_THAT(shifted.skewness(), WithinRel(plain.skewness(), 1e-13));
  CHECK_THAT(shifted.excess_kurtosis(), WithinRel(plain.excess_kurtosis(), 1e-13));
  CHECK_THAT(mirrored.skewness(), WithinRel(-plain.skewness(), 1e-13));
  CHECK_THAT(mirrored.excess_kurtosis(), WithinRel(plain.excess_kurtosis(), 1e-13));
}

TEST_CASE("extended_moments: the least and the greatest value are kept",
          "[stats][extended_moments]") {
  const extended_moments seen{3.0, -1.0, 7.5, 2.0};

  CHECK(seen.minimum() == -1.0);
  CHECK(seen.maximum() == 7.5);
}

TEST_CASE("extended_moments: a value added 1e15 times is as good as that many values",
          "[stats][extended_moments]") {
  // 0 and 1, one in four: skewness (1 - 2p)/sqrt(pq), excess kurtosis (1 - 6pq)/(pq)
  extended_moments seen;
  seen.add(0.0, 3'000'000'000'000'000);
  seen.add(1.0, 1'000'000'000'000'000);

  CHECK(seen.count() == 4'000'000'000'000'000);
  CHECK_THAT(seen.mean(), WithinRel(0.25, 1e-15));
  CHECK_THAT(seen.skewness(), WithinRel(0.5 / std::sqrt(0.1875), 1e-14));
  CHECK_THAT(seen.excess_kurtosis(), WithinRel((1.0 - 6.0 * 0.1875) / 0.1875, 1e-13));
}

TEST_CASE("extended_moments: adjusted, they are right on average",
          "[stats][extended_moments][calibration]") {
  // of samples of 20 from a normal distribution: G2 has mean 0 (g2 has -6/21) and a deviation of
  // about 0.99, sqrt(24 * 20 * 19^2 / (17 * 18 * 23 * 25)) [JG]; five standard errors of 20 000
  std::mt19937_64 random{20260101};
  double adjusted = 0.0;
  double plain = 0.0;
  double skewness = 0.0;
  constexpr int rounds = 20'000;
  for (int i = 0; i < rounds; ++i) {
    const auto seen = extended_moments::of(samples::normal(random, 20));
    adjusted += seen.adjusted_excess_kurtosis() / rounds;
    plain += seen.excess_kurtosis() / rounds;
    skewness += seen.adjusted_skewness() / rounds;
  }

  CHECK_THAT(adjusted, WithinAbs(0.0, 0.035));
  CHECK_THAT(plain, WithinAbs(-6.0 / 21.0, 0.03));
  CHECK_THAT(skewness, WithinAbs(0.0, 0.02));
}

TEST_CASE("extended_moments: their state is all there is, and makes equal ones",
          "[stats][extended_moments]") {
  const extended_moments seen{3.0, -1.0, 7.5, 2.0};

  CHECK(extended_moments::from_raw(seen.raw()) == seen);
  CHECK(extended_moments::from_raw({}) == extended_moments{});
}

TEST_CASE("extended_moments: a value that is not finite is never forgotten",
          "[stats][extended_moments]") {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CAPTURE(bad);
    for (const bool first : {true, false}) {
      extended_moments seen;
      if (!first) seen.add(1.0);
      seen.add(bad);
      seen.add(2.0);
      CHECK(seen.count() == (first ? 2 : 3));
      CHECK_FALSE(seen.finite());
    }
  }
  CHECK(extended_moments{1.0, 2.0}.finite());
}

TEST_CASE("extended_moments: what too few values cannot tell is an error that says why",
          "[stats][extended_moments][errors]") {
  const extended_moments none;
  const extended_moments one{1.0};
  const extended_moments constant{2.0, 2.0, 2.0, 2.0};
  const extended_moments three{1.0, 2.0, 4.0};

  CHECK_THROWS_WITH(none.mean(), "extended_moments: a mean must be of at least 1 value, got 0");
  CHECK_THROWS_WITH(none.minimum(),
                    "extended_moments: a minimum must be of at least 1 value, got 0");
  CHECK_THROWS_WITH(none.maximum(),
                    "extended_moments: a maximum must be of at least 1 value, got 0");
  CHECK_THROWS_WITH(one.variance(),
                    "extended_moments: a variance must be of at least 2 values, got 1");
  CHECK_THROWS_WITH(constant.skewness(),
                    "extended_moments: a skewness must be of values that vary, got 4 equal ones");
  CHECK_THROWS_WITH(constant.excess_kurtosis(),
                    "extended_moments: a kurtosis must be of values that vary, got 4 equal ones");
  CHECK_THROWS_WITH(one.adjusted_skewness(),
                    "extended_moments: an adjusted skewness must be of at least 3 values, got 1");
  CHECK_THROWS_WITH(three.adjusted_excess_kurtosis(),
                    "extended_moments: an adjusted kurtosis must be of at least 4 values, got 3");
  CHECK_THROWS_AS(none.skewness(), std::domain_error);

  extended_moments::raw_state negative = three.raw();
  negative.squared_deviations = -1.0;
  CHECK_THROWS_WITH(
      extended_moments::from_raw(negative),
      Catch::Matchers::Matches("extended_moments::from_raw: squared and fourth "
                               "deviations must not be below 0, got -1.000000 and .*"));
  extended_moments::raw_state empty;
  empty.origin = 3.0;
  CHECK_THROWS_WITH(
      extended_moments::from_raw(empty),
      "extended_moments::from_raw: all must be as at first without values, got a mean "
      "of 3.000000");
}
