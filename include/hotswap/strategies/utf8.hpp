#pragma once

/// @file
/// Whether a text is UTF-8, and where it ceases to be.
///
///     if (hotswap::utf8_end(text) != text.size()) refuse(text);
///
/// Source: RFC 3629, section 4.

#include <cstddef>
#include <string_view>

namespace hotswap::inline v0_1 {

/// The length in bytes of the UTF-8 sequence that `text` begins with; 0 if it begins with none.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  // overlong forms, surrogates, and what lies beyond U+10FFFF
  const unsigned second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;
  if (first == 0xED && second > 0x9F) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return length;
}

/// Where the first byte stands that is no UTF-8; the text's size if there is none.
[[nodiscard]] inline std::size_t utf8_end(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

}  // namespace hotswap::inline v0_1
