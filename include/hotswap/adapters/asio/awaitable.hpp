#pragma once

/// @file
/// Lets a server, a router or metrics answer with a `boost::asio::awaitable`.
///
///     boost::asio::awaitable<void> set_split(const hotswap::traffic_split&);   // a member
///
///     hotswap::asio_clock clock{io.get_executor()};      // such rollouts run on this clock only
///     hotswap::rollout_context context{clock};
///
/// Source: Boost.Asio 1.81, `co_spawn` and "Per-Operation Cancellation".

#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/async/awaitable_bridge.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_signal.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/error.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// What an asio coroutine and whoever waits for it share. Belongs to the clock's thread.
template <typename T>
class asio_call_state {
 public:
  result<T> end;
  boost::asio::cancellation_signal cancel;

  void wait(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }

  /// The waiter is about to be destroyed.
  void abandon() {
    if (std::exchange(waiter_, nullptr)) cancel.emit(boost::asio::cancellation_type::terminal);
  }
  void resume() {
    if (const auto waiter = std::exchange(waiter_, nullptr)) waiter.resume();
  }

 private:
  std::coroutine_handle<> waiter_;
};

/// The completion handler. One that is destroyed instead of called was waiting for an execution
/// context that is gone.
template <typename T>
class asio_call_handler {
 public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  explicit asio_call_handler(std::shared_ptr<asio_call_state<T>> state)
      : state_(std::move(state)) {}
  asio_call_handler(asio_call_handler&&) noexcept = default;
  asio_call_handler& operator=(asio_call_handler&&) = delete;
  ~asio_call_handler() {
    if (!state_) return;
    (*this)(std::make_exception_ptr(
        error("boost::asio::awaitable: must end before its execution context, and did not")));
  }

  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept {
    return state_->cancel.slot();
  }

  void operator()(std::exception_ptr failure) {
    const std::shared_ptr<asio_call_state<T>> state = std::exchange(state_, nullptr);
    if (failure) state->end.fail(std::move(failure));
    state->resume();
  }

 private:
  std::shared_ptr<asio_call_state<T>> state_;
};

/// `co_spawn` itself would need a `T` to go with an exception.
template <typename T, typename Executor>
boost::asio::awaitable<void, Executor> keep_result(boost::asio::awaitable<T, Executor> foreign,
                                                   std::shared_ptr<asio_call_state<T>> state) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(foreign);
  } else {
    T value = co_await std::move(foreign);
    state->end.succeed(std::move(value));
  }
}

}  // namespace detail

/// What the bridge makes of an asio coroutine; await it where it stands, on the clock's thread.
template <typename T, typename Executor>
class [[nodiscard]] asio_call : private stop_signal::receiver {
 public:
  asio_call(boost::asio::awaitable<T, Executor> foreign, asio_clock& on, stop_token stop)
      : foreign_(std::move(foreign)), clock_(on), stop_(std::move(stop)) {}
  asio_call(const asio_call&) = delete;
  asio_call& operator=(const asio_call&) = delete;
  ~asio_call() { state_->abandon(); }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    boost::asio::co_spawn(Executor{clock_.get_executor()},
                          detail::keep_result(std::move(foreign_), state_),
                          detail::asio_call_handler<T>{state_});
    state_->wait(waiter);  // asio calls a handler later, never from within
    signal_.open(clock_, std::move(stop_), *this);
  }
  T await_resume() { return state_->end.take(); }

 private:
  void stop_requested() override { state_->cancel.emit(boost::asio::cancellation_type::terminal); }

  boost::asio::awaitable<T, Executor> foreign_;
  asio_clock& clock_;
  stop_token stop_;
  std::shared_ptr<detail::asio_call_state<T>> state_ =
      std::make_shared<detail::asio_call_state<T>>();
  stop_signal signal_;
};

/// Runs the coroutine on the clock's strand, whatever else it awaits. For coroutines whose executor
/// a strand converts to, which `any_io_executor`, the default, is.
template <typename T, typename Executor>
  requires std::convertible_to<asio_clock::executor_type, Executor>
struct awaitable_bridge<boost::asio::awaitable<T, Executor>> {
  using result_type = T;

  /// A stop request cancels what the coroutine awaits, with `cancellation_type::terminal`: it then
  /// throws `operation_aborted`.
  /// @throws config_error  if `on` is not an asio_clock.
  static asio_call<T, Executor> adapt(boost::asio::awaitable<T, Executor> foreign, clock& on,
                                      stop_token stop = {}) {
    asio_clock* const driving = asio_clock::of(on);
    if (driving == nullptr) {
      throw config_error("",
                         "boost::asio::awaitable: clock must be an asio_clock, got another kind");
    }
    return {std::move(foreign), *driving, std::move(stop)};
  }
};

}  // namespace hotswap::inline v0_1
