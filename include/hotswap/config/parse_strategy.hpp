#pragma once

/// @file
/// An operator's document as a config.
///
///     auto config = hotswap::parse_strategy(R"({"strategy": "Canary", "steps": [5, 100]})");
///
/// Each key is a field of the config in snake_case; examples/strategies has a document per
/// strategy. What differs: `initialPercentage` and `incrementStep` make `steps`; `promote` and
/// `then` are one field; a limit in `rollbackThresholds` makes its metric a required one, unless it
/// is written as {"limit": 0.1, "required": false}. Shares are in per cent, but for `splitRatio`
/// and `sampleRate`.

#include <hotswap/config/document.hpp>
#include <hotswap/config/field_reader.hpp>
#include <hotswap/config/known_keys.hpp>
#include <hotswap/config/read_value.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename Config>
Config read_config(const document_value& object, const std::string& at);

/// What a document says in other keys than those of single fields; of most strategies nothing.
template <typename Config>
void read_other_keys(const document_value&, const std::string&, Config&) {}

/// `initialPercentage` and `incrementStep`: 10 and 15 are the steps 10, 25, 40, … 100.
template <typename = void>
void read_other_keys(const document_value& object, const std::string& at, canary_config& config) {
  constexpr auto names = std::array{"initialPercentage", "incrementStep"};
  if (!object.contains(names[0]) && !object.contains(names[1])) return;
  share reached = share::basis_points(1'000);
  share rise = share::basis_points(1'500);
  for (const std::string key : names) {
    if (!object.contains(key)) continue;
    if (object.contains("steps")) {
      refuse(pointer_to(at, key), "not stand next to steps", "both");
    }
    if (key == names[0]) read_value(pointer_to(at, key), object[key], reached, rule::percentage);
    if (key == names[1]) read_value(pointer_to(at, key), object[key], rise, rule::increment);
  }

  config.steps.clear();
  while (reached < share::basis_points(10'000)) {
    config.steps.emplace_back(reached);
    reached = share::basis_points(std::min(reached.basis_points() + rise.basis_points(), 10'000));
  }
  config.steps.emplace_back(reached);
  config.monitoring_duration = std::chrono::minutes{5};
}

/// `promote`, and under `then` the document that it needs.
template <typename = void>
void read_other_keys(const document_value& object, const std::string& at, shadow_config& config) {
  auto promote = shadow_promotion::never;
  if (object.contains("promote")) {
    read_value(pointer_to(at, "promote"), object["promote"], promote, rule::promote);
  }
  const std::string nested = pointer_to(at, "then");
  if (promote == shadow_promotion::never) {
    if (!object.contains("then")) return;
    refuse(nested, "stand next to a promote of blueGreen or canary", "never");
  }
  const bool is_canary = promote == shadow_promotion::canary;
  if (!object.contains("then")) {  // a person writes down what gets the traffic, if only as {}
    refuse(nested, fmt::format("be a document of {}", strategy_names[is_canary ? 0 : 1]),
           "nothing");
  }
  if (is_canary) {
    config.then = read_config<canary_config>(object["then"], nested);
  } else {
    config.then = read_config<blue_green_config>(object["then"], nested);
  }
}

/// A limit requires its metric, or says that it does not; a list of metrics has the last word.
template <typename = void>
void require_written(const std::vector<written_limit>& limits, bool list_is_written,
                     std::vector<std::string>& required) {
  for (const auto& [at, metric, is_required] : limits) {
    const auto found = std::find(required.begin(), required.end(), metric);
    if (is_required && found == required.end()) required.emplace_back(metric);
    if (is_required || found == required.end()) continue;
    if (list_is_written) {
      refuse(at + "/required", fmt::format("be true, as requiredMetrics names {}", metric),
             "false");
    }
    required.erase(found);
  }
}

template <typename Config>
Config read_config(const document_value& object, const std::string& at) {
  const std::string_view name = strategy_name_of<Config>();
  require_object(at, object);
  const auto keys = document_keys<Config>();
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) refuse_key<Config>(at, key, name);
  }
  if (object.contains("$schema") && !object["$schema"].is_string()) {
    refuse(pointer_to(at, "$schema"), "be a text", written_value(object["$schema"]));
  }
  // only a document under `then` can disagree
  if (object.contains("strategy") && written_value(object["strategy"]) != in_quotes(name)) {
    refuse(pointer_to(at, "strategy"), fmt::format("be {}", name),
           written_value(object["strategy"]));
  }

  Config config;
  std::vector<written_limit> limits_written;
  read_other_keys(object, at, config);
  const field_reader reader{object, at, limits_written};
  describe(reader, config);
  require_written(limits_written, object.contains("requiredMetrics"), config.required_metrics);
  validate(config, at);
  return config;
}

template <std::size_t Index = 0>
strategy_config read_strategy(const document_value& object, std::string_view name) {
  if constexpr (Index < std::variant_size_v<strategy_config>) {
    if (name != strategy_names[Index]) return read_strategy<Index + 1>(object, name);
    return read_config<std::variant_alternative_t<Index, strategy_config>>(object, "");
  } else {
    refuse("/strategy", fmt::format("be one of {}", fmt::join(strategy_names, ", ")),
           in_quotes(name) + suggestion(name, strategy_names));
  }
}

}  // namespace detail

/// Reads a document of at most 64 KiB of UTF-8.
///
/// @returns  a config that `validate` accepts.
/// @throws config_error  for anything else, at the JSON pointer of the element at fault; of a
/// syntax error, which has none, it says line and column.
template <typename = void>
[[nodiscard]] strategy_config parse_strategy(std::string_view json) {
  const document_value document = read_document(json);
  require_object("", document);
  if (!document.contains("strategy") || !document["strategy"].is_string()) {
    refuse("/strategy", fmt::format("be one of {}", fmt::join(strategy_names, ", ")),
           document.contains("strategy") ? written_value(document["strategy"]) : "nothing");
  }
  return detail::read_strategy(document, document["strategy"].get_ref<const std::string&>());
}

}  // namespace hotswap::inline v0_1
