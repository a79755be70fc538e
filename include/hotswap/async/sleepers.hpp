#pragma once

/// @file
/// Sleeps that somebody on the clock's thread can end.
///
///     hotswap::sleepers naps{clock};
///     co_await naps.sleep_for(10s);   // or until naps.wake_all()

#include <hotswap/async/clock.hpp>
#include <hotswap/async/timer.hpp>

#include <chrono>
#include <coroutine>
#include <vector>

namespace hotswap::inline v0_1 {

/// For who need not be told of a stop from another thread: no token, and no letter. Belongs to the
/// clock's thread; outlives those who sleep.
class sleepers {
 public:
  explicit sleepers(clock& on) noexcept : clock_(on) {}
  sleepers(const sleepers&) = delete;
  sleepers& operator=(const sleepers&) = delete;

  /// What `sleep_for` returns; await it where it stands.
  class [[nodiscard]] awaiter final : private timer {
   public:
    awaiter(sleepers& among, clock::steady_time_point due) noexcept : among_(among), due_(due) {}
    ~awaiter() override { leave(); }

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      among_.asleep_.push_back(this);
      if (due_ != clock::steady_time_point::max()) among_.clock_.arm(*this, due_);
    }
    void await_resume() const noexcept {}

   private:
    friend sleepers;
    void wake() {
      among_.clock_.disarm(*this);
      among_.clock_.arm(*this, among_.clock_.steady_now());
    }
    void expired() override {
      leave();
      waiter_.resume();
    }
    void leave() noexcept {
      among_.clock_.disarm(*this);
      std::erase(among_.asleep_, this);
    }

    sleepers& among_;
    clock::steady_time_point due_;
    std::coroutine_handle<> waiter_;
  };

  /// Resumes when `time` has passed, measured on the steady clock, or sooner if woken.
  [[nodiscard]] awaiter sleep_for(std::chrono::nanoseconds time) {
    return {*this, clock_.due_in(time)};
  }

  /// Those who sleep now go on as if their time had passed: each in a turn of the clock, not inside
  /// of whoever wakes them.
  void wake_all() {
    for (awaiter* const each : asleep_) each->wake();
  }

 private:
  clock& clock_;
  std::vector<awaiter*> asleep_;  ///< mostly one
};

}  // namespace hotswap::inline v0_1
