// A rollout keeps to its plan: the same steps, no sooner and no later than planned.

#include <hotswap/config/plan.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::event_kind;

namespace {

/// Runs the world's canary, with calls of a second, and holds it to its plan.
template <typename World>
void check_kept(World& world) {
  const hotswap::rollout_plan planned = hotswap::plan(world.config, {.call = 1s, .servers = 4});
  const hotswap::deployment_result result = world.run();
  REQUIRE(result.status() == hotswap::deployment_status::succeeded);

  CHECK(world.clock.elapsed() >= planned.shortest);
  CHECK(world.clock.elapsed() <= planned.longest);
  std::vector<std::string> started;
  hotswap::clock::time_point since{};
  for (const hotswap::event& each : result.history()) {
    if (each.kind == event_kind::step_started) {
      started.push_back(each.step);
      since = each.time;
    }
    if (each.kind != event_kind::step_finished) continue;
    REQUIRE(started.size() <= planned.steps.size());
    const hotswap::planned_step& step = planned.steps[started.size() - 1];
    CAPTURE(step.name);
    CHECK(started.back() == step.name);
    CHECK(each.time - since >= step.shortest);
    CHECK(each.time - since <= step.longest + step.hold);
    if (step.candidate_share) CHECK(each.candidate_share == *step.candidate_share);
  }
  CHECK(started.size() == planned.steps.size());
}

/// Of the looks of a step, the time between them.
std::chrono::nanoseconds between_looks(const hotswap::deployment_result& result,
                                       const std::string& step) {
  std::vector<hotswap::clock::time_point> looks;
  for (const hotswap::event& each : result.history()) {
    if (each.step == step && each.look) looks.push_back(each.time);
  }
  REQUIRE(looks.size() > 2);
  return looks[1] - looks[0];
}

}  // namespace

TEST_CASE("plan: a canary with defaults keeps to its plan", "[config][plan]") {
  simulated_rollout<> world;
  check_kept(world);
}

TEST_CASE("plan: a platform that can be read, and is asked for health, keeps to the same plan",
          "[config][plan]") {
  simulated_rollout<readable_service> world;
  check_kept(world);
}

TEST_CASE("plan: a canary with steps of its own and a holdback keeps to its plan",
          "[config][plan]") {
  simulated_rollout<> world;
  hotswap::canary_step slow = 33.33_pct;
  slow.duration = 2h;
  world.config.steps = {5_pct, slow, 100_pct};
  world.config.monitoring_duration = 15min;
  world.config.holdback = 10_pct;
  world.config.keep_duration = 0s;
  check_kept(world);
}

TEST_CASE("plan: looks come as often as planned", "[config][plan]") {
  simulated_rollout<> world;
  hotswap::canary_step slow = 50_pct;
  slow.duration = 4h;
  world.config.steps = {10_pct, slow, 100_pct};
  const hotswap::rollout_plan planned = hotswap::plan(world.config, {.call = 0s, .servers = 4});
  world.service.script().latency = 0s;
  const auto result = world.run();

  CHECK(between_looks(result, "step-10") == planned.steps[1].look_interval);
  CHECK(between_looks(result, "step-50") == planned.steps[2].look_interval);
  CHECK(planned.steps[1].look_interval == 1min);
  CHECK(planned.steps[2].look_interval == 5min);
}
