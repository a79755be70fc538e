// Rollouts that earlier versions have recorded, against the code of today.

#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/replay_checker.hpp>

#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

using hotswap::journal_record;
using texts = std::vector<std::string>;

namespace {

const std::filesystem::path folder = std::filesystem::path{HOTSWAP_TESTS} / "golden";

std::vector<std::filesystem::path> golden_files() {
  std::set<std::filesystem::path> files;
  for (const auto& each : std::filesystem::directory_iterator{folder}) {
    if (each.path().extension() == ".jsonl") files.insert(each.path());
  }
  return {files.begin(), files.end()};
}

texts lines_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  REQUIRE(in);
  texts lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<journal_record> records_of(const std::filesystem::path& file) {
  std::vector<journal_record> records;
  for (const std::string& line : lines_of(file)) records.push_back(hotswap::parse_record(line));
  return records;
}

}  // namespace

TEST_CASE("golden journals: all five strategies are there, with good and bad endings",
          "[replay][golden]") {
  std::set<std::string> endings;
  for (const auto& each : golden_files()) {
    const auto records = records_of(each);
    const auto& opening =
        *std::get<std::shared_ptr<const hotswap::opening_record>>(records.front().payload);
    const auto& end = std::get<hotswap::terminal_record>(records.back().payload);
    const bool is_good = end.status == hotswap::deployment_status::succeeded;
    endings.insert(opening.strategy + (is_good ? ", good" : ", bad"));
  }
  CHECK(endings == std::set<std::string>{"ABTesting, bad", "ABTesting, good", "BlueGreen, bad",
                                         "BlueGreen, good", "Canary, bad", "Canary, good",
                                         "Rolling, bad", "Rolling, good", "Shadow, bad",
                                         "Shadow, good"});
}

TEST_CASE("golden journals: each is read, and written again byte for byte", "[replay][golden]") {
  for (const auto& each : golden_files()) {
    CAPTURE(each.stem().string());
    const texts lines = lines_of(each);
    REQUIRE(lines.size() > 5);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const journal_record record = hotswap::parse_record(lines[i]);
      CHECK(record.sequence == i + 1);
      CHECK(hotswap::to_json(record) == lines[i]);
    }
  }
}

TEST_CASE(
    "golden journals: a replay of each from every record ends the same, and repeats no call whose "
    "outcome is recorded",
    "[replay][golden]") {
  for (const auto& each : golden_files()) {
    CAPTURE(each.stem().string());
    const auto records = records_of(each);
    const auto check = hotswap::check_replay(records);
    CHECK(check.difference == "");
    CHECK(check.replays == records.size());
  }
}
