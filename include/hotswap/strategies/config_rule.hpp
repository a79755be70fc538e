#pragma once

/// @file
/// What may be said of a single field of a config, and how a value that breaks it is refused.
///
///     check("/attempts", config.attempts, rule::whole{1, 100});
///
/// The configs hand these rules, key by key, to whoever visits them (`describe`), so that a config
/// filled in C++ and a document are held to the same sentences.

#include <hotswap/core/error.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/utf8.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

namespace rule {

/// A whole number.
struct whole {
  std::uint64_t least;
  std::uint64_t most;
};

/// A number between two bounds; an infinite one is no bound, but the number stays finite.
struct number {
  double low;
  double high;
  bool with_low;
  bool with_high;
  std::string_view text;  ///< after "must be"

  [[nodiscard]] constexpr bool holds(double value) const noexcept {
    return (value > low || (with_low && value == low)) &&
           (value < high || (with_high && value == high));
  }
};

/// A number of `rollbackThresholds`: to write it makes its metric a required one.
struct limit {
  number range;
  std::string_view metric;
};

/// At most a year, so that sums of them stay far from what a clock can count.
struct duration {
  std::chrono::milliseconds least;
};
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::days{365};

/// A share, which a document writes as a part of `all`: 100 for per cents, 1 for a ratio.
struct part {
  share least;
  share most;
  double all;
  bool or_zero;
  std::string_view text;  ///< after "must be"

  [[nodiscard]] constexpr bool holds(share value) const noexcept {
    return (value >= least && value <= most) || (or_zero && value == share{});
  }
  /// The share as the document writes it.
  [[nodiscard]] constexpr double written(share value) const noexcept {
    return value.basis_points() / (10'000.0 / all);
  }
};

struct flag {};

/// A text for people.
struct text {
  std::size_t most;  ///< bytes
  bool lines;        ///< more than one
};

/// One of several words.
template <typename Enum, std::size_t Count>
struct choice {
  std::array<std::pair<Enum, std::string_view>, Count> words;

  /// Empty for a value that is no enumerator.
  [[nodiscard]] constexpr std::string_view word_of(Enum value) const noexcept {
    for (const auto& [each, word] : words) {
      if (each == value) return word;
    }
    return {};
  }
};

struct metric_name {};       ///< a built-in metric or a custom one
struct required_metrics {};  ///< a list of metrics that have a limit
struct labels {};            ///< from texts to texts
struct section {};           ///< an object that is described itself

/// A list of rising shares, as numbers in per cent or as objects.
struct steps {
  bool to_100;  ///< must it end there?
};

inline constexpr duration positive{std::chrono::milliseconds{1}};
inline constexpr duration not_negative{std::chrono::milliseconds{0}};
inline constexpr whole samples{1, 1'000'000'000'000};
inline constexpr number zero_to_one{0.0, 1.0, true, true, "a number from 0 to 1"};
inline constexpr number above_zero{0.0, std::numeric_limits<double>::infinity(), false, false,
                                   "a number above 0"};
inline constexpr part percentage{share::basis_points(1), share::basis_points(10'000), 100.0, false,
                                 "a percentage above 0 and at most 100"};

}  // namespace rule

/// @throws config_error  always: `<at>: must <what>, got <got>`; a pointer to the whole is empty.
[[noreturn]] inline void refuse(const std::string& at, std::string_view what,
                                std::string_view got) {
  throw config_error(at,
                     fmt::format("{}must {}, got {}", at.empty() ? "document: " : "", what, got));
}

[[nodiscard]] inline std::string to_string(rule::whole rule) {
  return fmt::format("be a whole number from {} to {}", rule.least, rule.most);
}

[[nodiscard]] inline std::string to_string(rule::duration rule) {
  const std::string_view sign = rule.least.count() > 0 ? "positive " : "";
  return fmt::format("be a {}duration of at most {}", sign, duration_text(rule::longest_duration));
}

template <typename Enum, std::size_t Count>
[[nodiscard]] std::string to_string(const rule::choice<Enum, Count>& rule) {
  std::string text = Count == 1 ? "be" : "be one of";
  for (std::size_t i = 0; i < Count; ++i) {
    text += fmt::format("{}{}", i == 0 ? " " : ", ", rule.words[i].second);
  }
  return text;
}

/// @name check(at, value, rule)
/// @throws config_error  at the JSON pointer `at`, unless the value keeps to the rule.
/// @{
template <std::integral Whole>
void check(const std::string& at, Whole value, rule::whole rule) {
  if (std::cmp_less(value, rule.least) || std::cmp_greater(value, rule.most)) {
    refuse(at, to_string(rule), fmt::format("{}", value));
  }
}

inline void check(const std::string& at, double value, rule::number rule) {
  if (!std::isfinite(value) || !rule.holds(value)) {
    refuse(at, fmt::format("be {}", rule.text), fmt::format("{}", value));
  }
}

inline void check(const std::string& at, double value, rule::limit rule) {
  check(at, value, rule.range);
}

inline void check(const std::string& at, std::chrono::milliseconds value, rule::duration rule) {
  if (value < rule.least || value > rule::longest_duration) {
    refuse(at, to_string(rule), duration_text(value));
  }
}

inline void check(const std::string& at, share value, rule::part rule) {
  if (!rule.holds(value)) {
    refuse(at, fmt::format("be {}", rule.text), fmt::format("{}", rule.written(value)));
  }
}

inline void check(const std::string&, bool, rule::flag) {}

template <typename Enum, std::size_t Count>
void check(const std::string& at, Enum value, const rule::choice<Enum, Count>& rule) {
  if (rule.word_of(value).empty())
    refuse(at, to_string(rule), fmt::format("{}", static_cast<int>(value)));
}

inline void check(const std::string& at, const std::string& value, rule::text rule) {
  if (value.size() > rule.most) {
    refuse(at, fmt::format("be at most {} bytes", rule.most), fmt::format("{}", value.size()));
  }
  if (utf8_end(value) != value.size()) refuse(at, "be UTF-8", in_quotes(value));
  for (std::size_t i = 0; i < value.size(); ++i) {
    const unsigned letter = static_cast<unsigned char>(value[i]);
    const bool breaks = letter == '\n' || letter == '\t';
    // 0xC2 begins U+0080 to U+009F, which some terminals obey, too
    const bool control = letter < 0x20 || letter == 0x7F ||
                         (letter == 0xC2 && static_cast<unsigned char>(value[i + 1]) < 0xA0);
    if (control && !(rule.lines && breaks))
      refuse(at, "have no control character", in_quotes(value));
  }
}

/// What is not set needs no check.
template <typename Value, typename Rule>
void check(const std::string& at, const std::optional<Value>& value, const Rule& rule) {
  if (value) check(at, *value, rule);
}
/// @}

}  // namespace hotswap::inline v0_1
