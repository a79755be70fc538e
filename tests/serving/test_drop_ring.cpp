// What the ring promises: order, a bound, no element lost, and no wait.

#include <hotswap/serving/drop_ring.hpp>

#include "serving/allocations.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

using hotswap::drop_ring;
using hotswap::pushed;

static_assert(noexcept(std::declval<drop_ring<int>&>().try_push(1)));

namespace {

/// Knows how many of it there are, and does not like 13.
class element {
 public:
  explicit element(int value) : value_(value) {
    if (value == 13) throw std::runtime_error("13");
    ++alive;
  }
  element(element&& other) noexcept : value_(other.value_) { ++alive; }
  ~element() { --alive; }

  int value() const { return value_; }

  static inline std::atomic<int> alive{0};

 private:
  int value_;
};

}  // namespace

TEST_CASE("drop_ring: elements come out in the order in which they went in",
          "[serving][drop_ring]") {
  drop_ring<int> ring{4};
  CHECK(ring.try_pop() == std::nullopt);

  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 3; ++i) CHECK(ring.try_push(3 * round + i) == pushed::yes);
    for (int i = 0; i < 3; ++i) CHECK(ring.try_pop() == 3 * round + i);
    CHECK(ring.try_pop() == std::nullopt);
  }
}

TEST_CASE("drop_ring: what finds no room is turned away, and room comes back",
          "[serving][drop_ring]") {
  for (const std::size_t asked : {1U, 2U, 5U}) {
    CAPTURE(asked);
    drop_ring<int> ring{asked};
    CHECK(ring.capacity() == (asked == 5 ? 8 : 2));

    for (std::size_t i = 0; i < ring.capacity(); ++i) CHECK(ring.try_push(1) == pushed::yes);
    CHECK(ring.try_push(2) == pushed::full);
    CHECK(ring.try_pop() == 1);
    CHECK(ring.try_push(3) == pushed::yes);
    CHECK(ring.try_push(4) == pushed::full);
  }
}

TEST_CASE("drop_ring: an element that cannot be made takes its turn, and nobody meets it",
          "[serving][drop_ring]") {
  drop_ring<element> ring{4};
  CHECK(ring.try_push(1) == pushed::yes);
  CHECK(ring.try_push(13) == pushed::failed);
  CHECK(ring.try_push(2) == pushed::yes);

  CHECK(ring.try_pop()->value() == 1);
  CHECK(ring.try_pop()->value() == 2);
  CHECK_FALSE(ring.try_pop());
}

TEST_CASE("drop_ring: what was popped is gone, and what was not goes with the ring",
          "[serving][drop_ring]") {
  const int alive = element::alive;
  {
    drop_ring<element> ring{4};
    for (int i = 0; i < 3; ++i) CHECK(ring.try_push(i) == pushed::yes);
    CHECK(element::alive == alive + 3);
    CHECK(ring.try_pop());
    CHECK(element::alive == alive + 2);
  }
  CHECK(element::alive == alive);
}

TEST_CASE("drop_ring: neither a push nor a refusal allocates", "[serving][drop_ring]") {
  drop_ring<int> ring{2};
  CHECK(ring.try_push(1) == pushed::yes);

  const std::size_t before = allocations;
  const pushed second = ring.try_push(2);
  const pushed third = ring.try_push(3);
  const std::size_t after = allocations;

  CHECK(second == pushed::yes);
  CHECK(third == pushed::full);
  CHECK(after == before);
}

TEST_CASE("drop_ring: whatever threads push is popped once, in the order of each",
          "[serving][drop_ring][threads][long]") {
  constexpr int pushes = 20'000;
  constexpr std::size_t threads = 3;
  drop_ring<std::pair<std::size_t, int>> ring{8};
  std::vector<std::thread> pushing;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    pushing.emplace_back([&ring, thread] {
      for (int i = 0; i < pushes;) {
        if (ring.try_push(thread, i) == pushed::yes) {
          ++i;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }

  std::array<int, threads> next{};
  std::size_t out_of_order = 0;
  for (std::size_t popped = 0; popped < threads * pushes;) {
    const auto seen = ring.try_pop();
    if (!seen) {
      std::this_thread::yield();
      continue;
    }
    ++popped;
    if (seen->second != next[seen->first]++) ++out_of_order;
  }
  for (std::thread& each : pushing) each.join();

  CHECK(out_of_order == 0);
  CHECK(ring.try_pop() == std::nullopt);
}
