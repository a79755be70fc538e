// A rollout keeps to its plan: the same steps, no sooner and no later than planned.

#include <hotswap/config/plan.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/rolling.hpp>

#include "support/catch.hpp"
#include "support/simulated_fleet.hpp"
#include "support/simulated_service.hpp"
#include "support/simulated_shadow.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::event_kind;

namespace {

/// Runs the world's rollout, whose calls take a second, and holds it to the plan.
template <typename World>
hotswap::deployment_result check_kept(World& world, const hotswap::rollout_plan& planned) {
  hotswap::deployment_result result = world.run();
  INFO(result.reason());
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
  return result;
}

/// Of its config, by default.
template <typename World>
hotswap::deployment_result check_kept(World& world) {
  return check_kept(world, hotswap::plan(world.config));
}

class rolling_world : public simulated_rollout<simulated_fleet> {
 public:
  hotswap::task<hotswap::deployment_result> deploy() {
    const hotswap::rolling_strategy strategy{service, service, service, config};
    return strategy.deploy(baseline, candidate, context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }

  hotswap::rolling_config config;
};

class experiment_world : public simulated_rollout<readable_service> {
 public:
  experiment_world() {
    service.quality["1"].accuracy = 0.90;
    service.quality["2"].accuracy = 0.95;
    service.rate = 40.0;
    config.duration = std::chrono::hours{24};
  }

  hotswap::task<hotswap::deployment_result> deploy() {
    const hotswap::ab_test_strategy strategy{service, service, service, config};
    return strategy.deploy(baseline, candidate, context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }

  hotswap::ab_test_config config;
};

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

TEST_CASE("plan: blue-green with defaults keeps to its plan", "[config][plan]") {
  simulated_blue_green<> world;
  check_kept(world);
}

TEST_CASE("plan: blue-green with a holdback keeps to its plan", "[config][plan]") {
  simulated_blue_green<> world;
  world.config.holdback = 10_pct;
  check_kept(world);
}

TEST_CASE("plan: a shadow keeps to its plan, whatever follows", "[config][plan]") {
  simulated_shadow world;
  SECTION("a report") {}
  SECTION("blue-green") {
    world.config.then = hotswap::blue_green_config{};
  }
  SECTION("a canary") {
    hotswap::canary_config then;
    then.monitoring_duration = 5min;
    world.config.then = then;
  }
  check_kept(world);
}

TEST_CASE("plan: an A/B test keeps to its plan, whoever wins", "[config][plan]") {
  experiment_world world;
  SECTION("the candidate") {}
  SECTION("the candidate, with a holdback") {
    world.config.holdback = 10_pct;
  }
  SECTION("the candidate, after a ramp") {
    world.config.ramp = {5_pct, 20_pct};
  }
  hotswap::rollout_plan planned = hotswap::plan(world.config);
  SECTION("the baseline") {
    world.service.quality["2"].accuracy = 0.88;
    planned.steps[2].candidate_share = 0_pct;
  }
  check_kept(world, planned);
}

TEST_CASE("plan: a rolling deployment keeps to its plan", "[config][plan]") {
  rolling_world world;
  std::size_t servers = 4;
  SECTION("one by one") {}
  SECTION("three at a time") {
    servers = 7;
    world.config.max_unavailable = 3;
  }
  SECTION("more at a time than may go") {
    world.config.max_unavailable = 9;
  }
  SECTION("with no more than their health") {
    world.config.monitoring_duration = 0s;
  }
  world.service.has_servers(servers);
  check_kept(world, hotswap::plan(world.config, {.call = 1s, .servers = servers}));
}

TEST_CASE("plan: the first version of a model keeps to its plan", "[config][plan]") {
  SECTION("of a canary") {
    simulated_first<hotswap::canary_config, hotswap::canary_strategy> world;
    check_kept(world, hotswap::plan(world.config, {.first = true}));
  }
  SECTION("of blue-green") {
    simulated_first<hotswap::blue_green_config, hotswap::blue_green_strategy> world;
    check_kept(world, hotswap::plan(world.config, {.first = true}));
  }
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
