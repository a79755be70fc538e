// "What happens when things go wrong": one test per row that concerns a canary, under the row's
// name.

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/strategies/canary.hpp>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
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

/// The calls of a canary that gets as far as its n-th rise.
texts until_step(std::size_t steps) {
  const texts all = {"set_split 100 % fraud@1",
                     "deploy fraud@2",
                     "warm_up fraud@2",
                     "set_split 90 % fraud@1, 10 % fraud@2",
                     "set_split 75 % fraud@1, 25 % fraud@2",
                     "set_split 50 % fraud@1, 50 % fraud@2",
                     "set_split 100 % fraud@2"};
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(3 + steps)};
}

texts operator+(texts all, const texts& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const texts way_back = {"set_split 100 % fraud@1", "remove fraud@2"};

texts times(int count, const std::string& text) {
  return texts(static_cast<std::size_t>(count), text);
}

}  // namespace

TEST_CASE("deploy or warm-up fails after its retries, or exceeds its deadline",
          "[rollout][failures]") {
  simulated_rollout<> world;
  const auto ends = [&](reason_code code, const std::string& reason) {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.active() == world.baseline);
    CHECK(result.reason_code() == code);
    CHECK(result.reason() == reason);
    CHECK(world.broken_promises(result) == nothing);
    CHECK(world.way_back(result) == 0s);  // the baseline had all the traffic, all the time
    CHECK(world.service.count("set_split 90 %") == 0);
    return result;
  };
  const texts start = {"set_split 100 % fraud@1"};

  SECTION("deploy throws") {
    world.service.breaks("deploy", fault::throws);
    const auto result =
        ends(reason_code::deploy_failed, "deploy of fraud@2 failed: deploy fraud@2 is broken");

    CHECK(world.service.changes() == start + times(3, "deploy fraud@2") + way_back);
    CHECK(count(result, event_kind::retrying) == 2);
    CHECK(messages(result, event_kind::retrying).front() ==
          "deploy of fraud@2 failed: deploy fraud@2 is broken; attempt 2 of 3 follows");
    CHECK(count(result, event_kind::leftover) == 0);
  }
  SECTION("warm_up throws") {
    world.service.breaks("warm_up", fault::throws);
    ends(reason_code::warm_up_failed, "warm_up of fraud@2 failed: warm_up fraud@2 is broken");

    CHECK(world.service.changes() ==
          start + texts{"deploy fraud@2"} + times(3, "warm_up fraud@2") + way_back);
  }
  SECTION("deploy hangs") {
    world.service.breaks("deploy", fault::hangs);
    const auto result =
        ends(reason_code::deploy_failed, "deploy of fraud@2 must end within 15 min, and did not");

    CHECK(world.service.changes() == start + texts{"deploy fraud@2"} + way_back);
    CHECK(count(result, event_kind::call_timed_out) == 1);
    // it is removed, but what hangs may deploy it again
    CHECK(messages(result, event_kind::leftover) ==
          texts{"fraud@2 is left over: a deploy is still under way, and may end after remove"});
    CHECK(world.clock.elapsed() < 16min);
  }
  SECTION("warm_up never returns") {
    world.service.breaks("warm_up", fault::hangs);
    ends(reason_code::warm_up_failed, "warm_up of fraud@2 must end within 10 min, and did not");

    CHECK(world.service.changes() == until_step(0) + way_back);
    CHECK(world.context().outstanding_calls() == 1);
    CHECK(world.clock.elapsed() < 11min);
  }
  SECTION("a retry helps") {
    world.service.breaks("deploy", fault::throws, 2);
    world.service.breaks("warm_up", fault::throws, 2);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(count(result, event_kind::retrying) == 4);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("`set_split` fails while raising the candidate", "[rollout][failures]") {
  SECTION("it throws, whether it had its effect or not") {
    const fault how = GENERATE(fault::throws, fault::acts_and_throws);
    simulated_rollout<> world;
    world.service.breaks("set_split 75 %", how);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::set_split_failed);
    CHECK(result.reason() ==
          "set_split to 75 % fraud@1, 25 % fraud@2 failed: set_split 75 % fraud@1, 25 % fraud@2 is "
          "broken");
    CHECK(world.service.changes() ==
          until_step(1) + times(3, "set_split 75 % fraud@1, 25 % fraud@2") + way_back);
    CHECK(world.broken_promises(result) == nothing);
    CHECK(world.way_back(result) <= 5s);
  }
  SECTION("it hangs: the way back is not held up, but what hangs may land") {
    simulated_rollout<> world;
    world.service.breaks("set_split 75 %", fault::hangs);
    const auto result = world.run();

    CHECK(result.reason() ==
          "set_split to 75 % fraud@1, 25 % fraud@2 must end within 30 s, and did not");
    CHECK(world.service.changes() ==
          until_step(2) + times(2, "set_split 100 % fraud@1"));  // and no remove
    CHECK(messages(result, event_kind::leftover) ==
          texts{"fraud@2 is left over: a router call is still under way"});
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("it lies, and the router can be read") {
    simulated_rollout<readable_service> world;
    world.service.breaks("set_split 75 %", fault::lies);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::set_split_failed);
    CHECK(result.reason() ==
          "the router must have 75 % fraud@1, 25 % fraud@2 in force, got 90 % fraud@1, 10 % "
          "fraud@2");
    CHECK(world.service.count("set_split 75 %") == 3);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("roll-back's own `set_split` fails", "[rollout][failures]") {
  simulated_rollout<> world;
  world.service.quality["2"].error_rate = 0.2;

  SECTION("for good: it ends loudly, and the candidate stays up") {
    const fault how = GENERATE(fault::throws, fault::hangs);
    world.service.breaks("set_split 100 % fraud@1", how, fault_script::always, 1);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(result.history().back().kind == event_kind::rollout_finished);
    CHECK(result.history().back().severity == hotswap::severity::error);
    CHECK(world.service.count("remove") == 0);
    CHECK(world.service.deployed().contains(world.candidate));
    CHECK(world.broken_promises(result) == nothing);

    const auto decided =
        std::find_if(result.history().begin(), result.history().end(),
                     [](const auto& each) { return each.kind == event_kind::rollback_started; });
    REQUIRE(decided != result.history().end());
    const auto took = result.history().back().time - decided->time;
    CHECK(took > 9min);
    CHECK(took <= 10min + 10s);  // the last attempt may last, and each of what waits for it
    const auto& attempts = world.service.script().calls();
    for (std::size_t i = 1; i < attempts.size(); ++i) {  // 30 s of back-off, 2 s of the attempt
      if (attempts[i - 1].text != "set_split 100 % fraud@1") continue;
      if (attempts[i].text == attempts[i - 1].text) {
        CHECK(attempts[i].at - attempts[i - 1].at <= 32s);
      }
    }
  }
  SECTION("for five minutes") {
    world.service.breaks("set_split 100 % fraud@1", fault::throws, fault_script::always, 1);
    world.at(6min, [&] { world.service.script().is_repaired(); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.active() == world.baseline);
    CHECK(count(result, event_kind::retrying) > 5);
    CHECK(world.clock.elapsed() < 7min);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("the baseline has had no traffic when a roll-back needs it", "[rollout][failures]") {
  simulated_rollout<readable_service> world;
  world.at(35min, [&] {  // in step-100
    world.service.cools_down(world.baseline);
    world.control().abort("alice", "the dashboard is red");
  });

  SECTION("it is warmed, and checked, first") {
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.active() == world.baseline);
    const texts expected = {"deploy fraud@2",
                            "warm_up fraud@2",
                            "set_split 90 % fraud@1, 10 % fraud@2",
                            "set_split 75 % fraud@1, 25 % fraud@2",
                            "set_split 50 % fraud@1, 50 % fraud@2",
                            "set_split 100 % fraud@2",
                            "warm_up fraud@1",
                            "set_split 100 % fraud@1",
                            "remove fraud@2"};
    CHECK(world.service.changes() == expected);
    CHECK(world.service.count("healthy fraud@1") == 1);
    CHECK(world.way_back(result) <= 30s);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("it cannot serve") {
    std::string why;
    SECTION("it cannot be warmed") {
      world.service.breaks("warm_up fraud@1", fault::throws);
      why = "warm_up of fraud@1 failed: warm_up fraud@1 is broken";
    }
    SECTION("its warm-up hangs") {
      world.service.breaks("warm_up fraud@1", fault::hangs);
      why = "warm_up of fraud@1 must end within 20 s, and did not";
    }
    SECTION("it is not healthy") {
      world.service.breaks("healthy fraud@1", fault::lies);
      why = "fraud@1 is not healthy";
    }
    SECTION("its health cannot be asked for") {
      world.service.breaks("healthy fraud@1", fault::throws);
      why = "healthy of fraud@1 failed: healthy fraud@1 is broken";
    }
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rollback_failed);
    CHECK(result.active() == world.candidate);
    CHECK(result.reason() ==
          "aborted by alice: the dashboard is red; roll-back failed: the baseline cannot serve, " +
              why);
    CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
    CHECK(world.service.count("remove") == 0);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("`remove` of a loser fails", "[rollout][failures]") {
  simulated_rollout<> world;

  SECTION("the baseline, after a promotion") {
    const fault how = GENERATE(fault::throws, fault::hangs);
    world.service.breaks("remove", how);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(result.active() == world.candidate);
    CHECK(result.reason_code() == reason_code::promoted);
    CHECK(world.service.in_force() == traffic_split::all_to(world.candidate));
    CHECK(messages(result, event_kind::leftover) ==
          texts{how == fault::throws
                    ? "fraud@1 is left over: remove of fraud@1 failed: remove fraud@1 is broken"
                    : "fraud@1 is left over: remove of fraud@1 must end within 10 min, and did "
                      "not"});
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("the candidate, after a roll-back") {
    world.service.breaks("remove", fault::throws);
    world.service.quality["2"].latency = 0.1;
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.active() == world.baseline);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(world.service.count("remove fraud@2") == 3);
    CHECK(messages(result, event_kind::leftover) ==
          texts{"fraud@2 is left over: remove of fraud@2 failed: remove fraud@2 is broken"});
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("metrics call fails or hangs", "[rollout][failures]") {
  simulated_rollout<> world;

  SECTION("three times: the look is made nevertheless") {
    const fault how = GENERATE(fault::throws, fault::hangs);
    world.service.breaks("collect fraud@2", how, 3, 1);  // the first is of before the deploy
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(count(result, event_kind::metrics_unavailable) == 0);
    CHECK(count(result, how == fault::throws ? event_kind::retrying : event_kind::call_timed_out) ==
          3);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("four times in a row: the look is inconclusive, and the next one covers its time") {
    const fault how = GENERATE(fault::throws, fault::hangs);
    world.at(90s, [&, how] { world.service.breaks("collect fraud@1", how, 4); });  // 2nd look
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::metrics_unavailable) ==
          texts{how == fault::throws ? "collect of fraud@1 failed: collect fraud@1 is broken"
                                     : "collect of fraud@1 must end within 10 s, and did not"});
    std::vector<std::shared_ptr<const hotswap::look_report>> looks;
    for (const auto& each : result.history()) {
      if (each.look && each.step == "step-10") looks.push_back(each.look);
    }
    REQUIRE(looks.size() > 3);
    CHECK(looks[1]->verdict.decision() == hotswap::decision::inconclusive);
    CHECK(looks[2]->window.begin == looks[0]->window.end);
    CHECK(looks[2]->verdict.passed());
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("for good: nothing passes") {
    const fault how = GENERATE(fault::throws, fault::hangs);
    world.service.breaks("collect", how, fault_script::always, 2);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::extended) == 3);
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("no traffic, too few samples, NaN, no labels for a required metric",
          "[rollout][failures]") {
  simulated_rollout<> world;
  const std::string cause = GENERATE(as<std::string>{}, "no traffic", "too few samples", "NaN",
                                     "no labels for a required metric");
  CAPTURE(cause);
  std::string why;

  if (cause == "no traffic") {
    world.service.rate = 0.0;
    world.config.allow_low_traffic = true;
    why =
        "at 10 %, the error rate of the candidate needs 1000 samples, and has 0; the latency of "
        "the candidate needs 1000 samples, and has 0";
  }
  if (cause == "too few samples") {
    world.service.rate = 0.1;  // 864 of the candidate's in a day
    world.config.allow_low_traffic = true;
    why =
        "at 10 %, the error rate of the candidate needs 1000 samples, and has 24; the latency "
        "of the candidate needs 1000 samples, and has 24";
  }
  if (cause == "NaN") {
    world.service.distort = [](const auto& version, const auto&, auto& seen) {
      if (version.version() == "2" && seen.latency) {
        seen.latency->add(std::numeric_limits<double>::quiet_NaN());
      }
    };
    why = "at 10 %, a latency that is not finite cannot be judged";
  }
  if (cause == "no labels for a required metric") {
    world.config.required_metrics.push_back("accuracy");
    why = "at 10 %, the accuracy of the candidate needs 1000 samples, and has 0";
  }

  SECTION("it is extended, and ends in a roll-back") {
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(result.reason() == why);
    CHECK(count(result, event_kind::extended) == 3);
    CHECK(messages(result, event_kind::extended).back().starts_with("extended, 3 of 3: at 10 %, "));
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.clock.elapsed() > 40min);  // a bake and its three extensions
    CHECK(world.clock.elapsed() < 43min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("it is rolled back at the end of the bake") {
    world.config.on_inconclusive = hotswap::on_inconclusive::rollback;
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::extended) == 0);
    CHECK(world.clock.elapsed() < 12min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("it is held, at most for a day") {
    world.config.on_inconclusive = hotswap::on_inconclusive::hold;
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::held) == 1);
    CHECK(count(result, event_kind::gate_waiting) == 1);
    CHECK(world.clock.elapsed() > 24h + 10min);
    CHECK(world.clock.elapsed() < 24h + 13min);
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE(
    "candidate's errors are beyond doubt (lower 99.9 % Clopper-Pearson bound above the baseline's "
    "upper bound plus the limit, at least 20 requests)",
    "[rollout][failures]") {
  simulated_rollout<> world;
  world.config.allow_low_traffic = true;
  world.config.minimum_samples = 1'000'000;
  world.service.quality["2"].error_rate = 1.0;

  SECTION("is a fail at the first look with 20 requests, whatever minimumSamples") {
    world.service.rate = 5.0;  // 30 of the candidate's a minute
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(result.reason() ==
          "at 10 %, the error rate rose beyond doubt, to 1 from 0 (limit 0.01, 30 requests)");
    CHECK(count(result, event_kind::look) == 1);
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("and none before") {
    world.service.rate = 3.0;  // 18
    const auto result = world.run();

    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(count(result, event_kind::look) == 2);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("baseline has traffic, at least 100 candidate requests were due in 3 windows, none came",
          "[rollout][failures]") {
  simulated_rollout<> world;
  world.config.allow_low_traffic = true;
  world.service.distort = [](const auto& version, const auto&, auto& seen) {
    if (version.version() == "2") seen = hotswap::metrics_snapshot{};
  };

  SECTION("is a fail at the third look") {
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::candidate_silent);
    CHECK(result.reason() == "fraud@2 got none of the requests that were due in 3 windows");
    CHECK(count(result, event_kind::look) == 3);
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("is none where fewer were due") {
    world.service.rate = 1.0;  // 6 a minute, 60 in the bake
    world.config.on_inconclusive = hotswap::on_inconclusive::rollback;
    const auto result = world.run();

    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(count(result, event_kind::look) == 10);
  }
  SECTION("is none where nobody came at all") {
    world.service.distort = [](const auto&, const auto&, auto& seen) {
      seen = hotswap::metrics_snapshot{};
    };
    world.config.on_inconclusive = hotswap::on_inconclusive::rollback;
    const auto result = world.run();

    CHECK(result.reason_code() == reason_code::inconclusive);
  }
}

TEST_CASE("`healthy` exists and is false 3 looks in a row, or before a rise",
          "[rollout][failures]") {
  simulated_rollout<readable_service> world;
  const fault how = GENERATE(fault::lies, fault::throws, fault::hangs);

  SECTION("3 looks in a row") {
    world.service.breaks("healthy fraud@2", how, 3, 1);  // the first is before the rise
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::unhealthy);
    CHECK(result.reason() == "fraud@2 was not healthy at 3 looks in a row");
    CHECK(count(result, event_kind::look) == 2);  // those before
    CHECK(world.clock.elapsed() < 4min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("2 looks in a row are forgiven") {
    world.service.breaks("healthy fraud@2", how, 2, 1);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("before the first rise") {
    world.service.breaks("healthy fraud@2", how, 1);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::unhealthy);
    CHECK(result.reason() == "fraud@2 must be healthy before it gets more traffic");
    const texts expected = {"deploy fraud@2", "warm_up fraud@2"};
    CHECK(world.service.changes() == expected + way_back);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("before a later rise") {
    world.service.breaks("healthy fraud@2", how, 1, 1 + 10);  // of the looks of step-10
    const auto result = world.run();

    CHECK(result.reason_code() == reason_code::unhealthy);
    CHECK(result.reason() == "fraud@2 must be healthy before it gets more traffic");
    CHECK(world.service.count("set_split 75 %") == 0);
    CHECK(world.broken_promises(result) == nothing);
  }
}

namespace {

class throwing_judge final : public hotswap::judge {
 public:
  hotswap::verdict look(const hotswap::paired_windows&) override {
    throw std::domain_error("variance must be of at least 2 values");
  }
};

/// A strategy of somebody's own, whose judge cannot judge.
template <typename Service>
class judged_strategy {
 public:
  explicit judged_strategy(Service& service) : service_(service) {}

  hotswap::task<hotswap::deployment_result> deploy(hotswap::model_version baseline,
                                                   hotswap::model_version candidate,
                                                   hotswap::rollout_context& context) const {
    auto calls =
        hotswap::make_platform_calls(service_, service_, service_, *context.environment.clock);
    return run(std::move(calls), {"Judged", std::move(baseline), std::move(candidate), context});
  }

 private:
  static hotswap::task<hotswap::deployment_result> run(
      std::shared_ptr<hotswap::platform_calls> calls, hotswap::rollout_terms terms) {
    const hotswap::rollout_config config;
    hotswap::rollout running{std::move(calls), terms, config};
    co_return co_await running.run(steps(running));
  }

  static hotswap::task<> steps(hotswap::rollout& running) {
    auto start = running.step("start");
    co_await start.reference(10min, std::vector<hotswap::planned_bake>{});
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());
    auto step = running.last_step("all");
    co_await step.shift(traffic_split::between(running.baseline(), running.candidate(), 20_pct));
    co_await step.observe(10min, std::make_unique<throwing_judge>());
  }

  Service& service_;
};

}  // namespace

TEST_CASE("a judge or an observer throws", "[rollout][failures]") {
  simulated_rollout<> world;

  SECTION("observer: an event, and the rollout goes on") {
    std::size_t told = 0;
    world.context().observe([&](const hotswap::event& each) {
      if (each.kind == event_kind::step_started) throw std::runtime_error("the disk is full");
      if (each.kind == event_kind::split_changed) throw 42;
      ++told;
    });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    const auto failures = messages(result, event_kind::observer_failed);
    CHECK(failures.size() ==
          count(result, event_kind::step_started) + count(result, event_kind::split_changed));
    CHECK(failures.front() == "an observer threw: the disk is full");
    CHECK(failures[1] == "an observer threw what is no std::exception");
    CHECK(told == result.history().size() - failures.size());
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("an observer that always throws does not fail about its failure") {
    world.context().observe([](const hotswap::event&) { throw std::runtime_error("never"); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(2 * count(result, event_kind::observer_failed) == result.history().size());
  }
  SECTION("judge: roll back") {
    judged_strategy strategy{world.service};
    const auto result =
        world.clock.run(strategy.deploy(world.baseline, world.candidate, world.context()));

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.active() == world.baseline);
    CHECK(result.reason_code() == reason_code::judge_failed);
    CHECK(result.reason() == "the judge threw: variance must be of at least 2 values");
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("fail, and `onFailure` is `hold`", "[rollout][failures]") {
  simulated_rollout<> world;
  world.config.on_failure = hotswap::on_failure::hold;
  world.service.quality["2"].latency = 0.031;  // a limit of 1.5 times 20 ms

  SECTION("traffic stays where it is, a gate waits, for a day at most") {
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(result.reason().ends_with("; nobody answered within 1440 min"));
    CHECK(count(result, event_kind::held) == 1);
    CHECK(messages(result, event_kind::gate_waiting) ==
          texts{"step-10 waits for promote or abort"});
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.clock.elapsed() > 24h);
    CHECK(world.clock.elapsed() < 24h + 5min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("status names what is awaited") {
    bool held = false;
    world.at(5min, [&] { held = world.control().status().held; });
    world.at(6min, [&] { world.control().abort("alice", "enough"); });
    const auto result = world.run();

    CHECK(held);
    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason() == "aborted by alice: enough");
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("a promote answers no fail, also if the metrics have recovered since") {
    const bool recovers = GENERATE(true, false);
    if (recovers) {
      world.at(5min, [&] { world.service.quality["2"].latency = 0.001; });
    }
    world.at(10min, [&] { world.control().promote("alice", "looks good"); });
    world.at(20min, [&] { world.control().abort("alice", "no, it does not"); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(count(result, event_kind::promoted) == 0);
    CHECK(messages(result, event_kind::gate_answered) ==
          texts{"promote by alice was refused: it does not answer a fail, unless it is forced"});
    CHECK(world.service.changes() == until_step(1) + way_back);
  }
  SECTION("a forced promote does, and names a person") {
    world.at(10min, [&] {
      world.service.quality["2"].latency = 0.02;
      world.control().promote("alice", "it is the new GPU", true);
    });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::promoted) == texts{"promoted by alice: it is the new GPU"});
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("pause", "[rollout][failures]") {
  simulated_rollout<> world;
  world.at(5min, [&] { world.control().pause("alice", "the dashboard looks odd"); });

  SECTION("traffic stays where it is, the bake stops counting, and looks go on") {
    world.at(2h, [&] {
      CHECK(world.control().status().paused);
      CHECK(world.service.in_force() ==
            traffic_split::between(world.baseline, world.candidate, 10_pct));
    });
    world.at(2h + 5min, [&] { world.control().resume("bob", "it was the dashboard"); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::paused) ==
          texts{"paused by alice: the dashboard looks odd"});
    CHECK(messages(result, event_kind::continued) ==
          texts{"continued by bob: it was the dashboard"});
    CHECK(count(result, event_kind::look) > 40 + 100);  // two hours of them
    CHECK(world.clock.elapsed() > 2h + 50min);
    CHECK(world.clock.elapsed() < 2h + 52min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("a fail rolls back also while paused") {
    world.at(1h, [&] { world.service.quality["2"].error_rate = 0.5; });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::metrics_degraded);
    CHECK(world.clock.elapsed() < 1h + 15min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("an abort ends it") {
    world.at(1h, [&] { world.control().abort("alice", "it is not the dashboard"); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(world.clock.elapsed() < 1h + 5s);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("between two steps, the next one does not begin") {
    simulated_rollout<> other;
    other.at(1s, [&] { other.control().pause("alice", "not yet"); });  // in the reference
    other.at(1h, [&] {
      CHECK(other.service.deployed().size() == 1);
      other.control().resume("alice", "now");
    });
    const auto result = other.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(other.service.changes() == until_step(4) + texts{"remove fraud@1"});
    CHECK(other.clock.elapsed() > 1h + 50min);
  }
}

TEST_CASE("the router's split was changed by somebody else (ReadableRouter)",
          "[rollout][failures]") {
  simulated_rollout<readable_service> world;
  const auto foreign = traffic_split::between(world.baseline, world.candidate, 40_pct);
  const auto ours = traffic_split::between(world.baseline, world.candidate, 10_pct);

  SECTION("once: it is reasserted") {
    world.at(5min, [&] { world.service.enforce(foreign); });
    world.at(7min, [&] { CHECK(world.service.in_force() == ours); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::split_drifted) ==
          texts{"the split must be 90 % fraud@1, 10 % fraud@2, got 60 % fraud@1, 40 % fraud@2 by "
                "somebody else"});
    CHECK(world.service.count("set_split 90 %") == 2);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("reasserted 3 times, then paused") {
    for (int i = 0; i < 5; ++i) {
      world.at(90s + i * 65s, [&] { world.service.enforce(foreign); });
    }
    world.at(30min, [&] {
      CHECK(world.control().status().paused);
      CHECK(world.service.in_force() == foreign);
      world.control().abort("alice", "who is that?");
    });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(world.service.count("set_split 90 %") == 1 + 3);
    CHECK(messages(result, event_kind::paused) ==
          texts{"paused: the split is changed by somebody else again and again"});
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("and after a person's resume 3 times again, in another process too") {
    const bool restarts = GENERATE(false, true);
    world.with_users_journal();
    hotswap::stop_source shutdown;
    world.environment.stop = shutdown.get_token();
    for (int i = 0; i < 5; ++i) {
      world.at(90s + i * 65s, [&] { world.service.enforce(foreign); });
    }
    world.at(30min, [&] {
      CHECK(world.control().status().paused);
      world.control().resume("alice", "it was me");
    });
    world.at(30min + 90s, [&] {
      CHECK_FALSE(world.control().status().paused);
      CHECK(world.service.in_force() == ours);
      if (restarts) shutdown.request_stop();
    });
    std::optional<hotswap::deployment_result> result;
    try {
      result = world.run();
    } catch (const hotswap::rollout_stopped&) {
      world.environment.stop = {};
      world.restarts();
      result = world.run();
    }
    CHECK(result->status() == deployment_status::succeeded);
    CHECK(world.service.count("set_split 90 %") == 1 + 3 + 1);
    CHECK(count(*result, event_kind::paused) == 1);
    CHECK(world.broken_promises(*result) == nothing);
  }
}

namespace {

/// One that is told when nobody waits for it any more.
class stoppable_service : public simulated_service {
 public:
  using simulated_service::simulated_service;

  hotswap::task<> warm_up(const hotswap::model_version& version, hotswap::stop_token stop) {
    token = std::move(stop);
    return simulated_service::warm_up(version);
  }

  hotswap::stop_token token;
};

}  // namespace

TEST_CASE("a platform call never returns", "[rollout][failures]") {
  SECTION("stop is requested, and the call is counted until it ends; its result is dropped") {
    simulated_rollout<stoppable_service> world;
    world.service.breaks("warm_up fraud@2", fault::hangs);
    world.at(9min, [&] { CHECK_FALSE(world.service.token.stop_requested()); });
    const auto result = world.run();

    CHECK(result.reason_code() == reason_code::warm_up_failed);
    CHECK(world.service.token.stop_requested());
    CHECK(world.context().outstanding_calls() == 1);
    CHECK_FALSE(world.clock.run(world.context().drained(1min)));
    world.service.script().let_go();
    CHECK(world.clock.run(world.context().drained(1min)));
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("a split that lands late is overwritten before the candidate goes") {
    simulated_rollout<> world;
    world.service.breaks("set_split 75 %", fault::late);  // 150 s, and the deadline is 30 s
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.service.changes() == until_step(2) + texts{"set_split 100 % fraud@1"} + way_back);
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.context().outstanding_calls() == 0);
    CHECK(count(result, event_kind::leftover) == 0);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("one that lands after everybody has gone finds the candidate up") {
    simulated_rollout<> world;
    world.service.script().late_by = 20min;
    world.service.breaks("set_split 75 %", fault::late);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
    CHECK(world.service.count("remove") == 0);
    CHECK(messages(result, event_kind::leftover) ==
          texts{"fraud@2 is left over: a router call is still under way"});
    world.clock.advance(20min);
    CHECK(world.service.wrongs() == nothing);  // it had traffic, and could serve it
  }
}

TEST_CASE("an append fails or hangs, without conflict", "[rollout][failures]") {
  simulated_rollout<> world;
  simulated_journal& journal = world.with_users_journal();
  const fault how = GENERATE(fault::throws, fault::acts_and_throws, fault::hangs);

  SECTION("twice: nobody notices") {
    journal.script.breaks("append step-25/shift/began", how, 2);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("three times: no new step starts, and it rolls back") {
    journal.script.breaks("append step-25/shift/began", how, 3);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.active() == world.baseline);
    CHECK(result.reason_code() == reason_code::journal_failed);
    CHECK(result.reason() ==
          "journal of rollout fraud~1767225600000: record 22 must be durable, got " +
              std::string{how == fault::hangs ? "it did not end before its deadline"
                                              : "append step-25/shift/began is broken"});
    CHECK(world.service.changes() == until_step(1) + way_back);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("for good: it rolls back all the same, and at once") {
    journal.script.breaks("append step-10/observe/progress", how);
    journal.script.breaks("append rollback", how);
    journal.script.breaks("append rollout", how, fault_script::always, 1);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::journal_failed);
    std::vector<std::string> changes = until_step(1) + way_back;
    changes.pop_back();  // whoever takes over believes the journal that the candidate is warm
    CHECK(world.service.changes() == changes);
    CHECK(messages(result, event_kind::leftover) ==
          std::vector<std::string>{"fraud@2 is left over: the journal cannot be written"});
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
  }
  SECTION("only the last record: it is tried again, for the model would be locked") {
    journal.script.breaks("append rollout/outcome", how, 2);
    const auto result = world.run();

    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("an append conflicts", "[rollout][failures]") {
  simulated_rollout<> world;
  simulated_journal& journal = world.with_users_journal();

  SECTION("`deploy` throws `journal_conflict` at once; the router is not touched") {
    journal.script.breaks("append step-25/observe/progress", fault::conflicts);
    CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);

    CHECK(world.service.changes() == until_step(2));
    CHECK(journal.script.calls().back().text == "append step-25/observe/progress");
  }
  SECTION("also while it rolls back") {
    world.service.quality["2"].error_rate = 0.5;
    journal.script.breaks("append rollback/decision", fault::conflicts);
    CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);

    CHECK(world.service.changes() == until_step(1));
  }
  SECTION("also after `committed`") {
    journal.script.breaks("append end/retire/began", fault::conflicts);
    CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);

    CHECK(world.service.changes() == until_step(4));
  }
  SECTION("also at the first record") {
    journal.script.breaks("append rollout/began", fault::conflicts);
    CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);

    CHECK(world.service.changes() == nothing);
  }
}

TEST_CASE("clock jumps", "[rollout][failures]") {
  const auto jump = GENERATE(as<std::chrono::seconds>{}, 3h, -3h, 90s, -90s);
  simulated_rollout<> world;
  world.at(5min, [&] { world.clock.jump(jump); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() > 50min);  // as without the jump
  CHECK(world.clock.elapsed() < 51min);
  for (const auto& each : result.history()) {
    if (!each.look) continue;
    CHECK(each.look->window.duration() > 40s);
    CHECK(each.look->window.duration() < 70s);
  }
}

TEST_CASE("second rollout for a model that has one active", "[rollout][failures]") {
  simulated_rollout<> world;
  hotswap::rollout_context second{world.environment};
  std::vector<hotswap::deployment_result> results;
  world.at(5min, [&] {
    // ends at once, so a clock that runs already need not be asked to run it
    hotswap::canary_strategy canary{world.service, world.service, world.service};
    hotswap::result<hotswap::deployment_result> end;
    class ignored final : public hotswap::driver::completion {
      void completed() noexcept override {}
    } done;
    auto root = hotswap::drive(canary.deploy(world.baseline, {"fraud", "3"}, second), end);
    root.start(done);
    results.push_back(end.take());
  });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.service.changes() == until_step(4) + texts{"remove fraud@1"});
  CHECK(world.broken_promises(result) == nothing);
  REQUIRE(results.size() == 1);
  CHECK(results[0].status() == deployment_status::rejected);
  CHECK(results[0].active() == world.baseline);
  CHECK(results[0].reason_code() == reason_code::already_active);
  CHECK(results[0].reason() == "model fraud has an unfinished rollout, fraud~1767225600000");
}

namespace {

/// The status, or what was thrown.
hotswap::task<> keep_end(hotswap::task<hotswap::deployment_result> rollout, std::string& end) {
  try {
    const hotswap::deployment_result result = co_await rollout;
    end = to_string(result.status());
  } catch (const hotswap::journal_conflict& conflict) {
    end = conflict.what();
  }
}

}  // namespace

TEST_CASE("second rollout for a model that begins at the same instant", "[rollout][failures]") {
  simulated_rollout<> world;
  world.with_users_journal().script.latency = 100ms;  // so that both find it empty
  hotswap::rollout_context second{world.environment};
  hotswap::canary_strategy canary{world.service, world.service, world.service};
  std::string first_end;
  std::string second_end;
  std::vector<hotswap::task<>> both;
  both.push_back(keep_end(world.deploy(), first_end));
  both.push_back(keep_end(canary.deploy(world.baseline, world.candidate, second), second_end));
  world.clock.run(hotswap::when_all(std::move(both)));

  CHECK(first_end == "succeeded");
  CHECK(second_end == "rejected");
  CHECK(world.service.changes() == until_step(4) + texts{"remove fraud@1"});
}
