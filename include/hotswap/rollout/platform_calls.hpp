#pragma once

/// @file
/// A user's server, router and metrics behind one face, so that the engine is compiled once and not
/// for each of their types.
///
///     auto calls = hotswap::make_platform_calls(server, router, metrics, clock);

#include <hotswap/async/await_answer.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a call is given by reference lives, as the function that makes the call does, until its
/// task has ended: however late, and however often the call is repeated.
class platform_calls {
 public:
  platform_calls() = default;
  platform_calls(const platform_calls&) = delete;
  platform_calls& operator=(const platform_calls&) = delete;
  virtual ~platform_calls() = default;

  virtual task<void> deploy(const model_version& version, const stop_offer& stop) = 0;
  virtual task<void> warm_up(const model_version& version, const stop_offer& stop) = 0;
  virtual task<void> remove(const model_version& version, const stop_offer& stop) = 0;
  virtual task<void> set_split(const traffic_split& split, std::uint64_t revision,
                               const stop_offer& stop) = 0;
  virtual task<metrics_snapshot> collect(const model_version& version, time_window window,
                                         const stop_offer& stop) = 0;

  [[nodiscard]] virtual bool has_health_check() const noexcept = 0;
  virtual task<bool> healthy(const model_version& version, const stop_offer& stop) = 0;

  [[nodiscard]] virtual bool has_split() const noexcept = 0;
  virtual task<traffic_split> split(const std::string& model, const stop_offer& stop) = 0;

  // Of strategies that need more than the three concepts; their diagnoses demand it.
  virtual task<smoke_test_report> smoke_test(const model_version& version, std::size_t samples,
                                             const stop_offer& stop) = 0;
  virtual task<void> set_mirror(const model_version& production, const model_version& shadow,
                                share sampled, const stop_offer& stop) = 0;
  virtual task<divergence_snapshot> divergence(const model_version& production,
                                               const model_version& shadow, time_window window,
                                               const stop_offer& stop) = 0;

  virtual task<std::vector<server_id>> servers(const std::string& model,
                                               const stop_offer& stop) = 0;
  virtual task<void> update(const server_id& server, const model_version& version,
                            const stop_offer& stop) = 0;
  virtual task<bool> server_healthy(const server_id& server, const stop_offer& stop) = 0;
  [[nodiscard]] virtual bool has_rotation() const noexcept = 0;
  virtual task<void> set_rotation(const server_id& server, bool in_rotation,
                                  const stop_offer& stop) = 0;
};

namespace detail {

/// Calls the member and awaits its answer. The arguments, or references to them, live in the task.
template <typename Member, typename Signature, typename T, typename Part, typename... Arguments>
task<T> resolve_member(Part& part, clock& on, const stop_offer& stop, Arguments... arguments) {
  if constexpr (member_call<Part, Member, Signature>::stoppable) {
    auto invoke = [&part,
                   ... owned = std::move(arguments)](const stop_token& told) -> decltype(auto) {
      return call_member<Member, Signature>(part, told, owned...);
    };
    return await_answer<T>(std::move(invoke), on, stop);
  } else {
    auto invoke = [&part, ... owned = std::move(arguments)]() -> decltype(auto) {
      return call_member<Member, Signature>(part, stop_token{}, owned...);
    };
    return await_answer<T>(std::move(invoke), on, stop);
  }
}

/// Closed to types that were not diagnosed to be a platform, so that a missing member is reported
/// once, by its sentence, and not again from in here.
template <typename Server, typename Router, typename Metrics>
class typed_platform_calls final : public platform_calls {
 public:
  typed_platform_calls(Server& server, Router& router, Metrics& metrics, clock& on) noexcept
      : server_(server), router_(router), metrics_(metrics), clock_(on) {}

  task<void> deploy(const model_version& version, const stop_offer& stop) override {
    return resolve_member<member::deploy, void(const model_version&), void>(server_, clock_, stop,
                                                                            std::cref(version));
  }
  task<void> warm_up(const model_version& version, const stop_offer& stop) override {
    return resolve_member<member::warm_up, void(const model_version&), void>(server_, clock_, stop,
                                                                             std::cref(version));
  }
  task<void> remove(const model_version& version, const stop_offer& stop) override {
    return resolve_member<member::remove, void(const model_version&), void>(server_, clock_, stop,
                                                                            std::cref(version));
  }
  task<void> set_split(const traffic_split& split, std::uint64_t revision,
                       const stop_offer& stop) override {
    if constexpr (FencedRouter<Router>) {
      return resolve_member<member::set_split, void(const traffic_split&, const std::uint64_t&),
                            void>(router_, clock_, stop, std::cref(split), revision);
    } else {
      return resolve_member<member::set_split, void(const traffic_split&), void>(
          router_, clock_, stop, std::cref(split));
    }
  }
  task<metrics_snapshot> collect(const model_version& version, time_window window,
                                 const stop_offer& stop) override {
    return resolve_member<member::collect,
                          metrics_snapshot(const model_version&, const time_window&),
                          metrics_snapshot>(metrics_, clock_, stop, std::cref(version), window);
  }

  [[nodiscard]] bool has_health_check() const noexcept override { return HealthCheckable<Server>; }
  task<bool> healthy(const model_version& version, const stop_offer& stop) override {
    if constexpr (HealthCheckable<Server>) {
      return resolve_member<member::healthy, bool(const model_version&), bool>(
          server_, clock_, stop, std::cref(version));
    } else {
      throw error("healthy: the server must have a health check, got none");
    }
  }

  [[nodiscard]] bool has_split() const noexcept override { return ReadableRouter<Router>; }
  task<traffic_split> split(const std::string& model, const stop_offer& stop) override {
    if constexpr (ReadableRouter<Router>) {
      return resolve_member<member::split, traffic_split(const std::string&), traffic_split>(
          router_, clock_, stop, std::cref(model));
    } else {
      throw error("split: the router must be readable, got one that is not");
    }
  }

  task<smoke_test_report> smoke_test(const model_version& version, std::size_t samples,
                                     const stop_offer& stop) override {
    if constexpr (SmokeTestable<Server>) {
      return resolve_member<member::smoke_test,
                            smoke_test_report(const model_version&, std::size_t),
                            smoke_test_report>(server_, clock_, stop, std::cref(version), samples);
    } else {
      throw error("smoke_test: the server must have smoke tests, got none");
    }
  }
  task<void> set_mirror(const model_version& production, const model_version& shadow, share sampled,
                        const stop_offer& stop) override {
    if constexpr (MirroringRouter<Router>) {
      return resolve_member<member::set_mirror,
                            void(const model_version&, const model_version&, const share&), void>(
          router_, clock_, stop, std::cref(production), std::cref(shadow), sampled);
    } else {
      throw error("set_mirror: the router must mirror requests, got one that does not");
    }
  }
  task<divergence_snapshot> divergence(const model_version& production, const model_version& shadow,
                                       time_window window, const stop_offer& stop) override {
    if constexpr (DivergenceSource<Metrics>) {
      return resolve_member<member::divergence,
                            divergence_snapshot(const model_version&, const model_version&,
                                                const time_window&),
                            divergence_snapshot>(metrics_, clock_, stop, std::cref(production),
                                                 std::cref(shadow), window);
    } else {
      throw error("divergence: the metrics must compare answers, got a source that does not");
    }
  }

  task<std::vector<server_id>> servers(const std::string& model, const stop_offer& stop) override {
    if constexpr (ServerFleet<Server>) {
      return resolve_member<member::servers, std::vector<server_id>(const std::string&),
                            std::vector<server_id>>(server_, clock_, stop, std::cref(model));
    } else {
      throw error("servers: the server must be a fleet, got one that is not");
    }
  }
  task<void> update(const server_id& server, const model_version& version,
                    const stop_offer& stop) override {
    if constexpr (ServerFleet<Server>) {
      return resolve_member<member::update, void(const server_id&, const model_version&), void>(
          server_, clock_, stop, std::cref(server), std::cref(version));
    } else {
      throw error("update: the server must be a fleet, got one that is not");
    }
  }
  task<bool> server_healthy(const server_id& server, const stop_offer& stop) override {
    if constexpr (ServerFleet<Server>) {
      return resolve_member<member::healthy, bool(const server_id&), bool>(server_, clock_, stop,
                                                                           std::cref(server));
    } else {
      throw error("healthy: the server must be a fleet, got one that is not");
    }
  }
  [[nodiscard]] bool has_rotation() const noexcept override { return RotatingFleet<Server>; }
  task<void> set_rotation(const server_id& server, bool in_rotation,
                          const stop_offer& stop) override {
    if constexpr (RotatingFleet<Server>) {
      return resolve_member<member::set_rotation, void(const server_id&, bool), void>(
          server_, clock_, stop, std::cref(server), in_rotation);
    } else {
      throw error("set_rotation: the fleet must rotate its servers, got one that does not");
    }
  }

 private:
  Server& server_;
  Router& router_;
  Metrics& metrics_;
  clock& clock_;
};

}  // namespace detail

/// The three are held by reference, and outlive every call.
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] std::shared_ptr<platform_calls> make_platform_calls(Server& server, Router& router,
                                                                  Metrics& metrics, clock& on) {
  if constexpr (Platform<Server, Router, Metrics>) {
    return std::make_shared<detail::typed_platform_calls<Server, Router, Metrics>>(server, router,
                                                                                   metrics, on);
  } else {
    throw error("unreachable: the diagnosis of the platform refuses these types");
  }
}

}  // namespace hotswap::inline v0_1
