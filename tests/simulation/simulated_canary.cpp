// A canary of two steps, with three looks at each.

#include <hotswap/core/share.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::canary_config smallest_canary() {
  using namespace std::chrono_literals;
  hotswap::canary_config config;
  config.steps = {hotswap::share::percent(50), hotswap::share::percent(100)};
  config.monitoring_duration = 30s;
  config.analysis_interval = 10s;
  config.minimum_samples = 500;
  config.keep_duration = 20s;
  return config;
}

class start_canary {
 public:
  template <typename Platform>
  hotswap::task<hotswap::deployment_result> operator()(Platform& platform,
                                                       const hotswap::rollout_rules& rules,
                                                       hotswap::rollout_context& context) const {
    static const hotswap::canary_config config = smallest_canary();
    const hotswap::canary_strategy canary{platform, platform, platform, config};
    return canary.deploy(rules.baseline, rules.candidate, context);
  }
};

}  // namespace

simulated_strategy simulated_canary() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    const rollout_shape shape{choices};
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 500;
    rules.bake = 30s;
    rules.keep = 20s;
    rules.way_back = 90s;
    rules.observed = {"step-50", "step-100"};
    return run_shape(shape, choices, rules, start_canary{}, request);
  };
}
