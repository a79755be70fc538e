#pragma once

/// @file
/// The blue-green strategy: try green, switch all the traffic to it at once, and keep blue warm.
///
///     hotswap::blue_green_strategy blue_green{server, router, metrics};
///     auto result = loop.run(blue_green.deploy({"fraud", "1"}, {"fraud", "2"}, context));

#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/first_deployment.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The steps of a blue-green deployment, once green is warm and tested: also those of a shadow that
/// goes on as one. A template so that only its users compile it.
template <typename = void>
class basic_blue_green_steps {
 public:
  /// The textbook, from the switch to the end.
  static task<void> switch_over(rollout& running, const blue_green_config& config) {
    auto to_green = running.last_step("switch");
    // a holdback leaves green something to be compared with, besides the recorded reference
    co_await to_green.shift(
        traffic_split::between(running.baseline(), running.candidate(), config.holdback.rest()));
    auto judge = std::make_unique<threshold_judge>(config.rollback_thresholds,
                                                   config.required_metrics, config.minimum_samples);
    co_await to_green.observe(config.monitoring_duration, std::move(judge),
                              config.monitoring_duration);

    auto end = running.step("end");
    if (config.holdback > share{}) co_await end.shift(traffic_split::all_to(running.candidate()));
    co_await end.wait(config.keep_blue_duration);  // blue is warm: a way back costs nothing yet
    co_await end.retire(running.baseline());
  }

  /// What `reference` is told beforehand.
  static planned_bake planned(const blue_green_config& config) {
    planned_bake bake{config.holdback.rest(), config.monitoring_duration, config.minimum_samples};
    bake.extended(config, config.monitoring_duration);
    bake.needs_reference = config.holdback == share{};
    return bake;
  }
};

using blue_green_steps = basic_blue_green_steps<>;

/// Deploys green, the candidate, next to blue, the baseline; tries it; gives it all the traffic at
/// once; and switches back if it is worse than blue was. Blue is kept warm until it is retired.
///
/// Refers to `server`, `router` and `metrics`, which outlive its rollouts and their outstanding
/// calls; the strategy itself may die first. One strategy can drive any number of rollouts, of
/// different models, on one clock.
template <typename Server, typename Router, typename Metrics>
class blue_green_strategy : private diagnose_platform<Server, Router, Metrics>,
                            private diagnose_smoke_testable<Server> {
 public:
  /// @throws config_error  if the config breaks a rule, e.g. if there is no time to observe.
  blue_green_strategy(Server& server, Router& router, Metrics& metrics,
                      checked_config<blue_green_config> config = {})
      : server_(server), router_(router), metrics_(metrics), config_(std::move(config)) {}

  /// Replaces `baseline`, which has all the traffic, by `candidate`.
  ///
  /// Never throws for what the platform does: failures, deadlines and aborts are in the result.
  /// @throws config_error      at once, if the two are not different versions of one model.
  /// @throws std::logic_error  at once, if the context has had a rollout.
  /// @throws journal_conflict  when awaited, if another driver has taken the rollout over.
  /// @throws rollout_stopped   when awaited, if the process shuts down and another one can resume.
  [[nodiscard]] task<deployment_result> deploy(model_version baseline, model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms{"BlueGreen"_text, std::move(baseline), std::move(candidate), context};
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

  /// Deploys the first version of a model, which is then held to `limits`; throws as above.
  [[nodiscard]] task<deployment_result> deploy(model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms = rollout_terms::first("BlueGreen"_text, std::move(candidate), context);
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

 private:
  static task<deployment_result> run(std::shared_ptr<platform_calls> calls, rollout_terms terms,
                                     std::shared_ptr<const blue_green_config> config) {
    rollout running{std::move(calls), terms, *config};
    co_return co_await running.run(steps(running, *config));
  }

  /// The textbook. `rollout::run` turns whatever a verb throws into a roll-back.
  static task<void> steps(rollout& running, const blue_green_config& config) {
    if (!running.has_baseline()) {
      const first_deployment::terms first{config.monitoring_duration, config.minimum_samples,
                                          config.smoke_test_samples};
      co_await first_deployment::steps(running, config, first);
      co_return;
    }
    auto start = running.step("start");
    co_await start.reference(config.monitoring_duration,
                             std::vector(1, blue_green_steps::planned(config)));
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());
    co_await start.smoke_test(running.candidate(), config.smoke_test_samples);
    co_await blue_green_steps::switch_over(running, config);
  }

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  checked_config<blue_green_config> config_;
};

}  // namespace hotswap::inline v0_1
