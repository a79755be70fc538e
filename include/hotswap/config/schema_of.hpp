#pragma once

/// @file
/// The rules of a config's fields in the words of JSON Schema.
///
///     hotswap::schema_of(hotswap::rule::flag{});  // {"type": "boolean"}
///
/// Source: JSON Schema Validation, draft 2020-12.

#include <hotswap/config/to_json.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/shadow_config.hpp>
#include <hotswap/strategies/validator.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
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

}  // namespace hotswap::inline v0_1
