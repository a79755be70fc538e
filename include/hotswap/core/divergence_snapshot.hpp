#pragma once

/// @file
/// How the answers of a shadow differed from production's, in one window.

#include <hotswap/stats/moments.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace hotswap::inline v0_1 {

class divergence_snapshot {
 public:
  divergence_snapshot() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::uint64_t compared = 0;   ///< requests that both sides answered
  std::uint64_t disagreed = 0;  ///< of them; a failed shadow answer is an error, never an agreement
  std::uint64_t shadow_errors = 0;               ///< requests that the shadow failed to answer
  std::map<std::string, std::uint64_t> dropped;  ///< requests never mirrored, by cause
  stats::moments difference;  ///< shadow's score - production's, where answers are numbers
};

}  // namespace hotswap::inline v0_1
