#pragma once

/// @file
/// Where time comes from, and the one thread on which rollouts run.
///
///     const auto started = clock.now();
///     co_await hotswap::sleep_for(clock, 10min);
///
/// `event_loop` is the real one, `virtual_clock` the deterministic one, `asio_clock` (an adapter)
/// the one that runs on somebody else's event loop.

#include <hotswap/async/mailbox.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/timer.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// Its address tells a type from all others, without RTTI.
template <typename T>
inline char key_of{};

}  // namespace detail

/// Wall time for windows and records, steady time for waiting, and a mailbox through which other
/// threads reach the clock's thread. Everything but `mail()` and `stop_token()` belongs to that
/// thread alone.
class clock {
 public:
  using time_point = std::chrono::system_clock::time_point;
  using steady_time_point = std::chrono::steady_clock::time_point;

  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;
  virtual ~clock() { mail_->close(); }

  [[nodiscard]] virtual time_point now() const = 0;
  [[nodiscard]] virtual steady_time_point steady_now() const = 0;

  /// The steady time after `time` from now, or the end of all time if that is sooner.
  [[nodiscard]] steady_time_point due_in(std::chrono::nanoseconds time) const {
    const steady_time_point present = steady_now();
    const auto left = steady_time_point::max() - present;
    return time < left ? present + std::chrono::duration_cast<steady_time_point::duration>(time)
                       : steady_time_point::max();
  }

  /// Lets `waiting.expired()` be called once `due` has come, in the past included.
  void arm(timer& waiting, steady_time_point due) {
    timers_.insert(waiting, due);
    if (timers_.earliest() == due) earliest_changed();
  }

  void disarm(timer& waiting) noexcept {
    if (!waiting.armed()) return;
    timers_.erase(waiting);
    if (timers_.empty()) earliest_changed();
  }

  [[nodiscard]] const std::shared_ptr<mailbox>& mail() const noexcept { return mail_; }

  /// Triggered when the clock is told to stop: rollouts leave, so that another process can resume
  /// them.
  [[nodiscard]] hotswap::stop_token stop_token() const noexcept { return stop_.get_token(); }

  /// The one `T` that all who run on this clock share; made when first asked for. How rollouts that
  /// know nothing of each other keep out of each other's way.
  template <std::default_initializable T>
  [[nodiscard]] std::shared_ptr<T> shared() {
    for (const auto& [key, value] : shared_) {
      if (key == &detail::key_of<T>) return std::static_pointer_cast<T>(value);
    }
    auto made = std::make_shared<T>();
    shared_.emplace_back(&detail::key_of<T>, made);
    return made;
  }

  /// Unlike that of any other process; a clock that is to be deterministic has one name for ever.
  [[nodiscard]] virtual std::string identity() const { return "local"; }

  /// Tells an adapter whether this is the one kind of clock that can drive its coroutines; its
  /// clocks answer with an address that nobody else has.
  [[nodiscard]] virtual const void* kind() const noexcept { return nullptr; }

 protected:
  explicit clock(mailbox::wake_function wake) : mail_(std::make_shared<mailbox>(wake, this)) {}

  /// For a clock that must tell somebody else when to wake it.
  virtual void earliest_changed() noexcept {}

  [[nodiscard]] const timer_heap& timers() const noexcept { return timers_; }

  /// Fires the first of those that are due.
  bool fire_one_due(steady_time_point until) {
    if (timers_.empty() || timers_.earliest() > until) return false;
    timers_.pop_earliest().expired();
    return true;
  }

  /// Fires all that is due, in order. False if nothing was.
  bool fire_due(steady_time_point until) {
    bool fired = false;
    while (fire_one_due(until)) fired = true;
    return fired;
  }

  void request_stop() { stop_.request_stop(); }

 private:
  timer_heap timers_;
  std::shared_ptr<mailbox> mail_;
  hotswap::stop_source stop_;
  std::vector<std::pair<const char*, std::shared_ptr<void>>> shared_;
};

}  // namespace hotswap::inline v0_1
