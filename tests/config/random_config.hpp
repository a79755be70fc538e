#pragma once

/// @file
/// Configs that `validate` accepts, drawn at random: `random_configs{seed}.next()`.

#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/canary_step.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace config_tests {

class random_configs {
 public:
  explicit random_configs(std::uint64_t seed) : random_(seed) {}

  hotswap::strategy_config next() {
    switch (below(5)) {
      case 0:
        return canary(true);
      case 1:
        return blue_green(true);
      case 2:
        return ab_test();
      case 3:
        return shadow();
      default:
        return rolling();
    }
  }

 private:
  hotswap::canary_config canary(bool outer) {
    hotswap::canary_config config;
    config.steps = steps(10'000);
    config.steps.emplace_back(hotswap::share::basis_points(10'000));
    decorate(config.steps.back());
    if (coin()) config.monitoring_duration = duration();
    config.minimum_samples = samples();
    config.keep_duration = duration() - std::chrono::milliseconds{1};
    fill(config, outer);
    if (outer) set_limits(config);
    const int before = config.steps.size() < 2 ? 0 : config.steps.end()[-2].share.basis_points();
    config.holdback = share_of(100, std::min(5'000, 9'999 - before));
    return config;
  }

  hotswap::blue_green_config blue_green(bool outer) {
    hotswap::blue_green_config config;
    config.smoke_test_samples = 1 + below(1'000'000);
    config.monitoring_duration = duration();
    config.keep_blue_duration = duration();
    fill(config, outer);
    if (outer) set_limits(config);
    config.holdback = share_of(100, 5'000);
    return config;
  }

  hotswap::ab_test_config ab_test() {
    hotswap::ab_test_config config;
    config.split_ratio = hotswap::share::basis_points(static_cast<int>(1 + below(9'999)));
    config.minimum_samples = samples();
    config.significance_level = 0.5 * positive_fraction();
    if (coin()) {
      config.primary_metric = coin() ? "latency" : "errorRate";
      if (coin()) config.primary_direction = hotswap::metric_direction::decrease;
    } else if (coin()) {
      config.primary_metric = "revenue.per-request_" + std::to_string(below(100));
      config.primary_direction = static_cast<hotswap::metric_direction>(below(2));
    }
    config.duration = duration();
    config.ramp = steps(config.split_ratio.basis_points());
    config.keep_duration = duration();
    fill(config, true);
    config.max_extensions = static_cast<int>(below(2));
    config.holdback = share_of(100, std::min(5'000, 9'999 - config.split_ratio.basis_points()));
    return config;
  }

  hotswap::shadow_config shadow() {
    hotswap::shadow_config config;
    config.sample_rate = hotswap::share::basis_points(static_cast<int>(1 + below(10'000)));
    config.duration = duration();
    config.minimum_samples = samples();
    config.divergence_thresholds.disagreement_rate = fraction();
    if (coin()) config.divergence_thresholds.score_difference = 1e3 * positive_fraction();
    config.divergence_thresholds.dropped_rate = fraction();
    if (coin()) {
      if (coin()) {
        config.then = canary(false);
      } else {
        config.then = blue_green(false);
      }
    }
    fill(config, true);
    return config;
  }

  hotswap::rolling_config rolling() {
    hotswap::rolling_config config;
    config.max_unavailable = static_cast<int>(1 + below(10'000));
    config.health_check_interval = duration();
    config.unhealthy_threshold = static_cast<int>(1 + below(1'000));
    config.min_ready = duration();
    config.health_timeout =
        std::max(config.health_check_interval, config.min_ready) + std::chrono::milliseconds{1};
    config.monitoring_duration = duration();
    fill(config, true);
    if (coin()) {
      config.monitoring_duration = std::chrono::milliseconds{0};
      config.rollback_thresholds = {};
      config.analysis_interval.reset();
    }
    return config;
  }

  /// For a first version.
  void set_limits(hotswap::rollout_config& config) {
    if (coin()) config.limits.error_rate = fraction();
    if (coin()) config.limits.latency = duration();
    if (coin()) config.limits.accuracy = fraction();
  }

  void fill(hotswap::rollout_config& config, bool outer) {
    auto& limits = config.rollback_thresholds;
    if (coin()) limits.accuracy_drop = fraction();
    if (coin()) limits.latency_increase = 1.0 + 1e3 * positive_fraction();
    if (coin()) limits.latency_quantile = 0.999 * positive_fraction();
    if (coin()) limits.error_rate_increase = fraction();
    if (coin()) limits.data_drift = 1e-300 / positive_fraction();
    std::vector<std::string> metrics = {"accuracy", "latency", "errorRate", "dataDrift"};
    std::shuffle(metrics.begin(), metrics.end(), random_);
    metrics.resize(below(5));
    config.required_metrics = metrics;
    config.on_failure = static_cast<hotswap::on_failure>(below(2));
    config.on_inconclusive = static_cast<hotswap::on_inconclusive>(below(3));
    const bool extends = config.on_inconclusive == hotswap::on_inconclusive::extend;
    if (extends) config.on_exhausted = static_cast<hotswap::on_exhausted>(below(2));
    config.max_extensions = static_cast<int>(below(extends ? 1'001 : 4));
    config.hold_timeout = duration();
    config.deadlines.deploy = duration();
    config.deadlines.set_split = duration();
    config.deadlines.remove = duration();
    config.attempts = static_cast<int>(1 + below(100));
    config.backoff_min = duration();
    config.backoff_max = config.backoff_min + std::chrono::milliseconds{below(2)};
    config.max_metrics_failures = static_cast<int>(1 + below(1'000));
    config.allow_low_traffic = coin();
    if (coin()) config.analysis_interval = std::chrono::milliseconds{1};
    if (!outer) return;
    config.name = text(128);
    config.description = text(1'000) + "\n\t";
    while (coin()) config.labels["k" + text(60)] = text(256);
    config.dry_run = coin();
    if (coin()) config.deadline = std::chrono::days{365};
  }

  /// Rising, each below `end` basis points.
  std::vector<hotswap::canary_step> steps(int end) {
    std::vector<hotswap::canary_step> list;
    int reached = 0;
    for (std::uint64_t i = below(6); i > 0; --i) {
      reached += static_cast<int>(1 + below(2'000));
      if (reached >= end) break;
      list.emplace_back(hotswap::share::basis_points(reached));
      decorate(list.back());
    }
    return list;
  }

  void decorate(hotswap::canary_step& step) {
    if (coin()) return;
    if (coin()) step.duration = duration();
    if (coin()) step.minimum_samples = samples();
    step.approval = coin();
  }

  /// Zero or from `least` to `most` basis points.
  hotswap::share share_of(int least, int most) {
    if (most < least || coin()) return {};
    const auto span = static_cast<std::uint64_t>(most - least + 1);
    return hotswap::share::basis_points(least + static_cast<int>(below(span)));
  }

  /// Of text in several alphabets, with all that JSON escapes.
  std::string text(std::size_t most) {
    static constexpr std::string_view letters[] = {
        "a", "Z", " ", "\"", "\\", "/", "~", "{", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    std::string made;
    for (std::uint64_t i = below(most / 4 + 1); i > 0; --i)
      made += letters[below(std::size(letters))];
    return made;
  }

  /// At most about twelve days, so that no sum of them reaches a deadline of a year.
  std::chrono::milliseconds duration() {
    return std::chrono::milliseconds{1 + (below(1ULL << 30) >> below(30))};
  }
  std::uint64_t samples() { return 1 + below(1'000'000'000'000); }
  double fraction() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  double positive_fraction() { return fraction() + 0x1p-54; }
  bool coin() { return below(2) == 0; }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::mt19937_64 random_;
};

}  // namespace config_tests
