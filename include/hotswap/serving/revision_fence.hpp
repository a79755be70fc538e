#pragma once

/// @file
/// Lets no write pass that is older than one it has seen: what makes a router a `FencedRouter`.
///
///     fence.admit(revision);   // throws if a higher one was here before
///     put_in_force(split);

#include <hotswap/core/error.hpp>

#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// Its user locks it together with what it guards.
class revision_fence {
 public:
  /// @param owner  stands before the message
  explicit revision_fence(const char* owner) noexcept : owner_(owner) {}

  /// Remembers the revision, whatever comes of the write. The same one passes again.
  /// @throws error  for a revision below the highest so far.
  void admit(std::uint64_t revision) {
    if (revision < highest_) {
      throw error(std::string{owner_} + ": revision must be at least the highest seen, " +
                  std::to_string(highest_) + ", got " + std::to_string(revision));
    }
    highest_ = revision;
  }

 private:
  const char* owner_;
  std::uint64_t highest_ = 0;
};

}  // namespace hotswap::inline v0_1
