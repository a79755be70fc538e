// What clopper_pearson promises: R's numbers at any number of trials, ends that are just rejected,
// a coverage that never falls short, and an error for a confidence that is none.

#include <hotswap/stats/clopper_pearson.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <boost/math/special_functions/beta.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::clopper_pearson;
using hotswap::stats::interval;
using hotswap::stats::proportion;

namespace {

interval interval_of(const nlohmann::json& input) {
  return clopper_pearson({input.at("successes"), input.at("trials")},
                         {.confidence = input.at("confidence")});
}

/// P(X >= count); Boost's incomplete beta function, which the code under test does not use.
double upper_tail(std::uint64_t count, std::uint64_t trials, double rate) {
  return boost::math::ibeta(static_cast<double>(count), static_cast<double>(trials - count + 1),
                            rate);
}

/// P(X <= count)
double lower_tail(std::uint64_t count, std::uint64_t trials, double rate) {
  return boost::math::ibetac(static_cast<double>(count + 1), static_cast<double>(trials - count),
                             rate);
}

}  // namespace

TEST_CASE("clopper_pearson: agrees with the oracle to 12 digits",
          "[stats][clopper_pearson][oracle]") {
  for (const auto& row : oracle::every_case("clopper_pearson")) {
    CAPTURE(row.at("name"));
    const auto [lower, upper] = interval_of(row.at("input"));
    CHECK_THAT(lower, oracle::agrees_with(row, "lower"));
    CHECK_THAT(upper, oracle::agrees_with(row, "upper"));
  }
}

TEST_CASE("clopper_pearson: agrees with R", "[stats][clopper_pearson][oracle]") {
  for (const auto& row : oracle::cases("r_one_proportion")) {
    CAPTURE(row.at("name"));
    const auto [lower, upper] = interval_of(row.at("input"));
    CHECK_THAT(lower, oracle::agrees_with(row, "clopper_pearson_lower"));
    CHECK_THAT(upper, oracle::agrees_with(row, "clopper_pearson_upper"));
  }
}

TEST_CASE("clopper_pearson: keeps 12 digits up to 1e15 trials and a confidence of 1 - 1e-12",
          "[stats][clopper_pearson][oracle]") {
  for (const auto& row : oracle::cases("extremes", "clopper_pearson")) {
    CAPTURE(row.at("name"));
    const auto [lower, upper] = interval_of(row.at("input"));
    CHECK_THAT(lower, oracle::agrees_with(row, "lower"));
    CHECK_THAT(upper, oracle::agrees_with(row, "upper"));
  }
}

TEST_CASE("clopper_pearson: the ends are the rates that are just rejected",
          "[stats][clopper_pearson]") {
  std::mt19937_64 random{20260107};
  std::uniform_real_distribution<double> magnitude{0.0, 3.0};
  std::uniform_real_distribution<double> part{0.0, 1.0};

  for (int i = 0; i < 2000; ++i) {
    const auto trials = static_cast<std::uint64_t>(std::pow(10.0, magnitude(random)));
    const auto successes = static_cast<std::uint64_t>(static_cast<double>(trials) * part(random));
    const double confidence = part(random);
    CAPTURE(successes, trials, confidence);
    const auto [lower, upper] = clopper_pearson({successes, trials}, {.confidence = confidence});
    const double tail = (1.0 - confidence) / 2.0;

    // An ulp of a rate near 1 changes the tail by up to some `trials` ulps, 1000 * 1.1e-16.
    if (successes > 0) CHECK_THAT(upper_tail(successes, trials, lower), WithinRel(tail, 1e-12));
    if (successes < trials) {
      CHECK_THAT(lower_tail(successes, trials, upper), WithinRel(tail, 1e-12));
    }
  }
}

TEST_CASE("clopper_pearson: failures instead of successes mirror the interval",
          "[stats][clopper_pearson]") {
  for (std::uint64_t successes = 0; successes <= 30; ++successes) {
    CAPTURE(successes);
    const auto seen = clopper_pearson({successes, 30});
    const auto mirrored = clopper_pearson({30 - successes, 30});
    CHECK_THAT(mirrored.lower, Catch::Matchers::WithinAbs(1.0 - seen.upper, 1e-15));
    CHECK_THAT(mirrored.upper, Catch::Matchers::WithinAbs(1.0 - seen.lower, 1e-15));
  }
}

TEST_CASE("clopper_pearson: none and all have the bounds that can be written down",
          "[stats][clopper_pearson]") {
  for (const std::uint64_t trials : {1U, 7U, 20U, 5000U}) {
    CAPTURE(trials);
    const double root = std::exp(std::log(0.025) / static_cast<double>(trials));
    CHECK(clopper_pearson({0, trials}).lower == 0.0);
    CHECK_THAT(clopper_pearson({0, trials}).upper, WithinRel(1.0 - root, 1e-12));
    CHECK_THAT(clopper_pearson({trials, trials}).lower, WithinRel(root, 1e-14));
    CHECK(clopper_pearson({trials, trials}).upper == 1.0);
  }
}

TEST_CASE("clopper_pearson: without trials, any rate is possible", "[stats][clopper_pearson]") {
  CHECK(clopper_pearson({0, 0}) == interval{.lower = 0.0, .upper = 1.0});
}

TEST_CASE("clopper_pearson: contains the rate seen, and widens with the confidence",
          "[stats][clopper_pearson]") {
  for (const auto& seen : {proportion{0, 5}, proportion{3, 20}, proportion{400, 100'000},
                           proportion{1'500'000, 4'000'000}, proportion{50, 50}}) {
    CAPTURE(seen.successes(), seen.trials());
    interval inner{.lower = seen.rate(), .upper = seen.rate()};
    for (const double confidence : {1e-9, 0.5, 0.9, 0.99, 0.999, 0.999999, 1.0 - 1e-15}) {
      CAPTURE(confidence);
      const auto outer = clopper_pearson(seen, {.confidence = confidence});
      CHECK(outer.lower <= inner.lower);
      CHECK(outer.upper >= inner.upper);
      inner = outer;
    }
  }
}

TEST_CASE("clopper_pearson: more successes move both ends up, from sums to the approximation, too",
          "[stats][clopper_pearson]") {
  // From a million successes on, another formula takes over.
  interval previous = clopper_pearson({999'995, 4'000'000});
  for (std::uint64_t successes = 999'996; successes <= 1'000'006; ++successes) {
    CAPTURE(successes);
    const auto next = clopper_pearson({successes, 4'000'000});
    // One success is 2.5e-7; the bounds move as much, to three digits.
    CHECK_THAT(next.lower - previous.lower, WithinRel(2.5e-7, 1e-3));
    CHECK_THAT(next.upper - previous.upper, WithinRel(2.5e-7, 1e-3));
    previous = next;
  }
}

TEST_CASE("clopper_pearson: has an answer for as many trials as can be counted",
          "[stats][clopper_pearson]") {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

  for (const std::uint64_t successes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000'000}, most / 2, most - 1'000'000,
        most - 1, most}) {
    CAPTURE(successes);
    const auto [lower, upper] = clopper_pearson({successes, most}, {.confidence = 0.999});
    const double rate = proportion{successes, most}.rate();
    CHECK(lower >= 0.0);
    CHECK(lower <= rate);
    CHECK(upper >= rate);
    CHECK(upper <= 1.0);
    CHECK(upper - lower < 1e-8);
  }
}

TEST_CASE("clopper_pearson: covers every rate at least as often as the confidence says",
          "[stats][clopper_pearson][calibration]") {
  // Nothing is drawn: the probability of each outcome is known.
  for (const std::uint64_t trials : {1U, 2U, 5U, 20U, 100U}) {
    for (const double confidence : {0.5, 0.95, 0.999}) {
      std::vector<interval> intervals;
      for (std::uint64_t successes = 0; successes <= trials; ++successes) {
        intervals.push_back(clopper_pearson({successes, trials}, {.confidence = confidence}));
      }
      const double tail = (1.0 - confidence) / 2.0;
      for (int percent = 1; percent < 100; ++percent) {
        CAPTURE(trials, confidence, percent);
        const double rate = percent / 100.0;
        double too_high = 0.0;  // the probability that the lower end lies above the rate
        double too_low = 0.0;
        for (std::uint64_t successes = 0; successes <= trials; ++successes) {
          const double probability =
              (successes < trials ? lower_tail(successes, trials, rate) : 1.0) -
              (successes > 0 ? lower_tail(successes - 1, trials, rate) : 0.0);
          if (intervals[successes].lower > rate) too_high += probability;
          if (intervals[successes].upper < rate) too_low += probability;
        }
        CHECK(too_high <= tail + 1e-14);
        CHECK(too_low <= tail + 1e-14);
      }
    }
  }
}

TEST_CASE("clopper_pearson: a confidence that is none is an error",
          "[stats][clopper_pearson][errors]") {
  for (const double confidence : {0.0, 1.0, -0.5, 95.0, std::nan("")}) {
    CAPTURE(confidence);
    CHECK_THROWS_AS(clopper_pearson({3, 20}, {.confidence = confidence}), std::invalid_argument);
  }
  CHECK_THROWS_WITH(clopper_pearson({3, 20}, {.confidence = 95.0}),
                    "clopper_pearson: confidence must lie between 0 and 1, got 95.000000");
}
