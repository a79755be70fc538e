#pragma once

/// @file
/// The only door to user code: a call that is waited for until its deadline and no longer.
///
///     try {
///       const int health = co_await hotswap::call(clock, 5s, [&server](std::stop_token) {
///         return server.probe();  // a value, a task, an awaiter of your own: whatever it returns
///       });
///     } catch (const hotswap::deadline_exceeded&) { … }
///
/// User code may never return, may return late, and may go on upon another thread. So each call has
/// a frame of its own, which owns what it was given. A frame that is late is asked to stop, is left
/// alone and is counted until it ends; nobody else can know whether its owner will resume it.

#include <hotswap/async/await_answer.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/frame_memory.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/stop_signal.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

/// The call did not end in time. Whether it will, and what it will have done, is unknown.
class deadline_exceeded : public std::runtime_error {
 public:
  deadline_exceeded() : std::runtime_error("the call did not end before its deadline") {}
};

/// The call was given up since its caller's token was triggered.
class call_cancelled : public std::runtime_error {
 public:
  call_cancelled() : std::runtime_error("the call was cancelled") {}
};

/// Who gives a call up, and who counts it.
class call_options {
 public:
  call_options() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12
  explicit call_options(stop_token given_up_by) : cancel(std::move(given_up_by)) {}

  stop_token cancel;  ///< ends the wait, as the deadline does, with `call_cancelled`
  /// Up to three, e.g. of all calls, of those to the router, and of those that change a model.
  std::array<std::shared_ptr<outstanding_calls>, 3> counters;
};

namespace detail {

/// Whoever waits for a call. Lives in the awaiting coroutine, on the clock's thread.
class call_waiter {
 public:
  virtual void call_ended() = 0;

 protected:
  ~call_waiter() = default;
};

/// What a call's frame and its waiter share; is posted as a letter when the frame ends late.
class call_state_base : public letter {
 public:
  call_state_base(std::array<std::shared_ptr<outstanding_calls>, 3> counters,
                  std::shared_ptr<mailbox> mail)
      : counters_(std::move(counters)), mail_(std::move(mail)) {}

  [[nodiscard]] const stop_offer& stop() const noexcept { return stop_; }

  /// By the frame, on any thread, last of all.
  static void end(const std::shared_ptr<call_state_base>& self) {
    if (self->met_.exchange(true, std::memory_order_acq_rel)) self->mail_->post(self);
  }

  /// By the waiter, when starting the frame has returned: true if the call has ended already.
  bool ended_at_once() {
    const bool ended = met_.load(std::memory_order_acquire) ||  // saves the exchange, mostly
                       met_.exchange(true, std::memory_order_acq_rel);
    if (ended) count_end();
    return ended;
  }

  void start_for(call_waiter& waiter) noexcept {
    waiter_ = &waiter;
    for (const auto& each : counters_) {
      if (each) each->started();
    }
  }

  /// Nobody waits any more; the frame is asked to stop, and is counted until it has.
  void abandon() noexcept {
    waiter_ = nullptr;
    stop_.request_stop();
  }

  void deliver() override {
    count_end();
    if (waiter_ != nullptr) std::exchange(waiter_, nullptr)->call_ended();
  }

 private:
  void count_end() noexcept {
    for (const auto& each : counters_) {
      if (each) each->ended();
    }
  }

  std::array<std::shared_ptr<outstanding_calls>, 3> counters_;
  std::shared_ptr<mailbox> mail_;
  stop_offer stop_;
  call_waiter* waiter_ = nullptr;
  std::atomic<bool> met_{false};
};

template <typename T>
class call_state final : public call_state_base {
 public:
  using call_state_base::call_state_base;
  result<T> end_of_call;
};

/// A coroutine that owns itself once it was started.
class call_frame {
 public:
  class promise_type : public frame_memory {
   public:
    call_frame get_return_object() noexcept {
      return call_frame{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // the frame catches all
  };

  call_frame(call_frame&& other) noexcept : self_(std::exchange(other.self_, {})) {}
  call_frame& operator=(call_frame&&) = delete;
  ~call_frame() {
    if (self_) self_.destroy();
  }

  void start() { std::exchange(self_, {}).resume(); }

 private:
  explicit call_frame(std::coroutine_handle<promise_type> self) noexcept : self_(self) {}
  std::coroutine_handle<promise_type> self_;
};

// g++ 12 takes a coroutine's frame for a type of this file, and warns if what it awaits stands in
// an unnamed namespace of the user's.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

/// What the function answers with; a task of ours is that already.
template <typename T, typename Function>
task<T> answer_of(Function& function, clock& on, const stop_offer& stop) {
  if constexpr (std::is_same_v<answer_t<Function>, task<T>>) {
    return invoke_with_stop(function, stop);
  } else {
    auto invoke = [&function](const stop_offer& told) -> decltype(auto) {
      return invoke_with_stop(function, told);
    };
    return await_answer<T>(std::move(invoke), on, stop);
  }
}

/// Owns the function, its answer and the state for as long as user code takes.
template <typename T, typename Function>
call_frame make_call_frame(std::shared_ptr<call_state<T>> state, clock& on, Function function) {
  try {
    task<T> answer = answer_of<T>(function, on, state->stop());
    result<T>& ended = co_await answer.outcome();
    state->end_of_call.end_as(ended);
  } catch (...) {
    state->end_of_call.fail(std::current_exception());
  }
  call_state_base::end(state);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace detail

/// What `call` returns; await it where it stands, on the clock's thread.
template <typename T>
class [[nodiscard]] call_awaiter : private timer,
                                   private stop_signal::receiver,
                                   private detail::call_waiter {
 public:
  call_awaiter(clock& on, std::chrono::nanoseconds limit, stop_token cancel,
               std::shared_ptr<detail::call_state<T>> state, detail::call_frame frame)
      : clock_(on),
        limit_(limit),
        cancel_(std::move(cancel)),
        state_(std::move(state)),
        frame_(std::move(frame)) {}
  ~call_awaiter() override {
    clock_.disarm(*this);
    if (waiting_) state_->abandon();
  }

  bool await_ready() const noexcept { return false; }

  bool await_suspend(std::coroutine_handle<> caller) {
    if (cancel_.stop_requested()) {
      outcome_ = outcome::cancelled;
      state_->abandon();
      return false;
    }
    caller_ = caller;
    state_->start_for(*this);
    frame_.start();
    if (state_->ended_at_once()) return false;
    waiting_ = true;
    const auto due = clock_.due_in(limit_);
    if (due != clock::steady_time_point::max()) clock_.arm(*this, due);
    signal_.open(clock_, std::move(cancel_), *this);
    return true;
  }

  [[gnu::always_inline]] T await_resume() {
    switch (outcome_) {
      case outcome::ended:
        break;
      case outcome::late:
        throw deadline_exceeded{};
      case outcome::cancelled:
        throw call_cancelled{};
    }
    return state_->end_of_call.take();
  }

 private:
  enum class outcome { ended, late, cancelled };

  void call_ended() override { resume(outcome::ended); }
  void expired() override {
    state_->abandon();
    resume(outcome::late);
  }
  void stop_requested() override {
    state_->abandon();
    resume(outcome::cancelled);
  }

  void resume(outcome how) {
    waiting_ = false;
    outcome_ = how;
    clock_.disarm(*this);
    signal_.close();
    caller_.resume();
  }

  clock& clock_;
  std::chrono::nanoseconds limit_;
  stop_token cancel_;
  std::shared_ptr<detail::call_state<T>> state_;
  detail::call_frame frame_;
  std::coroutine_handle<> caller_;
  stop_signal signal_;
  outcome outcome_ = outcome::ended;
  bool waiting_ = false;
};

/// Calls `function()` or, if it takes one, `function(std::stop_token)`, and waits at most `limit`
/// for what it returns: a value, an awaitable of ours or the user's own, or one that has a bridge.
/// The token it gets is triggered once nobody waits for it. Resumes on the clock's thread only,
/// whatever thread the function ended on; a function that ends at once costs no turn of the clock.
///
/// The function and all it holds are kept until the call has ended, which may be after the clock's
/// death. With g++ 12 do not write a lambda with owning captures inside the `co_await` expression.
///
/// @throws deadline_exceeded  when awaited, if the call takes longer than `limit`.
/// @throws call_cancelled     when awaited, if `options.cancel` is triggered first.
/// @throws …                  whatever the function throws.
template <typename Function>
[[nodiscard]] auto call(clock& on, std::chrono::nanoseconds limit, Function function,
                        call_options options = {}) {
  using result = typename detail::resolved<detail::answer_t<Function>>::type;
  using state_of_call = detail::call_state<result>;
  auto state = std::allocate_shared<state_of_call>(frame_allocator<state_of_call>{},
                                                   std::move(options.counters), on.mail());
  auto frame = detail::make_call_frame(state, on, std::move(function));
  return call_awaiter<result>{on, limit, std::move(options.cancel), std::move(state),
                              std::move(frame)};
}

}  // namespace hotswap::inline v0_1
