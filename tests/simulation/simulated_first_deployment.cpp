// The first deployment of a model, by a canary: one that asks nobody, and one that asks a person
// what to do with a look that did not pass.

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/checked_config.hpp>
#include <hotswap/testing/rollout_rules.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>

namespace {

hotswap::canary_config smallest_first(rollout_shape::asks person) {
  using namespace std::chrono_literals;
  hotswap::canary_config config;
  config.monitoring_duration = 30s;
  config.analysis_interval = 10s;
  config.minimum_samples = 500;
  config.limits.latency = 50ms;
  return person == rollout_shape::asks::nobody ? config : rollout_shape::held(config);
}

/// Deploys it where no version is.
class starts_first {
 public:
  /// @param config  outlives it
  explicit starts_first(const hotswap::checked_config<hotswap::canary_config>& config)
      : config_(config) {}

  template <typename Platform>
  hotswap::task<hotswap::deployment_result> operator()(Platform& platform,
                                                       const hotswap::rollout_rules& rules,
                                                       hotswap::rollout_context& context) const {
    const hotswap::canary_strategy canary{platform, platform, platform, config_};
    return canary.deploy(rules.candidate, context);
  }

 private:
  const hotswap::checked_config<hotswap::canary_config>& config_;
};

}  // namespace

simulated_strategy simulated_first_deployment() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    using asks = rollout_shape::asks;
    static const hotswap::checked_config<hotswap::canary_config> configs[] = {
        smallest_first(asks::nobody), smallest_first(asks::holds)};
    const rollout_shape shape{choices};
    hotswap::rollout_rules rules{{"fraud", "none"}, {"fraud", "1"}};
    rules.is_first = true;
    rules.minimum_samples = 500;
    rules.bake = 30s;
    rules.observed = {"first"};
    return run_shape(shape, choices, rules, starts_first{configs[shape.whom()]}, request);
  };
}
