#pragma once

/// @file
/// Foreign text made safe for a terminal, and cut to a width.
///
///     hotswap::printable("\x1b[2Jgone");   // "␛[2Jgone"
///     hotswap::fitted("a long text", 6);   // "a lon…"
///
/// An exception's text comes from a platform, so nothing in it may move the cursor, change colours,
/// ring, reverse the direction of reading, or begin a new line.
///
/// Sources: ECMA-48 (C0 and C1 controls), Unicode Standard Annex 9 (directional formatting) and
/// Annex 11 (East Asian width).

#include <hotswap/strategies/utf8.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// One character of a text and the bytes that it takes; `is_utf8` is false for a stray byte.
struct utf8_character {
  char32_t code = 0;
  std::size_t length = 1;
  bool is_utf8 = false;
};

/// The first character of a text that is not empty.
[[nodiscard]] inline utf8_character first_character(std::string_view text) noexcept {
  const std::size_t length = utf8_length(text);
  const auto byte = [text](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  if (length == 0) return {};
  if (length == 1) return {.code = byte(0), .length = 1, .is_utf8 = true};
  char32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (byte(i) & 0x3FU);
  return {.code = code, .length = length, .is_utf8 = true};
}

/// Does the character control a terminal or the order of reading, or end a line?
[[nodiscard]] constexpr bool is_control(char32_t code) noexcept {
  const auto within = [code](char32_t first, char32_t last) {
    return first <= code && code <= last;
  };
  return code < 0x20 || within(0x7F, 0x9F) || code == 0x061C || within(0x200B, 0x200F) ||
         within(0x2028, 0x202E) || within(0x2060, 0x206F) || code == 0xFEFF ||
         within(0xFFF9, 0xFFFB) || within(0xE0000, 0xE007F);
}

/// Terminal columns of a character that is no control: 0, 1 or 2.
[[nodiscard]] constexpr int columns_of(char32_t code) noexcept {
  const auto within = [code](char32_t first, char32_t last) {
    return first <= code && code <= last;
  };
  if (within(0x0300, 0x036F) || within(0x1AB0, 0x1AFF) || within(0x20D0, 0x20FF) ||
      within(0xFE00, 0xFE0F)) {
    return 0;
  }
  const bool is_wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                       within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                       within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1FAFF) ||
                       within(0x20000, 0x3FFFD);
  return is_wide ? 2 : 1;
}

/// The text on one line, without controls: line feed, carriage return and tab become spaces, the
/// other C0 controls their pictures (`␛`), what else is a control or no UTF-8 becomes `�`.
[[nodiscard]] inline std::string printable(std::string_view text) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const utf8_character next = first_character(text);
    if (!next.is_utf8) {
      out += replacement;
    } else if (next.code == '\n' || next.code == '\r' || next.code == '\t') {
      out += ' ';
    } else if (next.code < 0x20) {
      out += "\xE2\x90";  // U+2400 is the picture of NUL, and so on
      out += static_cast<char>(0x80 + next.code);
    } else if (next.code == 0x7F) {
      out += "\xE2\x90\xA1";  // U+2421
    } else if (is_control(next.code)) {
      out += replacement;
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

/// Terminal columns that a printable text takes.
[[nodiscard]] inline int columns_of(std::string_view text) noexcept {
  int columns = 0;
  while (!text.empty()) {
    const utf8_character next = first_character(text);
    columns += next.is_utf8 ? columns_of(next.code) : 1;
    text.remove_prefix(next.length);
  }
  return columns;
}

/// The printable text, or if it takes more than `width` columns, what fits before `…`.
[[nodiscard]] inline std::string fitted(std::string_view text, int width) {
  if (width <= 0) return {};
  if (columns_of(text) <= width) return std::string{text};
  std::size_t end = 0;
  int columns = 0;
  while (end < text.size()) {
    const utf8_character next = first_character(text.substr(end));
    const int wide = next.is_utf8 ? columns_of(next.code) : 1;
    if (columns + wide > width - 1) break;
    columns += wide;
    end += next.length;
  }
  return std::string{text.substr(0, end)} + "…";
}

}  // namespace hotswap::inline v0_1
