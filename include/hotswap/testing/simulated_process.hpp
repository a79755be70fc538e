#pragma once

/// @file
/// A process that may die: a clock of its own, which runs on the virtual clock of its world.
///
///     hotswap::virtual_clock time;
///     hotswap::simulated_process process{time, running, "driver-1"};
///     hotswap::rollout_environment environment{process};
///
/// Two processes of one world know nothing of each other, as real ones do: what rollouts share
/// through their clock ends at the process.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// What a process has come to that drives a rollout.
struct driving_state {
  bool is_doomed = false;      ///< dies after this step of the world
  bool has_lost = false;       ///< it was told that another driver has written
  std::string verb_under_way;  ///< that began with its last record; empty if none did
  bool has_left = false;       ///< its driver has ended
  bool is_told_to_stop = false;
  bool resumes_roll_back = false;  ///< whose decision is recorded
  /// When its driver decided to roll back.
  std::optional<std::chrono::nanoseconds> decided_at;
  std::optional<std::chrono::nanoseconds> is_back_at;  ///< the baseline had all the traffic
  /// The last split that it has sent: its number, and what came of it.
  std::uint64_t last_split = 0;
  bool last_split_is_confirmed = false;
  bool last_split_is_baseline = false;
  bool last_split_was_read = false;   ///< and all was the baseline's
  bool was_told_older_split = false;  ///< when it last asked, by a router that answers as before
  std::uint64_t faults_by_then = 0;   ///< that may make the way back longer
  std::size_t servers_told = 0;  ///< in a fleet: how many had joined when it was last told of them
};

/// Timers and letters of the process fire while its world's clock runs. Outlives what runs on it.
class simulated_process final : public clock, public driving_state, private timer {
 public:
  /// @param running  where it stands which process runs; null while none does. Outlives this.
  simulated_process(virtual_clock& world, simulated_process*& running, std::string name)
      : clock(&wake), world_(world), running_(running), name_(std::move(name)) {}
  ~simulated_process() override { die(); }

  [[nodiscard]] time_point now() const override { return world_.now(); }
  [[nodiscard]] steady_time_point steady_now() const override { return world_.steady_now(); }
  [[nodiscard]] std::string identity() const override { return name_; }

  /// As a process that is told to shut down.
  void stop() { request_stop(); }

  /// Does `work` as this process, which does not survive it if there is no memory.
  template <typename Work>
  void run_now(const Work& work) {
    simulated_process* const before = std::exchange(running_, this);
    try {
      work();
    } catch (const std::bad_alloc&) {
      is_doomed = true;
    }
    running_ = before;
  }

  /// Its last split so far.
  void sends_split(std::uint64_t number, bool is_baseline) noexcept {
    last_split = number;
    last_split_is_baseline = is_baseline;
    last_split_is_confirmed = last_split_was_read = was_told_older_split = false;
  }

  /// Nothing of it happens any more.
  void die() noexcept {
    is_dead_ = true;
    world_.disarm(*this);
    mail()->close();
  }
  [[nodiscard]] bool is_dead() const noexcept { return is_dead_; }

  /// It drives another rollout from here on.
  void begins_rollout() { *static_cast<driving_state*>(this) = {}; }

 private:
  static void wake(void* self) {
    auto* const process = static_cast<simulated_process*>(static_cast<clock*>(self));
    process->has_mail_ = true;
    process->fire_soon();
  }

  void earliest_changed() noexcept override { fire_soon(); }

  void fire_soon() noexcept {
    if (is_firing_ || is_dead_) return;
    simulated_process* const before = std::exchange(running_, nullptr);  // the world does it
    world_.disarm(*this);
    if (has_mail_) {
      world_.arm(*this, world_.steady_now());
    } else if (!timers().empty()) {
      world_.arm(*this, timers().earliest());
    }
    running_ = before;
  }

  void expired() override {
    is_firing_ = true;
    run_now([this] {
      if (std::exchange(has_mail_, false)) {
        mail()->deliver_all();
      } else {
        fire_one_due(world_.steady_now());
      }
    });
    is_firing_ = false;
    fire_soon();
  }

  virtual_clock& world_;
  simulated_process*& running_;
  std::string name_;
  bool has_mail_ = false;
  bool is_firing_ = false;
  bool is_dead_ = false;
};

}  // namespace hotswap::inline v0_1
