#pragma once

/// @file
/// Brings a stop request, made on any thread, to the clock's thread.
///
///     class waiter : hotswap::stop_signal::receiver { void stop_requested() override; … };

#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_token.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace hotswap::inline v0_1 {

/// A stop callback runs on the requester's thread, where nothing of a rollout may be touched; so it
/// only posts. The receiver may be gone by the time the letter arrives.
class stop_signal {
 public:
  class receiver {
   public:
    virtual void stop_requested() = 0;

   protected:
    ~receiver() = default;
  };

  stop_signal() = default;
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;
  ~stop_signal() { close(); }

  /// From now on `to.stop_requested()` is called once on the clock's thread after a stop request;
  /// one made before counts too. Costs nothing for a token that can never be triggered.
  void open(clock& on, stop_token token, receiver& to) {
    if (!token.stop_possible()) return;
    notice_ = std::make_shared<notice>(on.mail(), to);
    notice_->awaits(std::move(token));
  }

  void close() noexcept {
    if (notice_) notice_->is_for_nobody();
    notice_.reset();
  }

 private:
  /// Most signals are never opened: what it takes to be told is made when one is.
  class notice final : public letter, public std::enable_shared_from_this<notice> {
   public:
    notice(std::shared_ptr<mailbox> mail, receiver& to) : mail_(std::move(mail)), to_(&to) {}

    void awaits(stop_token token) { callback_.emplace(std::move(token), poster{this}); }
    void deliver() override {
      if (to_ != nullptr) to_->stop_requested();
    }
    /// Waits for the callback, if it runs on another thread.
    void is_for_nobody() noexcept {
      callback_.reset();
      to_ = nullptr;
    }

   private:
    struct poster {
      notice* posted;
      void operator()() const { posted->mail_->post(posted->shared_from_this()); }
    };

    std::shared_ptr<mailbox> mail_;
    receiver* to_;
    std::optional<stop_callback<poster>> callback_;
  };

  std::shared_ptr<notice> notice_;
};

}  // namespace hotswap::inline v0_1
