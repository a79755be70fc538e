// The A/B test when things go wrong: the rows of that table under their names, and what people can
// do meanwhile.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/ab_test_config.hpp>
#include <hotswap/strategies/canary_step.hpp>

#include "support/catch.hpp"
#include "support/every_call.hpp"
#include "support/simulated_shadow.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using hotswap::traffic_split;
using texts = std::vector<std::string>;

namespace {

/// Of four hours, looked at every hour; the candidate is the better one.
class ab_world : public simulated_deployment<readable_service, hotswap::ab_test_config,
                                             hotswap::ab_test_strategy> {
 public:
  ab_world() {
    with_users_journal();
    service.quality["1"].accuracy = 0.90;
    service.quality["2"].accuracy = 0.95;
    service.rate = 50.0;
    config.duration = 4h;
    config.analysis_interval = 1h;
  }
};

std::unique_ptr<ab_world> an_ab_test() {
  auto world = std::make_unique<ab_world>();
  world->journal().script.latency = 100ms;
  return world;
}

const std::string halves = "set_split 50 % fraud@1, 50 % fraud@2";

void check_rolled_back(ab_world& world, const hotswap::deployment_result& result, reason_code code,
                       const std::string& reason) {
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == code);
  CHECK(result.reason() == reason);
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.way_back(result) <= 30s);
}

/// What the candidate's metrics look like from then on.
template <typename Change>
void from(ab_world& world, std::chrono::nanoseconds time, Change change) {
  world.service.distort = [&world, time, change](const auto& version, const auto&,
                                                 hotswap::metrics_snapshot& seen) {
    if (version == world.candidate && world.clock.elapsed() > time) change(seen);
  };
}

}  // namespace

TEST_CASE("ab_test: deploy or warm-up fails after its retries, or exceeds its deadline",
          "[strategies][ab_test][failures]") {
  ab_world world;
  SECTION("deploy throws") {
    world.service.breaks("deploy", fault::throws);
    check_rolled_back(world, world.run(), reason_code::deploy_failed,
                      "deploy of fraud@2 failed: deploy fraud@2 is broken");
    CHECK(world.service.count("deploy") == 3);
  }
  SECTION("warm_up hangs") {
    world.service.breaks("warm_up fraud@2", fault::hangs);
    check_rolled_back(world, world.run(), reason_code::warm_up_failed,
                      "warm_up of fraud@2 must end within 10 min, and did not");
  }
  CHECK(world.service.count(halves) == 0);
}

TEST_CASE("ab_test: `set_split` fails while raising the candidate",
          "[strategies][ab_test][failures]") {
  ab_world world;
  SECTION("it throws, whether it had its effect or not") {
    const fault how = GENERATE(fault::throws, fault::acts_and_throws);
    world.service.breaks(halves, how);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "set_split to 50 % fraud@1, 50 % fraud@2 failed: " + halves + " is broken");
  }
  SECTION("it lands late, after the way back has begun") {
    world.service.breaks(halves, fault::late, 1);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "set_split to 50 % fraud@1, 50 % fraud@2 must end within 30 s, and did not");
    CHECK(world.service.count("set_split 100 % fraud@1") == 2);
  }
  SECTION("of the winner, when the test is decided") {
    world.service.breaks("set_split 100 % fraud@2", fault::throws);
    check_rolled_back(world, world.run(), reason_code::set_split_failed,
                      "set_split to 100 % fraud@2 failed: set_split 100 % fraud@2 is broken");
  }
}

TEST_CASE("ab_test: roll-back's own `set_split` fails", "[strategies][ab_test][failures]") {
  ab_world world;
  from(world, 0h, [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
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
    CHECK(world.service.count("remove") == 0);
    CHECK(messages(result, event_kind::leftover).size() == 1);
  }
}

TEST_CASE("ab_test: the baseline has had no traffic when a roll-back needs it",
          "[strategies][ab_test][failures]") {
  ab_world world;
  world.config.analysis_interval = 5min;
  from(world, 4h + 2min, [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
  world.at(4h + 1min, [&] { world.service.cools_down(world.baseline); });
  SECTION("it is warmed first") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(world.service.count("warm_up fraud@1") == 1);
    CHECK(world.broken_promises(result) == nothing);
    CHECK(world.way_back(result) <= 30s);
  }
  SECTION("it cannot serve: the winner keeps the traffic") {
    world.service.breaks("warm_up fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.active() == world.candidate);
    CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("ab_test: `remove` of a loser fails", "[strategies][ab_test][failures]") {
  ab_world world;
  const double accuracy = GENERATE(0.95, 0.88);
  world.service.quality["2"].accuracy = accuracy;
  world.service.breaks("remove", fault::throws);
  const auto result = world.run();

  const std::string loser = accuracy > 0.9 ? "fraud@1" : "fraud@2";
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::leftover) ==
        texts{loser + " is left over: remove of " + loser + " failed: remove " + loser +
              " is broken"});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: metrics call fails or hangs", "[strategies][ab_test][failures]") {
  ab_world world;
  SECTION("at the start: nothing is touched") {
    world.service.breaks("collect fraud@1", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason_code() == reason_code::metrics_unavailable);
    CHECK(world.service.changes().empty());
  }
  SECTION("for a while") {
    world.service.breaks("collect fraud@2", fault::hangs, 6, 2);
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::winner_candidate);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("for good: nobody wins on it") {
    world.service.breaks("collect fraud@2", fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::extended) == 1);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("ab_test: no traffic, too few samples, NaN, no labels for a required metric",
          "[strategies][ab_test][failures]") {
  ab_world world;
  SECTION("NaN") {
    from(world, 0h, [](hotswap::metrics_snapshot& seen) {
      seen.latency.emplace();
      seen.latency->add(std::numeric_limits<double>::quiet_NaN());
    });
  }
  SECTION("no labels") {
    from(world, 0h, [](hotswap::metrics_snapshot& seen) { seen.accuracy.reset(); });
  }
  SECTION("too few samples") {
    from(world, 0h, [](hotswap::metrics_snapshot& seen) {
      seen.accuracy = hotswap::stats::proportion{9, 10};
    });
  }
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::inconclusive);
  CHECK(count(result, event_kind::extended) == 1);
  CHECK(world.clock.elapsed() > 8h);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: candidate's errors are beyond doubt, below `minimumSamples` too",
          "[strategies][ab_test][failures]") {
  ab_world world;
  world.config.analysis_interval = 1min;
  from(world, 0h, [](hotswap::metrics_snapshot& seen) {
    seen.requests = std::min<std::uint64_t>(seen.requests, 30);
    seen.errors = seen.requests * 6 / 10;
    seen.latency.reset();
    seen.accuracy.reset();
  });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::metrics_degraded);
  CHECK(result.reason().find("beyond doubt") != std::string::npos);
  CHECK(count(result, event_kind::look) == 1);
  CHECK(world.way_back(result) <= 30s);
}

TEST_CASE("ab_test: baseline has traffic, at least 100 candidate requests were due, none came",
          "[strategies][ab_test][failures]") {
  ab_world world;
  from(world, 0h, [](hotswap::metrics_snapshot& seen) { seen = {}; });
  const auto result = world.run();
  check_rolled_back(world, result, reason_code::candidate_silent,
                    "fraud@2 got none of the requests that were due in 3 windows");
  CHECK(count(result, event_kind::look) == 3);
}

TEST_CASE("ab_test: `healthy` exists and is false 3 looks in a row, or before a rise",
          "[strategies][ab_test][failures]") {
  ab_world world;
  SECTION("before the split") {
    world.service.breaks("healthy fraud@2", fault::lies);
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 must be healthy before it gets more traffic");
    CHECK(world.service.count(halves) == 0);
  }
  SECTION("3 looks in a row") {
    world.service.breaks("healthy fraud@2", fault::lies, 3, 1);
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 was not healthy at 3 looks in a row");
  }
  SECTION("3 looks in a row, the process dies between them") {
    world.service.breaks("healthy fraud@2", fault::lies, 3, 1);
    std::size_t looks = 0;
    hotswap::stop_source shutdown;
    world.environment.stop = shutdown.get_token();
    world.journal().script.when_called = [&](std::size_t) {
      const auto& text = world.journal().script.calls().back().text;
      if (text == "append experiment/observe/progress" && ++looks == 2) shutdown.request_stop();
    };
    CHECK_THROWS_AS(world.run(), hotswap::rollout_stopped);
    world.journal().script.when_called = {};
    world.environment.stop = {};
    world.restarts();
    check_rolled_back(world, world.run(), reason_code::unhealthy,
                      "fraud@2 was not healthy at 3 looks in a row");
  }
}

TEST_CASE("ab_test: a judge or an observer throws", "[strategies][ab_test][failures]") {
  ab_world world;
  world.context().observe([](const hotswap::event& each) {
    if (each.kind == event_kind::look) throw std::runtime_error("the disk is full");
  });
  const auto result = world.run();
  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(messages(result, event_kind::observer_failed).front() ==
        "an observer threw: the disk is full");
}

TEST_CASE("ab_test: fail, and `onFailure` is `hold`", "[strategies][ab_test][failures]") {
  ab_world world;
  world.config.on_failure = hotswap::on_failure::hold;
  from(world, 0h, [&world](hotswap::metrics_snapshot& seen) {
    if (world.clock.elapsed() < 90min) seen.errors = seen.requests / 10;
  });
  SECTION("a person aborts") {
    world.at(2h, [&] {
      const auto status = world.control().status();
      CHECK(status.held);
      CHECK(status.step == "experiment");
      world.control().abort("alice", "it is bad");
    });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason() == "aborted by alice: it is bad");
    CHECK(world.way_back(result) <= 30s);
  }
  SECTION("nobody answers") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason().ends_with("; nobody answered within 1440 min"));
  }
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("ab_test: pause", "[strategies][ab_test][failures]") {
  ab_world world;
  world.at(90min, [&] { world.control().pause("alice", "a holiday"); });
  world.at(20h, [&] {
    const auto status = world.control().status();
    CHECK(status.paused);
    CHECK(status.step == "experiment");
    CHECK(status.verb == "observe");
    CHECK(status.awaits == "a bake of 240 min, or a fail");
    CHECK(world.service.in_force() ==
          traffic_split::between(world.baseline, world.candidate, 50_pct));
    world.control().resume("bob", "back");
  });
  SECTION("the rest of the bake follows") {
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::winner_candidate);
    CHECK(messages(result, event_kind::paused) == texts{"paused by alice: a holiday"});
    CHECK(messages(result, event_kind::continued) == texts{"continued by bob: back"});
    CHECK(world.clock.elapsed() > 20h + 150min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("judging does not pause: a fail rolls back") {
    from(world, 5h, [](hotswap::metrics_snapshot& seen) { seen.errors = seen.requests / 2; });
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(world.clock.elapsed() < 8h);
  }
}

TEST_CASE("ab_test: the router's split was changed by somebody else (ReadableRouter)",
          "[strategies][ab_test][failures]") {
  ab_world world;
  world.at(90min, [&] { world.service.enforce(traffic_split::all_to(world.baseline)); });
  const auto result = world.run();
  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(messages(result, event_kind::split_drifted) ==
        texts{"the split must be 50 % fraud@1, 50 % fraud@2, got 100 % fraud@1 by somebody else"});
  CHECK(world.service.count(halves) == 2);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: a platform call never returns", "[strategies][ab_test][failures]") {
  ab_world world;
  world.service.breaks(halves, fault::hangs);
  const auto result = world.run();
  check_rolled_back(world, result, reason_code::set_split_failed,
                    "set_split to 50 % fraud@1, 50 % fraud@2 must end within 30 s, and did not");
  CHECK(messages(result, event_kind::leftover) ==
        texts{"fraud@2 is left over: a router call is still under way"});
  CHECK(world.service.count("remove") == 0);
}

TEST_CASE("ab_test: late `deploy`, `remove`, `update` of an earlier rollout",
          "[strategies][ab_test][failures]") {
  ab_world world;
  world.service.script().late_by = 18min;  // the deadline is 15 min
  world.service.breaks("deploy", fault::late, 1);
  CHECK(world.run().reason_code() == reason_code::deploy_failed);
  world.restarts();
  CHECK(world.run().reason_code() == reason_code::winner_candidate);
  CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
  CHECK(world.service.wrongs() == nothing);
}

TEST_CASE("ab_test: an append fails or hangs, without conflict",
          "[strategies][ab_test][failures]") {
  ab_world world;
  const fault how = GENERATE(fault::throws, fault::hangs);
  world.journal().script.breaks("append experiment/observe/progress", how);
  const auto result = world.run();
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::journal_failed);
  CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
  CHECK(world.way_back(result) <= 30s);
}

TEST_CASE("ab_test: an append conflicts", "[strategies][ab_test][failures]") {
  ab_world world;
  world.journal().script.breaks("append experiment/shift/began", fault::conflicts);
  CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);
  CHECK(world.service.changes() == texts{"deploy fraud@2", "warm_up fraud@2"});
}

TEST_CASE("ab_test: clock jumps", "[strategies][ab_test][failures]") {
  const auto jump = GENERATE(as<std::chrono::seconds>{}, 3h, -3h, 90s, -90s);
  ab_world world;
  world.at(90min, [&] { world.clock.jump(jump); });
  const auto result = world.run();
  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(world.clock.elapsed() >= 5h);
  CHECK(world.clock.elapsed() < 6h);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("ab_test: second rollout for a model that has one active",
          "[strategies][ab_test][failures]") {
  ab_world world;
  hotswap::rollout_context second{world.environment};
  std::vector<hotswap::deployment_result> results;
  world.at(30min, [&] {
    hotswap::result<hotswap::deployment_result> end;
    class ignored final : public hotswap::driver::completion {
      void completed() noexcept override {}
    } done;
    const hotswap::ab_test_strategy strategy{world.service, world.service, world.service,
                                             world.config};
    auto root = hotswap::drive(strategy.deploy(world.baseline, {"fraud", "3"}, second), end);
    root.start(done);
    results.push_back(end.take());
  });
  CHECK(world.run().reason_code() == reason_code::winner_candidate);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status() == deployment_status::rejected);
  CHECK(results[0].reason() == "model fraud has an unfinished rollout, fraud~1767225600000");
}

TEST_CASE("ab_test: stop (shutdown: stop token, loop stopped)", "[strategies][ab_test][stop]") {
  is_stopped_at_each_call(an_ab_test);
}

TEST_CASE("ab_test: abort at any point before `committed`, in any wait",
          "[strategies][ab_test][abort]") {
  is_aborted_at_each_call(an_ab_test, 30s);
}

TEST_CASE("ab_test: people promote its ramp, approve its gates, and cannot promote a fail",
          "[strategies][ab_test][control]") {
  ab_world world;
  hotswap::canary_step gated{20_pct};
  gated.approval = true;
  world.config.ramp = {hotswap::canary_step{5_pct}, gated};
  world.at(2min, [&] { world.control().promote("alice", "it is harmless"); });
  world.at(30min, [&] {
    const auto status = world.control().status();
    CHECK(status.held);
    CHECK(status.step == "ramp-20");
    CHECK(status.verb == "approve");
    CHECK(status.awaits == "the approval of ramp-20, or an abort");
    world.control().approve("ramp-20", "bob", "seen");
  });
  world.at(32min, [&] { world.control().promote_fully("carol", "no more ramp"); });
  const auto result = world.run();

  CHECK(result.reason_code() == reason_code::winner_candidate);
  CHECK(messages(result, event_kind::promoted).front() == "promoted by alice: it is harmless");
  CHECK(messages(result, event_kind::gate_answered) == texts{"ramp-20 approved by bob: seen"});
  CHECK(world.service.count("set_split 95 % fraud@1, 5 % fraud@2") == 1);
  CHECK(world.broken_promises(result) == nothing);
}
