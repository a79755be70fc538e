#pragma once

/// @file
/// A platform on which nothing happens, but whose metrics are real: for `dryRun`.
///
///     calls = std::make_shared<hotswap::dry_run_calls>(std::move(calls));

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Answers every call but `collect` by itself. A template for the reason that
/// `basic_memory_journal` gives.
template <typename = void>
class basic_dry_run_calls final : public platform_calls {
 public:
  explicit basic_dry_run_calls(std::shared_ptr<platform_calls> real) : real_(std::move(real)) {}

  task<void> deploy(model_version, stop_token) override { co_return; }
  task<void> warm_up(model_version, stop_token) override { co_return; }
  task<void> remove(model_version, stop_token) override { co_return; }
  task<void> set_split(traffic_split, std::uint64_t, stop_token) override { co_return; }
  task<metrics_snapshot> collect(model_version version, time_window window,
                                 stop_token stop) override {
    return real_->collect(std::move(version), window, std::move(stop));
  }

  [[nodiscard]] bool has_health_check() const noexcept override { return false; }
  task<bool> healthy(model_version, stop_token) override { co_return true; }

  [[nodiscard]] bool has_split() const noexcept override { return false; }
  task<traffic_split> split(std::string model, stop_token stop) override {
    return real_->split(std::move(model), std::move(stop));
  }

 private:
  std::shared_ptr<platform_calls> real_;
};

using dry_run_calls = basic_dry_run_calls<>;

}  // namespace hotswap::inline v0_1
