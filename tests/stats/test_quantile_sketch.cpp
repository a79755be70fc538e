// What quantile_sketch promises: the bound of its error, and that merging and taking away lose
// nothing.

#include <hotswap/stats/quantile_sketch.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using hotswap::stats::count_bounds;
using hotswap::stats::quantile_sketch;

namespace {

constexpr double range_begin = 1.024e-6;
constexpr double range_end = 1099.511627776;  // 2^40 ns

quantile_sketch sketch_of(const std::vector<double>& values) {
  quantile_sketch sketch;
  for (const double value : values) sketch.add(value);
  return sketch;
}

std::vector<double> latencies(std::uint64_t seed, int count) {
  std::mt19937_64 random{seed};
  std::lognormal_distribution<double> value{-4.0, 2.0};
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(value(random));
  return values;
}

/// Its definition: the smallest value that at least the part q does not exceed.
double exact_quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

double relative_error(double value) {
  return std::abs(sketch_of({value}).quantile(0.5) - value) / value;
}

}  // namespace

TEST_CASE("quantile_sketch: any single latency from 1.024 us to 18 min is right to 2^-7",
          "[stats][quantile_sketch]") {
  double worst = 0.0;
  for (double value = range_begin; value < range_end; value *= 1.0001) {
    worst = std::max(worst, relative_error(value));
  }
  // the edges, and the values just beside them, are where it is worst
  for (std::size_t bucket = 64; bucket < quantile_sketch::bucket_count; ++bucket) {
    const double edge = quantile_sketch::lower_edge(bucket);
    worst = std::max(worst, relative_error(edge));
    if (edge > range_begin) worst = std::max(worst, relative_error(std::nextafter(edge, 0.0)));
  }

  CHECK(worst <= 0x1p-7);
  CHECK(std::abs(worst - 1.0 / 129.0) < 1e-12);  // at each edge, and no more
}

TEST_CASE("quantile_sketch: latencies below 1.024 us are right to 8 ns",
          "[stats][quantile_sketch]") {
  double worst = 0.0;
  for (int step = 0; step < 1024; ++step) {
    const double value = step * 1e-9;
    worst = std::max(worst, std::abs(sketch_of({value}).quantile(0.5) - value));
  }

  CHECK(worst <= 8.0001e-9);
  CHECK(worst > 7.9e-9);
}

TEST_CASE("quantile_sketch: a latency above the range counts as 2^40 ns, and so does infinity",
          "[stats][quantile_sketch]") {
  CHECK(sketch_of({range_end}).quantile(1.0) == range_end);
  CHECK(sketch_of({1e6}).quantile(1.0) == range_end);
  CHECK(sketch_of({std::numeric_limits<double>::infinity()}).quantile(1.0) == range_end);
}

TEST_CASE("quantile_sketch: each quantile is within 2^-7 of the sample's",
          "[stats][quantile_sketch]") {
  const auto values = latencies(20260101, 20'000);
  const auto sketch = sketch_of(values);

  for (const double q : {0.0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    CAPTURE(q);
    const double exact = exact_quantile(values, q);
    CHECK(std::abs(sketch.quantile(q) - exact) <= 0x1p-7 * exact);
  }
}

TEST_CASE("quantile_sketch: a bimodal latency's p95 lies in a mode, not between",
          "[stats][quantile_sketch]") {
  std::vector<double> values(940, 0.002);
  values.resize(1000, 0.2);

  const auto sketch = sketch_of(values);
  CHECK(std::abs(sketch.quantile(0.94) - 0.002) <= 0x1p-7 * 0.002);
  CHECK(std::abs(sketch.quantile(0.95) - 0.2) <= 0x1p-7 * 0.2);
}

TEST_CASE("quantile_sketch: a quantile never falls as its part rises", "[stats][quantile_sketch]") {
  const auto sketch = sketch_of(latencies(7, 300));

  double last = 0.0;
  for (int i = 0; i <= 1000; ++i) {
    const double next = sketch.quantile(i / 1000.0);
    CHECK(next >= last);
    last = next;
  }
}

TEST_CASE("quantile_sketch: the merge of two is the sketch of both samples, in any order",
          "[stats][quantile_sketch]") {
  const auto first = latencies(1, 500);
  const auto second = latencies(2, 700);
  auto all = second;
  all.insert(all.end(), first.begin(), first.end());

  CHECK(sketch_of(first) + sketch_of(second) == sketch_of(all));
  CHECK(sketch_of(second) + sketch_of(first) == sketch_of(all));
  CHECK((sketch_of(first) + quantile_sketch{}) == sketch_of(first));
  CHECK((quantile_sketch{} + sketch_of(first)) == sketch_of(first));
}

TEST_CASE("quantile_sketch: merged with itself, it has each value twice",
          "[stats][quantile_sketch]") {
  auto sketch = sketch_of({0.001, 0.5});
  sketch += sketch;

  CHECK(sketch == sketch_of({0.001, 0.001, 0.5, 0.5}));
}

TEST_CASE("quantile_sketch: a later snapshot less an earlier one is what came between",
          "[stats][quantile_sketch]") {
  const auto earlier = sketch_of(latencies(3, 400));
  const auto since = sketch_of(latencies(4, 10));

  CHECK((earlier + since) - earlier == since);
  CHECK((earlier + since) - since == earlier);
  CHECK(earlier - quantile_sketch{} == earlier);
  CHECK(earlier - earlier == quantile_sketch{});
  CHECK((earlier + since).continues(earlier));
  CHECK(earlier.continues(earlier));
  CHECK_FALSE(earlier.continues(earlier + since));
  auto itself = earlier;
  itself -= itself;
  CHECK(itself == quantile_sketch{});
}

TEST_CASE("quantile_sketch: counts from a threshold bound what the sample has there",
          "[stats][quantile_sketch]") {
  const auto values = latencies(5, 2000);
  const auto sketch = sketch_of(values);

  for (const double threshold : {0.0, 1e-4, 0.0123, 0.02, 0.5, 7.0, 1e4}) {
    CAPTURE(threshold);
    const auto exact = static_cast<std::uint64_t>(std::count_if(
        values.begin(), values.end(), [&](double value) { return value >= threshold; }));
    const auto bounds = sketch.counts_from(threshold);
    CHECK(bounds.at_least <= exact);
    CHECK(bounds.at_most >= exact);
    CHECK(bounds.at_most - bounds.at_least < 40);  // one bucket of 2000 values
  }
}

TEST_CASE("quantile_sketch: counts from an edge are exact", "[stats][quantile_sketch]") {
  const double edge = quantile_sketch::lower_edge(900);
  const auto sketch = sketch_of({std::nextafter(edge, 0.0), edge, std::nextafter(edge, 1.0), 2.0});

  CHECK(sketch.counts_from(edge) == count_bounds{3, 3});
  CHECK(sketch.counts_from(std::nextafter(edge, 1.0)) == count_bounds{1, 3});
}

TEST_CASE("quantile_sketch: a recorder's bucket of whole nanoseconds is that of the same seconds",
          "[stats][quantile_sketch]") {
  std::mt19937_64 random{11};
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t nanoseconds = random() >> (22 + random() % 42);
    const std::size_t bucket = quantile_sketch::bucket_of_nanoseconds(nanoseconds);
    const auto sketch = sketch_of({static_cast<double>(nanoseconds) / 1e9});
    CAPTURE(nanoseconds);
    REQUIRE(sketch.first_bucket() == bucket);
  }
  CHECK(quantile_sketch::bucket_of_nanoseconds(0) == 0);
  CHECK(quantile_sketch::bucket_of_nanoseconds(1023) == 63);
  CHECK(quantile_sketch::bucket_of_nanoseconds(1024) == 64);
  CHECK(quantile_sketch::bucket_of_nanoseconds((std::uint64_t{1} << 40) - 1) ==
        quantile_sketch::bucket_count - 2);
  CHECK(quantile_sketch::bucket_of_nanoseconds(~std::uint64_t{0}) ==
        quantile_sketch::bucket_count - 1);
}

TEST_CASE("quantile_sketch: buckets follow one another without a gap", "[stats][quantile_sketch]") {
  for (std::size_t bucket = 0; bucket < quantile_sketch::bucket_count; ++bucket) {
    const auto begin =
        static_cast<std::uint64_t>(std::llround(quantile_sketch::lower_edge(bucket) * 1e9));
    CAPTURE(bucket, begin);
    REQUIRE(quantile_sketch::bucket_of_nanoseconds(begin) == bucket);
    if (bucket > 0) REQUIRE(quantile_sketch::bucket_of_nanoseconds(begin - 1) == bucket - 1);
  }
}

TEST_CASE("quantile_sketch: its buckets are all there is, and make an equal one",
          "[stats][quantile_sketch]") {
  const auto sketch = sketch_of(latencies(6, 100));
  const auto counts = sketch.counts();

  REQUIRE(counts.size() > 1);
  CHECK(counts.front() > 0);
  CHECK(counts.back() > 0);
  CHECK(quantile_sketch::from_counts(sketch.first_bucket(), counts) == sketch);

  std::vector<std::uint64_t> every(quantile_sketch::bucket_count);
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = sketch.count_in(i);
  CHECK(quantile_sketch::from_counts(0, every) == sketch);
  CHECK(quantile_sketch::from_counts(5, std::vector<std::uint64_t>(3)) == quantile_sketch{});
}

TEST_CASE("quantile_sketch: without values it takes no memory", "[stats][quantile_sketch]") {
  CHECK(quantile_sketch{}.counts().empty());
  CHECK(quantile_sketch{}.count() == 0);
  CHECK(quantile_sketch{}.counts_from(0.0) == count_bounds{0, 0});
}

TEST_CASE("quantile_sketch: counts of 1e15 are kept", "[stats][quantile_sketch]") {
  const std::vector<std::uint64_t> counts{1'000'000'000'000'000, 1, 1'000'000'000'000'000};
  const auto sketch = quantile_sketch::from_counts(700, counts);

  CHECK(sketch.count() == 2'000'000'000'000'001);
  CHECK(sketch.counts_from(quantile_sketch::lower_edge(701)).at_least == 1'000'000'000'000'001);
  CHECK(sketch.quantile(0.4) < quantile_sketch::lower_edge(701));
  CHECK(sketch.quantile(0.6) > quantile_sketch::lower_edge(702));
}

TEST_CASE("quantile_sketch: what it cannot answer is an error that says why, and changes nothing",
          "[stats][quantile_sketch][errors]") {
  auto sketch = sketch_of({0.001, 0.002});
  const auto before = sketch;

  CHECK_THROWS_WITH(sketch.add(-0.5),
                    "quantile_sketch: a value must not be below 0, got -0.500000");
  CHECK_THROWS_AS(sketch.add(-0.5), std::invalid_argument);
  CHECK_THROWS_AS(sketch.add(std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(sketch.quantile(95.0),
                    "quantile_sketch: q must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_AS(sketch.quantile(-0.1), std::invalid_argument);
  CHECK_THROWS_AS(sketch.quantile(std::nan("")), std::invalid_argument);
  CHECK_THROWS_WITH(quantile_sketch{}.quantile(0.5),
                    "quantile_sketch: a quantile must be of at least 1 value, got 0");
  CHECK_THROWS_AS(quantile_sketch{}.quantile(0.5), std::domain_error);
  CHECK_THROWS_WITH(sketch -= sketch_of({0.001, 0.001}),
                    "quantile_sketch: the earlier snapshot must have no more values in any bucket, "
                    "got 2 against 1 in bucket 698");
  CHECK_THROWS_AS(sketch - sketch_of({3.0}), std::invalid_argument);
  const std::vector<std::uint64_t> one{1};
  CHECK_THROWS_WITH(quantile_sketch::from_counts(1985, one),
                    "quantile_sketch::from_counts: counts must be of buckets below 1985, got 1 "
                    "from bucket 1985");
  CHECK_THROWS_AS(quantile_sketch::from_counts(1990, {}), std::invalid_argument);
  CHECK(sketch == before);
}
