// A blue-green deployment with three looks after the switch.

#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/checked_config.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::blue_green_config smallest_blue_green() {
  using namespace std::chrono_literals;
  hotswap::blue_green_config config;
  config.smoke_test_samples = 10;
  config.monitoring_duration = 30s;
  config.analysis_interval = 10s;
  config.keep_blue_duration = 20s;
  return config;
}

}  // namespace

simulated_strategy simulated_blue_green() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    static const hotswap::checked_config<hotswap::blue_green_config> configs[] = {
        smallest_blue_green(), rollout_shape::held(smallest_blue_green())};
    const rollout_shape shape{choices};
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 1000;
    rules.bake = 30s;
    rules.keep = 20s;
    rules.way_back = 90s;
    rules.observed = {"switch"};
    return run_shape(
        shape, choices, rules,
        starts<hotswap::blue_green_strategy, hotswap::blue_green_config>{configs[shape.whom()]},
        request);
  };
}
