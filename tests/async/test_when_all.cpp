// What when_all promises: all tasks run side by side, it ends with the last, and its values and
// failures come in the order of the tasks.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/async/when_all.hpp>

#include "async/counted.hpp"
#include "async/finish.hpp"
#include "async/gate.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <coroutine>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using hotswap::sleep_for;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::seconds;

namespace {

task<std::string> text_after(virtual_clock& clock, seconds time, std::string text) {
  co_await sleep_for(clock, time);
  co_return text;
}

task<std::unique_ptr<int>> unique_now(int value) {
  auto made = std::make_unique<int>(value);
  co_return made;
}

task<bool> truth(bool value) {
  co_return value;
}

task<> log_after(virtual_clock& clock, seconds time, std::vector<int>& log, int entry) {
  co_await sleep_for(clock, time);
  log.push_back(entry);
}

task<> fail_after(virtual_clock& clock, seconds time, std::string why) {
  co_await sleep_for(clock, time);
  throw std::runtime_error(why);
}

task<int> fail_now(std::string why) {
  throw std::runtime_error(why);
  co_return 0;
}

task<int> hold_forever(counted held) {
  const counted local{held.value};
  co_await std::suspend_always{};
  co_return local.value;
}

task<int> pass(gate& closed) {
  co_return co_await closed;
}

}  // namespace

TEST_CASE("when_all: the tasks wait side by side, and their values keep their order",
          "[async][when_all]") {
  virtual_clock clock;
  std::vector<task<std::string>> tasks;
  tasks.push_back(text_after(clock, seconds{3}, "first"));
  tasks.push_back(text_after(clock, seconds{1}, "second"));
  tasks.push_back(text_after(clock, seconds{0}, "third"));

  const std::vector<std::string> expected{"first", "second", "third"};
  CHECK(clock.run(hotswap::when_all(std::move(tasks))) == expected);
  CHECK(clock.elapsed() == seconds{3});
}

TEST_CASE("when_all: of no tasks ends at once", "[async][when_all]") {
  virtual_clock clock;
  CHECK(clock.run(hotswap::when_all(std::vector<task<int>>{})).empty());
  clock.run(hotswap::when_all(std::vector<task<>>{}));
  CHECK(clock.elapsed() == seconds{0});
}

TEST_CASE("when_all: takes values that only move, and bools", "[async][when_all]") {
  virtual_clock clock;
  std::vector<task<std::unique_ptr<int>>> unique;
  unique.push_back(unique_now(1));
  unique.push_back(unique_now(2));
  const auto values = clock.run(hotswap::when_all(std::move(unique)));
  REQUIRE(values.size() == 2);
  CHECK(*values[0] == 1);
  CHECK(*values[1] == 2);

  std::vector<task<bool>> truths;
  truths.push_back(truth(true));
  truths.push_back(truth(false));
  const std::vector<bool> expected{true, false};
  CHECK(clock.run(hotswap::when_all(std::move(truths))) == expected);
}

TEST_CASE("when_all: waits for all although some fail, and throws what the first in order threw",
          "[async][when_all]") {
  virtual_clock clock;
  std::vector<int> log;
  std::vector<task<>> tasks;
  tasks.push_back(log_after(clock, seconds{1}, log, 1));
  tasks.push_back(fail_after(clock, seconds{2}, "the second task"));
  tasks.push_back(fail_after(clock, seconds{1}, "the third task, although it failed sooner"));
  tasks.push_back(log_after(clock, seconds{5}, log, 4));

  CHECK_THROWS_WITH(clock.run(hotswap::when_all(std::move(tasks))), "the second task");
  CHECK(log == std::vector<int>{1, 4});
  CHECK(clock.elapsed() == seconds{5});
}

TEST_CASE("when_all: a task that fails at once does not keep the others from running",
          "[async][when_all]") {
  virtual_clock clock;
  std::vector<task<int>> tasks;
  tasks.push_back(fail_now("at once"));
  tasks.push_back(fail_now("later in order"));
  CHECK_THROWS_WITH(clock.run(hotswap::when_all(std::move(tasks))), "at once");
}

TEST_CASE("when_all: destroying it destroys the tasks that it runs, once", "[async][when_all]") {
  REQUIRE(counted::alive() == 0);
  {
    std::vector<task<int>> tasks;
    tasks.push_back(hold_forever(counted{1}));
    tasks.push_back(hold_forever(counted{2}));
    hotswap::result<std::vector<int>> end;
    finish finished;
    auto root = hotswap::drive(hotswap::when_all(std::move(tasks)), end);
    root.start(finished);
    CHECK(counted::alive() == 4);
    CHECK_FALSE(finished.reached());
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("when_all: its tasks may end on several threads at once", "[async][when_all][threads]") {
  for (int round = 0; round < 100; ++round) {
    std::deque<gate> gates(4);
    std::vector<task<int>> tasks;
    for (gate& each : gates) tasks.push_back(pass(each));
    hotswap::result<std::vector<int>> end;
    finish finished;
    std::vector<std::thread> openers;
    for (gate& each : gates) openers.emplace_back([&each] { each.open(); });

    auto root = hotswap::drive(hotswap::when_all(std::move(tasks)), end);
    root.start(finished);
    finished.wait();
    for (std::thread& each : openers) each.join();

    REQUIRE(end.take() == std::vector<int>{42, 42, 42, 42});
  }
}
