// A rolling deployment of two servers, with three looks after each.

#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/strategies/rolling.hpp>
#include <hotswap/strategies/rolling_config.hpp>
#include <hotswap/testing/simulated_fleet.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::rolling_config smallest_rolling() {
  using namespace std::chrono_literals;
  hotswap::rolling_config config;
  config.monitoring_duration = 30s;
  config.analysis_interval = 10s;
  config.min_ready = 5s;
  config.health_timeout = 60s;
  return config;
}

}  // namespace

simulated_strategy simulated_rolling() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    static const hotswap::checked_config<hotswap::rolling_config> configs[] = {
        smallest_rolling(), rollout_shape::held(smallest_rolling())};
    const unsigned drawn = choices.choose(hotswap::choice_site::shape, 6);
    const unsigned quality = drawn % 3;
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 1000;
    rules.bake = 30s;
    rules.way_back = 120s;
    rules.observed = {"batch-1", "batch-2"};
    rules.candidate_is_bad = quality != 0;
    return run_on<hotswap::simulated_fleet_platform>(
        choices, rules,
        starts<hotswap::rolling_strategy, hotswap::rolling_config>{configs[drawn / 3]}, request,
        [&](auto& platform) { rollout_shape::makes(quality, platform, rules.candidate); });
  };
}
