// What times and quantities look like to a person.

#include <hotswap/report/quantity_text.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <limits>

using namespace std::chrono_literals;
using hotswap::duration_for_people;
using hotswap::latency_text;
using hotswap::rate_text;
using hotswap::timestamp;
using hotswap::value_text;
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

TEST_CASE("timestamp: ISO 8601 in UTC with milliseconds, rounded down", "[report][quantity_text]") {
  CHECK(timestamp(time_point{0ms}) == "1970-01-01T00:00:00.000Z");
  CHECK(timestamp(time_point{1'767'787'200'250ms}) == "2026-01-07T12:00:00.250Z");
  CHECK(timestamp(time_point{951'827'696'000ms}) == "2000-02-29T12:34:56.000Z");
  CHECK(timestamp(time_point{-1ms}) == "1969-12-31T23:59:59.999Z");
  CHECK(timestamp(std::chrono::time_point_cast<std::chrono::system_clock::duration>(
            std::chrono::sys_time<std::chrono::microseconds>{-1us})) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("duration_for_people: the two largest units", "[report][quantity_text]") {
  CHECK(duration_for_people(0ms) == "0 ms");
  CHECK(duration_for_people(999ms) == "999 ms");
  CHECK(duration_for_people(1s) == "1.0 s");
  CHECK(duration_for_people(59'999ms) == "59.9 s");
  CHECK(duration_for_people(1min) == "1 min");
  CHECK(duration_for_people(185s) == "3 min 05 s");
  CHECK(duration_for_people(1h + 4min + 59s) == "1 h 04 min");
  CHECK(duration_for_people(24h) == "1 d");
  CHECK(duration_for_people(167h) == "6 d 23 h");
  CHECK(duration_for_people(-5s) == "0 ms");
}

TEST_CASE("rate_text: per cent, and never a zero for what is none", "[report][quantity_text]") {
  CHECK(rate_text(0.004) == "0.40 %");
  CHECK(rate_text(0.0) == "0.00 %");
  CHECK(rate_text(1.0) == "100.00 %");
  CHECK(rate_text(0.00003) == "0.003 %");
  CHECK(rate_text(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("latency_text: three digits in the unit that suits", "[report][quantity_text]") {
  CHECK(latency_text(0.0121) == "12.1 ms");
  CHECK(latency_text(0.00085) == "850 µs");
  CHECK(latency_text(0.0099951) == "10.0 ms");
  CHECK(latency_text(0.1239) == "124 ms");
  CHECK(latency_text(0.99949) == "999 ms");
  CHECK(latency_text(0.9996) == "1.00 s");
  CHECK(latency_text(135.2) == "135 s");
  CHECK(latency_text(0.0) == "0.00 s");
  CHECK(latency_text(std::numeric_limits<double>::infinity()) == "∞");
}

TEST_CASE("value_text: four digits, and the words for what is no number",
          "[report][quantity_text]") {
  CHECK(value_text(0.123456) == "0.1235");
  CHECK(value_text(1234.0) == "1234");
  CHECK(value_text(-std::numeric_limits<double>::infinity()) == "−∞");
}
