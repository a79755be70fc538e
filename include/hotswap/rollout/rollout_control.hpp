#pragma once

/// @file
/// How people and other programs have their say in a rollout that runs.
///
///     context.control().pause("alice", "the dashboard looks odd");
///     context.control().resume("alice", "it was the dashboard");

#include <hotswap/async/mailbox.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/control_command.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a rollout does now.
class rollout_status {
 public:
  rollout_status() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  shared_text rollout;  ///< its id; empty before it has begun
  shared_text step;
  shared_text verb;
  std::string awaits = "the rollout has not begun";  ///< what it waits for, and what would end that
  std::chrono::system_clock::time_point since{};
  bool paused = false;
  bool held = false;  ///< a person must answer: promote, approve or abort
  bool finished = false;
};

namespace detail {

/// Shared by a control and its rollout: commands go one way, the status the other.
class control_channel final : public letter, public std::enable_shared_from_this<control_channel> {
 public:
  class receiver {
   public:
    virtual void commands_arrived() = 0;

   protected:
    ~receiver() = default;
  };

  explicit control_channel(std::shared_ptr<mailbox> mail) : mail_(std::move(mail)) {}

  void send(control_command command) {
    {
      const std::lock_guard lock{mutex_};
      commands_.push_back(std::move(command));
    }
    mail_->post(shared_from_this());
  }

  [[nodiscard]] rollout_status status() const {
    const std::lock_guard lock{mutex_};
    return status_;
  }

  // The rollout's side, on the clock's thread.
  void connect(receiver* rollout) noexcept { receiver_ = rollout; }
  void deliver() override {
    if (receiver_ != nullptr) receiver_->commands_arrived();
  }
  std::vector<control_command> take_commands() {
    const std::lock_guard lock{mutex_};
    return std::exchange(commands_, {});
  }
  template <typename Change>
  void publish(Change change) {
    const std::lock_guard lock{mutex_};
    change(status_);
  }
  /// Only the rollout changes it.
  [[nodiscard]] const rollout_status& published() const noexcept { return status_; }

 private:
  std::shared_ptr<mailbox> mail_;
  mutable std::mutex mutex_;
  std::vector<control_command> commands_;
  rollout_status status_;
  receiver* receiver_ = nullptr;
};

}  // namespace detail

/// The control of one rollout. Every member may be called from any thread, also before the rollout
/// begins; a copy controls the same rollout. Who asks, and why, is recorded.
class rollout_control {
 public:
  explicit rollout_control(std::shared_ptr<detail::control_channel> channel)
      : channel_(std::move(channel)) {}

  /// Traffic stays where it is and the bake stops counting; looks go on, and a fail rolls back.
  void pause(std::string actor, std::string reason) {
    send(control_command::kind::pause, std::move(actor), std::move(reason));
  }

  void resume(std::string actor, std::string reason) {
    send(control_command::kind::resume, std::move(actor), std::move(reason));
  }

  /// Answers an inconclusive look, or the rest of the bake, of the step that runs. Never a fail,
  /// unless `forced`.
  void promote(std::string actor, std::string reason, bool forced = false) {
    control_command command{control_command::kind::promote, std::move(actor), std::move(reason)};
    command.forced = forced;
    channel_->send(std::move(command));
  }

  /// Goes to the last step, which is observed.
  void promote_fully(std::string actor, std::string reason) {
    send(control_command::kind::promote_fully, std::move(actor), std::move(reason));
  }

  /// @param gate  the step that waits to begin, e.g. `step-50`.
  void approve(std::string gate, std::string actor, std::string reason) {
    control_command command{control_command::kind::approve, std::move(actor), std::move(reason)};
    command.gate = std::move(gate);
    channel_->send(std::move(command));
  }

  /// The baseline gets all the traffic back. Too late once the rollout is committed.
  void abort(std::string actor, std::string reason) {
    send(control_command::kind::abort, std::move(actor), std::move(reason));
  }

  [[nodiscard]] rollout_status status() const { return channel_->status(); }

 private:
  void send(control_command::kind asked, std::string actor, std::string reason) {
    channel_->send(control_command{asked, std::move(actor), std::move(reason)});
  }

  std::shared_ptr<detail::control_channel> channel_;
};

}  // namespace hotswap::inline v0_1
