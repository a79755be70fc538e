#pragma once

/// @file
/// A simulated process in which a rollout is driven, until it ends or the process dies.
///
///     hotswap::driving_process process{world, "driver-1"};
///     process.drives(journal, "asked for once", observer, start);
///     … if (process.has_ended()) const hotswap::deployment_result result = process.take();

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Of one rollout, or of several, one after the other. Its world outlives it.
class driving_process final : private driver::completion {
 public:
  using start_function = std::function<task<deployment_result>(rollout_context&)>;

  driving_process(simulated_world& world, std::string name)
      : clock(world.clock, world.running, std::move(name)) {}

  simulated_process clock;

  /// The rollout before has ended, if there was one.
  void drives(std::shared_ptr<journal> into, std::string request_id, observer observed_by,
              const start_function& start) {
    rollout_environment environment{clock};
    environment.journal = std::move(into);
    environment.observers.push_back(std::move(observed_by));
    driver_.reset();
    end_ = {};
    has_ended_ = false;
    context_.emplace(std::move(environment));
    context_->request_id = std::move(request_id);
    clock.begins_rollout();
    clock.run_now([&] {
      driver_.emplace(drive(start(*context_), end_));
      driver_->start(*this);
    });
  }

  [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
  /// It neither is dead, nor has left.
  [[nodiscard]] bool drives_now() const noexcept { return !clock.is_dead() && !clock.has_left; }
  [[nodiscard]] rollout_control control() const { return context_->control(); }

  deployment_result take() { return end_.take(); }

  void leaves() {
    clock.run_now([this] { driver_.reset(); });
    clock.has_left = true;
  }
  void dies() {
    clock.die();
    driver_.reset();
  }

 private:
  void completed() noexcept override { has_ended_ = true; }

  std::optional<rollout_context> context_;
  hotswap::result<deployment_result> end_;
  std::optional<driver> driver_;
  bool has_ended_ = false;
};

}  // namespace hotswap::inline v0_1
