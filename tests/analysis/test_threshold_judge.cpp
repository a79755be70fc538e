// threshold_judge: limits that only what is greater exceeds, and nothing that passes on what is not
// known.

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

using hotswap::decision;
using hotswap::metrics_snapshot;
using hotswap::paired_windows;
using hotswap::rollback_thresholds;
using hotswap::threshold_judge;
using hotswap::verdict;
using hotswap::stats::moments;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

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
  seen.latency = moments::from_summary(count, mean, 0.0);
  return seen;
}

metrics_snapshot accuracy(std::uint64_t correct, std::uint64_t labelled = 1000) {
  metrics_snapshot seen = requests(labelled);
  seen.accuracy = hotswap::stats::proportion{correct, labelled};
  return seen;
}

metrics_snapshot drift(double score, std::uint64_t samples = 1000) {
  metrics_snapshot seen = requests(samples);
  hotswap::drift_measurement measured;
  measured.score = score;
  measured.samples = samples;
  seen.drift = measured;
  return seen;
}

metrics_snapshot custom(const std::string& name, const moments& values) {
  metrics_snapshot seen = requests(values.count());
  seen.custom[name] = values;
  return seen;
}

paired_windows pair(const metrics_snapshot& baseline, const metrics_snapshot& candidate) {
  return {a_minute, baseline, candidate};
}

/// One look of a judge to whom only this metric matters.
verdict look(const std::string& required, const metrics_snapshot& baseline,
             const metrics_snapshot& candidate, std::uint64_t minimum_samples = 1000,
             const rollback_thresholds& limits = {}) {
  threshold_judge judge{limits, {required}, minimum_samples};
  return judge.look(pair(baseline, candidate));
}

const hotswap::finding& finding_of(const verdict& made, const std::string& metric) {
  for (const auto& each : made.findings()) {
    if (each.metric == metric) return each;
  }
  FAIL("no finding of " << metric);
  return made.findings().front();
}

}  // namespace

TEST_CASE(
    "threshold_judge: a rise of the error rate by the limit passes, and by one error more fails",
    "[analysis][threshold_judge]") {
  for (std::uint64_t errors = 0; errors <= 985; errors += 1) {
    CAPTURE(errors);
    const auto baseline = requests(1000, errors);
    CHECK(look("errorRate", baseline, requests(1000, errors + 10)).passed());
    CHECK(look("errorRate", baseline, requests(1000, errors + 11)).failed());
  }
  const auto passed = look("errorRate", requests(1000, 7), requests(1000, 17));
  CHECK(passed.summary() == "the error rate rose by 0.01 (limit 0.01, 1000 requests)");
  const auto failed = look("errorRate", requests(1000, 7), requests(1000, 18));
  CHECK(failed.summary() == "the error rate rose by 0.011 (limit 0.01, 1000 requests)");
  const auto better = look("errorRate", requests(1000, 18), requests(1000, 7));
  CHECK(better.summary() == "the error rate fell by 0.011 (limit 0.01, 1000 requests)");
  CHECK(better.passed());
}

TEST_CASE("threshold_judge: a latency of the limit's ratio passes, and one just above fails",
          "[analysis][threshold_judge]") {
  for (const double mean : {0.001, 0.02, 0.04, 0.1, 0.3, 0.7, 3.0}) {
    CAPTURE(mean);
    CHECK(look("latency", latency(mean), latency(1.5 * mean)).passed());
    CHECK(look("latency", latency(mean), latency(1.5 * mean * (1 + 1e-9))).failed());
  }
  const auto failed = look("latency", latency(0.02), latency(0.04));
  CHECK(failed.summary() ==
        "the mean latency is 2 times the baseline's, 40 ms (limit 1.5, 1000 requests)");
  CHECK(finding_of(failed, "latency").statistic == Approx(2.0));
  CHECK(finding_of(failed, "latency").baseline == 0.02);
  CHECK(finding_of(failed, "latency").candidate == 0.04);
}

TEST_CASE("threshold_judge: latencies are compared by their quantile where both sides know it",
          "[analysis][threshold_judge]") {
  const auto of = [](int slow) {  // of 1000
    metrics_snapshot seen = requests(1000);
    hotswap::stats::quantile_sketch sketch;
    moments sum;
    for (int i = 0; i < 1000; ++i) {
      const double seconds = i < slow ? 0.5 : 0.01;
      sketch.add(seconds);
      sum.add(seconds);
    }
    seen.latency_distribution = sketch;
    seen.latency = sum;
    return seen;
  };
  const auto good = look("latency", of(0), of(40));  // a mean of three times, and the same p95
  CHECK(good.passed());
  CHECK(good.summary().find("p95") != std::string::npos);
  CHECK(look("latency", of(0), of(60)).failed());

  auto without = of(40);
  without.latency_distribution.reset();
  CHECK(look("latency", of(0), without).failed());  // by the mean, the only thing both know
  CHECK(look("latency", without, of(0)).passed());
}

TEST_CASE(
    "threshold_judge: an accuracy that drops by the limit passes, and by one label more fails",
    "[analysis][threshold_judge]") {
  CHECK(look("accuracy", accuracy(900), accuracy(855)).passed());  // 5 % of 0.9
  CHECK(look("accuracy", accuracy(900), accuracy(854)).failed());
  CHECK(look("accuracy", accuracy(1000), accuracy(950)).passed());
  CHECK(look("accuracy", accuracy(1000), accuracy(949)).failed());
  for (std::uint64_t correct = 20; correct <= 1000; correct += 20) {
    CAPTURE(correct);
    CHECK(look("accuracy", accuracy(correct), accuracy(correct - correct / 20)).passed());
    CHECK(look("accuracy", accuracy(correct), accuracy(correct - correct / 20 - 1)).failed());
  }
  CHECK(look("accuracy", accuracy(900), accuracy(854)).summary() ==
        "the accuracy is 0.854 against 0.9 (limit 0.05 lower, 1000 labels)");
}

TEST_CASE("threshold_judge: each side needs the minimum of samples, of that metric",
          "[analysis][threshold_judge]") {
  CHECK(look("errorRate", requests(999), requests(1000)).summary() ==
        "the error rate of the baseline needs 1000 samples, and has 999");
  CHECK(look("errorRate", requests(1000), requests(999)).summary() ==
        "the error rate of the candidate needs 1000 samples, and has 999");
  CHECK(look("errorRate", requests(1000), requests(1000)).passed());
  CHECK(look("latency", latency(0.02, 999), latency(0.02)).summary() ==
        "the latency of the baseline needs 1000 samples, and has 999");
  CHECK(look("accuracy", accuracy(900), accuracy(900, 999)).summary() ==
        "the accuracy of the candidate needs 1000 samples, and has 999");

  auto few_labels = requests(1'000'000);
  few_labels.accuracy = hotswap::stats::proportion{999, 999};
  const auto seen = look("accuracy", few_labels, few_labels);
  CHECK(seen.decision() == decision::inconclusive);
  CHECK(look("errorRate", requests(0), requests(0), 0).decision() == decision::inconclusive);
}

TEST_CASE("threshold_judge: the windows of a step are summed", "[analysis][threshold_judge]") {
  threshold_judge judge{rollback_thresholds{}, {"errorRate"}, 1000};
  CHECK(judge.look(pair(requests(500), requests(500))).decision() == decision::inconclusive);
  CHECK(judge.look(pair(requests(0), requests(0))).decision() == decision::inconclusive);
  const auto passed = judge.look(pair(requests(500), requests(500, 10)));
  CHECK(passed.passed());
  CHECK(finding_of(passed, "errorRate").candidate_samples == 1000);
  CHECK(finding_of(passed, "errorRate").statistic == Approx(0.01));
  CHECK(judge.look(pair(requests(500), requests(500, 30))).failed());
}

TEST_CASE("threshold_judge: nothing passes on nothing", "[analysis][threshold_judge]") {
  const metrics_snapshot empty;
  const auto seen = threshold_judge{rollback_thresholds{}, 1000}.look(pair(empty, empty));

  CHECK(seen.decision() == decision::inconclusive);
  CHECK(seen.summary() ==
        "the error rate of the candidate needs 1000 samples, and has 0; the latency of the "
        "candidate needs 1000 samples, and has 0");
  const auto nobody_asks =
      threshold_judge{rollback_thresholds{}, {}, 1000}.look(pair(empty, empty));
  CHECK(nobody_asks.decision() == decision::inconclusive);
  CHECK(nobody_asks.summary() == "nothing was measured");
}

TEST_CASE("threshold_judge: what is no number passes nothing, wanted or not",
          "[analysis][threshold_judge]") {
  auto bad = latency(0.02);
  bad.latency->add(no_number);

  SECTION("of the candidate, also once it is good again") {
    threshold_judge judge{rollback_thresholds{}, {"errorRate"}, 1000};
    const auto seen = judge.look(pair(latency(0.02), bad));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(seen.summary() == "a latency that is not finite cannot be judged");
    CHECK(judge.look(pair(latency(0.02), latency(0.02))).decision() == decision::inconclusive);
  }
  SECTION("of the baseline") {
    CHECK(look("errorRate", bad, latency(0.02)).decision() == decision::inconclusive);
  }
  SECTION("infinity") {
    auto endless = latency(0.02);
    endless.latency->add(std::numeric_limits<double>::infinity());
    CHECK(look("errorRate", latency(0.02), endless).decision() == decision::inconclusive);
  }
  SECTION("more errors than requests") {
    const auto seen = look("latency", requests(1000), requests(1000, 1001));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(finding_of(seen, "errorRate").sentence ==
          "an error rate with more errors than requests cannot be judged");
  }
  SECTION("a baseline that takes no time") {
    const auto seen = look("latency", latency(0.0), latency(0.02));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(seen.summary() == "a latency that is not positive cannot be judged");
  }
  SECTION("a candidate that takes less than none") {
    const auto seen = look("latency", latency(0.02), latency(-0.02));
    CHECK(seen.decision() == decision::inconclusive);
  }
  SECTION("a baseline that is never right") {
    const auto seen = look("errorRate", accuracy(0), accuracy(0));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(seen.summary() == "a drop from an accuracy of 0 cannot be judged");
  }
  SECTION("drift") {
    const auto seen = look("errorRate", requests(1000), drift(no_number));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(seen.summary() == "a data drift that is not finite cannot be judged");
  }
  SECTION("but a fail stays a fail") {
    bad.errors = 500;
    CHECK(look("errorRate", latency(0.02), bad).failed());
  }
}

TEST_CASE(
    "threshold_judge: a required metric without data never passes; another one holds nothing up",
    "[analysis][threshold_judge]") {
  const auto good = latency(0.02);
  threshold_judge demanding{rollback_thresholds{}, {"errorRate", "latency", "accuracy"}, 1000};
  for (int i = 0; i < 5; ++i) {
    const auto seen = demanding.look(pair(good, good));
    CHECK(seen.decision() == decision::inconclusive);
    CHECK(seen.summary() == "the accuracy of the candidate needs 1000 samples, and has 0");
  }

  threshold_judge lenient{rollback_thresholds{}, 1000};
  const auto seen = lenient.look(pair(good, good));
  CHECK(seen.passed());
  CHECK_FALSE(finding_of(seen, "accuracy").required);
  CHECK(finding_of(seen, "accuracy").made == decision::inconclusive);
  CHECK(finding_of(seen, "dataDrift").sentence ==
        "the data drift needs 1000 samples in a window, and has 0");
}

TEST_CASE("threshold_judge: a metric that is not required fails all the same",
          "[analysis][threshold_judge]") {
  auto worse = accuracy(800);
  worse.latency = moments::from_summary(1000, 0.02, 0.0);
  auto good = accuracy(900);
  good.latency = worse.latency;
  const auto seen = threshold_judge{rollback_thresholds{}, 1000}.look(pair(good, worse));
  CHECK(seen.failed());
  CHECK(seen.summary() == "the accuracy is 0.8 against 0.9 (limit 0.05 lower, 1000 labels)");
}

TEST_CASE("threshold_judge: a required custom metric must have been measured",
          "[analysis][threshold_judge]") {
  const auto values = moments::from_summary(1000, 3.5, 1.0);
  const auto measured = custom("revenue", values);

  CHECK(look("revenue", measured, measured).passed());
  CHECK(finding_of(look("revenue", measured, measured), "revenue").sentence ==
        "revenue was measured");
  CHECK(look("revenue", measured, requests(1000)).summary() ==
        "revenue of the candidate needs 1000 samples, and has 0");
  CHECK(look("revenue", measured, requests(1000)).decision() == decision::inconclusive);
  auto bad = measured;
  bad.custom["revenue"].add(no_number);
  CHECK(look("revenue", measured, bad).summary() ==
        "a revenue that is not finite cannot be judged");
}

TEST_CASE("threshold_judge: drift fails on three windows in a row with a thousand samples each",
          "[analysis][threshold_judge]") {
  threshold_judge judge{rollback_thresholds{}, {"errorRate"}, 1000};
  const auto sees = [&](const metrics_snapshot& baseline, const metrics_snapshot& candidate) {
    return judge.look(pair(baseline, candidate));
  };
  const auto calm = requests(1000);

  SECTION("and holds a pass up before") {
    CHECK(sees(calm, drift(0.31)).decision() == decision::inconclusive);
    CHECK(sees(calm, drift(0.31)).summary() == "the data drift is 0.31 (limit 0.3, 1000 samples)");
    const auto third = sees(calm, drift(0.5));
    CHECK(third.failed());
    CHECK(third.summary() ==
          "the data drift is 0.5 (limit 0.3, 1000 samples), in 3 windows in a row");
  }
  SECTION("the limit itself is none, and ends the row") {
    (void)sees(calm, drift(0.31));
    (void)sees(calm, drift(0.31));
    CHECK(sees(calm, drift(0.3)).passed());
    (void)sees(calm, drift(0.31));
    CHECK_FALSE(sees(calm, drift(0.31)).failed());
  }
  SECTION("a window of 999 samples is none, and ends the row") {
    (void)sees(calm, drift(0.31));
    (void)sees(calm, drift(0.31));
    const auto seen = sees(calm, drift(0.31, 999));
    CHECK(seen.passed());
    CHECK(finding_of(seen, "dataDrift").sentence ==
          "the data drift needs 1000 samples in a window, and has 999");
    CHECK_FALSE(sees(calm, drift(0.31)).failed());
  }
  SECTION("so does one that is no number") {
    (void)sees(calm, drift(0.31));
    (void)sees(calm, drift(0.31));
    CHECK(sees(calm, drift(no_number)).decision() == decision::inconclusive);
    CHECK_FALSE(sees(calm, drift(0.31)).failed());
  }
  SECTION("if the baseline drifts, too, the finding says so") {
    (void)sees(drift(0.4), drift(0.31));
    CHECK(finding_of(sees(drift(0.3), drift(0.31)), "dataDrift").sentence ==
          "the data drift is 0.31 (limit 0.3, 1000 samples)");
    CHECK(sees(drift(0.4), drift(0.31)).summary() ==
          "the data drift is 0.31 (limit 0.3, 1000 samples), both arms, in 3 windows in a row");
  }
}

TEST_CASE("threshold_judge: a reference counts once, however often it is shown, and is named",
          "[analysis][threshold_judge]") {
  threshold_judge judge{rollback_thresholds{}, {"errorRate"}, 1000};
  auto seen = pair(requests(999), requests(1000));
  seen.contemporaneous = false;
  CHECK(judge.look(seen).decision() == decision::inconclusive);
  const auto again = judge.look(seen);
  CHECK(again.decision() == decision::inconclusive);
  CHECK(finding_of(again, "errorRate").baseline_samples == 999);
  CHECK(finding_of(again, "errorRate").candidate_samples == 2000);

  auto enough = pair(requests(1000), requests(1000, 100));
  enough.contemporaneous = false;
  threshold_judge other{rollback_thresholds{}, {"errorRate"}, 1000};
  auto slightly = pair(requests(1000), requests(1000, 11));
  slightly.contemporaneous = false;
  CHECK(other.look(slightly).summary() ==
        "the error rate rose by 0.011 (limit 0.01, 1000 requests), no contemporaneous baseline");
}

TEST_CASE("threshold_judge: errors beyond doubt need no minimum, but twenty requests",
          "[analysis][threshold_judge]") {
  const auto good = requests(10'000);
  CHECK(look("errorRate", good, requests(19, 19), 1'000'000).decision() == decision::inconclusive);
  const auto seen = look("errorRate", good, requests(20, 20), 1'000'000);
  CHECK(seen.failed());
  CHECK(seen.summary() ==
        "the error rate rose beyond doubt, to 1 from 0 (limit 0.01, 20 requests)");
  const auto& found = finding_of(seen, "errorRate");
  CHECK(found.method == "clopper-pearson");
  // lower bounds of 20 of 20 and upper ones of 0 of 10 000, each of 99.9 %: 0.001^(1/n)
  REQUIRE(found.interval);
  CHECK(found.interval->lower ==
        Approx(std::pow(0.001, 1.0 / 20) - (1.0 - std::pow(0.001, 1e-4))).epsilon(1e-9));

  SECTION("it need not be a required metric") {
    CHECK(look("latency", good, requests(20, 20), 1'000'000).failed());
  }
  SECTION("nothing is beyond doubt against a baseline that nobody asked") {
    CHECK(look("errorRate", requests(0), requests(1000, 1000)).decision() ==
          decision::inconclusive);
  }
  SECTION("nor against one that is as bad") {
    CHECK(look("errorRate", requests(200, 190), requests(200, 200), 1'000'000).decision() ==
          decision::inconclusive);
  }
  SECTION("a few errors leave doubt") {
    CHECK(look("errorRate", good, requests(100, 3), 1'000'000).decision() ==
          decision::inconclusive);
  }
}

TEST_CASE("threshold_judge: errors are beyond doubt by chance in at most 0.2 % of looks",
          "[analysis][threshold_judge][calibration]") {
  // A candidate that is exactly at its limit fails only if one of two bounds of 99.9 % errs.
  constexpr int looks = 20'000;
  const auto [baseline_rate, count] =
      GENERATE(std::pair<double, int>{0.001, 50}, std::pair<double, int>{0.02, 200},
               std::pair<double, int>{0.3, 100});
  CAPTURE(baseline_rate, count);
  std::mt19937_64 random{20'260'101};
  std::binomial_distribution<std::uint64_t> of_baseline{static_cast<std::uint64_t>(10 * count),
                                                        baseline_rate};
  std::binomial_distribution<std::uint64_t> of_candidate{static_cast<std::uint64_t>(count),
                                                         baseline_rate + 0.01};
  int alarms = 0;
  for (int i = 0; i < looks; ++i) {
    const auto baseline = requests(static_cast<std::uint64_t>(10 * count), of_baseline(random));
    const auto candidate = requests(static_cast<std::uint64_t>(count), of_candidate(random));
    if (look("errorRate", baseline, candidate, 1'000'000).failed()) ++alarms;
  }
  // four standard errors: sqrt(0.002 * 0.998 / 20'000) = 0.000316
  CHECK(alarms <= (0.002 + 4 * 0.000316) * looks);

  int found = 0;
  std::binomial_distribution<std::uint64_t> of_a_bad_one{static_cast<std::uint64_t>(count), 0.9};
  for (int i = 0; i < 100; ++i) {
    const auto baseline = requests(static_cast<std::uint64_t>(10 * count), of_baseline(random));
    const auto bad = requests(static_cast<std::uint64_t>(count), of_a_bad_one(random));
    if (look("errorRate", baseline, bad, 1'000'000).failed()) ++found;
  }
  CHECK(found == 100);  // and it is not blind
}
