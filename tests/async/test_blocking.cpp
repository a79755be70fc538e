// What a pool of threads promises: every job runs once, in order, also while it is being destroyed;
// and what is awaited through it brings its value or its exception back.

#include <hotswap/async/blocking.hpp>
#include <hotswap/async/call.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/async/when_all.hpp>

#include "async/counted.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using hotswap::blocking;
using hotswap::event_loop;
using hotswap::task;
using hotswap::thread_pool;
using std::chrono::hours;

namespace {

class logged_job final : public thread_pool::job {
 public:
  logged_job(std::vector<int>& log, int entry) : log_(log), entry_(entry) {}
  void run() noexcept override { log_.push_back(entry_); }

 private:
  std::vector<int>& log_;
  int entry_;
};

class counting_job final : public thread_pool::job {
 public:
  explicit counting_job(std::atomic<int>& runs) : runs_(runs) {}
  void run() noexcept override { ++runs_; }

 private:
  std::atomic<int>& runs_;
};

class meeting_job final : public thread_pool::job {
 public:
  explicit meeting_job(std::latch& all) : all_(all) {}
  void run() noexcept override { all_.arrive_and_wait(); }

 private:
  std::latch& all_;
};

std::string join(const std::string& a, std::string b) {
  return a + b;
}

std::string refuse(int code) {
  throw std::runtime_error("status " + std::to_string(code));
}

task<std::string> join_in(thread_pool& pool) {
  const std::string first = "the server ";
  co_return co_await blocking(pool, &join, first, "answered");
}

task<std::string> refuse_in(thread_pool& pool) {
  co_return co_await blocking(pool, &refuse, 503);
}

task<int> unique_in(thread_pool& pool) {
  auto argument = std::make_unique<int>(41);
  const auto add_one = [](std::unique_ptr<int> value) { return std::make_unique<int>(*value + 1); };
  const std::unique_ptr<int> sum = co_await blocking(pool, add_one, std::move(argument));
  co_return *sum;
}

task<int> counted_in(thread_pool& pool) {
  const auto value_of = [](const counted& held) { return held.value; };
  co_return co_await blocking(pool, value_of, counted{7});
}

task<std::thread::id> thread_in(thread_pool& pool) {
  std::thread::id ran_on;
  const auto note = [](std::thread::id* where) { *where = std::this_thread::get_id(); };
  co_await blocking(pool, note, &ran_on);
  if (ran_on != std::this_thread::get_id()) throw std::logic_error("went on elsewhere");
  co_return ran_on;
}

task<std::thread::id> thread_after_call(event_loop& loop, thread_pool& pool) {
  const auto member = [&pool] { return thread_in(pool); };
  const std::thread::id ran_on = co_await hotswap::call(loop, hours{1}, member);
  if (ran_on == std::this_thread::get_id()) throw std::logic_error("did not leave the clock");
  co_return std::this_thread::get_id();
}

}  // namespace

TEST_CASE("thread_pool: one thread runs the jobs in the order in which they came, to the last",
          "[async][thread_pool][threads]") {
  std::vector<int> log;
  {
    thread_pool pool{1};
    for (int i = 0; i < 100; ++i) pool.post(std::make_shared<logged_job>(log, i));
  }  // the destructor runs what is queued
  REQUIRE(log.size() == 100);
  for (int i = 0; i < 100; ++i) CHECK(log[static_cast<std::size_t>(i)] == i);
}

TEST_CASE("thread_pool: every job of several threads runs once", "[async][thread_pool][threads]") {
  std::atomic<int> runs{0};
  {
    thread_pool pool{3};
    std::vector<std::thread> posters;
    for (int i = 0; i < 4; ++i) {
      posters.emplace_back([&] {
        for (int n = 0; n < 250; ++n) pool.post(std::make_shared<counting_job>(runs));
      });
    }
    for (std::thread& each : posters) each.join();
  }
  CHECK(runs == 1'000);
}

TEST_CASE("thread_pool: has as many threads as it was told", "[async][thread_pool][threads]") {
  std::latch all{4};  // passes only if four jobs run at the same time
  {
    thread_pool pool{4};
    for (int i = 0; i < 4; ++i) pool.post(std::make_shared<meeting_job>(all));
  }
  CHECK(all.try_wait());
}

TEST_CASE("thread_pool: without a thread is refused", "[async][thread_pool][errors]") {
  CHECK_THROWS_AS(thread_pool{0}, std::invalid_argument);
  CHECK_THROWS_WITH(thread_pool{0}, "thread_pool: threads must be at least 1, got 0");
}

TEST_CASE("blocking: brings back the value or the exception", "[async][blocking][threads]") {
  event_loop loop;
  thread_pool pool{2};

  CHECK(loop.run(join_in(pool)) == "the server answered");
  CHECK(loop.run(unique_in(pool)) == 42);
  CHECK_THROWS_AS(loop.run(refuse_in(pool)), std::runtime_error);
  CHECK_THROWS_WITH(loop.run(refuse_in(pool)), "status 503");
}

TEST_CASE("blocking: frees the function and its arguments once", "[async][blocking][threads]") {
  REQUIRE(counted::alive() == 0);
  {
    event_loop loop;
    thread_pool pool{1};
    CHECK(loop.run(counted_in(pool)) == 7);
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("blocking: inside of a call, only the clock's thread goes on",
          "[async][blocking][call][threads]") {
  event_loop loop;
  thread_pool pool{2};
  for (int round = 0; round < 100; ++round) {
    REQUIRE(loop.run(thread_after_call(loop, pool)) == std::this_thread::get_id());
  }
}

TEST_CASE("blocking: many at once all come back", "[async][blocking][when_all][threads]") {
  event_loop loop;
  thread_pool pool{3};
  std::vector<task<int>> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back(unique_in(pool));

  CHECK(loop.run(hotswap::when_all(std::move(tasks))) == std::vector<int>(200, 42));
}
