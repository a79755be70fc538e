#pragma once

/// @file
/// The real clock: one thread that runs any number of rollouts.
///
///     hotswap::event_loop loop;
///     const int value = loop.run(answer());        // this thread, until the task has ended
///
///     std::jthread thread{[&] { loop.run(); }};    // a thread of its own, until stop()
///     auto future = loop.submit(answer());         // from anywhere; async/submit.hpp
///     loop.stop();

#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/process_name.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/running_mark.hpp>
#include <hotswap/async/task.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Wall time of the system, waits on its steady clock. One thread runs it; `stop`, `submit` and
/// `mail()` are for any thread.
class event_loop final : public clock {
 public:
  event_loop() : clock([](void* self) { static_cast<event_loop*>(self)->wake(); }) {}
  ~event_loop() override { mail()->close(); }

  [[nodiscard]] time_point now() const override { return std::chrono::system_clock::now(); }
  [[nodiscard]] steady_time_point steady_now() const override {
    return std::chrono::steady_clock::now();
  }
  [[nodiscard]] std::string identity() const override { return identity_; }

  /// Runs `work` on this thread until it has ended, and whatever else is due meanwhile.
  /// @throws …  what the task throws.
  /// @throws std::logic_error  if the loop runs already.
  template <typename T>
  T run(task<T> work) {
    const running_mark mark{serving_, "event_loop"};
    result<T> end;
    finish_line finished{mail()};
    driver root = drive(std::move(work), end);
    root.start(finished);
    serve_until(finished.crossed());
    return end.take();
  }

  /// Serves what is submitted until `stop()` was called and all that was submitted has ended:
  /// rollouts end soon after a stop. A second `stop()` does not wait for them.
  /// @throws std::logic_error  if the loop runs already.
  void run() {
    const running_mark mark{serving_, "event_loop"};
    serve_until(never_);
  }

  /// From any thread, for good: rollouts leave or roll back, as their journal demands.
  void stop() {
    if (stops_.fetch_add(1) == 0) request_stop();
    mail()->wake();
  }

  /// Runs `work` on the loop and returns a `std::future` of its result; include
  /// <hotswap/async/submit.hpp>. From any thread. If the loop is gone first: a broken promise.
  template <typename T>
  [[nodiscard]] auto submit(task<T> work);

  /// Lets `work`, which does not throw, run on the loop from its next turn on. On its thread only.
  void spawn(task<void> work) {
    spawned_.push_front(std::make_unique<spawned>(*this, std::move(work)));
    spawned_.front()->place = spawned_.begin();
    spawned_.front()->root.start(*spawned_.front());
  }

 private:
  /// Set by the thread on which the root ended, which may be a foreign one.
  class finish_line final : public driver::completion {
   public:
    explicit finish_line(std::shared_ptr<mailbox> mail) : mail_(std::move(mail)) {}
    void completed() noexcept override {
      const std::shared_ptr<mailbox> mail = mail_;  // `this` may be gone after the next line
      crossed_.store(true, std::memory_order_release);
      mail->wake();
    }
    [[nodiscard]] const std::atomic<bool>& crossed() const noexcept { return crossed_; }

   private:
    std::shared_ptr<mailbox> mail_;
    std::atomic<bool> crossed_{false};
  };

  /// A submitted task; is destroyed on the loop's thread after it has ended.
  class spawned final : public driver::completion {
   public:
    spawned(event_loop& loop, task<void> work) : root(drive(std::move(work), end)), loop_(loop) {}
    void completed() noexcept override { loop_.bury(*this); }

    result<void> end;
    driver root;
    std::list<std::unique_ptr<spawned>>::iterator place;

   private:
    event_loop& loop_;
  };

  class burial final : public letter {
   public:
    burial(event_loop& loop, spawned& ended) : loop_(loop), ended_(ended) {}
    void deliver() override { loop_.spawned_.erase(ended_.place); }

   private:
    event_loop& loop_;
    spawned& ended_;
  };

  void bury(spawned& ended) { mail()->post(std::make_shared<burial>(*this, ended)); }

  void wake() {
    const std::lock_guard lock{mutex_};
    woken_ = true;
    condition_.notify_one();
  }

  void serve_until(const std::atomic<bool>& finished) {
    while (!finished.load(std::memory_order_acquire) && !stopped_serving(finished)) {
      const bool delivered = mail()->deliver_all();
      const bool fired = fire_due(steady_now());
      if (!delivered && !fired) wait_for_work();
    }
  }

  bool stopped_serving(const std::atomic<bool>& finished) const {
    if (&finished != &never_) return false;
    const int stops = stops_.load();
    return stops > 1 || (stops == 1 && spawned_.empty() && mail()->empty());
  }

  void wait_for_work() {
    std::unique_lock lock{mutex_};
    const auto something_to_do = [this] { return std::exchange(woken_, false); };
    if (timers().empty()) {
      condition_.wait(lock, something_to_do);
    } else {
      condition_.wait_until(lock, timers().earliest(), something_to_do);
    }
  }

  std::string identity_ = detail::unlike_any_other(this);
  std::mutex mutex_;
  std::condition_variable condition_;
  bool woken_ = false;
  bool serving_ = false;
  std::atomic<int> stops_{0};
  const std::atomic<bool> never_{false};
  std::list<std::unique_ptr<spawned>> spawned_;
};

}  // namespace hotswap::inline v0_1
