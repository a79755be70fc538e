// The rolling strategy: server by server, and back.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/strategies/rolling.hpp>

#include "support/abandoned.hpp"
#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/simulated_fleet.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using hotswap::server_id;
using texts = std::vector<std::string>;

namespace {

class rolling_world : public simulated_rollout<simulated_fleet> {
 public:
  rolling_world() { with_users_journal(); }

  hotswap::task<hotswap::deployment_result> deploy() {
    const hotswap::rolling_strategy strategy{service, service, service, rolling};
    return strategy.deploy(baseline, candidate, context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }

  /// Without the questions.
  [[nodiscard]] texts changes() const {
    texts found;
    for (const auto& each : service.changes()) {
      if (!each.starts_with("servers ")) found.push_back(each);
    }
    return found;
  }

  hotswap::rolling_config rolling;
};

texts one_server(const std::string& name, const std::string& version) {
  return {"rotate " + name + " out", "update " + name + " to fraud@" + version,
          "rotate " + name + " in"};
}

texts operator+(texts a, const texts& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

}  // namespace

TEST_CASE("rolling: four servers, one by one, in 20 to 30 minutes", "[strategies][rolling]") {
  rolling_world world;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::promoted);
  CHECK(result.active() == world.candidate);
  CHECK(world.changes() == one_server("web-1", "2") + one_server("web-2", "2") +
                               one_server("web-3", "2") + one_server("web-4", "2"));
  CHECK(world.service.text() == "web-1 2, web-2 2, web-3 2, web-4 2");
  CHECK(world.service.most_out == 1);
  CHECK(world.clock.elapsed() > 20min);
  CHECK(world.clock.elapsed() < 30min);
  CHECK(messages(result, event_kind::split_changed) ==
        texts{"1 of 4 servers run fraud@2", "2 of 4 servers run fraud@2",
              "3 of 4 servers run fraud@2", "4 of 4 servers run fraud@2"});
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.service.count("set_split") == 0);
}

TEST_CASE("rolling: no more servers are out than maxUnavailable says", "[strategies][rolling]") {
  rolling_world world;
  world.service.has_servers(7);
  world.rolling.max_unavailable = 3;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.service.most_out == 3);
  CHECK(count(result, event_kind::split_changed) == 3);  // 3, 3 and 1
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rolling: a server that is not healthy counts as one that is out, and goes first",
          "[strategies][rolling]") {
  rolling_world world;
  world.rolling.max_unavailable = 2;
  world.service.fleet.at(server_id{"web-3"}).well = false;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::split_changed) ==
        texts{"2 of 4 servers run fraud@2", "4 of 4 servers run fraud@2"});
  const texts changes = world.changes();
  REQUIRE(changes.size() > 1);
  CHECK(changes[0] == "rotate web-3 out");
  CHECK(changes[1] == "rotate web-1 out");
}

TEST_CASE("rolling: a fleet that would lose its last server is rejected, and nothing is touched",
          "[strategies][rolling]") {
  rolling_world world;
  SECTION("a fleet of one") {
    world.service.has_servers(1);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason() ==
          "a fleet must keep a server in rotation, and at most 1 out of it, got 1 that serve and 0 "
          "that do not");
  }
  SECTION("none at all") {
    world.service.has_servers(0);
    CHECK(world.run().status() == deployment_status::rejected);
  }
  CHECK(world.changes().empty());
}

TEST_CASE("rolling: a server that does not become healthy ends it, and all go back",
          "[strategies][rolling]") {
  rolling_world world;
  world.service.bad_servers.insert({server_id{"web-3"}, world.candidate});
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::unhealthy);
  CHECK(result.reason() == "server web-3 must be healthy for 10 s within 10 min, and was not");
  CHECK(world.service.text() == "web-1 1, web-2 1, web-3 1, web-4 1");
  const texts changes = world.changes();
  const texts back(changes.end() - 9, changes.end());
  CHECK(back == one_server("web-3", "1") + one_server("web-2", "1") + one_server("web-1", "1"));
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.way_back(result) <= 2min);
}

TEST_CASE("rolling: a candidate that degrades is rolled back in its first batch",
          "[strategies][rolling]") {
  rolling_world world;
  world.service.quality["2"].error_rate = 0.05;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(world.changes() == one_server("web-1", "2") + one_server("web-1", "1"));
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rolling: the last batch is compared with what the others did before it",
          "[strategies][rolling]") {
  rolling_world world;
  world.service.distort = [&](const auto& version, const auto&, hotswap::metrics_snapshot& seen) {
    const bool alone = world.service.in_force() == hotswap::traffic_split::all_to(world.candidate);
    if (version == world.candidate && alone) seen.errors = seen.requests / 10;
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason().find("no contemporaneous baseline") != std::string::npos);
  CHECK(world.service.text() == "web-1 1, web-2 1, web-3 1, web-4 1");
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.way_back(result) <= 2min);
}

TEST_CASE("rolling: a server that cannot go back stays out of rotation, and is named",
          "[strategies][rolling]") {
  rolling_world world;
  world.service.bad_servers.insert({server_id{"web-3"}, world.candidate});
  world.service.breaks("update web-2 to fraud@1", fault::throws);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rollback_failed);
  CHECK(
      result.reason() ==
      "server web-3 must be healthy for 10 s within 10 min, and was not; roll-back failed: server "
      "web-2 did not go back, update of web-2 to fraud@1 failed: update web-2 to fraud@1 is "
      "broken");
  CHECK(world.service.text() == "web-1 1, web-2 2 out, web-3 1, web-4 1");
}

TEST_CASE("rolling: without a bake, health alone decides", "[strategies][rolling]") {
  rolling_world world;
  world.rolling.monitoring_duration = 0min;
  world.service.quality["2"].error_rate = 0.5;  // nobody looks
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() < 5min);
  CHECK(world.service.count("collect") == 0);
}

TEST_CASE("rolling: an update that lands late is undone again", "[strategies][rolling]") {
  rolling_world world;
  world.rolling.deadlines.update = 30s;
  world.service.breaks("update web-2 to fraud@2", fault::late, 1);  // 150 s
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(world.service.text() == "web-1 1, web-2 1, web-3 1, web-4 1");
  world.clock.advance(1h);
  CHECK(world.service.text() == "web-1 1, web-2 1, web-3 1, web-4 1");
}

TEST_CASE("rolling: a pause stops it between two servers, and an abort brings them back",
          "[strategies][rolling]") {
  rolling_world world;
  world.at(6min, [&] { world.control().pause("alice", "wait"); });
  world.at(2h, [&] { world.control().abort("alice", "no"); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::aborted);
  CHECK(world.clock.elapsed() > 2h);
  CHECK(world.service.text() == "web-1 1, web-2 1, web-3 1, web-4 1");
  CHECK(world.service.most_out == 1);
}

TEST_CASE(
    "rolling: a process that dies at any call is followed by one with which it ends as it "
    "would have",
    "[strategies][rolling][replay]") {
  const int kind = GENERATE(0, 1, 2);
  const auto make = [kind] {
    auto world = std::make_unique<rolling_world>();
    world->rolling.max_unavailable = 2;
    if (kind == 1) world->service.quality["2"].error_rate = 0.05;
    if (kind == 2) world->service.bad_servers.insert({server_id{"web-4"}, world->candidate});
    return world;
  };
  const auto unharmed = make();
  const auto expected = end_of(*unharmed, unharmed->run());
  const std::string fleet = unharmed->service.text();
  const std::size_t calls = calls_of(make);
  REQUIRE(calls > 30);
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    CAPTURE(kind, n, process.last_words());
    const auto result = process.run_until(0);
    REQUIRE(result);
    CHECK(end_of(*world, *result) == expected);
    CHECK(world->service.text() == fleet);
    CHECK(world->service.most_out <= 2);
    CHECK(world->broken_promises(*result) == nothing);
  }
}

TEST_CASE("rolling: abandoned, its servers go back; committed, they stay",
          "[strategies][rolling][abandon]") {
  const auto make = [] { return std::make_unique<rolling_world>(); };
  const auto unharmed = make();
  (void)unharmed->run();
  const std::string before = make()->service.text();
  const std::string after = unharmed->service.text();
  const std::size_t calls = calls_of(make);
  std::size_t committed = 0;
  for (std::size_t n = 3; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    const bool is_committed = support::is_committed(*world);
    if (is_committed) ++committed;
    const auto result = support::abandoned(*world);
    CAPTURE(n, process.last_words());
    CHECK(result.status() ==
          (is_committed ? deployment_status::succeeded : deployment_status::aborted));
    CHECK(result.active() == (is_committed ? world->candidate : world->baseline));
    CHECK(world->service.text() == (is_committed ? after : before));
    CHECK(world->service.most_out <= 1);
    CHECK(world->service.count("set_split") == 0);
  }
  CHECK(committed >= 1);
}

TEST_CASE("server_batch: is read as it is written", "[rollout][fleet]") {
  hotswap::server_batch batch;
  batch.fleet_size = 12;
  CHECK(batch.text() == "12:");
  CHECK(hotswap::server_batch::parse(batch.text()).servers.empty());
  batch.servers = {server_id{"web-1"}, server_id{"gpu-7.rack2"}};
  CHECK(batch.text() == "12: web-1, gpu-7.rack2");
  const auto read = hotswap::server_batch::parse(batch.text());
  CHECK(read.servers == batch.servers);
  CHECK(read.fleet_size == 12);
}
