// A config that is filled in C++ is held to the same rules as a document, by the same sentences.

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/share.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using config_tests::refusal_of;

namespace {

/// The message by which the config is refused after `change`; its pointer is where it begins.
template <typename Config, typename Change>
std::string refused(Change change) {
  Config config;
  change(config);
  const auto refused = refusal_of([&] { validate(config); });
  CHECK(refused.message.starts_with(refused.pointer));
  CHECK(refusal_of([&] { validate(hotswap::strategy_config{config}); }).message == refused.message);
  return refused.message;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("validate: the default configs are accepted", "[config][validate]") {
  const auto nothing = [](auto&) {};

  CHECK(refused<hotswap::canary_config>(nothing) == "accepted");
  CHECK(refused<hotswap::blue_green_config>(nothing) == "accepted");
  CHECK(refused<hotswap::ab_test_config>(nothing) == "accepted");
  CHECK(refused<hotswap::shadow_config>(nothing) == "accepted");
  CHECK(refused<hotswap::rolling_config>(nothing) == "accepted");
}

TEST_CASE("validate: a canary filled in C++ is refused like its document", "[config][validate]") {
  const auto canary = [](auto change) { return refused<hotswap::canary_config>(change); };

  CHECK(canary([](auto& c) { c.steps = {10_pct, 10_pct, 100_pct}; }) ==
        "/steps/1: must be above the step before it, 10, got 10");
  CHECK(canary([](auto& c) { c.steps.clear(); }) == "/steps: must end at 100, got an empty list");
  CHECK(canary([](auto& c) { c.steps.pop_back(); }) == "/steps: must end at 100, got 50");
  CHECK(canary([](auto& c) { c.steps.front().share = 0_pct; }) ==
        "/steps/0/share: must be a percentage above 0 and at most 100, got 0");
  CHECK(canary([](auto& c) { c.steps[1].duration = 0ms; }) ==
        "/steps/1/duration: must be a positive duration of at most P365D, got PT0S");
  CHECK(canary([](auto& c) { c.steps[1].minimum_samples = 0; }) ==
        "/steps/1/minimumSamples: must be a whole number from 1 to 1000000000000, got 0");
  CHECK(canary([](auto& c) { c.monitoring_duration = -5min; }) ==
        "/monitoringDuration: must be a positive duration of at most P365D, got -PT5M");
  CHECK(canary([](auto& c) { c.monitoring_duration = std::chrono::milliseconds::min(); }) ==
        "/monitoringDuration: must be a positive duration of at most P365D, got "
        "-P106751991167DT7H12M55.808S");
  CHECK(canary([](auto& c) { c.keep_duration = 8760h + 1ms; }) ==
        "/keepDuration: must be a duration of at most P365D, got P365DT0.001S");
  CHECK(canary([](auto& c) { c.minimum_samples = 0; }) ==
        "/minimumSamples: must be a whole number from 1 to 1000000000000, got 0");
  CHECK(canary([](auto& c) { c.keep_duration = 0ms; }) == "accepted");
}

TEST_CASE("validate: limits are finite and in range", "[config][validate]") {
  const auto limit = [](auto change) {
    return refused<hotswap::canary_config>([&](auto& c) { change(c.rollback_thresholds); });
  };
  const std::string at = "/rollbackThresholds/";

  CHECK(limit([](auto& t) { t.accuracy_drop = not_a_number; }) ==
        at + "accuracyDrop: must be a number from 0 to 1, got nan");
  CHECK(limit([](auto& t) { t.accuracy_drop = -0.01; }) ==
        at + "accuracyDrop: must be a number from 0 to 1, got -0.01");
  CHECK(limit([](auto& t) { t.latency_increase = HUGE_VAL; }) ==
        at + "latencyIncrease: must be a ratio above 1, got inf");
  CHECK(limit([](auto& t) { t.latency_increase = 1.0; }) ==
        at + "latencyIncrease: must be a ratio above 1, got 1");
  CHECK(limit([](auto& t) { t.latency_quantile = 0.0; }) ==
        at + "latencyQuantile: must be a quantile between 0 and 1, got 0");
  CHECK(limit([](auto& t) { t.error_rate_increase = 1.5; }) ==
        at + "errorRateIncrease: must be a number from 0 to 1, got 1.5");
  CHECK(limit([](auto& t) { t.data_drift = -HUGE_VAL; }) ==
        at + "dataDrift: must be a number above 0, got -inf");
  CHECK(limit([](auto& t) { t.accuracy_drop = 0.0; }) == "accepted");
}

TEST_CASE("validate: the common fields of every strategy are held to the same rules",
          "[config][validate]") {
  const auto check_all = [](auto change, std::string_view message) {
    CHECK(refused<hotswap::canary_config>(change) == message);
    CHECK(refused<hotswap::blue_green_config>(change) == message);
    CHECK(refused<hotswap::ab_test_config>(change) == message);
    CHECK(refused<hotswap::shadow_config>(change) == message);
    CHECK(refused<hotswap::rolling_config>(change) == message);
  };

  check_all([](auto& c) { c.attempts = 0; },
            "/attempts: must be a whole number from 1 to 100, got 0");
  check_all([](auto& c) { c.attempts = -3; },
            "/attempts: must be a whole number from 1 to 100, got -3");
  check_all([](auto& c) { c.max_extensions = -1; },
            "/maxExtensions: must be a whole number from 0 to 1000, got -1");
  check_all([](auto& c) { c.max_metrics_failures = 0; },
            "/maxMetricsFailures: must be a whole number from 1 to 1000, got 0");
  check_all([](auto& c) { c.hold_timeout = 0ms; },
            "/holdTimeout: must be a positive duration of at most P365D, got PT0S");
  check_all([](auto& c) { c.deadlines.warm_up = -1ms; },
            "/deadlines/warmUp: must be a positive duration of at most P365D, got -PT0.001S");
  check_all([](auto& c) { c.backoff_max = 1ms; },
            "/backoffMax: must be at least backoffMin, PT1S, got PT0.001S");
  check_all(
      [](auto& c) {
        c.analysis_interval = 8760h;
        c.deadline = 0ms;
      },
      "/deadline: must be a positive duration of at most P365D, got PT0S");
  check_all([](auto& c) { c.holdback = 0.5_pct; },
            "/holdback: must be 0 or a percentage from 1 to 50, got 0.5");
  check_all([](auto& c) { c.on_failure = static_cast<hotswap::on_failure>(7); },
            "/onFailure: must be one of rollback, hold, got 7");
  check_all([](auto& c) { c.required_metrics = {"latency", "throughput"}; },
            "/requiredMetrics/1: must be one of accuracy, latency, errorRate, dataDrift, got "
            "\"throughput\"");
  check_all([](auto& c) { c.name = "\xFF"; }, R"(/name: must be UTF-8, got "\xFF")");
  check_all([](auto& c) { c.labels["a~/"] = "\x1B"; },
            R"(/labels/a~0~1: must have no control character, got "\u001b")");
  check_all([](auto& c) { c.description = "several\n\tlines"; }, "accepted");
}

TEST_CASE("validate: a deadline exceeds what the rollout waits for", "[config][validate]") {
  const auto deadline = [](auto limit) { return [limit](auto& c) { c.deadline = limit; }; };

  CHECK(refused<hotswap::canary_config>(deadline(50min)) ==
        "/deadline: must exceed the waits it covers, PT50M, got PT50M");
  CHECK(refused<hotswap::canary_config>(deadline(50min + 1ms)) == "accepted");
  CHECK(refused<hotswap::blue_green_config>(deadline(15min)) ==
        "/deadline: must exceed the waits it covers, PT15M, got PT15M");
  CHECK(refused<hotswap::ab_test_config>(deadline(24h)) ==
        "/deadline: must exceed the waits it covers, P7DT1H, got P1D");
  CHECK(refused<hotswap::shadow_config>(deadline(1h)) ==
        "/deadline: must exceed the waits it covers, PT1H, got PT1H");
  CHECK(refused<hotswap::rolling_config>(deadline(5min)) ==
        "/deadline: must exceed the waits it covers, PT5M10S, got PT5M");
}

TEST_CASE("validate: a shadow filled in C++ answers for what follows it", "[config][validate]") {
  const auto shadow = [](auto change) { return refused<hotswap::shadow_config>(change); };

  CHECK(shadow([](auto& c) {
          hotswap::canary_config then;
          then.steps = {50_pct};
          c.then = then;
        }) == "/then/steps: must end at 100, got 50");
  CHECK(shadow([](auto& c) {
          hotswap::blue_green_config then;
          then.labels["team"] = "risk";
          c.then = then;
        }) == "/then/labels: must stand in the shadow's own config, got an object of 1");
  CHECK(shadow([](auto& c) { c.divergence_thresholds.score_difference = not_a_number; }) ==
        "/divergenceThresholds/scoreDifference: must be a number above 0, got nan");
  CHECK(shadow([](auto& c) { c.sample_rate = 0_pct; }) ==
        "/sampleRate: must be a ratio above 0 and at most 1, got 0");
}

TEST_CASE("validate: an A/B test knows its split, its level and its metric", "[config][validate]") {
  const auto ab = [](auto change) { return refused<hotswap::ab_test_config>(change); };

  CHECK(ab([](auto& c) { c.split_ratio = 100_pct; }) ==
        "/splitRatio: must be a ratio above 0 and below 1, got 1");
  CHECK(ab([](auto& c) { c.significance_level = not_a_number; }) ==
        "/significanceLevel: must be a probability above 0 and at most 0.5, got nan");
  CHECK(ab([](auto& c) { c.primary_metric = "clicks"; }) ==
        "/primaryDirection: must be increase or decrease for the custom metric \"clicks\", got "
        "nothing");
  CHECK(ab([](auto& c) { c.ramp = {10_pct, 60_pct}; }) ==
        "/ramp/1: must be below splitRatio, 50 per cent, got 60");
  CHECK(ab([](auto& c) {
          c.primary_metric = "clicks";
          c.primary_direction = hotswap::metric_direction::decrease;
        }) == "accepted");
}
