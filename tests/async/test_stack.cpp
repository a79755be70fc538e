// That awaiting costs no stack: a long journal replays as a loop of awaits that finish at once, and
// a stack that grew with it would end the process. Addresses are measured, not just survival.

#include <hotswap/async/call.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/async/when_all.hpp>

#include "async/counted.hpp"
#include "async/finish.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include <pthread.h>

using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

constexpr int million = 1'000'000;

// Those of clang's address sanitizer are several times as large.
#ifdef __has_feature
constexpr bool has_large_frames = __has_feature(address_sanitizer);
#else
constexpr bool has_large_frames = false;
#endif

/// Here; where frames are large, on a thread whose stack is as much larger.
template <typename Body>
void on_enough_stack(Body body) {
  if (!has_large_frames) return body();
  pthread_attr_t attributes;
  REQUIRE(pthread_attr_init(&attributes) == 0);
  REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{64} << 20U) == 0);
  pthread_t thread{};
  const auto run = [](void* called) -> void* {
    (*static_cast<Body*>(called))();
    return nullptr;
  };
  REQUIRE(pthread_create(&thread, &attributes, run, &body) == 0);
  REQUIRE(pthread_join(thread, nullptr) == 0);
  pthread_attr_destroy(&attributes);
}

/// How far the stack reached, of all places that were noted.
class stack_extent {
 public:
  void note() noexcept {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    lowest_ = std::min(lowest_, here);
    highest_ = std::max(highest_, here);
    ++notes_;
  }
  [[nodiscard]] std::uintptr_t bytes() const noexcept { return highest_ - lowest_; }
  [[nodiscard]] int notes() const noexcept { return notes_; }

 private:
  std::uintptr_t lowest_ = std::numeric_limits<std::uintptr_t>::max();
  std::uintptr_t highest_ = 0;
  int notes_ = 0;
};

// A few frames of the largest build; a single byte per await would be a million.
constexpr std::uintptr_t constant_stack = 8'192;

task<int> finish_at_once(stack_extent& extent) {
  extent.note();
  co_return 1;
}

task<long> await_tasks(int count, stack_extent& extent) {
  long sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await finish_at_once(extent);
  co_return sum;
}

task<long> await_values_of_calls(virtual_clock& clock, int count, stack_extent& extent) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto note = [&extent] {
      extent.note();
      return 1;
    };
    sum += co_await hotswap::call(clock, seconds{1}, note);
  }
  co_return sum;
}

task<long> await_tasks_of_calls(virtual_clock& clock, int count, stack_extent& extent) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    const auto note = [&extent] { return finish_at_once(extent); };
    sum += co_await hotswap::call(clock, seconds{1}, note);
  }
  co_return sum;
}

task<long> await_tasks_that_fail(int count, stack_extent& extent) {
  const auto fail = [](stack_extent& noted) -> task<int> {
    noted.note();
    throw std::runtime_error("no");
    co_return 0;
  };
  long failures = 0;
  for (int i = 0; i < count; ++i) {
    try {
      static_cast<void>(co_await fail(extent));
    } catch (const std::runtime_error&) {
      ++failures;
    }
  }
  co_return failures;
}

task<long> await_sleeps(virtual_clock& clock, int count, stack_extent& extent) {
  for (int i = 0; i < count; ++i) {
    co_await hotswap::sleep_for(clock, nanoseconds{i % 2});
    extent.note();
  }
  co_return count;
}

task<long> await_groups(int count, stack_extent& extent) {
  long sum = 0;
  for (int i = 0; i < count; ++i) {
    std::vector<task<int>> both;
    both.push_back(finish_at_once(extent));
    both.push_back(finish_at_once(extent));
    const std::vector<int> values = co_await hotswap::when_all(std::move(both));
    sum += values[0] + values[1];
  }
  co_return sum;
}

task<int> depth(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await depth(levels - 1);
  co_return below + 1;
}

task<int> depth_with_a_sleep(virtual_clock& clock, int levels) {
  const counted held;
  int below = 0;
  if (levels == 0) {
    co_await hotswap::sleep_for(clock, seconds{1});
  } else {
    below = co_await depth_with_a_sleep(clock, levels - 1) + 1;
  }
  co_return below;
}

}  // namespace

TEST_CASE("a million awaits of tasks that finish at once run in constant stack",
          "[async][task][stack]") {
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_tasks(million, extent)) == million);

  CHECK(extent.notes() == million);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("a million calls that answer at once run in constant stack", "[async][call][stack]") {
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_values_of_calls(clock, million, extent)) == million);

  CHECK(extent.notes() == million);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("calls of tasks that finish at once run in constant stack", "[async][call][stack]") {
  constexpr int count = 200'000;
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_tasks_of_calls(clock, count, extent)) == count);

  CHECK(extent.notes() == count);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("awaits of tasks that throw at once run in constant stack", "[async][task][stack]") {
  constexpr int count = 50'000;
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_tasks_that_fail(count, extent)) == count);

  CHECK(extent.notes() == count);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("sleeps, of no time too, run in constant stack", "[async][sleep][stack]") {
  constexpr int count = 200'000;
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_sleeps(clock, count, extent)) == count);

  CHECK(extent.notes() == count);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("when_all of tasks that finish at once runs in constant stack",
          "[async][when_all][stack]") {
  constexpr int count = 100'000;
  stack_extent extent;
  virtual_clock clock;

  CHECK(clock.run(await_groups(count, extent)) == 2L * count);

  CHECK(extent.notes() == 2 * count);
  CHECK(extent.bytes() < constant_stack);
}

TEST_CASE("tasks nest 10'000 deep", "[async][task][stack]") {
  on_enough_stack([] {
    virtual_clock clock;
    CHECK(clock.run(depth(10'000)) == 10'000);
  });
}

TEST_CASE("tasks nest 10'000 deep around one that waits", "[async][task][stack]") {
  REQUIRE(counted::alive() == 0);
  on_enough_stack([] {
    virtual_clock clock;
    CHECK(clock.run(depth_with_a_sleep(clock, 10'000)) == 10'000);
  });
  CHECK(counted::alive() == 0);
}

TEST_CASE("a chain of 10'000 suspended tasks is destroyed once each", "[async][task][stack]") {
  on_enough_stack([] {
    REQUIRE(counted::alive() == 0);
    virtual_clock clock;
    hotswap::result<int> end;
    finish finished;
    {
      auto root = hotswap::drive(depth_with_a_sleep(clock, 10'000), end);
      root.start(finished);
      CHECK(counted::alive() == 10'001);
    }
    CHECK(counted::alive() == 0);

    clock.advance(seconds{2});  // nothing of the chain is left that could wake
    CHECK_FALSE(finished.reached());
  });
}
