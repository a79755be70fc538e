#pragma once

/// @file
/// `simulated_service.hpp` for other strategies than the canary: a server with smoke tests, a
/// router that mirrors and metrics that compare answers; a world for each strategy, and one without
/// a baseline.
///
///     simulated_shadow world;
///     world.service.answers.disagreement_rate = 0.2;
///     const auto result = world.run();

#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/shadow.hpp>

#include "support/simulated_service.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// One whose server can try a version before it has traffic.
class testable_service : public readable_service {
 public:
  using readable_service::readable_service;

  hotswap::task<hotswap::smoke_test_report> smoke_test(const model_version& version,
                                                       std::size_t samples) {
    const bool passes = co_await script_.act(
        "smoke_test " + to_string(version) + " " + std::to_string(samples), {});
    hotswap::smoke_test_report report;
    report.samples = samples;
    if (!passes) {
      report.failures = 3;
      report.messages.emplace_back("expected 0.9, got NaN");
    }
    co_return report;
  }
};

/// How a shadow's answers differ from production's.
struct simulated_answers {
  double disagreement_rate = 0.01;  ///< of the compared requests
  double dropped_rate = 0.0;        ///< of the sampled requests
  double difference = 0.0;          ///< of the scores; NaN: there are none
};

/// One whose router mirrors, and whose metrics compare. Whoever gets copies must be warm, and must
/// get no traffic.
class mirroring_service : public testable_service {
 public:
  explicit mirroring_service(hotswap::virtual_clock& on,
                             model_version first = model_version{"fraud", "1"})
      : testable_service(on, std::move(first)), clock_(on) {
    mirrored_.emplace_back(on.elapsed() - std::chrono::days{30}, hotswap::share{});
  }

  hotswap::task<> set_mirror(const model_version& production, const model_version& shadow,
                             const hotswap::share& sampled) {
    return done(
        "set_mirror " + to_string(production) + " to " + to_string(shadow) + " " +
            to_string(sampled),
        [this, shadow, sampled] {
          if (sampled > hotswap::share{} && !deployed().contains(shadow)) {
            shadow_wrongs.push_back(to_string(shadow) + " got copies, and was not there");
          }
          if (sampled > hotswap::share{} && in_force().share_of(shadow) > hotswap::share{}) {
            shadow_wrongs.push_back(to_string(shadow) + " got copies, and had traffic");
          }
          shadow_ = to_string(shadow);
          mirrored_.emplace_back(clock_.elapsed(), sampled);
        });
  }
  hotswap::task<> set_split(const traffic_split& split) {
    return done("set_split " + to_string(split), [this, split] {
      for (const auto& [version, part] : split.entries()) {
        if (to_string(version) == shadow_ && mirror() > hotswap::share{}) {
          shadow_wrongs.push_back(to_string(version) + " got traffic, and was a shadow");
        }
      }
      enforce(split);
    });
  }
  hotswap::task<hotswap::metrics_snapshot> collect(const model_version& version,
                                                   const time_window& window) {
    hotswap::metrics_snapshot seen = co_await testable_service::collect(version, window);
    const std::uint64_t answered = mirrored_in(window) - dropped_in(window);
    if (to_string(version) != shadow_ || answered == 0 || loses_copies) co_return seen;
    seen.requests += answered;
    if (counts_shadow_errors) seen.errors += errors_in(window);
    const double seconds = quality_of(version).latency;
    const std::uint64_t good = seen.requests - seen.errors;
    if (good > 1) {
      seen.latency = hotswap::stats::moments::from_summary(good, seconds, seconds * seconds / 16.0);
    }
    co_return seen;
  }
  hotswap::task<hotswap::divergence_snapshot> divergence(const model_version&,
                                                         const model_version& shadow,
                                                         const time_window& window) {
    const bool truly = co_await script_.act("divergence " + to_string(shadow), {});
    hotswap::divergence_snapshot seen;
    if (!truly || loses_copies) co_return seen;
    if (const std::uint64_t dropped = dropped_in(window); dropped > 0) {
      seen.dropped["queue_full"] = dropped;
    }
    seen.shadow_errors = errors_in(window);
    seen.compared = mirrored_in(window) - dropped_in(window) - seen.shadow_errors;
    seen.disagreed =
        static_cast<std::uint64_t>(static_cast<double>(seen.compared) * answers.disagreement_rate);
    if (seen.compared > 1 && !std::isnan(answers.difference)) {
      seen.difference =
          hotswap::stats::moments::from_summary(seen.compared, answers.difference, 0.01);
    }
    co_return seen;
  }

  [[nodiscard]] hotswap::share mirror() const noexcept { return mirrored_.back().second; }

  simulated_answers answers;
  bool counts_shadow_errors = true;  ///< in its metrics, besides the comparison
  bool loses_copies = false;         ///< on the way: the shadow gets none, and nobody tells of it
  std::vector<std::string> shadow_wrongs;

 private:
  [[nodiscard]] simulated_quality quality_of(const model_version& version) const {
    const auto found = quality.find(version.version());
    return found == quality.end() ? simulated_quality{} : found->second;
  }

  /// Whole requests since the beginning, so that windows in a row add up.
  [[nodiscard]] double copied_until(time_window::time_point time) const {
    const nanoseconds until = clock_.elapsed() - (clock_.now() - time);
    double seconds = 0.0;
    for (std::size_t i = 0; i < mirrored_.size(); ++i) {
      const auto begin = mirrored_[i].first;
      const auto end = std::min(i + 1 < mirrored_.size() ? mirrored_[i + 1].first : until, until);
      if (end <= begin) continue;
      seconds += std::chrono::duration<double>(end - begin).count() *
                 mirrored_[i].second.basis_points() / 10'000.0;
    }
    return std::floor(seconds * rate + 1e-6);
  }
  [[nodiscard]] std::uint64_t mirrored_in(const time_window& window) const {
    return static_cast<std::uint64_t>(copied_until(window.end) - copied_until(window.begin));
  }
  [[nodiscard]] std::uint64_t dropped_in(const time_window& window) const {
    return static_cast<std::uint64_t>(static_cast<double>(mirrored_in(window)) *
                                      answers.dropped_rate);
  }
  [[nodiscard]] std::uint64_t errors_in(const time_window& window) const {
    const auto candidate = shadow_.substr(shadow_.find('@') + 1);
    const auto found = quality.find(candidate);
    const double error_rate =
        (found == quality.end() ? simulated_quality{} : found->second).error_rate;
    return static_cast<std::uint64_t>(
        static_cast<double>(mirrored_in(window) - dropped_in(window)) * error_rate);
  }

  hotswap::virtual_clock& clock_;
  std::string shadow_;
  std::vector<std::pair<nanoseconds, hotswap::share>> mirrored_;  ///< since when
};

/// The calls that change something, or try something out.
template <typename Service>
[[nodiscard]] std::vector<std::string> changes_of(const Service& service) {
  std::vector<std::string> texts = service.changes();
  std::erase_if(texts, [](const std::string& each) { return each.starts_with("divergence "); });
  return texts;
}

/// Of fraud@2 in place of fraud@1, by another strategy than a canary.
template <typename Service, typename Config, template <typename, typename, typename> class Strategy>
class simulated_deployment : public simulated_rollout<Service> {
 public:
  using base = simulated_rollout<Service>;
  using base::base;

  hotswap::task<hotswap::deployment_result> deploy() {
    Strategy<Service, Service, Service> strategy{this->service, this->service, this->service,
                                                 config};
    return strategy.deploy(this->baseline, this->candidate, this->context());
  }
  hotswap::deployment_result run() { return this->clock.run(deploy()); }

  /// And that who is active has all the traffic, and that nobody gets copies any more.
  [[nodiscard]] std::vector<std::string> broken_promises(const hotswap::deployment_result& result) {
    std::vector<std::string> broken = base::broken_promises(result);
    const bool is_certain = result.status() != hotswap::deployment_status::rollback_failed;
    if (is_certain && this->service.in_force() != hotswap::traffic_split::all_to(result.active())) {
      broken.push_back("not all the traffic is for " + to_string(result.active()));
    }
    if constexpr (requires { this->service.mirror(); }) {
      const auto& wrongs = this->service.shadow_wrongs;
      broken.insert(broken.end(), wrongs.begin(), wrongs.end());
      const auto tells = [](const hotswap::event& each) { return each.payload.contains("mirror"); };
      const bool is_told = std::any_of(result.history().begin(), result.history().end(), tells);
      if (this->service.mirror() > hotswap::share{} && !is_told) {
        broken.push_back("requests are still mirrored, and nobody says so");
      }
    }
    return broken;
  }

  Config config;
};

template <typename Service = testable_service>
using simulated_blue_green =
    simulated_deployment<Service, hotswap::blue_green_config, hotswap::blue_green_strategy>;
using simulated_shadow =
    simulated_deployment<mirroring_service, hotswap::shadow_config, hotswap::shadow_strategy>;

/// A service that does not know the model yet: all that it serves is other@1.
template <typename Service>
class vacant_service : public Service {
 public:
  vacant_service(hotswap::virtual_clock& on, const hotswap::model_version&)
      : Service(on, hotswap::model_version{"other", "1"}) {}

  hotswap::task<hotswap::traffic_split> split(const std::string& model) {
    hotswap::traffic_split answer = co_await Service::split(model);
    if (answer.model() != model || this->in_force().model() != model) {
      throw std::runtime_error("unknown model " + model);
    }
    co_return answer;
  }
};

/// The first deployment of fraud, by its version 1.
template <typename Config, template <typename, typename, typename> class Strategy,
          typename Service = vacant_service<testable_service>>
class simulated_first : public simulated_rollout<Service> {
 public:
  simulated_first() { this->candidate = this->baseline; }

  hotswap::task<hotswap::deployment_result> deploy() {
    Strategy<Service, Service, Service> strategy{this->service, this->service, this->service,
                                                 config};
    return strategy.deploy(this->candidate, this->context());
  }
  hotswap::deployment_result run() { return this->clock.run(deploy()); }

  /// Invariants 2, 4 and 6, and that what is deployed has the traffic, or is named.
  [[nodiscard]] std::vector<std::string> broken_promises(const hotswap::deployment_result& result) {
    std::vector<std::string> broken = this->service.wrongs();
    std::size_t terminals = 0;
    std::vector<hotswap::event> reread;
    for (const auto& each : this->records()) {
      if (is_terminal(each)) ++terminals;
      for (const auto& told : each.events) reread.push_back(*told);
    }
    if (terminals != 1) broken.push_back(std::to_string(terminals) + " terminal records");
    if (texts_of(reread) != texts_of(result.history())) {
      broken.push_back("the journal tells another history");
    }
    const bool is_certain = result.status() != hotswap::deployment_status::rollback_failed;
    if (is_certain && is_deployed() != has_traffic() &&
        messages(result, hotswap::event_kind::leftover).empty()) {
      broken.push_back(to_string(this->candidate) + " is left, and not named");
    }
    return broken;
  }

  [[nodiscard]] bool is_deployed() const {
    return this->service.deployed().contains(this->candidate);
  }
  [[nodiscard]] bool has_traffic() const {
    return this->service.in_force() == hotswap::traffic_split::all_to(this->candidate);
  }

  Config config;
};
