#pragma once

/// @file
/// Hands a task to an event loop that runs on another thread. A header of its own, since <future>
/// is expensive to include.
///
///     std::future<int> answer = loop.submit(compute());

#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/task.hpp>

#include <exception>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename T>
task<void> keep_promise(task<T> work, std::promise<T> promise) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await work;
      promise.set_value();
    } else {
      T value = co_await work;
      promise.set_value(std::move(value));
    }
  } catch (...) {
    promise.set_exception(std::current_exception());
  }
}

class submission final : public letter {
 public:
  submission(event_loop& loop, task<void> work) : loop_(loop), work_(std::move(work)) {}
  void deliver() override { loop_.spawn(std::move(work_)); }

 private:
  event_loop& loop_;
  task<void> work_;
};

}  // namespace detail

template <typename T>
auto event_loop::submit(task<T> work) {
  std::promise<T> promise;
  std::future<T> answer = promise.get_future();
  mail()->post(std::make_shared<detail::submission>(
      *this, detail::keep_promise(std::move(work), std::move(promise))));
  return answer;
}

}  // namespace hotswap::inline v0_1
