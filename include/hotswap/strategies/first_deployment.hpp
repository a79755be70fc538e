#pragma once

/// @file
/// The first deployment of a model: there is no baseline to compare it with, or to go back to.
///
///     co_await first_deployment::steps(running, config, first_deployment::terms{10min, 1000,
///     100});

#include <hotswap/analysis/absolute_judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace hotswap::inline v0_1 {

/// What strategies share that can deploy the first version. A template so that only its users
/// compile it.
template <typename = void>
class basic_first_deployment {
 public:
  struct terms {
    std::chrono::nanoseconds bake;
    std::uint64_t minimum_samples;
    std::size_t smoke_test_samples;  ///< 0 for a server that has no smoke test
  };

  /// Deployed, warmed, tested, and given all the traffic at once; then held to `limits`. What fails
  /// before it has traffic is removed; later it stays, since there is nobody else.
  static task<void> steps(rollout& running, const rollout_config& config, terms of) {
    auto start = running.step("start");
    co_await start.vacancy();
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());
    if (of.smoke_test_samples > 0) {
      co_await start.smoke_test(running.candidate(), of.smoke_test_samples);
    }

    auto first = running.last_step("first");
    co_await first.shift(traffic_split::all_to(running.candidate()));
    if (config.dry_run) {  // a version that gets no requests has no metrics
      co_await first.wait(of.bake);
      co_return;
    }
    auto judge =
        std::make_unique<absolute_judge>(config.limits, config.rollback_thresholds.latency_quantile,
                                         config.required_metrics, of.minimum_samples);
    co_await first.observe(of.bake, std::move(judge), of.bake);
  }
};

using first_deployment = basic_first_deployment<>;

}  // namespace hotswap::inline v0_1
