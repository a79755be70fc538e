// A canary of two steps, with three looks at each; one that asks nobody, one that asks a person
// what to do with a step that did not pass, and one that needs an approval too.

#include <hotswap/core/share.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/checked_config.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::canary_config smallest_canary(rollout_shape::asks person) {
  using namespace std::chrono_literals;
  hotswap::canary_config config;
  config.steps = {hotswap::share::percent(50), hotswap::share::percent(100)};
  config.monitoring_duration = 30s;
  config.analysis_interval = 10s;
  config.minimum_samples = 500;
  config.keep_duration = 20s;
  if (person == rollout_shape::asks::nobody) return config;
  config.steps.back().approval = person == rollout_shape::asks::holds_and_gates;
  return rollout_shape::held(config);
}

}  // namespace

simulated_strategy simulated_canary() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    using asks = rollout_shape::asks;
    static const hotswap::checked_config<hotswap::canary_config> configs[] = {
        smallest_canary(asks::nobody), smallest_canary(asks::holds),
        smallest_canary(asks::holds_and_gates)};
    const rollout_shape shape{choices, 3};
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 500;
    rules.bake = 30s;
    rules.keep = 20s;
    rules.way_back = 90s;
    rules.observed = {"step-50", "step-100"};
    return run_shape(
        shape, choices, rules,
        starts<hotswap::canary_strategy, hotswap::canary_config>{configs[shape.whom()]}, request);
  };
}
