// divergence_judge: a shadow whose answers are too far from production's fails; nothing passes on
// comparisons that were not made.

#include <hotswap/analysis/divergence_judge.hpp>
#include <hotswap/analysis/divergence_thresholds.hpp>
#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/moments.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

using hotswap::decision;
using hotswap::divergence_judge;
using hotswap::divergence_snapshot;
using hotswap::divergence_thresholds;
using hotswap::finding;
using hotswap::metrics_snapshot;
using hotswap::paired_windows;
using hotswap::verdict;

namespace {

const hotswap::time_window a_minute{hotswap::time_window::time_point{},
                                    hotswap::time_window::time_point{std::chrono::minutes{1}}};

metrics_snapshot healthy(std::uint64_t requests = 10'000, std::uint64_t errors = 0) {
  metrics_snapshot seen;
  seen.requests = requests;
  seen.errors = errors;
  seen.latency = hotswap::stats::moments::from_summary(requests, 0.02, 1e-6);
  return seen;
}

divergence_snapshot compared(std::uint64_t count, std::uint64_t disagreed = 0) {
  divergence_snapshot seen;
  seen.compared = count;
  seen.disagreed = disagreed;
  return seen;
}

paired_windows windows(const divergence_snapshot& seen) {
  paired_windows both{a_minute, healthy(), healthy()};
  both.divergence = seen;
  return both;
}

verdict look(const divergence_snapshot& seen, const divergence_thresholds& limits = {}) {
  divergence_judge judge{limits, {}, {"errorRate", "latency"}, 1000};
  return judge.look(windows(seen));
}

const finding& about(const verdict& seen, const std::string& metric) {
  for (const finding& each : seen.findings()) {
    if (each.metric == metric) return each;
  }
  FAIL("no finding about " + metric);
  return seen.findings().front();
}

}  // namespace

TEST_CASE("divergence_judge: a limit is exceeded only by what is strictly greater",
          "[analysis][divergence_judge]") {
  CHECK(look(compared(1'000, 50)).passed());
  CHECK(look(compared(1'000, 51)).failed());
  CHECK(look(compared(1'000, 51)).summary() ==
        "the shadow disagrees at a rate of 0.051 (limit 0.05, 1000 requests compared)");

  divergence_thresholds none;
  none.disagreement_rate = 0.0;
  CHECK(look(compared(1'000), none).passed());
  CHECK(look(compared(1'000, 1), none).failed());
}

TEST_CASE("divergence_judge: below `minimumSamples` of comparisons nothing passes or fails",
          "[analysis][divergence_judge]") {
  const verdict few = look(compared(999, 999));
  CHECK(few.decision() == decision::inconclusive);
  CHECK(few.summary() == "the comparison of the answers needs 1000 requests, and has 999");

  const verdict none = look(divergence_snapshot{});
  CHECK(none.decision() == decision::inconclusive);
  CHECK(none.summary() ==
        "the comparison of the answers needs 1000 requests, and has 0; no request was mirrored");
}

TEST_CASE("divergence_judge: windows without a comparison are no agreement",
          "[analysis][divergence_judge]") {
  divergence_judge judge{{}, {}, {"errorRate", "latency"}, 1000};
  CHECK(judge.look({a_minute, healthy(), healthy()}).decision() == decision::inconclusive);
}

TEST_CASE("divergence_judge: sums the windows of its step", "[analysis][divergence_judge]") {
  divergence_judge judge{{}, {}, {"errorRate", "latency"}, 1000};
  CHECK(judge.look(windows(compared(500, 30))).decision() == decision::inconclusive);
  CHECK(judge.look(windows(compared(500, 19))).passed());  // 49 of 1000
  CHECK(judge.look(windows(compared(100, 7))).failed());   // 56 of 1100
}

TEST_CASE("divergence_judge: scores are judged if they have a limit, either way",
          "[analysis][divergence_judge]") {
  divergence_snapshot seen = compared(1'000);
  seen.difference = hotswap::stats::moments::from_summary(1'000, -0.25, 0.01);
  CHECK(look(seen).passed());

  divergence_thresholds limits;
  limits.score_difference = 0.25;
  CHECK(look(seen, limits).passed());
  limits.score_difference = 0.2;
  CHECK(look(seen, limits).failed());
  CHECK(look(seen, limits).summary() ==
        "the shadow's scores differ by -0.25 (limit 0.2 either way, 1000 requests)");
  CHECK(about(look(seen, limits), "scoreDifference").candidate == -0.25);

  seen.difference = hotswap::stats::moments::from_summary(1'000, 0.25, 0.01);
  CHECK(look(seen, limits).failed());
  CHECK(look(compared(1'000), limits).summary() ==
        "the comparison of the scores needs 1000 requests, and has 0");
  seen.difference.add(std::numeric_limits<double>::quiet_NaN());
  CHECK(look(seen, limits).decision() == decision::inconclusive);
  CHECK(look(seen, limits).summary() == "a score difference that is not finite cannot be judged");
}

TEST_CASE("divergence_judge: too much that was dropped holds a pass up, and fails nothing",
          "[analysis][divergence_judge]") {
  divergence_snapshot seen = compared(9'000);
  seen.dropped = {{"queue_full", 600}, {"not_copied", 400}};
  CHECK(look(seen).passed());  // a tenth
  CHECK(about(look(seen), "droppedRate").candidate_samples == 10'000);

  seen.dropped["queue_full"] = 602;
  CHECK(look(seen).decision() == decision::inconclusive);
  CHECK(look(seen).summary() ==
        "a share of 0.1 of the sampled requests was dropped (limit 0.1: not_copied 400, queue_full "
        "602)");
  seen.disagreed = 4'000;
  CHECK(look(seen).failed());
}

TEST_CASE("divergence_judge: a request that the shadow failed to answer is an error, no agreement",
          "[analysis][divergence_judge]") {
  divergence_snapshot seen = compared(9'000);
  seen.shadow_errors = 1'000;

  SECTION("that the metrics know of") {
    paired_windows both{a_minute, healthy(), healthy(10'000, 1'000)};
    both.divergence = seen;
    divergence_judge judge{{}, {}, {"errorRate", "latency"}, 1000};
    const verdict made = judge.look(both);
    CHECK(made.failed());
    CHECK(about(made, "errorRate").candidate == Approx(0.1));
    CHECK(about(made, "disagreementRate").candidate_samples == 9'000);
  }
  SECTION("or that only the comparison knows of") {
    const verdict made = look(seen);
    CHECK(made.failed());
    CHECK(about(made, "errorRate").candidate == Approx(0.1));
  }
  SECTION("though the metrics know of no request at all") {
    paired_windows both{a_minute, healthy(), metrics_snapshot{}};
    both.divergence = seen;
    divergence_judge judge{{}, {}, {"errorRate"}, 1000};
    CHECK(judge.look(both).failed());
  }
}

TEST_CASE("divergence_judge: latency and errors are judged as by threshold_judge",
          "[analysis][divergence_judge]") {
  metrics_snapshot slow = healthy();
  slow.latency = hotswap::stats::moments::from_summary(10'000, 0.04, 1e-6);
  paired_windows both{a_minute, healthy(), slow};
  both.divergence = compared(10'000);
  divergence_judge judge{{}, {}, {"errorRate", "latency"}, 1000};

  const verdict made = judge.look(both);
  CHECK(made.failed());
  CHECK(made.summary() ==
        "the mean latency is 2 times the baseline's, 40 ms (limit 1.5, 10000 requests)");
}

TEST_CASE("divergence_judge: a required metric that is absent holds a pass up",
          "[analysis][divergence_judge]") {
  divergence_judge judge{{}, {}, {"accuracy"}, 1000};
  CHECK(judge.look(windows(compared(10'000))).decision() == decision::inconclusive);
}

TEST_CASE("divergence_judge: more disagreements than comparisons are no number",
          "[analysis][divergence_judge]") {
  const verdict made = look(compared(1'000, 1'001));
  CHECK(made.decision() == decision::inconclusive);
  CHECK(made.summary() == "more disagreements than comparisons cannot be judged");
}
