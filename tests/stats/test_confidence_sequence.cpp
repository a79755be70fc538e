// What confidence_sequence promises: the differences that are not rejected, at all looks together,
// and an error for what has no interval.

#include <hotswap/stats/confidence_sequence.hpp>
#include <hotswap/stats/mixture_tuning.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::confidence_sequence;
using hotswap::stats::moments;
using hotswap::stats::two_sided_normal_mixture;
using hotswap::stats::two_sided_rho;
using hotswap::stats::weighted_sum;

TEST_CASE("confidence_sequence: the ends are the differences that are just rejected",
          "[stats][confidence_sequence]") {
  const two_sided_normal_mixture mixture{4.0};
  const weighted_sum seen{.sum = 12.0, .variance = 30.0, .weight = 90.0};
  const auto ends = confidence_sequence(seen, mixture, 0.99);

  for (const double difference : {ends.lower, ends.upper}) {
    CHECK_THAT(mixture.log_e(seen.sum - difference * seen.weight, seen.variance),
               WithinAbs(std::log(100.0), 1e-12));
  }
  CHECK_THAT(0.5 * (ends.lower + ends.upper), WithinRel(12.0 / 90.0, 1e-12));
}

TEST_CASE("confidence_sequence: of a mean it is that of its sum, in any unit",
          "[stats][confidence_sequence]") {
  const auto seen = moments::from_summary(400, 3.0, 0.25);
  const auto [lower, upper] =
      confidence_sequence(seen, {.confidence = 0.9, .optimal_count = 1000.0});

  const two_sided_normal_mixture mixture{two_sided_rho(1000.0 * 0.25, 0.1)};
  const auto same =
      confidence_sequence({.sum = 1200.0, .variance = 100.0, .weight = 400.0}, mixture, 0.9);
  CHECK_THAT(lower, WithinRel(same.lower, 1e-13));
  CHECK_THAT(upper, WithinRel(same.upper, 1e-13));

  const auto in_milliseconds = confidence_sequence(moments::from_summary(400, 3e3, 0.25e6),
                                                   {.confidence = 0.9, .optimal_count = 1000.0});
  CHECK_THAT(in_milliseconds.lower, WithinRel(1e3 * lower, 1e-13));
}

TEST_CASE("confidence_sequence: narrows to the mean, up to counts of 1e15",
          "[stats][confidence_sequence]") {
  double width = std::numeric_limits<double>::infinity();
  for (std::uint64_t count = 10; count <= 1'000'000'000'000'000; count *= 10) {
    CAPTURE(count);
    const auto [lower, upper] = confidence_sequence(moments::from_summary(count, 0.5, 1.0));
    CHECK(lower < 0.5);
    CHECK(upper > 0.5);
    CHECK(upper - lower < width);
    width = upper - lower;
  }
  CHECK(width < 1e-6);
}

TEST_CASE("confidence_sequence: all looks together miss the mean at most as often as advertised",
          "[stats][confidence_sequence][calibration]") {
  constexpr int rounds = 1000;
  std::mt19937_64 random{20260303};
  std::exponential_distribution<double> latency{1.0};
  int missed = 0;
  for (int round = 0; round < rounds; ++round) {
    moments seen;
    bool outside = false;
    for (int i = 1; i <= 500; ++i) {
      seen.add(latency(random));
      if (i < 50 || i % 5 != 0) continue;  // asymptotic: from some values on
      const auto [lower, upper] = confidence_sequence(seen, {.optimal_count = 300.0});
      outside = outside || lower > 1.0 || upper < 1.0;
    }
    missed += outside ? 1 : 0;
  }
  CHECK(missed <= 86);  // more than 86 of 1000 at probability 0.05 are rarer than 1e-6
  CHECK(missed >= 5);
}

TEST_CASE("confidence_sequence: what has no interval is an error that says why",
          "[stats][confidence_sequence][errors]") {
  const two_sided_normal_mixture mixture{4.0};
  const moments seen{1.0, 2.0, 4.0};

  CHECK_THROWS_WITH(confidence_sequence({1.0, 1.0, 1.0}, mixture, 95.0),
                    "confidence_sequence: confidence must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_WITH(confidence_sequence({HUGE_VAL, 1.0, 1.0}, mixture),
                    "confidence_sequence: sum must be finite, got inf");
  CHECK_THROWS_WITH(confidence_sequence({1.0, -1.0, 1.0}, mixture),
                    "confidence_sequence: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(confidence_sequence({1.0, 1.0, 0.0}, mixture),
                    "confidence_sequence: weight must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(confidence_sequence(seen, {.confidence = 1.0}),
                    "confidence_sequence: confidence must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(confidence_sequence(seen, {.optimal_count = 0.0}),
                    "confidence_sequence: optimal_count must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(confidence_sequence(moments{1.0}),
                    "confidence_sequence: there must be at least 2 values, got 1");
  CHECK_THROWS_WITH(confidence_sequence(moments{1.0, HUGE_VAL}),
                    "confidence_sequence: the values must be finite, got one that is not");
  CHECK_THROWS_WITH(confidence_sequence(moments{2.0, 2.0}),
                    "confidence_sequence: the values must vary, got constant ones");
}
