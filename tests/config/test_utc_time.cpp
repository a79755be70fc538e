// Points in time as text: every tick of the clock comes back.

#include <hotswap/config/crc32c.hpp>
#include <hotswap/config/utc_time.hpp>
#include <hotswap/core/error.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

using namespace std::chrono_literals;
using hotswap::parse_utc;
using hotswap::utc_text;
using point = std::chrono::system_clock::time_point;

TEST_CASE("utc_text: is ISO 8601, as short as it can be without losing a tick",
          "[config][utc_time]") {
  CHECK(utc_text(point{}) == "1970-01-01T00:00:00Z");
  CHECK(utc_text(point{-1us}) == "1969-12-31T23:59:59.999999Z");
  CHECK(utc_text(point{1'767'780'000s + 250ms}) == "2026-01-07T10:00:00.25Z");
  CHECK(utc_text(point{951'825'599s}) == "2000-02-29T11:59:59Z");
  CHECK(utc_text(point{4'107'542'399s}) == "2100-02-28T23:59:59Z");
  CHECK(utc_text(point{4'107'542'400s}) == "2100-03-01T00:00:00Z");
}

TEST_CASE("parse_utc: every time point comes back, the first and the last of the clock, too",
          "[config][utc_time]") {
  std::mt19937_64 random{4};
  for (int i = 0; i < 100'000; ++i) {
    const point at{point::duration{static_cast<point::rep>(random())}};
    REQUIRE(parse_utc(utc_text(at)) == at);
  }
  for (const point at : {point::min(), point::min() + point::duration{1}, point::max(),
                         point::max() - point::duration{1}, point{point::duration{-1}}}) {
    CHECK(parse_utc(utc_text(at)) == at);
  }
}

TEST_CASE("parse_utc: dates are those of the Gregorian calendar", "[config][utc_time]") {
  // against the standard library, a day in 400 years apart
  for (int days = -98'000; days < 98'000; days += 7) {
    const std::chrono::sys_days day{std::chrono::days{days}};
    const std::chrono::year_month_day date{day};
    const auto found = hotswap::detail::date_of(days);
    REQUIRE(found.year == static_cast<int>(date.year()));
    REQUIRE(found.month == static_cast<unsigned>(date.month()));
    REQUIRE(found.day == static_cast<unsigned>(date.day()));
    REQUIRE(hotswap::detail::days_of(found) == days);
  }
  CHECK(hotswap::detail::days_of({294'247, 1, 10}) == 106'751'991);
  CHECK(hotswap::detail::date_of(-106'751'992) == hotswap::detail::civil_date{-290'308, 12, 21});
}

TEST_CASE("parse_utc: what is no time, or none of this clock, is refused",
          "[config][utc_time][errors]") {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-01-07",
                                      "2026-01-07T10:00:00",
                                      "2026-01-07 10:00:00Z",
                                      "2026-01-07T10:00:00z",
                                      "2026-01-07T10:00:00+00:00",
                                      "2026-01-07T24:00:00Z",
                                      "2026-01-07T10:60:00Z",
                                      "2026-01-07T10:00:60Z",
                                      "2026-02-29T10:00:00Z",
                                      "2026-00-07T10:00:00Z",
                                      "2026-13-07T10:00:00Z",
                                      "2026-01-00T10:00:00Z",
                                      "2026-01-32T10:00:00Z",
                                      "2026-1-07T10:00:00Z",
                                      "2026-01-07T10:00:00.Z",
                                      "2026-01-07T10:00:00.1234567891Z",
                                      "2026-01-07T10:00:00.-1Z",
                                      "2026-01--7T10:00:00Z",
                                      "+999999-01-07T10:00:00Z",
                                      "-999999-01-07T10:00:00Z",
                                      "+1234567-01-07T10:00:00Z",
                                      "--001-01-07T10:00:00Z",
                                      "+-001-01-07T10:00:00Z",
                                      "2026-01-07T10:00:00Z "}) {
    CAPTURE(text);
    CHECK_THROWS_AS((void)parse_utc(text), hotswap::config_error);
  }
  CHECK_THROWS_WITH((void)parse_utc("noon\n", "/at"),
                    "/at: must be a time in UTC such as 2026-01-07T10:00:00.5Z that the clock can "
                    "tell, got \"noon\\u000a\"");
}

TEST_CASE("crc32c: is that of the standard", "[config][crc32c][oracle]") {
  // RFC 3720, B.4
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  CHECK(hotswap::crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  CHECK(hotswap::crc32c(std::string(32, '\xFF')) == 0x62A8AB43U);
  CHECK(hotswap::crc32c(ascending) == 0x46DD794EU);
  CHECK(hotswap::crc32c(std::string{ascending.rbegin(), ascending.rend()}) == 0x113FDB5CU);
  CHECK(hotswap::crc32c("123456789") == 0xE3069283U);
  CHECK(hotswap::crc32c("") == 0U);
}

TEST_CASE("crc32c: goes on where it was", "[config][crc32c]") {
  CHECK(hotswap::crc32c("56789", hotswap::crc32c("1234")) == hotswap::crc32c("123456789"));
}
