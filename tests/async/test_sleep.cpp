// What sleeping promises: the whole time, unless a token ends it; and no timer or callback is left
// behind by whoever is destroyed asleep.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "async/finish.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <latch>
#include <thread>
#include <utility>

using hotswap::sleep_for;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::hours;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

task<bool> nap(hotswap::clock& on, nanoseconds time, hotswap::stop_token token = {}) {
  co_return co_await sleep_for(on, time, std::move(token));
}

task<bool> nap_until_requested(virtual_clock& clock, hotswap::stop_source& source) {
  // asked for by a timer of its own, 3 s after it fell asleep
  class requester final : public hotswap::timer {
   public:
    requester(virtual_clock& on, hotswap::stop_source& asked) : clock_(on), source_(asked) {
      clock_.arm(*this, clock_.due_in(seconds{3}));
    }
    ~requester() override { clock_.disarm(*this); }
    void expired() override { source_.request_stop(); }

   private:
    virtual_clock& clock_;
    hotswap::stop_source& source_;
  };
  const requester armed{clock, source};
  co_return co_await sleep_for(clock, seconds{10}, source.get_token());
}

task<bool> nap_after_telling(hotswap::clock& on, hotswap::stop_token token, std::latch& asleep) {
  asleep.count_down();
  co_return co_await sleep_for(on, hours{24}, std::move(token));
}

}  // namespace

TEST_CASE("sleep_for: true once the time has passed", "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;

  CHECK(clock.run(nap(clock, seconds{5})));
  CHECK(clock.elapsed() == seconds{5});
  CHECK(clock.run(nap(clock, seconds{5}, source.get_token())));
  CHECK(clock.elapsed() == seconds{10});

  source.request_stop();  // too late: nobody listens any more
  CHECK(clock.mail()->empty());
}

TEST_CASE("sleep_for: false as soon as its token is triggered", "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;

  CHECK_FALSE(clock.run(nap_until_requested(clock, source)));
  CHECK(clock.elapsed() == seconds{3});
}

TEST_CASE("sleep_for: a token that was triggered before costs no time", "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;
  source.request_stop();

  CHECK_FALSE(clock.run(nap(clock, seconds{5}, source.get_token())));
  CHECK(clock.elapsed() == seconds{0});
}

TEST_CASE("sleep_for: a token may be triggered on another thread", "[async][sleep][threads]") {
  for (int round = 0; round < 100; ++round) {
    hotswap::event_loop loop;
    hotswap::stop_source source;
    std::latch asleep{1};
    std::thread other{[&] {
      asleep.wait();
      source.request_stop();
    }};

    REQUIRE_FALSE(loop.run(nap_after_telling(loop, source.get_token(), asleep)));
    other.join();
  }
}

TEST_CASE("sleep_for: no time, or less, is a turn of the clock", "[async][sleep]") {
  virtual_clock clock;
  CHECK(clock.run(nap(clock, seconds{0})));
  CHECK(clock.run(nap(clock, -seconds{5})));
  CHECK(clock.elapsed() == seconds{0});
}

TEST_CASE("sleep_for: the longest time there is means until the token", "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;
  hotswap::result<bool> end;
  finish finished;
  auto root = hotswap::drive(nap(clock, nanoseconds::max(), source.get_token()), end);
  root.start(finished);

  clock.advance(hours{24 * 365 * 100});
  CHECK_FALSE(finished.reached());

  source.request_stop();
  clock.advance(seconds{0});
  REQUIRE(finished.reached());
  CHECK_FALSE(end.take());
}

TEST_CASE("sleep_for: whoever is destroyed asleep leaves no timer and no callback",
          "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;
  hotswap::result<bool> end;
  finish finished;
  {
    auto root = hotswap::drive(nap(clock, seconds{5}, source.get_token()), end);
    root.start(finished);
  }
  clock.advance(seconds{10});
  source.request_stop();
  CHECK(clock.mail()->empty());
  CHECK_FALSE(finished.reached());
}

TEST_CASE("sleep_for: a request whose letter is under way does not wake what is destroyed",
          "[async][sleep]") {
  virtual_clock clock;
  hotswap::stop_source source;
  hotswap::result<bool> end;
  finish finished;
  {
    auto root = hotswap::drive(nap(clock, seconds{5}, source.get_token()), end);
    root.start(finished);
    source.request_stop();
    CHECK_FALSE(clock.mail()->empty());
  }
  clock.advance(seconds{10});
  CHECK_FALSE(finished.reached());
}
