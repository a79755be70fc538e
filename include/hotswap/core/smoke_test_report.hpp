#pragma once

/// @file
/// What a server found when it tried a version on a few samples, before any user saw it.

#include <cstddef>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

class smoke_test_report {
 public:
  smoke_test_report() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::size_t samples = 0;            ///< that were run
  std::size_t failures = 0;           ///< of them
  std::vector<std::string> messages;  ///< what went wrong, a few examples
};

}  // namespace hotswap::inline v0_1
