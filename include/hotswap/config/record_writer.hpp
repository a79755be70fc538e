#pragma once

/// @file
/// Writes a value of a journal's record as JSON, without loss and in printable ASCII.
///
///     std::string json;
///     hotswap::record_writer::append(json, record);
///
/// What JSON has no word for:
///
///     "NaN" "Infinity" "-Infinity"   numbers; a NaN of unusual bits as "NaN:fff8000000000001"
///     -0.0                           with its point, for -0 is read as 0
///     {"bytes": "caf\u00e9"}         a text that is no UTF-8, a character up to U+00FF per byte
///     [["key", 1], …]                a map, if a key of it is no UTF-8
///
/// Whole numbers have all 64 bits; times are in UTC to the last tick; shares are in per cent. A
/// text, a map or a list that is empty, and what is not there, are left out.

#include <hotswap/config/record_members.hpp>
#include <hotswap/config/utc_time.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/text_map.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a payload is called in JSON, in the order of `record_payload`.
inline constexpr std::string_view payload_kinds[] = {
    "none", "opening",   "resumed", "fingerprint", "outcome",  "reference", "split",
    "look", "extension", "hold",    "command",     "rollback", "committed", "terminal"};
static_assert(std::size(payload_kinds) == std::variant_size_v<record_payload>);

/// How a look says that it is the one of the record's payload.
inline constexpr std::string_view look_of_payload = "payload";

namespace detail {

template <typename T>
concept has_record_form = requires(const T& value) { record_form<T>::of(value); };

template <typename T>
inline constexpr bool is_shared = false;
template <typename T>
inline constexpr bool is_shared<std::shared_ptr<const T>> = true;

}  // namespace detail

/// A template so that only its users compile it.
template <typename = void>
class basic_record_writer {
 public:
  /// @throws journal_error  for a shared payload or an event that is null.
  static void append(std::string& out, const journal_record& record) {
    const auto* look = std::get_if<std::shared_ptr<const look_report>>(&record.payload);
    basic_record_writer writer{out, look != nullptr ? look->get() : nullptr};
    writer.write(record);
  }

  /// Visits a member.
  template <typename Field>
  void operator()(std::string_view key, const Field& field) {
    if (is_absent(field)) return;
    write_key(key);
    write(field);
  }

  /// Is put back by `to_json`.
  void unknown(const shared_text&) {}

 private:
  basic_record_writer(std::string& out, const look_report* payloads_look)
      : out_(out), payloads_look_(payloads_look) {}

  template <typename Field>
  static bool is_absent(const Field& field) {
    if constexpr (requires { field.empty(); }) {
      return field.empty();
    } else if constexpr (requires { field.has_value(); }) {
      return !field.has_value();
    } else if constexpr (std::same_as<Field, record_payload>) {
      return std::holds_alternative<std::monostate>(field);
    } else if constexpr (detail::is_shared<Field>) {
      return field == nullptr;
    } else {
      return false;
    }
  }

  /// Written before a value, if another one stands before it.
  void separate(bool& is_first) {
    if (!is_first) out_ += ',';
    is_first = false;
  }

  void write_key(std::string_view key) {
    separate(is_first_);
    out_ += fmt::format("\"{}\":", escaped(key));
  }

  void write(bool value) { out_ += value ? "true" : "false"; }

  template <std::integral Whole>
  void write(Whole value) {
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }

  void write(double value) {
    if (std::isnan(value)) {
      const auto bits = std::bit_cast<std::uint64_t>(value);
      const bool is_usual =
          bits == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN());
      out_ += is_usual ? "\"NaN\"" : fmt::format("\"NaN:{:016x}\"", bits);
    } else if (std::isinf(value)) {
      out_ += value > 0.0 ? "\"Infinity\"" : "\"-Infinity\"";
    } else if (value == 0.0 && std::signbit(value)) {
      out_ += "-0.0";
    } else {
      fmt::format_to(std::back_inserter(out_), "{}", value);
    }
  }

  void write(const std::string& value) { write(std::string_view{value}); }
  void write(const shared_text& value) { write(std::string_view{value}); }
  void write(std::string_view value) {
    if (utf8_end(value) == value.size()) {
      out_ += fmt::format("\"{}\"", escaped(value));
      return;
    }
    out_ += "{\"bytes\":\"";
    for (const char letter : value) {
      const auto byte = static_cast<unsigned char>(letter);
      if (byte < 0x80) {
        out_ += escaped({&letter, 1});
      } else {
        out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
      }
    }
    out_ += "\"}";
  }

  void write(std::chrono::system_clock::time_point value) {
    out_ += fmt::format("\"{}\"", utc_text(value));
  }

  /// A number of them; the key names the unit.
  template <typename Rep, typename Period>
  void write(std::chrono::duration<Rep, Period> value) {
    write(value.count());
  }

  void write(share value) {
    std::string text = to_string(value);
    text.resize(text.size() - 2);  // " %"
    out_ += text;
  }

  template <typename Enum>
    requires std::is_enum_v<Enum>
  void write(Enum value) {
    out_ += fmt::format("\"{}\"", to_string(value));
  }

  template <typename Value>
  void write(const std::optional<Value>& value) {
    write(*value);
  }

  template <typename Item>
  void write(const std::vector<Item>& items) {
    out_ += '[';
    bool is_first = true;
    for (const Item& each : items) {
      separate(is_first);
      write(each);
    }
    out_ += ']';
  }

  template <typename Value>
  void write(const std::map<std::string, Value>& map) {
    const bool has_texts = std::all_of(map.begin(), map.end(), [](const auto& entry) {
      return utf8_end(entry.first) == entry.first.size();
    });
    bool is_first = true;
    out_ += has_texts ? '{' : '[';
    for (const auto& entry : map) {
      separate(is_first);
      if (has_texts) {
        out_ += fmt::format("\"{}\":", escaped(entry.first));
        write(entry.second);
      } else {
        write(entry);
      }
    }
    out_ += has_texts ? '}' : ']';
  }

  void write(const text_map& texts) { write<std::string>(texts); }

  template <typename First, typename Second>
  void write(const std::pair<First, Second>& pair) {
    out_ += '[';
    write(pair.first);
    out_ += ',';
    write(pair.second);
    out_ += ']';
  }

  void write(const std::shared_ptr<const look_report>& look) {
    if (look.get() == payloads_look_) {
      out_ += fmt::format("\"{}\"", look_of_payload);
    } else {
      write(*look);
    }
  }

  void write(const std::shared_ptr<const event>& told) {
    if (told == nullptr) throw journal_error("record: events must not be null pointers, got one");
    write(*told);
  }

  void write(const record_payload& payload) {
    std::visit([&](const auto& each) { write_payload(payload_kinds[payload.index()], each); },
               payload);
  }

  void write_payload(std::string_view, std::monostate) {}

  template <typename Payload>
  void write_payload(std::string_view kind, const std::shared_ptr<const Payload>& payload) {
    if (payload == nullptr) {
      throw journal_error(
          fmt::format("record: payload must not be a null pointer, got one of kind {}", kind));
    }
    write_payload(kind, *payload);
  }

  template <typename Payload>
  void write_payload(std::string_view kind, const Payload& payload) {
    basic_record_writer inner{out_, payloads_look_};
    inner.out_ += '{';
    inner("kind", kind);
    inner.visit(payload);
    inner.out_ += '}';
  }

  /// What is described by its members.
  template <typename Object>
    requires std::is_class_v<Object>
  void write(const Object& object) {
    basic_record_writer inner{out_, payloads_look_};
    inner.out_ += '{';
    inner.visit(object);
    inner.out_ += '}';
  }

  template <typename Object>
  void visit(const Object& object) {
    if constexpr (detail::has_record_form<Object>) {
      const auto form = record_form<Object>::of(object);
      visit_members(*this, form);
    } else {
      visit_members(*this, object);
    }
  }

  std::string& out_;
  const look_report* payloads_look_;
  bool is_first_ = true;
};

using record_writer = basic_record_writer<>;

}  // namespace hotswap::inline v0_1
