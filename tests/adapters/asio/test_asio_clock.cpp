#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include "support/catch.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Writes its name down when its time has come.
class bell final : public hotswap::timer {
 public:
  bell(std::vector<int>& rung, int name) : rung_(rung), name_(name) {}
  void expired() override { rung_.push_back(name_); }

 private:
  std::vector<int>& rung_;
  int name_;
};

/// Counts its deliveries, and notices those that overlap with another one.
class tally final : public hotswap::letter {
 public:
  void deliver() override {
    if (busy_.exchange(true)) overlapped = true;
    ++delivered;  // not atomic: one thread after the other
    const auto until = std::chrono::steady_clock::now() + 20us;  // so that others may come
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    busy_.store(false);
  }

  int delivered = 0;
  std::atomic<bool> overlapped{false};

 private:
  std::atomic<bool> busy_{false};
};

}  // namespace

TEST_CASE("asio_clock: timers expire in the order of their times, equal ones as they were armed",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> rung;
  bell third{rung, 3};
  bell first{rung, 1};
  bell second{rung, 2};
  bell past{rung, 0};

  const auto start = clock.steady_now();
  clock.arm(third, start + 2ms);
  clock.arm(first, start + 1ms);
  clock.arm(second, start + 1ms);
  clock.arm(past, start - 1h);
  io.run();

  CHECK(rung == std::vector<int>{0, 1, 2, 3});
  CHECK(clock.steady_now() >= start + 2ms);
}

TEST_CASE("asio_clock: its time is the system's", "[adapters][asio][clock]") {
  boost::asio::io_context io;
  const hotswap::asio_clock clock{io.get_executor()};

  const auto wall = std::chrono::system_clock::now();
  const auto steady = std::chrono::steady_clock::now();

  CHECK(clock.now() >= wall);
  CHECK(clock.now() < wall + 1h);
  CHECK(clock.steady_now() >= steady);
  CHECK(clock.steady_now() < steady + 1h);
}

TEST_CASE("asio_clock: a timer that is no longer armed does not keep run from returning",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> rung;
  bell deadline{rung, 1};

  clock.arm(deadline, clock.steady_now() + 1h);
  boost::asio::post(io, [&] { clock.disarm(deadline); });
  const auto start = clock.steady_now();
  io.run();

  CHECK(rung.empty());
  CHECK(clock.steady_now() < start + 1min);
}

TEST_CASE("asio_clock: when the earliest timer is disarmed the next one still expires",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> rung;
  bell early{rung, 1};
  bell late{rung, 2};

  clock.arm(late, clock.steady_now() + 2ms);
  clock.arm(early, clock.steady_now() + 1ms);
  clock.disarm(early);
  io.run();

  CHECK(rung == std::vector<int>{2});
}

TEST_CASE("asio_clock: a timer may arm another one, for an earlier time than those that wait",
          "[adapters][asio][clock]") {
  class chain final : public hotswap::timer {
   public:
    chain(hotswap::clock& on, hotswap::timer& next) : on_(on), next_(next) {}
    void expired() override { on_.arm(next_, on_.steady_now()); }

   private:
    hotswap::clock& on_;
    hotswap::timer& next_;
  };
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> rung;
  bell next{rung, 1};
  bell last{rung, 2};
  chain first{clock, next};

  clock.arm(last, clock.steady_now() + 20ms);
  clock.arm(first, clock.steady_now() + 1ms);
  io.run();

  CHECK(rung == std::vector<int>{1, 2});
}

TEST_CASE("asio_clock: run may be called again for what is armed later",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> rung;
  bell one{rung, 1};
  bell two{rung, 2};

  clock.arm(one, clock.steady_now());
  io.run();
  io.restart();
  clock.arm(two, clock.steady_now());
  io.run();

  CHECK(rung == std::vector<int>{1, 2});
}

TEST_CASE("asio_clock: letters of other threads arrive, each once and one at a time",
          "[adapters][asio][clock]") {
  constexpr int posters = 3;
  constexpr int runners = 3;
  constexpr int letters = 200;
  boost::asio::io_context io;
  auto busy = std::make_optional(boost::asio::make_work_guard(io));
  hotswap::asio_clock clock{io.get_executor()};
  const auto counted = std::make_shared<tally>();

  std::vector<std::jthread> running;
  for (int i = 0; i < runners; ++i) running.emplace_back([&] { io.run(); });
  std::vector<std::jthread> posting;
  for (int i = 0; i < posters; ++i) {
    posting.emplace_back([&] {
      for (int n = 0; n < letters; ++n) clock.mail()->post(counted);
    });
  }
  posting.clear();
  busy.reset();
  running.clear();

  CHECK(counted->delivered == posters * letters);
  CHECK_FALSE(counted->overlapped);
}

TEST_CASE("asio_clock: a letter that is under way keeps run from returning",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto counted = std::make_shared<tally>();

  clock.mail()->post(counted);
  io.run();

  CHECK(counted->delivered == 1);
}

TEST_CASE("asio_clock: a letter posted while letters are delivered arrives in the next turn",
          "[adapters][asio][clock]") {
  class again final : public hotswap::letter {
   public:
    again(hotswap::clock& on, std::shared_ptr<hotswap::letter> next)
        : on_(on), next_(std::move(next)) {}
    void deliver() override { on_.mail()->post(next_); }

   private:
    hotswap::clock& on_;
    std::shared_ptr<hotswap::letter> next_;
  };
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto counted = std::make_shared<tally>();

  clock.mail()->post(std::make_shared<again>(clock, counted));
  io.run();

  CHECK(counted->delivered == 1);
}

TEST_CASE("asio_clock: stop triggers its token, also from another thread",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  const auto token = clock.stop_token();
  CHECK_FALSE(token.stop_requested());

  std::jthread{[&] { clock.stop(); }}.join();

  CHECK(token.stop_requested());
}

TEST_CASE("asio_clock: one that is destroyed early leaves nothing behind that refers to it",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  auto clock = std::make_unique<hotswap::asio_clock>(io.get_executor());
  const auto mail = clock->mail();
  const auto counted = std::make_shared<tally>();
  std::vector<int> rung;
  bell waiting{rung, 1};
  bell due{rung, 2};
  clock->arm(waiting, clock->steady_now() + 1h);
  clock->arm(due, clock->steady_now() - 1h);
  mail->post(counted);
  bool entered = false;
  clock->enter([&](hotswap::asio_clock&) { entered = true; });

  clock.reset();
  const bool posted_late = mail->post(counted);
  const std::size_t handlers = io.run();

  CHECK_FALSE(posted_late);
  CHECK(handlers > 0);  // they were queued, and found the clock gone
  CHECK(counted->delivered == 0);
  CHECK(rung.empty());
  CHECK_FALSE(entered);
}

TEST_CASE("asio_clock: it may be destroyed after its context has stopped in mid-work",
          "[adapters][asio][clock]") {
  std::vector<int> rung;
  bell waiting{rung, 1};
  const auto counted = std::make_shared<tally>();
  {
    boost::asio::io_context io;
    hotswap::asio_clock clock{io.get_executor()};
    clock.arm(waiting, clock.steady_now() + 1h);
    io.poll();
    clock.mail()->post(counted);
    io.stop();
  }

  CHECK(rung.empty());
  CHECK(counted->delivered == 0);
}

TEST_CASE("asio_clock: enter calls the function on the clock's thread, at once if this is it",
          "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  std::vector<int> order;

  clock.enter([&](hotswap::asio_clock& entered) {
    CHECK(&entered == &clock);
    clock.enter([&](hotswap::asio_clock&) { order.push_back(1); });
    order.push_back(2);
  });
  CHECK(order.empty());
  io.run();

  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("asio_clock: of tells it from other clocks", "[adapters][asio][clock]") {
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::event_loop loop;
  hotswap::virtual_clock virtual_time;

  CHECK(hotswap::asio_clock::of(clock) == &clock);
  CHECK(hotswap::asio_clock::of(loop) == nullptr);
  CHECK(hotswap::asio_clock::of(virtual_time) == nullptr);
}
