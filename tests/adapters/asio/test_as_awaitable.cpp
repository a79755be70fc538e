#include <hotswap/adapters/asio/as_awaitable.hpp>
#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>

#include "async/gate.hpp"
#include "support/catch.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::detached;

namespace {

hotswap::task<std::string> sleep_and_say(hotswap::clock& on, std::string word) {
  co_await hotswap::sleep_for(on, 1ms);
  co_return word;
}

hotswap::task<> sleep_and_fail(hotswap::clock& on) {
  co_await hotswap::sleep_for(on, 1ms);
  throw std::runtime_error("the task failed");
}

hotswap::task<int> answer() {
  co_return 42;
}

/// Notes the thread on which it is destroyed.
class witness {
 public:
  explicit witness(std::thread::id& destroyed_on) : destroyed_on_(&destroyed_on) {}
  witness(witness&& other) noexcept : destroyed_on_(std::exchange(other.destroyed_on_, nullptr)) {}
  witness& operator=(witness&&) = delete;
  ~witness() {
    if (destroyed_on_ != nullptr) *destroyed_on_ = std::this_thread::get_id();
  }

 private:
  std::thread::id* destroyed_on_;
};

hotswap::task<int> come_back_elsewhere(gate& waited_at, witness) {
  co_return co_await waited_at;
}

awaitable<void> say(hotswap::asio_clock& clock, std::string word, std::string& said) {
  said = co_await hotswap::as_awaitable(clock, sleep_and_say(clock, std::move(word)));
}

}  // namespace

TEST_CASE("as_awaitable: an asio coroutine awaits a task's value",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::string said;

  boost::asio::co_spawn(io, say(clock, "done", said), detached);
  io.run();

  CHECK(said == "done");
}

TEST_CASE("as_awaitable: a task's exception is thrown in the asio coroutine",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::string failure;
  const auto waiter = [&]() -> awaitable<void> {
    try {
      co_await hotswap::as_awaitable(clock, sleep_and_fail(clock));
    } catch (const std::runtime_error& caught) {
      failure = caught.what();
    }
  };

  boost::asio::co_spawn(io, waiter(), detached);
  io.run();

  CHECK(failure == "the task failed");
}

TEST_CASE("as_awaitable: a handler of co_spawn gets the exception, too",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::exception_ptr failure;

  boost::asio::co_spawn(io, hotswap::as_awaitable(clock, sleep_and_fail(clock)),
                        [&](std::exception_ptr thrown) { failure = std::move(thrown); });
  io.run();

  REQUIRE(failure);
  CHECK_THROWS_AS(std::rethrow_exception(failure), std::runtime_error);
}

TEST_CASE("as_awaitable: without a clock a task runs from where it is awaited",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  int value = 0;
  std::string said;
  const auto waiter = [&]() -> awaitable<void> {
    value = co_await hotswap::as_awaitable(answer());
    said = co_await hotswap::as_awaitable(sleep_and_say(clock, "done"));
  };

  boost::asio::co_spawn(clock.get_executor(), waiter(), detached);
  io.run();

  CHECK(value == 42);
  CHECK(said == "done");
}

TEST_CASE("as_awaitable: the task runs on the clock's thread, its waiter on its own",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context rollouts;
  boost::asio::io_context requests;
  auto busy = std::make_optional(boost::asio::make_work_guard(rollouts));
  hotswap::asio_clock clock{rollouts.get_executor()};
  std::thread::id began;
  std::thread::id ended;
  std::thread::id resumed;
  const auto work = [&]() -> hotswap::task<> {
    began = std::this_thread::get_id();
    co_await hotswap::sleep_for(clock, 1ms);
    ended = std::this_thread::get_id();
  };
  const auto waiter = [&]() -> awaitable<void> {
    co_await hotswap::as_awaitable(clock, work());
    resumed = std::this_thread::get_id();
  };

  boost::asio::co_spawn(requests, waiter(), detached);
  std::jthread of_clock{[&] { rollouts.run(); }};
  const std::thread::id clock_thread = of_clock.get_id();
  requests.run();
  busy.reset();
  of_clock.join();

  CHECK(began == clock_thread);
  CHECK(ended == clock_thread);
  CHECK(resumed == std::this_thread::get_id());
}

TEST_CASE("as_awaitable: a task that ends on a foreign thread is destroyed on the clock's",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  gate waited_at;
  int value = 0;
  std::thread::id destroyed;
  std::thread::id resumed;
  const auto waiter = [&]() -> awaitable<void> {
    value =
        co_await hotswap::as_awaitable(clock, come_back_elsewhere(waited_at, witness{destroyed}));
    resumed = std::this_thread::get_id();
  };

  boost::asio::co_spawn(io, waiter(), detached);
  std::jthread opener{[&] { waited_at.open(); }};
  io.run();

  CHECK(value == 42);
  CHECK(destroyed == std::this_thread::get_id());
  CHECK(resumed == std::this_thread::get_id());
}

TEST_CASE("as_awaitable: a task that waits for a foreign thread keeps both contexts from stopping",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context rollouts;
  boost::asio::io_context requests;
  hotswap::asio_clock clock{rollouts.get_executor()};
  gate waited_at;
  int value = 0;
  std::thread::id destroyed;
  const auto waiter = [&]() -> awaitable<void> {
    value =
        co_await hotswap::as_awaitable(clock, come_back_elsewhere(waited_at, witness{destroyed}));
  };

  boost::asio::co_spawn(requests, waiter(), detached);
  requests.poll();
  rollouts.poll();
  REQUIRE(waited_at.reached());
  REQUIRE_FALSE(requests.stopped());
  REQUIRE_FALSE(rollouts.stopped());
  std::jthread{[&] { waited_at.open(); }}.join();
  rollouts.run();
  requests.run();

  CHECK(value == 42);
}

TEST_CASE("as_awaitable: the coroutine that awaits the last task may own the clock",
          "[adapters][asio][as_awaitable]") {
  boost::asio::io_context io;
  std::string said;
  const auto waiter = [&said]() -> awaitable<void> {
    hotswap::asio_clock clock{co_await boost::asio::this_coro::executor};
    said = co_await hotswap::as_awaitable(clock, sleep_and_say(clock, "done"));
  };

  boost::asio::co_spawn(io, waiter(), detached);
  io.run();

  CHECK(said == "done");
}

TEST_CASE("as_awaitable: a clock that is destroyed takes its tasks and their waiters along",
          "[adapters][asio][as_awaitable]") {
  const auto held = std::make_shared<int>(42);
  bool resumed = false;
  const auto work = [](hotswap::clock& on, std::shared_ptr<int> kept) -> hotswap::task<int> {
    co_await hotswap::sleep_for(on, 1h);
    co_return *kept;
  };
  const auto waiter = [&](hotswap::asio_clock& on, std::shared_ptr<int> kept) -> awaitable<void> {
    co_await hotswap::as_awaitable(on, work(on, kept));
    resumed = true;
  };
  boost::asio::io_context io;
  auto clock = std::make_unique<hotswap::asio_clock>(io.get_executor());

  SECTION("tasks that wait") {
    boost::asio::co_spawn(io, waiter(*clock, held), detached);
    boost::asio::co_spawn(io, waiter(*clock, held), detached);
    io.poll();
    io.restart();
  }
  SECTION("tasks that have not begun") {
    boost::asio::co_spawn(io, waiter(*clock, held), detached);
    io.poll_one();
    io.restart();
  }
  CHECK(held.use_count() > 1);
  clock.reset();
  io.run();

  CHECK(held.use_count() == 1);
  CHECK_FALSE(resumed);
}

TEST_CASE("as_awaitable: tasks of many waiters run on one clock, on many threads",
          "[adapters][asio][as_awaitable]") {
  constexpr int waiters = 100;
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  int steps = 0;  // not atomic: only the strand touches it
  const auto work = [&]() -> hotswap::task<int> {
    ++steps;
    co_await hotswap::sleep_for(clock, 1ms);
    co_return ++steps;
  };
  const auto waiter = [&]() -> awaitable<void> {
    const int value = co_await hotswap::as_awaitable(clock, work());
    if (value < 1) throw std::logic_error("the value was lost");
  };

  for (int i = 0; i < waiters; ++i) {
    boost::asio::co_spawn(io, waiter(), [&](std::exception_ptr thrown) {
      if (thrown) std::terminate();
    });
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { io.run(); });
  }

  CHECK(steps == 2 * waiters);
}
