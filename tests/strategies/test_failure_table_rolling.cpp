// Rolling when things go wrong: the rows of that table under their names, and what people can do
// meanwhile. "The baseline has 100 %" means here that every server in rotation runs it.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/strategies/rolling.hpp>
#include <hotswap/strategies/rolling_config.hpp>

#include "support/catch.hpp"
#include "support/every_call.hpp"
#include "support/simulated_fleet.hpp"
#include "support/simulated_shadow.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using hotswap::traffic_split;
using texts = std::vector<std::string>;

namespace {

const std::string all_on_baseline = "web-1 1, web-2 1, web-3 1, web-4 1";
const std::string all_on_candidate = "web-1 2, web-2 2, web-3 2, web-4 2";

/// Four servers, one by one.
class fleet_world : public simulated_deployment<simulated_fleet, hotswap::rolling_config,
                                                hotswap::rolling_strategy> {
 public:
  fleet_world() {
    with_users_journal();
    config.analysis_interval = 150s;
  }
};

std::unique_ptr<fleet_world> a_fleet() {
  auto world = std::make_unique<fleet_world>();
  world->journal().script.latency = 100ms;
  return world;
}

void check_rolled_back(fleet_world& world, const hotswap::deployment_result& result,
                       reason_code code, const std::string& reason) {
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == code);
  CHECK(result.reason() == reason);
  CHECK(world.service.text() == all_on_baseline);
  CHECK(world.service.most_out <= 1);
  CHECK(world.broken_promises(result) == nothing);
}

/// What the candidate's metrics look like from then on.
template <typename Change>
void from(fleet_world& world, std::chrono::nanoseconds time, Change change) {
  world.service.distort = [&world, time, change](const auto& version, const auto&,
                                                 hotswap::metrics_snapshot& seen) {
    if (version == world.candidate && world.clock.elapsed() > time) change(seen);
  };
}

}  // namespace

TEST_CASE("rolling: deploy or warm-up fails after its retries, or exceeds its deadline",
          "[strategies][rolling][failures]") {
  fleet_world world;
  SECTION("an update throws") {
    world.service.breaks("update web-2 to fraud@2", fault::throws);
    check_rolled_back(world, world.run(), reason_code::deploy_failed,
                      "update of web-2 to fraud@2 failed: update web-2 to fraud@2 is broken");
    CHECK(world.service.count("update web-2 to fraud@2") == 3);
  }
  SECTION("a rotation throws") {
    world.service.breaks("rotate web-2 out", fault::throws, 3);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "set_rotation of web-2 out failed: rotate web-2 out is broken");
    CHECK(world.service.count("update web-2 to fraud@2") == 0);
  }
}

TEST_CASE("rolling: roll-back's own `set_split` fails", "[strategies][rolling][failures]") {
  fleet_world world;
  const std::string why = "server web-2 must be healthy for 10 s within 10 min, and was not";
  world.service.bad_servers.insert({hotswap::server_id{"web-2"}, world.candidate});
  SECTION("a server comes back late: then the others follow") {
    world.service.breaks("update web-2 to fraud@1", fault::throws, 7);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::unhealthy, why);
    CHECK(world.service.count("update web-2 to fraud@1") == 8);
    const auto told = messages(result, event_kind::retrying);
    CHECK(
        std::count(told.begin(), told.end(),
                   "server web-2 did not go back, update of web-2 to fraud@1 failed: update web-2 "
                   "to fraud@1 is broken; server web-1 must wait, of 4 at most 1 may be "
                   "out of rotation, and one must serve") == 2);
  }
  SECTION("it does not come back: it is given up, and the others follow") {
    world.service.breaks("update web-2 to fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.reason() ==
          why +
              "; roll-back failed: server web-2 did not go back, update of web-2 "
              "to fraud@1 failed: update web-2 to fraud@1 is broken");
    CHECK(world.service.text() == "web-1 1, web-2 2 out, web-3 1, web-4 1");
    const auto calls = world.service.script().calls();
    const auto begins = [&](const std::string& text) {
      return std::find_if(calls.begin(), calls.end(),
                          [&](const auto& each) { return each.text == text; });
    };
    const auto waited = begins("rotate web-1 out");
    REQUIRE(waited != calls.end());
    const auto again = std::find_if(
        waited + 1, calls.end(), [](const auto& each) { return each.text == "rotate web-1 out"; });
    REQUIRE(again != calls.end());
    CHECK(again->at - begins("update web-2 to fraud@1")->at > 9min);
  }
  SECTION("it does not come back, and the only other one serves: that one stays") {
    world.service.has_servers(2);
    world.service.breaks("update web-2 to fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(
        result.reason() ==
        why +
            "; roll-back failed: server web-2 did not go back, update of web-2 to fraud@1 failed: "
            "update web-2 to fraud@1 is broken; server web-1 must wait, of 2 at most 1 may be out "
            "of rotation, and one must serve");
    CHECK(world.service.text() == "web-1 2, web-2 2 out");
    CHECK(world.service.most_out == 1);
    CHECK(world.service.wrongs() == nothing);
  }
  SECTION("the fleet's servers cannot be named: one is kept that is known") {
    world.service.breaks("servers fraud", fault::throws, fault_script::always, 2);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(world.service.text() == "web-1 2, web-2 1, web-3 1, web-4 1");
    CHECK(world.service.wrongs() == nothing);
  }
  SECTION("a server that is out leaves room for others, if more than one may be") {
    world.config.max_unavailable = 2;  // web-1 and web-2, of which the first one is well
    world.service.breaks("update web-2 to fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(world.service.text() == "web-1 1, web-2 2 out, web-3 1, web-4 1");
    CHECK(world.service.most_out == 2);
  }
}

TEST_CASE("rolling: the baseline has had no traffic when a roll-back needs it",
          "[strategies][rolling][failures]") {
  fleet_world world;
  // in the last batch's bake all servers run the candidate
  from(world, 17min + 30s,
       [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(world.service.text() == all_on_baseline);
  CHECK(world.service.most_out == 1);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rolling: metrics call fails or hangs", "[strategies][rolling][failures]") {
  fleet_world world;
  SECTION("at the start: nothing is touched") {
    world.service.breaks("collect fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason_code() == reason_code::metrics_unavailable);
    CHECK(world.service.count("rotate") == 0);
  }
  SECTION("for a while") {
    world.service.breaks("collect fraud@2", fault::hangs, 6, 2);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.service.text() == all_on_candidate);
  }
  SECTION("for good: nothing passes on it") {
    world.service.breaks("collect fraud@2", fault::throws);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::inconclusive,
                      "at 25 %, collect of fraud@2 failed: collect fraud@2 is broken");
    CHECK(count(result, event_kind::extended) == 3);
  }
}

TEST_CASE("rolling: no traffic, too few samples, NaN, no labels for a required metric",
          "[strategies][rolling][failures]") {
  fleet_world world;
  std::string why;
  SECTION("NaN") {
    from(world, 0s, [](hotswap::metrics_snapshot& seen) {
      seen.latency.emplace();
      seen.latency->add(std::numeric_limits<double>::quiet_NaN());
    });
    why = "at 25 %, a latency that is not finite cannot be judged";
  }
  SECTION("no labels for a required metric") {
    world.config.required_metrics = {"errorRate", "accuracy"};
    why = "at 25 %, the accuracy of the candidate needs 1000 samples, and has 0";
  }
  const auto result = world.run();
  CHECK(result.reason_code() == reason_code::inconclusive);
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason() == why);
  CHECK(count(result, event_kind::extended) == 3);
  CHECK(world.service.text() == all_on_baseline);
}

TEST_CASE("rolling: candidate's errors are beyond doubt, below `minimumSamples` too",
          "[strategies][rolling][failures]") {
  fleet_world world;
  world.service.rate = 2.0;  // a look has 75 requests of the candidate
  world.service.quality["2"].error_rate = 0.6;
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(result.reason().find("beyond doubt") != std::string::npos);
  CHECK(count(result, event_kind::look) == 1);
  CHECK(world.service.text() == all_on_baseline);
}

TEST_CASE("rolling: baseline has traffic, at least 100 candidate requests were due, none came",
          "[strategies][rolling][failures]") {
  fleet_world world;
  world.config.analysis_interval = 1min;
  from(world, 0s, [](hotswap::metrics_snapshot& seen) { seen = {}; });
  const auto result = world.run();
  check_rolled_back(world, result, reason_code::candidate_silent,
                    "fraud@2 got none of the requests that were due in 3 windows");
  CHECK(count(result, event_kind::look) == 3);
}

TEST_CASE("rolling: `healthy` exists and is false 3 looks in a row",
          "[strategies][rolling][failures]") {
  fleet_world world;
  world.config.analysis_interval = 1min;
  world.at(2min, [&] { world.service.fleet.at(hotswap::server_id{"web-1"}).well = false; });
  SECTION("in one process") {
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 was not healthy at 3 looks in a row");
  }
  SECTION("or in two") {
    std::size_t looks = 0;
    hotswap::stop_source shutdown;
    world.environment.stop = shutdown.get_token();
    world.journal().script.when_called = [&](std::size_t) {
      const auto& text = world.journal().script.calls().back().text;
      if (text == "append batch-1/observe/progress" && ++looks == 3) shutdown.request_stop();
    };
    CHECK_THROWS_AS(world.run(), hotswap::rollout_stopped);
    world.journal().script.when_called = {};
    world.environment.stop = {};
    world.restarts();
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 was not healthy at 3 looks in a row");
  }
}

TEST_CASE("rolling: a judge or an observer throws", "[strategies][rolling][failures]") {
  fleet_world world;
  world.context().observe([](const hotswap::event& each) {
    if (each.kind == event_kind::look) throw std::runtime_error("the disk is full");
  });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::observer_failed).front() ==
        "an observer threw: the disk is full");
}

TEST_CASE("rolling: fail, and `onFailure` is `hold`", "[strategies][rolling][failures]") {
  fleet_world world;
  world.config.on_failure = hotswap::on_failure::hold;
  world.service.quality["2"].error_rate = 0.05;
  SECTION("the servers that were updated stay so until a person aborts") {
    world.at(60min, [&] {
      CHECK(world.control().status().held);
      CHECK(world.control().status().step == "batch-1");
      CHECK(world.service.text() == "web-1 2, web-2 1, web-3 1, web-4 1");
      world.control().abort("alice", "it is bad");
    });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason() == "aborted by alice: it is bad");
  }
  SECTION("nobody answers") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason().ends_with("; nobody answered within 1440 min"));
  }
  CHECK(world.service.text() == all_on_baseline);
}

TEST_CASE("rolling: pause", "[strategies][rolling][failures]") {
  fleet_world world;
  world.at(3min, [&] { world.control().pause("alice", "a holiday"); });
  world.at(5h, [&] {
    const auto status = world.control().status();
    CHECK(status.paused);
    CHECK(status.step == "batch-1");
    CHECK(status.verb == "observe");
    CHECK(status.awaits == "a bake of 5 min, or a fail");
    CHECK(world.service.text() == "web-1 2, web-2 1, web-3 1, web-4 1");
    world.control().resume("bob", "back");
  });
  SECTION("the rest follows") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::paused) == texts{"paused by alice: a holiday"});
    CHECK(messages(result, event_kind::continued) == texts{"continued by bob: back"});
    CHECK(world.clock.elapsed() > 5h + 15min);
  }
  SECTION("judging does not pause: a fail rolls back") {
    from(world, 1h, [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(world.clock.elapsed() < 3h);
    CHECK(world.service.text() == all_on_baseline);
  }
}

TEST_CASE("rolling: a platform call never returns", "[strategies][rolling][failures]") {
  fleet_world world;
  world.service.breaks("update web-2 to fraud@2", fault::hangs);
  const auto result = world.run();
  // whether it will land yet, nobody knows
  CHECK(result.status() == deployment_status::rollback_failed);
  CHECK(result.reason_code() == reason_code::deploy_failed);
  CHECK(result.reason() ==
        "update of web-2 to fraud@2 must end within 15 min, and did not; roll-back failed: a call "
        "to the fleet is still under way");
  CHECK(world.service.text() == all_on_baseline);
}

TEST_CASE("rolling: a platform call that ends late takes no server out that is the only one",
          "[strategies][rolling][failures]") {
  fleet_world world;
  world.service.has_servers(2);
  world.service.breaks("rotate web-2 out", fault::late, 1);  // 150 s, and its deadline is 30 s
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason() == "set_rotation of web-2 out must end within 30 s, and did not");
  CHECK(messages(result, event_kind::retrying).front() ==
        "server web-1 must wait, of 2 at most 1 may be out of rotation, and one must serve");
  CHECK(world.service.text() == "web-1 1, web-2 1");
  CHECK(world.service.most_out == 1);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rolling: late `deploy`, `remove`, `update` of an earlier rollout",
          "[strategies][rolling][failures]") {
  fleet_world world;
  world.service.script().late_by = 30min;  // beyond the deadline and the wait of a roll-back
  world.service.breaks("update web-2 to fraud@2", fault::late, 1);
  CHECK(world.run().status() == deployment_status::rollback_failed);
  world.restarts();
  const auto again = world.run();
  CHECK(again.status() == deployment_status::succeeded);
  CHECK(world.service.text() == all_on_candidate);
}

TEST_CASE("rolling: an append fails or hangs, without conflict",
          "[strategies][rolling][failures]") {
  fleet_world world;
  const fault how = GENERATE(fault::throws, fault::hangs);
  world.journal().script.breaks("append batch-2/update web-2/outcome", how);
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::journal_failed);
  CHECK(world.service.text() == all_on_baseline);
}

TEST_CASE("rolling: an append conflicts", "[strategies][rolling][failures]") {
  fleet_world world;
  world.journal().script.breaks("append batch-2/update web-2/began", fault::conflicts);
  CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);
  CHECK(world.service.text() == "web-1 2, web-2 1 out, web-3 1, web-4 1");
  CHECK(world.service.count("update web-2") == 0);
}

TEST_CASE("rolling: clock jumps", "[strategies][rolling][failures]") {
  const auto jump = GENERATE(as<std::chrono::seconds>{}, 3h, -3h, 90s, -90s);
  fleet_world world;
  world.at(3min, [&] { world.clock.jump(jump); });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() >= 20min);
  CHECK(world.clock.elapsed() < 30min);
  CHECK(world.service.text() == all_on_candidate);
}

TEST_CASE("rolling: second rollout for a model that has one active",
          "[strategies][rolling][failures]") {
  fleet_world world;
  hotswap::rollout_context second{world.environment};
  std::vector<hotswap::deployment_result> results;
  world.at(3min, [&] {
    hotswap::result<hotswap::deployment_result> end;
    class ignored final : public hotswap::driver::completion {
      void completed() noexcept override {}
    } done;
    const hotswap::rolling_strategy strategy{world.service, world.service, world.service};
    auto root = hotswap::drive(strategy.deploy(world.baseline, {"fraud", "3"}, second), end);
    root.start(done);
    results.push_back(end.take());
  });
  CHECK(world.run().status() == deployment_status::succeeded);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status() == deployment_status::rejected);
  CHECK(results[0].reason() == "model fraud has an unfinished rollout, fraud~1767225600000");
}

TEST_CASE("rolling: stop (shutdown: stop token, loop stopped)", "[strategies][rolling][stop]") {
  is_stopped_at_each_call(a_fleet);
}

TEST_CASE("rolling: abort at any point before `committed`, in any wait",
          "[strategies][rolling][abort]") {
  is_aborted_at_each_call(a_fleet, 2min);
}

TEST_CASE("rolling: from the decision to the baseline in force on four servers, at most 2 minutes",
          "[strategies][rolling][time]") {
  fleet_world world;
  from(world, 17min + 30s,
       [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(world.service.count("update web-4 to fraud@1") == 1);  // all of them had to go back
  CHECK(world.way_back(result) > 4s);
  CHECK(world.way_back(result) <= 2min);
}

TEST_CASE("rolling: people promote a batch, and all that is left, which is observed",
          "[strategies][rolling][control]") {
  fleet_world world;
  world.at(2min, [&] { world.control().promote("alice", "it is harmless"); });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::promoted) == texts{"promoted by alice: it is harmless"});
  CHECK(world.clock.elapsed() < 20min);
  CHECK(world.service.text() == all_on_candidate);
}
