// What blue-green promises, when all goes well and when it does not: the rows of "what happens when
// things go wrong" that concern it stand under their names.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/blue_green_config.hpp>

#include "support/catch.hpp"
#include "support/every_call.hpp"
#include "support/simulated_shadow.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using hotswap::traffic_split;

using texts = std::vector<std::string>;

namespace {

const texts start = {"deploy fraud@2", "warm_up fraud@2", "smoke_test fraud@2 100"};
const texts to_green = {"set_split 100 % fraud@2"};
const texts back_to_blue = {"warm_up fraud@1", "set_split 100 % fraud@1", "remove fraud@2"};
const texts without_switch = {"set_split 100 % fraud@1", "remove fraud@2"};

texts operator+(texts all, const texts& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

texts times(int count, const std::string& text) {
  return texts(static_cast<std::size_t>(count), text);
}

/// `step_started switch`; looks in a row count once.
texts outline(const hotswap::deployment_result& result) {
  texts lines;
  for (const hotswap::event& each : result.history()) {
    std::string line{to_string(each.kind)};
    if (!each.step.empty()) line += " " + each.step;
    if (lines.empty() || lines.back() != line) lines.push_back(line);
  }
  return lines;
}

template <typename World>
void check_rolled_back(World& world, const hotswap::deployment_result& result, reason_code code,
                       const std::string& reason) {
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == code);
  CHECK(result.reason() == reason);
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.way_back(result) <= 5s);
}

}  // namespace

TEST_CASE("blue-green: with defaults, green is tried, gets all the traffic, and blue is kept warm",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.active() == world.candidate);
  CHECK(result.reason_code() == reason_code::promoted);
  CHECK(result.reason() == "fraud@2 serves all traffic");
  CHECK(changes_of(world.service) == start + to_green + texts{"remove fraud@1"});
  CHECK(std::chrono::floor<std::chrono::minutes>(world.clock.elapsed()) >= 10min);
  // calls of a second come on top of 5 and 10 minutes
  CHECK(std::chrono::floor<std::chrono::minutes>(world.clock.elapsed()) <= 15min);
  CHECK(world.broken_promises(result) == nothing);

  const texts expected = {"rollout_started",     "step_started start",   "step_finished start",
                          "step_started switch", "split_changed switch", "metric_unjudged switch",
                          "look switch",         "step_finished switch", "step_started end",
                          "committed end",       "step_finished end",    "rollout_finished"};
  CHECK(outline(result) == expected);
}

TEST_CASE("blue-green: keeps blue as long as configured, after a bake as long as configured",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.config.monitoring_duration = 20min;
  world.config.keep_blue_duration = 2h;
  const auto result = world.run();
  hotswap::clock::time_point switched{};
  hotswap::clock::time_point passed{};
  hotswap::clock::time_point committed{};
  for (const auto& each : result.history()) {
    if (each.kind == event_kind::split_changed) switched = each.time;
    if (each.look) passed = each.time;
    if (each.kind == event_kind::committed) committed = each.time;
  }
  CHECK(passed - switched >= 20min);
  CHECK(passed - switched < 21min);
  CHECK(committed - passed >= 2h);
  CHECK(committed - passed < 2h + 1min);
}

TEST_CASE("blue-green: green is compared with what blue did before the switch, and is told so",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.service.quality["2"].error_rate = 0.003;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  std::size_t looks = 0;
  for (const auto& each : result.history()) {
    if (!each.look) continue;
    ++looks;
    CHECK_FALSE(each.look->contemporaneous);
    CHECK(each.look->baseline.requests == 30'000);  // of five minutes
  }
  CHECK(looks > 5);
  const std::string last = messages(result, event_kind::look).back();
  CHECK(last ==
        "the error rate rose by 0.00202 (limit 0.01, 30500 requests), no contemporaneous baseline; "
        "the mean latency is 1 times the baseline's, 20 ms (limit 1.5, 30408 requests), no "
        "contemporaneous baseline");
}

TEST_CASE("blue-green: switches back within 5 seconds, to a blue that is warmed and checked first",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.service.quality["2"].latency = 0.2;
  const auto result = world.run();

  check_rolled_back(world, result, reason_code::metrics_degraded,
                    "at 100 %, the mean latency is 10 times the baseline's, 200 ms (limit 1.5, "
                    "3197 requests), no contemporaneous baseline");
  CHECK(changes_of(world.service) == start + to_green + back_to_blue);
  CHECK(world.service.count("healthy fraud@1") == 1);
  CHECK(world.way_back(result) > 1s);
}

TEST_CASE("blue-green: while blue is kept, a switch back needs no deploy",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.at(14min, [&] { world.control().abort("alice", "customers call"); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::aborted);
  CHECK(result.reason() == "aborted by alice: customers call");
  CHECK(changes_of(world.service) == start + to_green + back_to_blue);
  CHECK(world.way_back(result) <= 5s);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("blue-green: green that fails its smoke test gets no traffic",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.config.smoke_test_samples = 25;

  SECTION("by its answers") {
    world.service.breaks("smoke_test", fault::lies);
    check_rolled_back(world, world.run(), reason_code::smoke_test_failed,
                      "3 of 25 smoke tests of fraud@2 failed: expected 0.9, got NaN");
    CHECK(world.service.count("smoke_test fraud@2 25") == 1);
  }
  SECTION("by throwing, after its retries") {
    world.service.breaks("smoke_test", fault::throws);
    check_rolled_back(world, world.run(), reason_code::smoke_test_failed,
                      "smoke_test of fraud@2 failed: smoke_test fraud@2 25 is broken");
    CHECK(world.service.count("smoke_test fraud@2 25") == 3);
  }
  SECTION("by not coming back") {
    world.service.breaks("smoke_test", fault::hangs);
    check_rolled_back(world, world.run(), reason_code::smoke_test_failed,
                      "smoke_test of fraud@2 must end within 5 min, and did not");
  }
  CHECK(world.service.count("set_split 100 % fraud@2") == 0);
}

TEST_CASE("blue-green: a holdback leaves green something to be compared with",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.config.holdback = 5_pct;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(changes_of(world.service) == start + texts{"set_split 5 % fraud@1, 95 % fraud@2",
                                                   "set_split 100 % fraud@2", "remove fraud@1"});
  for (const auto& each : result.history()) {
    if (each.look) CHECK(each.look->contemporaneous);
  }
}

TEST_CASE(
    "blue-green: a source that begins to count with it is waited for, until it has a reference",
    "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.service.rate = 10.0;  // a look's window has 300 requests
  const auto began = world.clock.now();
  world.service.distort = [&](const auto& version, const auto& window,
                              hotswap::metrics_snapshot& seen) {
    if (version == world.baseline && window.begin < began) seen = {};
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.broken_promises(result) == nothing);
  for (const auto& each : result.history()) {
    if (!each.look) continue;
    CHECK(each.look->baseline.requests >= world.config.minimum_samples);
    CHECK(each.look->baseline.requests < 2'000);
  }
}

TEST_CASE("blue-green: too little traffic is told before anything is touched",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.service.rate = 0.5;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rejected);
  CHECK(result.reason_code() == reason_code::low_traffic);
  CHECK(result.reason() ==
        "minimumSamples of 1000 must be reachable, got 0.5 requests per second: at 100 %, 20 min "
        "bring 600 at most");
  CHECK(changes_of(world.service).empty());
}

TEST_CASE("blue-green: a dry run calls only for metrics", "[strategies][blue_green]") {
  simulated_blue_green<> world;
  world.config.dry_run = true;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason() == "a dry run, nothing was changed: fraud@2 serves all traffic");
  CHECK(changes_of(world.service).empty());
  CHECK(world.service.count("collect") > 5);
  CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
}

TEST_CASE("blue-green: people can pause it, promote it, and ask for no more than there is",
          "[strategies][blue_green]") {
  simulated_blue_green<> world;

  SECTION("a pause stops the bake, not the looks") {
    world.at(2min, [&] { world.control().pause("alice", "lunch"); });
    world.at(62min, [&] { world.control().resume("alice", "back"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.clock.elapsed() >= 75min);
    CHECK(count(result, event_kind::look) > 100);
  }
  SECTION("a fail rolls back while it is paused") {
    world.at(2min, [&] {
      world.control().pause("alice", "lunch");
      world.service.quality["2"].error_rate = 0.5;
    });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.way_back(result) <= 5s);
  }
  SECTION("a promote ends the bake") {
    world.at(2min, [&] { world.control().promote("alice", "it is urgent"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.clock.elapsed() < 13min);
  }
  SECTION("there is no later step to be promoted to") {
    world.at(2min, [&] { world.control().promote_fully("alice", "it is urgent"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.clock.elapsed() > 15min);
  }
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("blue-green: a config that cannot be used is refused at once",
          "[strategies][blue_green][errors]") {
  hotswap::blue_green_config config;
  config.monitoring_duration = 0s;
  using strategy =
      hotswap::blue_green_strategy<testable_service, testable_service, testable_service>;
  hotswap::virtual_clock clock;
  testable_service service{clock};
  CHECK_THROWS_WITH((strategy{service, service, service, config}),
                    "/monitoringDuration: must be a positive duration of at most P365D, got PT0S");
}

TEST_CASE("blue-green: deploy or warm-up fails after its retries, or exceeds its deadline",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;

  SECTION("deploy throws") {
    world.service.breaks("deploy", fault::throws);
    check_rolled_back(world, world.run(), reason_code::deploy_failed,
                      "deploy of fraud@2 failed: deploy fraud@2 is broken");
    CHECK(changes_of(world.service) == times(3, "deploy fraud@2") + without_switch);
  }
  SECTION("warm_up hangs") {
    world.service.breaks("warm_up fraud@2", fault::hangs);
    check_rolled_back(world, world.run(), reason_code::warm_up_failed,
                      "warm_up of fraud@2 must end within 10 min, and did not");
  }
  CHECK(world.service.count("set_split 100 % fraud@2") == 0);
}

TEST_CASE("blue-green: `set_split` fails while raising the candidate",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;

  SECTION("it throws, whether it had its effect or not") {
    const fault how = GENERATE(fault::throws, fault::acts_and_throws);
    world.service.breaks("set_split 100 % fraud@2", how);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "set_split to 100 % fraud@2 failed: set_split 100 % fraud@2 is broken");
  }
  SECTION("it has no effect, and says nothing: that is read back") {
    world.service.breaks("set_split 100 % fraud@2", fault::lies);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "the router must have 100 % fraud@2 in force, got 100 % fraud@1");
  }
  SECTION("it lands late, after the way back has begun") {
    world.service.breaks("set_split 100 % fraud@2", fault::late, 1);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::set_split_failed,
                      "set_split to 100 % fraud@2 must end within 30 s, and did not");
    CHECK(world.service.count("set_split 100 % fraud@1") == 2);
  }
}

TEST_CASE("blue-green: roll-back's own `set_split` fails", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.service.quality["2"].error_rate = 0.5;

  SECTION("for a while") {
    world.service.breaks("set_split 100 % fraud@1", fault::throws, 4);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.service.count("set_split 100 % fraud@1") == 5);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("for good: the candidate is not removed") {
    world.service.breaks("set_split 100 % fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.active() == world.candidate);
    CHECK(world.service.count("remove") == 0);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("blue-green: the baseline has had no traffic when a roll-back needs it",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.at(4min, [&] {
    world.service.cools_down(world.baseline);
    world.service.quality["2"].error_rate = 0.5;
  });

  SECTION("it is warmed, and checked, first") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("it cannot serve: green keeps the traffic") {
    std::string why;
    SECTION("it cannot be warmed") {
      world.service.breaks("warm_up fraud@1", fault::throws);
      why = "warm_up of fraud@1 failed: warm_up fraud@1 is broken";
    }
    SECTION("it is not healthy") {
      world.service.breaks("healthy fraud@1", fault::lies);
      why = "fraud@1 is not healthy";
    }
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.active() == world.candidate);
    CHECK(result.reason().ends_with("; roll-back failed: the baseline cannot serve, " + why));
    CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
    CHECK(world.service.count("remove") == 0);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("blue-green: `remove` of a loser fails", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  const bool is_good = GENERATE(true, false);
  world.service.breaks("remove", fault::throws);
  if (!is_good) world.service.quality["2"].error_rate = 0.5;
  const auto result = world.run();

  const std::string loser = is_good ? "fraud@1" : "fraud@2";
  CHECK(result.status() ==
        (is_good ? deployment_status::succeeded : deployment_status::rolled_back));
  CHECK(messages(result, event_kind::leftover) ==
        texts{loser + " is left over: remove of " + loser + " failed: remove " + loser +
              " is broken"});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("blue-green: metrics call fails or hangs", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;

  SECTION("at the start: nothing is touched") {
    world.service.breaks("collect fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason_code() == reason_code::metrics_unavailable);
    CHECK(changes_of(world.service).empty());
  }
  SECTION("after the switch, for good: nothing passes on it") {
    world.service.breaks("collect fraud@2", fault::throws);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::inconclusive,
                      "at 100 %, collect of fraud@2 failed: collect fraud@2 is broken");
    CHECK(count(result, event_kind::extended) == 3);
  }
  SECTION("after the switch, for a while") {
    world.service.breaks("collect fraud@2", fault::hangs, 6, 2);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("blue-green: no traffic, too few samples, NaN, no labels for a required metric",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  const auto of_green = [&](std::function<void(hotswap::metrics_snapshot&)> change) {
    world.service.distort = [&world, change = std::move(change)](const auto& version, const auto&,
                                                                 hotswap::metrics_snapshot& seen) {
      if (version == world.candidate) change(seen);
    };
  };
  std::string why;

  SECTION("no traffic") {
    of_green([](hotswap::metrics_snapshot& seen) { seen = {}; });
    why =
        "at 100 %, the error rate of the candidate needs 1000 samples, and has 0; the latency of "
        "the candidate needs 1000 samples, and has 0";
  }
  SECTION("NaN") {
    of_green([](hotswap::metrics_snapshot& seen) {
      seen.latency.emplace();
      seen.latency->add(std::numeric_limits<double>::quiet_NaN());
    });
    why = "at 100 %, a latency that is not finite cannot be judged";
  }
  SECTION("no labels for a required metric") {
    world.config.required_metrics = {"errorRate", "accuracy"};
    why = "at 100 %, the accuracy of the candidate needs 1000 samples, and has 0";
    of_green([](hotswap::metrics_snapshot&) {});
  }
  const auto result = world.run();
  check_rolled_back(world, result, reason_code::inconclusive, why);
  CHECK(count(result, event_kind::extended) == 3);
  CHECK(world.clock.elapsed() > 20min);
  CHECK(world.clock.elapsed() < 21min + 30s);
}

TEST_CASE("blue-green: candidate's errors are beyond doubt, below `minimumSamples` too",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.service.rate = 2.0;  // a look has 60 requests
  world.service.quality["2"].error_rate = 0.6;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(result.reason() ==
        "at 100 %, the error rate rose beyond doubt, to 0.609 from 0.00167 (limit 0.01, 64 "
        "requests), no contemporaneous baseline");
  CHECK(count(result, event_kind::look) == 1);
  CHECK(world.way_back(result) <= 5s);
}

TEST_CASE("blue-green: `healthy` exists and is false 3 looks in a row, or before a rise",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;

  SECTION("before the switch") {
    world.service.breaks("healthy fraud@2", fault::lies);
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 must be healthy before it gets more traffic");
    CHECK(world.service.count("set_split 100 % fraud@2") == 0);
  }
  SECTION("3 looks in a row") {
    world.service.breaks("healthy fraud@2", fault::lies, 3, 3);
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 was not healthy at 3 looks in a row");
  }
}

TEST_CASE("blue-green: fail, and `onFailure` is `hold`", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.config.on_failure = hotswap::on_failure::hold;
  world.service.quality["2"].error_rate = 0.05;

  SECTION("a person aborts") {
    world.at(60min, [&] { world.control().abort("alice", "it is bad"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::aborted);
    CHECK(world.way_back(result) <= 5s);
    CHECK(count(result, event_kind::held) == 1);
  }
  SECTION("a person promotes by force") {
    world.at(60min, [&] { world.control().promote("alice", "it is known", true); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
  }
  SECTION("nobody answers") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason().ends_with("; nobody answered within 1440 min"));
    CHECK(world.clock.elapsed() > 24h);
  }
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("blue-green: the router's split was changed by somebody else (ReadableRouter)",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.at(4min, [&] { world.service.enforce(traffic_split::all_to(world.baseline)); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::split_drifted) ==
        texts{"the split must be 100 % fraud@2, got 100 % fraud@1 by somebody else"});
  CHECK(world.service.count("set_split 100 % fraud@2") == 2);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("blue-green: baseline has traffic, at least 100 candidate requests were due, none came",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.service.distort = [&](const auto& version, const auto&, hotswap::metrics_snapshot& seen) {
    if (version == world.candidate) seen = {};
  };

  SECTION("beside a holdback, that is known at the third look") {
    world.config.holdback = 10_pct;
    check_rolled_back(world, world.run(), reason_code::candidate_silent,
                      "fraud@2 got none of the requests that were due in 3 windows");
  }
  SECTION("without one, nobody knows whether requests came at all") {
    CHECK(world.run().reason_code() == reason_code::inconclusive);
  }
}

TEST_CASE("blue-green: a judge or an observer throws", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.context().observe([](const hotswap::event& each) {
    if (each.kind == event_kind::split_changed) throw std::runtime_error("the disk is full");
  });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::observer_failed) ==
        texts{"an observer threw: the disk is full"});
}

TEST_CASE("blue-green: a platform call never returns", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;

  SECTION("the switch: green is kept, since it may get traffic yet") {
    world.service.breaks("set_split 100 % fraud@2", fault::hangs);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::set_split_failed,
                      "set_split to 100 % fraud@2 must end within 30 s, and did not");
    CHECK(messages(result, event_kind::leftover) ==
          texts{"fraud@2 is left over: a router call is still under way"});
    CHECK(world.service.count("remove") == 0);
  }
  SECTION("a look") {
    world.service.breaks("collect fraud@2", fault::hangs);
    check_rolled_back(world, world.run(), reason_code::inconclusive,
                      "at 100 %, collect of fraud@2 must end within 10 s, and did not");
  }
}

TEST_CASE("blue-green: late `deploy`, `remove`, `update` of an earlier rollout",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  world.service.script().late_by = 18min;  // the deadline is 15 min
  world.service.breaks("deploy", fault::late, 1);
  CHECK(world.run().reason_code() == reason_code::deploy_failed);

  world.restarts();
  const auto again = world.run();
  CHECK(again.status() == deployment_status::succeeded);
  CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("blue-green: an append fails or hangs, without conflict",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  auto& journal = world.with_users_journal();
  const fault how = GENERATE(fault::throws, fault::hangs);
  journal.script.breaks("append switch/observe/progress", how);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::journal_failed);
  CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
  CHECK(world.way_back(result) <= 5s + 2s);  // the record of the decision is tried once
}

TEST_CASE("blue-green: an append conflicts", "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  auto& journal = world.with_users_journal();
  journal.script.breaks("append switch/shift/began", fault::conflicts);

  CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);
  CHECK(changes_of(world.service) == start);
}

TEST_CASE("blue-green: second rollout for a model that has one active",
          "[strategies][blue_green][failures]") {
  simulated_blue_green<> world;
  hotswap::rollout_context second{world.environment};
  std::vector<hotswap::deployment_result> results;
  world.at(3min, [&] {  // ends at once
    hotswap::blue_green_strategy strategy{world.service, world.service, world.service};
    hotswap::result<hotswap::deployment_result> end;
    class ignored final : public hotswap::driver::completion {
      void completed() noexcept override {}
    } done;
    auto root = hotswap::drive(strategy.deploy(world.baseline, {"fraud", "3"}, second), end);
    root.start(done);
    results.push_back(end.take());
  });
  CHECK(world.run().status() == deployment_status::succeeded);

  REQUIRE(results.size() == 1);
  CHECK(results[0].status() == deployment_status::rejected);
  CHECK(results[0].reason() == "model fraud has an unfinished rollout, fraud~1767225600000");
  CHECK(changes_of(world.service) == start + to_green + texts{"remove fraud@1"});
}

TEST_CASE("blue-green: clock jumps", "[strategies][blue_green][failures]") {
  const auto jump = GENERATE(as<std::chrono::seconds>{}, 3h, -3h, 90s, -90s);
  simulated_blue_green<> world;
  world.at(3min, [&] { world.clock.jump(jump); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() >= 15min);
  CHECK(world.clock.elapsed() < 16min);
  CHECK(world.broken_promises(result) == nothing);
}

namespace {

/// A short one whose journal survives the process.
std::unique_ptr<simulated_blue_green<>> a_blue_green() {
  auto world = std::make_unique<simulated_blue_green<>>();
  world->with_users_journal().script.latency = 100ms;
  world->config.analysis_interval = 150s;
  return world;
}

}  // namespace

TEST_CASE("blue-green: stop (shutdown: stop token, loop stopped)",
          "[strategies][blue_green][stop]") {
  is_stopped_at_each_call(a_blue_green);
}

TEST_CASE("blue-green: abort at any point before `committed`, in any wait",
          "[strategies][blue_green][abort]") {
  is_aborted_at_each_call([] { return a_blue_green(); }, 5s);
}

TEST_CASE("blue-green: a process that dies at any call is followed by one that ends the same",
          "[strategies][blue_green][replay]") {
  SECTION("promoted") {
    dies_at_each_call(a_blue_green, "succeeded, promoted");
  }
  SECTION("with a holdback") {
    const auto make = [] {
      auto world = a_blue_green();
      world->config.holdback = 10_pct;
      return world;
    };
    dies_at_each_call(make, "succeeded, promoted");
  }
  SECTION("switched back") {
    const auto make = [] {
      auto world = a_blue_green();
      world->service.quality["2"].latency = 0.2;
      return world;
    };
    dies_at_each_call(make, "rolled_back, metrics_degraded");
  }
  SECTION("not switched, for its smoke test") {
    const auto make = [] {
      auto world = a_blue_green();
      world->service.breaks("smoke_test", fault::lies);
      return world;
    };
    dies_at_each_call(make, "rolled_back, smoke_test_failed");
  }
  SECTION("blue cannot serve") {
    const auto make = [] {
      auto world = a_blue_green();
      world->service.quality["2"].latency = 0.2;
      world->service.breaks("healthy fraud@1", fault::lies);
      return world;
    };
    dies_at_each_call(make, "rollback_failed, metrics_degraded");
  }
}
