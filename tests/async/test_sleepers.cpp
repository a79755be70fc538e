// What sleepers promise: the whole time, unless they are woken; each goes on in a turn of its own;
// and whoever is destroyed asleep leaves no timer behind.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleepers.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "async/finish.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>

using hotswap::sleepers;
using hotswap::task;
using hotswap::virtual_clock;
using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

task<nanoseconds> nap(virtual_clock& clock, sleepers& naps, nanoseconds time) {
  const nanoseconds from = clock.elapsed();
  co_await naps.sleep_for(time);
  co_return clock.elapsed() - from;
}

task<void> nap_and_note(sleepers& naps, nanoseconds time, char name, std::string& woken) {
  co_await naps.sleep_for(time);
  woken += name;
}

}  // namespace

TEST_CASE("sleepers: sleep as long as they said, if nobody wakes them", "[async][sleep]") {
  virtual_clock clock;
  sleepers naps{clock};
  naps.wake_all();  // nobody sleeps yet: it wakes nobody who will
  CHECK(clock.run(nap(clock, naps, seconds{10})) == seconds{10});
}

TEST_CASE("sleepers: are woken all at once, in the order in which they fell asleep",
          "[async][sleep]") {
  virtual_clock clock;
  sleepers naps{clock};
  std::string woken;
  finish ended_a, ended_b;
  hotswap::result<void> end_a, end_b;
  auto a = hotswap::drive(nap_and_note(naps, nanoseconds::max(), 'a', woken), end_a);
  auto b = hotswap::drive(nap_and_note(naps, seconds{10}, 'b', woken), end_b);
  a.start(ended_a);
  b.start(ended_b);
  clock.advance(seconds{3});
  CHECK(woken.empty());

  naps.wake_all();
  CHECK(woken.empty());  // not inside of whoever wakes them
  clock.advance(nanoseconds{0});
  CHECK(woken == "ab");
  CHECK(clock.elapsed() == seconds{3});
  CHECK_FALSE(clock.step());  // the rest of b's time is not waited for
}

TEST_CASE("sleepers: whoever is destroyed asleep is not woken", "[async][sleep]") {
  virtual_clock clock;
  sleepers naps{clock};
  std::string woken;
  finish ended;
  {
    hotswap::result<void> end;
    auto root = hotswap::drive(nap_and_note(naps, seconds{10}, 'a', woken), end);
    root.start(ended);
  }
  naps.wake_all();
  CHECK_FALSE(clock.step());
  CHECK(woken.empty());
}
