// Replaces version 1 of a fraud model while requests keep coming.
//
//   ./quickstart      version 2 is as good as version 1, and ends up with all the traffic
//   ./quickstart 3    version 3 fails on large amounts, and is gone again after the first look
//
// Leaves with 0 if the new version serves at the end, 1 if the old one does.
//
// Server, router and counters are one class here. In your system they are likely to be three:
// a model registry, a proxy, a metrics store.

#include <hotswap/hotswap.hpp>

#include <fmt/core.h>

#include <chrono>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <thread>

namespace {

using hotswap::metrics_snapshot;
using hotswap::model_version;
using hotswap::traffic_split;
using namespace std::chrono_literals;

/// A model: the probability that a payment of some amount is a fraud.
struct fraud_model {
  double half_way;        // the amount at which the probability is 1/2
  double largest_amount;  // that the model can score

  double score(double amount) const {
    if (amount > largest_amount) throw std::out_of_range("the amount is too large to score");
    return amount / (amount + half_way);
  }
};

fraud_model load(const model_version& version) {
  if (version.version() == "3") return {450.0, 900.0};  // a slip in training: the tail was cut off
  return {500.0, 1000.0};
}

/// Holds several versions at once, and shares the requests out between them.
class fraud_service {
 public:
  explicit fraud_service(const model_version& first)
      : models_{{first, load(first)}}, split_(traffic_split::all_to(first)) {}

  // ModelServer
  void deploy(const model_version& version) {
    fmt::print("deploy {}\n", version);
    const std::lock_guard lock{mutex_};
    models_.emplace(version, load(version));
  }
  void warm_up(const model_version& version) {
    const std::lock_guard lock{mutex_};
    models_.at(version).score(1.0);
  }
  void remove(const model_version& version) {
    fmt::print("remove {}\n", version);
    const std::lock_guard lock{mutex_};
    models_.erase(version);
  }

  // TrafficRouter
  void set_split(const traffic_split& split) {
    for (const auto& [version, share] : split.entries()) fmt::print("  {} of {}\n", share, version);
    const std::lock_guard lock{mutex_};
    split_ = split;
  }

  // CounterSource
  metrics_snapshot totals(const model_version& version) {
    const std::lock_guard lock{mutex_};
    return seen_[version];
  }

  /// What the service is there for, and what other threads call all the while.
  void handle(double amount, int lot) {
    const std::lock_guard lock{mutex_};
    const model_version& version = pick(lot);
    metrics_snapshot& seen = seen_[version];
    ++seen.requests;
    try {
      models_.at(version).score(amount);
    } catch (const std::out_of_range&) {
      ++seen.errors;
    }
  }

 private:
  /// `lot` is a number from 0 to 9999, drawn for each request.
  const model_version& pick(int lot) const {
    for (const auto& [version, share] : split_.entries()) {
      if (lot < share.basis_points()) return version;
      lot -= share.basis_points();
    }
    throw std::logic_error("a lot must lie between 0 and 9999");
  }

  std::mutex mutex_;  // one lock is enough for a demonstration; see serving/splitter.hpp for none
  std::map<model_version, fraud_model> models_;
  traffic_split split_;
  std::map<model_version, metrics_snapshot> seen_;  // since the start; it only grows
};

void send_requests(const std::stop_token& stop, fraud_service& service) {
  std::mt19937 random{1};
  std::uniform_real_distribution<double> amount{1.0, 1000.0};
  std::uniform_int_distribution<int> lot{0, 9999};
  while (!stop.stop_requested()) {
    service.handle(amount(random), lot(random));
    std::this_thread::sleep_for(20us);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", argc > 1 ? argv[1] : "2"};

  fraud_service service{baseline};
  const std::jthread traffic{[&](const std::stop_token& stop) { send_requests(stop, service); }};

  hotswap::canary_config config;
  config.monitoring_duration = 500ms;       // minutes, in production
  config.minimum_samples = 100;             // thousands, in production
  config.keep_duration = 500ms;             // for which version 1 stays warm at the end
  config.required_metrics = {"errorRate"};  // `handle` does not time the requests

  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  hotswap::windowed metrics{service};  // from totals to what happened in one window
  hotswap::canary_strategy canary{service, service, metrics, config};
  const auto result = loop.run(canary.deploy(baseline, candidate, context));

  const bool succeeded = result.status() == hotswap::deployment_status::succeeded;
  fmt::print("{}: {}\n", succeeded ? "succeeded" : "rolled back", result.reason());
  return succeeded ? 0 : 1;
}
