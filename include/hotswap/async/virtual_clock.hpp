#pragma once

/// @file
/// A clock whose time passes when nothing else happens: a week of rollout in a few milliseconds,
/// the same each time.
///
///     hotswap::virtual_clock clock;
///     const auto result = clock.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));

#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/running_mark.hpp>
#include <hotswap/async/task.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace hotswap::inline v0_1 {

/// Deterministic: timers fire in the order of their times, those of one time in the order in which
/// they were set. It does not wait for foreign threads: while one of them works, time jumps to the
/// next deadline.
class virtual_clock final : public clock {
 public:
  /// 2026-01-01T00:00:00Z, unless told otherwise.
  explicit virtual_clock(time_point start = time_point{std::chrono::seconds{1'767'225'600}})
      : clock([](void*) noexcept {}), start_(start) {}
  ~virtual_clock() override { mail()->close(); }

  [[nodiscard]] time_point now() const override {
    return start_ + std::chrono::duration_cast<time_point::duration>(elapsed_ + wall_jump_);
  }
  [[nodiscard]] steady_time_point steady_now() const override {
    return steady_time_point{std::chrono::duration_cast<steady_time_point::duration>(elapsed_)};
  }

  /// Since the start, on the steady clock.
  [[nodiscard]] std::chrono::nanoseconds elapsed() const noexcept { return elapsed_; }

  /// Moves the wall clock, forth or back, as an operator or a time server would; nothing fires.
  void jump(std::chrono::nanoseconds by) noexcept { wall_jump_ += by; }

  /// As a process that is asked to shut down: rollouts leave or roll back, as their journal
  /// demands.
  void stop() { request_stop(); }

  /// Runs `work` until it has ended.
  /// @throws …  what the task throws.
  /// @throws std::logic_error    if it runs already.
  /// @throws std::runtime_error  if it waits for something that cannot come: no timer is set, and
  ///   no letter is under way. The task is destroyed first.
  template <typename T>
  T run(task<T> work) {
    const running_mark mark{running_, "virtual_clock"};
    result<T> end;
    finish_line finished;
    driver root = drive(std::move(work), end);
    root.start(finished);
    while (!finished.crossed()) {
      if (!step()) {
        throw std::runtime_error(
            "virtual_clock: nothing can make progress, the task waits for what cannot come");
      }
    }
    return end.take();
  }

  /// Lets the next thing happen, for a test that looks after each; false if nothing is to come.
  bool step() { return mail()->deliver_all() || fire_next(std::chrono::nanoseconds::max()); }

  /// Lets time pass, and what is due happen, for tasks that other means keep alive.
  void advance(std::chrono::nanoseconds by) {
    const std::chrono::nanoseconds until = due_in(by).time_since_epoch();
    while (mail()->deliver_all() || fire_next(until)) {
    }
    elapsed_ = until;
  }

 private:
  class finish_line final : public driver::completion {
   public:
    void completed() noexcept override { crossed_.store(true, std::memory_order_release); }
    [[nodiscard]] bool crossed() const noexcept { return crossed_.load(std::memory_order_acquire); }

   private:
    std::atomic<bool> crossed_{false};
  };

  /// One timer at a time, so that the letters it posts are delivered before the next.
  bool fire_next(std::chrono::nanoseconds until) {
    if (timers().empty()) return false;
    const steady_time_point due = timers().earliest();
    if (due.time_since_epoch() > until) return false;
    if (due > steady_now()) elapsed_ = due.time_since_epoch();
    return fire_one_due(due);
  }

  time_point start_;
  std::chrono::nanoseconds elapsed_{0};
  std::chrono::nanoseconds wall_jump_{0};
  bool running_ = false;
};

}  // namespace hotswap::inline v0_1
