// What the one door to user code promises: whatever comes out of it comes on the clock's thread and
// in time, and what comes late is dropped, counted and freed.

#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "async/counted.hpp"
#include "async/finish.hpp"
#include "async/gate.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

using hotswap::call;
using hotswap::call_options;
using hotswap::event_loop;
using hotswap::outstanding_calls;
using hotswap::sleep_for;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

/// A user's platform: plain members, tasks, an awaiter of its own.
class platform {
 public:
  explicit platform(hotswap::clock& on) : clock_(on) {}

  int value() const { return 42; }
  const std::string& reference() const { return name_; }
  std::unique_ptr<int> unique() const { return std::make_unique<int>(42); }
  void nothing() { ++calls; }
  int fail() const { throw std::runtime_error("no such model"); }

  task<int> later(nanoseconds time) {
    const counted held;
    co_await sleep_for(clock_, time);
    ++calls;
    co_return 42;
  }
  task<> nothing_later(nanoseconds time) {
    co_await sleep_for(clock_, time);
    ++calls;
  }
  task<int> fail_later(nanoseconds time) {
    co_await sleep_for(clock_, time);
    throw std::runtime_error("lost the connection");
    co_return 0;
  }
  /// Ends when it is asked to.
  task<bool> until_stopped(hotswap::stop_token stop) {
    const bool elapsed = co_await sleep_for(clock_, hours{1}, std::move(stop));
    ++calls;
    co_return elapsed;
  }

  int calls = 0;

 private:
  hotswap::clock& clock_;
  std::string name_ = "a name that is too long to be stored within the string itself";
};

template <typename Function>
auto through_door(hotswap::clock& clock, nanoseconds limit, Function function,
                  call_options options = {})
    -> task<typename hotswap::detail::resolved<hotswap::detail::answer_t<Function>>::type> {
  co_return co_await call(clock, limit, std::move(function), std::move(options));
}

call_options counted_by(std::shared_ptr<outstanding_calls> first,
                        std::shared_ptr<outstanding_calls> second = nullptr) {
  call_options options;
  options.counters = {std::move(first), std::move(second)};
  return options;
}

/// Holds a `counted` in the function, as a call's arguments are held.
template <typename Function>
class holding {
 public:
  explicit holding(Function function) : function_(std::move(function)) {}
  auto operator()() -> std::invoke_result_t<Function&> { return function_(); }

 private:
  Function function_;
  counted held_;
};

class request_stop_after final : public hotswap::timer {
 public:
  request_stop_after(hotswap::clock& on, nanoseconds time, hotswap::stop_source& source)
      : clock_(on), source_(source) {
    clock_.arm(*this, clock_.due_in(time));
  }
  ~request_stop_after() override { clock_.disarm(*this); }
  void expired() override { source_.request_stop(); }

 private:
  hotswap::clock& clock_;
  hotswap::stop_source& source_;
};

task<std::thread::id> thread_after_gate(hotswap::clock& clock, gate& closed) {
  const auto wait = [&closed]() -> gate& { return closed; };
  const int passed = co_await call(clock, hours{1}, wait);
  if (passed != 42) throw std::logic_error("another value than the gate's");
  co_return std::this_thread::get_id();
}

task<> give_up_before_gate(event_loop& loop, gate& closed,
                           const std::shared_ptr<outstanding_calls>& calls, std::latch& late) {
  const auto wait = [&closed]() -> gate& { return closed; };
  bool exceeded = false;
  try {
    static_cast<void>(co_await call(loop, milliseconds{1}, wait, counted_by(calls)));
  } catch (const hotswap::deadline_exceeded&) {
    exceeded = true;
  }
  if (!exceeded || calls->count() != 1) throw std::logic_error("the call must be out still");
  late.count_down();
  while (calls->count() > 0) co_await sleep_for(loop, milliseconds{1});
}

}  // namespace

TEST_CASE("call: resolves values, references, tasks and awaiters to values", "[async][call]") {
  virtual_clock clock;
  platform user{clock};

  CHECK(clock.run(through_door(clock, seconds{1}, [&] { return user.value(); })) == 42);
  CHECK(clock.run(through_door(clock, seconds{1}, [&]() -> const std::string& {
    return user.reference();
  })) == user.reference());
  CHECK(*clock.run(through_door(clock, seconds{1}, [&] { return user.unique(); })) == 42);
  CHECK(clock.run(through_door(clock, seconds{9}, [&] { return user.later(seconds{3}); })) == 42);
  CHECK(clock.elapsed() == seconds{3});

  clock.run(through_door(clock, seconds{1}, [&] { user.nothing(); }));
  clock.run(through_door(clock, seconds{9}, [&] { return user.nothing_later(seconds{3}); }));
  CHECK(user.calls == 3);
  CHECK(clock.elapsed() == seconds{6});
}

TEST_CASE("call: awaits an awaiter where it is, though it can be neither copied nor moved",
          "[async][call]") {
  virtual_clock clock;
  static_assert(!std::is_move_constructible_v<hotswap::sleep_awaiter>);
  const auto by_value = [&clock] { return sleep_for(clock, seconds{3}); };
  CHECK(clock.run(through_door(clock, seconds{9}, by_value)));
  CHECK(clock.elapsed() == seconds{3});

  gate closed;
  static_assert(!std::is_move_constructible_v<gate>);
  const auto by_reference = [&closed]() -> gate& { return closed; };
  hotswap::result<int> end;
  finish finished;
  auto root = hotswap::drive(through_door(clock, seconds{9}, by_reference), end);
  root.start(finished);
  closed.open();
  clock.advance(seconds{0});
  REQUIRE(finished.reached());
  CHECK(end.take() == 42);
}

TEST_CASE("call: a function that ends at once costs no turn of the clock", "[async][call]") {
  virtual_clock clock;
  platform user{clock};
  hotswap::result<int> end;
  finish finished;
  auto root = hotswap::drive(through_door(clock, seconds{1}, [&] { return user.value(); }), end);

  root.start(finished);

  CHECK(finished.reached());
  CHECK(end.take() == 42);
}

TEST_CASE("call: is lazy, and one that is never awaited calls nothing", "[async][call]") {
  virtual_clock clock;
  platform user{clock};
  REQUIRE(counted::alive() == 0);
  {
    const auto never_awaited = call(clock, seconds{1}, holding{[&user] { user.nothing(); }});
    CHECK(counted::alive() == 1);
  }
  CHECK(user.calls == 0);
  CHECK(counted::alive() == 0);
}

TEST_CASE("call: throws what the function throws, sooner or later", "[async][call]") {
  virtual_clock clock;
  platform user{clock};

  CHECK_THROWS_WITH(clock.run(through_door(clock, seconds{1}, [&] { return user.fail(); })),
                    "no such model");
  CHECK_THROWS_WITH(
      clock.run(through_door(clock, seconds{9}, [&] { return user.fail_later(seconds{3}); })),
      "lost the connection");
}

TEST_CASE("call: what ended on another thread goes on upon the clock's thread",
          "[async][call][threads]") {
  for (int round = 0; round < 100; ++round) {
    event_loop loop;
    gate closed;
    std::thread other{[&] { closed.open(); }};

    REQUIRE(loop.run(thread_after_gate(loop, closed)) == std::this_thread::get_id());
    other.join();
  }
}

TEST_CASE("call: ends at its deadline with an error, and the late end is dropped, counted, freed",
          "[async][call][deadline]") {
  REQUIRE(counted::alive() == 0);
  virtual_clock clock;
  platform user{clock};
  const auto all = std::make_shared<outstanding_calls>();
  const auto routers = std::make_shared<outstanding_calls>();
  const auto late = [&] { return user.later(seconds{30}); };

  CHECK_THROWS_AS(
      clock.run(through_door(clock, seconds{5}, holding{late}, counted_by(all, routers))),
      hotswap::deadline_exceeded);
  CHECK(clock.elapsed() == seconds{5});
  CHECK(all->count() == 1);
  CHECK(routers->count() == 1);
  CHECK(counted::alive() == 2);  // the function and the coroutine: their owner will resume them

  clock.advance(seconds{24});
  CHECK(all->count() == 1);
  clock.advance(seconds{1});
  CHECK(user.calls == 1);  // it did happen
  CHECK(all->count() == 0);
  CHECK(routers->count() == 0);
  CHECK(counted::alive() == 0);
}

TEST_CASE("call: its errors say what happened", "[async][call][errors]") {
  virtual_clock clock;
  platform user{clock};
  hotswap::stop_source source;
  source.request_stop();
  const auto late = [&] { return user.later(seconds{30}); };

  CHECK_THROWS_WITH(clock.run(through_door(clock, seconds{5}, late)),
                    "the call did not end before its deadline");
  CHECK_THROWS_WITH(
      clock.run(through_door(clock, seconds{5}, late, call_options{source.get_token()})),
      "the call was cancelled");
  clock.advance(seconds{30});
}

TEST_CASE("call: a failure that comes late is dropped too", "[async][call][deadline]") {
  virtual_clock clock;
  platform user{clock};
  const auto calls = std::make_shared<outstanding_calls>();
  const auto late = [&] { return user.fail_later(seconds{30}); };

  CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, late, counted_by(calls))),
                  hotswap::deadline_exceeded);
  clock.advance(seconds{30});
  CHECK(calls->count() == 0);
}

TEST_CASE("call: one that ends on another thread after its deadline is counted until then",
          "[async][call][deadline][threads]") {
  for (int round = 0; round < 20; ++round) {
    event_loop loop;
    gate closed;
    std::latch late{1};
    const auto calls = std::make_shared<outstanding_calls>();
    std::thread other{[&] {
      late.wait();
      closed.open();
    }};

    loop.run(give_up_before_gate(loop, closed, calls, late));
    other.join();
    CHECK(calls->count() == 0);
  }
}

TEST_CASE("call: a late end after the clock's death leaks nothing", "[async][call][deadline]") {
  REQUIRE(counted::alive() == 0);
  gate closed;
  const auto calls = std::make_shared<outstanding_calls>();
  const auto wait = [&closed]() -> gate& { return closed; };
  {
    virtual_clock clock;
    CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, holding{wait}, counted_by(calls))),
                    hotswap::deadline_exceeded);
  }
  CHECK(counted::alive() == 1);
  CHECK(calls.use_count() == 2);

  closed.open();

  CHECK(counted::alive() == 0);
  CHECK(calls.use_count() == 1);
}

TEST_CASE("call: a late end on another thread may race with the clock's death",
          "[async][call][deadline][threads]") {
  REQUIRE(counted::alive() == 0);
  for (int round = 0; round < 100; ++round) {
    gate closed;
    std::thread other;
    const auto wait = [&closed]() -> gate& { return closed; };
    {
      virtual_clock clock;
      CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, holding{wait})),
                      hotswap::deadline_exceeded);
      other = std::thread{[&] { closed.open(); }};
    }
    other.join();
  }
  CHECK(counted::alive() == 0);
}

TEST_CASE("call: a letter that its clock never read does not keep anything alive",
          "[async][call][deadline]") {
  REQUIRE(counted::alive() == 0);
  gate closed;
  const auto calls = std::make_shared<outstanding_calls>();
  const auto wait = [&closed]() -> gate& { return closed; };
  {
    virtual_clock clock;
    CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, holding{wait}, counted_by(calls))),
                    hotswap::deadline_exceeded);
    closed.open();
    CHECK_FALSE(clock.mail()->empty());
    CHECK(calls->count() == 1);
  }
  CHECK(counted::alive() == 0);
  CHECK(calls.use_count() == 1);
}

TEST_CASE("call: the function's token is triggered at the deadline", "[async][call][stop]") {
  virtual_clock clock;
  platform user{clock};
  const auto calls = std::make_shared<outstanding_calls>();
  const auto stoppable = [&](hotswap::stop_token stop) {
    return user.until_stopped(std::move(stop));
  };

  CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, stoppable, counted_by(calls))),
                  hotswap::deadline_exceeded);
  CHECK(user.calls == 0);
  clock.advance(seconds{0});
  CHECK(user.calls == 1);
  CHECK(calls->count() == 0);
}

TEST_CASE("call: the function's token is triggered when the caller is destroyed",
          "[async][call][stop]") {
  virtual_clock clock;
  platform user{clock};
  const auto calls = std::make_shared<outstanding_calls>();
  const auto stoppable = [&](hotswap::stop_token stop) {
    return user.until_stopped(std::move(stop));
  };
  hotswap::result<bool> end;
  finish finished;
  {
    auto root = hotswap::drive(through_door(clock, seconds{5}, stoppable, counted_by(calls)), end);
    root.start(finished);
    CHECK(calls->count() == 1);
  }
  clock.advance(seconds{0});
  CHECK(user.calls == 1);
  CHECK(calls->count() == 0);
  CHECK_FALSE(finished.reached());
}

TEST_CASE("call: the function's token is not triggered while somebody waits, nor afterwards",
          "[async][call][stop]") {
  virtual_clock clock;
  platform user{clock};
  hotswap::stop_token kept;
  const auto keep = [&](hotswap::stop_token stop) {
    kept = std::move(stop);
    return user.later(seconds{1});
  };

  CHECK(clock.run(through_door(clock, seconds{5}, keep)) == 42);

  CHECK_FALSE(kept.stop_requested());
}

TEST_CASE("call: is given up when its caller's token is triggered", "[async][call][stop]") {
  virtual_clock clock;
  platform user{clock};
  hotswap::stop_source source;
  const auto calls = std::make_shared<outstanding_calls>();
  call_options options = counted_by(calls);
  options.cancel = source.get_token();
  const request_stop_after armed{clock, seconds{2}, source};
  const auto stoppable = [&](hotswap::stop_token stop) {
    return user.until_stopped(std::move(stop));
  };

  CHECK_THROWS_AS(clock.run(through_door(clock, seconds{5}, stoppable, options)),
                  hotswap::call_cancelled);
  CHECK(clock.elapsed() == seconds{2});
  clock.advance(seconds{0});
  CHECK(user.calls == 1);
  CHECK(calls->count() == 0);
}

TEST_CASE("call: with a token that was triggered before, calls nothing", "[async][call][stop]") {
  REQUIRE(counted::alive() == 0);
  virtual_clock clock;
  platform user{clock};
  hotswap::stop_source source;
  source.request_stop();
  const auto calls = std::make_shared<outstanding_calls>();
  call_options options = counted_by(calls);
  options.cancel = source.get_token();

  CHECK_THROWS_AS(
      clock.run(through_door(clock, seconds{5}, holding{[&user] { user.nothing(); }}, options)),
      hotswap::call_cancelled);
  CHECK(user.calls == 0);
  CHECK(calls->count() == 0);
  CHECK(counted::alive() == 0);
}

TEST_CASE("call: may be given up by another thread", "[async][call][stop][threads]") {
  for (int round = 0; round < 100; ++round) {
    event_loop loop;
    platform user{loop};
    hotswap::stop_source source;
    std::latch called{1};
    std::thread other{[&] {
      called.wait();
      source.request_stop();
    }};
    const auto stoppable = [&](hotswap::stop_token stop) {
      called.count_down();
      return user.until_stopped(std::move(stop));
    };

    REQUIRE_THROWS_AS(
        loop.run(through_door(loop, hours{1}, stoppable, call_options{source.get_token()})),
        hotswap::call_cancelled);
    other.join();
    loop.stop();
    loop.run();
    REQUIRE(user.calls == 1);
  }
}

TEST_CASE("call: its end, its deadline and a stop request at one time are one outcome",
          "[async][call][deadline]") {
  virtual_clock clock;
  platform user{clock};
  hotswap::stop_source source;
  const request_stop_after armed{clock, seconds{5}, source};
  const auto same_time = [&] { return user.later(seconds{5}); };

  // the request's letter is read before the next timer fires
  CHECK_THROWS_AS(
      clock.run(through_door(clock, seconds{5}, same_time, call_options{source.get_token()})),
      hotswap::call_cancelled);
  clock.advance(seconds{1});

  // the sleep was set before the deadline, and its letter is read in between
  CHECK(clock.run(through_door(clock, seconds{5}, same_time)) == 42);
}

TEST_CASE("call: a deadline of zero still takes what ends at once", "[async][call][deadline]") {
  virtual_clock clock;
  platform user{clock};
  const auto later = [&] { return user.later(nanoseconds{1}); };

  CHECK(clock.run(through_door(clock, seconds{0}, [&] { return user.value(); })) == 42);
  CHECK_THROWS_AS(clock.run(through_door(clock, seconds{0}, later)), hotswap::deadline_exceeded);
  CHECK_THROWS_AS(clock.run(through_door(clock, -seconds{1}, later)), hotswap::deadline_exceeded);
  CHECK(clock.elapsed() == seconds{0});
  clock.advance(seconds{1});
}

TEST_CASE("call: the longest limit there is means no deadline", "[async][call][deadline]") {
  virtual_clock clock;
  platform user{clock};
  const auto century = [&] { return user.later(hours{24 * 365 * 100}); };
  gate closed;
  const auto wait = [&closed]() -> gate& { return closed; };

  CHECK(clock.run(through_door(clock, nanoseconds::max(), century)) == 42);
  CHECK_THROWS_WITH(
      clock.run(through_door(clock, nanoseconds::max(), wait)),
      "virtual_clock: nothing can make progress, the task waits for what cannot come");
  closed.open();  // its owner resumes it, and it is freed
}

TEST_CASE("call: owns the function, which may be gone before its task ends", "[async][call]") {
  REQUIRE(counted::alive() == 0);
  virtual_clock clock;
  platform user{clock};
  {
    std::optional<task<int>> made;
    {
      auto name = std::make_shared<std::string>("an argument that only the function owns");
      auto owner = [&user, name] { return user.later(seconds{static_cast<int>(name->size())}); };
      made.emplace(through_door(clock, hours{1}, std::move(owner)));
    }
    CHECK(clock.run(std::move(*made)) == 42);
  }
  CHECK(clock.elapsed() == seconds{39});
  CHECK(counted::alive() == 0);
}
