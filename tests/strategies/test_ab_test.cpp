// The A/B test: its three ends, its guardrails, what it needs to decide, and that it decides once.

#include <hotswap/analysis/experiment.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/strategies/ab_test.hpp>

#include "support/abandoned.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/simulated_service.hpp"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using texts = std::vector<std::string>;

namespace {

/// An A/B test of a day, looked at every hour, on labelled traffic.
class experiment_world : public simulated_rollout<readable_service> {
 public:
  experiment_world() {
    with_users_journal();
    service.quality["1"].accuracy = 0.90;
    service.quality["2"].accuracy = 0.90;
    experiment.duration = 24h;
    experiment.analysis_interval = 1h;
    service.rate = 5.0;
  }

  hotswap::task<hotswap::deployment_result> deploy() {
    const hotswap::ab_test_strategy strategy{service, service, service, experiment};
    return strategy.deploy(baseline, candidate, context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }

  hotswap::ab_test_config experiment;
};

/// What a service has done since its process began.
class counters_since_start {
 public:
  explicit counters_since_start(experiment_world& world)
      : world_(world), start_(world.clock.now()) {}

  hotswap::task<hotswap::metrics_snapshot> totals(const hotswap::model_version& version) {
    const hotswap::time_window until_now{start_, world_.clock.now()};
    hotswap::metrics_snapshot all = co_await world_.service.collect(version, until_now);
    co_return all;
  }

 private:
  experiment_world& world_;
  hotswap::clock::time_point start_;
};

}  // namespace

TEST_CASE("ab_test: a better candidate wins, is observed with all the traffic, and stays",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.quality["2"].accuracy = 0.95;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(result.active() == world.candidate);
  CHECK(
      result.reason().starts_with("accuracy is 0.95 with the candidate and 0.9 with the baseline "
                                  "(chi-square, p = "));
  CHECK(world.service.changes() == texts{"deploy fraud@2", "warm_up fraud@2",
                                         "set_split 50 % fraud@1, 50 % fraud@2",
                                         "set_split 100 % fraud@2", "remove fraud@1"});
  CHECK(world.clock.elapsed() > 25h);
  CHECK(world.clock.elapsed() < 26h);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: a worse candidate loses, and goes", "[strategies][ab_test]") {
  experiment_world world;
  world.service.quality["2"].accuracy = 0.88;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::winner_baseline);
  CHECK(result.active() == world.baseline);
  CHECK(world.service.changes() == texts{"deploy fraud@2", "warm_up fraud@2",
                                         "set_split 50 % fraud@1, 50 % fraud@2",
                                         "set_split 100 % fraud@1", "remove fraud@2"});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: without a difference the baseline keeps the traffic", "[strategies][ab_test]") {
  experiment_world world;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::no_difference);
  CHECK(result.active() == world.baseline);
  CHECK(world.service.deployed() == std::set<hotswap::model_version>{world.baseline});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: means are compared by Welch's t, and less is better where it says so",
          "[strategies][ab_test]") {
  experiment_world world;
  world.experiment.primary_metric = "latency";
  world.service.quality["2"].latency = 0.019;
  const auto result = world.run();

  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(result.reason().find("welch") != std::string::npos);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: a guardrail's fail rolls back, at the look where it is found",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.quality["2"].error_rate = 0.05;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(world.clock.elapsed() < 2h);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: a sample-ratio mismatch voids it, and the baseline keeps the traffic",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.distort = [&](const auto& version, const auto&, hotswap::metrics_snapshot& seen) {
    seen.units = version == world.candidate ? seen.requests / 10 : seen.requests / 7;
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::sample_ratio_mismatch);
  CHECK(result.reason().find("users were the candidate's, and 50 % should be") !=
        std::string::npos);
  CHECK(result.active() == world.baseline);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: users that are split as the traffic is raise no alarm",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.distort = [](const auto&, const auto&, hotswap::metrics_snapshot& seen) {
    seen.units = seen.requests / 9;
  };
  CHECK(world.run().reason_code() == reason_code::no_difference);
}

TEST_CASE("ab_test: an arm that lacks samples extends it, once", "[strategies][ab_test]") {
  experiment_world world;
  world.experiment.minimum_samples = 300'000;  // 5 per second in 24 hours are 216'000 per arm
  SECTION("which may do") {
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::no_difference);
    CHECK(count(result, event_kind::extended) == 1);
    CHECK(world.clock.elapsed() > 48h);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("and if it does not, no question is answered") {
    world.service.distort = [](const auto&, const auto&, hotswap::metrics_snapshot& seen) {
      seen.accuracy.reset();
    };
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::extended) == 1);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("ab_test: traffic is weighed over the time that the counters cover",
          "[strategies][ab_test]") {
  experiment_world world;
  world.experiment.analysis_interval.reset();
  counters_since_start counters{world};
  hotswap::windowed metrics{counters};
  const auto present = world.clock.now();
  (void)world.clock.run(metrics.collect(world.baseline, {present, present}));
  world.clock.advance(5s);  // so old is the process when it begins
  const hotswap::ab_test_strategy strategy{world.service, world.service, metrics, world.experiment};

  SECTION("a process that has just begun has traffic") {
    const auto result =
        world.clock.run(strategy.deploy(world.baseline, world.candidate, world.context()));
    CHECK(result.reason_code() == reason_code::no_difference);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("and where there is too little, that is told after a look") {
    world.service.rate = 0.1;
    const auto result =
        world.clock.run(strategy.deploy(world.baseline, world.candidate, world.context()));
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason_code() == reason_code::low_traffic);
    CHECK(
        result.reason() ==
        "minimumSamples of 10000 must be reachable, got 0.1 requests per second: at 50 %, 2880 min "
        "bring 8640 at most");
    CHECK(world.clock.elapsed() < 2min);
    CHECK(world.service.changes() == nothing);
  }
}

TEST_CASE("ab_test: a ramp is observed before the split", "[strategies][ab_test]") {
  experiment_world world;
  world.service.rate = 100.0;
  world.experiment.analysis_interval = 5min;
  world.experiment.duration = 2h;
  world.experiment.ramp = {5_pct, 20_pct};
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.service.changes() ==
        texts{"deploy fraud@2", "warm_up fraud@2", "set_split 95 % fraud@1, 5 % fraud@2",
              "set_split 80 % fraud@1, 20 % fraud@2", "set_split 50 % fraud@1, 50 % fraud@2",
              "set_split 100 % fraud@1", "remove fraud@2"});
}

TEST_CASE("ab_test: a step of the ramp waits for the samples that it asks for",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.rate = 100.0;
  world.experiment.analysis_interval = 5min;
  hotswap::canary_step step = 5_pct;  // 3'000 requests in 10 minutes
  SECTION("which come") {
    step.minimum_samples = 2'900;
  }
  SECTION("which come with the extension") {
    step.minimum_samples = 5'900;
  }
  SECTION("which do not come") {
    step.minimum_samples = 6'100;
  }
  world.experiment.ramp = {step};
  const auto result = world.run();

  std::size_t extensions = 0;
  for (const auto& each : result.history()) {
    if (each.kind == event_kind::extended && each.step == "ramp-5") ++extensions;
  }
  CHECK(extensions == (*step.minimum_samples < 3'000 ? 0 : 1));
  CHECK((result.status() == deployment_status::succeeded) == (*step.minimum_samples < 6'000));
}

TEST_CASE("ab_test: a holdback leaves a winner something to be compared with",
          "[strategies][ab_test]") {
  experiment_world world;
  world.service.quality["2"].accuracy = 0.95;
  world.experiment.holdback = 10_pct;
  world.service.rate = 40.0;  // 2'400 requests for the baseline in 10 minutes
  const auto result = world.run();

  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(world.service.changes() ==
        texts{"deploy fraud@2", "warm_up fraud@2", "set_split 50 % fraud@1, 50 % fraud@2",
              "set_split 10 % fraud@1, 90 % fraud@2", "set_split 100 % fraud@2", "remove fraud@1"});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: with defaults it takes 7 to 14 days, and 2,016 looks take little time",
          "[strategies][ab_test]") {
  experiment_world world;
  world.experiment = hotswap::ab_test_config{};
  world.service.script().latency = 0s;
  const auto result = world.run();

  CHECK(result.reason_code() == reason_code::no_difference);
  CHECK(count(result, event_kind::look) == 2'016);
  CHECK(world.clock.elapsed() > 24h * 7);
  CHECK(world.clock.elapsed() < 24h * 14);
}

TEST_CASE(
    "ab_test: a process that dies at any call is followed by one with which it ends as it "
    "would have",
    "[strategies][ab_test][replay]") {
  const auto kind = GENERATE(std::pair{0.88, false}, std::pair{0.90, false}, std::pair{0.95, false},
                             std::pair{0.95, true});
  const auto make = [kind] {
    auto world = std::make_unique<experiment_world>();
    world->experiment.duration = 4h;
    world->experiment.ramp = {20_pct};
    world->service.rate = 50.0;
    world->service.quality["2"].accuracy = kind.first;
    if (kind.second) {
      world->service.distort = [w = world.get()](const auto& version, const auto&,
                                                 hotswap::metrics_snapshot& seen) {
        const bool late = w->clock.elapsed() > 3h;
        if (version == w->candidate && late) seen.errors = seen.requests / 5;
      };
    }
    return world;
  };
  const auto unharmed = make();
  const auto expected = end_of(*unharmed, unharmed->run());
  const std::size_t calls = calls_of(make);
  REQUIRE(calls > 30);
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    CAPTURE(kind.first, kind.second, n, process.last_words());
    const auto result = process.run_until(0);
    REQUIRE(result);
    CHECK(end_of(*world, *result) == expected);
    CHECK(world->broken_promises(*result) == nothing);
  }
}

TEST_CASE("ab_test: a decision that is recorded holds, whatever today's program would decide",
          "[strategies][ab_test][replay]") {
  experiment_world world;
  world.service.quality["2"].accuracy = 0.95;
  mortal_process process{world};
  const auto make = [] {
    auto made = std::make_unique<experiment_world>();
    made->service.quality["2"].accuracy = 0.95;
    return made;
  };
  std::size_t n = 1;  // the call after the decision
  for (bool decided = false;; ++n) {
    const auto other = make();
    mortal_process trial{*other};
    REQUIRE_FALSE(trial.run_until(n));
    for (const auto& each : other->records()) {
      decided = decided || (each.verb == "decide" && each.phase == hotswap::record_phase::outcome);
    }
    if (decided) break;
  }
  REQUIRE_FALSE(process.run_until(n));
  auto changed = std::make_shared<hotswap::memory_journal>();
  for (auto each : world.records()) {
    if (each.verb == "decide" && each.phase == hotswap::record_phase::outcome) {
      each.payload = hotswap::outcome_record{"baseline: it was decided so"};
    }
    world.clock.run(changed->append("fraud", each));
  }
  world.environment.journal = changed;
  world.restarts();
  const auto result = world.run();
  CHECK(result.reason_code() == reason_code::winner_baseline);
  CHECK(result.reason() == "it was decided so");
  CHECK(result.active() == world.baseline);
}

TEST_CASE("ab_test: abandoned when it was committed, it ends with the winner of the journal",
          "[strategies][ab_test][abandon]") {
  const double accuracy = GENERATE(0.88, 0.90, 0.95);
  const auto make = [accuracy] {
    auto world = std::make_unique<experiment_world>();
    world->experiment.duration = 4h;
    world->service.rate = 50.0;
    world->service.quality["2"].accuracy = accuracy;
    return world;
  };
  const auto unharmed = make();
  const auto expected = unharmed->run();
  std::size_t committed = 0;
  const std::size_t calls = calls_of(make);
  for (std::size_t n = 3; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    if (!support::is_committed(*world)) continue;
    ++committed;
    const auto result = support::abandoned(*world);
    CAPTURE(n, process.last_words());
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(result.active() == expected.active());
    CHECK(result.reason_code() == expected.reason_code());
    CHECK(result.reason() == expected.reason());
    CHECK(world->service.in_force() == unharmed->service.in_force());
    CHECK(world->service.deployed() == unharmed->service.deployed());
    CHECK(world->broken_promises(result) == nothing);
  }
  CHECK(committed >= 3);
}

TEST_CASE("experiment: the test errs as often as its level says", "[analysis][calibration]") {
  // 4,000 experiments without a difference, at 5 %: the rejections are binomial, and four standard
  // errors are 4 * sqrt(0.05 * 0.95 / 4000) = 0.0138
  std::uint64_t state = 2026;
  const auto uniform = [&state] {
    state += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
  };
  const double lift = GENERATE(0.0, 0.1);
  const hotswap::experiment_question question{"accuracy", true, 0.05, 1};
  std::size_t rejected = 0;
  constexpr std::size_t experiments = 4'000;
  for (std::size_t i = 0; i < experiments; ++i) {
    const auto arm = [&](double rate) {
      std::uint64_t right = 0;
      for (int k = 0; k < 400; ++k) right += uniform() < rate ? 1U : 0U;
      hotswap::metrics_snapshot seen;
      seen.requests = 400;
      seen.accuracy = hotswap::stats::proportion{right, 400};
      return seen;
    };
    hotswap::paired_windows totals{{}, arm(0.8), arm(0.8 + lift)};
    const auto outcome = hotswap::decide_experiment(totals, question);
    if (outcome.winner != hotswap::experiment_winner::none) ++rejected;
  }
  const double rate = static_cast<double>(rejected) / experiments;
  if (lift == 0.0) {
    CHECK(std::abs(rate - 0.05) < 0.0138);
  } else {
    CHECK(rate > 0.9);  // or the harness could not tell
  }
}

TEST_CASE("experiment: nothing measured, or nothing that varies, names no winner",
          "[analysis][experiment]") {
  const hotswap::experiment_question question{"latency", false, 0.05, 1};
  hotswap::paired_windows totals{{}, {}, {}};
  SECTION("nothing measured") {}
  SECTION("nothing varies") {
    totals.baseline.latency = hotswap::stats::moments::from_summary(100, 0.02, 0.0);
    totals.candidate.latency = hotswap::stats::moments::from_summary(100, 0.03, 0.0);
  }
  SECTION("one value") {
    totals.baseline.latency = hotswap::stats::moments::from_summary(1, 0.02, 0.0);
    totals.candidate.latency = hotswap::stats::moments::from_summary(100, 0.03, 1e-6);
  }
  const auto outcome = hotswap::decide_experiment(totals, question);
  CHECK(outcome.winner == hotswap::experiment_winner::none);
  CHECK(outcome.found.made == hotswap::decision::inconclusive);
  CHECK(outcome.found.sentence ==
        "latency cannot be compared: nothing was measured, or nothing varies");
}
