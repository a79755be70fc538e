#pragma once

/// @file
/// What an operator may set for a canary.
///
///     hotswap::canary_config config;
///     config.steps = {5_pct, 50_pct, 100_pct};

#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace hotswap::inline v0_1 {

/// One rise of the candidate's share. What it leaves open, the config says.
class canary_step {
 public:
  canary_step(hotswap::share to) : share(to) {}  // NOLINT: a plain share is a step

  hotswap::share share;
  std::optional<std::chrono::milliseconds> duration;  ///< of the bake
  std::optional<std::uint64_t> minimum_samples;       ///< of each side
  bool approval = false;                              ///< a person must approve before this rise

  friend bool operator==(const canary_step&, const canary_step&) = default;
};

/// The document `"strategy": "Canary"`, with its defaults.
class canary_config : public rollout_config {
 public:
  canary_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// Rising, and ending at 100 %.
  std::vector<canary_step> steps = {share::basis_points(1'000), share::basis_points(2'500),
                                    share::basis_points(5'000), share::basis_points(10'000)};
  std::chrono::milliseconds monitoring_duration = std::chrono::minutes{10};  ///< of each step
  std::uint64_t minimum_samples = 1000;  ///< of each side, before a look can pass
  std::chrono::milliseconds keep_duration = std::chrono::minutes{10};  ///< of the warm baseline

  friend bool operator==(const canary_config&, const canary_config&) = default;
};

}  // namespace hotswap::inline v0_1
