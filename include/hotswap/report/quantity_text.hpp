#pragma once

/// @file
/// Times and quantities as people read them; times are UTC.
///
///     hotswap::time_of_day(event.time);   // 12:00:31
///     hotswap::latency_text(0.0121);      // 12.1 ms

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// `2026-01-07`
template <typename = void>
[[nodiscard]] std::string date_text(std::chrono::system_clock::time_point at) {
  const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at)};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// `12:00:31`, rounded down
template <typename = void>
[[nodiscard]] std::string time_of_day(std::chrono::system_clock::time_point at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(at - day)};
  return fmt::format("{:02}:{:02}:{:02}", time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

/// ISO 8601 in UTC with milliseconds, rounded down: `2026-01-07T12:00:31.250Z`
template <typename = void>
[[nodiscard]] std::string timestamp(std::chrono::system_clock::time_point at) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch());
  const auto second = std::chrono::floor<std::chrono::seconds>(milliseconds);
  return fmt::format("{}T{}.{:03}Z", date_text(at), time_of_day(at),
                     (milliseconds - second).count());
}

/// In the two largest units: `850 ms`, `12.3 s`, `3 min 05 s`, `1 h 04 min`, `6 d 23 h`
template <typename = void>
[[nodiscard]] std::string duration_for_people(std::chrono::milliseconds value) {
  using namespace std::chrono;
  if (value < milliseconds::zero()) value = milliseconds::zero();  // a clock that was set back
  if (value < 1s) return fmt::format("{} ms", value.count());
  if (value < 1min) return fmt::format("{}.{} s", value.count() / 1000, value.count() / 100 % 10);
  const auto two = [](std::int64_t first, const char* unit, std::int64_t second,
                      const char* smaller) {
    return second == 0 ? fmt::format("{} {}", first, unit)
                       : fmt::format("{} {} {:02} {}", first, unit, second, smaller);
  };
  const auto total = floor<seconds>(value).count();
  if (value < 1h) return two(total / 60, "min", total % 60, "s");
  if (value < days{1}) return two(total / 3600, "h", total / 60 % 60, "min");
  return two(total / 86'400, "d", total / 3600 % 24, "h");
}

/// `NaN`, `∞` or `−∞`; empty for a finite number.
template <typename = void>
[[nodiscard]] std::string not_finite_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0.0 ? "∞" : "−∞";
  return {};
}

/// A fraction in per cent: `0.40 %`; below a hundredth of a per cent with one digit: `0.003 %`
template <typename = void>
[[nodiscard]] std::string rate_text(double fraction) {
  if (!std::isfinite(fraction)) return not_finite_text(fraction);
  const double percent = fraction * 100.0;
  if (percent != 0.0 && std::abs(percent) < 0.01) return fmt::format("{:.1g} %", percent);
  return fmt::format("{:.2f} %", percent);
}

/// Seconds in the unit that suits them: `850 µs`, `12.1 ms`, `1.35 s`
template <typename = void>
[[nodiscard]] std::string latency_text(double seconds) {
  if (!std::isfinite(seconds)) return not_finite_text(seconds);
  const auto three_digits = [](double value, const char* unit) {
    const double size = std::abs(value);
    return fmt::format("{:.{}f} {}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0, unit);
  };
  const double size = std::abs(seconds);
  if (size >= 0.9995 || size == 0.0) return three_digits(seconds, "s");
  if (size >= 0.9995e-3) return three_digits(seconds * 1e3, "ms");
  return three_digits(seconds * 1e6, "µs");
}

/// A number of no known unit, in four digits.
template <typename = void>
[[nodiscard]] std::string value_text(double value) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : not_finite_text(value);
}

}  // namespace hotswap::inline v0_1
