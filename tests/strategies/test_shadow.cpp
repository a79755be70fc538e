// What a shadow promises: a report only, or the way to a promotion; and the rows of "what happens
// when things go wrong" that concern it, under their names.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/strategies/blue_green_config.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/strategies/shadow.hpp>
#include <hotswap/strategies/shadow_config.hpp>

#include "support/abandoned.hpp"
#include "support/catch.hpp"
#include "support/every_call.hpp"
#include "support/simulated_shadow.hpp"

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using hotswap::traffic_split;

using texts = std::vector<std::string>;

namespace {

const std::string mirror_on = "set_mirror fraud@1 to fraud@2 100 %";
const std::string mirror_off = "set_mirror fraud@1 to fraud@2 0 %";
const texts start = {"deploy fraud@2", "warm_up fraud@2", mirror_on};
const texts way_back = {"set_split 100 % fraud@1", mirror_off, "remove fraud@2"};

texts operator+(texts all, const texts& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// `step_started shadow`; looks in a row count once.
texts outline(const hotswap::deployment_result& result) {
  texts lines;
  for (const hotswap::event& each : result.history()) {
    std::string line{to_string(each.kind)};
    if (!each.step.empty()) line += " " + each.step;
    if (lines.empty() || lines.back() != line) lines.push_back(line);
  }
  return lines;
}

void check_rolled_back(simulated_shadow& world, const hotswap::deployment_result& result,
                       reason_code code, const std::string& reason) {
  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == code);
  CHECK(result.reason() == reason);
  CHECK(world.broken_promises(result) == nothing);
  CHECK(world.service.mirror() == hotswap::share{});
}

/// The candidate's share in each split that was set, in basis points.
std::vector<int> shares(simulated_shadow& world) {
  std::vector<int> all;
  for (const std::string& each : world.service.changes()) {
    if (!each.starts_with("set_split ")) continue;
    const bool is_all = each == "set_split 100 % fraud@2";
    const auto at = each.find(", ");
    all.push_back(is_all                    ? 10'000
                  : at == std::string::npos ? 0
                                            : 100 * std::stoi(each.substr(at + 2)));
  }
  return all;
}

hotswap::canary_config a_canary() {
  hotswap::canary_config canary;
  canary.steps = {20_pct, 100_pct};
  canary.analysis_interval = 5min;
  return canary;
}

hotswap::blue_green_config a_blue_green() {
  hotswap::blue_green_config config;
  config.smoke_test_samples = 50;
  config.analysis_interval = 150s;
  return config;
}

}  // namespace

TEST_CASE("shadow: with defaults, it is compared for an hour, and removed",
          "[strategies][shadow]") {
  simulated_shadow world;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == reason_code::validated);
  CHECK(result.reason() == "fraud@2 was validated, and fraud@1 serves all traffic");
  CHECK(changes_of(world.service) == start + texts{mirror_off, "remove fraud@2"});
  CHECK(world.clock.elapsed() > 60min);
  CHECK(world.clock.elapsed() < 61min);
  CHECK(world.service.mirror() == hotswap::share{});
  CHECK(world.broken_promises(result) == nothing);

  const texts expected = {"rollout_started",      "step_started start",     "step_finished start",
                          "step_started shadow",  "metric_unjudged shadow", "look shadow",
                          "step_finished shadow", "step_started end",       "committed end",
                          "step_finished end",    "rollout_finished"};
  CHECK(outline(result) == expected);
  CHECK(messages(result, event_kind::committed) ==
        texts{"fraud@1 has the model, there is no way back but an undo"});
}

TEST_CASE("shadow: looks tell how the answers differ, and compare errors and latency",
          "[strategies][shadow]") {
  simulated_shadow world;
  world.config.sample_rate = 10_pct;
  world.config.divergence_thresholds.score_difference = 0.1;
  world.service.answers.difference = -0.02;
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.service.count("set_mirror fraud@1 to fraud@2 10 %") == 1);
  CHECK(
      messages(result, event_kind::look).back() ==
      "the shadow disagrees at a rate of 0.00985 (limit 0.05, 36035 requests compared); the "
      "shadow's scores differ by -0.02 (limit 0.1 either way, 36035 requests); a share of 0 of "
      "the sampled requests was dropped (limit 0.1); the error rate fell by 3.05e-05 (limit 0.01, "
      "36070 requests); the mean latency is 1 times the baseline's, 20 ms (limit 1.5, 36035 "
      "requests)");
  for (const auto& each : result.history()) {
    if (!each.look) continue;
    CHECK(each.look->contemporaneous);
    REQUIRE(each.look->divergence);
    CHECK(each.look->divergence->compared > 0);
    CHECK(each.look->candidate_share == hotswap::share{});
  }
}

TEST_CASE("shadow: one that fails is removed, and no user has seen it", "[strategies][shadow]") {
  simulated_shadow world;

  SECTION("its answers disagree") {
    world.service.answers.disagreement_rate = 0.06;
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::metrics_degraded,
                      "mirroring 100 %, the shadow disagrees at a rate of 0.06 (limit 0.05, 30170 "
                      "requests compared)");
    CHECK(changes_of(world.service) == start + way_back);
    CHECK(world.way_back(result) == 0s);
    CHECK(world.clock.elapsed() < 10min);
  }
  SECTION("its scores differ") {
    world.config.divergence_thresholds.score_difference = 0.1;
    world.service.answers.difference = -0.2;
    check_rolled_back(world, world.run(), reason_code::metrics_degraded,
                      "mirroring 100 %, the shadow's scores differ by -0.2 (limit 0.1 either way, "
                      "30170 requests)");
  }
  SECTION("it is slow") {
    world.service.quality["2"].latency = 0.05;
    check_rolled_back(world, world.run(), reason_code::metrics_degraded,
                      "mirroring 100 %, the mean latency is 2.5 times the baseline's, 50 ms (limit "
                      "1.5, 30170 requests)");
  }
  SECTION("it fails to answer: that is an error, and no agreement") {
    world.service.quality["2"].error_rate = 0.02;
    check_rolled_back(
        world, world.run(), reason_code::metrics_degraded,
        "mirroring 100 %, the error rate rose beyond doubt, to 0.02 from 0.000993 (limit 0.01, 30200 requests)");
  }
  SECTION("it always fails to answer: there is nothing to compare") {
    world.service.quality["2"].error_rate = 1.0;
    check_rolled_back(
        world, world.run(), reason_code::metrics_degraded,
        "mirroring 100 %, the error rate rose beyond doubt, to 1 from 0.000993 (limit "
        "0.01, 30200 requests)");
  }
  CHECK(shares(world) == std::vector<int>{0});
}

TEST_CASE("shadow: an error counts, though only the comparison knows of it",
          "[strategies][shadow]") {
  simulated_shadow world;
  world.service.quality["2"].error_rate = 0.02;
  world.service.counts_shadow_errors = false;
  const auto result = world.run();

  check_rolled_back(world, result, reason_code::metrics_degraded,
                    "mirroring 100 %, the error rate rose beyond doubt, to 0.02 from 0.000993 "
                    "(limit 0.01, 30200 requests)");
}

TEST_CASE("shadow: what was dropped above its limit leaves it undecided", "[strategies][shadow]") {
  simulated_shadow world;
  world.service.answers.dropped_rate = 0.2;

  SECTION("and rolls back in the end") {
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::inconclusive,
                      "mirroring 100 %, a share of 0.2 of the sampled requests was dropped (limit "
                      "0.1: queue_full 288740)");
    CHECK(count(result, event_kind::extended) == 3);
    CHECK(world.clock.elapsed() > 4h);
    CHECK(world.clock.elapsed() < 4h + 1min);
  }
  SECTION("though everything was dropped") {
    world.service.answers.dropped_rate = 1.0;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
  }
  SECTION("but bad answers are bad answers") {
    world.service.answers.disagreement_rate = 0.5;
    CHECK(world.run().reason_code() == reason_code::metrics_degraded);
    CHECK(world.clock.elapsed() < 10min);
  }
}

TEST_CASE("shadow: too few comparisons are no pass", "[strategies][shadow]") {
  simulated_shadow world;

  SECTION("told before anything is touched, if the traffic is too low") {
    world.config.sample_rate = 1_pct;
    world.service.rate = 1.0;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason() ==
          "minimumSamples of 1000 must be reachable, got 1 requests per second: at 1 %, 240 min "
          "bring 144 at most");
    CHECK(changes_of(world.service).empty());
  }
  SECTION("rolled back, if they did not come") {
    world.config.minimum_samples = 1'400'000;  // of 1'440'000 in four hours
    world.service.answers.dropped_rate = 0.05;
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::inconclusive);
    CHECK(result.reason().find("the comparison of the answers needs 1400000 requests, and has ") !=
          std::string::npos);
  }
}

TEST_CASE("shadow: no user gets its answers while it is one, and it gets no copies later",
          "[strategies][shadow]") {
  simulated_shadow world;
  world.config.then = a_canary();
  std::vector<hotswap::share> given;
  for (auto at = 1min; at < 61min; at += 1min) {
    world.at(at, [&] { given.push_back(world.service.in_force().share_of(world.candidate)); });
  }
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(given == std::vector<hotswap::share>(60, hotswap::share{}));
  CHECK(world.service.shadow_wrongs == nothing);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("shadow: a validated one goes on as a canary, in the same rollout",
          "[strategies][shadow]") {
  simulated_shadow world;
  world.config.then = a_canary();
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.active() == world.candidate);
  CHECK(result.reason_code() == reason_code::promoted);
  CHECK(changes_of(world.service) == start + texts{mirror_off,
                                                   "set_split 80 % fraud@1, 20 % fraud@2",
                                                   "set_split 100 % fraud@2", "remove fraud@1"});
  CHECK(world.broken_promises(result) == nothing);
  const texts expected = {
      "rollout_started",       "step_started start",     "step_finished start",
      "step_started shadow",   "metric_unjudged shadow", "look shadow",
      "step_finished shadow",  "step_started validated", "step_finished validated",
      "step_started step-20",  "split_changed step-20",  "look step-20",
      "step_finished step-20", "step_started step-100",  "split_changed step-100",
      "look step-100",         "step_finished step-100", "step_started end",
      "committed end",         "step_finished end",      "rollout_finished"};
  CHECK(outline(result) == expected);
  for (const auto& each : result.history()) CHECK(each.strategy == "Shadow");
}

TEST_CASE("shadow: a validated one goes on as blue-green, tried before it is switched to",
          "[strategies][shadow]") {
  simulated_shadow world;
  world.config.then = a_blue_green();

  SECTION("to its end") {
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(result.active() == world.candidate);
    CHECK(changes_of(world.service) == start + texts{mirror_off, "smoke_test fraud@2 50",
                                                     "set_split 100 % fraud@2", "remove fraud@1"});
    CHECK(world.clock.elapsed() > 75min);
    CHECK(world.clock.elapsed() < 76min);
    CHECK(world.broken_promises(result) == nothing);
    // green is compared with what production did in the shadow's hour
    for (const auto& each : result.history()) {
      if (each.look && each.step == "switch") CHECK(each.look->baseline.requests > 350'000);
    }
  }
  SECTION("not without its smoke test") {
    world.service.breaks("smoke_test", fault::lies);
    const auto result = world.run();
    check_rolled_back(world, result, reason_code::smoke_test_failed,
                      "3 of 50 smoke tests of fraud@2 failed: expected 0.9, got NaN");
    CHECK(shares(world) == std::vector<int>{0});
  }
  SECTION("and back, within 5 seconds") {
    world.at(62min, [&] { world.service.quality["2"].error_rate = 0.5; });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.way_back(result) <= 5s);
    CHECK(world.service.count("set_mirror") == 2);  // it is off already
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("shadow: what follows goes by its own config", "[strategies][shadow]") {
  simulated_shadow world;
  auto canary = a_canary();
  canary.max_extensions = 1;
  canary.attempts = 5;
  canary.on_exhausted = hotswap::on_exhausted::hold;
  canary.hold_timeout = 30min;
  world.config.then = canary;

  SECTION("its extensions and its holds") {
    world.service.distort = [&](const auto& version, const auto&, hotswap::metrics_snapshot& seen) {
      const bool serves = world.service.in_force().share_of(version) > hotswap::share{};
      if (version == world.candidate && serves) seen.latency.reset();
    };
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(messages(result, event_kind::extended).size() == 1);
    CHECK(result.reason().ends_with("; nobody answered within 30 min"));
  }
  SECTION("its attempts") {
    world.service.breaks("set_split 80 %", fault::throws, 4);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.service.count("set_split 80 %") == 5);
  }
  SECTION("the shadow does not") {
    world.service.breaks("deploy", fault::throws, 4);
    CHECK(world.run().reason_code() == reason_code::deploy_failed);
  }
}

TEST_CASE("shadow: people promote it, but never straight to 100 %", "[strategies][shadow]") {
  simulated_shadow world;
  world.config.then = hotswap::canary_config{};

  SECTION("a promote ends the comparison") {
    world.at(10min, [&] { world.control().promote("alice", "it is good enough"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(shares(world) == std::vector<int>{1'000, 2'500, 5'000, 10'000});
    CHECK(world.clock.elapsed() < 61min);
  }
  SECTION("to the last step, if a person says so: it is observed there") {
    world.at(10min, [&] { world.control().promote_fully("alice", "it is known to be good"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(shares(world) == std::vector<int>{10'000});
    CHECK(count(result, event_kind::promoted) == 1);
  }
  SECTION("a report only has no further step") {
    world.config.then = std::monostate{};
    world.at(10min, [&] { world.control().promote_fully("alice", "it is known to be good"); });
    const auto result = world.run();
    CHECK(result.reason_code() == reason_code::validated);
    CHECK(world.clock.elapsed() > 1h);
    CHECK(shares(world).empty());
  }
  CHECK(world.service.shadow_wrongs == nothing);
}

TEST_CASE("shadow: an approval of its first step is waited for without copies",
          "[strategies][shadow]") {
  simulated_shadow world;
  auto canary = a_canary();
  canary.steps[0].approval = true;
  world.config.then = canary;
  world.at(150min, [&] { world.control().approve("step-20", "bob", "go"); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() > 150min);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("shadow: a dry run calls only for metrics", "[strategies][shadow]") {
  simulated_shadow world;
  world.config.dry_run = true;
  if (GENERATE(true, false)) world.config.then = a_canary();
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.active() == world.baseline);
  CHECK(changes_of(world.service).empty());
  CHECK(world.service.count("divergence") == 0);
  CHECK(world.service.count("collect") > 5);
}

TEST_CASE("shadow: a promotion that the server cannot serve is refused at once",
          "[strategies][shadow][errors]") {
  struct untested {
    void deploy(const hotswap::model_version&) {}
    void warm_up(const hotswap::model_version&) {}
    void remove(const hotswap::model_version&) {}
  } server;
  hotswap::virtual_clock clock;
  mirroring_service service{clock};
  hotswap::shadow_config config;
  config.then = hotswap::blue_green_config{};
  using strategy = hotswap::shadow_strategy<untested, mirroring_service, mirroring_service>;

  CHECK_THROWS_WITH((strategy{server, service, service, config}),
                    "/promote: must be never or canary for a server without the member smoke_test, "
                    "got blueGreen");
}

TEST_CASE("shadow: deploy or warm-up fails after its retries, or exceeds its deadline",
          "[strategies][shadow][failures]") {
  simulated_shadow world;

  SECTION("deploy throws") {
    world.service.breaks("deploy", fault::throws);
    check_rolled_back(world, world.run(), reason_code::deploy_failed,
                      "deploy of fraud@2 failed: deploy fraud@2 is broken");
  }
  SECTION("warm_up hangs") {
    world.service.breaks("warm_up", fault::hangs);
    check_rolled_back(world, world.run(), reason_code::warm_up_failed,
                      "warm_up of fraud@2 must end within 10 min, and did not");
  }
  CHECK(world.service.count("set_mirror") == 0);
}

TEST_CASE("shadow: a mirror that cannot be set is taken back", "[strategies][shadow][failures]") {
  simulated_shadow world;

  SECTION("it throws, whether it had its effect or not") {
    world.service.breaks(mirror_on, GENERATE(fault::throws, fault::acts_and_throws));
    check_rolled_back(world, world.run(), reason_code::failed,
                      "set_mirror to 100 % failed: set_mirror fraud@1 to fraud@2 100 % is broken");
  }
  SECTION("it lands late, after the way back has begun") {
    world.service.breaks(mirror_on, fault::late);
    check_rolled_back(world, world.run(), reason_code::failed,
                      "set_mirror to 100 % must end within 30 s, and did not");
  }
  SECTION("it cannot be ended: what is left is named") {
    world.service.breaks(mirror_off, fault::throws);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(messages(result, event_kind::leftover) ==
          texts{"requests are still mirrored to fraud@2: set_mirror to 0 % failed: " + mirror_off +
                " is broken"});
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("shadow: `set_split` fails while raising the candidate",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.config.then = a_canary();
  world.service.breaks("set_split 80 %", GENERATE(fault::throws, fault::acts_and_throws));
  check_rolled_back(world, world.run(), reason_code::set_split_failed,
                    "set_split to 80 % fraud@1, 20 % fraud@2 failed: set_split 80 % fraud@1, 20 % "
                    "fraud@2 is broken");
}

TEST_CASE("shadow: roll-back's own `set_split` fails", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.answers.disagreement_rate = 0.5;
  world.service.breaks("set_split 100 % fraud@1", fault::throws);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rollback_failed);
  CHECK(result.active() == world.baseline);
  CHECK(world.service.mirror() == hotswap::share{});
  CHECK(world.service.count("remove") == 0);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("shadow: the baseline has had no traffic when a roll-back needs it",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.config.then = a_blue_green();
  world.at(63min, [&] {
    world.service.cools_down(world.baseline);
    world.control().abort("alice", "now");
  });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::aborted);
  CHECK(world.service.count("warm_up fraud@1") == 1);
  CHECK(world.service.count("healthy fraud@1") == 1);
  CHECK(world.way_back(result) <= 5s);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("shadow: no traffic, too few samples, NaN, no labels for a required metric",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  std::string why;
  SECTION("no labels") {
    world.config.required_metrics = {"errorRate", "accuracy"};
    why = "mirroring 100 %, the accuracy of the candidate needs 1000 samples, and has 0";
  }
  SECTION("no scores, though they have a limit") {
    world.config.divergence_thresholds.score_difference = 0.1;
    world.service.answers.difference = std::numeric_limits<double>::quiet_NaN();
    why = "mirroring 100 %, the comparison of the scores needs 1000 requests, and has 0";
  }
  const auto result = world.run();
  check_rolled_back(world, result, reason_code::inconclusive, why);
  CHECK(count(result, event_kind::extended) == 3);
}

TEST_CASE("shadow: candidate's errors are beyond doubt, below `minimumSamples` too",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.rate = 0.5;  // a look has 150 requests
  world.service.quality["2"].error_rate = 0.5;
  const auto result = world.run();

  check_rolled_back(
      world, result, reason_code::metrics_degraded,
      "mirroring 100 %, the error rate rose beyond doubt, to 0.497 from 0 (limit 0.01, "
      "151 requests)");
  CHECK(count(result, event_kind::look) == 1);
}

TEST_CASE("shadow: a judge or an observer throws", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.context().observe([](const hotswap::event& each) {
    if (each.kind == event_kind::committed) throw std::runtime_error("the disk is full");
  });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::observer_failed) ==
        texts{"an observer threw: the disk is full"});
}

TEST_CASE("shadow: a platform call never returns", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.breaks(mirror_on, fault::hangs);
  const auto result = world.run();

  // what hangs may mirror yet: the shadow is kept, so that copies find it
  check_rolled_back(world, result, reason_code::failed,
                    "set_mirror to 100 % must end within 30 s, and did not");
  CHECK(messages(result, event_kind::leftover) ==
        texts{"fraud@2 is left over: a router call is still under way"});
  CHECK(world.service.count("remove") == 0);
}

TEST_CASE("shadow: second rollout for a model that has one active",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  hotswap::rollout_context second{world.environment};
  std::vector<hotswap::deployment_result> results;
  world.at(3min, [&] {  // ends at once
    hotswap::shadow_strategy strategy{world.service, world.service, world.service};
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
}

TEST_CASE("shadow: `remove` of a loser fails", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.breaks("remove", fault::throws);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.reason_code() == reason_code::validated);
  CHECK(messages(result, event_kind::leftover) ==
        texts{"fraud@2 is left over: remove of fraud@2 failed: remove fraud@2 is broken"});
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("shadow: metrics call fails or hangs", "[strategies][shadow][failures]") {
  simulated_shadow world;
  const std::string call = GENERATE("divergence", "collect fraud@2");

  SECTION("for a while") {
    world.service.breaks(call, GENERATE(fault::throws, fault::hangs), 3, 3);
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("for good: nothing passes on it") {
    world.service.breaks(call, fault::throws);
    const auto result = world.run();
    check_rolled_back(
        world, result, reason_code::inconclusive,
        "mirroring 100 %, " +
            (call == "divergence" ? "divergence of fraud@2" : call.substr(0, 8) + "of fraud@2") +
            " failed: " + (call == "divergence" ? "divergence fraud@2" : call) + " is broken");
    CHECK(count(result, event_kind::metrics_unavailable) > 4);
  }
}

TEST_CASE("shadow: baseline has traffic, at least 100 candidate requests were due, none came",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.loses_copies = true;
  const auto result = world.run();

  check_rolled_back(world, result, reason_code::candidate_silent,
                    "fraud@2 got none of the requests that were due in 3 windows");
  CHECK(count(result, event_kind::look) == 3);
}

TEST_CASE("shadow: `healthy` exists and is false 3 looks in a row",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.service.breaks("healthy fraud@2", fault::lies, 3, 2);
  check_rolled_back(world, world.run(), reason_code::unhealthy,
                    "fraud@2 was not healthy at 3 looks in a row");
}

TEST_CASE("shadow: fail, and `onFailure` is `hold`", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.config.on_failure = hotswap::on_failure::hold;
  world.config.then = a_canary();
  world.service.answers.disagreement_rate = 0.06;

  SECTION("a person aborts") {
    world.at(3h, [&] { world.control().abort("alice", "no"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::aborted);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("a person promotes by force: it goes on as a canary") {
    world.at(3h, [&] { world.control().promote("alice", "the labels were wrong", true); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(shares(world) == std::vector<int>{2'000, 10'000});
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("shadow: pause", "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.at(10min, [&] { world.control().pause("alice", "lunch"); });

  SECTION("stops the hour, not the looks") {
    world.at(100min, [&] { world.control().resume("alice", "back"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(world.clock.elapsed() > 150min);
    CHECK(world.broken_promises(result) == nothing);
  }
  SECTION("a fail rolls back all the same") {
    world.at(20min, [&] { world.service.answers.disagreement_rate = 0.9; });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(world.clock.elapsed() < 30min);
  }
}

TEST_CASE("shadow: the router's split was changed by somebody else (ReadableRouter)",
          "[strategies][shadow][failures]") {
  simulated_shadow world;
  world.at(12min, [&] {
    world.service.enforce(traffic_split::between(world.baseline, world.candidate, 50_pct));
  });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(messages(result, event_kind::split_drifted) ==
        texts{"the split must be 100 % fraud@1, got 50 % fraud@1, 50 % fraud@2 by somebody else"});
  CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
}

TEST_CASE("shadow: an append fails or hangs, without conflict", "[strategies][shadow][failures]") {
  simulated_shadow world;
  auto& journal = world.with_users_journal();
  journal.script.breaks("append shadow/compare/progress", GENERATE(fault::throws, fault::hangs));
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(result.reason_code() == reason_code::journal_failed);
  CHECK(world.service.mirror() == hotswap::share{});
}

TEST_CASE("shadow: an append conflicts", "[strategies][shadow][failures]") {
  simulated_shadow world;
  auto& journal = world.with_users_journal();
  journal.script.breaks("append shadow/mirror/began", fault::conflicts);

  CHECK_THROWS_AS(world.run(), hotswap::journal_conflict);
  CHECK(world.service.count("set_mirror") == 0);
}

TEST_CASE("shadow: clock jumps", "[strategies][shadow][failures]") {
  const auto jump = GENERATE(as<std::chrono::seconds>{}, 3h, -3h, 90s, -90s);
  simulated_shadow world;
  world.at(10min, [&] { world.clock.jump(jump); });
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.elapsed() > 1h);
  CHECK(world.clock.elapsed() < 61min);
}

namespace {

/// A short one whose journal survives the process.
std::unique_ptr<simulated_shadow> a_shadow() {
  auto world = std::make_unique<simulated_shadow>();
  world->with_users_journal().script.latency = 100ms;
  world->config.duration = 20min;
  world->config.analysis_interval = 5min;
  return world;
}

template <typename Next>
std::unique_ptr<simulated_shadow> a_shadow_then(Next next) {
  auto world = a_shadow();
  world->config.then = std::move(next);
  return world;
}

}  // namespace

TEST_CASE("shadow: stop (shutdown: stop token, loop stopped)", "[strategies][shadow][stop]") {
  SECTION("of a report") {
    is_stopped_at_each_call(a_shadow);
  }
  SECTION("of what goes on as blue-green") {
    is_stopped_at_each_call([] { return a_shadow_then(a_blue_green()); });
  }
}

TEST_CASE("shadow: abort at any point before `committed`, in any wait",
          "[strategies][shadow][abort]") {
  SECTION("of a report") {
    is_aborted_at_each_call(a_shadow, 5s);
  }
  SECTION("of what goes on as a canary") {
    is_aborted_at_each_call([] { return a_shadow_then(a_canary()); }, 30s);
  }
  SECTION("of what goes on as blue-green") {
    is_aborted_at_each_call([] { return a_shadow_then(a_blue_green()); }, 5s);
  }
}

TEST_CASE("shadow: a process that dies at any call is followed by one that ends the same",
          "[strategies][shadow][replay]") {
  SECTION("validated") {
    dies_at_each_call(a_shadow, "succeeded, validated");
  }
  SECTION("promoted as a canary") {
    dies_at_each_call([] { return a_shadow_then(a_canary()); }, "succeeded, promoted");
  }
  SECTION("promoted as blue-green") {
    dies_at_each_call([] { return a_shadow_then(a_blue_green()); }, "succeeded, promoted");
  }
  SECTION("not validated") {
    const auto make = [] {
      auto world = a_shadow();
      world->service.answers.disagreement_rate = 0.2;
      return world;
    };
    dies_at_each_call(make, "rolled_back, metrics_degraded");
  }
  SECTION("undecided") {
    const auto make = [] {
      auto world = a_shadow();
      world->config.max_extensions = 1;
      world->service.answers.dropped_rate = 0.2;
      return world;
    };
    dies_at_each_call(make, "rolled_back, inconclusive");
  }
  SECTION("without a mirror") {
    const auto make = [] {
      auto world = a_shadow();
      world->service.breaks(mirror_on, fault::acts_and_throws);
      return world;
    };
    dies_at_each_call(make, "rolled_back, failed");
  }
  SECTION("validated, and rolled back as a canary") {
    const auto make = [] {
      auto world = a_shadow_then(a_canary());
      world->service.distort = [it = world.get()](const auto& version, const auto&,
                                                  hotswap::metrics_snapshot& seen) {
        const bool serves = it->service.in_force().share_of(version) > hotswap::share{};
        if (version == it->candidate && serves) seen.errors = seen.requests / 2;
      };
      return world;
    };
    dies_at_each_call(make, "rolled_back, metrics_degraded");
  }
}

TEST_CASE("shadow: abandoned when it was committed, the baseline serves, and the shadow goes",
          "[strategies][shadow][abandon]") {
  const std::size_t calls = calls_of([] { return a_shadow(); });
  std::size_t committed = 0;
  for (std::size_t n = 3; n <= calls; ++n) {
    const auto world = a_shadow();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    const bool is_committed = support::is_committed(*world);
    if (is_committed) ++committed;
    const auto result = support::abandoned(*world);
    CAPTURE(n, process.last_words());
    CHECK(result.status() ==
          (is_committed ? deployment_status::succeeded : deployment_status::aborted));
    CHECK(result.reason_code() == (is_committed ? reason_code::validated : reason_code::aborted));
    CHECK(result.active() == world->baseline);
    CHECK(world->broken_promises(result) == nothing);
    CHECK(world->service.mirror() == hotswap::share{});
  }
  CHECK(committed >= 2);
}

TEST_CASE("shadow: a journal of another `then` is refused", "[strategies][shadow][replay]") {
  const auto world = a_shadow_then(a_canary());
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(20));
  std::get<hotswap::canary_config>(world->config.then).keep_duration = 1h;

  CHECK_THROWS_AS(world->run(), hotswap::journal_mismatch);
}
