// A shadow with three looks, which ends there, or goes on as a blue-green deployment or a canary of
// two steps.

#include <hotswap/core/share.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/shadow.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::shadow_config smallest_shadow(unsigned then) {
  using namespace std::chrono_literals;
  hotswap::shadow_config config;
  config.duration = 30s;
  config.analysis_interval = 10s;
  config.minimum_samples = 500;
  if (then == 1) {
    hotswap::blue_green_config next;
    next.smoke_test_samples = 10;
    next.monitoring_duration = 30s;
    next.analysis_interval = 10s;
    next.keep_blue_duration = 20s;
    config.then = next;
  } else if (then == 2) {
    hotswap::canary_config next;
    next.steps = {hotswap::share::percent(50), hotswap::share::percent(100)};
    next.monitoring_duration = 30s;
    next.analysis_interval = 10s;
    next.minimum_samples = 500;
    next.keep_duration = 20s;
    config.then = next;
  }
  return config;
}

}  // namespace

simulated_strategy simulated_shadow() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    static const hotswap::checked_config<hotswap::shadow_config> configs[][3] = {
        {smallest_shadow(0), smallest_shadow(1), smallest_shadow(2)},
        {rollout_shape::held(smallest_shadow(0)), rollout_shape::held(smallest_shadow(1)),
         rollout_shape::held(smallest_shadow(2))}};
    const rollout_shape shape{choices};
    const unsigned then = choices.choose(hotswap::choice_site::shape, 3);
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 500;
    rules.bake = 30s;
    rules.keep = then == 0 ? 0s : 20s;
    rules.way_back = 90s;
    rules.observed = {"shadow"};
    if (then == 1) rules.observed = {"shadow", "switch"};
    if (then == 2) rules.observed = {"shadow", "step-50", "step-100"};
    rules.is_shadow = true;
    return run_shape(
        shape, choices, rules,
        starts<hotswap::shadow_strategy, hotswap::shadow_config>{configs[shape.whom()][then]},
        request);
  };
}
