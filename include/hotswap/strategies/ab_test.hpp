#pragma once

/// @file
/// The A/B test: both versions serve side by side until a test, made once, names the winner.
///
///     hotswap::ab_test_strategy experiment{server, router, metrics, config};
///     auto result = loop.run(experiment.deploy({"ranking", "1"}, {"ranking", "2"}, context));

#include <hotswap/analysis/experiment.hpp>
#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/checked_config.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Splits the traffic between both versions, collects for `duration`, and gives all traffic to the
/// winner. Guardrails are looked at all the time, and their fail rolls back; the question itself is
/// asked once, at the end, so that its error rate is what `significance_level` says.
///
/// A test that decided, for either arm or for neither, has succeeded: `winner_candidate`,
/// `winner_baseline`, or `no_difference`, which leaves the baseline where it is.
///
/// Refers to `server`, `router` and `metrics`, which outlive its rollouts and their outstanding
/// calls; the strategy itself may die first.
template <typename Server, typename Router, typename Metrics>
class ab_test_strategy : private diagnose_platform<Server, Router, Metrics> {
 public:
  /// @throws config_error  if the config breaks a rule, e.g. if a custom metric has no direction.
  ab_test_strategy(Server& server, Router& router, Metrics& metrics,
                   checked_config<ab_test_config> config = {})
      : server_(server), router_(router), metrics_(metrics), config_(std::move(config)) {}

  /// Compares `candidate` with `baseline`, which has all the traffic; throws as
  /// `canary_strategy::deploy` does.
  [[nodiscard]] task<deployment_result> deploy(model_version baseline, model_version candidate,
                                               rollout_context& context) const {
    auto calls = make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    rollout_terms terms{"ABTesting"_text, std::move(baseline), std::move(candidate), context};
    terms.config = config_.digest();
    return run(std::move(calls), std::move(terms), extended_once(config_.shared()));
  }

 private:
  /// At most, whatever the document allows: who looks again and again finds a winner by chance.
  static std::shared_ptr<const ab_test_config> extended_once(
      const std::shared_ptr<const ab_test_config>& config) {
    if (config->max_extensions <= 1) return config;
    auto once = std::make_shared<ab_test_config>(*config);
    once->max_extensions = 1;
    return once;
  }

  static task<deployment_result> run(std::shared_ptr<platform_calls> calls, rollout_terms terms,
                                     std::shared_ptr<const ab_test_config> config) {
    rollout running{std::move(calls), terms, *config};
    co_return co_await running.run(steps(running, *config));
  }

  static task<void> steps(rollout& running, const ab_test_config& config) {
    const model_version& baseline = running.baseline();
    const model_version& candidate = running.candidate();
    auto start = running.step("start");
    co_await start.reference(config.ramp_step_duration, planned_bakes(config));
    co_await start.deploy(candidate);
    co_await start.warm_up(candidate);

    for (const canary_step& to : config.ramp) {
      auto step = running.step(name_of("ramp", to));
      if (to.approval) co_await step.approve();
      co_await step.shift(traffic_split::between(baseline, candidate, to.share));
      const std::uint64_t samples = to.minimum_samples.value_or(config.samples_of_limits());
      co_await step.observe(config.bake_of(to), guardrails(config, samples),
                            config.extension_of(to));
    }

    auto experiment = running.step("experiment");
    co_await experiment.shift(traffic_split::between(baseline, candidate, config.split_ratio));
    const totals_of_bake totals =
        co_await experiment.observe(config.duration, collection(config), config.duration);
    const experiment_outcome outcome = decide_experiment(*totals, question_of(config));
    const decided_once decided =
        co_await experiment.decide(std::string{to_string(outcome.winner)}, outcome.found.sentence);
    const bool candidate_won = decided.what == to_string(experiment_winner::candidate);
    const bool baseline_won = decided.what == to_string(experiment_winner::baseline);

    if (candidate_won) {
      running.concludes(reason_code::winner_candidate, candidate, decided.reason);
      auto winner = running.last_step("winner");
      // a holdback leaves something to compare with
      co_await winner.shift(traffic_split::between(baseline, candidate, config.holdback.rest()));
      co_await winner.observe(config.ramp_step_duration,
                              guardrails(config, config.samples_of_limits()),
                              config.ramp_step_duration);
    } else {
      running.concludes(baseline_won ? reason_code::winner_baseline : reason_code::no_difference,
                        baseline, decided.reason);
      auto winner = running.last_step("winner");
      co_await winner.shift(traffic_split::all_to(baseline));
    }
    auto end = running.step("end");
    if (candidate_won && config.holdback > share{}) {
      co_await end.shift(traffic_split::all_to(candidate));
    }
    co_await end.wait(config.keep_duration);  // the loser is warm: a way back costs nothing yet
    const model_version& loser = candidate_won ? baseline : candidate;
    co_await end.retire(loser);
  }

  static std::vector<planned_bake> planned_bakes(const ab_test_config& config) {
    std::vector<planned_bake> bakes;
    bakes.emplace_back(config.split_ratio, config.duration, config.minimum_samples);
    const bool extends =
        config.on_inconclusive == on_inconclusive::extend && config.max_extensions > 0;
    bakes.back().longest = extends ? 2 * config.duration : config.duration;
    return bakes;
  }

  static experiment_question question_of(const ab_test_config& config) {
    return {config.primary_metric, direction_of_primary(config) == metric_direction::increase,
            config.significance_level, config.minimum_samples};
  }

  /// From the first window on.
  static std::unique_ptr<judge> guardrails(const ab_test_config& config, std::uint64_t samples) {
    return std::make_unique<threshold_judge>(config.rollback_thresholds, config.required_metrics,
                                             samples);
  }
  static std::unique_ptr<judge> collection(const ab_test_config& config) {
    return std::make_unique<experiment_judge>(guardrails(config, config.samples_of_limits()),
                                              question_of(config));
  }

  /// `ramp-5`
  static std::string name_of(const std::string& prefix, const canary_step& step) {
    std::string share = to_string(step.share);
    share.resize(share.size() - std::string_view{" %"}.size());
    return prefix + "-" + share;
  }

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  checked_config<ab_test_config> config_;
};

}  // namespace hotswap::inline v0_1
