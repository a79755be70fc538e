#pragma once

/// @file
/// Counts the calls into user code that have not ended, those included that nobody waits for.
///
///     const bool none_left = co_await hotswap::wait_until_none(clock, calls, 10min);

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>

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

/// Looks in growing intervals until no call is left; false if one still is after `limit`.
template <std::derived_from<clock> Clock>
[[nodiscard]] task<bool> wait_until_none(Clock& on, std::shared_ptr<outstanding_calls> calls,
                                         std::chrono::nanoseconds limit) {
  using std::chrono::nanoseconds;
  const auto due = on.due_in(limit);
  nanoseconds pause = std::chrono::milliseconds{1};
  while (calls->count() > 0) {
    const nanoseconds left = due - on.steady_now();
    if (left <= nanoseconds::zero()) co_return false;
    const nanoseconds wait = std::min(pause, left);
    co_await sleep_for(on, wait);
    pause = std::min<nanoseconds>(2 * pause, std::chrono::seconds{1});
  }
  co_return true;
}

}  // namespace hotswap::inline v0_1
