#pragma once

/// @file
/// A judge's sentence, put together of words and numbers.
///
///     found.sentence = sentence("the error rate is ", rate, " (limit ", limit, ")");

#include <version>

#if defined(__cpp_lib_to_chars)
#include <array>
#include <charconv>
#else
#include <fmt/format.h>
#endif

#include <concepts>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// A number as `%.3g` writes it, with that many digits.
struct significant {
  double value;
  int digits;  ///< at most 17
};

namespace detail {

inline void append(std::string& text, std::string_view words) {
  text += words;
}

inline void append(std::string& text, const significant& number) {
#if defined(__cpp_lib_to_chars)
  std::array<char, 32> written;  // of 17 digits at most 24
  const auto end = std::to_chars(written.data(), written.data() + written.size(), number.value,
                                 std::chars_format::general, number.digits);
  text.append(written.data(), end.ptr);
#else
  text += fmt::format("{:.{}g}", number.value, number.digits);
#endif
}

inline void append(std::string& text, double number) {
  append(text, significant{number, 3});
}

template <std::integral Count>
void append(std::string& text, Count count) {
  text += std::to_string(count);
}

}  // namespace detail

/// Words as they are, counts in full, other numbers to three digits unless `significant` says
/// otherwise. A judge writes two or three at each look: this takes half of the time of
/// `fmt::format`, which reads its format each time.
template <typename... Parts>
[[nodiscard]] std::string sentence(const Parts&... parts) {
  std::string text;
  text.reserve(96);  // most are shorter
  (detail::append(text, parts), ...);
  return text;
}

}  // namespace hotswap::inline v0_1
