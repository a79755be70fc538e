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
    notice_ = std::make_shared<notice>(to);
    callback_.emplace(std::move(token), poster{on.mail(), notice_});
  }

  void close() noexcept {
    callback_.reset();
    if (notice_) notice_->to = nullptr;
    notice_.reset();
  }

 private:
  class notice final : public letter {
   public:
    explicit notice(receiver& receiving) : to(&receiving) {}
    void deliver() override {
      if (to != nullptr) to->stop_requested();
    }
    receiver* to;
  };

  class poster {
   public:
    poster(std::shared_ptr<mailbox> mail, std::shared_ptr<notice> message)
        : mail_(std::move(mail)), message_(std::move(message)) {}
    void operator()() const { mail_->post(message_); }

   private:
    std::shared_ptr<mailbox> mail_;
    std::shared_ptr<notice> message_;
  };

  std::shared_ptr<notice> notice_;
  std::optional<stop_callback<poster>> callback_;
};

}  // namespace hotswap::inline v0_1
