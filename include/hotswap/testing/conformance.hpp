#pragma once

/// @file
/// Do a server, a router and metrics of your own keep the promises that a rollout relies on? What
/// the comments of the concepts say and no compiler can check.
///
///     const auto report =
///         loop.run(hotswap::check_conformance(server, router, metrics, {"fraud", "1"},
///                                             {"fraud", "2"}, loop, options));
///     for (const std::string& each : report.broken) std::puts(each.c_str());

#include <hotswap/async/clock.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/testing/conformance_check.hpp>
#include <hotswap/testing/conformance_report.hpp>
#include <hotswap/testing/fleet_conformance_check.hpp>

#include <memory>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// Keeps the check for as long as it is asked.
template <typename Check>
task<conformance_report> run_conformance_check(std::unique_ptr<Check> check) {
  conformance_report report = co_await check->run();
  co_return report;
}

}  // namespace detail

/// Deploys `spare`, moves traffic to it and back, counts what is sent, and removes it, each call
/// twice and some that must be refused. Says in a sentence each what is not as it must be:
///  - `deploy`, `warm_up`, `remove`, `set_split` and `set_mirror` are idempotent, and throw when
///  they
///    did not do what they are for; a version that was removed can be deployed again;
///  - a split is in force when `set_split` returns, by what `split` says and where requests go; one
///    with a version that cannot serve is refused and changes nothing, as is a revision that is
///    late;
///  - metrics are of the window and the version that they are asked for: windows add up, share no
///    request, say the same again, and have nothing where there was no traffic.
///
/// On a platform of your own for tests: it may leave `spare` behind, or half of the traffic on it,
/// where a promise is broken. Server, router and metrics outlive the task and its late calls.
///
/// @param serving  has all of the traffic, of a model that no rollout changes meanwhile
/// @param spare    of the same model, is not deployed, and can be
/// @param on       a clock that runs: an `event_loop`, or a `virtual_clock` for a simulated
///   platform
template <typename Server, typename Router, typename Metrics>
[[nodiscard]] task<conformance_report> check_conformance(Server& server, Router& router,
                                                         Metrics& metrics, model_version serving,
                                                         model_version spare, clock& on,
                                                         conformance_options options = {}) {
  // what is missing altogether is a sentence of the compiler's
  [[maybe_unused]] const diagnose_platform<Server, Router, Metrics> diagnosed{};
  return detail::run_conformance_check(std::make_unique<conformance_check>(
      make_platform_calls(server, router, metrics, on), std::move(serving), std::move(spare), on,
      std::move(options),
      conformance_features{FencedRouter<Router>, MirroringRouter<Router>, SmokeTestable<Server>}));
}

/// Updates the last server of a fleet to `spare` and back, each call twice: `servers` names the
/// same in the same order, `update` and `set_rotation` are idempotent, and a server becomes healthy
/// after an update. The router is asked for nothing.
///
/// @param serving  what all servers run
/// @param spare    of the same model, and deployed
template <typename Fleet, typename Router, typename Metrics>
[[nodiscard]] task<conformance_report> check_fleet_conformance(Fleet& fleet, Router& router,
                                                               Metrics& metrics,
                                                               model_version serving,
                                                               model_version spare, clock& on,
                                                               conformance_options options = {}) {
  [[maybe_unused]] const diagnose_platform<Fleet, Router, Metrics> diagnosed{};
  [[maybe_unused]] const diagnose_server_fleet<Fleet> is_fleet{};
  return detail::run_conformance_check(std::make_unique<fleet_conformance_check>(
      make_platform_calls(fleet, router, metrics, on), std::move(serving), std::move(spare), on,
      std::move(options)));
}

}  // namespace hotswap::inline v0_1
