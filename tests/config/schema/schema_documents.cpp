// Prints documents, each with what parse_strategy says of it, for another program to compare that
// with what a JSON Schema says: one line {"document": …, "refused": message or null} each. With
// --schema, prints the schema itself.
//
//     schema_documents ../../examples/strategies/*.json | python3 check_schema.py schema.json
//     schema_documents --schema > ../../cmake/strategy.schema.json

#include <hotswap/config/document.hpp>
#include <hotswap/config/json_schema.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/config/to_json.hpp>

#include "config/random_config.hpp"
#include "config/refusal.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using hotswap::document_value;

void print(const document_value& document) {
  const std::string text = document.dump();
  const auto refused = config_tests::refusal_of([&] { (void)hotswap::parse_strategy(text); });
  document_value line;
  line["document"] = document;
  line["refused"] = nullptr;
  if (refused.message != "accepted") line["refused"] = refused.message;
  std::puts(line.dump().c_str());
}

/// Documents whose keys fit, or do not fit, to one another.
constexpr std::string_view by_hand[] = {
    R"({})",
    R"([])",
    R"("Canary")",
    R"({"strategy": "Recreate"})",
    R"({"strategy": "Canary", "steps": [100]})",
    R"({"strategy": "Canary", "steps": [100.0]})",
    R"({"strategy": "Canary", "steps": [5, {"share": 100}]})",
    R"({"strategy": "Canary", "steps": []})",
    R"({"strategy": "Canary", "steps": [10, 50]})",
    R"({"strategy": "Canary", "steps": [10, 10, 100]})",
    R"({"strategy": "Canary", "steps": [100, 50]})",
    R"({"strategy": "Canary", "steps": [100, 100]})",
    R"({"strategy": "Canary", "steps": [100, {"share": 100, "approval": true}]})",
    R"({"strategy": "Canary", "steps": [33.33, 100]})",
    R"({"strategy": "Canary", "steps": [33.333, 100]})",
    R"({"strategy": "Canary", "steps": [0.005, 100]})",
    R"({"strategy": "Canary", "steps": [{"duration": "PT1M"}, 100]})",
    R"({"strategy": "Canary", "steps": [{"share": 10, "wait": 1}, 100]})",
    R"({"strategy": "Canary", "initialPercentage": 5})",
    R"({"strategy": "Canary", "incrementStep": 5})",
    R"({"strategy": "Canary", "incrementStep": 0.5})",
    R"({"strategy": "Canary", "initialPercentage": 5, "incrementStep": 20})",
    R"({"strategy": "Canary", "initialPercentage": 5, "steps": [100]})",
    R"({"strategy": "Canary", "incrementStep": 5, "steps": [100]})",
    R"({"strategy": "BlueGreen", "initialPercentage": 5})",
    R"({"strategy": "Canary", "holdback": 0})",
    R"({"strategy": "Canary", "holdback": 0.0})",
    R"({"strategy": "Canary", "holdback": false})",
    R"({"strategy": "Canary", "holdback": 0.5})",
    R"({"strategy": "Canary", "holdback": 1})",
    R"({"strategy": "Canary", "holdback": 50})",
    R"({"strategy": "Canary", "holdback": 50, "steps": [10, 100]})",
    R"({"strategy": "Canary", "minimumSamples": 1e3})",
    R"({"strategy": "Canary", "minimumSamples": 1000.5})",
    R"({"strategy": "Canary", "deadline": "PT50M"})",
    R"({"strategy": "Canary", "deadline": "PT51M"})",
    R"({"strategy": "Canary", "analysisInterval": "PT11M"})",
    R"({"strategy": "Canary", "backoffMin": "PT1M"})",
    R"({"strategy": "Canary", "onInconclusive": "hold", "maxExtensions": 3})",
    R"({"strategy": "Canary", "onInconclusive": "hold", "maxExtensions": 4})",
    R"({"strategy": "Canary", "onInconclusive": "extend", "maxExtensions": 4})",
    R"({"strategy": "Canary", "maxExtensions": 4, "onExhausted": "hold"})",
    R"({"strategy": "Canary", "onInconclusive": "rollback", "onExhausted": "hold"})",
    R"({"strategy": "Canary", "onInconclusive": "rollback", "onExhausted": "rollback"})",
    R"({"strategy": "Canary", "requiredMetrics": ["latency"],
        "rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": false}}})",
    R"({"strategy": "Canary", "requiredMetrics": ["accuracy"],
        "rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": false}}})",
    R"({"strategy": "Canary",
        "rollbackThresholds": {"latencyIncrease": {"limit": 2, "required": false}}})",
    R"({"strategy": "Canary", "requiredMetrics": ["latency", "latency"]})",
    R"({"strategy": "Canary", "rollbackThresholds": {"dataDrift": {"limit": 1, "more": 1}}})",
    R"({"strategy": "Canary", "name": "a\nb"})",
    R"({"strategy": "Canary", "name": "ab\n"})",
    R"({"strategy": "Canary", "name": "a\u009bb"})",
    R"({"strategy": "Canary", "description": "a\n\tb"})",
    R"({"strategy": "Canary", "description": "a\u001bb"})",
    R"({"strategy": "Canary", "description": "a\u007fb"})",
    R"({"strategy": "Canary", "labels": {"": "x"}})",
    R"({"strategy": "Canary", "labels": {"a\nb": "x"}})",
    R"({"strategy": "Canary", "labels": {"a/b": ""}})",
    R"({"strategy": "Canary", "labels": {"a": 1}})",
    R"({"strategy": "Canary", "$schema": "strategy.schema.json"})",
    R"({"strategy": "Canary", "monitoringDuration": "P1W"})",
    R"({"strategy": "Canary", "monitoringDuration": "P1W1D"})",
    R"({"strategy": "Canary", "monitoringDuration": "P1DT"})",
    R"({"strategy": "Canary", "monitoringDuration": "P1DT1H1M1S"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT1S1M"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT0,25S"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT0.2500S"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT0.0001S"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT0.000S"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT1.5M"})",
    R"({"strategy": "Canary", "monitoringDuration": "PT10M\n"})",
    R"({"strategy": "Canary", "monitoringDuration": "P365D"})",
    R"({"strategy": "Canary", "monitoringDuration": "P366D"})",
    R"({"strategy": "Canary", "monitoringDuration": "P99999999999999999999D"})",
    R"({"strategy": "ABTesting", "primaryMetric": "latency"})",
    R"({"strategy": "ABTesting", "primaryMetric": "latency", "primaryDirection": "decrease"})",
    R"({"strategy": "ABTesting", "primaryMetric": "errorRate", "primaryDirection": "increase"})",
    R"({"strategy": "ABTesting", "primaryMetric": "accuracy", "primaryDirection": "increase"})",
    R"({"strategy": "ABTesting", "primaryMetric": "accuracy", "primaryDirection": "decrease"})",
    R"({"strategy": "ABTesting", "primaryDirection": "decrease"})",
    R"({"strategy": "ABTesting", "primaryDirection": "increase"})",
    R"({"strategy": "ABTesting", "primaryMetric": "clicks"})",
    R"({"strategy": "ABTesting", "primaryMetric": "clicks\n", "primaryDirection": "increase"})",
    R"({"strategy": "ABTesting", "primaryMetric": "clicks", "primaryDirection": "decrease"})",
    R"({"strategy": "ABTesting", "primaryMetric": "dataDrift", "primaryDirection": "decrease"})",
    R"({"strategy": "ABTesting", "ramp": [5, 20]})",
    R"({"strategy": "ABTesting", "ramp": [20, 5]})",
    R"({"strategy": "ABTesting", "ramp": [5, 50]})",
    R"({"strategy": "ABTesting", "splitRatio": 0.33333})",
    R"({"strategy": "ABTesting", "splitRatio": 0.95, "holdback": 5})",
    R"({"strategy": "Shadow", "promote": "never"})",
    R"({"strategy": "Shadow", "promote": "never", "then": {}})",
    R"({"strategy": "Shadow", "then": {}})",
    R"({"strategy": "Shadow", "promote": "canary"})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": []})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"strategy": "Canary"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"strategy": "BlueGreen"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"smokeTestSamples": 7}})",
    R"({"strategy": "Shadow", "promote": "blueGreen", "then": {"smokeTestSamples": 7}})",
    R"({"strategy": "Shadow", "promote": "blueGreen", "then": {"steps": [100]}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"initialPercentage": 9}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"initialPercentage": 9, "steps": [100]}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"name": ""}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"name": "x"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"description": "x"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"labels": {}}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"labels": {"a": "b"}}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"dryRun": true}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"deadline": "P1D"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {}, "deadline": "PT1H30M"})",
    R"({"strategy": "Shadow", "holdback": 5})",
    R"({"strategy": "Rolling", "holdback": 5})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S"})",
    R"({"strategy": "Rolling", "monitoringDuration": "P0DT0H", "analysisInterval": "PT1S"})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT1M", "analysisInterval": "PT1S"})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S", "rollbackThresholds": {}})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S", "rollbackThresholds": {"dataDrift": 0.3}})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S", "rollbackThresholds": {"dataDrift": 0.4}})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S",
        "rollbackThresholds": {"dataDrift": {"limit": 0.4}}})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S",
        "rollbackThresholds": {"dataDrift": {"limit": 0.3, "required": false}}})",
    R"({"strategy": "Rolling", "monitoringDuration": "PT0S",
        "rollbackThresholds": {"latencyQuantile": 0.5}})",
    R"({"strategy": "Rolling", "healthTimeout": "PT5S"})",
    R"({"strategy": "Rolling", "minReady": "PT10M"})",
    R"({"strategy": "Rolling", "limits": {}})",
    R"({"strategy": "Rolling", "limits": {"errorRate": 0.05}})",
    R"({"strategy": "Rolling", "limits": {"errorRate": 0.1}})",
    R"({"strategy": "Shadow", "limits": {"latency": "PT1S"}})",
    R"({"strategy": "Shadow", "promote": "canary", "then": {"limits": {"latency": "PT1S"}}})",
    R"({"strategy": "ABTesting", "limits": {"accuracy": 0.5}})",
    R"({"strategy": "BlueGreen", "limits": {"accuracy": 0.5, "latency": "PT0.2S"}})",
    R"({"strategy": "ABTesting", "maxExtensions": 0})",
    R"({"strategy": "ABTesting", "maxExtensions": 2})",
};

/// What may stand where something else was expected.
constexpr std::string_view pieces[] = {"null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0.0",
                                       "-1",
                                       "1",
                                       "1.0",
                                       "2",
                                       "3.5",
                                       "0.5",
                                       "0.0001",
                                       "0.005",
                                       "50",
                                       "99.99",
                                       "100",
                                       "101",
                                       "1e3",
                                       "1001",
                                       "1e300",
                                       "18446744073709551615",
                                       "\"\"",
                                       "\"x\"",
                                       "\"PT1S\"",
                                       "\"PT0S\"",
                                       "\"P1D\"",
                                       "\"P366D\"",
                                       "\"-PT5M\"",
                                       "\"P1M\"",
                                       "\"hold\"",
                                       "\"rollback\"",
                                       "\"Canary\"",
                                       "[]",
                                       "[100]",
                                       "[5, 100]",
                                       "[\"latency\"]",
                                       "{}",
                                       "{\"share\": 100}",
                                       "{\"limit\": 0.5}",
                                       "{\"limit\": 0.5, \"required\": false}"};

/// Pointers to all values within, but the whole.
void collect(const document_value& value, const document_value::json_pointer& at,
             std::vector<document_value::json_pointer>& found) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      found.push_back(at / key);
      collect(member, at / key, found);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      found.push_back(at / i);
      collect(value[i], at / i, found);
    }
  }
}

std::vector<document_value::json_pointer> pointers(const document_value& document) {
  std::vector<document_value::json_pointer> found;
  collect(document, document_value::json_pointer{}, found);
  return found;
}

void remove(document_value& document, const document_value::json_pointer& at) {
  document_value& parent = document[at.parent_pointer()];
  if (parent.is_object()) {
    parent.erase(at.back());
  } else {
    parent.erase(static_cast<std::size_t>(std::stoul(at.back())));
  }
}

/// Each value left out, and replaced by each piece; each object with a key too many.
void print_changes(const document_value& document) {
  print(document);
  for (const auto& at : pointers(document)) {
    document_value changed = document;
    remove(changed, at);
    print(changed);
    for (const std::string_view piece : pieces) {
      changed = document;
      changed[at] = document_value::parse(piece);
      print(changed);
    }
    if (document[at].is_object()) {
      changed = document;
      changed[at]["wait"] = 1;
      print(changed);
    }
  }
}

/// Two changes at once, anywhere.
void print_random_changes(document_value document, std::mt19937_64& random) {
  for (int i = 0; i < 2; ++i) {
    const auto all = pointers(document);
    if (all.empty()) return;
    const auto& at = all[random() % all.size()];
    if (random() % 8 == 0) {
      remove(document, at);
    } else {
      document[at] = document_value::parse(pieces[random() % std::size(pieces)]);
    }
  }
  print(document);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> files(arguments + 1, arguments + count);
  if (files == std::vector<std::string>{"--schema"}) {
    std::fputs(hotswap::json_schema().c_str(), stdout);
    return 0;
  }

  for (const auto& name : files) {
    std::ifstream file{name};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    print_changes(document_value::parse(text));
  }
  for (const std::string_view text : by_hand) print(document_value::parse(text));
  for (const std::string_view text :
       {R"({"strategy": "Canary"})", R"({"strategy": "BlueGreen"})", R"({"strategy": "ABTesting"})",
        R"({"strategy": "Shadow"})", R"({"strategy": "Rolling"})",
        R"({"strategy": "Shadow", "promote": "blueGreen", "then": {}})"}) {
    print_changes(document_value::parse(hotswap::to_json(hotswap::parse_strategy(text))));
  }

  std::string euros;
  for (int i = 0; i < 60; ++i) euros += "\xE2\x82\xAC";
  document_value long_name = {{"strategy", "Canary"}, {"name", euros}};
  print(long_name);

  std::mt19937_64 random{20260404};
  config_tests::random_configs configs{20260404};
  for (int i = 0; i < 300; ++i) {
    const auto document = document_value::parse(hotswap::to_json(configs.next()));
    print(document);
    for (int j = 0; j < 5; ++j) print_random_changes(document, random);
  }
}
