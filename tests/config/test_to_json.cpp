// What to_json promises: a document that reads back as the same config, whatever that holds.

#include <hotswap/config/default_strategy.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/to_json.hpp>
#include <hotswap/core/share.hpp>

#include "config/random_config.hpp"
#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <variant>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::parse_strategy;
using hotswap::to_json;

TEST_CASE("to_json: reads back as the same config, bit for bit", "[config][to_json]") {
  config_tests::random_configs random{20260101};
  std::array<int, 5> seen{};

  for (int i = 0; i < 1'000; ++i) {
    const hotswap::strategy_config config = random.next();
    const std::string json = to_json(config);
    CAPTURE(json);
    REQUIRE(parse_strategy(json) == config);
    REQUIRE(to_json(parse_strategy(json)) == json);
    ++seen.at(config.index());
  }

  CHECK(*std::min_element(seen.begin(), seen.end()) > 150);
}

TEST_CASE("to_json: writes every key, the strategy first", "[config][to_json]") {
  hotswap::blue_green_config config;
  config.labels = {{"team", "risk"}};
  config.required_metrics = {"dataDrift"};

  CHECK(to_json(config) == R"({
  "strategy": "BlueGreen",
  "smokeTestSamples": 100,
  "monitoringDuration": "PT5M",
  "keepBlueDuration": "PT10M",
  "name": "",
  "description": "",
  "labels": {
    "team": "risk"
  },
  "dryRun": false,
  "rollbackThresholds": {
    "accuracyDrop": {"limit": 0.05, "required": false},
    "latencyIncrease": {"limit": 1.5, "required": false},
    "latencyQuantile": 0.95,
    "errorRateIncrease": {"limit": 0.01, "required": false},
    "dataDrift": 0.3
  },
  "requiredMetrics": ["dataDrift"],
  "limits": {
    "errorRate": 0.05
  },
  "analysis": "threshold",
  "maxMetricsFailures": 4,
  "allowLowTraffic": false,
  "onFailure": "rollback",
  "onInconclusive": "extend",
  "maxExtensions": 3,
  "onExhausted": "rollback",
  "holdTimeout": "P1D",
  "holdback": 0,
  "deadlines": {
    "deploy": "PT15M",
    "warmUp": "PT10M",
    "smokeTest": "PT5M",
    "setSplit": "PT30S",
    "collect": "PT10S",
    "healthy": "PT5S",
    "update": "PT15M",
    "remove": "PT10M"
  },
  "attempts": 3,
  "backoffMin": "PT1S",
  "backoffMax": "PT30S"
})");
}

TEST_CASE("to_json: the longest config is no longer than what parse_strategy reads",
          "[config][to_json]") {
  // two bytes of UTF-8 make six of JSON, the worst there is, but for a line's end
  const auto umlauts = [](std::size_t bytes) {
    std::string text;
    while (text.size() + 2 <= bytes) text += "\xC3\xA4";
    return text;
  };
  hotswap::canary_config then;
  then.steps.clear();
  for (int i = 1; i <= 128; ++i) {
    auto& step = then.steps.emplace_back(hotswap::share::basis_points(i == 128 ? 10'000 : 77 * i));
    step.duration = 24h + 23h + 59min + 59s + 999ms;
    step.minimum_samples = 999'999'999'999;
    step.approval = true;
  }
  hotswap::shadow_config config;
  config.then = then;
  config.name = umlauts(128);
  config.description = std::string(1'024, '\n');
  for (int i = 0; i < 32; ++i) config.labels[std::to_string(10 + i) + umlauts(62)] = umlauts(256);

  const std::string json = to_json(config);

  CHECK(json.size() > 48 * 1024);
  CHECK(json.size() <= hotswap::longest_document);
  CHECK(std::get<hotswap::shadow_config>(parse_strategy(json)) == config);
}

TEST_CASE("to_json: a config that cannot be used is refused like its document",
          "[config][to_json][errors]") {
  hotswap::canary_config config;
  config.steps = {10_pct, 10_pct, 100_pct};

  const auto refused = config_tests::refusal_of([&] { (void)to_json(config); });

  CHECK(refused.pointer == "/steps/1");
  CHECK(refused.message == "/steps/1: must be above the step before it, 10, got 10");
}
