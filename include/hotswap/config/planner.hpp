#pragma once

/// @file
/// How a config becomes a plan; `plan` is for callers.
///
///     hotswap::planner planner{made, options};
///     planner.add(config, true);

#include <hotswap/config/rollout_plan.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Adds a config's steps to a plan, by the names under which the strategies take them.
/// A template so that only its users compile it.
template <typename = void>
class basic_planner {
 public:
  using milliseconds = std::chrono::milliseconds;

  basic_planner(rollout_plan& made, plan_options options) : plan_(made), call_(options.call) {}

  void add(const canary_config& config, bool from_the_start) {
    if (from_the_start) add_start(config, config.reference_duration());
    for (const canary_step& each : config.steps) {
      const bool is_last = &each == &config.steps.back();
      auto& step = shifting("step-" + percent(each.share),
                            is_last ? config.holdback.rest() : each.share, each.approval);
      bake(step, config, config.bake_of(each), config.extension_of(each));
      needs(step, each.minimum_samples.value_or(config.minimum_samples), config.bake_of(each),
            smaller_side(*step.candidate_share));
    }
    add_end(config, config.keep_duration, 1);
  }

  void add(const blue_green_config& config, bool from_the_start) {
    if (from_the_start) add_start(config, config.monitoring_duration);
    auto& tested = from_the_start ? plan_.steps.back() : plan_.steps.emplace_back("then", verbs{});
    tested.verbs.push_back("smoke_test");
    calls(tested, 1, 1);
    auto& step = shifting("switch", config.holdback.rest(), false);
    bake(step, config, config.monitoring_duration, config.monitoring_duration);
    needs(step, config.minimum_samples, config.monitoring_duration,
          smaller_side(*step.candidate_share));
    add_end(config, config.keep_blue_duration, 1);
  }

  void add(const ab_test_config& config) {
    add_start(config, ab_test_config::ramp_step_duration);
    const int times = std::min(extensions(config), 1);
    for (const canary_step& each : config.ramp) {
      auto& step = shifting("ramp-" + percent(each.share), each.share, each.approval);
      bake(step, config, config.bake_of(each), config.extension_of(each), times);
      needs(step, each.minimum_samples.value_or(config.samples_of_limits()), config.bake_of(each),
            smaller_side(each.share));
    }

    auto& experiment = shifting("experiment", config.split_ratio, false);
    bake(experiment, config, config.duration, config.duration, times);
    experiment.verbs.push_back("decide");
    needs(experiment, config.minimum_samples, config.duration, smaller_side(config.split_ratio));

    // the baseline may win, which needs no bake
    auto& winner = shifting("winner", config.holdback.rest(), false);
    const milliseconds least = winner.shortest;
    bake(winner, config, ab_test_config::ramp_step_duration, ab_test_config::ramp_step_duration,
         times);
    winner.shortest = least;
    needs(winner, config.samples_of_limits(), ab_test_config::ramp_step_duration,
          smaller_side(*winner.candidate_share));
    add_end(config, config.keep_duration, 0);
  }

  void add(const shadow_config& config) {
    add_start(config, config.duration);
    auto& step = plan_.steps.emplace_back("shadow", verbs{"mirror"});
    calls(step, 1, 1);
    bake(step, config, config.duration, config.duration, extensions(config), "compare");
    calls(step, 1, 1 + extensions(config));  // divergence, besides the two sides' metrics
    needs(step, config.minimum_samples, config.duration, config.sample_rate);

    auto& end = plan_.steps.emplace_back(
        config.promote() == shadow_promotion::never ? "end" : "validated", verbs{"mirror"});
    calls(end, 1, 1);
    if (config.promote() == shadow_promotion::never) keep(end, milliseconds{0});
    if (const auto* next = std::get_if<blue_green_config>(&config.then)) add(*next, false);
    if (const auto* next = std::get_if<canary_config>(&config.then)) add(*next, false);
  }

  /// @pre servers > 1
  void add(const rolling_config& config, std::size_t servers) {
    const bool observes = config.monitoring_duration > milliseconds{0};
    auto& start = plan_.steps.emplace_back("start", verbs{});
    if (observes) {
      start.verbs.push_back("reference");
      calls(start, 1, 2);
      start.longest += look_interval(config, config.monitoring_duration);
    }
    // a server is always left in rotation
    const std::size_t batch =
        std::min(static_cast<std::size_t>(config.max_unavailable), servers - 1);
    std::size_t updated = 0;
    std::size_t number = 1;
    for (; updated < servers; ++number) {
      updated = std::min(updated + batch, servers);
      auto& step = add_batch(number, servers);
      for (const auto verb : {"rotate", "update", "healthy", "rotate", "serve"}) {
        step.verbs.push_back(verb);
      }
      calls(step, 2, 4);  // all servers of a batch at once; perhaps the fleet has no rotation
      pass(step, config.min_ready, config.health_timeout + config.health_check_interval);
      const auto part = static_cast<int>(updated * 10'000 / servers);
      step.candidate_share = share::basis_points(part);
      if (!observes) continue;
      bake(step, config, config.monitoring_duration, config.monitoring_duration);
      const share compared = smaller_side(*step.candidate_share);
      if (compared > share{}) {
        needs(step, config.minimum_samples, config.monitoring_duration, compared);
      }
    }
    add_batch(number, servers);  // in which none is left to update
    plan_.steps.emplace_back("end", verbs{"commit"});
  }

  /// The first version of a model, held to absolute limits.
  void add_first(const rollout_config& config, milliseconds time, std::uint64_t samples,
                 bool is_tested) {
    auto& start =
        plan_.steps.emplace_back("start", verbs{"vacancy", "deploy", "warm_up", "smoke_test"});
    calls(start, is_tested ? 3 : 2, 4);
    const share all = share::basis_points(10'000);
    auto& first = shifting("first", all, false);
    bake(first, config, time, time);
    needs(first, samples, time, all);
  }

 private:
  using verbs = std::vector<std::string_view>;

  static std::string percent(share of) { return fmt::format("{}", rule::percentage.written(of)); }

  /// Of the traffic, what the smaller side gets; the baseline's recorded reference stands in for a
  /// baseline that gets nothing.
  static share smaller_side(share candidate) {
    return candidate.rest() == share{} ? candidate : std::min(candidate, candidate.rest());
  }

  void pass(planned_step& step, milliseconds shortest, milliseconds longest) const {
    step.shortest += shortest;
    step.longest += longest;
  }
  void calls(planned_step& step, int fewest, int most) const {
    pass(step, fewest * call_, most * call_);
  }

  void add_start(const rollout_config& config, milliseconds window) {
    auto& start = plan_.steps.emplace_back("start", verbs{"reference", "deploy", "warm_up"});
    calls(start, 2 + 2, 3 + 2);
    // a source that begins to count with the rollout must be asked again
    start.longest += look_interval(config, window);
  }

  /// Which servers are next is asked of each of them.
  planned_step& add_batch(std::size_t number, std::size_t servers) {
    auto& step = plan_.steps.emplace_back(fmt::format("batch-{}", number), verbs{"batch"});
    const int asked = 1 + static_cast<int>(servers);
    calls(step, asked, asked);
    return step;
  }

  planned_step& shifting(std::string name, share to, bool needs_approval) {
    auto& step = plan_.steps.emplace_back(std::move(name), verbs{});
    if (needs_approval) step.verbs.push_back("approve");
    step.verbs.push_back("shift");
    step.needs_approval = needs_approval;
    step.candidate_share = to;
    calls(step, 1, 3);  // it may be asked for its health before, and read back after
    return step;
  }

  static int extensions(const rollout_config& config) {
    return config.on_inconclusive == on_inconclusive::extend ? config.max_extensions : 0;
  }

  void bake(planned_step& step, const rollout_config& config, milliseconds time,
            milliseconds extension) const {
    bake(step, config, time, extension, extensions(config));
  }

  void bake(planned_step& step, const rollout_config& config, milliseconds time,
            milliseconds extension, int times, std::string_view verb = "observe") const {
    step.verbs.push_back(verb);
    const bool has_baseline = step.candidate_share != share::basis_points(10'000);
    const int sides = has_baseline ? 2 : 1;
    // metrics once before the bake, and at the look that ends it; health and split, too
    calls(step, sides + sides, sides + (sides + 2) * (1 + times));
    pass(step, time, time + times * extension);
    step.look_interval = look_interval(config, time);
    const bool exhausted_is_held = config.on_inconclusive == on_inconclusive::extend &&
                                   config.on_exhausted == on_exhausted::hold;
    if (exhausted_is_held || config.on_inconclusive == on_inconclusive::hold ||
        config.on_failure == on_failure::hold) {
      step.hold = config.hold_timeout;
    }
  }

  static void needs(planned_step& step, std::uint64_t samples, milliseconds bake, share of) {
    step.minimum_samples = samples;
    step.requests_per_second = static_cast<double>(samples) * 10'000.0 / of.basis_points() /
                               std::chrono::duration<double>(bake).count();
  }

  /// The loser is kept warm, and then removed.
  /// @param fewest  calls of the shift that ends a holdback: none if the baseline has won
  void add_end(const rollout_config& config, milliseconds kept, int fewest) {
    auto& end = plan_.steps.emplace_back("end", verbs{});
    if (config.holdback > share{}) {
      end.verbs.push_back("shift");
      calls(end, fewest, 3);
      end.candidate_share = share::basis_points(10'000);
    }
    keep(end, kept);
  }

  void keep(planned_step& step, milliseconds time) const {
    if (time > milliseconds{0}) step.verbs.push_back("wait");
    step.verbs.push_back("retire");
    pass(step, time, time);
    calls(step, 1, 2);  // the split may be read before
  }

  /// As the engine looks.
  static milliseconds look_interval(const rollout_config& config, milliseconds bake) {
    using namespace std::chrono_literals;
    const milliseconds usual = std::clamp<milliseconds>(bake / 10, 10s, 5min);
    return std::min(config.analysis_interval.value_or(usual), bake);
  }

  rollout_plan& plan_;
  milliseconds call_;
};

using planner = basic_planner<>;

}  // namespace hotswap::inline v0_1
