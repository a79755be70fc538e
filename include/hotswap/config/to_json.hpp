#pragma once

/// @file
/// A config as the document that says the same: `parse_strategy(to_json(config)) == config`.
///
///     std::ofstream{"canary.json"} << hotswap::to_json(hotswap::canary_config{});

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// @name write_value(field, rule)
/// A field as JSON.
/// @{
template <typename Number, typename Rule>
  requires std::integral<Number> || std::floating_point<Number>
std::string write_value(Number field, const Rule&) {
  return fmt::format("{}", field);  // true, or the shortest number that reads back as the same
}

template <typename = void>
std::string write_value(std::chrono::milliseconds field, rule::duration) {
  return fmt::format("\"{}\"", duration_text(field));
}

template <typename = void>
std::string write_value(share field, rule::part rule) {
  return fmt::format("{}", rule.written(field));
}

template <typename Enum, std::size_t Count>
std::string write_value(Enum field, const rule::choice<Enum, Count>& rule) {
  return fmt::format("\"{}\"", rule.word_of(field));
}

/// Texts, whatever their rule.
template <typename Rule>
std::string write_value(const std::string& field, const Rule&) {
  return fmt::format("\"{}\"", escaped(field));
}
/// @}

/// Visits a config's keys and writes an object, a line per key.
/// A template so that only its users compile it.
template <typename = void>
class basic_field_writer {
 public:
  /// @param required  the metrics that the config requires.
  /// @param indent    of the object's members.
  explicit basic_field_writer(const std::vector<std::string>& required, std::size_t indent = 2)
      : required_(required), indent_(indent) {}

  template <typename Field, typename Rule>
  void operator()(std::string_view key, const Field& field, const Rule& rule) {
    if constexpr (std::same_as<Rule, rule::section>) {
      put(key, written(field));
    } else if constexpr (std::same_as<Rule, rule::limit>) {
      // a plain number would make its metric a required one
      const bool required =
          std::find(required_.begin(), required_.end(), rule.metric) != required_.end();
      put(key, required ? write_value(field, rule)
                        : fmt::format(R"({{"limit": {}, "required": false}})", field));
    } else if constexpr (std::same_as<Rule, rule::following>) {
      put("promote", fmt::format("\"{}\"", rule.words[field.index()].second));
      if (const auto* next = std::get_if<blue_green_config>(&field))
        put(key, document_of(*next, indent_ + 2));
      if (const auto* next = std::get_if<canary_config>(&field))
        put(key, document_of(*next, indent_ + 2));
    } else if constexpr (requires { field.has_value(); }) {
      if (field) put(key, write_value(*field, rule));
    } else if constexpr (requires { write_value(field, rule); }) {
      put(key, write_value(field, rule));
    } else {
      put(key, list(field));
    }
  }

  /// A whole document.
  template <typename Config>
  [[nodiscard]] static std::string document_of(const Config& config, std::size_t indent) {
    basic_field_writer writer{config.required_metrics, indent};
    writer.put("strategy", fmt::format("\"{}\"", strategy_name_of<Config>()));
    describe(writer, config);
    return writer.object();
  }

  void put(std::string_view key, const std::string& json) {
    members_ += fmt::format("{}\n{:{}}\"{}\": {}", members_.empty() ? "" : ",", "", indent_,
                            escaped(key), json);
  }

  [[nodiscard]] std::string object() const {
    if (members_.empty()) return "{}";
    return fmt::format("{{{}\n{:{}}}}", members_, "", indent_ - 2);
  }

 private:
  template <typename Described>
  [[nodiscard]] std::string written(const Described& described) const {
    basic_field_writer inner{required_, indent_ + 2};
    describe(inner, described);
    return inner.object();
  }

  [[nodiscard]] std::string list(const std::vector<std::string>& metrics) const {
    std::string items;
    for (const auto& metric : metrics) {
      items += fmt::format("{}\"{}\"", items.empty() ? "" : ", ", escaped(metric));
    }
    return fmt::format("[{}]", items);
  }

  /// A step that is no more than its share is a number.
  [[nodiscard]] std::string list(const std::vector<canary_step>& steps) const {
    std::string items;
    for (const auto& step : steps) {
      const std::string item = step == canary_step{step.share}
                                   ? write_value(step.share, rule::percentage)
                                   : written(step);
      items += fmt::format("{}{}", items.empty() ? "" : ", ", item);
    }
    return fmt::format("[{}]", items);
  }

  [[nodiscard]] std::string list(const std::map<std::string, std::string>& labels) const {
    basic_field_writer inner{required_, indent_ + 2};
    for (const auto& [label, content] : labels) {
      inner.put(label, fmt::format("\"{}\"", escaped(content)));
    }
    return inner.object();
  }

  const std::vector<std::string>& required_;
  std::size_t indent_;
  std::string members_;
};

using field_writer = basic_field_writer<>;

/// Every key, its defaults included, in ASCII; no longer than what `parse_strategy` reads.
///
/// @throws config_error  if the config cannot be used.
template <typename = void>
[[nodiscard]] std::string to_json(const strategy_config& config) {
  validate(config);
  return std::visit([](const auto& each) { return field_writer::document_of(each, 2); }, config);
}

}  // namespace hotswap::inline v0_1
