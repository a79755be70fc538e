// What a task promises: it is lazy, it hands on values and exceptions as they are, it destroys what
// it holds exactly once, and it may end on any thread.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "async/counted.hpp"
#include "async/finish.hpp"
#include "async/gate.hpp"
#include "support/catch.hpp"

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

using hotswap::task;
using hotswap::virtual_clock;

namespace {

task<int> answer() {
  co_return 42;
}

task<int> set_and_return(bool& started) {
  started = true;
  co_return 1;
}

task<> fail() {
  throw std::runtime_error("the server said no");
  co_return;
}

task<int> fail_instead_of_int() {
  throw std::runtime_error("the server said no");
  co_return 1;
}

task<std::string> what_of_failure() {
  std::string caught;
  try {
    co_await fail();
  } catch (const std::runtime_error& e) {
    caught = e.what();
  }
  co_return caught;
}

task<std::string> what_of_outcome() {
  const task<int> failing = fail_instead_of_int();
  hotswap::result<int>& end = co_await failing.outcome();  // throws nothing yet
  try {
    end.take();
  } catch (const std::runtime_error& e) {
    co_return e.what();
  }
  co_return "";
}

task<std::unique_ptr<int>> make_unique_answer() {
  auto made = std::make_unique<int>(42);
  co_return made;
}

task<std::unique_ptr<int>> forward_unique_answer() {
  auto made = co_await make_unique_answer();
  co_return std::move(made);
}

task<counted> make_counted() {
  co_return counted{7};
}

task<int> value_of_counted() {
  const counted made = co_await make_counted();
  co_return made.value;
}

task<std::string> default_text() {
  co_return {};
}

task<> hold(counted) {
  co_return;
}

task<> wait_forever(counted held) {
  const counted local{held.value};
  co_await std::suspend_always{};
}

task<> wait_for_one_that_waits_forever(counted held) {
  const counted local{held.value};
  co_await wait_forever(counted{1});
}

task<int> through(gate& closed) {
  co_return co_await closed;
}

task<std::thread::id> thread_after(gate& closed) {
  const int passed = co_await through(closed);
  static_cast<void>(passed);
  co_return std::this_thread::get_id();
}

}  // namespace

TEST_CASE("task: does nothing until it is awaited", "[async][task]") {
  bool started = false;
  task<int> lazy = set_and_return(started);
  CHECK_FALSE(started);

  virtual_clock clock;
  CHECK(clock.run(std::move(lazy)) == 1);
  CHECK(started);
}

TEST_CASE("task: hands its value to whoever awaits it", "[async][task]") {
  virtual_clock clock;

  CHECK(clock.run(answer()) == 42);
  CHECK(clock.run(default_text()).empty());
  CHECK(*clock.run(forward_unique_answer()) == 42);
}

TEST_CASE("task: never copies its value", "[async][task]") {
  REQUIRE(counted::alive() == 0);
  const int copies_before = counted::copies();

  virtual_clock clock;
  CHECK(clock.run(value_of_counted()) == 7);
  CHECK(clock.run(make_counted()).value == 7);

  CHECK(counted::copies() == copies_before);
  CHECK(counted::alive() == 0);
}

TEST_CASE("task: throws what its coroutine threw, of the same type and text", "[async][task]") {
  virtual_clock clock;

  CHECK(clock.run(what_of_failure()) == "the server said no");
  CHECK_THROWS_AS(clock.run(fail()), std::runtime_error);
  CHECK_THROWS_WITH(clock.run(fail()), "the server said no");
  CHECK_THROWS_WITH(clock.run(fail_instead_of_int()), "the server said no");
}

TEST_CASE("task: its outcome is a failure that is thrown only once it is taken", "[async][task]") {
  virtual_clock clock;
  CHECK(clock.run(what_of_outcome()) == "the server said no");
}

TEST_CASE("task: one that never ran destroys its arguments once", "[async][task]") {
  REQUIRE(counted::alive() == 0);
  {
    const task<> never_run = hold(counted{1});
    CHECK(counted::alive() == 1);
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("task: destroying a suspended one destroys the chain that it waits for, once",
          "[async][task]") {
  REQUIRE(counted::alive() == 0);
  hotswap::result<void> end;
  finish finished;
  {
    auto root = hotswap::drive(wait_for_one_that_waits_forever(counted{1}), end);
    root.start(finished);
    // two arguments and two locals; an argument's temporary may live until its full expression ends
    CHECK(counted::alive() >= 4);
  }
  CHECK(counted::alive() == 0);
  CHECK_FALSE(finished.reached());
}

TEST_CASE("task: moving one moves the coroutine, and destroys none twice", "[async][task]") {
  static_assert(!std::is_copy_constructible_v<task<>>);
  static_assert(std::is_nothrow_move_constructible_v<task<>>);
  REQUIRE(counted::alive() == 0);
  {
    task<> first = hold(counted{1});
    task<> second = hold(counted{2});
    CHECK(counted::alive() == 2);

    task<> moved = std::move(first);
    moved = std::move(second);
    CHECK(counted::alive() == 2);

    virtual_clock clock;
    clock.run(std::move(moved));
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("task: whoever awaits it goes on upon the thread on which it ended",
          "[async][task][threads]") {
  gate closed;
  hotswap::result<std::thread::id> end;
  finish finished;
  auto root = hotswap::drive(thread_after(closed), end);
  root.start(finished);
  CHECK_FALSE(finished.reached());

  std::thread other{[&] { closed.open(); }};
  const std::thread::id expected = other.get_id();
  other.join();

  REQUIRE(finished.reached());
  CHECK(end.take() == expected);
}

TEST_CASE("task: may end on another thread while its parent is still about to wait for it",
          "[async][task][threads]") {
  // the opener is there first and spins, so that the end races with the parent's suspension
  for (int round = 0; round < 500; ++round) {
    gate closed;
    hotswap::result<std::thread::id> end;
    finish finished;
    std::thread other{[&] {
      while (!closed.reached()) {
      }
      closed.open();
    }};
    auto root = hotswap::drive(thread_after(closed), end);
    root.start(finished);
    finished.wait();
    other.join();
    static_cast<void>(end.take());
  }
}
