#pragma once

/// @file
/// Reference values: the cases of tests/oracles/, and whether a number agrees with one.
///
///     for (const auto& row : oracle::every_case("welch")) {
///       CAPTURE(row.at("name"));
///       CHECK_THAT(p_value, oracle::agrees_with(row, "p_two_sided"));
///     }
///
/// `expected` of a case has a field per number. The error of a number x is |x - e| / |e|, or |x|
/// where e is 0. It must be at most `tolerances[field]`, else `tolerance`, else 1e-12. Nothing is
/// promised of what `left_out` names.

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace oracle {

/// That of another folder, if the environment names one.
inline const char* other_folder() {
  return std::getenv("HOTSWAP_ORACLES");
}

inline std::string folder() {
  return other_folder() != nullptr ? other_folder() : HOTSWAP_ORACLES;
}

/// The names of all files, without `.json`, in alphabetical order.
inline std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator{folder()}) {
    if (entry.path().extension() == ".json") all.push_back(entry.path().stem().string());
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// The cases of <name>.json; fails the test when the file is missing or empty. Another folder need
/// not have it.
inline nlohmann::json cases(const std::string& name) {
  std::ifstream file{folder() + "/" + name + ".json"};
  INFO("oracle " << name);
  if (!file && other_folder() != nullptr) return nlohmann::json::array();
  REQUIRE(file);
  auto all = nlohmann::json::parse(file).at("cases");
  REQUIRE_FALSE(all.empty());
  return all;
}

/// Only those of one formula, of which there must be some.
inline nlohmann::json cases(const std::string& name, const std::string& formula) {
  auto chosen = nlohmann::json::array();
  for (const auto& row : cases(name)) {
    if (row.at("formula") == formula) chosen.push_back(row);
  }
  INFO("oracle " << name << ", formula " << formula);
  if (other_folder() == nullptr) REQUIRE_FALSE(chosen.empty());
  return chosen;
}

/// Those of one formula in any file. There must be some, but in another folder.
inline nlohmann::json every_case(const std::string& formula) {
  auto chosen = nlohmann::json::array();
  for (const std::string& name : names()) {
    for (const auto& row : cases(name)) {
      if (row.value("formula", "") == formula) chosen.push_back(row);
    }
  }
  INFO("oracles of formula " << formula);
  if (other_folder() == nullptr) REQUIRE_FALSE(chosen.empty());
  return chosen;
}

/// A number; JSON has no infinities, so these are strings.
inline double number(const nlohmann::json& value) {
  if (!value.is_string()) return value.get<double>();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (value == "Infinity") return infinity;
  if (value == "-Infinity") return -infinity;
  throw std::invalid_argument("oracle: a number must be finite or infinite, got " + value.dump());
}

/// Does the case promise that field?
inline bool promises(const nlohmann::json& row, const std::string& field) {
  if (row.contains("left_out")) {
    for (const auto& name : row.at("left_out")) {
      if (name == field) return false;
    }
  }
  return row.at("expected").contains(field);
}

inline double tolerance(const nlohmann::json& row, const std::string& field) {
  if (row.contains("tolerances") && row.at("tolerances").contains(field)) {
    return row.at("tolerances").at(field).get<double>();
  }
  return row.value("tolerance", 1e-12);
}

inline double error(double value, double expected) {
  if (value == expected) return 0.0;  // infinities, too
  if (expected == 0.0) return std::abs(value);
  return std::abs(value - expected) / std::abs(expected);
}

#if __has_include(<catch2/catch_all.hpp>)
template <typename T>
using matcher_base = Catch::Matchers::MatcherBase<T>;
#else
template <typename T>
using matcher_base = Catch::MatcherBase<T>;
#endif

class agreement : public matcher_base<double> {
 public:
  agreement(std::string field, double expected, double tolerance)
      : field_{std::move(field)}, expected_{expected}, tolerance_{tolerance} {}

  // Written so that a NaN disagrees, and an infinite error does.
  bool match(const double& value) const override { return error(value, expected_) <= tolerance_; }

  std::string describe() const override {
    std::ostringstream text;
    text.precision(17);
    text << "is " << field_ << " " << expected_ << " to " << tolerance_;
    return text.str();
  }

 private:
  std::string field_;
  double expected_;
  double tolerance_;
};

/// Matches the number that the case expects in that field; throws for a field that it lacks.
inline agreement agrees_with(const nlohmann::json& row, const std::string& field) {
  return {field, number(row.at("expected").at(field)), tolerance(row, field)};
}

}  // namespace oracle
