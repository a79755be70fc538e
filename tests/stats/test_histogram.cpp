// What histogram and equal_count_edges promise.

#include <hotswap/stats/histogram.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

using hotswap::stats::equal_count_edges;
using hotswap::stats::histogram;

namespace {

using counts = std::vector<std::uint64_t>;

counts counts_of(const histogram& of) {
  return {of.counts().begin(), of.counts().end()};
}

}  // namespace

TEST_CASE("histogram: a bin begins at its edge and ends before the next one",
          "[stats][histogram]") {
  histogram seen{{0.0, 1.0, 2.0}};
  for (const double value : {-0.1, 0.0, 0.999, 1.0, 2.0, 1e300}) seen.add(value);

  CHECK(counts_of(seen) == counts{1, 2, 1, 2});
}

TEST_CASE("histogram: many values at once are counted as one by one, between few edges and many",
          "[stats][histogram]") {
  std::mt19937_64 random{20260102};
  auto sample = samples::normal(random, 5000);
  sample[17] = HUGE_VAL;
  sample[18] = -HUGE_VAL;
  for (const std::size_t bins : {2U, 3U, 5U, 10U, 24U, 25U, 26U, 100U}) {
    CAPTURE(bins);
    histogram at_once{equal_count_edges(std::span{sample}.subspan(19), bins)};
    histogram added = at_once.empty_copy();
    at_once.add(sample);
    for (const double value : sample) added.add(value);

    CHECK(at_once == added);
  }
}

TEST_CASE("histogram: of many values, those before a NaN are counted", "[stats][histogram]") {
  for (const std::size_t place : {0U, 1U, 1023U, 1024U, 1500U}) {
    for (const std::size_t edges : {1U, 30U}) {
      CAPTURE(place, edges);
      std::vector<double> sample(2000, 0.5);
      sample[place] = std::nan("");
      std::vector<double> at;
      for (std::size_t k = 0; k < edges; ++k) at.push_back(1.0 + static_cast<double>(k));
      histogram seen{at};

      CHECK_THROWS_WITH(seen.add(sample), "histogram: a value must be a number, got NaN");
      CHECK(seen.counts()[0] == place);
    }
  }
}

TEST_CASE("histogram: infinities are counted at either end", "[stats][histogram]") {
  histogram seen{{0.0}};
  seen.add(HUGE_VAL);
  seen.add(-HUGE_VAL);

  CHECK(counts_of(seen) == counts{1, 1});
}

TEST_CASE("histogram: the sum of two is that of both samples", "[stats][histogram]") {
  std::mt19937_64 random{20260101};
  const auto first = samples::normal(random, 100);
  const auto second = samples::normal(random, 50);
  histogram a{{-1.0, 0.0, 1.0}};
  auto b = a.empty_copy();
  auto both = a.empty_copy();
  a.add(first);
  b.add(second);
  both.add(first);
  both.add(second);

  a += b;
  CHECK(a == both);
  CHECK_FALSE(a == b);
}

TEST_CASE("equal_count_edges: each bin has as many values, give or take one",
          "[stats][histogram]") {
  std::mt19937_64 random{20260101};
  const auto sample = samples::normal(random, 1003);
  histogram seen{equal_count_edges(sample, 10)};
  seen.add(sample);

  REQUIRE(seen.counts().size() == 10);
  for (const std::uint64_t count : seen.counts()) {
    CHECK(count >= 100);
    CHECK(count <= 101);
  }
}

TEST_CASE("equal_count_edges: a value that fills several bins makes one edge, and no bin is empty",
          "[stats][histogram]") {
  std::vector<double> sample(90, 0.0);
  for (int i = 1; i <= 10; ++i) sample.push_back(i);
  histogram mostly_zero{equal_count_edges(sample, 10)};
  mostly_zero.add(sample);

  CHECK(counts_of(mostly_zero) == counts{90, 10});
  CHECK(equal_count_edges(std::vector<double>{3.0, 3.0, 3.0, 4.0}, 2) == std::vector<double>{4.0});
}

TEST_CASE("histogram: what it cannot use is an error that says why", "[stats][histogram][errors]") {
  CHECK_THROWS_WITH(histogram{std::vector<double>{}},
                    "histogram: there must be at least 1 edge, got 0");
  CHECK_THROWS_WITH((histogram{{1.0, 1.0}}),
                    "histogram: edges must be finite and rise, got 1.000000 at index 1");
  CHECK_THROWS_AS((histogram{{1.0, HUGE_VAL}}), std::invalid_argument);
  CHECK_THROWS_AS((histogram{{std::nan("")}}), std::invalid_argument);
  histogram seen{{1.0}};
  CHECK_THROWS_WITH(seen.add(std::nan("")), "histogram: a value must be a number, got NaN");
  CHECK(counts_of(seen) == counts{0, 0});
  CHECK_THROWS_WITH((seen += histogram{{1.0, 2.0}}),
                    "histogram: both must have the same edges, got 1 and other 2");
  CHECK_THROWS_WITH(equal_count_edges(std::vector<double>{1.0, 2.0}, 1),
                    "equal_count_edges: there must be at least 2 bins, got 1");
  CHECK_THROWS_WITH(equal_count_edges(std::vector<double>{1.0, 1.0}, 4),
                    "equal_count_edges: the sample must have at least 2 different values, got 1");
  CHECK_THROWS_AS(equal_count_edges({}, 4), std::domain_error);
  CHECK_THROWS_WITH(equal_count_edges(std::vector<double>{1.0, HUGE_VAL}, 4),
                    "equal_count_edges: values must be finite, got inf");
}
