// Whatever bytes come, parse_strategy answers with a config that it would write itself, or with a
// config_error.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/to_json.hpp>

#include "config/random_config.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view pieces[] = {"null",
                                       "true",
                                       "-1",
                                       "0",
                                       "1e400",
                                       "-0.0",
                                       "18446744073709551616",
                                       "0.005",
                                       "1e-400",
                                       "NaN",
                                       "\"\"",
                                       "\"PT0S\"",
                                       "\"P1Y\"",
                                       "\"-PT5M\"",
                                       "\"P99999999999999999999D\"",
                                       "[]",
                                       "{}",
                                       "[[",
                                       "{\"a\":",
                                       "\"steps\": [10, 10, 100],",
                                       "\"then\": {},",
                                       "\"promote\": \"canary\",",
                                       "\"initialPercentage\": 7,",
                                       "\"\\u0000\"",
                                       "\"\\ud800\"",
                                       "\\",
                                       "\"",
                                       ",",
                                       "}",
                                       "\xEF\xBB\xBF",
                                       "\xC0\xAF",
                                       "\xF0\x9F\x98\x80",
                                       std::string_view{"\0", 1},
                                       "\n"};

void mutate(std::string& text, std::mt19937_64& random) {
  const auto below = [&random](std::size_t end) { return end == 0 ? 0 : random() % end; };
  const std::size_t at = below(text.size() + 1);
  const std::size_t length = below(1ULL << below(8));
  switch (below(6)) {
    case 0:  // another byte
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 1:  // something removed
      text.erase(at, length);
      break;
    case 2:  // something repeated
      text.insert(at, text.substr(below(text.size()), length));
      break;
    case 3:  // cut off
      if (below(8) == 0) text.resize(at);
      break;
    default: {  // a piece put in, or in the place of a value
      const std::string_view piece = pieces[below(std::size(pieces))];
      const std::size_t colon = text.find(": ", at);
      if (colon != std::string::npos && below(2) == 0) {
        text.replace(colon + 2, text.find_first_of(",\n]}", colon + 2) - colon - 2, piece);
      } else {
        text.insert(at, piece);
      }
    }
  }
}

}  // namespace

TEST_CASE("parse_strategy: no bytes make anything but a config or a config_error",
          "[config][parse][fuzz][long]") {
  std::mt19937_64 random{20260101};
  config_tests::random_configs configs{20260101};
  std::vector<std::string> seeds = {
      R"({"strategy": "Canary", "initialPercentage": 5, "incrementStep": 20})",
      R"({"strategy": "Shadow", "promote": "blueGreen", "then": {"smokeTestSamples": 7}})"};
  while (seeds.size() < 40) seeds.push_back(hotswap::to_json(configs.next()));

  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seeds[random() % seeds.size()];
    for (std::uint64_t rounds = 1 + random() % 3; rounds > 0; --rounds) mutate(text, random);
    CAPTURE(text);
    try {
      const auto config = hotswap::parse_strategy(text);
      REQUIRE(hotswap::parse_strategy(hotswap::to_json(config)) == config);
      ++accepted;
    } catch (const hotswap::config_error& error) {
      const std::string_view message = error.what();
      const std::string at = error.pointer().empty() ? "document" : error.pointer();
      REQUIRE(message.starts_with(at + ": must "));
      REQUIRE(message.find(", got ") != std::string_view::npos);
      REQUIRE(message.size() < 10'000);
      ++refused;
    }
  }

  CHECK(accepted > 500);  // or the mutations test nothing but the syntax
  CHECK(refused > 5'000);
}
