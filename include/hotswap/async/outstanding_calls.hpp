#pragma once

/// @file
/// Counts the calls into user code that have not ended, those included that nobody waits for.
///
///     while (calls->count() > 0) co_await hotswap::sleep_for(clock, 100ms);

#include <cstddef>

namespace hotswap::inline v0_1 {

/// Shared by a rollout and its calls, which may outlive it. Belongs to the clock's thread.
class outstanding_calls {
 public:
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  void started() noexcept { ++count_; }
  void ended() noexcept { --count_; }

 private:
  std::size_t count_ = 0;
};

}  // namespace hotswap::inline v0_1
