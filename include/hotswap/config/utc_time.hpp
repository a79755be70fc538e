#pragma once

/// @file
/// Points in time as text, to the last tick of the clock.
///
///     hotswap::utc_text(record.at);                              // 2026-01-07T10:00:00.123456789Z
///     hotswap::parse_utc("2026-01-07T10:00:00Z", "/at");         // the same instant again
///
/// Sources: RFC 3339; ISO 8601-1:2019, 5.2.2.3, for years of another length than four digits;
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2014), for days and dates.

#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace hotswap::inline v0_1 {

namespace detail {

/// A time point of the system's clock as seconds and the ticks after them. Not by `chrono::floor`,
/// which overflows next to the least time point.
struct split_time {
  using ticks = std::chrono::system_clock::duration;
  static constexpr std::int64_t per_second = ticks::period::den;
  static_assert(ticks::period::num == 1 && std::int64_t{1'000'000'000} % per_second == 0);

  explicit constexpr split_time(std::chrono::system_clock::time_point at) noexcept
      : second(at.time_since_epoch().count() / per_second),
        tick(at.time_since_epoch().count() % per_second) {
    if (tick < 0) {
      tick += per_second;
      --second;
    }
  }
  constexpr split_time(std::int64_t of_epoch, std::int64_t after) noexcept
      : second(of_epoch), tick(after) {}

  [[nodiscard]] constexpr std::chrono::system_clock::time_point joined() const noexcept {
    const std::int64_t carry = second < 0 ? 1 : 0;  // so that the least one does not overflow
    return std::chrono::system_clock::time_point{
        ticks{(second + carry) * per_second + (tick - carry * per_second)}};
  }

  friend constexpr auto operator<=>(const split_time&, const split_time&) = default;

  std::int64_t second;
  std::int64_t tick;  ///< from 0 to below `per_second`
};

struct civil_date {
  std::int64_t year;
  std::int64_t month;
  std::int64_t day;

  friend constexpr bool operator==(const civil_date&, const civil_date&) = default;
};

constexpr std::int64_t floor_of_quotient(std::int64_t of, std::int64_t by) noexcept {
  return of / by - (of % by < 0 ? 1 : 0);
}

/// In the proleptic Gregorian calendar; days count from 1970-01-01.
constexpr std::int64_t days_of(const civil_date& date) noexcept {
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;  // that begins in March
  const std::int64_t era = floor_of_quotient(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

constexpr civil_date date_of(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = floor_of_quotient(shifted, 146'097);
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * march_month + 2) / 5 + 1};
}

/// Reads a time from left to right.
class utc_reader {
 public:
  explicit utc_reader(std::string_view text) noexcept : text_(text) {}

  /// False if the text is none, or one that the clock cannot tell.
  [[nodiscard]] bool read(std::chrono::system_clock::time_point& at) noexcept {
    civil_date date{};
    std::int64_t hour = 0;
    std::int64_t minute = 0;
    std::int64_t second = 0;
    std::int64_t nanoseconds = 0;
    const bool is_time = year(date.year) && take('-') && two(date.month) && take('-') &&
                         two(date.day) && take('T') && two(hour) && take(':') && two(minute) &&
                         take(':') && two(second) && fraction(nanoseconds) && take('Z') &&
                         text_.empty();
    if (!is_time || date != date_of(days_of(date)) || hour > 23 || minute > 59 || second > 59) {
      return false;
    }
    constexpr std::int64_t tick_ns = 1'000'000'000 / split_time::per_second;
    if (nanoseconds % tick_ns != 0) return false;

    const split_time found{days_of(date) * 86'400 + hour * 3'600 + minute * 60 + second,
                           nanoseconds / tick_ns};
    using point = std::chrono::system_clock::time_point;
    if (found < split_time{point::min()} || found > split_time{point::max()}) return false;
    at = found.joined();
    return true;
  }

 private:
  bool take(char letter) noexcept {
    if (!text_.starts_with(letter)) return false;
    text_.remove_prefix(1);
    return true;
  }

  bool digits(std::size_t count, std::int64_t& value) noexcept {
    if (text_.size() < count || count == 0 || text_[0] < '0' || text_[0] > '9') return false;
    const char* const begin = &text_.front();
    const char* const end = begin + count;
    const auto [last, failure] = std::from_chars(begin, end, value);
    if (last != end || failure != std::errc{}) return false;
    text_.remove_prefix(count);
    return true;
  }
  bool two(std::int64_t& value) noexcept { return digits(2, value); }

  /// Four digits, or a sign and up to six.
  bool year(std::int64_t& value) noexcept {
    const bool negative = take('-');
    if (!negative && !take('+')) return digits(4, value);
    const std::size_t end = text_.find('-');
    if (end == text_.npos || end > 6 || !digits(end, value)) return false;
    if (negative) value = -value;
    return true;
  }

  bool fraction(std::int64_t& nanoseconds) noexcept {
    if (!take('.')) return true;
    const std::size_t count = text_.find_first_not_of("0123456789");
    if (count == text_.npos || count > 9 || !digits(count, nanoseconds)) return false;
    for (std::size_t i = count; i < 9; ++i) nanoseconds *= 10;
    return true;
  }

  std::string_view text_;
};

}  // namespace detail

/// As short as it can be without losing a tick: `2026-01-07T10:00:00Z`, `2026-01-07T10:00:00.25Z`;
/// a year that has not four digits has a sign.
[[nodiscard]] inline std::string utc_text(std::chrono::system_clock::time_point at) {
  const detail::split_time time{at};
  const std::int64_t days = detail::floor_of_quotient(time.second, 86'400);
  const std::int64_t of_day = time.second - days * 86'400;
  const detail::civil_date date = detail::date_of(days);
  const bool is_plain = date.year >= 0 && date.year <= 9'999;

  std::string text = is_plain ? fmt::format("{:04}", date.year) : fmt::format("{:+05}", date.year);
  text += fmt::format("-{:02}-{:02}T{:02}:{:02}:{:02}", date.month, date.day, of_day / 3'600,
                      of_day / 60 % 60, of_day % 60);
  if (time.tick != 0) {
    constexpr std::int64_t tick_ns = 1'000'000'000 / detail::split_time::per_second;
    text += fmt::format(".{:09}", time.tick * tick_ns);
    text.erase(text.find_last_not_of('0') + 1);
  }
  text += 'Z';
  return text;
}

/// The inverse of `utc_text`; reads any such time with up to nine decimals.
///
/// @param at  the JSON pointer to name in an error.
/// @throws config_error  if the text is no such time, or one that the clock's ticks cannot tell.
[[nodiscard]] inline std::chrono::system_clock::time_point parse_utc(std::string_view text,
                                                                     const std::string& at = "") {
  std::chrono::system_clock::time_point found;
  if (!detail::utc_reader{text}.read(found)) {
    refuse(at, "be a time in UTC such as 2026-01-07T10:00:00.5Z that the clock can tell",
           in_quotes(text));
  }
  return found;
}

}  // namespace hotswap::inline v0_1
