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

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/config/to_json.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/common_keys.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

/// Keeps its keys in their order.
using schema_value = nlohmann::ordered_json;

/// @name schema_of(rule)
/// What a value that keeps to the rule looks like.
/// @{
template <typename = void>
schema_value schema_of(rule::whole rule) {
  return {{"type", "integer"}, {"minimum", rule.least}, {"maximum", rule.most}};
}

template <typename = void>
schema_value schema_of(const rule::number& rule) {
  schema_value schema = {{"type", "number"}};
  if (std::isfinite(rule.low)) schema[rule.with_low ? "minimum" : "exclusiveMinimum"] = rule.low;
  if (std::isfinite(rule.high)) schema[rule.with_high ? "maximum" : "exclusiveMaximum"] = rule.high;
  return schema;
}

template <typename = void>
schema_value schema_of(const rule::limit& rule) {
  const schema_value number = schema_of(rule.range);
  schema_value object = {{"type", "object"}};
  object["properties"] = {{"limit", number}, {"required", {{"type", "boolean"}}}};
  object["required"] = {"limit"};
  object["additionalProperties"] = false;
  schema_value schema;
  schema["anyOf"] = {number, object};
  return schema;
}

template <typename = void>
schema_value schema_of(rule::duration rule) {
  return {{"$ref", rule.least.count() > 0 ? "#/$defs/positiveDuration" : "#/$defs/duration"}};
}

template <typename = void>
schema_value schema_of(const rule::part& rule) {
  schema_value schema = {{"type", "number"}};
  const schema_value range = {{"minimum", rule.written(rule.least)},
                              {"maximum", rule.written(rule.most)}};
  if (!rule.or_zero) {
    schema.update(range);
  } else {
    const schema_value zero = {{"const", 0}};
    schema["anyOf"] = {zero, range};
  }
  return schema;
}

template <typename = void>
schema_value schema_of(rule::flag) {
  return {{"type", "boolean"}};
}

/// A text has no control characters; its length is counted in characters, of one byte or more.
template <typename = void>
schema_value schema_of(rule::text rule) {
  schema_value schema = {{"type", "string"}, {"maxLength", rule.most}};
  schema["not"]["pattern"] = rule.lines ? "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]"
                                        : "[\\u0000-\\u001f\\u007f-\\u009f]";
  return schema;
}

template <typename Words>
schema_value schema_of_words(const Words& words) {
  schema_value schema;
  schema["enum"] = schema_value::array();
  for (const auto& [value, word] : words) schema["enum"].push_back(word);
  return schema;
}

template <typename Enum, std::size_t Count>
schema_value schema_of(const rule::choice<Enum, Count>& rule) {
  return schema_of_words(rule.words);
}

template <typename = void>
schema_value schema_of(rule::metric_name) {
  return {{"type", "string"}, {"pattern", "^[A-Za-z0-9_.-]{1,128}$(?!\\n)"}};
}

template <typename = void>
schema_value schema_of(rule::required_metrics) {
  schema_value schema = {{"type", "array"}, {"uniqueItems", true}};
  schema["items"]["enum"] = schema_value(limited_metrics);
  return schema;
}

template <typename = void>
schema_value schema_of(rule::labels) {
  schema_value schema = {{"type", "object"}, {"maxProperties", 32}};
  schema["propertyNames"] = schema_of(rule::text{64, false});
  schema["propertyNames"]["minLength"] = 1;
  schema["additionalProperties"] = schema_of(rule::text{256, false});
  return schema;
}
/// @}

/// Visits a config's keys and describes each.
/// A template so that only its users compile it.
template <typename = void>
class basic_schema_writer {
 public:
  template <typename Field, typename Rule>
  void operator()(std::string_view key, const Field& field, const Rule& rule) {
    schema_value& schema = properties[std::string{key}];
    if constexpr (std::same_as<Rule, rule::section>) {
      schema = object_of(field);
    } else if constexpr (std::same_as<Rule, rule::steps>) {
      schema = list_of_steps(rule);
    } else if constexpr (std::same_as<Rule, rule::following>) {
      properties.erase(std::string{key});
      properties["promote"] = schema_of_words(rule.words);
      properties[std::string{key}]["type"] = "object";  // the rest depends on `promote`
    } else {
      schema = schema_of(rule);
      if constexpr (requires { write_value(field, rule); }) {
        schema["default"] = schema_value::parse(write_value(field, rule));
      }
    }
  }

  /// An object with the members that `describe` shows, and no other ones.
  template <typename Described>
  [[nodiscard]] static schema_value object_of(const Described& described) {
    basic_schema_writer inner;
    describe(inner, described);
    schema_value schema = {{"type", "object"}};
    schema["properties"] = std::move(inner.properties);
    schema["additionalProperties"] = false;
    return schema;
  }

  schema_value properties;

 private:
  static schema_value list_of_steps(rule::steps rule) {
    schema_value object = object_of(canary_step{share{}});
    object["required"] = {"share"};
    schema_value schema = {{"type", "array"}, {"maxItems", most_steps}};
    schema["items"]["anyOf"] = {schema_of(rule::percentage), object};
    if (!rule.to_100) return schema;
    // that it is the last one a schema cannot say
    schema_value last;
    last["properties"]["share"]["const"] = 100;
    last["required"] = {"share"};
    last["type"] = "object";
    const schema_value whole = {{"const", 100}};
    schema["contains"]["anyOf"] = {whole, last};
    schema["maxContains"] = 1;
    return schema;
  }
};

using schema_writer = basic_schema_writer<>;

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
void add_conditions(const ab_test_config&, schema_value& schema) {
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
  schema["properties"]["holdback"] = constant(0);
  // what is of the whole rollout stands in the shadow's own document
  schema_value nested;
  nested["properties"]["name"] = constant("");
  nested["properties"]["description"] = constant("");
  nested["properties"]["labels"]["maxProperties"] = 0;
  nested["properties"]["dryRun"] = constant(false);
  nested["properties"]["deadline"] = false;
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
