#pragma once

/// @file
/// One value of a document into one field, held to the field's rule: `read_value(at, value, field,
/// rule)`. A type is never converted silently: 10.7 is no whole number, true is no 1.
///
/// The sentences are those of `check`, which sees what a field holds; these see what was written.

#include <hotswap/config/document.hpp>
#include <hotswap/config/duration.hpp>
#include <hotswap/config/known_keys.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

/// The value in a message: a number as it counts, a text in quotes, `an object`, `null`.
template <typename = void>
[[nodiscard]] std::string written_value(const document_value& value) {
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_unsigned()) return fmt::format("{}", value.get<std::uint64_t>());
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  if (value.is_number()) return fmt::format("{}", value.get<double>());
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return "null";
}

/// @throws config_error  unless the value is an object.
template <typename = void>
void require_object(const std::string& at, const document_value& value) {
  if (!value.is_object()) refuse(at, "be an object", written_value(value));
}

/// @name read_value(at, value, field, rule)
/// @throws config_error  at the JSON pointer `at`, or below it, unless the value keeps to the rule.
/// @{
template <std::integral Whole>
void read_value(const std::string& at, const document_value& value, Whole& field,
                rule::whole rule) {
  const auto wrong = [&] { refuse(at, to_string(rule), written_value(value)); };
  std::uint64_t number = 0;
  if (value.is_number_unsigned()) {
    number = value.get<std::uint64_t>();
  } else if (value.is_number_float()) {
    const double real = value.get<double>();
    constexpr double exact =
        9'007'199'254'740'992.0;  // 2^53, up to which every integer is a double
    if (!(real >= 0.0 && real <= exact) || real != std::trunc(real)) wrong();
    number = static_cast<std::uint64_t>(real);
  } else if (!value.is_number() || value.get<std::int64_t>() != 0) {  // -0 is a zero
    wrong();
  }
  if (number < rule.least || number > rule.most) wrong();
  field = static_cast<Whole>(number);
}

template <typename = void>
void read_value(const std::string& at, const document_value& value, double& field,
                rule::number rule) {
  const double number = value.is_number() ? value.get<double>() : 0.0;
  if (!value.is_number() || !std::isfinite(number) || !rule.holds(number)) {
    refuse(at, fmt::format("be {}", rule.text), written_value(value));
  }
  field = number + 0.0;  // no negative zero
}

template <typename = void>
void read_value(const std::string& at, const document_value& value, share& field, rule::part rule) {
  const auto wrong = [&] { refuse(at, fmt::format("be {}", rule.text), written_value(value)); };
  if (!value.is_number()) wrong();
  const double number = value.get<double>();
  if (!(number >= 0.0 && number <= rule.all)) wrong();
  const double points = number * (10'000.0 / rule.all);
  const double nearest = std::round(points);
  // as share::percent: 0.07 * 100 is 7.000000000000001
  if (std::abs(points - nearest) > 1e-9) {
    refuse(at, fmt::format("be a multiple of {}", rule.all / 10'000.0), written_value(value));
  }
  const share found = share::basis_points(static_cast<int>(nearest));
  if (!rule.holds(found)) wrong();
  field = found;
}

template <typename = void>
void read_value(const std::string& at, const document_value& value,
                std::chrono::milliseconds& field, rule::duration rule) {
  if (!value.is_string()) {
    refuse(at, "be an ISO 8601 duration such as PT10M or P1DT12H", written_value(value));
  }
  const auto found = parse_duration(value.get_ref<const std::string&>(), at);
  if (found < rule.least || found > rule::longest_duration) {
    refuse(at, to_string(rule), written_value(value));
  }
  field = found;
}

template <typename = void>
void read_value(const std::string& at, const document_value& value, bool& field, rule::flag) {
  if (!value.is_boolean()) refuse(at, "be true or false", written_value(value));
  field = value.get<bool>();
}

template <typename Enum, std::size_t Count>
void read_value(const std::string& at, const document_value& value, Enum& field,
                const rule::choice<Enum, Count>& rule) {
  std::array<std::string_view, Count> words;
  for (std::size_t i = 0; i < Count; ++i) {
    words[i] = rule.words[i].second;
    if (value.is_string() && value.get_ref<const std::string&>() == words[i]) {
      field = rule.words[i].first;
      return;
    }
  }
  std::string hint;
  if (value.is_string()) hint = suggestion(value.get_ref<const std::string&>(), words);
  refuse(at, to_string(rule), written_value(value) + hint);
}

/// Texts, whatever their rule.
template <typename Rule>
void read_value(const std::string& at, const document_value& value, std::string& field,
                const Rule& rule) {
  if (!value.is_string()) refuse(at, "be a text", written_value(value));
  const auto& text = value.get_ref<const std::string&>();
  check(at, text, rule);
  field = text;
}

template <typename = void>
void read_value(const std::string& at, const document_value& value, std::vector<std::string>& field,
                rule::required_metrics rule) {
  if (!value.is_array()) refuse(at, "be a list of metrics", written_value(value));
  field.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    read_value(pointer_to(at, i), value[i], field.emplace_back(),
               rule::text{longest_document, true});
  }
  check(at, field, rule);
}

template <typename = void>
void read_value(const std::string& at, const document_value& value,
                std::map<std::string, std::string>& field, rule::labels rule) {
  require_object(at, value);
  field.clear();
  for (const auto& [label, content] : value.items()) {
    read_value(pointer_to(at, label), content, field[label], rule::text{256, false});
  }
  check(at, field, rule);
}

/// What may be absent: the rule is that of what is there.
template <typename Value, typename Rule>
void read_value(const std::string& at, const document_value& value, std::optional<Value>& field,
                const Rule& rule) {
  Value found{};
  read_value(at, value, found, rule);
  field = found;
}
/// @}

}  // namespace hotswap::inline v0_1
