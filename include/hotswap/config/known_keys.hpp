#pragma once

/// @file
/// Which keys a document may have, and what a misspelt one was meant to be.
///
///     /monitoringDuraton: must be a key of Canary, got "monitoringDuraton"; did you mean
///     "monitoringDuration"?

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Visits a config's keys and notes their names.
class key_collector {
 public:
  template <typename Field, typename Rule>
  void operator()(std::string_view key, const Field&, const Rule&) {
    keys.push_back(key);
  }

  std::vector<std::string_view> keys;
};

/// The keys that `describe` shows.
template <typename Described>
[[nodiscard]] std::vector<std::string_view> described_keys(const Described& described) {
  key_collector collector;
  describe(collector, described);
  return std::move(collector.keys);
}

/// All keys of the strategy's document, those of every document included.
template <typename Config>
[[nodiscard]] std::vector<std::string_view> document_keys() {
  std::vector<std::string_view> keys = {"$schema", "strategy"};
  if constexpr (std::is_same_v<Config, canary_config>) {
    keys.insert(keys.end(), {"initialPercentage", "incrementStep"});
  }
  if constexpr (std::is_same_v<Config, shadow_config>) keys.emplace_back("promote");
  for (const auto key : described_keys(Config{})) keys.push_back(key);
  return keys;
}

/// How many letters must be inserted, removed or replaced to make one word of the other
/// (Levenshtein).
template <typename = void>
[[nodiscard]] std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

/// `; did you mean "steps"?`, or nothing if no word is near.
template <typename = void>
[[nodiscard]] std::string suggestion(std::string_view got,
                                     std::span<const std::string_view> words) {
  std::string_view nearest;
  std::size_t least =
      2 + std::min<std::size_t>(got.size(), 32) / 3;  // 2 edits in "steps", 6 in 15 letters
  for (const auto word : words) {
    const std::size_t distance = edit_distance(got.substr(0, 64), word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest.empty() ? "" : fmt::format("; did you mean \"{}\"?", nearest);
}

namespace detail {

template <std::size_t... Index>
std::string strategies_with(std::string_view key, std::index_sequence<Index...>) {
  std::string names;
  const auto ask = [&](std::string_view name, const std::vector<std::string_view>& keys) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  };
  (ask(strategy_names[Index], document_keys<std::variant_alternative_t<Index, strategy_config>>()),
   ...);
  return names;
}

}  // namespace detail

/// Refuses a key that the strategy's document does not have.
///
/// @throws config_error  always, with the strategies that have it, or the nearest key.
template <typename Config>
[[noreturn]] void refuse_key(const std::string& at, std::string_view key,
                             std::string_view strategy) {
  const std::string others = detail::strategies_with(
      key, std::make_index_sequence<std::variant_size_v<strategy_config>>{});
  const std::string hint =
      others.empty() ? suggestion(key, document_keys<Config>()) : ", a key of " + others;
  refuse(pointer_to(at, key), fmt::format("be a key of {}", strategy), in_quotes(key) + hint);
}

}  // namespace hotswap::inline v0_1
