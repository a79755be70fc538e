#pragma once

/// @file
/// How a setting is written in a message: durations as ISO 8601, texts in quotes and free of
/// anything that a terminal or a log would obey.
///
///     hotswap::duration_text(std::chrono::minutes{90});  // PT1H30M
///
/// Sources: ISO 8601-1:2019, 5.5.2; RFC 8259, section 7; RFC 6901.

#include <hotswap/strategies/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// The duration as an operator writes it: `PT10M`, `P1DT12H`, `PT0.25S`, `PT0S`; never in weeks.
[[nodiscard]] inline std::string duration_text(std::chrono::milliseconds value) {
  const bool negative = value.count() < 0;
  // the magnitude without overflow, for the least value, too
  std::uint64_t rest = static_cast<std::uint64_t>(value.count());
  if (negative) rest = 0 - rest;

  const auto take = [&rest](std::uint64_t unit) {
    const std::uint64_t count = rest / unit;
    rest %= unit;
    return count;
  };
  std::string text = negative ? "-P" : "P";
  if (const auto days = take(86'400'000)) text += fmt::format("{}D", days);
  const std::size_t date = text.size();
  text += 'T';
  if (const auto hours = take(3'600'000)) text += fmt::format("{}H", hours);
  if (const auto minutes = take(60'000)) text += fmt::format("{}M", minutes);
  const auto seconds = take(1'000);
  if (rest != 0) {
    std::string fraction = fmt::format("{:03}", rest);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fmt::format("{}.{}S", seconds, fraction);
  } else if (seconds != 0) {
    text += fmt::format("{}S", seconds);
  }
  if (text.size() > date + 1) return text;
  if (text[date - 1] == 'D') return text.substr(0, date);
  return "PT0S";
}

/// The text in printable ASCII, by the escapes of a JSON string; a byte that is no UTF-8 as `\xFF`.
[[nodiscard]] inline std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const unsigned first = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += fmt::format("\\x{:02X}", first);
    } else if (length == 1) {
      if (first == '"' || first == '\\') {
        out += fmt::format("\\{}", text[0]);
      } else if (first < 0x20 || first == 0x7F) {
        out += fmt::format("\\u{:04x}", first);
      } else {
        out += text[0];
      }
    } else {
      unsigned point = first & (0xFFU >> (length + 1));
      for (std::size_t i = 1; i < length; ++i) {
        point = point << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
      }
      if (point < 0x10000) {
        out += fmt::format("\\u{:04x}", point);
      } else {
        point -= 0x10000;
        out +=
            fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (point >> 10U), 0xDC00 + (point & 0x3FFU));
      }
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

/// The text in quotes, escaped; of a long one its beginning and its size.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t enough = 64;
  if (text.size() <= enough) return fmt::format("\"{}\"", escaped(text));
  std::size_t cut = enough;
  while (cut > enough - 3 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80) --cut;
  return fmt::format("\"{}...\" of {} bytes", escaped(text.substr(0, cut)), text.size());
}

/// A JSON pointer (RFC 6901) to the member `key` of what `at` points to, in its JSON string form.
[[nodiscard]] inline std::string pointer_to(std::string_view at, std::string_view key) {
  const auto is_plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
  };
  std::string token;
  if (std::all_of(key.begin(), key.end(), is_plain)) {  // as all of our own keys are
    token.reserve(at.size() + 1 + key.size());
    return token.append(at).append(1, '/').append(key);
  }
  for (const char letter : escaped(key)) {
    if (letter == '~') {
      token += "~0";
    } else if (letter == '/') {
      token += "~1";
    } else {
      token += letter;
    }
  }
  return fmt::format("{}/{}", at, token);
}

[[nodiscard]] inline std::string pointer_to(std::string_view at, std::size_t index) {
  return fmt::format("{}/{}", at, index);
}

}  // namespace hotswap::inline v0_1
