#pragma once

/// @file
/// The context of one rollout: what it shares with others, its control, its calls.
///
///     hotswap::rollout_context context{loop};
///     const auto result = loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));

#include <hotswap/async/clock.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_environment.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <utility>

namespace hotswap::inline v0_1 {

/// Of one rollout: a second `deploy` through it throws `std::logic_error`. Belongs to the clock's
/// thread, but for `control()`.
class rollout_context {
 public:
  template <std::derived_from<clock> Clock>
  explicit rollout_context(Clock& on) : rollout_context(rollout_environment{on}) {}
  explicit rollout_context(rollout_environment shared_with_others)
      : environment(std::move(shared_with_others)),
        channel_(std::make_shared<detail::control_channel>(environment.clock->mail())) {}

  /// Of whoever asked for this rollout; to be set before `deploy`, recorded when it opens.
  /// The same one again gives the recorded result of the latest rollout, if that was its own.
  shared_text request_id;

  /// The operator's, as it was written; to be set before `deploy`, recorded when it opens.
  shared_text document;

  /// This rollout's own copy; may be changed before `deploy`.
  rollout_environment environment;

  void observe(observer added) { environment.observers.push_back(std::move(added)); }

  [[nodiscard]] rollout_control control() const { return rollout_control{channel_}; }

  /// Calls into server, router and metrics that have not ended, late ones included. While there are
  /// any, none of the three may be destroyed.
  [[nodiscard]] std::size_t outstanding_calls() const noexcept { return calls_->count(); }

  /// Waits until no call is outstanding; false if one still is after `limit`.
  template <typename = void>
  [[nodiscard]] task<bool> drained(std::chrono::nanoseconds limit) const {
    return wait_until_none(*environment.clock, calls_, limit);
  }

  /// By a strategy, once: marks the context as used.
  /// @throws std::logic_error  the second time.
  void begin() {
    if (std::exchange(used_, true)) {
      throw std::logic_error("rollout_context: must be of one rollout, got a second deploy");
    }
  }

  [[nodiscard]] const std::shared_ptr<detail::control_channel>& channel() const noexcept {
    return channel_;
  }
  [[nodiscard]] const std::shared_ptr<hotswap::outstanding_calls>& calls() const noexcept {
    return calls_;
  }

 private:
  std::shared_ptr<detail::control_channel> channel_;
  std::shared_ptr<hotswap::outstanding_calls> calls_ =
      std::make_shared<hotswap::outstanding_calls>();
  bool used_ = false;
};

}  // namespace hotswap::inline v0_1
