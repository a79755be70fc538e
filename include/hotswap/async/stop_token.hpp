#pragma once

/// @file
/// `std::stop_token` and its kin, and a stand-in where the standard library does not have them yet:
/// libc++ before version 20, which is what macOS ships.
///
///     hotswap::task<> deploy(const hotswap::model_version&, hotswap::stop_token stop);
///
/// Source: ISO C++20, [thread.stoptoken].

#include <version>

#if defined(__cpp_lib_jthread)

#include <stop_token>

namespace hotswap::inline v0_1 {

using std::stop_callback;
using std::stop_source;
using std::stop_token;

}  // namespace hotswap::inline v0_1

#else

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// Whether a stop was requested, and whom to tell. Callbacks run on the requester's thread, outside
/// of the lock.
class stop_state {
 public:
  class listener {
   public:
    virtual void stop_requested() noexcept = 0;

   protected:
    ~listener() = default;
  };

  [[nodiscard]] bool requested() const {
    const std::lock_guard lock{mutex_};
    return requested_;
  }

  bool request() {
    std::unique_lock lock{mutex_};
    if (std::exchange(requested_, true)) return false;
    requester_ = std::this_thread::get_id();
    while (!listeners_.empty()) {
      running_ = listeners_.back();
      listeners_.pop_back();
      lock.unlock();
      running_->stop_requested();
      lock.lock();
      running_ = nullptr;
      ended_.notify_all();
    }
    return true;
  }

  /// False if a stop was requested already: the listener is not kept.
  bool add(listener& added) {
    const std::lock_guard lock{mutex_};
    if (requested_) return false;
    listeners_.push_back(&added);
    return true;
  }

  /// Waits for the listener if it is being told, unless by this thread.
  void remove(listener& removed) {
    std::unique_lock lock{mutex_};
    std::erase(listeners_, &removed);
    if (requester_ == std::this_thread::get_id()) return;
    ended_.wait(lock, [&] { return running_ != &removed; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<listener*> listeners_;
  listener* running_ = nullptr;
  std::thread::id requester_;
  bool requested_ = false;
};

}  // namespace detail

/// See `std::stop_token`.
class stop_token {
 public:
  stop_token() = default;
  explicit stop_token(std::shared_ptr<detail::stop_state> state) : state_(std::move(state)) {}

  [[nodiscard]] bool stop_requested() const { return state_ && state_->requested(); }
  [[nodiscard]] bool stop_possible() const noexcept { return state_ != nullptr; }
  [[nodiscard]] const std::shared_ptr<detail::stop_state>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<detail::stop_state> state_;
};

/// See `std::stop_source`.
class stop_source {
 public:
  [[nodiscard]] stop_token get_token() const { return stop_token{state_}; }
  [[nodiscard]] bool stop_requested() const { return state_->requested(); }
  bool request_stop() { return state_->request(); }

 private:
  std::shared_ptr<detail::stop_state> state_ = std::make_shared<detail::stop_state>();
};

/// See `std::stop_callback`.
template <typename Callback>
class stop_callback final : private detail::stop_state::listener {
 public:
  stop_callback(const stop_token& token, Callback callback)
      : callback_(std::move(callback)), state_(token.state()) {
    if (state_ && !state_->add(*this)) {
      state_.reset();
      callback_();
    }
  }
  stop_callback(const stop_callback&) = delete;
  stop_callback& operator=(const stop_callback&) = delete;
  ~stop_callback() {
    if (state_) state_->remove(*this);
  }

 private:
  void stop_requested() noexcept override { callback_(); }

  Callback callback_;
  std::shared_ptr<detail::stop_state> state_;
};

}  // namespace hotswap::inline v0_1

#endif
