#pragma once

/// @file
/// A bounded queue from any number of threads to one, which turns away what it has no room for.
///
///     hotswap::drop_ring<copied_request> ring{256};
///     if (ring.try_push(request) == hotswap::pushed::full) ++dropped;    // any thread
///     while (const auto next = ring.try_pop()) answer(*next);            // one thread
///
/// Nobody waits and nobody is woken: who pops asks now and then. A push into a full ring is three
/// loads.
///
/// Sources
///   D. Vyukov, "Bounded MPMC queue", https://www.1024cores.net/home/lock-free-algorithms/queues.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace hotswap::inline v0_1 {

/// What became of an element.
enum class pushed {
  yes,
  full,    ///< there was no room
  failed,  ///< it could not be made: its constructor threw
};

/// All memory is taken at once; what the elements hold themselves is theirs.
template <typename T>
class drop_ring {
 public:
  /// @param capacity  in elements; the next power of two, from 2
  explicit drop_ring(std::size_t capacity)
      : size_(std::bit_ceil(std::max<std::size_t>(capacity, 2))),
        cells_(std::make_unique<cell[]>(size_)) {
    for (std::size_t i = 0; i < size_; ++i) cells_[i].turn.store(i, std::memory_order_relaxed);
  }
  drop_ring(const drop_ring&) = delete;
  drop_ring& operator=(const drop_ring&) = delete;

  [[nodiscard]] std::size_t capacity() const noexcept { return size_; }

  /// Makes an element of the arguments in its place, if there is one. Any thread; lock-free.
  template <typename... Arguments>
  pushed try_push(Arguments&&... arguments) noexcept {
    std::size_t place = end_.load(std::memory_order_relaxed);
    while (true) {
      const std::size_t turn = at(place).turn.load(std::memory_order_acquire);
      if (turn == place) {
        if (end_.compare_exchange_weak(place, place + 1, std::memory_order_relaxed)) break;
      } else if (turn < place) {
        return pushed::full;  // it holds an element of the last round
      } else {
        place = end_.load(std::memory_order_relaxed);
      }
    }

    cell& mine = at(place);
    try {
      mine.element.emplace(std::forward<Arguments>(arguments)...);
    } catch (...) {  // the place is taken all the same: it stays empty for this round
    }
    const bool was_made = mine.element.has_value();
    mine.turn.store(place + 1, std::memory_order_release);
    return was_made ? pushed::yes : pushed::failed;
  }

  /// The oldest element, if there is one. One thread at a time.
  std::optional<T> try_pop() {
    while (true) {
      cell& oldest = at(begin_);
      if (oldest.turn.load(std::memory_order_acquire) != begin_ + 1) return std::nullopt;
      std::optional<T> element = std::move(oldest.element);
      oldest.element.reset();
      oldest.turn.store(begin_ + size_, std::memory_order_release);
      ++begin_;
      if (element) return element;
    }
  }

 private:
  /// Free for the push number `turn`, or, by one more, holds its element.
  struct cell {
    std::atomic<std::size_t> turn{0};
    std::optional<T> element;
  };

  cell& at(std::size_t place) const noexcept { return cells_[place & (size_ - 1)]; }

  const std::size_t size_;
  const std::unique_ptr<cell[]> cells_;
  alignas(64) std::atomic<std::size_t> end_{0};  // the number of the next push
  alignas(64) std::size_t begin_ = 0;            // and of the next pop
};

}  // namespace hotswap::inline v0_1
