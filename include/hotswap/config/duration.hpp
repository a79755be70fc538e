#pragma once

/// @file
/// ISO 8601 durations, as an operator's documents write them.
///
///     hotswap::parse_duration("P1DT12H");                  // 36 h
///     hotswap::duration_text(std::chrono::minutes{90});    // PT1H30M
///
/// Source: ISO 8601-1:2019, 5.5.2, without the alternative format.

#include <hotswap/core/error.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

namespace detail {

/// Reads one duration from left to right. `failure` says what it should have been.
/// A template so that only its users compile it.
template <typename = void>
class basic_duration_reader {
 public:
  explicit basic_duration_reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool read() {
    if (text_.starts_with("-P")) return fail("not be negative");
    if (!take('P')) return fail();
    if (text_.starts_with('T')) return take('T') && time();

    bool weeks = false;
    for (std::size_t from = 0; !text_.empty() && text_[0] != 'T';) {
      if (weeks || !component("YMWD", from)) return failure_.empty() ? fail() : false;
      if (unit_ == 'Y' || unit_ == 'M') {
        return fail("not have years or months, whose length varies");
      }
      weeks = unit_ == 'W';
      if (weeks && from != 3) return fail();
      if (!add(unit_ == 'W' ? 604'800'000 : 86'400'000)) return false;
      any_ = true;
    }
    if (weeks && !text_.empty()) return fail();
    if (take('T')) return time();
    return any_ ? true : fail();
  }

  [[nodiscard]] std::chrono::milliseconds value() const {
    return std::chrono::milliseconds{static_cast<std::int64_t>(sum_)};
  }
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  static constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();

  bool time() {
    bool some = false;
    for (std::size_t from = 0; !text_.empty(); some = true) {
      if (!component("HMS", from)) return failure_.empty() ? fail() : false;
      if (!add(unit_ == 'H' ? 3'600'000 : unit_ == 'M' ? 60'000 : 1'000)) return false;
    }
    return some ? true : fail();
  }

  /// Takes digits, a fraction and one of `units` from `from` on, which then lies behind it.
  bool component(std::string_view units, std::size_t& from) {
    std::size_t digits = 0;
    count_ = 0;
    fraction_ = 0;
    overflow_ = false;
    for (; digits < text_.size() && is_digit(text_[digits]); ++digits) {
      const auto digit = static_cast<std::uint64_t>(text_[digits] - '0');
      overflow_ = overflow_ || count_ > (most - digit) / 10;
      if (!overflow_) count_ = count_ * 10 + digit;
    }
    if (digits == 0) return false;
    text_.remove_prefix(digits);
    bool exact = true;
    const bool has_fraction = take('.') || take(',');
    if (has_fraction) {
      std::size_t places = 0;
      for (std::uint64_t worth = 100; !text_.empty() && is_digit(text_[0]); worth /= 10, ++places) {
        const auto digit = static_cast<std::uint64_t>(text_[0] - '0');
        fraction_ += worth * digit;
        exact = exact && (worth != 0 || digit == 0);
        text_.remove_prefix(1);
      }
      if (places == 0) return false;
    }
    const std::size_t found = text_.empty() ? units.npos : units.find(text_[0], from);
    if (found == units.npos) return false;
    unit_ = text_[0];
    from = found + 1;
    text_.remove_prefix(1);
    if (has_fraction && unit_ != 'S') return fail("have a fraction in its seconds only");
    if (!exact) return fail("be a whole number of milliseconds");
    return true;
  }

  bool add(std::uint64_t unit) {
    if (overflow_ || count_ > (most - fraction_ - sum_) / unit) {
      return fail("be at most P106751991167DT7H12M55.807S");  // 2^63 - 1 ms
    }
    sum_ += count_ * unit + fraction_;
    return true;
  }

  bool take(char letter) {
    if (!text_.starts_with(letter)) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool fail(const char* rule = "be an ISO 8601 duration such as PT10M or P1DT12H") {
    failure_ = rule;
    return false;
  }

  static bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

  std::string_view text_;
  std::string failure_;
  std::uint64_t sum_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t fraction_ = 0;  // in milliseconds
  bool overflow_ = false;
  bool any_ = false;
  char unit_ = '\0';
};

using duration_reader = basic_duration_reader<>;

}  // namespace detail

/// Reads days, hours, minutes and seconds, or weeks alone; seconds to the millisecond.
///
/// @param at  the JSON pointer to name in an error.
/// @throws config_error  if it is none, is negative, has years or months, which have no fixed
/// length, or is longer than 2^63 - 1 ms.
template <typename = void>
[[nodiscard]] std::chrono::milliseconds parse_duration(std::string_view text,
                                                       const std::string& at = "") {
  detail::duration_reader reader{text};
  if (!reader.read()) {
    throw config_error(at, fmt::format("{}must {}, got {}", at.empty() ? "duration: " : "",
                                       reader.failure(), in_quotes(text)));
  }
  return reader.value();
}

}  // namespace hotswap::inline v0_1
