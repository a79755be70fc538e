#pragma once

/// @file
/// What a document will do, step by step, and how long that can take, before anything is touched.
///
///     const hotswap::rollout_plan planned = hotswap::plan(hotswap::parse_strategy(json));
///     fmt::print("{}", hotswap::plan_text(planned));   // report/plan_text.hpp
///
/// It is of the way forward: a roll-back has its own, short limits.

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/canary_step.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a document does not say.
struct plan_options {
  /// What each call into the platform takes, and none fails.
  std::chrono::milliseconds call = std::chrono::seconds{1};
  std::size_t servers = 4;  ///< of the fleet, for a rolling deployment; 1 to 100,000
};

/// One step, by the name under which events and journal know it.
class planned_step {
 public:
  planned_step(std::string named, std::vector<std::string_view> does)
      : name(std::move(named)), verbs(std::move(does)) {}

  std::string name;
  std::vector<std::string_view> verbs;   ///< in their order
  std::optional<share> candidate_share;  ///< of the traffic, if the step changes it

  std::chrono::milliseconds shortest{};
  std::chrono::milliseconds longest{};  ///< with every extension; without what a person takes
  std::chrono::milliseconds hold{};     ///< on top of it at most, if it is held for a person
  bool needs_approval = false;          ///< of a person, who may take for ever

  std::chrono::milliseconds look_interval{};  ///< zero if it does not look at metrics
  /// Of each side, before a look can pass; absent where the document does not say.
  std::optional<std::uint64_t> minimum_samples;
  /// Of the whole model, at which the bake brings these samples without an extension.
  std::optional<double> requests_per_second;
};

class rollout_plan {
 public:
  rollout_plan(std::string_view of_strategy, std::string named)
      : strategy(of_strategy), name(std::move(named)) {}

  std::string strategy;  ///< as the document writes it
  std::string name;      ///< of the document; may be empty
  std::vector<planned_step> steps;
  std::chrono::milliseconds shortest{};
  /// All extensions and holds included, cut by the document's deadline; without the time that a
  /// person takes to approve.
  std::chrono::milliseconds longest{};
  bool needs_approval = false;
};

namespace detail {

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
    auto& end = plan_.steps.emplace_back("end", verbs{});
    if (config.holdback > share{}) {
      end.verbs.push_back("shift");
      calls(end, 1, 3);
      end.candidate_share = share::basis_points(10'000);
    }
    keep(end, config.keep_duration);
  }

  void add(const blue_green_config& config, bool from_the_start) {
    if (from_the_start) add_start(config, config.monitoring_duration);
    auto& tested = from_the_start ? plan_.steps.back() : plan_.steps.emplace_back("then", verbs{});
    tested.verbs.push_back("smoke_test");
    calls(tested, 1, 1);
    bake(shifting("switch", config.holdback.rest(), false), config, config.monitoring_duration,
         config.monitoring_duration);
    auto& end = plan_.steps.emplace_back("end", verbs{});
    if (config.holdback > share{}) {
      end.verbs.push_back("shift");
      calls(end, 1, 3);
      end.candidate_share = share::basis_points(10'000);
    }
    keep(end, config.keep_blue_duration);
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
    auto& end = plan_.steps.emplace_back("end", verbs{});
    if (config.holdback > share{}) {
      end.verbs.push_back("shift");
      calls(end, 0, 3);
      end.candidate_share = share::basis_points(10'000);
    }
    keep(end, config.keep_duration);
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

  /// @throws config_error  if no server would be left.
  void add(const rolling_config& config, std::size_t servers) {
    const auto batch = static_cast<std::size_t>(config.max_unavailable);
    if (batch >= servers) {
      refuse("/maxUnavailable", fmt::format("be below the number of servers, {}", servers),
             fmt::format("{}", batch));
    }
    auto& start = plan_.steps.emplace_back("start", verbs{"reference"});
    calls(start, 2, 2);
    for (std::size_t i = 0; i * batch < servers; ++i) {
      auto& step = plan_.steps.emplace_back(fmt::format("batch-{}", i + 1),
                                            verbs{"rotate", "update", "wait", "rotate"});
      calls(step, 2, 4);  // the servers of a batch at once: update and health, perhaps rotation
      pass(step, config.min_ready, config.min_ready + config.health_timeout);
      if (config.monitoring_duration > milliseconds{0}) {
        bake(step, config, config.monitoring_duration, config.monitoring_duration);
      }
    }
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

  void keep(planned_step& step, milliseconds time) const {
    if (time > milliseconds{0}) step.verbs.push_back("wait");
    step.verbs.push_back("retire");
    pass(step, time, time);
    calls(step, 1, 1);
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

}  // namespace detail

/// @throws config_error  if the config cannot be used, if its deadline is too short for calls that
/// take so long, if it would leave a fleet of that many servers none in rotation, or if an option
/// is out of range.
template <typename = void>
[[nodiscard]] rollout_plan plan(const strategy_config& config, plan_options options = {}) {
  constexpr std::size_t most_servers = 100'000;
  if (options.call.count() < 0 || options.call > rule::longest_duration) {
    throw config_error(
        "", fmt::format("plan: call must be a duration of at most {}, got {}",
                        duration_text(rule::longest_duration), duration_text(options.call)));
  }
  if (options.servers < 1 || options.servers > most_servers) {
    throw config_error("", fmt::format("plan: servers must be a number from 1 to {}, got {}",
                                       most_servers, options.servers));
  }
  validate(config);

  const auto& common =
      std::visit([](const auto& each) -> const rollout_config& { return each; }, config);
  rollout_plan made{strategy_name(config), common.name};
  detail::basic_planner planner{made, options};
  if (const auto* each = std::get_if<canary_config>(&config)) planner.add(*each, true);
  if (const auto* each = std::get_if<blue_green_config>(&config)) planner.add(*each, true);
  if (const auto* each = std::get_if<ab_test_config>(&config)) planner.add(*each);
  if (const auto* each = std::get_if<shadow_config>(&config)) planner.add(*each);
  if (const auto* each = std::get_if<rolling_config>(&config)) planner.add(*each, options.servers);

  std::chrono::milliseconds hold{};
  for (const planned_step& each : made.steps) {
    made.shortest += each.shortest;
    made.longest += each.longest;
    hold += each.hold;
    made.needs_approval = made.needs_approval || each.needs_approval;
  }
  if (common.deadline && *common.deadline <= made.shortest) {
    refuse("/deadline",
           fmt::format("exceed the shortest way, {}, with calls of {}",
                       duration_text(made.shortest), duration_text(options.call)),
           duration_text(*common.deadline));
  }
  if (common.deadline) made.longest = std::min(made.longest, *common.deadline);
  made.longest += hold;  // which the deadline does not count
  return made;
}

}  // namespace hotswap::inline v0_1
