#pragma once

/// @file
/// Pairs for the tests: from the oracles' files, and drawn at random.

#include <hotswap/stats/covariance.hpp>
#include <hotswap/stats/moments.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace pairs {

inline hotswap::stats::covariance from(const nlohmann::json& arm) {
  using hotswap::stats::covariance;
  using hotswap::stats::moments;
  if (arm.contains("y")) {
    return covariance::of(arm.at("y").get<std::vector<double>>(),
                          arm.at("x").get<std::vector<double>>());
  }
  const std::uint64_t count = arm.at("n");
  return covariance::from_summary(
      moments::from_summary(count, arm.at("mean_y"), arm.at("variance_y")),
      moments::from_summary(count, arm.at("mean_x"), arm.at("variance_x")), arm.at("covariance"));
}

/// y = mean + noise and x, both of variance 1, with that correlation.
inline hotswap::stats::covariance draw(std::mt19937_64& random, int count, double mean,
                                       double correlation) {
  std::normal_distribution<double> noise;
  hotswap::stats::covariance drawn;
  for (int i = 0; i < count; ++i) {
    const double x = noise(random);
    const double rest = std::sqrt(1.0 - correlation * correlation) * noise(random);
    drawn.add(mean + correlation * x + rest, x);
  }
  return drawn;
}

}  // namespace pairs
