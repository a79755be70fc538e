// The threshold judge compares latencies by a quantile where both sides report a distribution, and
// by the mean where one does not.

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/moments.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

using namespace std::chrono_literals;
using Catch::Matchers::WithinRel;
using hotswap::decision;
using hotswap::finding;
using hotswap::metrics_snapshot;
using hotswap::rollback_thresholds;
using hotswap::threshold_judge;
using hotswap::verdict;

namespace {

const hotswap::time_window window{hotswap::time_window::time_point{},
                                  hotswap::time_window::time_point{} + 1min};

/// 1000 requests, of which `slow` took `slow_latency` seconds and the others 10 ms.
metrics_snapshot served(int slow, double slow_latency) {
  metrics_snapshot seen;
  seen.requests = 1000;
  seen.latency.emplace();
  seen.latency_distribution.emplace();
  for (int i = 0; i < 1000; ++i) {
    const double latency = i < slow ? slow_latency : 0.010;
    seen.latency->add(latency);
    seen.latency_distribution->add(latency);
  }
  return seen;
}

metrics_snapshot without_distribution(metrics_snapshot seen) {
  seen.latency_distribution.reset();
  return seen;
}

finding latency_of(const verdict& judged) {
  const auto& all = judged.findings();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [](const finding& each) { return each.metric == "latency"; });
  REQUIRE(found != all.end());
  return *found;
}

finding judge(const metrics_snapshot& baseline, const metrics_snapshot& candidate,
              const rollback_thresholds& limits = {}) {
  threshold_judge judge{limits, 1000};
  return latency_of(judge.look({window, baseline, candidate}));
}

}  // namespace

TEST_CASE("threshold_judge: a slow tail fails though the mean is within its limit",
          "[analysis][threshold_judge]") {
  const auto candidate = served(60, 0.050);
  const finding found = judge(served(0, 0.0), candidate);

  REQUIRE(candidate.latency->mean() < 1.5 * 0.010);
  CHECK(found.made == decision::fail);
  CHECK(found.quantile == 0.95);
  CHECK_THAT(*found.baseline, WithinRel(0.010, 0x1p-7));
  CHECK_THAT(*found.candidate, WithinRel(0.050, 0x1p-7));
  CHECK_THAT(*found.statistic, WithinRel(5.0, 0x1p-6));
  CHECK(found.sentence ==
        "the p95 latency is 4.99 times the baseline's, 50.1 ms (limit 1.5, 1000 requests)");
}

TEST_CASE("threshold_judge: a few very slow requests do not move p95, and pass",
          "[analysis][threshold_judge]") {
  const auto candidate = served(40, 1.0);
  const finding found = judge(served(0, 0.0), candidate);

  REQUIRE(candidate.latency->mean() > 1.5 * 0.010);
  CHECK(found.made == decision::pass);
  CHECK(found.sentence ==
        "the p95 latency is 1 times the baseline's, 10 ms (limit 1.5, 1000 requests)");
}

TEST_CASE("threshold_judge: an operator chooses the quantile", "[analysis][threshold_judge]") {
  rollback_thresholds limits;
  limits.latency_quantile = 0.999;
  const finding found = judge(served(0, 0.0), served(2, 1.0), limits);

  CHECK(found.made == decision::fail);
  CHECK(found.quantile == 0.999);
  CHECK(found.sentence ==
        "the p99.9 latency is 100 times the baseline's, 1e+03 ms (limit 1.5, 1000 requests)");
}

TEST_CASE("threshold_judge: the mean is compared where one side has no distribution",
          "[analysis][threshold_judge]") {
  const auto plain = served(0, 0.0);
  const auto tailed = served(60, 0.050);

  for (const finding& found :
       {judge(without_distribution(plain), tailed), judge(plain, without_distribution(tailed)),
        judge(without_distribution(plain), without_distribution(tailed))}) {
    CHECK(found.made == decision::pass);
    CHECK_FALSE(found.quantile.has_value());
    CHECK(found.sentence ==
          "the mean latency is 1.24 times the baseline's, 12.4 ms (limit 1.5, 1000 requests)");
  }
}

TEST_CASE("threshold_judge: a ratio at the limit passes, one above it fails",
          "[analysis][threshold_judge]") {
  // 64 buckets to an octave: twice the bucket's latency is exactly twice its value
  rollback_thresholds limits;
  limits.latency_increase = 2.0;
  CHECK(judge(served(0, 0.0), served(1000, 0.020), limits).made == decision::pass);
  CHECK(judge(served(0, 0.0), served(1000, 0.0204), limits).made == decision::fail);
}

TEST_CASE("threshold_judge: distributions of windows add up before they are compared",
          "[analysis][threshold_judge]") {
  threshold_judge judge{rollback_thresholds{}, 2000};
  const verdict first = judge.look({window, served(0, 0.0), served(80, 0.050)});
  const verdict second = judge.look({window, served(0, 0.0), served(0, 0.0)});

  CHECK(latency_of(first).made == decision::inconclusive);
  CHECK(latency_of(first).sentence ==
        "the latency of the candidate needs 2000 samples, and has 1000");
  CHECK(latency_of(second).made == decision::pass);  // 80 of 2000 is less than 5 %
  CHECK(latency_of(second).candidate_samples == 2000);
}

TEST_CASE("threshold_judge: an empty distribution is no latency, and a NaN is none beside one",
          "[analysis][threshold_judge]") {
  auto empty = served(0, 0.0);
  empty.latency_distribution.emplace();
  auto broken = served(0, 0.0);
  broken.latency->add(std::numeric_limits<double>::quiet_NaN());

  const finding none = judge(served(0, 0.0), empty);
  CHECK(none.made == decision::inconclusive);
  CHECK(none.sentence == "the latency of the candidate needs 1000 samples, and has 0");
  const finding nan = judge(served(0, 0.0), broken);
  CHECK(nan.made == decision::inconclusive);
  CHECK(nan.sentence == "a latency that is not finite cannot be judged");
}
