#pragma once

/// @file
/// A user's own awaiter, as another library would write it: whoever opens the gate, on whatever
/// thread, goes on with the coroutine that waits at it.

#include <atomic>
#include <coroutine>

/// For one coroutine. Outlives the coroutine's wait.
class gate {
 public:
  gate() = default;
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_.store(waiter.address());
    waiter_.notify_one();
  }
  int await_resume() const noexcept { return 42; }

  [[nodiscard]] bool reached() const noexcept { return waiter_.load() != nullptr; }

  /// Waits until the coroutine has come, and resumes it on this thread.
  void open() {
    waiter_.wait(nullptr);
    std::coroutine_handle<>::from_address(waiter_.exchange(nullptr)).resume();
  }

 private:
  std::atomic<void*> waiter_{nullptr};
};
