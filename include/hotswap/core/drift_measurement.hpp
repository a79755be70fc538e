#pragma once

/// @file
/// How far the inputs of one window lie from a reference, as the metrics source measured it.

#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// The population stability index of one window's inputs.
class drift_measurement {
 public:
  drift_measurement() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  double score = 0.0;         ///< PSI, in nats; 0 if the inputs are distributed as the reference
  std::uint64_t samples = 0;  ///< inputs in the window
  std::uint64_t bins = 0;     ///< of the histogram that was compared
  std::string reference;      ///< what it was compared with, e.g. `training-2026-10`

  friend bool operator==(const drift_measurement&, const drift_measurement&) = default;
};

}  // namespace hotswap::inline v0_1
