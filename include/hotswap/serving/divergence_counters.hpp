#pragma once

/// @file
/// How often a shadow has agreed with production so far, counted while requests are served.
///
///     counters.add_dropped(hotswap::drop_cause::queue_full);   // any thread, no lock
///     counters.add_compared(agreed, shadow_score - production_score);
///     const hotswap::divergence_snapshot so_far = counters.totals();

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/serving/thread_slot.hpp>
#include <hotswap/stats/moments.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

namespace hotswap::inline v0_1 {

/// Why a sampled request was never answered by the shadow.
enum class drop_cause {
  queue_full,      ///< the shadow is slower than the requests come
  not_copied,      ///< the copy of the request, or of the answer, threw
  shadow_removed,  ///< while the request was in the queue
};

/// Counts only up. 4 KB. Any member may be called from any thread; only `add_dropped` is called
/// while a user waits.
class divergence_counters {
 public:
  divergence_counters() = default;
  divergence_counters(const divergence_counters&) = delete;
  divergence_counters& operator=(const divergence_counters&) = delete;

  /// A request that both have answered.
  /// @param difference  shadow - production, of finite scores
  void add_compared(bool agreed, std::optional<double> difference) {
    const std::lock_guard lock{mutex_};
    ++sum_.compared;
    if (!agreed) ++sum_.disagreed;
    if (difference) sum_.difference.add(*difference);
  }

  /// A request that production has answered and the shadow has failed to.
  void add_shadow_error() {
    const std::lock_guard lock{mutex_};
    ++sum_.shadow_errors;
  }

  /// Lock-free.
  void add_dropped(drop_cause cause) noexcept {
    const std::size_t slot = thread_slot();
    std::atomic<std::uint64_t>& count = dropped_[slot][static_cast<std::size_t>(cause)];
    if (slot == thread_slots) {  // which threads share
      count.fetch_add(1, std::memory_order_relaxed);
    } else {
      count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  }

  [[nodiscard]] divergence_snapshot totals() const {
    const std::lock_guard lock{mutex_};
    divergence_snapshot sum = sum_;
    for (std::size_t cause = 0; cause < names.size(); ++cause) {
      std::uint64_t count = 0;
      for (const cell& each : dropped_) count += each[cause].load(std::memory_order_relaxed);
      if (count > 0) sum.dropped.emplace(names[cause], count);
    }
    return sum;
  }

 private:
  static constexpr std::array names{"queue_full", "not_copied", "shadow_removed"};

  struct alignas(64) cell : std::array<std::atomic<std::uint64_t>, names.size()> {};

  mutable std::mutex mutex_;  // of the sum; requests that are dropped do not need it
  divergence_snapshot sum_;
  std::array<cell, thread_slots + 1> dropped_{};
};

}  // namespace hotswap::inline v0_1
