#pragma once

/// @file
/// Awaits a task, a whole rollout for instance, in an asio coroutine.
///
///     boost::asio::awaitable<void> release(hotswap::asio_clock& clock, …) {
///       const auto result =
///           co_await hotswap::as_awaitable(clock, canary.deploy(baseline, candidate, context));
///     }
///
/// Source: Boost.Asio 1.81, `async_initiate`.

#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// A task, and the handler of the coroutine that waits for it. Not part of that coroutine: the
/// handler owns it.
template <typename T, typename Handler>
class awaited_task final : public asio_clock::kept_task, private driver::completion {
 public:
  awaited_task(task<T> work, Handler handler)
      : handler_(std::move(handler)), root_(drive(std::move(work), end_)) {}

  /// Owns itself until the task has ended.
  static void start(std::unique_ptr<awaited_task> self) {
    awaited_task& started = *self.release();
    started.root_.start(started);
  }

  /// Is owned by the clock, on whose thread this is called.
  static void start_on(asio_clock& on, std::unique_ptr<awaited_task> self) {
    awaited_task& started = *self;
    started.clock_ = &on;
    started.busy_.emplace(on.get_executor());
    on.keep(std::move(self));
    started.root_.start(started);
  }

 private:
  class ending final : public letter {
   public:
    explicit ending(awaited_task& ended) : ended_(ended) {}
    void deliver() override {
      const std::unique_ptr<asio_clock::kept_task> owned = ended_.clock_->release(ended_);
      ended_.call_handler();
    }

   private:
    awaited_task& ended_;
  };

  /// On whatever thread the task ended.
  void completed() noexcept override {
    if (clock_ != nullptr) {
      clock_->mail()->post(std::make_shared<ending>(*this));
    } else {
      const std::unique_ptr<awaited_task> owned{this};
      call_handler();
    }
  }

  /// Posted, so that it may destroy the clock.
  void call_handler() {
    const auto executor_of_waiter = boost::asio::get_associated_executor(handler_);
    boost::asio::post(executor_of_waiter,
                      [handler = std::move(handler_), end = std::move(end_)]() mutable {
                        std::move(handler)(std::move(end));
                      });
  }

  asio_clock* clock_ = nullptr;
  /// The waiter's executor is kept busy by the waiter.
  std::optional<boost::asio::executor_work_guard<asio_clock::executor_type>> busy_;
  Handler handler_;
  result<T> end_;
  driver root_;
};

/// The initiation of `as_awaitable`.
class start_task {
 public:
  explicit start_task(asio_clock* on) noexcept : clock_(on) {}

  template <typename T, typename Handler>
  void operator()(Handler&& handler, task<T> work) const {
    using awaited = awaited_task<T, std::decay_t<Handler>>;
    auto started = std::make_unique<awaited>(std::move(work), std::forward<Handler>(handler));
    if (clock_ == nullptr) {
      awaited::start(std::move(started));
      return;
    }
    clock_->enter([started = std::move(started)](asio_clock& on) mutable {
      awaited::start_on(on, std::move(started));
    });
  }

 private:
  asio_clock* clock_;
};

template <typename Executor, typename T>
boost::asio::awaitable<T, Executor> await_task(asio_clock* on, task<T> work) {
  constexpr boost::asio::use_awaitable_t<Executor> token{};
  result<T> end =
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>,
                                           void(result<T>)>(start_task{on}, token, std::move(work));
  if constexpr (std::is_void_v<T>) {
    end.take();
  } else {
    co_return end.take();
  }
}

}  // namespace detail

/// Runs `work` on the clock's thread, from whatever executor this is awaited on, and goes on there
/// with its result or its exception. A cancellation does not reach the task: a rollout ends early
/// by `rollout_control::abort` or `asio_clock::stop`.
///
/// If the clock is destroyed before the task has ended, so are the task and the coroutine that
/// awaits it.
template <typename Executor = boost::asio::any_io_executor, typename T>
[[nodiscard]] boost::asio::awaitable<T, Executor> as_awaitable(asio_clock& on, task<T> work) {
  return detail::await_task<Executor>(&on, std::move(work));
}

/// Runs `work` from where this is awaited: for a task that needs no clock, or in a coroutine that
/// runs on its clock's executor. Nobody owns it: one that cannot end, since its clock or the
/// execution context is gone, is never destroyed.
template <typename Executor = boost::asio::any_io_executor, typename T>
[[nodiscard]] boost::asio::awaitable<T, Executor> as_awaitable(task<T> work) {
  return detail::await_task<Executor>(nullptr, std::move(work));
}

}  // namespace hotswap::inline v0_1
