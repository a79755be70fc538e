#pragma once

/// @file
/// The rolling strategy: a fleet's servers are updated a few at a time.
///
///     hotswap::rolling_strategy rolling{fleet, router, metrics};
///     auto result = loop.run(rolling.deploy({"vision", "1"}, {"vision", "2"}, context));

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/rolling_config.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Takes servers out of rotation, updates them, waits until they are healthy and ready, puts them
/// back, and observes those that are updated against the others, before the next ones' turn.
///
/// `set_split` is never called: the fleet's own rotation decides who gets a request. Where servers
/// cannot be taken out of rotation, `update` drains them itself. A fleet that would lose its last
/// serving server is `rejected`; servers that are not healthy count against `maxUnavailable`, and
/// are updated first. Roll-back goes the way back, newest first, without bakes, within the same
/// limit: a server that does not come back is waited for, and then given up. The last one that
/// serves is not taken out.
///
/// Refers to `server`, `router` and `metrics`, which outlive its rollouts and their outstanding
/// calls; the strategy itself may die first.
template <typename Server, typename Router, typename Metrics>
class rolling_strategy : private diagnose_platform<Server, Router, Metrics>,
                         private diagnose_server_fleet<Server> {
 public:
  /// @throws config_error  if the config breaks a rule.
  rolling_strategy(Server& server, Router& router, Metrics& metrics,
                   checked_config<rolling_config> config = {})
      : server_(server), router_(router), metrics_(metrics), config_(std::move(config)) {}

  /// Replaces `baseline`, which all servers run, by `candidate`; throws as
  /// `canary_strategy::deploy` does.
  [[nodiscard]] task<deployment_result> deploy(model_version baseline, model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms{"Rolling"_text, std::move(baseline), std::move(candidate), context};
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

 private:
  static task<deployment_result> run(std::shared_ptr<platform_calls> calls, rollout_terms terms,
                                     std::shared_ptr<const rolling_config> config) {
    rollout running{std::move(calls), terms, *config};
    running.rolls_servers(config->max_unavailable);
    co_return co_await running.run(steps(running, *config));
  }

  static task<void> steps(rollout& running, const rolling_config& config) {
    const bool observes = config.monitoring_duration > std::chrono::milliseconds::zero();
    auto start = running.step("start");
    if (observes) co_await start.reference(config.monitoring_duration, std::vector<planned_bake>{});

    for (int number = 1;; ++number) {
      auto step = running.step("batch-" + std::to_string(number));
      const server_batch batch = co_await step.next_batch();
      if (batch.servers.empty()) break;

      std::vector<task<void>> lanes;
      lanes.reserve(batch.servers.size());
      for (const server_id& each : batch.servers) {
        lanes.push_back(replace(running, step, each, config));
      }
      co_await when_all(std::move(lanes));
      co_await step.serve(batch);
      if (observes) co_await step.observe(config.monitoring_duration, judge_of(config));
    }
    auto end = running.last_step("end");
    co_await end.commit();
  }

  static task<void> replace(rollout& running, rollout::named_step& step, server_id server,
                            const rolling_config& config) {
    const health_terms ready{config.health_check_interval, config.unhealthy_threshold,
                             config.health_timeout, config.min_ready};
    co_await step.rotate(server, false);
    co_await step.update(server, running.candidate());
    co_await step.await_health(server, ready);
    co_await step.rotate(server, true);
  }

  static std::unique_ptr<judge> judge_of(const rolling_config& config) {
    return std::make_unique<threshold_judge>(config.rollback_thresholds, config.required_metrics,
                                             config.minimum_samples);
  }

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  checked_config<rolling_config> config_;
};

}  // namespace hotswap::inline v0_1
