#pragma once

/// @file
/// Visits a config's keys and refuses the first field that breaks its rule.
///
///     hotswap::validator visit{""};
///     describe(visit, config);

#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// `Type`, const or not: `describe` shows a config to those who read it and to those who fill it.
template <typename Type, typename Config>
concept maybe_const = std::same_as<std::remove_const_t<Type>, Config>;

/// The metrics that a limit of `rollbackThresholds` bounds.
inline constexpr std::array<std::string_view, 4> limited_metrics = {"accuracy", "latency",
                                                                    "errorRate", "dataDrift"};

/// @name check(at, value, rule)
/// As in config_rule.hpp, for what is made of several values.
/// @{
inline void check(const std::string& at, const std::string& value, rule::metric_name) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '.' || letter == '-';
  };
  if (value.empty() || value.size() > 128 || !std::all_of(value.begin(), value.end(), fits)) {
    refuse(at, "be a metric's name, of 1 to 128 letters, digits, dots, hyphens and underscores",
           in_quotes(value));
  }
}

inline void check(const std::string& at, const std::vector<std::string>& value,
                  rule::required_metrics) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto here = value.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(limited_metrics.begin(), limited_metrics.end(), *here) == limited_metrics.end()) {
      refuse(pointer_to(at, i), "be one of accuracy, latency, errorRate, dataDrift",
             in_quotes(*here));
    }
    if (std::find(value.begin(), here, *here) != here) {
      refuse(pointer_to(at, i), "name each metric once", fmt::format("{} again", in_quotes(*here)));
    }
  }
}

inline void check(const std::string& at, const std::map<std::string, std::string>& value,
                  rule::labels) {
  if (value.size() > 32) refuse(at, "be at most 32 labels", fmt::format("{}", value.size()));
  for (const auto& [label, content] : value) {
    if (label.empty()) refuse(at, "name each label", "an empty name");
    check(pointer_to(at, label), label, rule::text{64, false});
    check(pointer_to(at, label), content, rule::text{256, false});
  }
}
/// @}

class validator {
 public:
  /// @param at  the JSON pointer to the config; empty for a whole document.
  explicit validator(std::string at) : at_(std::move(at)) {}

  /// @throws config_error  at the key, if the field breaks its rule.
  template <typename Field, typename Rule>
  void operator()(std::string_view key, const Field& field, const Rule& rule) {
    const std::size_t whole = at_.size();
    at_.append(1, '/').append(key);  // no key of a config needs an escape
    if constexpr (std::same_as<Rule, rule::section>) {
      validator inner{at_};
      describe(inner, field);
    } else {
      check(at_, field, rule);
    }
    at_.resize(whole);
  }

 private:
  std::string at_;
};

}  // namespace hotswap::inline v0_1
