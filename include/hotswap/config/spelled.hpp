#pragma once

/// @file
/// Enumerators by the words that stand for them in a document, which are those of `to_string`.
///
///     const auto kind = detail::spelled<event_kind>("look");   // event_kind::look
///     detail::spellings<severity>();                           // "info, warning, error"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

namespace detail {

/// The enumerator that is spelled so, if there is one. A number that no enumerator has is spelled
/// like one that does, by `to_string`, and so is never the first.
template <typename Enum>
std::optional<Enum> spelled(std::string_view word) {
  for (int i = 0; i < 256; ++i) {
    if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

template <typename Enum>
std::string spellings() {
  std::string words;
  for (int i = 0; i < 256; ++i) {
    const std::string_view word = to_string(static_cast<Enum>(i));
    if (spelled<Enum>(word) != static_cast<Enum>(i)) break;
    words += fmt::format("{}{}", i == 0 ? "" : ", ", word);
  }
  return words;
}

}  // namespace detail

}  // namespace hotswap::inline v0_1
