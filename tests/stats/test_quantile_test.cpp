// What the tests and intervals of quantiles promise.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/chi_square.hpp>
#include <hotswap/stats/fisher_exact.hpp>
#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_interval.hpp>
#include <hotswap/stats/quantile_sketch.hpp>
#include <hotswap/stats/quantile_test.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <boost/math/distributions/binomial.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::chi_square_test;
using hotswap::stats::counted_values;
using hotswap::stats::fisher_exact_test;
using hotswap::stats::quantile_interval;
using hotswap::stats::quantile_ratio_test;
using hotswap::stats::quantile_sketch;
using hotswap::stats::quantile_test;
using hotswap::stats::ranks_around_quantile;

namespace {

using values = std::vector<double>;

quantile_sketch latencies(std::mt19937_64& random, int count, double factor) {
  std::lognormal_distribution<double> latency{-4.0, 0.8};
  quantile_sketch sketch;
  for (int i = 0; i < count; ++i) sketch.add(factor * latency(random));
  return sketch;
}

}  // namespace

TEST_CASE("quantile_interval: its ranks and coverage agree with the oracle",
          "[stats][quantile_interval][oracle]") {
  for (const auto& row : oracle::every_case("quantile_interval")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto ranks =
        ranks_around_quantile(input.at("n"), input.at("q"), {.confidence = input.at("confidence")});
    CHECK(ranks.lower == row.at("expected").at("lower_rank").get<std::uint64_t>());
    CHECK(ranks.upper == row.at("expected").at("upper_rank").get<std::uint64_t>());
    CHECK_THAT(ranks.coverage, oracle::agrees_with(row, "coverage"));
  }
}

TEST_CASE("quantile_interval: has the values of its ranks, or no end",
          "[stats][quantile_interval]") {
  values sample(100);
  for (std::size_t i = 0; i < sample.size(); ++i) sample[i] = 100.0 - static_cast<double>(i);
  const auto median = quantile_interval(sample, 0.5);
  const auto far = quantile_interval(values{1.0, 2.0}, 0.99);

  CHECK(median.lower == 40.0);
  CHECK(median.upper == 61.0);
  CHECK(far.upper == HUGE_VAL);
  CHECK(quantile_interval(values{1.0, 2.0}, 0.01).lower == -HUGE_VAL);
}

TEST_CASE(
    "quantile_interval: its coverage agrees with Boost's binomial distribution, up to 3e6 values",
    "[stats][quantile_interval][oracle]") {
  for (const std::uint64_t count : {1U, 2U, 17U, 1000U, 3'000'000U}) {
    for (const double q : {0.001, 0.2, 0.5, 0.95}) {
      for (const double confidence : {0.5, 0.95, 0.9999}) {
        CAPTURE(count, q, confidence);
        const auto ranks = ranks_around_quantile(count, q, {.confidence = confidence});
        const boost::math::binomial_distribution<long double> below{static_cast<long double>(count),
                                                                    static_cast<long double>(q)};
        const auto at_most = [&](std::uint64_t k) {
          return static_cast<double>(cdf(below, static_cast<long double>(k)));
        };
        const double lower = ranks.lower == 0 ? 0.0 : at_most(ranks.lower - 1);
        CHECK(ranks.coverage >= confidence);
        CHECK_THAT(ranks.coverage, WithinRel(at_most(ranks.upper - 1) - lower, 1e-11));
        CHECK(lower <= (1.0 - confidence) / 2.0);
        if (ranks.lower < count) CHECK(at_most(ranks.lower) > (1.0 - confidence) / 2.0);
      }
    }
  }
}

TEST_CASE("quantile_interval: its coverage has 11 digits with 1e9 values",
          "[stats][quantile_interval]") {
  const auto ranks = ranks_around_quantile(1'000'000'000, 0.2, {.confidence = 0.5});

  CHECK(ranks.lower == 199'991'468);
  CHECK(ranks.upper == 200'008'533);
  // mpmath, 30 digits, term by term; Boost is 1e-11 off
  CHECK_THAT(ranks.coverage, WithinRel(0.500040422319712119, 1e-11));
}

TEST_CASE("quantile_interval: mirrored values have the mirrored interval",
          "[stats][quantile_interval]") {
  std::mt19937_64 random{7};
  auto sample = samples::normal(random, 57);
  const auto plain = quantile_interval(sample, 0.2, {.confidence = 0.9});
  for (double& value : sample) value = -value;
  const auto mirrored = quantile_interval(sample, 0.8, {.confidence = 0.9});

  CHECK(mirrored.lower == -plain.upper);
  CHECK(mirrored.upper == -plain.lower);
}

TEST_CASE("quantile_interval: covers the quantile as often as its coverage says",
          "[stats][quantile_interval][calibration]") {
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260101};
  int covered = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto bounds = quantile_interval(samples::normal(random, 60), 0.9);
    if (bounds.lower <= 1.2815515655446004 && 1.2815515655446004 <= bounds.upper) ++covered;
  }

  const double coverage = ranks_around_quantile(60, 0.9).coverage;
  CHECK(coverage >= 0.95);
  CHECK_THAT(static_cast<double>(covered) / rounds, WithinAbs(coverage, 0.0173));  // 5 errors
}

TEST_CASE("quantile_test: agrees with the oracle to 12 digits", "[stats][quantile_test][oracle]") {
  for (const auto& row : oracle::every_case("quantile_test")) {
    CAPTURE(row.at("name"));
    const samples::sample a{row.at("input").at("a")};
    const samples::sample b{row.at("input").at("b")};
    const double q = row.at("input").at("q");
    const auto check = [&](double value, const std::string& field) {
      if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
    };
    for (const auto& [side, field] :
         {std::pair{alternative::two_sided, "p_two_sided"}, std::pair{alternative::less, "p_less"},
          std::pair{alternative::greater, "p_greater"}}) {
      const auto counted = quantile_test(a.counted(), b.counted(), q, {.alternative = side});
      const auto test = quantile_test(a.expanded(), b.expanded(), q, {.alternative = side});
      CHECK(counted.p_value == test.p_value);
      check(test.threshold, "threshold");
      check(static_cast<double>(test.baseline.successes()), "above_a");
      check(static_cast<double>(test.candidate.successes()), "above_b");
      check(test.p_value, std::string{"fisher_"} + field);
      check(test.log_p_value, std::string{"log_fisher_"} + field);
      const auto pearson = chi_square_test(test.baseline, test.candidate);
      check(pearson.statistic, "pearson_statistic");
      check(pearson.p_value, "pearson_p");
      check(fisher_exact_test(test.baseline, test.candidate).odds_ratio,
            "fisher_sample_odds_ratio");
    }
  }
}

TEST_CASE("quantile_test: only the order of the values matters", "[stats][quantile_test]") {
  std::mt19937_64 random{8};
  auto a = samples::normal(random, 100);
  auto b = samples::normal(random, 80, 0.3);
  const auto before = quantile_test(a, b, 0.8);
  for (double& value : a) value = std::exp(value);
  for (double& value : b) value = std::exp(value);

  CHECK(quantile_test(a, b, 0.8).p_value == before.p_value);
}

TEST_CASE("quantile_ratio_test: finds a p95 above the limit, and one below it",
          "[stats][quantile_test]") {
  std::mt19937_64 random{9};
  const auto baseline = latencies(random, 50'000, 1.0);
  const auto slow = latencies(random, 20'000, 1.8);
  const auto alike = latencies(random, 20'000, 1.05);

  CHECK(quantile_ratio_test(baseline, slow, {.ratio = 1.5}).p_value < 1e-6);
  CHECK(quantile_ratio_test(baseline, alike, {.ratio = 1.5}).p_value > 0.99);
  CHECK(quantile_ratio_test(baseline, alike, {.ratio = 1.5, .alternative = alternative::less})
            .p_value < 1e-6);
  CHECK(quantile_ratio_test(baseline, slow, {.ratio = 1.5, .alternative = alternative::less})
            .p_value > 0.99);
}

TEST_CASE("quantile_ratio_test: the threshold leaves the wanted part of all values above it",
          "[stats][quantile_test]") {
  std::mt19937_64 random{10};
  const auto test = quantile_ratio_test(latencies(random, 50'000, 1.0),
                                        latencies(random, 50'000, 1.0), {.quantile = 0.9});
  const double above =
      static_cast<double>(test.baseline.successes() + test.candidate.successes()) / 1e5;

  CHECK_THAT(above, WithinAbs(0.1, 0.002));  // half a bucket of 2 %
}

TEST_CASE(
    "quantile_ratio_test: a bucket that the threshold cuts is counted against the alternative",
    "[stats][quantile_test]") {
  std::mt19937_64 random{11};
  const auto baseline = latencies(random, 5000, 1.0);
  const auto candidate = latencies(random, 5000, 1.4);
  int cut = 0;
  for (double ratio = 1.1; ratio < 1.9; ratio += 0.1) {
    CAPTURE(ratio);
    const auto more = quantile_ratio_test(baseline, candidate, {.ratio = ratio});
    const auto not_more = quantile_ratio_test(baseline, candidate,
                                              {.ratio = ratio, .alternative = alternative::less});
    const auto above = candidate.counts_from(ratio * more.threshold);
    CHECK(more.candidate.successes() == above.at_least);
    CHECK(not_more.candidate.successes() ==
          candidate.counts_from(ratio * not_more.threshold).at_most);
    CHECK(more.baseline.successes() == baseline.counts_from(more.threshold).at_least);
    if (above.at_least < above.at_most) ++cut;
  }
  CHECK(cut > 4);
}

TEST_CASE("quantile_test, quantile_ratio_test: counts up to 1e15 lose nothing",
          "[stats][quantile_test]") {
  constexpr std::uint64_t values_each = 1'000'000'000'000'000;
  constexpr double q = 1.0 - 12.5e-15;  // 25 of both lie above
  // five or fewer of them are the baseline's: sum of choose(25, 0..5) / 2^25
  constexpr double tail = 68'406.0 / 33'554'432.0;
  const values at{0.001, 0.002};
  const std::vector<std::uint64_t> a{values_each - 5, 5};
  const std::vector<std::uint64_t> b{values_each - 20, 20};
  const auto counted = quantile_test(counted_values{at, a}, counted_values{at, b}, q,
                                     {.alternative = alternative::greater});
  CHECK(counted.candidate == hotswap::stats::proportion{20, values_each});
  CHECK_THAT(counted.p_value, WithinRel(tail, 1e-12));

  const auto binned =
      quantile_ratio_test(quantile_sketch::from_counts(700, a),
                          quantile_sketch::from_counts(700, b), {.quantile = q, .ratio = 1.0});
  CHECK(binned.candidate == hotswap::stats::proportion{20, values_each});
  CHECK_THAT(binned.p_value, WithinRel(tail, 1e-12));
}

TEST_CASE("quantile_ratio_test: at the limit it errs at most as often as advertised, both ways",
          "[stats][quantile_test][calibration]") {
  constexpr int rounds = 1000;
  std::mt19937_64 random{20260101};
  int too_slow = 0;
  int fast_enough = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto baseline = latencies(random, 2000, 1.0);
    const auto candidate = latencies(random, 400, 1.5);
    if (quantile_ratio_test(baseline, candidate, {.ratio = 1.5}).p_value < 0.05) ++too_slow;
    if (quantile_ratio_test(baseline, candidate, {.ratio = 1.5, .alternative = alternative::less})
            .p_value < 0.05) {
      ++fast_enough;
    }
  }

  // five standard errors above 0.05: sqrt(0.05 * 0.95 / 1000) = 0.0069
  CHECK(too_slow <= rounds * 0.0845);
  CHECK(fast_enough <= rounds * 0.0845);
  CHECK(too_slow > 0);  // it can err
}

TEST_CASE("quantile_test, quantile_interval: what has no answer is an error that says why",
          "[stats][quantile_test][quantile_interval][errors]") {
  const values some{1.0, 2.0};
  CHECK_THROWS_WITH(quantile_test(some, some, 1.0),
                    "quantile_test: q must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(quantile_test(some, values{}, 0.5),
                    "quantile_test: candidate must have at least 1 value, got 0");
  CHECK_THROWS_WITH(quantile_interval(some, 0.0),
                    "quantile_interval: q must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(quantile_interval(values{}, 0.5),
                    "quantile_interval: sample must have at least 1 value, got 0");
  CHECK_THROWS_WITH(quantile_interval(values{std::nan("")}, 0.5),
                    "quantile_interval: sample must have no NaN, got one at index 0");
  CHECK_THROWS_WITH(ranks_around_quantile(0, 0.5),
                    "quantile_interval: the sample must have at least 1 value, got 0");
  CHECK_THROWS_WITH(ranks_around_quantile(5, 0.5, {.confidence = 1.0}),
                    "quantile_interval: confidence must lie between 0 and 1, got 1.000000");

  quantile_sketch one;
  one.add(0.5);
  CHECK_THROWS_WITH(
      quantile_ratio_test(one, {}),
      "quantile_ratio_test: each sketch must have at least 1 value, got 1 in baseline "
      "and 0 in candidate");
  CHECK_THROWS_WITH(quantile_ratio_test(one, one, {.quantile = 95.0}),
                    "quantile_ratio_test: quantile must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_WITH(quantile_ratio_test(one, one, {.ratio = 0.0}),
                    "quantile_ratio_test: ratio must be finite and above 0, got 0.000000");
  CHECK_THROWS_WITH(quantile_ratio_test(one, one, {.alternative = alternative::two_sided}),
                    "quantile_ratio_test: alternative must be less or greater, got two_sided");
  CHECK_THROWS_AS(quantile_ratio_test(one, {}), std::domain_error);
}
