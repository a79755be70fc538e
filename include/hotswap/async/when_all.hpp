#pragma once

/// @file
/// Runs tasks side by side, and goes on when the last one has ended.
///
///     std::vector<hotswap::task<>> updates = …;
///     co_await hotswap::when_all(std::move(updates));

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/task.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <type_traits>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// Resumes its waiter after the last of its drivers, on the thread where that one ended.
class all_ended final : private driver::completion {
 public:
  explicit all_ended(std::vector<driver>& drivers) noexcept : drivers_(drivers) {}
  all_ended(const all_ended&) = delete;
  all_ended& operator=(const all_ended&) = delete;

  bool await_ready() const noexcept { return drivers_.empty(); }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    pending_.store(drivers_.size() + 1, std::memory_order_relaxed);
    for (driver& each : drivers_) each.start(*this);
    return !was_last();
  }
  void await_resume() const noexcept {}

 private:
  bool was_last() noexcept { return pending_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  void completed() noexcept override {
    if (was_last()) waiter_.resume();
  }

  std::vector<driver>& drivers_;
  std::coroutine_handle<> waiter_;
  std::atomic<std::size_t> pending_{0};
};

}  // namespace detail

/// Starts the tasks in order, waits for all, and returns their values in order. If some fail, it
/// still waits for the others, and then throws what the first of them, in order, threw.
template <typename T>
  requires(!std::is_void_v<T>)
[[nodiscard]] task<std::vector<T>> when_all(std::vector<task<T>> tasks) {
  std::deque<result<T>> ends(tasks.size());
  std::vector<driver> drivers;
  drivers.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    drivers.push_back(drive(std::move(tasks[i]), ends[i]));
  }
  co_await detail::all_ended{drivers};
  std::vector<T> values;
  values.reserve(ends.size());
  for (result<T>& each : ends) values.push_back(each.take());
  co_return values;
}

[[nodiscard]] inline task<void> when_all(std::vector<task<void>> tasks) {
  std::deque<result<void>> ends(tasks.size());
  std::vector<driver> drivers;
  drivers.reserve(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    drivers.push_back(drive(std::move(tasks[i]), ends[i]));
  }
  co_await detail::all_ended{drivers};
  for (result<void>& each : ends) each.take();
}

}  // namespace hotswap::inline v0_1
