// What the keys of a document mean: each fills its field, in all the forms that it may have.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/share.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::canary_config;
using hotswap::canary_step;
using hotswap::parse_strategy;

namespace {

canary_config canary(const std::string& members) {
  return std::get<canary_config>(parse_strategy(R"({"strategy": "Canary", )" + members + "}"));
}

std::vector<std::string> required(const std::string& members) {
  return canary(members).required_metrics;
}

hotswap::strategy_config example(const std::string& name) {
  const std::string path = HOTSWAP_TESTS "/../examples/strategies/" + name;
  CAPTURE(path);
  std::ifstream file{path};
  REQUIRE(file);
  return parse_strategy(std::string{std::istreambuf_iterator<char>{file}, {}});
}

}  // namespace

TEST_CASE("parse_strategy: every common key fills its field", "[config][parse]") {
  const auto config = canary(R"(
    "$schema": "https://example.org/hotswap.json",
    "name": "fraud", "description": "two\nlines", "labels": {"team": "risk", "a/b": ""},
    "dryRun": true,
    "rollbackThresholds": {"accuracyDrop": 0.02, "latencyIncrease": 1.2, "latencyQuantile": 0.99,
                           "errorRateIncrease": 0, "dataDrift": 0.25},
    "requiredMetrics": [],
    "analysis": "threshold", "analysisInterval": "PT1M", "maxMetricsFailures": 7,
    "allowLowTraffic": true,
    "onFailure": "hold", "onInconclusive": "extend", "maxExtensions": 9, "onExhausted": "hold",
    "holdTimeout": "PT2H", "holdback": 2.5, "deadline": "PT1H",
    "deadlines": {"deploy": "PT1S", "warmUp": "PT2S", "smokeTest": "PT3S", "setSplit": "PT4S",
                  "collect": "PT5S", "healthy": "PT6S", "update": "PT7S", "remove": "PT8S"},
    "attempts": 5, "backoffMin": "PT0.5S", "backoffMax": "PT10S")");

  CHECK(config.name == "fraud");
  CHECK(config.description == "two\nlines");
  CHECK(config.labels == std::map<std::string, std::string>{{"team", "risk"}, {"a/b", ""}});
  CHECK(config.dry_run);
  CHECK(config.rollback_thresholds.accuracy_drop == 0.02);
  CHECK(config.rollback_thresholds.latency_increase == 1.2);
  CHECK(config.rollback_thresholds.latency_quantile == 0.99);
  CHECK(config.rollback_thresholds.error_rate_increase == 0.0);
  CHECK(config.rollback_thresholds.data_drift == 0.25);
  CHECK(config.analysis_interval == 1min);
  CHECK(config.max_metrics_failures == 7);
  CHECK(config.allow_low_traffic);
  CHECK(config.on_failure == hotswap::on_failure::hold);
  CHECK(config.on_inconclusive == hotswap::on_inconclusive::extend);
  CHECK(config.max_extensions == 9);
  CHECK(config.on_exhausted == hotswap::on_exhausted::hold);
  CHECK(config.hold_timeout == 2h);
  CHECK(config.holdback == 2.5_pct);
  CHECK(config.deadline == 1h);
  CHECK(config.deadlines.deploy == 1s);
  CHECK(config.deadlines.warm_up == 2s);
  CHECK(config.deadlines.smoke_test == 3s);
  CHECK(config.deadlines.set_split == 4s);
  CHECK(config.deadlines.collect == 5s);
  CHECK(config.deadlines.healthy == 6s);
  CHECK(config.deadlines.update == 7s);
  CHECK(config.deadlines.remove == 8s);
  CHECK(config.attempts == 5);
  CHECK(config.backoff_min == 500ms);
  CHECK(config.backoff_max == 10s);
}

TEST_CASE("parse_strategy: a written limit makes its metric a required one", "[config][parse]") {
  using names = std::vector<std::string>;

  CHECK(required(R"("rollbackThresholds": {})") == names{"errorRate", "latency"});
  CHECK(required(R"("rollbackThresholds": {"latencyQuantile": 0.9})") ==
        names{"errorRate", "latency"});
  CHECK(required(R"("rollbackThresholds": {"latencyIncrease": 2, "errorRateIncrease": 0.1})") ==
        names{"errorRate", "latency"});
  CHECK(required(R"("rollbackThresholds": {"dataDrift": 0.3, "accuracyDrop": 0.05})") ==
        names{"errorRate", "latency", "accuracy", "dataDrift"});
  CHECK(required(R"("requiredMetrics": [])").empty());
  CHECK(required(R"("requiredMetrics": ["dataDrift"])") == names{"dataDrift"});
  CHECK(required(R"("requiredMetrics": ["accuracy"], "rollbackThresholds": {"accuracyDrop": 0.1,
                    "latencyIncrease": 2})") == names{"accuracy", "latency"});
}

TEST_CASE("parse_strategy: a limit can be set without requiring its metric", "[config][parse]") {
  const auto config =
      canary(R"("rollbackThresholds": {"accuracyDrop": {"limit": 0.1, "required": false},
                                       "dataDrift": {"limit": 0.2}})");

  CHECK(config.rollback_thresholds.accuracy_drop == 0.1);
  CHECK(config.rollback_thresholds.data_drift == 0.2);
  CHECK(config.required_metrics == std::vector<std::string>{"errorRate", "latency", "dataDrift"});
}

TEST_CASE("parse_strategy: a limit that is not required takes its metric from the usual ones",
          "[config][parse]") {
  CHECK(required(R"("rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": false}})") ==
        std::vector<std::string>{"errorRate"});
  CHECK(required(R"("rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": true},
                                           "errorRateIncrease": {"limit": 1, "required": false}})") ==
        std::vector<std::string>{"latency"});
}

TEST_CASE("parse_strategy: a step is a percentage, or an object that says more",
          "[config][parse]") {
  canary_step careful = 33.33_pct;
  careful.duration = 1h;
  careful.minimum_samples = 5'000;
  careful.approval = true;
  const canary_step plain = 50_pct;

  const auto config = canary(
      R"("steps": [0.01, 7, {"share": 33.33, "duration": "PT1H", "minimumSamples": 5e3,
                             "approval": true}, {"share": 50}, 100.0])");

  CHECK(config.steps == std::vector<canary_step>{0.01_pct, 7_pct, careful, plain, 100_pct});
  CHECK(!config.monitoring_duration);
  CHECK(config.bake_of(careful) == 1h);
  CHECK(config.bake_of(plain) == 10min);
}

TEST_CASE(
    "canary: an extension is as long as its step's bake, unless monitoringDuration is written",
    "[config][parse]") {
  const std::string steps = R"("steps": [50, {"share": 100, "duration": "PT1H"}])";
  const auto silent = canary(steps);
  CHECK(silent.extension_of(silent.steps[0]) == 10min);
  CHECK(silent.extension_of(silent.steps[1]) == 1h);
  CHECK(silent.reference_duration() == 10min);

  const auto written = canary(steps + R"(, "monitoringDuration": "PT20M")");
  CHECK(written.extension_of(written.steps[0]) == 20min);
  CHECK(written.extension_of(written.steps[1]) == 20min);
  CHECK(written.reference_duration() == 20min);
}

TEST_CASE("parse_strategy: every share of a hundredth of a per cent is read exactly",
          "[config][parse]") {
  for (int points = 1; points < 10'000; ++points) {
    const auto digits = std::to_string(10'000 + points % 100).substr(3);
    const auto text = std::to_string(points / 100) + "." + digits;
    const auto config = canary("\"steps\": [" + text + ", 100]");
    REQUIRE(config.steps.front().share.basis_points() == points);
  }
}

TEST_CASE("parse_strategy: initialPercentage and incrementStep make steps of five minutes",
          "[config][parse]") {
  using steps = std::vector<canary_step>;

  const auto both = canary(R"("initialPercentage": 10, "incrementStep": 15)");
  CHECK(both.steps == steps{10_pct, 25_pct, 40_pct, 55_pct, 70_pct, 85_pct, 100_pct});
  CHECK(both.monitoring_duration == 5min);

  CHECK(canary(R"("initialPercentage": 10)") == both);
  CHECK(canary(R"("incrementStep": 15)") == both);
  CHECK(canary(R"("initialPercentage": 25)").steps ==
        steps{25_pct, 40_pct, 55_pct, 70_pct, 85_pct, 100_pct});
  CHECK(canary(R"("incrementStep": 40)").steps == steps{10_pct, 50_pct, 90_pct, 100_pct});
  CHECK(canary(R"("initialPercentage": 100)").steps == steps{100_pct});
  CHECK(canary(R"("initialPercentage": 0.5, "incrementStep": 100)").steps ==
        steps{0.5_pct, 100_pct});
  CHECK(canary(R"("initialPercentage": 0.01, "incrementStep": 1)").steps.size() == 101);

  const auto slow = canary(R"("monitoringDuration": "PT1H", "initialPercentage": 10)");
  CHECK(slow.steps == both.steps);
  CHECK(slow.monitoring_duration == 1h);
}

TEST_CASE("parse_strategy: a whole number may be written as 1000.0 or 1e3", "[config][parse]") {
  CHECK(canary(R"("minimumSamples": 1000.0)").minimum_samples == 1'000);
  CHECK(canary(R"("minimumSamples": 1e12)").minimum_samples == 1'000'000'000'000);
}

TEST_CASE("parse_strategy: a negative zero is a zero", "[config][parse]") {
  const auto config = canary(
      R"("rollbackThresholds": {"accuracyDrop": -0.0}, "holdback": -0, "maxExtensions": -0)");

  CHECK(config.rollback_thresholds.accuracy_drop == 0.0);
  CHECK(!std::signbit(config.rollback_thresholds.accuracy_drop));
  CHECK(config.holdback == 0_pct);
  CHECK(config.max_extensions == 0);
}

TEST_CASE("parse_strategy: a shadow goes on with the document under then", "[config][parse]") {
  const auto shadow = [](const std::string& members) {
    return std::get<hotswap::shadow_config>(
        parse_strategy(R"({"strategy": "Shadow", )" + members + "}"));
  };

  CHECK(std::holds_alternative<std::monostate>(shadow(R"("promote": "never")").then));
  CHECK(std::get<canary_config>(shadow(R"("promote": "canary", "then": {})").then) ==
        canary_config{});
  CHECK(std::get<hotswap::blue_green_config>(
            shadow(R"("promote": "blueGreen", "then": {})").then) == hotswap::blue_green_config{});

  const auto config =
      shadow(R"("promote": "canary", "then": {"strategy": "Canary", "steps": [50, 100],
                                "rollbackThresholds": {"dataDrift": 0.1}})");
  const auto& then = std::get<canary_config>(config.then);
  CHECK(config.promote() == hotswap::shadow_promotion::canary);
  CHECK(then.steps == std::vector<canary_step>{50_pct, 100_pct});
  CHECK(then.required_metrics == std::vector<std::string>{"errorRate", "latency", "dataDrift"});
  CHECK(config.required_metrics == std::vector<std::string>{"errorRate", "latency"});
}

TEST_CASE("examples: a canary that starts small and asks a person", "[config][examples]") {
  canary_step half = 50_pct;
  half.duration = 1h;
  half.minimum_samples = 20'000;
  half.approval = true;

  canary_config expected;
  expected.name = "fraud model, careful";
  expected.description = "A few transactions first; a person agrees before half of them.";
  expected.steps = {1_pct, 10_pct, half, 100_pct};
  expected.monitoring_duration = 20min;
  expected.minimum_samples = 5'000;
  expected.rollback_thresholds.error_rate_increase = 0.002;
  expected.rollback_thresholds.latency_increase = 1.2;
  expected.rollback_thresholds.accuracy_drop = 0.02;
  expected.required_metrics = {"errorRate", "latency", "accuracy"};
  expected.on_inconclusive = hotswap::on_inconclusive::hold;
  expected.holdback = 5_pct;
  expected.labels = {{"team", "payments"}};
  CHECK(std::get<canary_config>(example("canary.json")) == expected);
}

TEST_CASE("examples: a blue-green deployment with a thorough smoke test", "[config][examples]") {
  hotswap::blue_green_config expected;
  expected.name = "ranking, all at once";
  expected.smoke_test_samples = 500;
  expected.monitoring_duration = 15min;
  expected.keep_blue_duration = 1h;
  expected.rollback_thresholds.error_rate_increase = 0.005;
  expected.deadlines.warm_up = 20min;
  CHECK(std::get<hotswap::blue_green_config>(example("blue_green.json")) == expected);
}

TEST_CASE("examples: an A/B test of a metric of one's own", "[config][examples]") {
  canary_step slow = 15_pct;
  slow.duration = 2h;

  hotswap::ab_test_config expected;
  expected.name = "recommendations, by what they earn";
  expected.split_ratio = 30_pct;
  expected.ramp = {5_pct, slow};
  expected.minimum_samples = 50'000;
  expected.primary_metric = "revenue_per_request";
  expected.primary_direction = hotswap::metric_direction::increase;
  expected.significance_level = 0.01;
  expected.duration = 14 * 24h;
  expected.rollback_thresholds.latency_increase = 1.3;
  CHECK(std::get<hotswap::ab_test_config>(example("ab_testing.json")) == expected);
}

TEST_CASE("examples: a shadow that becomes a canary", "[config][examples]") {
  canary_config then;
  then.steps = {20_pct, 60_pct, 100_pct};
  then.monitoring_duration = 5min;

  hotswap::shadow_config expected;
  expected.name = "spam, unseen first";
  expected.sample_rate = 25_pct;
  expected.duration = 6h;
  expected.minimum_samples = 10'000;
  expected.divergence_thresholds.disagreement_rate = 0.03;
  expected.divergence_thresholds.dropped_rate = 0.2;
  expected.then = then;
  CHECK(std::get<hotswap::shadow_config>(example("shadow.json")) == expected);
}

TEST_CASE("examples: a rolling deployment of two servers at a time", "[config][examples]") {
  hotswap::rolling_config expected;
  expected.name = "embeddings, server by server";
  expected.max_unavailable = 2;
  expected.health_check_interval = 10s;
  expected.unhealthy_threshold = 5;
  expected.min_ready = 30s;
  expected.monitoring_duration = 10min;
  expected.on_failure = hotswap::on_failure::hold;
  CHECK(std::get<hotswap::rolling_config>(example("rolling.json")) == expected);
}
