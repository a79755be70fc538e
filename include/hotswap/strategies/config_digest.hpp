#pragma once

/// @file
/// By what a journal knows a config again: `config_digest(canary_config{})` is
/// `"cbf29ce484222325"`, the digest of nothing.
///
/// Only the keys that differ from their defaults count, so a key that a later version adds does not
/// change the digest of a config that does not set it.
///
/// Source: draft-eastlake-fnv, section 2 (FNV-1a of 64 bits). It tells apart what was written by
/// people, not by an adversary.

#include <hotswap/core/share.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// @name canonical_text(field, rule)
/// A field as a text that tells it from every other value, the same in every version.
/// @{
template <typename Number, typename Rule>
  requires std::integral<Number> || std::floating_point<Number>
std::string canonical_text(Number field, const Rule&) {
  return fmt::format("{}", field + Number{});  // the shortest that reads back; no negative zero
}

inline std::string canonical_text(bool field, rule::flag) {
  return field ? "true" : "false";
}

inline std::string canonical_text(std::chrono::milliseconds field, rule::duration) {
  return fmt::format("{} ms", field.count());
}

inline std::string canonical_text(share field, rule::part) {
  return fmt::format("{} bp", field.basis_points());
}

template <typename Enum, std::size_t Count>
std::string canonical_text(Enum field, const rule::choice<Enum, Count>& rule) {
  const std::string_view word = rule.word_of(field);
  return word.empty() ? fmt::format("{}", static_cast<int>(field)) : std::string{word};
}

/// Texts with their length, so that no text can pass for more than one.
inline std::string canonical_text(std::string_view text) {
  return fmt::format("{}:{}", text.size(), text);
}

template <typename Rule>
std::string canonical_text(const std::string& field, const Rule&) {
  return canonical_text(std::string_view{field});
}

inline std::string canonical_text(const std::vector<std::string>& field, rule::required_metrics) {
  std::string text;
  for (const auto& each : field) text += canonical_text(std::string_view{each});
  return text;
}

inline std::string canonical_text(const std::map<std::string, std::string>& field, rule::labels) {
  std::string text;
  for (const auto& [label, content] : field) {
    text += canonical_text(std::string_view{label}) + canonical_text(std::string_view{content});
  }
  return text;
}

template <typename Value, typename Rule>
std::string canonical_text(const std::optional<Value>& field, const Rule& rule) {
  return field ? canonical_text(*field, rule) : "none";
}
/// @}

/// The keys of a config, or of a part of one, with their canonical texts; by JSON pointer.
using canonical_keys = std::map<std::string, std::string>;

template <typename Described>
[[nodiscard]] canonical_keys keys_that_differ(const Described& described,
                                              const Described& defaults);

namespace detail {

/// Visits a config's keys and notes where each field stands.
class field_collector {
 public:
  template <typename Field, typename Rule>
  void operator()(std::string_view, const Field& field, const Rule&) {
    fields.push_back(&field);
  }

  std::vector<const void*> fields;
};

/// Visits a config's keys and writes down those that differ from the defaults.
class canonical_writer {
 public:
  /// @param defaults  the fields of another config of the same type, in the same order.
  explicit canonical_writer(const std::vector<const void*>& defaults) : defaults_(defaults) {}

  template <typename Field, typename Rule>
  void operator()(std::string_view key, const Field& field, const Rule& rule) {
    const Field& usual = *static_cast<const Field*>(defaults_[next_++]);
    if (field == usual) return;  // most are, so that this is what takes time
    const std::string at = pointer_to("", key);
    if constexpr (std::same_as<Rule, rule::section>) {
      put_below(at, keys_that_differ(field, usual));
    } else if constexpr (std::same_as<Rule, rule::steps>) {
      keys.emplace(at, list(field));
    } else if constexpr (requires { field.valueless_by_exception(); }) {
      keys.emplace(at, rule.words[field.index()].second);
      std::visit([&](const auto& config) { put_differing(at, config); }, field);
    } else {
      keys.emplace(at, canonical_text(field, rule));
    }
  }

  canonical_keys keys;

 private:
  void put_below(const std::string& at, const canonical_keys& inner) {
    for (const auto& [pointer, text] : inner) keys.emplace(at + pointer, text);
  }

  void put_differing(const std::string&, std::monostate) {}

  template <typename Config>
  void put_differing(const std::string& at, const Config& config) {
    put_below(at, keys_that_differ(config, Config{}));
  }

  template <typename Step>
  [[nodiscard]] static std::string list(const std::vector<Step>& steps) {
    std::string text;
    for (const auto& each : steps) {
      text += '[';
      // no step has a share of 0, so that the share is always written
      for (const auto& [pointer, value] : keys_that_differ(each, Step{share{}})) {
        text += fmt::format("{}={};", pointer, value);
      }
      text += ']';
    }
    return text;
  }

  const std::vector<const void*>& defaults_;
  std::size_t next_ = 0;
};

}  // namespace detail

/// What a document must say to turn `defaults` into `described`.
template <typename Described>
canonical_keys keys_that_differ(const Described& described, const Described& defaults) {
  detail::field_collector usual;
  describe(usual, defaults);
  detail::canonical_writer own{usual.fields};
  describe(own, described);
  return std::move(own.keys);
}

/// Sixteen hexadecimal digits, the same for equal configs, on every machine and in every version in
/// which the keys that the config sets mean the same. The strategy is not part of it.
template <typename Config>
[[nodiscard]] std::string config_digest(const Config& config) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto add = [&hash](std::string_view text) {
    for (const char each : text) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  };
  for (const auto& [pointer, text] : keys_that_differ(config, Config{})) {
    add(pointer + '=' + text + '\n');
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace hotswap::inline v0_1
