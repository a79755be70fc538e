#pragma once

/// @file
/// What a program was told on its command line, one argument after the other.
///
///     command_line::arguments told{argc, argv};
///     while (const auto next = told.next()) {
///       if (*next == "--level") level = told.number("--level", 0.0, 1.0);
///     }

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace command_line {

/// A mistake in the command, after which the usage helps.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class arguments {
 public:
  arguments(int argc, char** argv) : left_(argv + 1, argv + argc) {}

  std::optional<std::string> next() {
    if (left_.empty()) return std::nullopt;
    std::string first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }

  /// @throws usage_error  if nothing follows the option.
  std::string value(std::string_view option) {
    if (auto given = next()) return *given;
    throw usage_error(fmt::format("{}: must be followed by a value, got none", option));
  }

  /// @throws usage_error  for what is no number between the two.
  double number(std::string_view option, double above, double below) {
    const std::string text = value(option);
    double number = above;
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, number);
    if (failure == std::errc{} && stopped == end && number > above && number < below) return number;
    throw usage_error(
        fmt::format("{}: must lie between {} and {}, got {}", option, above, below, text));
  }

 private:
  std::span<char* const> left_;
};

}  // namespace command_line
