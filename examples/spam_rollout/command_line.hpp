#pragma once

/// @file
/// What the program was told to do.
///
///     const spam::command_line told = spam::read_command_line({argv + 1, argv + argc});

#include "spam_model.hpp"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace spam {

struct command_line {
  std::string candidate = "good";     // a version of spam::recipes, but for the baseline
  std::string strategy = "canary";    // a document beside this program, or a file
  std::optional<std::string> json{};  // a file for the events
  bool undo = false;
  bool help = false;
};

inline constexpr std::string_view baseline_version = recipes[0].version;

inline std::string usage() {
  std::string text =
      "usage: spam_rollout [--candidate VERSION] [--strategy NAME|FILE] [--undo] [--json FILE]\n"
      "\n"
      "Trains two versions of a spam filter, serves one of them under traffic, and replaces it by\n"
      "the other, which is\n"
      "\n";
  for (const recipe& each : recipes) {
    if (each.version == baseline_version) continue;
    text += fmt::format("  --candidate {:<9} {}{}\n", each.version, each.description,
                        each.version == command_line{}.candidate ? " (the default)" : "");
  }
  text +=
      "\n"
      "  --strategy canary      gives it 10, 25, 50, 100 % of the traffic (the default),\n"
      "             shadow      lets it answer copies of requests, and compares,\n"
      "             blue_green  tests it, and gives it all of the traffic at once,\n"
      "             ab_test     gives it half of the traffic, and names the better version,\n"
      "             rolling     puts it on four servers, one by one, or\n"
      "             FILE        does what a JSON document says; one that takes days takes days here.\n"
      "                         A step that waits for an approval gets it at once\n"
      "  --undo                 goes back at once after the candidate was promoted\n"
      "  --json FILE            writes each event into it, one line of JSON each\n"
      "  --help                 prints this\n"
      "\n"
      "Leaves with 0 if the rollout succeeded, 1 if it was rolled back, 2 if neither.\n";
  return text;
}

/// @param arguments  without the program's name
/// @throws std::invalid_argument  naming the argument at fault
inline command_line read_command_line(std::span<const char* const> arguments) {
  command_line told;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view option = arguments[i];
    const auto value = [&]() -> std::string {
      if (i + 1 < arguments.size()) return arguments[++i];
      throw std::invalid_argument(fmt::format("{}: must be followed by a value, got none", option));
    };
    if (option == "--help" || option == "-h") {
      told.help = true;
    } else if (option == "--candidate") {
      told.candidate = value();
    } else if (option == "--strategy") {
      told.strategy = value();
    } else if (option == "--undo") {
      told.undo = true;
    } else if (option == "--json") {
      told.json = value();
    } else {
      throw std::invalid_argument(fmt::format(
          "option must be one of --candidate, --strategy, --undo, --json, --help, got {}", option));
    }
  }
  std::string known;
  for (const recipe& each : recipes) {
    if (each.version == baseline_version) continue;
    if (each.version == told.candidate) return told;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each.version);
  }
  throw std::invalid_argument(
      fmt::format("--candidate: must be one of {}, got {}", known, told.candidate));
}

}  // namespace spam
