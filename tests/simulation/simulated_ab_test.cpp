// An A/B test with three looks, of a candidate that wins, loses, differs in nothing, or breaks a
// guardrail; a winner is looked at ten more times, or three if the first looks take longer, too.

#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/checked_config.hpp>

#include "simulation/rollout_shape.hpp"
#include "simulation/simulated_strategy.hpp"

#include <chrono>
#include <string>

namespace {

hotswap::ab_test_config smallest_ab_test() {
  using namespace std::chrono_literals;
  hotswap::ab_test_config config;
  config.minimum_samples = 500;
  config.duration = 30s;
  config.keep_duration = 20s;
  return config;
}

/// Three looks in the ten minutes of a winner, too.
hotswap::ab_test_config in_few_looks(hotswap::ab_test_config config) {
  using namespace std::chrono_literals;
  config.duration = 10min;
  config.analysis_interval = 200s;
  return config;
}

/// Of the candidate; the baseline's is 0.8. The last is worse, but within the guardrail of 5 %.
constexpr double accuracies[] = {0.88, 0.8, 0.762};

}  // namespace

simulated_strategy simulated_ab_test() {
  return [](hotswap::schedule& choices, const run_request& request) {
    using namespace std::chrono_literals;
    static const hotswap::checked_config<hotswap::ab_test_config> configs[] = {
        smallest_ab_test(), rollout_shape::held(smallest_ab_test()),
        in_few_looks(smallest_ab_test())};
    rollout_shape shape{choices};
    const unsigned drawn = choices.choose(hotswap::choice_site::shape, 4);
    const bool takes_longer = drawn == 3 && shape.person == rollout_shape::asks::nobody;
    const unsigned winner = drawn % 3;
    hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
    rules.minimum_samples = 500;
    rules.bake = takes_longer ? 600s : 30s;
    rules.keep = 20s;
    rules.way_back = 90s;
    rules.observed = {"experiment", "winner"};
    shape.prepares = [&rules, winner](hotswap::simulated_platform& platform) {
      platform.quality_of(rules.baseline).accuracy = 0.8;
      platform.quality_of(rules.candidate).accuracy = accuracies[winner];
    };
    return run_shape(shape, choices, rules,
                     starts<hotswap::ab_test_strategy, hotswap::ab_test_config>{
                         configs[takes_longer ? 2 : shape.whom()]},
                     request);
  };
}
