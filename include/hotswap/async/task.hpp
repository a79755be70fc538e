#pragma once

/// @file
/// A coroutine that runs when it is awaited, and hands its result to whoever awaits it.
///
///     hotswap::task<int> answer() { co_return 42; }
///     const int value = co_await answer();
///
/// No symmetric transfer: g++ 12 makes it grow the stack in unoptimised and sanitised builds. The
/// child and its parent meet at a flag instead; whoever comes second goes on with the parent. So a
/// loop of awaits that finish at once runs in constant stack, and a task may end on another thread.

#include <hotswap/async/frame_memory.hpp>
#include <hotswap/async/result.hpp>

#include <atomic>
#include <concepts>
#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

template <typename T>
class task;

namespace detail {

class task_promise_base : public frame_memory {
 public:
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      task_promise_base& promise = self.promise();
      const std::coroutine_handle<> parent = promise.parent_;
      // after a first arrival the parent may destroy this frame at any time
      if (promise.parent_waits_or_child_is_done_.exchange(true, std::memory_order_acq_rel)) {
        parent.resume();
      }
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  /// Runs the child; false if it is done already, so that the parent goes on.
  bool run_for(std::coroutine_handle<> parent, std::coroutine_handle<> self) {
    parent_ = parent;
    self.resume();
    // most children are done by now, which a load tells at a tenth of the cost
    return !parent_waits_or_child_is_done_.load(std::memory_order_acquire) &&
           !parent_waits_or_child_is_done_.exchange(true, std::memory_order_acq_rel);
  }

 private:
  std::coroutine_handle<> parent_;
  std::atomic<bool> parent_waits_or_child_is_done_{false};
};

template <typename T>
class task_promise : public task_promise_base {
 public:
  task<T> get_return_object() noexcept;

  template <typename U = T>
    requires std::constructible_from<T, U>
  void return_value(U&& value) {
    end_.succeed(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { end_.fail(std::current_exception()); }

  result<T>& end() noexcept { return end_; }

 private:
  result<T> end_;
};

template <>
class task_promise<void> : public task_promise_base {
 public:
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { end_.fail(std::current_exception()); }
  result<void>& end() noexcept { return end_; }

 private:
  result<void> end_;
};

}  // namespace detail

/// Owns its coroutine. Lazy: nothing happens until it is awaited, or handed to `run` of a clock. Is
/// awaited at most once; the awaiter is resumed on the thread on which the task ended. Destroying a
/// task that is suspended destroys what it awaits.
template <typename T = void>
class [[nodiscard]] task {
  static_assert(!std::is_reference_v<T>, "a task's result is a value: return a pointer instead.");

 public:
  using promise_type = detail::task_promise<T>;

  task(task&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  task& operator=(task&& other) noexcept {
    std::swap(self_, other.self_);
    return *this;
  }
  ~task() {
    if (self_) self_.destroy();
  }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) {
      return self_.promise().run_for(parent, self_);
    }
    [[gnu::always_inline]] T await_resume() { return self_.promise().end().take(); }

   protected:
    std::coroutine_handle<promise_type> self_;
  };

  class outcome_awaiter : public awaiter {
   public:
    using awaiter::awaiter;
    result<T>& await_resume() const noexcept { return this->self_.promise().end(); }
  };

  awaiter operator co_await() const noexcept { return awaiter{self_}; }

  /// Awaited, gives how the task has ended, and throws nothing: for who only hands a failure on,
  /// since each throw on a coroutine's way up costs microseconds. In place of `co_await task`, at
  /// most once. The result is the task's, and lives as long as that.
  outcome_awaiter outcome() const noexcept { return outcome_awaiter{self_}; }

 private:
  friend promise_type;
  explicit task(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}

  std::coroutine_handle<promise_type> self_;
};

template <typename T>
task<T> detail::task_promise<T>::get_return_object() noexcept {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

inline task<void> detail::task_promise<void>::get_return_object() noexcept {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

}  // namespace hotswap::inline v0_1
