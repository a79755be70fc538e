#pragma once

/// @file
/// Samples for the tests: from the oracles' files, and drawn at random.

#include <hotswap/stats/pooled_values.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace samples {

/// A sample of an oracle, by its distinct values or not.
class sample {
 public:
  explicit sample(const nlohmann::json& from) {
    if (from.is_array()) {
      values = from.get<std::vector<double>>();
      counts.assign(values.size(), 1);
    } else {
      values = from.at("values").get<std::vector<double>>();
      counts = from.at("counts").get<std::vector<std::uint64_t>>();
    }
  }

  [[nodiscard]] hotswap::stats::counted_values counted() const { return {values, counts}; }

  /// Each value as often as it occurred.
  [[nodiscard]] std::vector<double> expanded() const {
    std::vector<double> all;
    for (std::size_t i = 0; i < values.size(); ++i) all.insert(all.end(), counts[i], values[i]);
    return all;
  }

  std::vector<double> values;
  std::vector<std::uint64_t> counts;
};

inline std::vector<double> normal(std::mt19937_64& random, std::size_t count, double mean = 0.0,
                                  double deviation = 1.0) {
  std::normal_distribution<double> value{mean, deviation};
  std::vector<double> drawn(count);
  for (double& each : drawn) each = value(random);
  return drawn;
}

}  // namespace samples
