#pragma once

/// @file
/// One at a time: coroutines of one clock's thread take turns.
///
///     co_await writing.take();
///     …                          // what throws in here is caught
///     writing.release();

#include <coroutine>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// First come, first served. Belongs to the clock's thread, and outlives who waits for it.
///
/// The turn is given back by a call and not by a destructor: a coroutine that is destroyed in its
/// turn, with all others of its rollout, must not let the next of them go on.
class turn {
 public:
  turn() = default;
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;

  class [[nodiscard]] taker {
   public:
    explicit taker(turn& of) noexcept : of_(of) {}
    taker(const taker&) = delete;
    taker& operator=(const taker&) = delete;
    ~taker() {  // of a coroutine that is destroyed while it waits
      if (waiter_) std::erase(of_.waiting_, this);
    }

    bool await_ready() const noexcept { return !of_.taken_; }
    void await_suspend(std::coroutine_handle<> waiter) {
      waiter_ = waiter;
      of_.waiting_.push_back(this);
    }
    void await_resume() noexcept { of_.taken_ = true; }

   private:
    friend turn;
    turn& of_;
    std::coroutine_handle<> waiter_;
  };

  /// Await it where it stands.
  [[nodiscard]] taker take() noexcept { return taker{*this}; }

  /// Resumes whoever comes next, within this call.
  void release() {
    if (waiting_.empty()) {
      taken_ = false;
      return;
    }
    taker* const next = waiting_.front();
    waiting_.erase(waiting_.begin());
    std::exchange(next->waiter_, {}).resume();
  }

 private:
  bool taken_ = false;
  std::vector<taker*> waiting_;
};

}  // namespace hotswap::inline v0_1
