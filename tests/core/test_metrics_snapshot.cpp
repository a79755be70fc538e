// What a metrics_snapshot promises: what was not measured is absent, and windows add up to what one
// longer window would have shown, or to nothing where they do not add up.

#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include "support/catch.hpp"

#include <cstdint>

using Catch::Matchers::WithinRel;
using hotswap::metrics_snapshot;
using hotswap::stats::moments;
using hotswap::stats::proportion;
using hotswap::stats::quantile_sketch;

namespace {

metrics_snapshot of_requests(std::uint64_t requests, std::uint64_t errors) {
  metrics_snapshot seen;
  seen.requests = requests;
  seen.errors = errors;
  return seen;
}

}  // namespace

TEST_CASE("metrics_snapshot: nothing is measured at first", "[core][metrics_snapshot]") {
  const metrics_snapshot none;
  CHECK(none.requests == 0);
  CHECK(none.errors == 0);
  CHECK_FALSE(none.units.has_value());
  CHECK_FALSE(none.accuracy.has_value());
  CHECK_FALSE(none.latency.has_value());
  CHECK_FALSE(none.latency_distribution.has_value());
  CHECK_FALSE(none.drift.has_value());
  CHECK(none.custom.empty());
}

TEST_CASE("metrics_snapshot: counts, accuracy, latency and custom metrics add up",
          "[core][metrics_snapshot]") {
  metrics_snapshot sum = of_requests(100, 3);
  sum.accuracy = proportion{90, 95};
  sum.latency = moments{0.1, 0.3};
  sum.custom["revenue"] = moments{1.0};

  metrics_snapshot later = of_requests(50, 2);
  later.accuracy = proportion{40, 45};
  later.latency = moments{0.2};
  later.custom["revenue"] = moments{3.0};
  later.custom["clicks"] = moments{7.0};
  sum += later;

  CHECK(sum.requests == 150);
  CHECK(sum.errors == 5);
  CHECK(sum.accuracy == proportion{130, 140});
  REQUIRE(sum.latency.has_value());
  CHECK(sum.latency->count() == 3);
  CHECK_THAT(sum.latency->mean(), WithinRel(0.2, 1e-12));
  CHECK(sum.custom.at("revenue").count() == 2);
  CHECK_THAT(sum.custom.at("revenue").mean(), WithinRel(2.0, 1e-12));
  CHECK(sum.custom.at("clicks").count() == 1);
}

TEST_CASE("metrics_snapshot: a latency distribution adds up, and is kept where only one has it",
          "[core][metrics_snapshot]") {
  quantile_sketch first;
  first.add(0.1);
  quantile_sketch second;
  second.add(0.3);
  metrics_snapshot with = of_requests(1, 0);
  with.latency_distribution = first;
  metrics_snapshot also = of_requests(1, 0);
  also.latency_distribution = second;

  metrics_snapshot both = with;
  both += also;
  metrics_snapshot one = of_requests(3, 0);
  one += with;
  one += of_requests(2, 0);

  CHECK(both.latency_distribution == first + second);
  CHECK(one.latency_distribution == first);
}

TEST_CASE("metrics_snapshot: what only one of two windows has measured is kept",
          "[core][metrics_snapshot]") {
  metrics_snapshot with = of_requests(10, 1);
  with.accuracy = proportion{4, 5};
  with.latency = moments{0.5};
  const metrics_snapshot without = of_requests(20, 2);

  metrics_snapshot with_first = with;
  with_first += without;
  metrics_snapshot without_first = without;
  without_first += with;

  CHECK(with_first == without_first);
  CHECK(with_first.accuracy == proportion{4, 5});
  CHECK(with_first.latency == moments{0.5});
}

TEST_CASE("metrics_snapshot: distinct users and drift do not add up, so they are absent then",
          "[core][metrics_snapshot]") {
  metrics_snapshot measured = of_requests(10, 0);
  measured.units = 7;
  measured.drift.emplace();
  const metrics_snapshot plain = of_requests(10, 0);

  metrics_snapshot both = measured;
  both += measured;
  CHECK_FALSE(both.units.has_value());
  CHECK_FALSE(both.drift.has_value());

  metrics_snapshot later_only = plain;
  later_only += measured;
  CHECK_FALSE(later_only.units.has_value());
  CHECK_FALSE(later_only.drift.has_value());
}

TEST_CASE("metrics_snapshot: adding windows one by one is adding their sum",
          "[core][metrics_snapshot]") {
  metrics_snapshot a = of_requests(1, 0);
  a.latency = moments{0.25};
  metrics_snapshot b = of_requests(2, 1);
  b.latency = moments{0.5, 1.0};
  metrics_snapshot c = of_requests(4, 2);
  c.accuracy = proportion{1, 2};

  metrics_snapshot left = a;
  left += b;
  left += c;
  metrics_snapshot right = b;
  right += c;
  metrics_snapshot sum = a;
  sum += right;

  CHECK(left == sum);
}

TEST_CASE("metrics_snapshot: equal only if all of it is", "[core][metrics_snapshot]") {
  const metrics_snapshot plain = of_requests(10, 1);
  CHECK(plain == of_requests(10, 1));
  CHECK(plain != of_requests(10, 2));

  metrics_snapshot other = plain;
  other.units = 0;
  CHECK(other != plain);  // none measured is not none there
}
