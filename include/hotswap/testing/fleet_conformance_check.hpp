#pragma once

/// @file
/// The questions that <hotswap/testing/conformance.hpp> asks of a fleet.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/testing/conformance_report.hpp>
#include <hotswap/testing/platform_questions.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to the clock's thread, and outlives its `run()`.
class fleet_conformance_check : private platform_questions {
 public:
  fleet_conformance_check(std::shared_ptr<platform_calls> calls, model_version serving,
                          model_version spare, clock& on, conformance_options options)
      : platform_questions(std::move(calls), std::move(serving), std::move(spare), on,
                           std::move(options)) {}

  task<conformance_report> run() {
    const answer<std::vector<server_id>> first = co_await servers();
    const answer<std::vector<server_id>> second = co_await servers();
    if (!first.value || first.value->empty()) {
      broken("servers of {} must name those that serve it, got {}", serving_.model(),
             first.value ? "none" : first.failure);
    } else if (!second.value || *second.value != *first.value) {
      broken("servers of {} must name the same again in the same order, got {}", serving_.model(),
             second.value ? "others" : second.failure);
    } else {
      co_await check_server(first.value->back());
    }
    co_return std::move(report_);
  }

 private:
  task<void> check_server(server_id server) {
    co_await check_health(server, "before it is updated");
    co_await check_rotation(server, false);
    co_await check_update(server, spare_);
    co_await check_rotation(server, true);
    co_await check_rotation(server, false);
    co_await check_update(server, serving_);
    co_await check_rotation(server, true);
  }

  task<void> check_rotation(server_id server, bool in_rotation) {
    if (!calls_->has_rotation()) co_return;
    const std::string first = co_await set_rotation(server, in_rotation);
    const std::string second = co_await set_rotation(server, in_rotation);
    if (!first.empty()) {
      broken("set_rotation must take {} {} rotation, got: {}", to_string(server),
             in_rotation ? "into" : "out of", first);
    } else if (!second.empty()) {
      broken("set_rotation of {} must be idempotent, got at the second call: {}", to_string(server),
             second);
    }
  }

  task<void> check_update(server_id server, model_version version) {
    const std::string first = co_await update(server, version);
    const std::string second = co_await update(server, version);
    if (!first.empty()) {
      broken("update must make {} run {}, got: {}", to_string(server), to_string(version), first);
    } else if (!second.empty()) {
      broken("update of {} must be idempotent, got at the second call: {}", to_string(server),
             second);
    }
    co_await check_health(server, "after an update");
  }

  /// It may need time to become well.
  task<void> check_health(server_id server, std::string when) {
    const auto give_up_at = clock_.due_in(options_.limit);
    std::string found;
    while (true) {
      const answer<bool> well = co_await server_healthy(server);
      if (well.value.value_or(false)) co_return;
      found = well.value ? "false" : well.failure;
      if (clock_.steady_now() + options_.window > give_up_at) break;
      co_await sleep_for(clock_, options_.window);
    }
    broken("healthy of {} must become true {}, got {}", to_string(server), when, found);
  }
};

}  // namespace hotswap::inline v0_1
