// The three classes that README.md leaves to its reader: a service whose version 2 fails on one
// request in ten, and the traffic that it gets.

#pragma once

#include <hotswap/hotswap.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

class toy_service {
 public:
  static toy_service& the_one() {
    static toy_service service;
    return service;
  }

  void set_split(const hotswap::traffic_split& split) {
    const std::lock_guard lock{mutex_};
    split_ = split;
  }

  hotswap::metrics_snapshot totals(const hotswap::model_version& version) {
    const std::lock_guard lock{mutex_};
    return seen_[version];
  }

 private:
  void send_requests(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (int i = 0; i < 10; ++i) handle(++requests_);
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  void handle(std::uint64_t request) {
    const std::lock_guard lock{mutex_};
    int lot = static_cast<int>(request * 6'007 % 10'000);
    for (const auto& [version, share] : split_.entries()) {
      if (lot < share.basis_points()) return answer(version, request);
      lot -= share.basis_points();
    }
  }

  void answer(const hotswap::model_version& version, std::uint64_t request) {
    hotswap::metrics_snapshot& seen = seen_[version];
    ++seen.requests;
    if (version.version() == "2" && request % 10 == 0) {
      ++seen.errors;
    } else {
      if (!seen.latency) seen.latency.emplace();
      seen.latency->add(0.010 + 0.001 * static_cast<double>(request % 3));
    }
  }

  std::mutex mutex_;
  hotswap::traffic_split split_ = hotswap::traffic_split::all_to({"fraud", "1"});
  std::map<hotswap::model_version, hotswap::metrics_snapshot> seen_;
  std::uint64_t requests_ = 0;
  std::jthread traffic_{[this](const std::stop_token& stop) { send_requests(stop); }};
};

class my_model_server {
 public:
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

class my_proxy {
 public:
  void set_split(const hotswap::traffic_split& split) { toy_service::the_one().set_split(split); }
};

class my_prometheus {
 public:
  hotswap::task<hotswap::metrics_snapshot> collect(const hotswap::model_version& version,
                                                   const hotswap::time_window& window) {
    return counters_.collect(version, window);
  }

 private:
  hotswap::windowed<toy_service> counters_{toy_service::the_one()};
};
