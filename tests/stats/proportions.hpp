#pragma once

/// @file
/// Proportions for the tests: from the oracles' files, and drawn at random.

#include <hotswap/stats/proportion.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <random>

namespace proportions {

inline hotswap::stats::proportion from(const nlohmann::json& arm) {
  return {arm.at("successes"), arm.at("trials")};
}

inline hotswap::stats::proportion draw(std::mt19937_64& random, std::uint64_t trials, double rate) {
  std::binomial_distribution<std::uint64_t> successes{trials, rate};
  return {successes(random), trials};
}

/// P(X = successes) of `trials` at that rate.
inline double probability(int successes, int trials, double rate) {
  return std::exp(std::lgamma(trials + 1.0) - std::lgamma(successes + 1.0) -
                  std::lgamma(trials - successes + 1.0) + successes * std::log(rate) +
                  (trials - successes) * std::log1p(-rate));
}

}  // namespace proportions
