// What counts as awaitable, what a platform's member may give back, and how another library's
// coroutine type joins in.

#include <hotswap/async/awaitable.hpp>
#include <hotswap/async/awaitable_bridge.hpp>
#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/resolves_to.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "async/gate.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <concepts>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

using hotswap::await_result_t;
using hotswap::awaitable;
using hotswap::resolves_to;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::seconds;

namespace user {

/// With a member `operator co_await`, on rvalues only.
struct ticket {
  std::suspend_never operator co_await() && noexcept { return {}; }
};

/// With a free `operator co_await`.
struct parcel {};
class parcel_awaiter {
 public:
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  std::string await_resume() const { return "delivered"; }
};
inline parcel_awaiter operator co_await(parcel) noexcept {
  return {};
}

/// Only its own library's coroutines can await it: the handle must be of their promise.
struct own_promise {};
struct locked_in {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<own_promise>) const noexcept {}
  int await_resume() const noexcept { return 1; }
};

/// A future of another library, which has a bridge.
template <typename T>
class future {
 public:
  explicit future(T value) : value_(std::make_unique<T>(std::move(value))) {}
  std::unique_ptr<T> take() { return std::move(value_); }

 private:
  std::unique_ptr<T> value_;
};

/// One that no clock can drive.
struct homeless_future {};

}  // namespace user

template <typename T>
struct hotswap::awaitable_bridge<user::future<T>> {
  using result_type = T;
  static task<T> adapt(user::future<T> foreign, clock& on) {
    co_await sleep_for(on, seconds{3});
    const std::unique_ptr<T> value = foreign.take();
    co_return *value;
  }
};

template <>
struct hotswap::awaitable_bridge<user::homeless_future> {
  using result_type = void;
  static task<> adapt(user::homeless_future, clock&) {
    throw std::logic_error("homeless_future: must run on the clock of its own library");
  }
};

// --- awaitable

static_assert(awaitable<task<>>);
static_assert(awaitable<task<std::unique_ptr<int>>>);
static_assert(awaitable<gate&>);
static_assert(awaitable<std::suspend_always>);
static_assert(awaitable<user::ticket>);
static_assert(!awaitable<user::ticket&>, "its operator co_await is for rvalues");
static_assert(awaitable<user::parcel>);
static_assert(!awaitable<int>);
static_assert(!awaitable<void>);
static_assert(!awaitable<std::string&>);
static_assert(!awaitable<user::locked_in>);
static_assert(!awaitable<user::future<int>>);

static_assert(std::same_as<await_result_t<task<int>>, int>);
static_assert(std::same_as<await_result_t<task<>>, void>);
static_assert(std::same_as<await_result_t<gate&>, int>);
static_assert(std::same_as<await_result_t<user::ticket>, void>);
static_assert(std::same_as<await_result_t<user::parcel>, std::string>);

// --- bridged

static_assert(hotswap::bridged<user::future<int>>);
static_assert(hotswap::bridged<user::homeless_future>);
static_assert(!hotswap::bridged<user::locked_in>);
static_assert(!hotswap::bridged<int>);
static_assert(!hotswap::bridged<task<int>>);

// --- resolves_to

static_assert(resolves_to<void, void>);
static_assert(resolves_to<task<>, void>);
static_assert(resolves_to<std::suspend_always, void>);
static_assert(resolves_to<user::homeless_future, void>);
static_assert(resolves_to<bool, bool>);
static_assert(resolves_to<const bool&, bool>);
static_assert(resolves_to<task<bool>, bool>);
static_assert(resolves_to<gate&, int>);
static_assert(resolves_to<gate&, long>, "what it is awaited for may convert");
static_assert(resolves_to<user::parcel, std::string>);
static_assert(resolves_to<user::future<int>, int>);
static_assert(resolves_to<user::future<int>, double>, "what is bridged may convert");

static_assert(!resolves_to<bool, void>, "a dropped `false` would be a dropped failure");
static_assert(!resolves_to<task<bool>, void>);
static_assert(!resolves_to<user::future<bool>, void>);
static_assert(!resolves_to<void, bool>);
static_assert(!resolves_to<task<>, bool>);
static_assert(!resolves_to<std::string, bool>);
static_assert(!resolves_to<task<task<bool>>, bool>, "awaited once, not until it fits");
static_assert(!resolves_to<user::locked_in, int>);

namespace {

task<std::string> text_of(user::parcel sent) {
  co_return co_await sent;
}

template <typename Answer>
task<int> bridged_answer(virtual_clock& clock, Answer& answer) {
  const auto ask = [&answer] { return std::move(answer); };
  co_return co_await hotswap::call(clock, seconds{5}, ask);
}

task<> bridged_nothing(virtual_clock& clock) {
  const auto ask = [] { return user::homeless_future{}; };
  co_await hotswap::call(clock, seconds{5}, ask);
}

}  // namespace

TEST_CASE("awaitable: a type with a free operator co_await is awaited by our tasks",
          "[async][awaitable]") {
  virtual_clock clock;
  CHECK(clock.run(text_of(user::parcel{})) == "delivered");
}

TEST_CASE("awaitable_bridge: another library's future is awaited, on the clock of the call",
          "[async][bridge]") {
  virtual_clock clock;
  user::future<int> foreign{7};

  CHECK(clock.run(bridged_answer(clock, foreign)) == 7);
  CHECK(clock.elapsed() == seconds{3});
}

TEST_CASE("awaitable_bridge: what its adapt throws is what the call throws", "[async][bridge]") {
  virtual_clock clock;
  CHECK_THROWS_AS(clock.run(bridged_nothing(clock)), std::logic_error);
  CHECK_THROWS_WITH(clock.run(bridged_nothing(clock)),
                    "homeless_future: must run on the clock of its own library");
}
