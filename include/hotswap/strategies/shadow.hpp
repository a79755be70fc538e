#pragma once

/// @file
/// The shadow strategy: let the candidate answer copies of production's requests, and compare.
///
///     hotswap::shadow_strategy shadow{server, router, metrics};
///     auto result = loop.run(shadow.deploy({"fraud", "1"}, {"fraud", "2"}, context));

#include <hotswap/analysis/divergence_judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Deploys the candidate as production's shadow: it answers copies of requests, its answers reach
/// nobody but the comparison. A shadow that is validated is removed again, or is promoted: the same
/// rollout goes on as the blue-green deployment or the canary that its config names.
///
/// Refers to `server`, `router` and `metrics`, which outlive its rollouts and their outstanding
/// calls; the strategy itself may die first. One strategy can drive any number of rollouts, of
/// different models, on one clock.
template <typename Server, typename Router, typename Metrics>
class shadow_strategy : private diagnose_platform<Server, Router, Metrics>,
                        private diagnose_mirroring_router<Router>,
                        private diagnose_divergence_source<Metrics> {
 public:
  /// @throws config_error  if the config breaks a rule, or promotes to a blue-green deployment on a
  ///   server that has no smoke test.
  shadow_strategy(Server& server, Router& router, Metrics& metrics,
                  checked_config<shadow_config> config = {})
      : server_(server), router_(router), metrics_(metrics), config_(std::move(config)) {
    if (!SmokeTestable<Server> && config_->promote() == shadow_promotion::blue_green) {
      refuse("/promote", "be never or canary for a server without the member smoke_test",
             "blueGreen");
    }
  }

  /// Compares `candidate` with `baseline`, which has all the traffic; and replaces it, if the
  /// config says so.
  ///
  /// Never throws for what the platform does: failures, deadlines and aborts are in the result.
  /// @throws config_error      at once, if the two are not different versions of one model.
  /// @throws std::logic_error  at once, if the context has had a rollout.
  /// @throws journal_conflict  when awaited, if another driver has taken the rollout over.
  /// @throws rollout_stopped   when awaited, if the process shuts down and another one can resume.
  [[nodiscard]] task<deployment_result> deploy(model_version baseline, model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms{"Shadow"_text, std::move(baseline), std::move(candidate), context};
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

 private:
  static task<deployment_result> run(std::shared_ptr<platform_calls> calls, rollout_terms terms,
                                     std::shared_ptr<const shadow_config> config) {
    rollout running{std::move(calls), terms, *config};
    co_return co_await running.run(steps(running, *config));
  }

  /// The textbook. `rollout::run` turns whatever a verb throws into a roll-back.
  static task<void> steps(rollout& running, const shadow_config& config) {
    const bool ends_here = config.promote() == shadow_promotion::never;
    auto start = running.step("start");
    co_await start.reference(config.duration, planned_bakes(config));
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());

    auto shadow = ends_here ? running.last_step("shadow") : running.step("shadow");
    co_await shadow.mirror(config.sample_rate);
    co_await shadow.compare(config.duration, judge_of(config), config.duration);

    auto validated = running.step(ends_here ? "end" : "validated");
    co_await validated.mirror(share{});  // a version that gets requests gets no copies
    if (ends_here) {
      running.concludes(reason_code::validated, running.baseline(),
                        to_string(running.candidate()) + " was validated, and " +
                            to_string(running.baseline()) + " serves all traffic");
      co_await validated.retire(running.candidate());
    } else {
      co_await goes_on(running, config);
    }
  }

  /// Never straight to 100 %.
  static task<void> goes_on(rollout& running, const shadow_config& config) {
    if (const auto* blue_green = std::get_if<blue_green_config>(&config.then)) {
      running.goes_on_with(*blue_green);
      auto then = running.step("then");
      co_await then.smoke_test(running.candidate(), blue_green->smoke_test_samples);
      co_await blue_green_steps::switch_over(running, *blue_green);
    } else if (const auto* canary = std::get_if<canary_config>(&config.then)) {
      running.goes_on_with(*canary);
      co_await canary_steps::raise(running, *canary);
    }
  }

  static std::vector<planned_bake> planned_bakes(const shadow_config& config) {
    std::vector<planned_bake> bakes;
    if (const auto* canary = std::get_if<canary_config>(&config.then)) {
      if (!canary->allow_low_traffic) bakes = canary_steps::planned_bakes(*canary);
    } else if (const auto* blue_green = std::get_if<blue_green_config>(&config.then)) {
      if (!blue_green->allow_low_traffic) bakes.push_back(blue_green_steps::planned(*blue_green));
    }
    planned_bake shadow =
        planned_bake::of_shadow(config.sample_rate, config.duration, config.minimum_samples);
    bakes.insert(bakes.begin(), shadow.extended(config, config.duration));
    return bakes;
  }

  static std::unique_ptr<judge> judge_of(const shadow_config& config) {
    return std::make_unique<divergence_judge>(config.divergence_thresholds,
                                              config.rollback_thresholds, config.required_metrics,
                                              config.minimum_samples);
  }

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  checked_config<shadow_config> config_;
};

}  // namespace hotswap::inline v0_1
