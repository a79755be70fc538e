// What the deterministic clock promises: time passes only when nothing else can happen, the same
// way each time, and a task that waits for what cannot come is told so.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/async/when_all.hpp>

#include "async/counted.hpp"
#include "async/finish.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using hotswap::sleep_for;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

namespace {

const char* const no_progress =
    "virtual_clock: nothing can make progress, the task waits for what cannot come";

task<> wait_for(virtual_clock& clock, nanoseconds time) {
  co_await sleep_for(clock, time);
}

task<> log_after(virtual_clock& clock, nanoseconds time, std::vector<std::string>& log,
                 std::string entry) {
  co_await sleep_for(clock, time);
  log.push_back(std::move(entry));
}

/// Wakes at random times, and says each time when and who.
task<> wander(virtual_clock& clock, int who, std::uint64_t seed, std::vector<std::int64_t>& log) {
  std::mt19937_64 random{seed};
  std::uniform_int_distribution<std::int64_t> steps{0, 20};
  for (int i = 0; i < 50; ++i) {
    co_await sleep_for(clock, seconds{steps(random)});
    log.push_back(clock.elapsed().count());
    log.push_back(who);
  }
}

std::vector<std::int64_t> wandering_of_twenty() {
  virtual_clock clock;
  std::vector<std::int64_t> log;
  std::vector<task<>> walkers;
  for (int who = 0; who < 20; ++who) {
    walkers.push_back(wander(clock, who, 20260101U + static_cast<std::uint64_t>(who), log));
  }
  clock.run(hotswap::when_all(std::move(walkers)));
  return log;
}

task<> wait_for_nobody(counted held) {
  const counted local{held.value};
  co_await std::suspend_always{};
}

task<> fail_after(virtual_clock& clock, nanoseconds time) {
  co_await sleep_for(clock, time);
  throw std::runtime_error("failed on Tuesday");
}

task<bool> wait_for_stop(virtual_clock& clock) {
  co_return co_await sleep_for(clock, hours{24}, clock.stop_token());
}

task<> stop_after(virtual_clock& clock, nanoseconds time) {
  co_await sleep_for(clock, time);
  clock.stop();
}

task<bool> be_stopped(virtual_clock& clock, bool& slept_on) {
  std::vector<task<>> both;
  both.push_back(stop_after(clock, seconds{5}));
  both.push_back([](virtual_clock& on, bool& elapsed) -> task<> {
    elapsed = co_await wait_for_stop(on);
  }(clock, slept_on));
  co_await hotswap::when_all(std::move(both));
  co_return slept_on;
}

/// Fires, and leaves a letter.
class sender final : public hotswap::timer {
 public:
  sender(virtual_clock& clock, std::string name, std::vector<std::string>& log)
      : clock_(clock), name_(std::move(name)), log_(log) {}
  ~sender() override { clock_.disarm(*this); }

  void expired() override {
    class note final : public hotswap::letter {
     public:
      note(std::vector<std::string>& log, std::string text) : log_(log), text_(std::move(text)) {}
      void deliver() override { log_.push_back(text_); }

     private:
      std::vector<std::string>& log_;
      std::string text_;
    };
    log_.push_back(name_ + " fires");
    clock_.mail()->post(std::make_shared<note>(log_, name_ + " is read"));
  }

 private:
  virtual_clock& clock_;
  std::string name_;
  std::vector<std::string>& log_;
};

}  // namespace

TEST_CASE("virtual_clock: begins on 2026-01-01, or when it is told to", "[async][virtual_clock]") {
  using namespace std::chrono_literals;
  CHECK(virtual_clock{}.now() == std::chrono::sys_days{2026y / 1 / 1});
  CHECK(virtual_clock{system_clock::time_point{seconds{100}}}.now() ==
        system_clock::time_point{seconds{100}});
  CHECK(virtual_clock{}.elapsed() == seconds{0});
}

TEST_CASE("virtual_clock: a week passes as soon as nothing else is to be done",
          "[async][virtual_clock]") {
  virtual_clock clock;
  const auto begin = clock.now();

  clock.run(wait_for(clock, hours{7 * 24}));

  CHECK(clock.elapsed() == hours{7 * 24});
  CHECK(clock.now() - begin == hours{7 * 24});
}

TEST_CASE("virtual_clock: no time passes for a task that does not wait", "[async][virtual_clock]") {
  virtual_clock clock;
  clock.run([]() -> task<> { co_return; }());
  CHECK(clock.elapsed() == seconds{0});
}

TEST_CASE("virtual_clock: timers fire by their time, those of one time in the order set",
          "[async][virtual_clock]") {
  virtual_clock clock;
  std::vector<std::string> log;
  std::vector<task<>> tasks;
  tasks.push_back(log_after(clock, seconds{2}, log, "2 s, first"));
  tasks.push_back(log_after(clock, seconds{1}, log, "1 s, first"));
  tasks.push_back(log_after(clock, seconds{2}, log, "2 s, second"));
  tasks.push_back(log_after(clock, seconds{0}, log, "now"));
  tasks.push_back(log_after(clock, seconds{1}, log, "1 s, second"));
  clock.run(hotswap::when_all(std::move(tasks)));

  const std::vector<std::string> expected{"now", "1 s, first", "1 s, second", "2 s, first",
                                          "2 s, second"};
  CHECK(log == expected);
}

TEST_CASE("virtual_clock: the letters of one timer are read before the next one fires",
          "[async][virtual_clock]") {
  virtual_clock clock;
  std::vector<std::string> log;
  sender first{clock, "first", log};
  sender second{clock, "second", log};
  clock.arm(first, clock.due_in(seconds{1}));
  clock.arm(second, clock.due_in(seconds{1}));

  clock.advance(seconds{1});

  const std::vector<std::string> expected{"first fires", "first is read", "second fires",
                                          "second is read"};
  CHECK(log == expected);
}

TEST_CASE("virtual_clock: 1000 wake-ups of 20 tasks come the same way twice",
          "[async][virtual_clock]") {
  const std::vector<std::int64_t> once = wandering_of_twenty();
  CHECK(once.size() == 2'000);
  CHECK(once == wandering_of_twenty());
}

TEST_CASE("virtual_clock: a task that waits for what cannot come is destroyed, and run says so",
          "[async][virtual_clock][errors]") {
  REQUIRE(counted::alive() == 0);
  virtual_clock clock;

  CHECK_THROWS_AS(clock.run(wait_for_nobody(counted{1})), std::runtime_error);
  CHECK(counted::alive() == 0);
  CHECK_THROWS_WITH(clock.run(wait_for_nobody(counted{1})), no_progress);
  CHECK(counted::alive() == 0);

  clock.run(wait_for(clock, seconds{1}));  // and the clock is as good as before
  CHECK(clock.elapsed() == seconds{1});
}

TEST_CASE("virtual_clock: run throws what the task throws", "[async][virtual_clock]") {
  virtual_clock clock;
  CHECK_THROWS_WITH(clock.run(fail_after(clock, hours{48})), "failed on Tuesday");
  CHECK(clock.elapsed() == hours{48});
}

TEST_CASE("virtual_clock: advance lets happen what is due by then, and no more",
          "[async][virtual_clock]") {
  virtual_clock clock;
  std::vector<std::string> log;
  hotswap::result<void> end_of_first;
  hotswap::result<void> end_of_second;
  finish first;
  finish second;
  auto one = hotswap::drive(log_after(clock, seconds{10}, log, "10 s"), end_of_first);
  auto two = hotswap::drive(log_after(clock, seconds{11}, log, "11 s"), end_of_second);
  one.start(first);
  two.start(second);

  clock.advance(seconds{9});
  CHECK(log.empty());
  CHECK(clock.elapsed() == seconds{9});

  clock.advance(seconds{1});
  CHECK(log == std::vector<std::string>{"10 s"});
  CHECK(first.reached());
  CHECK_FALSE(second.reached());

  clock.advance(minutes{1});
  CHECK(log == std::vector<std::string>{"10 s", "11 s"});
  CHECK(clock.elapsed() == seconds{70});
}

TEST_CASE("virtual_clock: a jump moves the wall clock, and no timer", "[async][virtual_clock]") {
  virtual_clock clock;
  const auto begin = clock.now();

  clock.jump(hours{1});
  CHECK(clock.now() - begin == hours{1});
  CHECK(clock.elapsed() == seconds{0});

  clock.run(wait_for(clock, seconds{5}));
  CHECK(clock.elapsed() == seconds{5});
  CHECK(clock.now() - begin == hours{1} + seconds{5});

  clock.jump(-hours{2});
  CHECK(clock.now() - begin == seconds{5} - hours{1});
  CHECK(clock.steady_now().time_since_epoch() == seconds{5});
}

TEST_CASE("virtual_clock: stop triggers its token", "[async][virtual_clock]") {
  virtual_clock clock;
  bool slept_on = true;
  CHECK_FALSE(clock.run(be_stopped(clock, slept_on)));
  CHECK(clock.elapsed() == seconds{5});
  CHECK(clock.stop_token().stop_requested());
}

TEST_CASE("virtual_clock: run inside run is refused, and the task does not begin",
          "[async][virtual_clock]") {
  virtual_clock clock;
  bool began = false;
  const auto inner = [](bool& begins) -> task<> {
    begins = true;
    co_return;
  };
  const auto outer = [](virtual_clock& of, task<> within) -> task<> {
    of.run(std::move(within));
    co_return;
  };

  CHECK_THROWS_WITH(clock.run(outer(clock, inner(began))),
                    "virtual_clock: run must not be called while the loop runs");
  CHECK_FALSE(began);
  CHECK_NOTHROW(clock.run(inner(began)));
  CHECK(began);
}

TEST_CASE("virtual_clock: to advance for ever is to the end of time, not around it",
          "[async][virtual_clock]") {
  virtual_clock clock;
  clock.advance(seconds{1});
  clock.advance(nanoseconds::max());
  CHECK(clock.elapsed() == nanoseconds::max());
}

TEST_CASE("clock: due_in ends at the end of all time instead of going around it",
          "[async][clock]") {
  virtual_clock clock;
  clock.advance(seconds{1});
  using steady = hotswap::clock::steady_time_point;

  CHECK(clock.due_in(seconds{2}) == steady{seconds{3}});
  CHECK(clock.due_in(-seconds{2}) == steady{-seconds{1}});
  CHECK(clock.due_in(nanoseconds::max()) == steady::max());
  CHECK(clock.due_in(nanoseconds::max() - seconds{1}) == steady::max());
  CHECK(clock.due_in(nanoseconds::max() - seconds{1} - nanoseconds{1}) ==
        steady::max() - nanoseconds{1});
}
