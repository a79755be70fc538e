// What the real clock promises: one thread runs everything, others reach it by letters only, and
// what it cannot finish ends as a broken promise, not as a hang.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/submit.hpp>
#include <hotswap/async/task.hpp>

#include "async/counted.hpp"
#include "async/gate.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <future>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using hotswap::event_loop;
using hotswap::sleep_for;
using hotswap::task;
using std::chrono::hours;
using std::chrono::milliseconds;

namespace {

task<int> answer(int value) {
  co_return value;
}

task<std::unique_ptr<int>> unique_answer() {
  auto made = std::make_unique<int>(42);
  co_return made;
}

task<> fail() {
  throw std::runtime_error("no such model");
  co_return;
}

task<> nap(event_loop& loop, milliseconds time) {
  co_await sleep_for(loop, time);
}

task<int> set_and_return(bool& started) {
  started = true;
  co_return 1;
}

task<std::string> run_inside(event_loop& loop, bool& started, milliseconds after) {
  if (after > milliseconds{0}) co_await sleep_for(loop, after);
  std::string refusal;
  try {
    static_cast<void>(loop.run(set_and_return(started)));
  } catch (const std::logic_error& e) {
    refusal = e.what();
  }
  co_return refusal;
}

task<std::string> serve_inside(event_loop& loop) {
  std::string refusal;
  try {
    loop.run();
  } catch (const std::logic_error& e) {
    refusal = e.what();
  }
  co_return refusal;
}

task<> pass(gate& closed) {
  const int passed = co_await closed;
  static_cast<void>(passed);
}

task<std::thread::id> thread_of_loop() {
  co_return std::this_thread::get_id();
}

task<bool> sleep_until_stopped(event_loop& loop, std::latch& asleep) {
  asleep.count_down();
  co_return co_await sleep_for(loop, hours{24}, loop.stop_token());
}

task<> hold_forever(counted held, std::latch& suspended) {
  const counted local{held.value};
  suspended.count_down();
  co_await std::suspend_always{};
}

task<> hold_while_asleep(event_loop& loop, counted held, std::latch& suspended) {
  const counted local{held.value};
  suspended.count_down();
  co_await sleep_for(loop, hours{24});
}

task<> append(std::vector<int>& log, int entry) {
  log.push_back(entry);
  co_return;
}

task<> append_after(event_loop& loop, milliseconds time, std::vector<int>& log, int entry) {
  co_await sleep_for(loop, time);
  log.push_back(entry);
}

class postcard final : public hotswap::letter {
 public:
  explicit postcard(std::vector<std::thread::id>& log) : log_(log) {}
  void deliver() override { log_.push_back(std::this_thread::get_id()); }

 private:
  std::vector<std::thread::id>& log_;
};

}  // namespace

TEST_CASE("event_loop: run returns what the task returns, and throws what it throws",
          "[async][event_loop]") {
  event_loop loop;

  CHECK(loop.run(answer(42)) == 42);
  CHECK(*loop.run(unique_answer()) == 42);
  CHECK_THROWS_AS(loop.run(fail()), std::runtime_error);
  CHECK_THROWS_WITH(loop.run(fail()), "no such model");
  CHECK(loop.run(answer(43)) == 43);  // and is as good as before
}

TEST_CASE("event_loop: sleeps at least as long as it was told", "[async][event_loop]") {
  event_loop loop;

  const auto begin = std::chrono::steady_clock::now();
  loop.run(nap(loop, milliseconds{5}));

  CHECK(std::chrono::steady_clock::now() - begin >= milliseconds{5});
}

TEST_CASE("event_loop: now is the wall clock", "[async][event_loop]") {
  const event_loop loop;

  const auto before = std::chrono::system_clock::now();
  const auto now = loop.now();
  const auto after = std::chrono::system_clock::now();

  CHECK(before <= now);
  CHECK(now <= after);
}

TEST_CASE("event_loop: run inside run is refused, and the task does not begin",
          "[async][event_loop][errors]") {
  const char* const refusal = "event_loop: run must not be called while the loop runs";
  event_loop loop;
  bool started = false;

  CHECK(loop.run(run_inside(loop, started, milliseconds{0})) == refusal);
  CHECK(loop.run(run_inside(loop, started, milliseconds{1})) == refusal);
  CHECK(loop.run(serve_inside(loop)) == refusal);
  CHECK_FALSE(started);

  CHECK(loop.run(set_and_return(started)) == 1);
}

TEST_CASE("event_loop: run returns on its own thread although the task ended on another one",
          "[async][event_loop][threads]") {
  for (int round = 0; round < 100; ++round) {
    event_loop loop;
    gate closed;
    std::thread other{[&] { closed.open(); }};
    loop.run(pass(closed));
    other.join();
  }
  SUCCEED("no thread was lost");
}

TEST_CASE("event_loop: what several threads submit all runs, on the loop's thread",
          "[async][event_loop][submit][threads]") {
  event_loop loop;
  std::thread::id loop_thread;
  std::thread server{[&] {
    loop_thread = std::this_thread::get_id();
    loop.run();
  }};

  std::vector<std::vector<std::future<std::thread::id>>> answers(4);
  std::vector<std::thread> clients;
  for (auto& mine : answers) {
    clients.emplace_back([&loop, &mine] {
      for (int i = 0; i < 100; ++i) mine.push_back(loop.submit(thread_of_loop()));
    });
  }
  for (std::thread& each : clients) each.join();
  loop.stop();
  server.join();

  std::size_t on_loop = 0;
  for (auto& each : answers) {
    for (auto& one : each) on_loop += one.get() == loop_thread ? 1U : 0U;
  }
  CHECK(on_loop == 400);
}

TEST_CASE("submit: the future has the value or the exception", "[async][submit][threads]") {
  event_loop loop;
  std::thread server{[&loop] { loop.run(); }};

  CHECK(loop.submit(answer(42)).get() == 42);
  CHECK(*loop.submit(unique_answer()).get() == 42);
  CHECK_THROWS_WITH(loop.submit(fail()).get(), "no such model");
  loop.submit(nap(loop, milliseconds{1})).get();

  loop.stop();
  server.join();
}

TEST_CASE("submit: what is submitted before the loop runs is served once it does",
          "[async][submit]") {
  event_loop loop;
  auto early = loop.submit(answer(1));
  loop.stop();  // and before it was stopped

  loop.run();

  CHECK(early.get() == 1);
}

TEST_CASE("submit: a submitted task may end on another thread", "[async][submit][threads]") {
  event_loop loop;
  std::thread server{[&loop] { loop.run(); }};
  for (int round = 0; round < 100; ++round) {
    gate closed;
    auto passed = loop.submit(pass(closed));
    closed.open();
    passed.get();
  }
  loop.stop();
  server.join();
}

TEST_CASE("event_loop: stop triggers the stop token, and waits for what was submitted",
          "[async][event_loop][threads]") {
  event_loop loop;
  std::latch asleep{1};
  auto elapsed = loop.submit(sleep_until_stopped(loop, asleep));
  std::thread server{[&loop] { loop.run(); }};
  asleep.wait();

  loop.stop();
  server.join();

  CHECK(elapsed.get() == false);
}

TEST_CASE("event_loop: a second stop does not wait, and what was left is a broken promise",
          "[async][event_loop][threads]") {
  REQUIRE(counted::alive() == 0);
  std::future<void> left;
  {
    event_loop loop;
    std::latch suspended{1};
    left = loop.submit(hold_forever(counted{1}, suspended));
    std::thread server{[&loop] { loop.run(); }};
    suspended.wait();

    loop.stop();
    loop.stop();
    server.join();
    CHECK(left.wait_for(milliseconds{0}) == std::future_status::timeout);
  }
  CHECK_THROWS_AS(left.get(), std::future_error);
  CHECK(counted::alive() == 0);
}

TEST_CASE("event_loop: its death breaks the promises of what never ran, and of what still sleeps",
          "[async][event_loop]") {
  REQUIRE(counted::alive() == 0);
  std::future<void> asleep;
  std::future<int> never_ran;
  {
    event_loop loop;
    std::latch suspended{1};
    asleep = loop.submit(hold_while_asleep(loop, counted{1}, suspended));
    loop.run(nap(loop, milliseconds{1}));
    CHECK(suspended.try_wait());
    never_ran = loop.submit(answer(1));
  }
  CHECK_THROWS_AS(asleep.get(), std::future_error);
  CHECK_THROWS_AS(never_ran.get(), std::future_error);
  CHECK(counted::alive() == 0);
}

TEST_CASE("event_loop: spawned tasks run while another one is run to its end",
          "[async][event_loop]") {
  event_loop loop;
  std::vector<int> log;
  loop.spawn(append(log, 1));
  loop.spawn(append_after(loop, milliseconds{1}, log, 2));
  loop.run(append_after(loop, milliseconds{3}, log, 3));
  CHECK(log == std::vector<int>{1, 2, 3});
}

TEST_CASE("mailbox: letters of all threads are delivered once each, on the clock's thread",
          "[async][mailbox][threads]") {
  event_loop loop;
  std::vector<std::thread::id> delivered;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < 250; ++n) {
        loop.mail()->post(std::make_shared<postcard>(delivered));
      }
    });
  }
  for (std::thread& each : writers) each.join();
  loop.stop();
  loop.run();

  CHECK(delivered == std::vector<std::thread::id>(1'000, std::this_thread::get_id()));
}

TEST_CASE("mailbox: refuses letters once its clock is gone, and drops those that were left",
          "[async][mailbox]") {
  std::vector<std::thread::id> delivered;
  const auto left = std::make_shared<postcard>(delivered);
  std::shared_ptr<hotswap::mailbox> mail;
  {
    const event_loop loop;
    mail = loop.mail();
    CHECK(mail->post(left));
    CHECK(left.use_count() == 2);
  }
  CHECK(left.use_count() == 1);
  CHECK_FALSE(mail->post(left));
  CHECK(left.use_count() == 1);
  CHECK(mail->empty());
  mail->wake();  // does nothing, and touches no clock
  CHECK(delivered.empty());
}
