#pragma once

/// @file
/// Timers, and the heap in which a clock keeps those that are armed.
///
///     struct alarm : hotswap::timer { void expired() override { … } };

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

class timer_heap;

/// Part of whoever waits; armed and disarmed through a clock, on its thread. Is disarmed by the
/// time it is destroyed.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  virtual ~timer() = default;

  /// The time has come; the timer is no longer armed.
  virtual void expired() = 0;

  [[nodiscard]] bool armed() const noexcept { return position_ != not_armed; }

 private:
  friend timer_heap;
  static constexpr std::size_t not_armed = static_cast<std::size_t>(-1);

  std::chrono::steady_clock::time_point due_{};
  std::uint64_t order_ = 0;
  std::size_t position_ = not_armed;
};

/// A binary heap that knows where each timer is, so that disarming is O(log n) too. Timers due at
/// the same time expire in the order in which they were armed.
class timer_heap {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  [[nodiscard]] bool empty() const noexcept { return heap_.empty(); }
  [[nodiscard]] time_point earliest() const noexcept { return heap_.front()->due_; }

  void insert(timer& added, time_point due) {
    added.due_ = due;
    added.order_ = next_order_++;
    heap_.push_back(&added);
    added.position_ = heap_.size() - 1;
    rise(added.position_);
  }

  void erase(timer& gone) noexcept {
    const std::size_t hole = std::exchange(gone.position_, timer::not_armed);
    timer* const last = heap_.back();
    heap_.pop_back();
    if (last == &gone) return;
    place(last, hole);
    rise(hole);
    sink(last->position_);
  }

  timer& pop_earliest() noexcept {
    timer& first = *heap_.front();
    erase(first);
    return first;
  }

 private:
  static bool before(const timer& a, const timer& b) noexcept {
    return a.due_ != b.due_ ? a.due_ < b.due_ : a.order_ < b.order_;
  }

  void place(timer* moved, std::size_t position) noexcept {
    heap_[position] = moved;
    moved->position_ = position;
  }

  void exchange(std::size_t a, std::size_t b) noexcept {
    timer* const first = heap_[a];
    place(heap_[b], a);
    place(first, b);
  }

  void rise(std::size_t at) noexcept {
    while (at > 0 && before(*heap_[at], *heap_[(at - 1) / 2])) {
      exchange(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }

  void sink(std::size_t at) noexcept {
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
      if (!before(*heap_[child], *heap_[at])) return;
      exchange(at, child);
      at = child;
    }
  }

  std::vector<timer*> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace hotswap::inline v0_1
