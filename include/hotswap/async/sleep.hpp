#pragma once

/// @file
/// Waiting for time to pass on a clock.
///
///     co_await hotswap::sleep_for(clock, 5s);
///     const bool elapsed = co_await hotswap::sleep_for(clock, 5s, token);

#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_signal.hpp>
#include <hotswap/async/stop_token.hpp>

#include <chrono>
#include <coroutine>
#include <utility>

namespace hotswap::inline v0_1 {

/// What `sleep_for` returns; await it where it stands.
class [[nodiscard]] sleep_awaiter : private timer, private stop_signal::receiver {
 public:
  sleep_awaiter(clock& on, clock::steady_time_point due, stop_token token)
      : clock_(on), due_(due), token_(std::move(token)) {}
  ~sleep_awaiter() override { clock_.disarm(*this); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    if (due_ != clock::steady_time_point::max()) clock_.arm(*this, due_);
    signal_.open(clock_, std::move(token_), *this);
  }
  /// True if the time has passed, false if the token was triggered first.
  bool await_resume() const noexcept { return elapsed_; }

 private:
  void expired() override {
    elapsed_ = true;
    signal_.close();
    waiter_.resume();
  }

  void stop_requested() override {
    clock_.disarm(*this);
    signal_.close();
    waiter_.resume();
  }

  clock& clock_;
  clock::steady_time_point due_;
  stop_token token_;
  std::coroutine_handle<> waiter_;
  stop_signal signal_;
  bool elapsed_ = false;
};

/// Resumes on the clock's thread when `time` has passed, measured on its steady clock, or sooner if
/// the token is triggered. Is awaited on the clock's thread.
[[nodiscard]] inline sleep_awaiter sleep_for(clock& on, std::chrono::nanoseconds time,
                                             stop_token token = {}) {
  return {on, on.due_in(time), std::move(token)};
}

}  // namespace hotswap::inline v0_1
