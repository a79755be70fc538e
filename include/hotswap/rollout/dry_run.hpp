#pragma once

/// @file
/// A platform on which nothing happens, but whose metrics are real: for `dryRun`.
///
///     calls = std::make_shared<hotswap::dry_run_calls>(std::move(calls));

#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Answers every call but those for metrics by itself. The candidate, which gets no request, is
/// said to do what the baseline does: a dry run rehearses the way to the end. A template for the
/// reason that `basic_memory_journal` gives.
template <typename = void>
class basic_dry_run_calls final : public platform_calls {
 public:
  basic_dry_run_calls(std::shared_ptr<platform_calls> real, std::optional<model_version> baseline)
      : real_(std::move(real)), baseline_(std::move(baseline)) {}

  task<void> deploy(const model_version&, const stop_offer&) override { co_return; }
  task<void> warm_up(const model_version&, const stop_offer&) override { co_return; }
  task<void> remove(const model_version&, const stop_offer&) override { co_return; }
  task<void> set_split(const traffic_split&, std::uint64_t, const stop_offer&) override {
    co_return;
  }
  task<metrics_snapshot> collect(const model_version& version, time_window window,
                                 const stop_offer& stop) override {
    return real_->collect(baseline_ ? *baseline_ : version, window, stop);
  }

  [[nodiscard]] bool has_health_check() const noexcept override { return false; }
  task<bool> healthy(const model_version&, const stop_offer&) override { co_return true; }

  [[nodiscard]] bool has_split() const noexcept override { return false; }
  task<traffic_split> split(const std::string& model, const stop_offer& stop) override {
    return real_->split(model, stop);
  }

  task<smoke_test_report> smoke_test(const model_version&, std::size_t samples,
                                     const stop_offer&) override {
    smoke_test_report passed;
    passed.samples = samples;
    co_return passed;
  }
  task<void> set_mirror(const model_version&, const model_version&, share,
                        const stop_offer&) override {
    co_return;
  }
  /// As many comparisons as production had requests, and no difference.
  task<divergence_snapshot> divergence(const model_version& production, const model_version&,
                                       time_window window, const stop_offer& stop) override {
    const metrics_snapshot seen = co_await real_->collect(production, window, stop);
    divergence_snapshot none;
    none.compared = seen.requests;
    co_return none;
  }

  task<std::vector<server_id>> servers(const std::string& model, const stop_offer& stop) override {
    return real_->servers(model, stop);
  }
  task<void> update(const server_id&, const model_version&, const stop_offer&) override {
    co_return;
  }
  task<bool> server_healthy(const server_id&, const stop_offer&) override { co_return true; }
  [[nodiscard]] bool has_rotation() const noexcept override { return false; }
  task<void> set_rotation(const server_id&, bool, const stop_offer&) override { co_return; }

 private:
  std::shared_ptr<platform_calls> real_;
  std::optional<model_version> baseline_;
};

using dry_run_calls = basic_dry_run_calls<>;

}  // namespace hotswap::inline v0_1
