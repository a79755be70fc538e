#pragma once

/// @file
/// What may come at any time, at each call of a simulated rollout: the death of its process, an
/// abort, and a shutdown.
///
///     dies_at_each_call([] { return a_blue_green(); }, "succeeded, promoted");
///     is_aborted_at_each_call([] { return a_blue_green(); }, 5s);
///     is_stopped_at_each_call([] { return a_blue_green(); });
///
/// A world is as in `crash.hpp`, with `run()`, `records()`, `control()` and `broken_promises()`.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/simulated_service.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

/// @param make  makes a world whose journal survives the process
/// @param ends  how it ends if no process dies, as "succeeded, promoted"
template <typename Make>
void dies_at_each_call(const Make& make, const std::string& ends) {
  const auto unharmed = make();
  const auto end = unharmed->run();
  const auto expected = end_of(*unharmed, end);
  REQUIRE(expected.status + ", " + expected.reason_code == ends);
  CHECK(unharmed->broken_promises(end) == nothing);
  const std::size_t calls = calls_of(make);
  REQUIRE(calls > 10);
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    CAPTURE(n, process.last_words());
    const auto result = process.run_until(0);
    REQUIRE(result);
    CHECK(end_of(*world, *result) == expected);
    CHECK(world->broken_promises(*result) == nothing);
  }
}

template <typename World>
void check_aborted(World& world, const hotswap::deployment_result& result,
                   std::chrono::nanoseconds at_most) {
  CHECK(world.broken_promises(result) == nothing);
  const auto records = world.records();
  const bool is_committed = std::any_of(records.begin(), records.end(), [](const auto& each) {
    return std::holds_alternative<hotswap::committed_record>(each.payload);
  });
  if (is_committed) {
    CHECK(result.status() == hotswap::deployment_status::succeeded);
    CHECK(messages(result, hotswap::event_kind::gate_answered) ==
          std::vector<std::string>{
              "abort by alice came too late: the rollout is committed, use undo"});
    return;
  }
  CHECK(result.status() == hotswap::deployment_status::aborted);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason() == "aborted by alice: now");
  CHECK(world.way_back(result) <= at_most);
}

/// While the call is under way, and in the wait after it.
/// @param at_most  from the decision to the baseline in force
template <typename Make>
void is_aborted_at_each_call(const Make& make, std::chrono::nanoseconds at_most) {
  std::vector<std::chrono::nanoseconds> times;
  const auto note = [&times](auto& world) {
    const auto when = [&times, &world](std::size_t) { times.push_back(world.clock.elapsed()); };
    world.service.script().when_called = when;
    world.journal().script.when_called = when;
  };
  const auto clean = make();
  note(*clean);
  REQUIRE(clean->run().status() == hotswap::deployment_status::succeeded);

  std::vector<std::chrono::nanoseconds> instants;
  for (std::size_t n = 0; n < times.size(); ++n) {
    instants.push_back(times[n]);
    if (n > 0 && times[n] > times[n - 1]) instants.push_back((times[n] + times[n - 1]) / 2);
  }
  std::size_t aborted = 0;
  for (const auto instant : instants) {
    const auto world = make();
    world->at(instant, [&world] { world->control().abort("alice", "now"); });
    const auto result = world->run();
    CAPTURE(instant.count());
    if (world->clock.elapsed() == instant) continue;  // it is told already, and it is over
    check_aborted(*world, result, at_most);
    if (result.status() == hotswap::deployment_status::aborted) ++aborted;
  }
  CHECK(aborted + 12 >= instants.size());  // all but the last few
}

/// Nothing is rolled back, no further call changes anything; and it goes on in another process.
template <typename Make>
void is_stopped_at_each_call(const Make& make) {
  const auto unharmed = make();
  const auto expected = end_of(*unharmed, unharmed->run());
  const std::size_t calls = calls_of(make);
  std::size_t stopped = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = make();
    hotswap::stop_source shutdown;
    world->environment.stop = shutdown.get_token();
    std::size_t made = 0;
    std::size_t changes = 0;
    const auto when = [&](std::size_t) {
      if (++made != n) return;
      changes = world->service.changes().size();
      shutdown.request_stop();
    };
    world->service.script().when_called = when;
    world->journal().script.when_called = when;
    bool has_left = false;
    std::string end;
    try {
      end = to_string(world->run().status());
    } catch (const hotswap::rollout_stopped&) {
      has_left = true;
    }
    CAPTURE(n, end);
    if (!has_left) continue;  // it is committed, or rolls back
    ++stopped;
    CHECK(world->service.changes().size() == changes);
    world->service.script().when_called = {};
    world->journal().script.when_called = {};
    world->environment.stop = {};
    world->restarts();
    const auto result = world->run();
    CHECK(end_of(*world, result) == expected);
    CHECK(world->broken_promises(result) == nothing);
  }
  CHECK(stopped + 12 >= calls);
}
