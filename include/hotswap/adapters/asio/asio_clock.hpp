#pragma once

/// @file
/// A clock on somebody else's event loop: rollouts run on a Boost.Asio executor, next to whatever
/// else runs there.
///
///     boost::asio::io_context io;
///     hotswap::asio_clock clock{io.get_executor()};
///     hotswap::rollout_context context{clock};
///     // co_await hotswap::as_awaitable(clock, canary.deploy(…, context));   as_awaitable.hpp
///     io.run();
///
/// Source: Boost.Asio 1.81, "Strands: Use Threads Without Explicit Locking".

#include <hotswap/async/clock.hpp>
#include <hotswap/async/process_name.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Wall time of the system, waits on its steady clock. Its thread is a strand of its own on the
/// executor it is given, so any number of threads may run that; `stop`, `get_executor` and `mail()`
/// are for all of them.
///
/// It keeps the executor busy only while a timer is armed, a letter is under way or `as_awaitable`
/// runs a task on it, so that `io.run()` returns when the last rollout has ended. Is destroyed
/// before the execution context, on its own thread or when no thread runs it, and not by the
/// coroutine of a task that it drives; handlers of its own that are still queued then do nothing.
class asio_clock final : public clock {
 public:
  using executor_type = boost::asio::any_io_executor;

  explicit asio_clock(const executor_type& executor)
      : clock([](void* self) { static_cast<asio_clock*>(static_cast<clock*>(self))->wake(); }),
        strand_(boost::asio::make_strand(executor)),
        timer_(strand_),
        self_(std::make_shared<asio_clock*>(this)) {}

  ~asio_clock() override {
    mail()->close();
    *self_ = nullptr;
    taking_turn_ = true;  // nothing is to be armed again
    while (!tasks_.empty()) {
      const std::unique_ptr<kept_task> unfinished = std::move(tasks_.front());
      tasks_.pop_front();
    }
  }

  [[nodiscard]] time_point now() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] steady_time_point steady_now() const override {
    return std::chrono::steady_clock::now();
  }
  [[nodiscard]] std::string identity() const override { return identity_; }
  [[nodiscard]] const void* kind() const noexcept override { return &own_kind; }

  /// The asio_clock that this clock is, or null.
  [[nodiscard]] static asio_clock* of(clock& on) noexcept {
    return on.kind() == &own_kind ? static_cast<asio_clock*>(&on) : nullptr;
  }

  /// The clock's thread: a strand. Whoever touches what a rollout's members touch does it there.
  [[nodiscard]] executor_type get_executor() const noexcept { return strand_; }

  /// From any thread, for good: rollouts leave or roll back, as their journal demands.
  void stop() { request_stop(); }

  /// Calls `function(clock)` on the clock's thread; at once, if this is it. Destroys it uncalled if
  /// the clock is gone by then.
  template <typename Function>
  void enter(Function function) {
    boost::asio::dispatch(strand_, [self = self_, function = std::move(function)]() mutable {
      if (*self != nullptr) function(**self);
    });
  }

  /// A task that the clock owns until it has ended, since it must not outlive the clock.
  class kept_task {
   public:
    kept_task() = default;
    kept_task(const kept_task&) = delete;
    kept_task& operator=(const kept_task&) = delete;
    virtual ~kept_task() = default;

   private:
    friend asio_clock;
    std::list<std::unique_ptr<kept_task>>::iterator place_;
  };

  /// On the clock's thread, as is `release`.
  void keep(std::unique_ptr<kept_task> started) {
    tasks_.push_front(std::move(started));
    tasks_.front()->place_ = tasks_.begin();
  }
  [[nodiscard]] std::unique_ptr<kept_task> release(kept_task& ended) {
    std::unique_ptr<kept_task> owned = std::move(*ended.place_);
    tasks_.erase(ended.place_);
    return owned;
  }

 private:
  /// For as long as letters are delivered and timers fire.
  class turn {
   public:
    explicit turn(asio_clock& taking) : clock_(taking) { clock_.taking_turn_ = true; }
    ~turn() {
      clock_.taking_turn_ = false;
      clock_.set_timer();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    asio_clock& clock_;
  };

  /// By the mailbox, on any thread.
  void wake() {
    if (woken_.exchange(true)) return;  // a turn is on its way
    boost::asio::post(strand_, [self = self_] {
      if (*self != nullptr) (*self)->take_turn();
    });
  }

  void take_turn() {
    const turn mine{*this};
    woken_.store(false);
    mail()->deliver_all();
    fire_due(steady_now());
  }

  void earliest_changed() noexcept override {
    if (!taking_turn_) set_timer();
  }

  /// At the earliest due time, or not at all: a wait for nobody would keep `io.run()` from
  /// returning.
  void set_timer() noexcept {
    if (timers().empty()) {
      if (std::exchange(timer_is_for_, std::nullopt)) timer_.cancel();
      return;
    }
    const steady_time_point due = timers().earliest();
    if (timer_is_for_ == due) return;
    timer_is_for_ = due;
    timer_.expires_at(due);  // ends the wait before, if there is one
    timer_.async_wait([self = self_, due](const boost::system::error_code& ended_early) {
      if (ended_early || *self == nullptr) return;
      if ((*self)->timer_is_for_ == due) (*self)->timer_is_for_.reset();
      (*self)->take_turn();
    });
  }

  static constexpr char own_kind = 0;

  std::string identity_ = detail::unlike_any_other(this);
  executor_type strand_;
  boost::asio::steady_timer timer_;
  std::optional<steady_time_point> timer_is_for_;
  std::shared_ptr<asio_clock*> self_;  // null once the clock is gone; shared with queued handlers
  std::atomic<bool> woken_{false};
  bool taking_turn_ = false;
  std::list<std::unique_ptr<kept_task>> tasks_;
};

}  // namespace hotswap::inline v0_1
