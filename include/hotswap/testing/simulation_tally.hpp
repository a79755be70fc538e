#pragma once

/// @file
/// What many simulated runs have come to.
///
///     hotswap::simulation_tally tally;
///     run.add_to(tally);
///     if (tally.sometimes["resumed in shift"] == 0) …   // never tested

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace hotswap::inline v0_1 {

/// What has happened at least once, over many runs: one that never did was never tested.
class simulation_tally {
 public:
  std::uint64_t schedules = 0;
  std::uint64_t choices = 0;
  std::uint64_t faults = 0;
  std::uint64_t crashes = 0;
  std::uint64_t unfinished = 0;  ///< given up while faults went on for ever
  std::array<std::uint64_t, 5> statuses{};
  std::map<std::string, std::uint64_t> sometimes;
};

}  // namespace hotswap::inline v0_1
