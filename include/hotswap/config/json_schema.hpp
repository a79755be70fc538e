#pragma once

/// @file
/// The documents of all strategies as a JSON Schema, for editors and for those who write documents
/// by program: `cmake/strategy.schema.json` is what `json_schema()` returns.
///
///     {"$schema": "strategy.schema.json", "strategy": "Canary", …}
///
/// Made of the configs' own keys and rules. What `parse_strategy` accepts is valid; what is valid
/// may still be refused for what a schema cannot say: that one value must be greater than another,
/// a share a multiple of 0.01, a text at most so many bytes, a duration at most a year.
///
/// Source: JSON Schema: A Media Type for Describing JSON Documents, draft 2020-12.

#include <hotswap/analysis/absolute_limits.hpp>
#include <hotswap/config/schema_of.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// `{"if": {"required": [key], "properties": {key: is}}, "then": {"properties": {other: then}}}`
template <typename = void>
schema_value when(const std::string& key, schema_value is, const std::string& other,
                  schema_value then) {
  schema_value schema;
  schema["if"]["required"] = {key};
  schema["if"]["properties"][key] = std::move(is);
  schema["then"]["properties"][other] = std::move(then);
  return schema;
}

template <typename = void>
schema_value constant(schema_value value) {
  schema_value schema;
  schema["const"] = std::move(value);
  return schema;
}

/// ISO 8601, without years and months. Some readers take `$` for the place before a last line's
/// end, too.
template <typename = void>
schema_value duration_schema(bool positive) {
  const std::string time = "T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+([.,][0-9]{1,3}0*)?S)?";
  return {{"type", "string"},
          {"pattern", fmt::format("^{0}P([0-9]+W|[0-9]+D({1})?|{1})$(?!\\n)",
                                  positive ? "(?=.*[1-9])" : "", time)}};
}

/// The keys of every strategy, and what they owe one another.
template <typename = void>
schema_value common_schema() {
  const rollout_config usual;
  schema_writer writer;
  describe_common(writer, usual);
  schema_value schema;
  schema["properties"] = std::move(writer.properties);

  schema_value more = {{"type", "number"}, {"exclusiveMinimum", usual.max_extensions}};
  schema_value& conditions = schema["allOf"];
  conditions.push_back(
      when("maxExtensions", std::move(more), "onInconclusive", constant("extend")));
  conditions.push_back(when("onExhausted", constant("hold"), "onInconclusive", constant("extend")));
  // a limit cannot leave a metric out that the list names
  const auto visit = [&]<typename Rule>(std::string_view key, const auto&, const Rule& rule) {
    if constexpr (std::same_as<Rule, rule::limit>) {
      schema_value named;
      named["contains"] = constant(std::string{rule.metric});
      schema_value limits;
      limits["properties"][std::string{key}]["properties"]["required"] = constant(true);
      conditions.push_back(
          when("requiredMetrics", std::move(named), "rollbackThresholds", std::move(limits)));
    }
  };
  describe(visit, usual.rollback_thresholds);
  return schema;
}

/// Of a strategy that deploys no first version, and under `then`.
template <typename = void>
schema_value no_limits() {
  schema_value schema;
  schema["properties"]["errorRate"] = constant(absolute_limits{}.error_rate);
  schema["properties"]["latency"] = false;
  schema["properties"]["accuracy"] = false;
  return schema;
}

/// What the keys of a strategy owe one another; of most strategies nothing.
template <typename Config>
void add_conditions(const Config&, schema_value&) {}

template <typename = void>
void add_conditions(const canary_config&, schema_value& schema) {
  schema_value& properties = schema["properties"];
  properties["initialPercentage"] = schema_of(rule::percentage);
  properties["incrementStep"] = schema_of(rule::increment);
  for (const char* key : {"initialPercentage", "incrementStep"}) {
    schema["dependentSchemas"][key]["properties"]["steps"] = false;
  }
}

template <typename = void>
void add_conditions(const ab_test_config& usual, schema_value& schema) {
  schema["properties"]["limits"] = no_limits();
  schema["properties"]["maxExtensions"] = {{"maximum", 1}, {"default", usual.max_extensions}};
  schema_value& metric = schema["properties"]["primaryMetric"];
  metric["not"] = constant("dataDrift");
  schema_value& conditions = schema["allOf"];
  const schema_value falling = {{"enum", {"latency", "errorRate"}}};
  conditions.push_back(when("primaryMetric", falling, "primaryDirection", constant("decrease")));

  schema_value rises;  // accuracy, written or not
  rises["if"]["properties"]["primaryMetric"] = constant("accuracy");
  rises["then"]["properties"]["primaryDirection"] = constant("increase");
  conditions.push_back(std::move(rises));

  schema_value custom;
  custom["if"]["required"] = {"primaryMetric"};
  custom["if"]["properties"]["primaryMetric"]["not"]["enum"] = {"accuracy", "latency", "errorRate"};
  custom["then"]["required"] = {"primaryDirection"};
  conditions.push_back(std::move(custom));
}

template <typename = void>
void add_conditions(const shadow_config&, schema_value& schema) {
  schema["properties"]["limits"] = no_limits();
  schema["properties"]["holdback"] = constant(0);
  // what is of the whole rollout stands in the shadow's own document
  schema_value nested;
  nested["properties"]["name"] = constant("");
  nested["properties"]["description"] = constant("");
  nested["properties"]["labels"]["maxProperties"] = 0;
  nested["properties"]["dryRun"] = constant(false);
  nested["properties"]["deadline"] = false;
  nested["properties"]["limits"] = no_limits();
  schema_value& conditions = schema["allOf"];
  for (const auto& [promote, name] :
       {std::pair{"canary", strategy_names[0]}, std::pair{"blueGreen", strategy_names[1]}}) {
    schema_value document;
    document["$ref"] = fmt::format("#/$defs/{}", name);
    schema_value then;
    then["allOf"] = {document, nested};
    schema_value condition = when("promote", constant(promote), "then", std::move(then));
    condition["then"]["required"] = {"then"};
    conditions.push_back(std::move(condition));
  }
  schema_value ends;
  ends["if"]["properties"]["promote"] = constant("never");
  ends["then"]["properties"]["then"] = false;
  conditions.push_back(std::move(ends));
}

/// Zero holdback, and no limits or looks where nothing is observed.
template <typename = void>
void add_conditions(const rolling_config& usual, schema_value& schema) {
  schema["properties"]["limits"] = no_limits();
  schema["properties"]["holdback"] = constant(0);
  const schema_value zero = {{"type", "string"}, {"not", {{"pattern", "[1-9]"}}}};
  schema_value& conditions = schema["allOf"];
  conditions.push_back(when("monitoringDuration", zero, "analysisInterval", false));

  schema_value limits;
  const auto visit = [&]<typename Rule>(std::string_view key, double field, const Rule&) {
    schema_value& limit = limits["properties"][std::string{key}];
    limit = constant(field);
    if constexpr (std::same_as<Rule, rule::limit>) {
      schema_value object;
      object["type"] = "object";
      object["properties"]["limit"] = constant(field);
      limit = schema_value{};
      limit["anyOf"] = {constant(field), object};
    }
  };
  describe(visit, usual.rollback_thresholds);
  conditions.push_back(when("monitoringDuration", zero, "rollbackThresholds", limits));
}

/// One strategy's documents; `strategy` may be left out under `then`.
template <typename Config>
schema_value strategy_schema(const schema_value& common) {
  const Config usual;
  schema_value own = schema_writer::object_of(usual);
  schema_value schema = {{"type", "object"}, {"$ref", "#/$defs/common"}};
  schema_value& properties = schema["properties"];
  properties["$schema"]["type"] = "string";
  properties["strategy"] = constant(std::string{strategy_name_of<Config>()});
  for (auto& [key, value] : own["properties"].items()) {
    const bool is_common = common["properties"].contains(key);
    properties[key] = is_common ? schema_value(true) : std::move(value);
  }
  schema["additionalProperties"] = false;
  add_conditions(usual, schema);
  return schema;
}

}  // namespace detail

/// The schema as text, indented, in ASCII.
template <typename = void>
[[nodiscard]] std::string json_schema() {
  schema_value schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["$id"] = "urn:hotswap:strategy";
  schema["title"] = "hotswap: how one version of a model replaces another";
  schema["type"] = "object";
  schema["required"] = {"strategy"};
  schema["properties"]["strategy"]["enum"] = schema_value(strategy_names);
  for (const auto name : strategy_names) {
    schema_value document;
    document["$ref"] = fmt::format("#/$defs/{}", name);
    schema_value condition;
    condition["if"]["properties"]["strategy"] = detail::constant(std::string{name});
    condition["if"]["required"] = {"strategy"};
    condition["then"] = std::move(document);
    schema["allOf"].push_back(std::move(condition));
  }
  schema_value& definitions = schema["$defs"];
  definitions["duration"] = detail::duration_schema(false);
  definitions["positiveDuration"] = detail::duration_schema(true);
  const schema_value common = detail::common_schema();
  definitions["common"] = common;
  const auto define = [&]<typename Config>(std::in_place_type_t<Config>) {
    definitions[std::string{strategy_name_of<Config>()}] = detail::strategy_schema<Config>(common);
  };
  define(std::in_place_type<canary_config>);
  define(std::in_place_type<blue_green_config>);
  define(std::in_place_type<ab_test_config>);
  define(std::in_place_type<shadow_config>);
  define(std::in_place_type<rolling_config>);
  return schema.dump(2) + "\n";
}

}  // namespace hotswap::inline v0_1
