// absolute_judge: limits for a version that has no baseline, and nothing that passes on what is not
// known.

#include <hotswap/analysis/absolute_judge.hpp>
#include <hotswap/analysis/absolute_limits.hpp>
#include <hotswap/analysis/judge.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using hotswap::absolute_judge;
using hotswap::absolute_limits;
using hotswap::decision;
using hotswap::metrics_snapshot;
using hotswap::verdict;

namespace {

const hotswap::time_window a_minute{hotswap::time_window::time_point{},
                                    hotswap::time_window::time_point{std::chrono::minutes{1}}};

metrics_snapshot requests(std::uint64_t count, std::uint64_t errors = 0) {
  metrics_snapshot seen;
  seen.requests = count;
  seen.errors = errors;
  return seen;
}

metrics_snapshot latency(double mean, std::uint64_t count = 1000) {
  metrics_snapshot seen = requests(count);
  seen.latency = hotswap::stats::moments::from_summary(count, mean, 0.0);
  return seen;
}

verdict look(const metrics_snapshot& seen, const absolute_limits& limits = {},
             std::vector<std::string> required = {}) {
  absolute_judge judge{limits, 0.95, std::move(required), 1000};
  return judge.look({a_minute, metrics_snapshot{}, seen});
}

}  // namespace

TEST_CASE("absolute_judge: a limit is exceeded only by what is strictly worse",
          "[analysis][absolute_judge]") {
  absolute_limits limits;
  CHECK(look(requests(1'000, 50)).passed());
  CHECK(look(requests(1'000, 51)).failed());
  CHECK(look(requests(1'000, 51)).summary() ==
        "the error rate is 0.051 (limit 0.05, 1000 requests)");

  limits.latency = 200ms;
  CHECK(look(latency(0.2), limits).passed());
  CHECK(look(latency(0.201), limits).failed());
  CHECK(look(latency(0.201), limits).summary() ==
        "the mean latency is 201 ms (limit 200 ms, 1000 requests)");

  limits = {};
  limits.accuracy = 0.9;
  metrics_snapshot labelled = requests(1'000);
  labelled.accuracy = hotswap::stats::proportion{900, 1'000};
  CHECK(look(labelled, limits).passed());
  labelled.accuracy = hotswap::stats::proportion{899, 1'000};
  CHECK(look(labelled, limits).failed());
  CHECK(look(labelled, limits).summary() ==
        "the accuracy is 0.899 (limit 0.9 at least, 1000 labels)");
}

TEST_CASE("absolute_judge: the quantile is judged where there is a distribution",
          "[analysis][absolute_judge]") {
  absolute_limits limits;
  limits.latency = 200ms;
  metrics_snapshot seen = latency(0.05);
  seen.latency_distribution.emplace();
  for (int i = 0; i < 1'000; ++i) seen.latency_distribution->add(i < 900 ? 0.01 : 0.41);

  const verdict made = look(seen, limits);
  CHECK(made.failed());
  CHECK(made.findings()[1].quantile == 0.95);
  CHECK(made.summary() == "the p95 latency is 409 ms (limit 200 ms, 1000 requests)");
}

TEST_CASE("absolute_judge: sums the windows, and waits for `minimumSamples` of each metric",
          "[analysis][absolute_judge]") {
  absolute_judge judge{{}, 0.95, {"latency"}, 1000};
  const metrics_snapshot half = latency(0.02, 500);
  const verdict first = judge.look({a_minute, metrics_snapshot{}, half});
  CHECK(first.decision() == decision::inconclusive);
  CHECK(first.summary() ==
        "the error rate needs 1000 samples, and has 500; the latency needs 1000 samples, and has "
        "500");
  CHECK(judge.look({a_minute, metrics_snapshot{}, half}).passed());
}

TEST_CASE("absolute_judge: errors beyond doubt need no minimum, but twenty requests",
          "[analysis][absolute_judge]") {
  CHECK(look(requests(19, 19)).decision() == decision::inconclusive);
  CHECK(look(requests(20, 20)).failed());
  CHECK(look(requests(20, 20)).summary() ==
        "the error rate is 1 beyond doubt (limit 0.05, 20 requests)");
  CHECK(look(requests(20, 2)).decision() == decision::inconclusive);  // chance, perhaps
}

TEST_CASE("absolute_judge: what is required must be there, though it has no limit",
          "[analysis][absolute_judge]") {
  CHECK(look(requests(1'000)).passed());
  CHECK(look(requests(1'000), {}, {"latency"}).decision() == decision::inconclusive);
  CHECK(look(latency(5.0), {}, {"latency"}).passed());
  CHECK(look(requests(1'000), {}, {"accuracy"}).summary() ==
        "the accuracy needs 1000 samples, and has 0");
  absolute_limits limits;
  limits.latency = 1s;
  CHECK(look(requests(1'000), limits).decision() == decision::inconclusive);
}

TEST_CASE("absolute_judge: nothing passes on what is no number", "[analysis][absolute_judge]") {
  metrics_snapshot seen = latency(0.02);
  seen.latency->add(std::numeric_limits<double>::quiet_NaN());
  CHECK(look(seen, {}, {"latency"}).decision() == decision::inconclusive);
  CHECK(look(seen, {}, {"latency"}).summary() == "a latency that is not finite cannot be judged");
  CHECK(look(requests(1'000, 1'001)).summary() ==
        "an error rate with more errors than requests cannot be judged");
  CHECK(look(metrics_snapshot{}).decision() == decision::inconclusive);
}
