#pragma once

/// @file
/// A platform whose state outlives the processes that drive it: it lies in memory that they share.
///
///     const shared_state state;
///     durable_platform platform{*state, clock};   // in a child process

#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// Of fraud@1, the baseline, and fraud@2.
struct platform_state {
  std::int64_t nanoseconds_since_start = 0;
  std::array<bool, 2> deployed = {true, false};
  std::array<bool, 2> warm = {true, false};
  int candidate_share = 0;  ///< in basis points
  int mirrored = 0;         ///< in basis points
  std::array<int, 3> version_of_server = {0, 0, 0};
  std::array<bool, 3> in_rotation = {true, true, true};
  int wrongs = 0;  ///< traffic to what was not warm, removals of what had traffic
  bool candidate_is_bad = false;

  [[nodiscard]] std::string text() const {
    std::string text = std::to_string(candidate_share) + " bp, mirror " + std::to_string(mirrored) +
                       " bp, deployed";
    for (std::size_t i = 0; i < 2; ++i) {
      if (deployed[i]) text += " " + std::to_string(i + 1);
    }
    text += ", servers";
    for (std::size_t i = 0; i < 3; ++i) {
      text += " " + std::to_string(version_of_server[i] + 1) + (in_rotation[i] ? "" : " out");
    }
    return text + ", wrongs " + std::to_string(wrongs);
  }
};

/// Of this process and those that it forks.
class shared_state {
 public:
  shared_state()
      : state_(static_cast<platform_state*>(::mmap(nullptr, sizeof(platform_state),
                                                   PROT_READ | PROT_WRITE,
                                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (state_ == MAP_FAILED) throw std::runtime_error("mmap: must give memory, got none");
    *state_ = platform_state{};
  }
  shared_state(const shared_state&) = delete;
  shared_state& operator=(const shared_state&) = delete;
  ~shared_state() { ::munmap(state_, sizeof(platform_state)); }

  platform_state& operator*() const noexcept { return *state_; }
  platform_state* operator->() const noexcept { return state_; }

 private:
  platform_state* state_;
};

/// Server, router, metrics and fleet in one, for all five strategies.
class durable_platform {
 public:
  durable_platform(platform_state& state, hotswap::virtual_clock& on)
      : state_(state), clock_(on), before_(state.nanoseconds_since_start) {}

  void deploy(const hotswap::model_version& version) {
    pass();
    state_.deployed[of(version)] = true;
  }
  void warm_up(const hotswap::model_version& version) {
    pass();
    state_.warm[of(version)] = true;
  }
  void remove(const hotswap::model_version& version) {
    pass();
    const std::size_t which = of(version);
    const int share = which == 1 ? state_.candidate_share : 10'000 - state_.candidate_share;
    if (share > 0 || (which == 1 && state_.mirrored > 0)) ++state_.wrongs;
    state_.deployed[which] = false;
    state_.warm[which] = false;
  }
  hotswap::smoke_test_report smoke_test(const hotswap::model_version&, std::size_t samples) {
    pass();
    hotswap::smoke_test_report report;
    report.samples = samples;
    return report;
  }

  void set_split(const hotswap::traffic_split& split) {
    pass();
    serve(split.share_of({"fraud", "2"}).basis_points());
  }
  void set_mirror(const hotswap::model_version&, const hotswap::model_version&,
                  hotswap::share sampled) {
    pass();
    state_.mirrored = sampled.basis_points();
    if (state_.mirrored > 0 && !state_.warm[1]) ++state_.wrongs;
  }

  std::vector<hotswap::server_id> servers(const std::string&) {
    pass();
    std::vector<hotswap::server_id> names;
    for (const char* name : {"web-1", "web-2", "web-3"}) names.emplace_back(name);
    return names;
  }
  void update(const hotswap::server_id& server, const hotswap::model_version& version) {
    pass();
    const std::size_t which = of(server);
    if (state_.in_rotation[which]) ++state_.wrongs;
    state_.version_of_server[which] = static_cast<int>(of(version));
    state_.warm[of(version)] = true;
  }
  bool healthy(const hotswap::server_id&) {
    pass();
    return true;
  }
  void set_rotation(const hotswap::server_id& server, bool in_rotation) {
    pass();
    state_.in_rotation[of(server)] = in_rotation;
    int serving = 0;
    int candidates = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!state_.in_rotation[i]) continue;
      ++serving;
      candidates += state_.version_of_server[i];
    }
    if (serving == 0) ++state_.wrongs;
    serve(10'000 * candidates / std::max(serving, 1));
  }

  hotswap::metrics_snapshot collect(const hotswap::model_version& version,
                                    const hotswap::time_window& window) {
    pass();
    const bool is_candidate = of(version) == 1;
    const int share = is_candidate ? std::max(state_.candidate_share, state_.mirrored)
                                   : 10'000 - state_.candidate_share;
    const double seconds = std::chrono::duration<double>(window.duration()).count();
    hotswap::metrics_snapshot seen;
    seen.requests = static_cast<std::uint64_t>(100.0 * seconds * share / 10'000.0);
    const bool is_bad = is_candidate && state_.candidate_is_bad;
    seen.errors = seen.requests / (is_bad ? 10 : 1'000);
    if (seen.requests < 2) return seen;
    seen.latency = hotswap::stats::moments::from_summary(seen.requests, 0.02, 1e-5);
    seen.accuracy =
        hotswap::stats::proportion{seen.requests * (is_candidate ? 95 : 90) / 100, seen.requests};
    return seen;
  }
  hotswap::divergence_snapshot divergence(const hotswap::model_version&,
                                          const hotswap::model_version&,
                                          const hotswap::time_window& window) {
    pass();
    const double seconds = std::chrono::duration<double>(window.duration()).count();
    hotswap::divergence_snapshot seen;
    seen.compared = static_cast<std::uint64_t>(100.0 * seconds * state_.mirrored / 10'000.0);
    seen.disagreed = state_.candidate_is_bad ? seen.compared / 2 : seen.compared / 1'000;
    return seen;
  }

  /// What the next process begins with.
  void pass() { state_.nanoseconds_since_start = before_ + clock_.elapsed().count(); }

 private:
  static std::size_t of(const hotswap::model_version& version) {
    return version.version() == "2" ? 1 : 0;
  }
  static std::size_t of(const hotswap::server_id& server) {
    return static_cast<std::size_t>(server.name().back() - '1');
  }
  void serve(int share) {
    state_.candidate_share = share;
    if (share > 0 && !state_.warm[1]) ++state_.wrongs;
    if (share < 10'000 && !state_.warm[0]) ++state_.wrongs;
  }

  platform_state& state_;
  hotswap::virtual_clock& clock_;
  std::int64_t before_;
};
