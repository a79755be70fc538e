#pragma once

/// @file
/// A stand-in for a cluster: servers, router and metrics of many models. What it was told is in a
/// file, so that it goes on when this process dies, as a cluster does; its requests are made up.
///
///     fleet::cluster cluster{loop, "/var/lib/fleet/cluster.json"};
///     hotswap::canary_strategy canary{cluster, cluster, cluster};
///
/// A version does what its name says: those with `failing`, `slow`, `worse`, `odd` or `absent`
/// in it are bad ones.

#include <hotswap/hotswap.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleet {

using hotswap::model_version;
using namespace std::chrono_literals;

/// A `ModelServer`, `HealthCheckable`, `SmokeTestable` and `ServerFleet`, a `ReadableRouter` and
/// `MirroringRouter`, a `MetricsSource` and `DivergenceSource`. Belongs to the clock's thread.
class cluster {
 public:
  static constexpr double requests_per_second = 1000;  // of each model
  static constexpr int servers_per_model = 4;

  cluster(hotswap::clock& clock, std::filesystem::path file)
      : clock_{clock}, file_{std::move(file)} {
    if (std::ifstream input{file_}; input) models_ = nlohmann::json::parse(input);
  }

  /// Makes a model known, whose first version has all the traffic; unless it is known.
  void install(const model_version& first) {
    if (models_.contains(first.model())) return;
    nlohmann::json& model = models_[first.model()];
    for (int i = 1; i <= servers_per_model; ++i) {
      model["servers"][fmt::format("{}-{}", first.model(), i)] = first.version();
    }
    model["deployed"][first.version()] = true;
    put_in_force(hotswap::traffic_split::all_to(first));
  }

  // ModelServer
  hotswap::task<> deploy(const model_version& version) {
    co_await hotswap::sleep_for(clock_, 200ms);
    if (is(version, "absent")) throw hotswap::error(to_string(version) + " is in no registry");
    models_.at(version.model())["deployed"][version.version()] = true;
    save();
  }
  hotswap::task<> warm_up(const model_version&) { co_await hotswap::sleep_for(clock_, 100ms); }
  void remove(const model_version& version) {
    models_.at(version.model())["deployed"].erase(version.version());
    save();
  }
  bool healthy(const model_version& version) const {
    return models_.at(version.model()).at("deployed").contains(version.version());
  }
  hotswap::smoke_test_report smoke_test(const model_version& version, std::size_t samples) const {
    hotswap::smoke_test_report report;
    report.samples = samples;
    if (is(version, "failing")) report.failures = samples / 5;
    return report;
  }

  // ServerFleet
  std::vector<hotswap::server_id> servers(const std::string& model) const {
    std::vector<hotswap::server_id> all;
    for (const auto& each : models_.at(model).at("servers").items()) all.emplace_back(each.key());
    return all;
  }
  hotswap::task<> update(const hotswap::server_id& server, const model_version& version) {
    co_await hotswap::sleep_for(clock_, 300ms);
    nlohmann::json& all = models_.at(version.model())["servers"];
    all[server.name()] = version.version();
    std::map<std::string, int> running;
    for (const auto& each : all) running[each.get<std::string>()] += 10'000 / servers_per_model;
    std::vector<hotswap::traffic_split::entry> parts;
    for (const auto& [name, part] : running) {
      parts.emplace_back(model_version{version.model(), name}, hotswap::share::basis_points(part));
    }
    put_in_force(hotswap::traffic_split::of(std::move(parts)));
  }
  bool healthy(const hotswap::server_id&) const { return true; }

  // TrafficRouter
  void set_split(const hotswap::traffic_split& split) { put_in_force(split); }
  hotswap::traffic_split split(const std::string& model) const {
    std::vector<hotswap::traffic_split::entry> parts;
    for (const auto& each : models_.at(model).at("split").items()) {
      parts.emplace_back(model_version{model, each.key()},
                         hotswap::share::basis_points(each.value().get<int>()));
    }
    return hotswap::traffic_split::of(std::move(parts));
  }
  void set_mirror(const model_version& production, const model_version& shadow,
                  hotswap::share sampled) {
    nlohmann::json& mirrored = models_.at(production.model())["mirrored"];
    mirrored = {{shadow.version(), sampled.basis_points()}};
    save();
  }

  // MetricsSource: the same window has the same answer, as long as the split is the same
  hotswap::metrics_snapshot collect(const model_version& version,
                                    const hotswap::time_window& window) const {
    std::mt19937_64 random{seed(version, window)};
    std::bernoulli_distribution fails{is(version, "failing") ? 0.2 : 0.0005};
    std::bernoulli_distribution is_right{is(version, "worse") ? 0.95 : 0.98};
    std::gamma_distribution<double> latency{4.0, is(version, "slow") ? 0.010 : 0.005};  // seconds
    hotswap::metrics_snapshot seen;
    hotswap::stats::moments latencies;
    std::uint64_t right = 0;
    seen.requests = requests(version, window);
    for (std::uint64_t i = 0; i < seen.requests; ++i) {
      if (fails(random)) {
        ++seen.errors;
      } else {
        latencies.add(latency(random));
        if (is_right(random)) ++right;
      }
    }
    if (latencies.count() == 0) return seen;
    seen.latency = latencies;
    seen.accuracy = hotswap::stats::proportion{right, latencies.count()};
    return seen;
  }

  // DivergenceSource
  hotswap::divergence_snapshot divergence(const model_version&, const model_version& shadow,
                                          const hotswap::time_window& window) const {
    hotswap::divergence_snapshot seen;
    seen.compared = requests(shadow, window);
    seen.disagreed = seen.compared * (is(shadow, "odd") ? 30 : 2) / 100;
    return seen;
  }

 private:
  static bool is(const model_version& version, std::string_view kind) {
    return version.version().find(kind) != std::string::npos;
  }

  static std::uint64_t seed(const model_version& version, const hotswap::time_window& window) {
    const auto ticks = window.end.time_since_epoch().count() - window.duration().count() / 2;
    return std::hash<model_version>{}(version) ^ static_cast<std::uint64_t>(ticks);
  }

  /// How many of the model's requests the version has answered, for users or as a shadow.
  std::uint64_t requests(const model_version& version, const hotswap::time_window& window) const {
    const nlohmann::json& model = models_.at(version.model());
    const int part = model.at("split").value(version.version(), 0) +
                     model.value("mirrored", nlohmann::json::object()).value(version.version(), 0);
    const std::chrono::duration<double> lasted = window.duration();
    return static_cast<std::uint64_t>(
        std::lround(std::max(0.0, requests_per_second * lasted.count() * part / 10'000)));
  }

  void put_in_force(const hotswap::traffic_split& split) {
    nlohmann::json parts = nlohmann::json::object();
    for (const auto& [version, part] : split.entries()) {
      parts[version.version()] = part.basis_points();
    }
    models_.at(split.model())["split"] = std::move(parts);
    save();
  }

  /// Beside the file first, so that no kill leaves half of it.
  void save() const {
    const std::string next = file_.string() + ".next";
    std::ofstream{next} << models_.dump(1) << '\n';
    std::filesystem::rename(next, file_);
  }

  hotswap::clock& clock_;
  std::filesystem::path file_;
  nlohmann::json models_ = nlohmann::json::object();
};

}  // namespace fleet
