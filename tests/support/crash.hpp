#pragma once

/// @file
/// Lets the process of a simulated rollout die as a call begins, and another one go on.
///
///     for (std::size_t n = 1; n <= calls_of(make_world); ++n) {
///       auto world = make_world();
///       CHECK(end_of(*world, dies_at(n)) == end_of(*make_world()));
///     }
///
/// A world has `clock`, `service.script()`, `journal().script`, `deploy()`, and `restarts()`, after
/// which `deploy()` is that of a new process.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/core/deployment_result.hpp>

#include "support/simulated_service.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What must be the same, whether a process has died or not.
class rollout_end {
 public:
  std::string status;
  std::string reason_code;
  std::string split;
  std::vector<std::string> deployed;

  friend bool operator==(const rollout_end&, const rollout_end&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const rollout_end& end) {
  out << end.status << " (" << end.reason_code << "), " << end.split << ", deployed:";
  for (const std::string& each : end.deployed) out << " " << each;
  return out;
}

template <typename World>
[[nodiscard]] rollout_end end_of(World& world, const hotswap::deployment_result& result) {
  rollout_end end;
  end.status = to_string(result.status());
  end.reason_code = to_string(result.reason_code());
  end.split = to_string(world.service.in_force());
  for (const auto& each : world.service.deployed()) end.deployed.push_back(to_string(each));
  return end;
}

/// Counts the calls of a world's parts, and lets one of them be the last of its process.
template <typename World>
class mortal_process {
 public:
  explicit mortal_process(World& world) : world_(world) {
    count(world.service.script());
    count(world.journal().script);
  }
  mortal_process(const mortal_process&) = delete;
  mortal_process& operator=(const mortal_process&) = delete;
  ~mortal_process() {
    world_.service.script().when_called = {};
    world_.journal().script.when_called = {};
  }

  /// Runs the rollout; nothing if it died as the call of that number began, of those of this
  /// process.
  [[nodiscard]] std::optional<hotswap::deployment_result> run_until(std::size_t dies_at) {
    made_ = 0;
    dies_at_ = dies_at;
    died_ = false;
    hotswap::result<hotswap::deployment_result> end;
    finish_line finished;
    {
      hotswap::driver process = hotswap::drive(world_.deploy(), end);
      process.start(finished);
      while (!finished.crossed && !died_) world_.clock.advance(std::chrono::milliseconds{500});
    }  // it is gone, with all that it knew
    dies_at_ = 0;
    std::optional<hotswap::deployment_result> result;
    if (finished.crossed) {
      result = end.take();
    } else {
      world_.service.script().let_go();
      world_.journal().script.let_go();
      world_.restarts();
    }
    return result;
  }

  [[nodiscard]] std::size_t calls() const noexcept { return made_; }
  [[nodiscard]] const std::string& last_words() const noexcept { return last_words_; }

 private:
  class finish_line final : public hotswap::driver::completion {
   public:
    void completed() noexcept override { crossed = true; }
    bool crossed = false;
  };

  void count(fault_script& script) {
    script.when_called = [this, &script](std::size_t) {
      if (++made_ != dies_at_) return;
      died_ = true;
      last_words_ = script.calls().back().text;
      script.breaks(last_words_, fault::hangs, 1);
    };
  }

  World& world_;
  std::size_t made_ = 0;
  std::size_t dies_at_ = 0;
  bool died_ = false;
  std::string last_words_;
};

/// The calls of a rollout whose process lives.
template <typename MakeWorld>
[[nodiscard]] std::size_t calls_of(const MakeWorld& make_world) {
  const auto world = make_world();
  mortal_process process{*world};
  (void)process.run_until(0);
  return process.calls();
}
