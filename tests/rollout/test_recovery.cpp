// What a new process does with the rollouts that it finds: it takes them over, or abandons them.
// And the way back from a rollout that has succeeded.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/abandon.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/take_over.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/undo.hpp>

#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/simulated_service.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::reason_code;
using texts = std::vector<std::string>;

namespace {

using canary_world = simulated_rollout<readable_service>;

std::unique_ptr<canary_world> a_canary() {
  auto world = std::make_unique<canary_world>();
  world->with_users_journal();
  world->config.steps = {20_pct, 100_pct};
  world->config.analysis_interval = 5min;
  return world;
}

/// As a program resolves that has one strategy.
hotswap::rollout_resolver resolver_of(canary_world& world) {
  return [&world](const hotswap::opening_record& opening, hotswap::rollout_context& context) {
    if (opening.strategy != "Canary") {
      throw std::runtime_error("this program has no strategy " + opening.strategy);
    }
    const hotswap::canary_strategy canary{world.service, world.service, world.service,
                                          world.config};
    return canary.deploy({opening.model, opening.baseline}, {opening.model, opening.candidate},
                         context);
  };
}

}  // namespace

TEST_CASE("take_over: goes on with what is unfinished, and ends as it would have",
          "[rollout][take_over]") {
  const auto unharmed = a_canary();
  unharmed->context().request_id = "change-1";
  const auto expected = end_of(*unharmed, unharmed->run());

  const auto world = a_canary();
  world->context().request_id = "change-1";
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(25));
  const auto taken = world->clock.run(take_over(world->environment, resolver_of(*world)));

  REQUIRE(taken.size() == 1);
  CHECK(taken[0].model == "fraud");
  CHECK(taken[0].refusal.empty());
  REQUIRE(taken[0].result);
  CHECK(end_of(*world, *taken[0].result) == expected);
  CHECK(world->broken_promises(*taken[0].result) == nothing);
  CHECK(world->clock.run(take_over(world->environment, resolver_of(*world))).empty());
}

TEST_CASE("take_over: a journal that cannot be read is read again", "[rollout][take_over]") {
  const int failures = GENERATE(2, 3);
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(25));
  world->journal().script.breaks("load", fault::throws, failures);
  const auto taken = world->clock.run(take_over(world->environment, resolver_of(*world)));

  REQUIRE(taken.size() == 1);
  CHECK(taken[0].refusal == (failures == 2 ? "" : "load fraud is broken"));
  CHECK(taken[0].result.has_value() == (failures == 2));
}

TEST_CASE("take_over: names what it cannot go on with, and leaves it", "[rollout][take_over]") {
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(25));
  const auto before = world->records();
  const std::size_t calls = world->service.changes().size();
  std::string refusal;
  hotswap::rollout_resolver resolve = resolver_of(*world);
  SECTION("whom the resolver does not know") {
    resolve = [](const hotswap::opening_record& opening,
                 hotswap::rollout_context&) -> hotswap::task<hotswap::deployment_result> {
      throw std::runtime_error("this program has no strategy " + opening.strategy);
    };
    refusal = "this program has no strategy Canary";
  }
  SECTION("whose journal is refused") {
    world->config.minimum_samples = 77;
    refusal = "journal of fraud, record 1 of fraud~1767225600000: config must be '";
  }
  const auto taken = world->clock.run(take_over(world->environment, resolve));

  REQUIRE(taken.size() == 1);
  CHECK_FALSE(taken[0].result);
  CHECK(taken[0].refusal.starts_with(refusal));
  CHECK(world->records() == before);
  CHECK(world->service.changes().size() == calls);
}

TEST_CASE("abandon: the baseline gets the traffic, the candidate goes, the rollout is closed",
          "[rollout][abandon]") {
  const std::size_t calls = calls_of(a_canary);
  for (std::size_t n = 3; n <= calls; ++n) {
    const auto world = a_canary();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    if (world->records().empty()) continue;
    bool committed = false;
    for (const auto& each : world->records()) committed = committed || each.verb == "commit";
    hotswap::rollout_context context{world->environment};
    const auto result = world->clock.run(abandon(world->service, world->service, world->service,
                                                 "fraud", "alice", "the config is lost", context));
    CAPTURE(n, process.last_words());
    if (committed) {
      CHECK(result.status() == deployment_status::succeeded);
      CHECK(result.active() == world->candidate);
      CHECK(world->broken_promises(result) == nothing);
      continue;
    }
    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason() == "abandoned by alice: the config is lost");
    CHECK(world->broken_promises(result) == nothing);
    CHECK(world->clock.run(world->environment.journal->unfinished()).empty());
  }
}

TEST_CASE("abandon: there must be something unfinished", "[rollout][abandon]") {
  const auto world = a_canary();
  hotswap::rollout_context context{world->environment};
  CHECK_THROWS_WITH(world->clock.run(abandon(world->service, world->service, world->service,
                                             "fraud", "alice", "", context)),
                    "journal of fraud: record 1 must be the opening of a rollout");
  (void)world->run();
  hotswap::rollout_context next{world->environment};
  CHECK_THROWS_WITH(world->clock.run(abandon(world->service, world->service, world->service,
                                             "fraud", "alice", "", next)),
                    "journal of fraud: its latest rollout must be unfinished");
}

namespace {

/// A canary that has succeeded, and is undone.
class undo_world : public canary_world {
 public:
  undo_world() {
    with_users_journal();
    (void)canary_world::run();
    restarts();
  }
  hotswap::task<hotswap::deployment_result> deploy() {
    return undo(service, service, service, "fraud", "alice", "it overheats", context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }
};

}  // namespace

TEST_CASE("undo: a recent success goes back without a bake", "[strategies][undo]") {
  undo_world world;
  const auto begun = world.clock.elapsed();
  const std::size_t changes = world.service.changes().size();
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::undone);
  CHECK(result.reason() == "undone by alice: it overheats");
  CHECK(result.active() == hotswap::model_version{"fraud", "1"});
  CHECK(world.service.in_force() == hotswap::traffic_split::all_to({"fraud", "1"}));
  const auto after = world.service.changes();
  CHECK(texts(after.begin() + static_cast<std::ptrdiff_t>(changes), after.end()) ==
        texts{"deploy fraud@1", "warm_up fraud@1", "set_split 100 % fraud@1", "remove fraud@2"});
  CHECK(world.clock.elapsed() - begun < 30s);
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("undo: an old version that cannot serve is not gone back to", "[strategies][undo]") {
  undo_world world;
  world.service.breaks("warm_up fraud@1", fault::throws);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::warm_up_failed);
  CHECK(result.active() == hotswap::model_version{"fraud", "2"});
  CHECK(world.service.in_force() == hotswap::traffic_split::all_to({"fraud", "2"}));
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("undo: there must be a success to undo", "[strategies][undo]") {
  const auto world = a_canary();
  const auto attempt = [&] {
    hotswap::rollout_context context{world->environment};
    (void)world->clock.run(
        undo(world->service, world->service, world->service, "fraud", "alice", "", context));
  };
  CHECK_THROWS_WITH(attempt(),
                    "undo: the latest rollout of fraud must have succeeded and have had a "
                    "baseline, got none");
  world->service.quality["2"].error_rate = 0.5;
  (void)world->run();
  CHECK_THROWS_WITH(attempt(),
                    "undo: the latest rollout of fraud must have succeeded and have had a "
                    "baseline, got rolled_back with 1");
}

TEST_CASE("undo: a process that dies at any call is followed by one that undoes it all the same",
          "[strategies][undo][replay]") {
  undo_world unharmed;
  const auto expected = end_of(unharmed, unharmed.run());
  const std::size_t calls = calls_of([] { return std::make_unique<undo_world>(); });
  REQUIRE(calls > 10);
  for (std::size_t n = 1; n <= calls; ++n) {
    undo_world world;
    mortal_process process{world};
    REQUIRE_FALSE(process.run_until(n));
    CAPTURE(n, process.last_words());
    const auto result = process.run_until(0);
    REQUIRE(result);
    CHECK(end_of(world, *result) == expected);
    CHECK(world.service.wrongs() == nothing);
  }
}

TEST_CASE("late `deploy`, `remove`, `update` of an earlier rollout", "[rollout][failures]") {
  simulated_rollout<> world;
  world.service.breaks("deploy fraud@2", fault::late, 1);  // lands 150 s after its deadline
  world.config.deadlines.deploy = 30s;
  const auto first = world.run();
  REQUIRE(first.status() == deployment_status::rolled_back);
  REQUIRE(world.context().outstanding_calls() > 0);
  const auto landed = [&] { return world.context().outstanding_calls() == 0; };

  hotswap::rollout_context next{world.environment};
  const hotswap::canary_strategy canary{world.service, world.service, world.service, world.config};
  std::size_t out_when_deployed = 99;
  world.service.script().when_called = [&](std::size_t) {
    const std::string& text = world.service.script().calls().back().text;
    if (text.starts_with("deploy")) out_when_deployed = landed() ? 0 : 1;
  };
  const auto second = world.clock.run(canary.deploy(world.baseline, world.candidate, next));
  world.service.script().when_called = {};

  CHECK(out_when_deployed == 0);  // the late one was waited for, and then it was deployed again
  CHECK(second.status() == deployment_status::succeeded);
  CHECK(world.service.wrongs() == nothing);
}
