// Says of a strategy's document what it will do, and how long that takes; or what is wrong with it.
//
//   ./check_strategy canary.json
//   ./check_strategy --servers 12 --call 30 rolling.json     calls into the platform take 30 s
//
// Leaves with 0 if the document can be used, 1 if not, 2 if it was called wrongly. For a hook in
// front of whatever applies the documents.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/plan.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/report/plan_text.hpp>

#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

/// A whole number from 0 to 100,000.
std::optional<unsigned> number_in(std::string_view text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > 100'000) return {};
  return number;
}

int usage() {
  fmt::print(stderr, "usage: check_strategy [--servers NUMBER] [--call SECONDS] DOCUMENT\n");
  return 2;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string_view> words(arguments + 1, arguments + count);
  hotswap::plan_options options;
  std::string path;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--servers" || words[i] == "--call") {
      const auto number = i + 1 < words.size() ? number_in(words[i + 1]) : std::nullopt;
      if (!number) return usage();
      if (words[i] == "--servers") options.servers = *number;
      if (words[i] == "--call") options.call = std::chrono::seconds{*number};
      ++i;
    } else if (path.empty()) {
      path = words[i];
    } else {
      return usage();
    }
  }
  if (path.empty()) return usage();

  std::ifstream file{path};
  if (!file) {
    fmt::print(stderr, "{}: must be readable\n", path);
    return 2;
  }
  const std::string json{std::istreambuf_iterator<char>{file}, {}};
  try {
    const hotswap::strategy_config config = hotswap::parse_strategy(json);
    fmt::print("{}", hotswap::plan_text(hotswap::plan(config, options)));
  } catch (const hotswap::config_error& error) {  // with a JSON pointer to the element at fault
    fmt::print("{}: {}\n", path, error.what());
    return 1;
  }
}
