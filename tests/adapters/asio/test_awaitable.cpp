#include <hotswap/adapters/asio/as_awaitable.hpp>
#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/adapters/asio/awaitable.hpp>
#include <hotswap/async/awaitable_bridge.hpp>
#include <hotswap/async/call.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/resolves_to.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/error.hpp>

#include "async/finish.hpp"
#include "support/catch.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;

namespace {

/// As a platform's member would: an asio wait, then the answer.
template <typename T>
awaitable<T> after(std::chrono::milliseconds time, T value) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, time};
  co_await timer.async_wait(use_awaitable);
  co_return value;
}

awaitable<int> at_once(int value) {
  co_return value;
}

awaitable<void> fail_after(std::chrono::milliseconds time) {
  co_await after(time, 0);
  throw std::runtime_error("the proxy refused");
}

/// Runs a task that may call asio coroutines, to its end.
template <typename T>
T run(boost::asio::io_context& io, hotswap::asio_clock& clock, hotswap::task<T> work) {
  hotswap::result<T> end;
  boost::asio::co_spawn(
      io,
      [](hotswap::asio_clock& on, hotswap::task<T> awaited,
         hotswap::result<T>& kept) -> awaitable<void> {
        try {
          if constexpr (std::is_void_v<T>) {
            co_await hotswap::as_awaitable(on, std::move(awaited));
          } else {
            T value = co_await hotswap::as_awaitable(on, std::move(awaited));
            kept.succeed(std::move(value));
          }
        } catch (...) {
          kept.fail(std::current_exception());
        }
      }(clock, std::move(work), end),
      boost::asio::detached);
  io.run();
  io.restart();
  return end.take();
}

template <typename Foreign>
using bridge = hotswap::awaitable_bridge<Foreign>;

template <typename T>
hotswap::task<T> bridged(awaitable<T> foreign, hotswap::clock& on, hotswap::stop_token stop = {}) {
  auto pending = bridge<awaitable<T>>::adapt(std::move(foreign), on, std::move(stop));
  co_return co_await pending;
}

/// Neither default constructible nor copyable.
class parcel {
 public:
  explicit parcel(int weight) : weight_(std::make_unique<int>(weight)) {}
  [[nodiscard]] int weight() const { return *weight_; }

 private:
  std::unique_ptr<int> weight_;
};

awaitable<parcel> send_parcel(int weight) {
  co_await after(1ms, 0);
  co_return parcel{weight};
}

/// What an exception of the expected type says.
template <typename Expected, typename Function>
std::string refusal(Function function) {
  try {
    function();
  } catch (const Expected& refused) {
    return refused.what();
  }
  return "nothing was thrown";
}

using strict_awaitable = awaitable<int, boost::asio::io_context::executor_type>;

}  // namespace

static_assert(hotswap::resolves_to<awaitable<void>, void>);
static_assert(hotswap::resolves_to<awaitable<int>, int>);
static_assert(hotswap::resolves_to<awaitable<std::string>, std::string>);
static_assert(!hotswap::resolves_to<awaitable<std::string>, int>);
static_assert(!hotswap::resolves_to<awaitable<bool>, void>);
static_assert(!hotswap::bridged<strict_awaitable>);  // it could not run on the clock's strand

TEST_CASE("asio awaitable: a call resolves to its value", "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};

  CHECK(run(io, clock, bridged(after<std::string>(1ms, "up"), clock)) == "up");
  CHECK(run(io, clock, bridged(at_once(42), clock)) == 42);
  CHECK(run(io, clock, bridged(send_parcel(7), clock)).weight() == 7);
}

TEST_CASE("asio awaitable: a call through the door ends before its deadline",
          "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto asking = [](hotswap::clock& on) -> hotswap::task<int> {
    const int value = co_await hotswap::call(on, 1h, [] { return after(1ms, 42); });
    co_await hotswap::call(on, 1h, [] { return after(1ms, 42); });
    co_return value;
  };

  const auto start = clock.steady_now();
  CHECK(run(io, clock, asking(clock)) == 42);
  CHECK(clock.steady_now() < start + 1min);  // no timer of an hour keeps run from returning
}

TEST_CASE("asio awaitable: what it throws arrives whole", "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};

  CHECK(refusal<std::runtime_error>([&] { run(io, clock, bridged(fail_after(0ms), clock)); }) ==
        "the proxy refused");
}

TEST_CASE("asio awaitable: another clock is refused before the first step",
          "[adapters][asio][awaitable]") {
  bool started = false;
  const auto member = [&started]() -> awaitable<void> {
    started = true;
    co_return;
  };
  hotswap::event_loop loop;
  hotswap::virtual_clock virtual_time;

  CHECK(refusal<hotswap::config_error>([&] { loop.run(bridged(member(), loop)); }) ==
        "boost::asio::awaitable: clock must be an asio_clock, got another kind");
  CHECK(refusal<hotswap::config_error>([&] {
          virtual_time.run(bridged(member(), virtual_time));
        }) == "boost::asio::awaitable: clock must be an asio_clock, got another kind");
  CHECK_FALSE(started);
}

TEST_CASE("asio awaitable: it runs on the clock's strand, whichever thread drives it",
          "[adapters][asio][awaitable]") {
  constexpr int rollouts = 4;
  constexpr int calls = 50;
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  int visits = 0;  // not atomic: only the strand touches it
  const auto member = [&visits]() -> awaitable<void> {
    ++visits;
    co_await after(0ms, 0);
    ++visits;
  };
  const auto rollout = [&](hotswap::clock& on) -> hotswap::task<> {
    for (int i = 0; i < calls; ++i) {
      co_await hotswap::call(on, 1h, [&] { return member(); });
      ++visits;
    }
  };

  for (int i = 0; i < rollouts; ++i) {
    boost::asio::co_spawn(io, hotswap::as_awaitable(clock, rollout(clock)), boost::asio::detached);
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { io.run(); });
  }

  CHECK(visits == rollouts * calls * 3);
}

TEST_CASE("asio awaitable: a call that is late is counted until it ends, and its answer is dropped",
          "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto counted = std::make_shared<hotswap::outstanding_calls>();
  boost::asio::steady_timer latch{io, 1h};
  bool ended = false;
  const auto member = [&]() -> awaitable<int> {
    boost::system::error_code ignored;
    co_await latch.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
    ended = true;
    co_return 42;
  };
  const auto asking = [&](hotswap::clock& on) -> hotswap::task<std::string> {
    hotswap::call_options options;
    options.counters[0] = counted;
    try {
      co_await hotswap::call(on, 1ms, member, std::move(options));
    } catch (const hotswap::deadline_exceeded& late) {
      CHECK(counted->count() == 1);
      CHECK_FALSE(ended);
      latch.cancel();  // now it may end
      co_return late.what();
    }
    co_return "it was not late";
  };

  CHECK(run(io, clock, asking(clock)) == "the call did not end before its deadline");
  CHECK(ended);
  CHECK(counted->count() == 0);
}

TEST_CASE("asio awaitable: a call that nobody waits for any more is cancelled",
          "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto counted = std::make_shared<hotswap::outstanding_calls>();
  const auto member = [] { return after(1h, 42); };
  const auto asking = [&](hotswap::clock& on) -> hotswap::task<std::string> {
    hotswap::call_options options;
    options.counters[0] = counted;
    try {
      co_await hotswap::call(on, 1ms, member, std::move(options));
    } catch (const hotswap::deadline_exceeded& late) {
      co_return late.what();
    }
    co_return "it was not late";
  };

  CHECK(run(io, clock, asking(clock)) == "the call did not end before its deadline");
  CHECK(counted->count() == 0);  // or this line would be an hour away
}

TEST_CASE("asio awaitable: a stop request cancels what the coroutine awaits",
          "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::stop_source stop;

  SECTION("made while it waits, on another thread") {
    std::jthread requester{[&] {
      std::this_thread::sleep_for(2ms);
      stop.request_stop();
    }};
    CHECK_THROWS_AS(run(io, clock, bridged(after(1h, 42), clock, stop.get_token())),
                    boost::system::system_error);
  }
  SECTION("made before it began") {
    stop.request_stop();
    CHECK_THROWS_AS(run(io, clock, bridged(after(1h, 42), clock, stop.get_token())),
                    boost::system::system_error);
  }
  SECTION("made after it has ended: too late") {
    CHECK(run(io, clock, bridged(after(0ms, 42), clock, stop.get_token())) == 42);
    stop.request_stop();
  }
}

TEST_CASE("asio awaitable: a waiter that is destroyed cancels it and is not resumed",
          "[adapters][asio][awaitable]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::result<int> end;
  finish line;
  auto driver = std::make_optional(hotswap::drive(bridged(after(1h, 42), clock), end));

  driver->start(line);
  io.poll();
  io.restart();
  driver.reset();
  io.run();  // returns long before the hour is over

  CHECK_FALSE(line.reached());
}

TEST_CASE("asio awaitable: a call whose context is destroyed first fails, and is not leaked",
          "[adapters][asio][awaitable]") {
  hotswap::result<int> end;
  finish line;
  std::optional<hotswap::driver> driver;
  {
    boost::asio::io_context io;
    hotswap::asio_clock clock{io.get_executor()};
    driver.emplace(hotswap::drive(bridged(after(1h, 42), clock), end));
    driver->start(line);
    io.poll();
    CHECK_FALSE(line.reached());
  }

  REQUIRE(line.reached());
  CHECK(refusal<hotswap::error>([&] { end.take(); }) ==
        "boost::asio::awaitable: must end before its execution context, and did not");
}

TEST_CASE("asio awaitable: a call that is under way when all is destroyed frees what it holds",
          "[adapters][asio][awaitable]") {
  const auto held = std::make_shared<int>(42);
  {
    boost::asio::io_context io;
    hotswap::asio_clock clock{io.get_executor()};
    const auto asking = [](hotswap::clock& on, std::shared_ptr<int> kept) -> hotswap::task<> {
      const auto member = [kept] { return after(1h, *kept); };
      co_await hotswap::call(on, 1h, member);
    };
    boost::asio::co_spawn(io, hotswap::as_awaitable(clock, asking(clock, held)),
                          boost::asio::detached);
    io.poll();
    CHECK(held.use_count() > 1);
  }

  CHECK(held.use_count() == 1);
}
