// What a document may not say: every rule, with the pointer and the whole sentence.

#include <hotswap/config/parse_strategy.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

using config_tests::refusal_of_document;

namespace {

struct wrong {
  std::string members;
  std::string message;  // after the pointer that it begins with
};

/// Every message is `<pointer>: must …, got …`, and the error's pointer is that pointer.
void check_refused(const std::string& strategy, const std::vector<wrong>& cases) {
  for (const auto& [members, message] : cases) {
    const auto json = "{\"strategy\": \"" + strategy + "\", " + members + "}";
    CAPTURE(json);
    const auto refused = refusal_of_document(json);
    CHECK(refused.message == message);
    CHECK(refused.pointer == message.substr(0, message.find(": must")));
  }
}

const std::string a_duration = "must be an ISO 8601 duration such as PT10M or P1DT12H";
const std::string some_time = "must be a positive duration of at most P365D";
const std::string some_samples = "must be a whole number from 1 to 1000000000000";
const std::string some_percentage = "must be a percentage above 0 and at most 100";

}  // namespace

TEST_CASE("parse_strategy: a document is an object that names its strategy",
          "[config][parse][errors]") {
  const std::string names =
      "/strategy: must be one of Canary, BlueGreen, ABTesting, Shadow, Rolling";
  const std::vector<wrong> cases = {
      {"[]", "document: must be an object, got a list"},
      {"null", "document: must be an object, got null"},
      {"5", "document: must be an object, got 5"},
      {"\"Canary\"", "document: must be an object, got \"Canary\""},
      {"{}", names + ", got nothing"},
      {R"({"strategy": null})", names + ", got null"},
      {R"({"strategy": ["Canary"]})", names + ", got a list"},
      {R"({"strategy": ""})", names + R"(, got "")"},
      {R"({"strategy": "canary"})", names + R"(, got "canary"; did you mean "Canary"?)"},
      {R"({"strategy": "Blue-Green"})", names + R"(, got "Blue-Green"; did you mean "BlueGreen"?)"},
      {R"({"strategy": "ABTest"})", names + R"(, got "ABTest"; did you mean "ABTesting"?)"},
      {R"({"strategy": "Recreate"})", names + R"(, got "Recreate")"},
      {R"({"Strategy": "Canary"})", names + ", got nothing"},
      {R"({"strategy": "Canary\u0000"})",
       names + R"(, got "Canary\u0000"; did you mean "Canary"?)"},
  };
  for (const auto& [json, message] : cases) {
    CAPTURE(json);
    CHECK(refusal_of_document(json).message == message);
  }
}

TEST_CASE("parse_strategy: an unknown key is named, with what it may have meant",
          "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("stesp": [])",
           R"(/stesp: must be a key of Canary, got "stesp"; did you mean "steps"?)"},
          {R"("monitoring_duration": "PT5M")",
           R"(/monitoring_duration: must be a key of Canary, got "monitoring_duration"; did you mean "monitoringDuration"?)"},
          {R"("rollbackTresholds": {})",
           R"(/rollbackTresholds: must be a key of Canary, got "rollbackTresholds"; did you mean "rollbackThresholds"?)"},
          {R"("colour": "red")", R"(/colour: must be a key of Canary, got "colour")"},
          {R"("": 1)", R"(/: must be a key of Canary, got "")"},
          {R"("a/b~c": 1)", R"(/a~1b~0c: must be a key of Canary, got "a/b~c")"},
          {R"("\u001b[31m\n\u202e\"\\": 1)",
           R"(/\u001b[31m\u000a\u202e\"\\: must be a key of Canary, got "\u001b[31m\u000a\u202e\"\\")"},
          {R"("splitRatio": 0.5)",
           R"(/splitRatio: must be a key of Canary, got "splitRatio", a key of ABTesting)"},
          {R"("duration": "PT1H")",
           R"(/duration: must be a key of Canary, got "duration", a key of ABTesting, Shadow)"},
          {R"("rollbackThresholds": {"accuracydrop": 0.1})",
           R"(/rollbackThresholds/accuracydrop: must be one of accuracyDrop, latencyIncrease, latencyQuantile, errorRateIncrease, dataDrift, got "accuracydrop"; did you mean "accuracyDrop"?)"},
          {R"("rollbackThresholds": {"dataDrift": {"limit": 1, "x": 1}})",
           R"(/rollbackThresholds/dataDrift/x: must be one of limit, required, got "x")"},
          {R"("deadlines": {"warmup": "PT1M"})",
           R"(/deadlines/warmup: must be one of deploy, warmUp, smokeTest, setSplit, collect, healthy, update, remove, got "warmup"; did you mean "warmUp"?)"},
          {R"("steps": [{"share": 1, "wait": 1}])",
           R"(/steps/0/wait: must be one of share, duration, minimumSamples, approval, got "wait")"},
      });
  check_refused(
      "Rolling",
      {
          {R"("steps": [100])",
           R"(/steps: must be a key of Rolling, got "steps", a key of Canary)"},
          {R"("promote": "never")",
           R"(/promote: must be a key of Rolling, got "promote", a key of Shadow)"},
          {R"("initialPercentage": 5)",
           R"(/initialPercentage: must be a key of Rolling, got "initialPercentage", a key of Canary)"},
          {R"("minimumSamples": 5)",
           R"(/minimumSamples: must be a key of Rolling, got "minimumSamples", a key of Canary, ABTesting, Shadow)"},
      });
  check_refused("Shadow", {{R"("promote": "canary", "then": {"keepBlueDuration": "PT1M"})",
                            R"(/then/keepBlueDuration: must be a key of Canary, got )"
                            R"("keepBlueDuration", a key of BlueGreen)"}});
}

TEST_CASE("parse_strategy: steps rise from above 0 and end at 100", "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("steps": [10, 10, 100])", "/steps/1: must be above the step before it, 10, got 10"},
          {R"("steps": [10, 50, 25.5, 100])",
           "/steps/2: must be above the step before it, 50, got 25.5"},
          {R"("steps": [100, 100])", "/steps/1: must be above the step before it, 100, got 100"},
          {R"("steps": [])", "/steps: must end at 100, got an empty list"},
          {R"("steps": [10, 50])", "/steps: must end at 100, got 50"},
          {R"("steps": [0, 100])", "/steps/0: " + some_percentage + ", got 0"},
          {R"("steps": [-5, 100])", "/steps/0: " + some_percentage + ", got -5"},
          {R"("steps": [50, 101])", "/steps/1: " + some_percentage + ", got 101"},
          {R"("steps": [50, 1e300])", "/steps/1: " + some_percentage + ", got 1e+300"},
          {R"("steps": [1e-300, 100])", "/steps/0: " + some_percentage + ", got 1e-300"},
          {R"("steps": [0.005, 100])", "/steps/0: must be a multiple of 0.01, got 0.005"},
          {R"("steps": [33.333, 100])", "/steps/0: must be a multiple of 0.01, got 33.333"},
          {R"("steps": ["10", 100])", "/steps/0: " + some_percentage + R"(, got "10")"},
          {R"("steps": [null])", "/steps/0: " + some_percentage + ", got null"},
          {R"("steps": [true])", "/steps/0: " + some_percentage + ", got true"},
          {R"("steps": [[10], 100])", "/steps/0: " + some_percentage + ", got a list"},
          {R"("steps": 100)",
           "/steps: must be a list of percentages or of objects with a share, got 100"},
          {R"("steps": {"share": 100})",
           "/steps: must be a list of percentages or of objects with a share, got an object"},
          {R"("steps": [{}])", "/steps/0/share: " + some_percentage + ", got nothing"},
          {R"("steps": [{"duration": "PT1M"}])",
           "/steps/0/share: " + some_percentage + ", got nothing"},
          {R"("steps": [{"share": 0}])", "/steps/0/share: " + some_percentage + ", got 0"},
          {R"("steps": [50, {"share": 100, "duration": "PT0S"}])",
           "/steps/1/duration: " + some_time + R"(, got "PT0S")"},
          {R"("steps": [{"share": 100, "duration": 60}])",
           "/steps/0/duration: " + a_duration + ", got 60"},
          {R"("steps": [{"share": 100, "minimumSamples": 0}])",
           "/steps/0/minimumSamples: " + some_samples + ", got 0"},
          {R"("steps": [{"share": 100, "approval": "yes"}])",
           R"(/steps/0/approval: must be true or false, got "yes")"},
          {R"("steps": [{"share": 100, "approval": 1}])",
           R"(/steps/0/approval: must be true or false, got 1)"},
      });

  std::string many = "\"steps\": [";
  for (int i = 1; i <= 128; ++i) many += std::to_string(i / 2.0) + ", ";
  check_refused("Canary", {{many + "100]", "/steps: must be at most 128 steps, got 129"}});
}

TEST_CASE("parse_strategy: initialPercentage and incrementStep stand alone and in range",
          "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("steps": [100], "initialPercentage": 10)",
           "/initialPercentage: must not stand next to steps, got both"},
          {R"("incrementStep": 10, "steps": [100])",
           "/incrementStep: must not stand next to steps, got both"},
          {R"("initialPercentage": 0)", "/initialPercentage: " + some_percentage + ", got 0"},
          {R"("initialPercentage": 100.5)",
           "/initialPercentage: " + some_percentage + ", got 100.5"},
          {R"("initialPercentage": "10")",
           "/initialPercentage: " + some_percentage + R"(, got "10")"},
          {R"("incrementStep": 0)", "/incrementStep: must be a percentage from 1 to 100, got 0"},
          {R"("incrementStep": 0.15)",
           "/incrementStep: must be a percentage from 1 to 100, got 0.15"},
          {R"("incrementStep": null)",
           "/incrementStep: must be a percentage from 1 to 100, got null"},
      });
}

TEST_CASE("parse_strategy: limits are numbers in their ranges", "[config][parse][errors]") {
  const auto limit = [](const std::string& member) {
    return "\"rollbackThresholds\": {" + member + "}";
  };
  const std::string at = "/rollbackThresholds/";
  check_refused(
      "Canary",
      {
          {limit(R"("latencyIncrease": 0.5)"),
           at + "latencyIncrease: must be a ratio above 1, got 0.5"},
          {limit(R"("latencyIncrease": 1)"),
           at + "latencyIncrease: must be a ratio above 1, got 1"},
          {limit(R"("latencyIncrease": "50%")"),
           at + R"(latencyIncrease: must be a ratio above 1, got "50%")"},
          {limit(R"("latencyIncrease": true)"),
           at + "latencyIncrease: must be a ratio above 1, got true"},
          {limit(R"("latencyIncrease": 1e400)"),
           at + "latencyIncrease: must be a finite number, got one beyond 1.8e308"},
          {limit(R"("accuracyDrop": -0.01)"),
           at + "accuracyDrop: must be a number from 0 to 1, got -0.01"},
          {limit(R"("accuracyDrop": 5)"), at + "accuracyDrop: must be a number from 0 to 1, got 5"},
          {limit(R"("accuracyDrop": null)"),
           at + "accuracyDrop: must be a number from 0 to 1, got null"},
          {limit(R"("accuracyDrop": {"limit": 5})"),
           at + "accuracyDrop/limit: must be a number from 0 to 1, got 5"},
          {limit(R"("accuracyDrop": {"required": true})"),
           at + "accuracyDrop/limit: must be a number from 0 to 1, got nothing"},
          {limit(R"("accuracyDrop": {"limit": 0.1, "required": 0})"),
           at + "accuracyDrop/required: must be true or false, got 0"},
          {limit(R"("errorRateIncrease": 1.01)"),
           at + "errorRateIncrease: must be a number from 0 to 1, got 1.01"},
          {limit(R"("dataDrift": 0)"), at + "dataDrift: must be a number above 0, got 0"},
          {limit(R"("dataDrift": [0.3])"), at + "dataDrift: must be a number above 0, got a list"},
          {limit(R"("latencyQuantile": 95)"),
           at + "latencyQuantile: must be a quantile between 0 and 1, got 95"},
          {limit(R"("latencyQuantile": 1.0)"),
           at + "latencyQuantile: must be a quantile between 0 and 1, got 1"},
          {R"("rollbackThresholds": 0.05)", "/rollbackThresholds: must be an object, got 0.05"},
          {R"("rollbackThresholds": null)", "/rollbackThresholds: must be an object, got null"},
          {R"("requiredMetrics": "latency")",
           R"(/requiredMetrics: must be a list of metrics, got "latency")"},
          {R"("requiredMetrics": ["latency", 5])", "/requiredMetrics/1: must be a text, got 5"},
          {R"("requiredMetrics": ["errorrate"])",
           R"(/requiredMetrics/0: must be one of accuracy, latency, errorRate, dataDrift, got "errorrate")"},
          {R"("requiredMetrics": ["latency", "accuracy", "latency"])",
           R"(/requiredMetrics/2: must name each metric once, got "latency" again)"},
      });
}

TEST_CASE("parse_strategy: limits of a first version keep to their ranges",
          "[config][parse][errors]") {
  check_refused(
      "BlueGreen",
      {
          {R"("limits": {"errorRate": 1.5})",
           "/limits/errorRate: must be a number from 0 to 1, got 1.5"},
          {R"("limits": {"latency": 0.2})", "/limits/latency: " + a_duration + ", got 0.2"},
          {R"("limits": {"latency": "PT0S"})", "/limits/latency: " + some_time + R"(, got "PT0S")"},
          {R"("limits": {"accuracy": -1})",
           "/limits/accuracy: must be a number from 0 to 1, got -1"},
          {R"("limits": {"drift": 1})",
           R"(/limits/drift: must be one of errorRate, latency, accuracy, got "drift")"},
          {R"("limits": 0.1)", "/limits: must be an object, got 0.1"},
      });
}

TEST_CASE("parse_strategy: whole numbers are whole and in range, whatever JSON makes of them",
          "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("minimumSamples": 0)", "/minimumSamples: " + some_samples + ", got 0"},
          {R"("minimumSamples": -0)", "/minimumSamples: " + some_samples + ", got 0"},
          {R"("minimumSamples": -1)", "/minimumSamples: " + some_samples + ", got -1"},
          {R"("minimumSamples": 10.7)", "/minimumSamples: " + some_samples + ", got 10.7"},
          {R"("minimumSamples": 1e13)",
           "/minimumSamples: " + some_samples + ", got 10000000000000"},
          {R"("minimumSamples": 18446744073709551615)",
           "/minimumSamples: " + some_samples + ", got 18446744073709551615"},
          {R"("minimumSamples": 18446744073709551616)",
           "/minimumSamples: " + some_samples + ", got 1.8446744073709552e+19"},
          {R"("minimumSamples": true)", "/minimumSamples: " + some_samples + ", got true"},
          {R"("minimumSamples": "1000")", "/minimumSamples: " + some_samples + R"(, got "1000")"},
          {R"("minimumSamples": {})", "/minimumSamples: " + some_samples + ", got an object"},
          {R"("attempts": 0)", "/attempts: must be a whole number from 1 to 100, got 0"},
          {R"("attempts": 4294967297)",
           "/attempts: must be a whole number from 1 to 100, got 4294967297"},
          {R"("attempts": null)", "/attempts: must be a whole number from 1 to 100, got null"},
          {R"("maxExtensions": -1)",
           "/maxExtensions: must be a whole number from 0 to 1000, got -1"},
          {R"("maxExtensions": 1001)",
           "/maxExtensions: must be a whole number from 0 to 1000, got 1001"},
          {R"("maxMetricsFailures": 0)",
           "/maxMetricsFailures: must be a whole number from 1 to 1000, got 0"},
      });
}

TEST_CASE("parse_strategy: durations are positive ISO 8601 of at most a year",
          "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("monitoringDuration": 600)", "/monitoringDuration: " + a_duration + ", got 600"},
          {R"("monitoringDuration": "10m")",
           "/monitoringDuration: " + a_duration + R"(, got "10m")"},
          {R"("monitoringDuration": null)", "/monitoringDuration: " + a_duration + ", got null"},
          {R"("monitoringDuration": "PT0S")",
           "/monitoringDuration: " + some_time + R"(, got "PT0S")"},
          {R"("monitoringDuration": "-PT5M")",
           R"(/monitoringDuration: must not be negative, got "-PT5M")"},
          {R"("monitoringDuration": "P1M")",
           R"(/monitoringDuration: must not have years or months, whose length varies, got "P1M")"},
          {R"("monitoringDuration": "P366D")",
           "/monitoringDuration: " + some_time + R"(, got "P366D")"},
          {R"("keepDuration": "P366D")",
           R"(/keepDuration: must be a duration of at most P365D, got "P366D")"},
          {R"("holdTimeout": "PT0S")", "/holdTimeout: " + some_time + R"(, got "PT0S")"},
          {R"("analysisInterval": "PT0S")", "/analysisInterval: " + some_time + R"(, got "PT0S")"},
          {R"("deadline": null)", "/deadline: " + a_duration + ", got null"},
          {R"("backoffMin": "PT0S")", "/backoffMin: " + some_time + R"(, got "PT0S")"},
          {R"("deadlines": {"setSplit": "PT0S"})",
           "/deadlines/setSplit: " + some_time + R"(, got "PT0S")"},
          {R"("deadlines": [])", "/deadlines: must be an object, got a list"},
      });
}

TEST_CASE("parse_strategy: settings that contradict each other are refused",
          "[config][parse][errors]") {
  check_refused(
      "Canary",
      {
          {R"("backoffMin": "PT5S", "backoffMax": "PT1S")",
           "/backoffMax: must be at least backoffMin, PT5S, got PT1S"},
          {R"("backoffMin": "PT1M")", "/backoffMax: must be at least backoffMin, PT1M, got PT30S"},
          {R"("deadline": "PT30M")",
           "/deadline: must exceed the waits it covers, PT50M, got PT30M"},
          {R"("deadline": "PT50M")",
           "/deadline: must exceed the waits it covers, PT50M, got PT50M"},
          {R"("deadline": "PT1H", "steps": [{"share": 1, "duration": "PT45M"}, 100])",
           "/deadline: must exceed the waits it covers, PT1H5M, got PT1H"},
          {R"("analysisInterval": "PT11M")",
           "/analysisInterval: must not exceed the shortest bake, PT10M, got PT11M"},
          {R"("analysisInterval": "PT5M", "steps": [{"share": 1, "duration": "PT2M"}, 100])",
           "/analysisInterval: must not exceed the shortest bake, PT2M, got PT5M"},
          {R"("holdback": 0.05)", "/holdback: must be 0 or a percentage from 1 to 50, got 0.05"},
          {R"("holdback": 51)", "/holdback: must be 0 or a percentage from 1 to 50, got 51"},
          {R"("holdback": -1)", "/holdback: must be 0 or a percentage from 1 to 50, got -1"},
          {R"("holdback": 50)",
           "/holdback: must leave the last step above the one before it, 50, got 50"},
          {R"("holdback": 10, "steps": [95, 100])",
           "/holdback: must leave the last step above the one before it, 95, got 10"},
          {R"("onInconclusive": "hold", "maxExtensions": 5)",
           "/maxExtensions: must stand next to an onInconclusive of extend, got 5 next to hold"},
          {R"("onInconclusive": "rollback", "onExhausted": "hold")",
           "/onExhausted: must stand next to an onInconclusive of extend, got hold next to "
           "rollback"},
          {R"("requiredMetrics": ["latency"],
              "rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": false}})",
           "/rollbackThresholds/latencyIncrease/required: must be true, as requiredMetrics names "
           "latency, got false"},
      });
  check_refused(
      "BlueGreen",
      {{R"("deadline": "PT15M")", "/deadline: must exceed the waits it covers, PT15M, got PT15M"},
       {R"("analysisInterval": "PT6M")",
        "/analysisInterval: must not exceed the shortest bake, PT5M, got PT6M"}});
}

TEST_CASE("parse_strategy: words, texts, flags and labels are what they should be",
          "[config][parse][errors]") {
  const std::string long_text(1'025, 'x');
  check_refused(
      "Canary",
      {
          {R"("onFailure": "rolback")",
           R"(/onFailure: must be one of rollback, hold, got "rolback"; did you mean "rollback"?)"},
          {R"("onFailure": true)", "/onFailure: must be one of rollback, hold, got true"},
          {R"("onInconclusive": "wait")",
           R"(/onInconclusive: must be one of extend, hold, rollback, got "wait")"},
          {R"("onExhausted": "extend")",
           R"(/onExhausted: must be one of rollback, hold, got "extend")"},
          {R"("analysis": "sequential")", R"(/analysis: must be threshold, got "sequential")"},
          {R"("analysis": null)", "/analysis: must be threshold, got null"},
          {R"("dryRun": "true")", R"(/dryRun: must be true or false, got "true")"},
          {R"("dryRun": null)", "/dryRun: must be true or false, got null"},
          {R"("allowLowTraffic": 1)", "/allowLowTraffic: must be true or false, got 1"},
          {R"("$schema": 7)", "/$schema: must be a text, got 7"},
          {R"("name": 7)", "/name: must be a text, got 7"},
          {R"("name": ")" + long_text + "\"", "/name: must be at most 128 bytes, got 1025"},
          {R"("name": "a\nb")", R"(/name: must have no control character, got "a\u000ab")"},
          {R"("name": "a\u0000b")", R"(/name: must have no control character, got "a\u0000b")"},
          {R"("name": "a\u009bb")", R"(/name: must have no control character, got "a\u009bb")"},
          {R"("description": "\u001b[2J")",
           R"(/description: must have no control character, got "\u001b[2J")"},
          {R"("description": ")" + long_text + "\"",
           "/description: must be at most 1024 bytes, got 1025"},
          {R"("labels": ["team"])", "/labels: must be an object, got a list"},
          {R"("labels": {"team": 5})", "/labels/team: must be a text, got 5"},
          {R"("labels": {"": "x"})", "/labels: must name each label, got an empty name"},
          {R"("labels": {"a/b": "\u0007"})",
           R"(/labels/a~1b: must have no control character, got "\u0007")"},
          {R"("labels": {"team": ")" + long_text + "\"}",
           "/labels/team: must be at most 256 bytes, got 1025"},
          {R"("onFailure": ")" + std::string(60'000, 'x') + "\"",
           "/onFailure: must be one of rollback, hold, got \"" + std::string(64, 'x') +
               "...\" of 60000 bytes"},
      });

  std::string many;
  for (int i = 0; i < 33; ++i) {
    many += (i == 0 ? "\"" : ", \"") + std::to_string(i) + "\": \"\"";
  }
  check_refused("Canary",
                {{"\"labels\": {" + many + "}", "/labels: must be at most 32 labels, got 33"},
                 {"\"labels\": {\"" + std::string(65, 'k') + "\": \"\"}",
                  "/labels/" + std::string(65, 'k') + ": must be at most 64 bytes, got 65"}});
}

TEST_CASE("parse_strategy: a blue-green document keeps to its ranges", "[config][parse][errors]") {
  check_refused("BlueGreen",
                {
                    {R"("smokeTestSamples": 0)",
                     "/smokeTestSamples: must be a whole number from 1 to 1000000, got 0"},
                    {R"("monitoringDuration": "PT0S")",
                     "/monitoringDuration: " + some_time + R"(, got "PT0S")"},
                    {R"("keepBlueDuration": "-PT1S")",
                     R"(/keepBlueDuration: must not be negative, got "-PT1S")"},
                });
}

TEST_CASE("parse_strategy: an A/B document keeps to its ranges", "[config][parse][errors]") {
  const std::string ratio = "/splitRatio: must be a ratio above 0 and below 1";
  const std::string level = "/significanceLevel: must be a probability above 0 and at most 0.5";
  const std::string name =
      "/primaryMetric: must be a metric's name, of 1 to 128 letters, digits, dots, hyphens and "
      "underscores";
  check_refused(
      "ABTesting",
      {
          {R"("splitRatio": 0)", ratio + ", got 0"},
          {R"("splitRatio": 1)", ratio + ", got 1"},
          {R"("splitRatio": 50)", ratio + ", got 50"},
          {R"("splitRatio": "1/2")", ratio + R"(, got "1/2")"},
          {R"("splitRatio": 0.33333)", "/splitRatio: must be a multiple of 0.0001, got 0.33333"},
          {R"("significanceLevel": 0)", level + ", got 0"},
          {R"("significanceLevel": 0.95)", level + ", got 0.95"},
          {R"("significanceLevel": 5)", level + ", got 5"},
          {R"("minimumSamples": 0)", "/minimumSamples: " + some_samples + ", got 0"},
          {R"("duration": "PT0S")", "/duration: " + some_time + R"(, got "PT0S")"},
          {R"("primaryMetric": "")", name + R"(, got "")"},
          {R"("primaryMetric": "a b")", name + R"(, got "a b")"},
          {R"("primaryMetric": "dataDrift")",
           R"(/primaryMetric: must be accuracy, latency, errorRate or a custom metric, got "dataDrift")"},
          {R"("primaryMetric": "acuracy")",
           R"(/primaryDirection: must be increase or decrease for the custom metric "acuracy", got nothing)"},
          {R"("primaryMetric": "latency", "primaryDirection": "increase")",
           "/primaryDirection: must be decrease for latency, got increase"},
          {R"("primaryDirection": "decrease")",
           "/primaryDirection: must be increase for accuracy, got decrease"},
          {R"("primaryDirection": "up")",
           R"(/primaryDirection: must be one of increase, decrease, got "up")"},
          {R"("ramp": [10, 50])", "/ramp/1: must be below splitRatio, 50 per cent, got 50"},
          {R"("ramp": [20, 10])", "/ramp/1: must be above the step before it, 20, got 10"},
          {R"("ramp": 10)",
           "/ramp: must be a list of percentages or of objects with a share, got 10"},
          {R"("maxExtensions": 2)",
           "/maxExtensions: must be 0 or 1, since an A/B test is extended once, got 2"},
          {R"("limits": {"latency": "PT1S"})",
           "/limits: must be left out where there always is a baseline, got limits for a first "
           "version"},
          {R"("splitRatio": 0.95, "holdback": 5)",
           "/holdback: must leave a winner above splitRatio, 95 per cent, got 5"},
          {R"("deadline": "P7D", "ramp": [5])",
           "/deadline: must exceed the waits it covers, P7DT1H10M, got P7D"},
      });
}

TEST_CASE("parse_strategy: a shadow document keeps to its ranges", "[config][parse][errors]") {
  const std::string rate = "/sampleRate: must be a ratio above 0 and at most 1";
  check_refused(
      "Shadow",
      {
          {R"("sampleRate": 0)", rate + ", got 0"},
          {R"("sampleRate": 1.5)", rate + ", got 1.5"},
          {R"("divergenceThresholds": {"disagreementRate": 2})",
           "/divergenceThresholds/disagreementRate: must be a number from 0 to 1, got 2"},
          {R"("divergenceThresholds": {"scoreDifference": 0})",
           "/divergenceThresholds/scoreDifference: must be a number above 0, got 0"},
          {R"("divergenceThresholds": {"scoreDifference": null})",
           "/divergenceThresholds/scoreDifference: must be a number above 0, got null"},
          {R"("divergenceThresholds": {"dropRate": 0.1})",
           "/divergenceThresholds/dropRate: must be one of disagreementRate, scoreDifference, "
           "droppedRate, got \"dropRate\"; did you mean \"droppedRate\"?"},
          {R"("promote": "Canary")",
           R"(/promote: must be one of never, blueGreen, canary, got "Canary"; did you mean "canary"?)"},
          {R"("then": {})",
           "/then: must stand next to a promote of blueGreen or canary, got never"},
          {R"("promote": "canary", "then": null)", "/then: must be an object, got null"},
          {R"("promote": "canary", "then": {"strategy": "BlueGreen"})",
           R"(/then/strategy: must be Canary, got "BlueGreen")"},
          {R"("promote": "canary", "then": {"steps": [10, 10, 100]})",
           "/then/steps/1: must be above the step before it, 10, got 10"},
          {R"("promote": "blueGreen", "then": {"smokeTestSamples": 0})",
           "/then/smokeTestSamples: must be a whole number from 1 to 1000000, got 0"},
          {R"("promote": "canary", "then": {"name": "x"})",
           R"(/then/name: must stand in the shadow's own config, got "x")"},
          {R"("promote": "canary", "then": {"description": "x"})",
           R"(/then/description: must stand in the shadow's own config, got "x")"},
          {R"("promote": "canary", "then": {"labels": {"a": ""}})",
           "/then/labels: must stand in the shadow's own config, got an object of 1"},
          {R"("promote": "canary", "then": {"dryRun": true})",
           "/then/dryRun: must stand in the shadow's own config, got true"},
          {R"("promote": "canary", "then": {"deadline": "P1D"})",
           "/then/deadline: must stand in the shadow's own config, got P1D"},
          {R"("promote": "canary")", "/then: must be a document of Canary, got nothing"},
          {R"("promote": "blueGreen")", "/then: must be a document of BlueGreen, got nothing"},
          {R"("promote": "never", "then": {})",
           "/then: must stand next to a promote of blueGreen or canary, got never"},
          {R"("limits": {"latency": "PT1S"})",
           "/limits: must be left out where there always is a baseline, got limits for a first "
           "version"},
          {R"("promote": "canary", "then": {"limits": {"accuracy": 0.9}})",
           "/then/limits: must be left out where there always is a baseline, got limits for a "
           "first version"},
          {R"("promote": "canary", "then": {}, "deadline": "PT1H30M")",
           "/deadline: must exceed the waits it covers, PT1H50M, got PT1H30M"},
          {R"("holdback": 5)",
           "/holdback: must be 0, since a shadow has no traffic to leave, got 5"},
      });
}

TEST_CASE("parse_strategy: a rolling document keeps to its ranges", "[config][parse][errors]") {
  check_refused("Rolling",
                {
                    {R"("maxUnavailable": 0)",
                     "/maxUnavailable: must be a whole number from 1 to 10000, got 0"},
                    {R"("maxUnavailable": "25%")",
                     R"(/maxUnavailable: must be a whole number from 1 to 10000, got "25%")"},
                    {R"("unhealthyThreshold": 0)",
                     "/unhealthyThreshold: must be a whole number from 1 to 1000, got 0"},
                    {R"("healthCheckInterval": "PT0S")",
                     "/healthCheckInterval: " + some_time + R"(, got "PT0S")"},
                    {R"("healthTimeout": "PT5S")",
                     "/healthTimeout: must exceed healthCheckInterval, PT5S, got PT5S"},
                    {R"("limits": {"errorRate": 0.1})",
                     "/limits: must be left out where there always is a baseline, got limits for a "
                     "first version"},
                    {R"("healthTimeout": "PT2M", "minReady": "PT2M")",
                     "/healthTimeout: must exceed minReady, PT2M, got PT2M"},
                    {R"("deadline": "PT5M10S")",
                     "/deadline: must exceed the waits it covers, PT5M10S, got PT5M10S"},
                    {R"("holdback": 5)",
                     "/holdback: must be 0, since a rolling deployment splits no traffic, got 5"},
                    {R"("monitoringDuration": "PT0S", "rollbackThresholds": {"dataDrift": 0.2})",
                     "/rollbackThresholds: must stand next to a monitoringDuration above zero, got "
                     "PT0S"},
                    {R"("monitoringDuration": "PT0S", "analysisInterval": "PT1S")",
                     "/analysisInterval: must stand next to a monitoringDuration above zero, got "
                     "PT0S"},
                });
  CHECK(refusal_of_document(R"({"strategy": "Rolling", "monitoringDuration": "PT0S",
                                "minReady": "PT0S"})")
            .message == "accepted");
}
