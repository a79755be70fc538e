#pragma once

/// @file
/// Reads the e-mails of Spambase, and sets some aside that no model is trained on.
///
///     const auto [training, held_out] = spam::split(spam::read_emails("spambase.csv"), 1.0 / 3.0);
///
/// Source: Hopkins, Reeber, Forman, Suermondt (1999), https://doi.org/10.24432/C53G6X, CC BY 4.0;
/// see README.md.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace spam {

inline constexpr std::size_t feature_count = 57;

using email_features = std::array<float, feature_count>;  // frequencies in per cent, and lengths

struct email {
  email_features features{};
  bool is_spam = false;
};

/// The e-mails that models are trained on, and those that they have never seen.
struct split_emails {
  std::vector<email> training;
  std::vector<email> held_out;
};

namespace detail {

inline std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> found;
  for (;;) {
    const std::size_t comma = line.find(',');
    found.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return found;
    line.remove_prefix(comma + 1);
  }
}

inline bool next_line(std::istream& input, std::string& line) {
  if (!std::getline(input, line)) return false;
  if (line.ends_with('\r')) line.pop_back();  // a checkout on Windows
  return true;
}

/// A bijection of 64-bit numbers that leaves no pattern (the finalizer of SplitMix64).
constexpr std::uint64_t scramble(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace detail

/// A number that depends on what the e-mail says, and on nothing else.
constexpr std::uint64_t fingerprint(std::span<const float> features) {
  std::uint64_t hash = 0;
  for (const float feature : features) {
    hash = detail::scramble(hash + std::bit_cast<std::uint32_t>(feature) + 0x9e3779b97f4a7c15);
  }
  return hash;
}

/// Reads a table with one line of column names, the label (0 or 1) first.
///
/// @param name  stands for the input in messages
/// @throws std::runtime_error  naming the line and the column of what is wrong
inline std::vector<email> read_emails(std::istream& input, std::string_view name) {
  std::string header;
  detail::next_line(input, header);
  const std::vector<std::string_view> columns = detail::fields(header);
  if (columns.size() != feature_count + 1) {
    throw std::runtime_error(fmt::format("{}:1: header must name {} columns, got {}", name,
                                         feature_count + 1, columns.size()));
  }

  std::vector<email> emails;
  std::string line;
  for (std::size_t number = 2; detail::next_line(input, line); ++number) {
    const std::vector<std::string_view> values = detail::fields(line);
    if (values.size() != columns.size()) {
      throw std::runtime_error(fmt::format("{}:{}: row must have {} fields, got {}", name, number,
                                           columns.size(), values.size()));
    }

    email& read = emails.emplace_back();
    if (values[0] != "0" && values[0] != "1") {
      throw std::runtime_error(
          fmt::format("{}:{}: {} must be 0 or 1, got \"{}\"", name, number, columns[0], values[0]));
    }
    read.is_spam = values[0] == "1";
    for (std::size_t i = 0; i < feature_count; ++i) {
      const std::string_view value = values[i + 1];
      const char* const end = value.data() + value.size();
      float& feature = read.features[i];
      const auto [stopped, failure] = std::from_chars(value.data(), end, feature);
      if (failure != std::errc{} || stopped != end || !std::isfinite(feature) || feature < 0) {
        throw std::runtime_error(fmt::format("{}:{}: {} must be a number of at least 0, got \"{}\"",
                                             name, number, columns[i + 1], value));
      }
    }
  }
  if (emails.empty()) throw std::runtime_error(fmt::format("{}: must have rows, got none", name));
  return emails;
}

/// @throws std::runtime_error  if the file cannot be read, or as above
inline std::vector<email> read_emails(const std::filesystem::path& file) {
  std::ifstream input{file};
  if (!input) throw std::runtime_error(fmt::format("{}: must be readable", file.string()));
  return read_emails(input, file.filename().string());
}

/// Shuffles, and sets a share aside. The result depends on the e-mails and the seed, not on the
/// order of the e-mails. Equal e-mails stay together, so no held-out one was learnt by heart.
inline split_emails split(std::vector<email> emails, double held_out_share,
                          std::uint64_t seed = 1) {
  if (!(held_out_share > 0 && held_out_share < 1)) {
    throw std::invalid_argument(
        fmt::format("split: held-out share must lie between 0 and 1, got {}", held_out_share));
  }
  const auto lot = [seed](const email& mail) {
    return detail::scramble(fingerprint(mail.features) + seed);
  };
  std::ranges::sort(emails, {},
                    [&lot](const email& mail) { return std::pair{lot(mail), mail.is_spam}; });

  const auto wanted = static_cast<double>(emails.size()) * (1 - held_out_share);
  auto cut = emails.begin() + static_cast<std::ptrdiff_t>(wanted);
  while (cut != emails.begin() && cut != emails.end() && lot(*cut) == lot(*(cut - 1))) ++cut;
  return {{emails.begin(), cut}, {cut, emails.end()}};
}

}  // namespace spam
