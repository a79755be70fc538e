#pragma once

/// @file
/// Runs a task from outside of any coroutine: what `run`, `submit` and `when_all` are made of.
///
///     hotswap::result<int> end;
///     auto driver = hotswap::drive(answer(), end);
///     driver.start(on_completion);

#include <hotswap/async/result.hpp>
#include <hotswap/async/task.hpp>

#include <coroutine>
#include <exception>
#include <utility>

namespace hotswap::inline v0_1 {

/// Owns the coroutine that awaits the task, so destroying a driver destroys what it runs.
class driver {
 public:
  /// Is told when the task has ended, on the thread on which it did. May destroy the driver.
  class completion {
   public:
    virtual void completed() noexcept = 0;

   protected:
    ~completion() = default;
  };

  class promise_type {
   public:
    class final_awaiter {
     public:
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> self) const noexcept {
        self.promise().informed_->completed();
      }
      void await_resume() const noexcept {}
    };

    driver get_return_object() noexcept {
      return driver{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    final_awaiter final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // `drive` catches all

   private:
    friend driver;
    completion* informed_ = nullptr;
  };

  driver(driver&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  driver& operator=(driver&&) = delete;
  ~driver() {
    if (self_) self_.destroy();
  }

  /// Once; `informed` outlives the driver.
  void start(completion& informed) {
    self_.promise().informed_ = &informed;
    self_.resume();
  }

 private:
  explicit driver(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}
  std::coroutine_handle<promise_type> self_;
};

/// A driver that awaits `work` and leaves its result in `end`, which outlives it.
template <typename T>
[[nodiscard]] driver drive(task<T> work, result<T>& end) {
  try {
    result<T>& ended = co_await work.outcome();
    end.end_as(ended);
  } catch (...) {
    end.fail(std::current_exception());
  }
}

}  // namespace hotswap::inline v0_1
