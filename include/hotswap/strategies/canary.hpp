#pragma once

/// @file
/// The canary strategy: raise the candidate's share step by step, and look before each rise.
///
///     hotswap::canary_strategy canary{server, router, metrics};
///     auto result = loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));

#include <hotswap/analysis/judge.hpp>
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
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/first_deployment.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// A canary's steps, once the candidate is warm: also those of a shadow that goes on as a canary. A
/// template so that only its users compile it.
template <typename = void>
class basic_canary_steps {
 public:
  /// The textbook, from the first share to the end.
  static task<void> raise(rollout& running, const canary_config& config) {
    for (const canary_step& to : config.steps) {
      const bool is_last = &to == &config.steps.back();
      if (running.goes_to_last_step() && !is_last && !running.has_begun(name_of(to))) continue;

      auto step = is_last ? running.last_step(name_of(to)) : running.step(name_of(to));
      if (to.approval) co_await step.approve();
      // a holdback leaves the last step something to compare with
      const share candidate_share = is_last ? config.holdback.rest() : to.share;
      co_await shift(running, step, candidate_share);
      co_await step.observe(config.bake_of(to), judge_of(to, config), config.extension_of(to));
    }

    co_await end(running, config);
  }

  /// What `reference` is told beforehand.
  static std::vector<planned_bake> planned_bakes(const canary_config& config) {
    std::vector<planned_bake> bakes;
    bakes.reserve(config.steps.size());
    for (const canary_step& each : config.steps) {
      const bool is_last = &each == &config.steps.back();
      const share candidate_share = is_last ? config.holdback.rest() : each.share;
      bakes
          .emplace_back(candidate_share, config.bake_of(each),
                        each.minimum_samples.value_or(config.minimum_samples))
          .extended(config, config.extension_of(each));
    }
    return bakes;
  }

 private:
  static task<void> end(rollout& running, const canary_config& config) {
    auto end = running.step("end");
    if (config.holdback > share{}) co_await end.shift(traffic_split::all_to(running.candidate()));
    co_await end.wait(config.keep_duration);  // the baseline is warm: a way back costs nothing yet
    co_await end.retire(running.baseline());
  }

  static task<void> shift(const rollout& running, rollout::named_step& step, share candidate) {
    return step.shift(traffic_split::between(running.baseline(), running.candidate(), candidate));
  }

  static std::unique_ptr<judge> judge_of(const canary_step& step, const canary_config& config) {
    return std::make_unique<threshold_judge>(config.rollback_thresholds, config.required_metrics,
                                             step.minimum_samples.value_or(config.minimum_samples));
  }

  /// `step-25`
  static std::string name_of(const canary_step& step) {
    std::string share = to_string(step.share);
    share.resize(share.size() - std::string_view{" %"}.size());
    return "step-" + share;
  }
};

using canary_steps = basic_canary_steps<>;

/// Deploys the candidate next to the baseline, gives it one share of the traffic after the other,
/// and rolls back as soon as a look at the metrics does not pass.
///
/// Refers to `server`, `router` and `metrics`, which outlive its rollouts and their outstanding
/// calls; the strategy itself may die first. One strategy can drive any number of rollouts, of
/// different models, on one clock.
template <typename Server, typename Router, typename Metrics>
class canary_strategy : private diagnose_platform<Server, Router, Metrics> {
 public:
  /// @throws config_error  if the config breaks a rule, e.g. if the steps do not rise to 100 %.
  canary_strategy(Server& server, Router& router, Metrics& metrics,
                  checked_config<canary_config> config = {})
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
    rollout_terms terms{"Canary"_text, std::move(baseline), std::move(candidate), context};
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

  /// Deploys the first version of a model, which is then held to `limits`; throws as above.
  [[nodiscard]] task<deployment_result> deploy(model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms = rollout_terms::first("Canary"_text, std::move(candidate), context);
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), config_.shared());
  }

 private:
  static task<deployment_result> run(std::shared_ptr<platform_calls> calls, rollout_terms terms,
                                     std::shared_ptr<const canary_config> config) {
    rollout running{std::move(calls), terms, *config};
    co_return co_await running.run(steps(running, *config));
  }

  /// The textbook. `rollout::run` turns whatever a verb throws into a roll-back.
  static task<void> steps(rollout& running, const canary_config& config) {
    if (!running.has_baseline()) {
      co_await first_deployment::steps(running, config, terms_of_first(config));
      co_return;
    }
    co_await prepare(running, config);
    co_await canary_steps::raise(running, config);
  }

  static task<void> prepare(rollout& running, const canary_config& config) {
    auto start = running.step("start");
    co_await start.reference(config.reference_duration(), canary_steps::planned_bakes(config));
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());
  }

  static first_deployment::terms terms_of_first(const canary_config& config) {
    return {config.reference_duration(), config.minimum_samples,
            SmokeTestable<Server> ? smoke_test_samples : 0};
  }

  static constexpr std::size_t smoke_test_samples =
      100;  ///< of a first version, if it can be tested

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  checked_config<canary_config> config_;
};

}  // namespace hotswap::inline v0_1
