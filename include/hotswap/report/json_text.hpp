#pragma once

/// @file
/// JSON written by hand: one line, the same bytes on every platform, and without a library that
/// takes a second to compile.
///
///     std::string line;
///     hotswap::json_object object{line};
///     object.text("kind", "look");
///     object.number("limit", 0.05);
///     object.end();   // {"kind":"look","limit":0.05}
///
/// Source: RFC 8259.

#include <hotswap/report/printable.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// Appends a JSON string. Controls are escaped (the C1 ones and the line separators that JSON would
/// allow, too, so that a log can be shown and split into lines by anybody); a byte that is no UTF-8
/// becomes U+FFFD.
template <typename = void>
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const utf8_character next = first_character(text);
    if (!next.is_utf8) {
      out += "\xEF\xBF\xBD";
    } else if (next.code == '"' || next.code == '\\') {
      out += '\\';
      out += text[0];
    } else if (next.code == '\n') {
      out += "\\n";
    } else if (next.code == '\t') {
      out += "\\t";
    } else if (next.code == '\r') {
      out += "\\r";
    } else if (is_control(next.code) && next.code < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(next.code));
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  out += '"';
}

/// Appends the shortest decimal that is read back as the same double. JSON has no word for what is
/// no number, so it becomes the string `"NaN"`, `"Infinity"` or `"-Infinity"`: `null` would hide
/// the one value that a person looks for.
template <typename = void>
void append_json_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0.0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    out += fmt::format("{}", value);
  }
}

/// Writes an object, member by member in the order of the calls, onto a text that outlives it.
/// A template so that only its users compile it.
template <typename = void>
class basic_json_object {
 public:
  explicit basic_json_object(std::string& out) : out_(out) { out_ += '{'; }
  basic_json_object(const basic_json_object&) = delete;
  basic_json_object& operator=(const basic_json_object&) = delete;

  /// Writes the key; its value is to be appended next.
  void key(std::string_view name) {
    if (!is_empty_) out_ += ',';
    is_empty_ = false;
    append_json_string(out_, name);
    out_ += ':';
  }

  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void number(std::string_view name, double value) {
    key(name);
    append_json_number(out_, value);
  }
  void count(std::string_view name, std::uint64_t value) {
    key(name);
    out_ += fmt::format("{}", value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }

  /// Closes it. Nothing may be written to it after.
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool is_empty_ = true;
};

using json_object = basic_json_object<>;

}  // namespace hotswap::inline v0_1
