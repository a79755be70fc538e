#pragma once

/// @file
/// The answer of a splitter: which version serves a request, small enough for a register.
///
///     const hotswap::arm chosen = splitter.pick("user-42");
///     const hotswap::model_version version = splitter.version(chosen);

#include <cstdint>

namespace hotswap::inline v0_1 {

/// One of a splitter's versions, as one of its splits has chosen it. Stays valid, and keeps its
/// version, for as long as the splitter lives.
struct arm {
  std::uint32_t index = 0;  ///< of the version: the same in every split of this splitter
  std::uint32_t epoch = 0;  ///< of the split: grows by one with each that differs from the last

  friend constexpr bool operator==(arm, arm) = default;
};

}  // namespace hotswap::inline v0_1
