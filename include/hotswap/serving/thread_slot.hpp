#pragma once

/// @file
/// A small number that no two running threads share, for cells with one writer each.
///
///     cells[hotswap::thread_slot()].add(1);   // has thread_slots + 1 cells

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace hotswap::inline v0_1 {

/// How many threads can have a slot of their own at a time.
inline constexpr std::size_t thread_slots = 64;

namespace detail {

/// A bit for each slot that is taken. An integer, so that threads may outlive static objects.
inline constinit std::atomic<std::uint64_t> taken_thread_slots{0};

inline constexpr std::size_t no_thread_slot = thread_slots + 1;
inline constinit thread_local std::size_t slot_of_this_thread = no_thread_slot;

/// Gives the slot back when its thread ends. What was written through it happens before whatever
/// the next thread does that takes it.
class thread_slot_lease {
 public:
  thread_slot_lease() noexcept {
    std::uint64_t taken = taken_thread_slots.load(std::memory_order_relaxed);
    std::uint64_t bit = 0;
    do {
      slot_of_this_thread = static_cast<std::size_t>(std::countr_one(taken));
      if (slot_of_this_thread == thread_slots) return;
      bit = std::uint64_t{1} << slot_of_this_thread;
    } while (!taken_thread_slots.compare_exchange_weak(
        taken, taken | bit, std::memory_order_acquire, std::memory_order_relaxed));
    bit_ = bit;
  }
  thread_slot_lease(const thread_slot_lease&) = delete;
  thread_slot_lease& operator=(const thread_slot_lease&) = delete;
  ~thread_slot_lease() {
    slot_of_this_thread = thread_slots;  // for destructors of this thread that run later
    taken_thread_slots.fetch_and(~bit_, std::memory_order_release);
  }

 private:
  std::uint64_t bit_ = 0;
};

}  // namespace detail

/// Below `thread_slots`, and of this thread alone until it ends; or `thread_slots` itself, which
/// all threads share that came when no slot was free.
[[nodiscard]] inline std::size_t thread_slot() noexcept {
  if (detail::slot_of_this_thread == detail::no_thread_slot) {
    static thread_local const detail::thread_slot_lease lease;
  }
  return detail::slot_of_this_thread;
}

}  // namespace hotswap::inline v0_1
