// What durations promise: ISO 8601 in, milliseconds out and back, and a clear sentence for anything
// whose length nobody knows.

#include <hotswap/config/duration.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <utility>

using config_tests::refusal_of;
using hotswap::duration_text;
using hotswap::parse_duration;
using std::chrono::milliseconds;

TEST_CASE("parse_duration: days, hours, minutes, seconds and weeks are counted exactly",
          "[config][duration]") {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"PT10M", 600'000},
      {"P1DT12H", 129'600'000},
      {"P1D", 86'400'000},
      {"P2W", 1'209'600'000},
      {"PT90M", 5'400'000},
      {"P1DT2H3M4S", 93'784'000},
      {"PT1H1S", 3'601'000},
      {"PT0S", 0},
      {"P0D", 0},
      {"PT0.5S", 500},
      {"PT1,25S", 1'250},
      {"PT0.001S", 1},
      {"PT1.500000S", 1'500},
      {"PT0007S", 7'000},
      {"PT9223372036854775.807S", std::numeric_limits<std::int64_t>::max()},
      {"P106751991167DT7H12M55.807S", std::numeric_limits<std::int64_t>::max()},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(parse_duration(text).count() == expected);
  }
}

TEST_CASE("parse_duration: what is no duration is refused with the rule it breaks",
          "[config][duration][errors]") {
  const std::string form = "be an ISO 8601 duration such as PT10M or P1DT12H";
  const std::string length = "not have years or months, whose length varies";
  const std::string most = "be at most P106751991167DT7H12M55.807S";
  const std::pair<std::string_view, std::string> cases[] = {
      {"", form},
      {"P", form},
      {"PT", form},
      {"P1DT", form},
      {"10m", form},
      {"600", form},
      {"pt10m", form},
      {"PT10m", form},
      {" PT10M", form},
      {"PT10M ", form},
      {"+PT10M", form},
      {"PT+10M", form},
      {"PT-10M", form},
      {"PT10", form},
      {"PTM", form},
      {"P10M5", length},
      {"PT1M1H", form},
      {"PT1M2M", form},
      {"P1W2D", form},
      {"P2D1W", form},
      {"P1WT1H", form},
      {"P1D1D", form},
      {"P1H", form},
      {"PT1D", form},
      {"PT.5S", form},
      {"PT1.S", form},
      {"PT1.2.3S", form},
      {"P0003-06-04T12:30:05", form},
      {"PT10M\n", form},
      {"-PT5M", "not be negative"},
      {"P1Y", length},
      {"P1M", length},
      {"P1Y2M3D", length},
      {"PT0.5M", "have a fraction in its seconds only"},
      {"P1.5D", "have a fraction in its seconds only"},
      {"PT0.0005S", "be a whole number of milliseconds"},
      {"PT9223372036854775.808S", most},
      {"P106751991168D", most},
      {"P99999999999999999999999D", most},
      {"PT18446744073709551616S", most},
  };
  for (const auto& [text, rule] : cases) {
    CAPTURE(text);
    const auto refused = refusal_of([&] { (void)parse_duration(text); });
    CHECK(refused.pointer.empty());
    CHECK(refused.message == "duration: must " + rule + ", got " + hotswap::in_quotes(text));
  }
}

TEST_CASE("parse_duration: an error names the place in the document",
          "[config][duration][errors]") {
  const auto refused = refusal_of([] { (void)parse_duration("P1M", "/keepDuration"); });

  CHECK(refused.pointer == "/keepDuration");
  CHECK(refused.message ==
        "/keepDuration: must not have years or months, whose length varies, got \"P1M\"");
}

TEST_CASE("duration_text: writes the largest units first and leaves out what is zero",
          "[config][duration]") {
  const std::pair<std::int64_t, std::string_view> cases[] = {
      {0, "PT0S"},
      {1, "PT0.001S"},
      {250, "PT0.25S"},
      {1'000, "PT1S"},
      {600'000, "PT10M"},
      {5'400'000, "PT1H30M"},
      {86'400'000, "P1D"},
      {604'800'000, "P7D"},
      {129'600'000, "P1DT12H"},
      {-300'000, "-PT5M"},
      {-86'400'000, "-P1D"},
      {std::numeric_limits<std::int64_t>::max(), "P106751991167DT7H12M55.807S"},
      {std::numeric_limits<std::int64_t>::min(), "-P106751991167DT7H12M55.808S"},
  };
  for (const auto& [count, expected] : cases) {
    CHECK(duration_text(milliseconds{count}) == expected);
  }
}

TEST_CASE("parse_duration: reads back what duration_text writes", "[config][duration]") {
  std::mt19937_64 random{20260101};

  for (int i = 0; i < 20'000; ++i) {
    // every order of magnitude alike
    const milliseconds value{static_cast<std::int64_t>(random() >> (1 + random() % 63))};
    REQUIRE(parse_duration(duration_text(value)) == value);
  }
}
