// The defaults that the operators' manual states, and which strategy a model gets without a
// document.

#include <hotswap/config/default_strategy.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/share.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::parse_strategy;

namespace {

template <typename Config>
Config minimal(std::string_view strategy) {
  return std::get<Config>(parse_strategy("{\"strategy\": \"" + std::string{strategy} + "\"}"));
}

void check_common_defaults(const hotswap::rollout_config& config, int max_extensions = 3) {
  CHECK(config.rollback_thresholds.accuracy_drop == 0.05);
  CHECK(config.rollback_thresholds.latency_increase == 1.5);
  CHECK(config.rollback_thresholds.latency_quantile == 0.95);
  CHECK(config.rollback_thresholds.error_rate_increase == 0.01);
  CHECK(config.rollback_thresholds.data_drift == 0.3);
  CHECK(config.required_metrics == std::vector<std::string>{"errorRate", "latency"});
  CHECK(config.on_failure == hotswap::on_failure::rollback);
  CHECK(config.on_inconclusive == hotswap::on_inconclusive::extend);
  CHECK(config.max_extensions == max_extensions);
  CHECK(config.on_exhausted == hotswap::on_exhausted::rollback);
  CHECK(config.hold_timeout == 24h);
  CHECK(config.holdback == 0_pct);
  CHECK(!config.deadline);
  CHECK(config.deadlines.deploy == 15min);
  CHECK(config.deadlines.warm_up == 10min);
  CHECK(config.deadlines.smoke_test == 5min);
  CHECK(config.deadlines.set_split == 30s);
  CHECK(config.deadlines.collect == 10s);
  CHECK(config.deadlines.healthy == 5s);
  CHECK(config.deadlines.update == 15min);
  CHECK(config.deadlines.remove == 10min);
  CHECK(config.attempts == 3);
  CHECK(config.backoff_min == 1s);
  CHECK(config.backoff_max == 30s);
  CHECK(config.analysis == hotswap::analysis_method::threshold);
  CHECK(!config.analysis_interval);
  CHECK(config.max_metrics_failures == 4);
  CHECK(!config.allow_low_traffic);
  CHECK(config.name.empty());
  CHECK(config.description.empty());
  CHECK(config.labels.empty());
  CHECK(!config.dry_run);
}

}  // namespace

TEST_CASE("Canary: a document that says no more than its strategy has the manual's defaults",
          "[config][defaults]") {
  const auto config = minimal<hotswap::canary_config>("Canary");

  CHECK(config.steps == std::vector<hotswap::canary_step>{10_pct, 25_pct, 50_pct, 100_pct});
  CHECK(!config.monitoring_duration);
  CHECK(config.bake_of(config.steps[0]) == 10min);
  CHECK(config.minimum_samples == 1'000);
  CHECK(config.keep_duration == 10min);
  check_common_defaults(config);
  CHECK(config == hotswap::canary_config{});
}

TEST_CASE("BlueGreen: a document that says no more than its strategy has the manual's defaults",
          "[config][defaults]") {
  const auto config = minimal<hotswap::blue_green_config>("BlueGreen");

  CHECK(config.smoke_test_samples == 100);
  CHECK(config.monitoring_duration == 5min);
  CHECK(config.keep_blue_duration == 10min);
  check_common_defaults(config);
  CHECK(config == hotswap::blue_green_config{});
}

TEST_CASE("ABTesting: a document that says no more than its strategy has the manual's defaults",
          "[config][defaults]") {
  const auto config = minimal<hotswap::ab_test_config>("ABTesting");

  CHECK(config.split_ratio == 50_pct);
  CHECK(config.minimum_samples == 10'000);
  CHECK(config.significance_level == 0.05);
  CHECK(config.primary_metric == "accuracy");
  CHECK(!config.primary_direction);
  CHECK(direction_of_primary(config) == hotswap::metric_direction::increase);
  CHECK(config.duration == 7 * 24h);
  CHECK(config.ramp.empty());
  CHECK(config.keep_duration == 1h);
  check_common_defaults(config, 1);
  CHECK(config == hotswap::ab_test_config{});
}

TEST_CASE("Shadow: a document that says no more than its strategy has the manual's defaults",
          "[config][defaults]") {
  const auto config = minimal<hotswap::shadow_config>("Shadow");

  CHECK(config.sample_rate == 100_pct);
  CHECK(config.duration == 1h);
  CHECK(config.minimum_samples == 1'000);
  CHECK(config.divergence_thresholds.disagreement_rate == 0.05);
  CHECK(!config.divergence_thresholds.score_difference);
  CHECK(config.divergence_thresholds.dropped_rate == 0.1);
  CHECK(config.promote() == hotswap::shadow_promotion::never);
  check_common_defaults(config);
  CHECK(config == hotswap::shadow_config{});
}

TEST_CASE("Rolling: a document that says no more than its strategy has the manual's defaults",
          "[config][defaults]") {
  const auto config = minimal<hotswap::rolling_config>("Rolling");

  CHECK(config.max_unavailable == 1);
  CHECK(config.health_check_interval == 5s);
  CHECK(config.unhealthy_threshold == 3);
  CHECK(config.health_timeout == 10min);
  CHECK(config.min_ready == 10s);
  CHECK(config.monitoring_duration == 5min);
  check_common_defaults(config);
  CHECK(config == hotswap::rolling_config{});
}

TEST_CASE("default_strategy: the more depends on a model, the more careful its strategy",
          "[config][defaults]") {
  using hotswap::criticality;
  using hotswap::default_strategy;

  CHECK(default_strategy(criticality::high) == hotswap::strategy_config{hotswap::canary_config{}});
  CHECK(default_strategy(criticality::medium) ==
        hotswap::strategy_config{hotswap::ab_test_config{}});
  CHECK(default_strategy(criticality::low) == hotswap::strategy_config{hotswap::rolling_config{}});
  CHECK(default_strategy(criticality::validation) ==
        hotswap::strategy_config{hotswap::shadow_config{}});
  CHECK(config_tests::refusal_of([] {
          (void)default_strategy(static_cast<criticality>(7));
        }).message ==
        "default_strategy: criticality must be one of high, medium, low, validation, got 7");
}
