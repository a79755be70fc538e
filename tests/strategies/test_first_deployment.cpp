// The first version of a model: there is nothing to compare it with, and nothing to go back to.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/every_call.hpp"
#include "support/simulated_shadow.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;

using texts = std::vector<std::string>;

namespace {

using first_by_canary = simulated_first<hotswap::canary_config, hotswap::canary_strategy>;
using first_by_blue_green =
    simulated_first<hotswap::blue_green_config, hotswap::blue_green_strategy>;
using first_untested = simulated_first<hotswap::canary_config, hotswap::canary_strategy,
                                       vacant_service<readable_service>>;

const texts whole_way = {"deploy fraud@1", "warm_up fraud@1", "smoke_test fraud@1 100",
                         "set_split 100 % fraud@1"};

}  // namespace

TEST_CASE("first deployment: deployed, warmed, tested, and all the traffic at once",
          "[strategies][first_deployment]") {
  SECTION("by a canary, for the bake of a step") {
    first_by_canary world;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(result.active() == world.candidate);
    CHECK(result.reason_code() == reason_code::promoted);
    CHECK(result.reason() == "fraud@1 serves all traffic");
    CHECK(changes_of(world.service) == whole_way);
    CHECK(world.clock.elapsed() > 10min);
    CHECK(world.clock.elapsed() < 11min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("by blue-green, for its monitoringDuration") {
    first_by_blue_green world;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(changes_of(world.service) == whole_way);
    CHECK(world.clock.elapsed() > 5min);
    CHECK(world.clock.elapsed() < 6min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("untested, by a canary whose server has no tests") {
    first_untested world;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.service.count("smoke_test") == 0);
    CHECK(world.has_traffic());
  }
}

TEST_CASE("first deployment: its records and events name no baseline",
          "[strategies][first_deployment]") {
  first_by_canary world;
  const auto result = world.run();

  CHECK(messages(result, event_kind::rollout_started) ==
        texts{"Canary of fraud@1, the first of its model"});
  for (const auto& each : result.history()) CHECK(each.baseline.empty());
  const auto records = world.records();
  const auto& opening =
      std::get<std::shared_ptr<const hotswap::opening_record>>(records.front().payload);
  CHECK(opening->baseline.empty());
  CHECK(opening->candidate == "1");
}

TEST_CASE("first deployment: is held to absolute limits", "[strategies][first_deployment]") {
  first_by_canary world;
  world.config.limits.latency = 30ms;
  world.config.limits.accuracy = 0.9;
  world.service.quality["1"].accuracy = 0.95;

  SECTION("which it keeps") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(
        messages(result, event_kind::look).back() ==
        "the error rate is 0.000992 (limit 0.05, 60500 requests); the mean latency is 20 ms (limit "
        "30 ms, 60440 requests); the accuracy is 0.95 (limit 0.9 at least, 60500 labels)");
  }
  SECTION("which it breaks: it keeps the traffic, since there is nobody else") {
    world.service.quality["1"].latency = 0.04;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.active() == world.candidate);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(result.reason() ==
          "at 100 %, the mean latency is 40 ms (limit 30 ms, 6194 requests); roll-back failed: "
          "fraud@1 is the only version, there is no baseline to go back to");
    CHECK(world.has_traffic());
    CHECK(world.is_deployed());
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("which say nothing without requests") {
    world.service.rate = 0.01;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::extended) == 3);
  }
}

TEST_CASE("first deployment: what fails before it has traffic is removed",
          "[strategies][first_deployment][failures]") {
  first_by_blue_green world;
  reason_code code{};
  SECTION("deploy") {
    world.service.breaks("deploy", fault::throws);
    code = reason_code::deploy_failed;
  }
  SECTION("warm_up") {
    world.service.breaks("warm_up", fault::hangs);
    code = reason_code::warm_up_failed;
  }
  SECTION("smoke_test") {
    world.service.breaks("smoke_test", fault::lies);
    code = reason_code::smoke_test_failed;
  }
  SECTION("health, before it gets traffic") {
    world.service.breaks("healthy", fault::lies);
    code = reason_code::unhealthy;
  }
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == code);
  CHECK_THROWS_WITH(result.active(),
                    "deployment_result: no version has traffic, the first one failed");
  CHECK_FALSE(world.is_deployed());
  CHECK(world.service.count("set_split") == 0);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("first deployment: of a model that has traffic is rejected, and nothing is touched",
          "[strategies][first_deployment]") {
  first_by_canary world;
  world.service.enforce(hotswap::traffic_split::all_to({"fraud", "0"}));
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rejected);
  CHECK(result.reason_code() == reason_code::already_active);
  CHECK(result.reason() ==
        "a first deployment must be of a model without traffic, got 100 % fraud@0");
  CHECK(changes_of(world.service).empty());
}

TEST_CASE("first deployment: a dry run waits as long, and changes nothing",
          "[strategies][first_deployment]") {
  first_by_canary world;
  world.config.dry_run = true;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK_THROWS_AS(result.active(), hotswap::error);
  CHECK(result.reason() == "a dry run, nothing was changed: fraud@1 serves all traffic");
  CHECK(changes_of(world.service).empty());
  CHECK(world.clock.elapsed() >= 10min);
}

TEST_CASE("first deployment: an abort removes what has no traffic, and leaves what has it",
          "[strategies][first_deployment][abort]") {
  std::vector<std::chrono::nanoseconds> times;
  {
    first_by_blue_green clean;
    clean.service.script().when_called = [&](std::size_t) {
      times.push_back(clean.clock.elapsed() + 500ms);
    };
    REQUIRE(clean.run().status() == deployment_status::succeeded);
  }
  std::size_t removed = 0;
  std::size_t left = 0;
  for (const auto time : times) {
    first_by_blue_green world;
    world.at(time, [&] { world.control().abort("alice", "now"); });
    const auto result = world.run();
    CAPTURE(time.count());
    CHECK(world.broken_promises(result) == nothing);
    CHECK(result.reason_code() == reason_code::aborted);
    if (result.status() == deployment_status::aborted) {
      ++removed;
      CHECK_FALSE(world.is_deployed());
      CHECK_FALSE(world.has_traffic());
    } else {
      ++left;
      CHECK(result.status() == deployment_status::rollback_failed);
      CHECK(result.active() == world.candidate);
    }
  }
  CHECK(removed >= 4);
  CHECK(left >= 4);
}

namespace {

std::unique_ptr<first_by_blue_green> a_first() {
  auto world = std::make_unique<first_by_blue_green>();
  world->with_users_journal();
  world->config.analysis_interval = 150s;
  return world;
}

}  // namespace

TEST_CASE("first deployment: a process that dies at any call is followed by one that ends the same",
          "[strategies][first_deployment][replay]") {
  SECTION("promoted") {
    dies_at_each_call(a_first, "succeeded, promoted");
  }
  SECTION("not warm") {
    const auto make = [] {
      auto world = a_first();
      world->service.breaks("warm_up", fault::throws);
      return world;
    };
    dies_at_each_call(make, "rolled_back, warm_up_failed");
  }
  SECTION("its split cannot be set") {
    const auto make = [] {
      auto world = a_first();
      world->service.breaks("set_split", fault::acts_and_throws);
      return world;
    };
    dies_at_each_call(make, "rollback_failed, set_split_failed");
  }
  SECTION("bad") {
    const auto make = [] {
      auto world = a_first();
      world->service.quality["1"].error_rate = 0.2;
      return world;
    };
    dies_at_each_call(make, "rollback_failed, metrics_degraded");
  }
}
