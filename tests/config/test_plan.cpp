// What plan promises: the steps of a document, and how long they take, before anything is touched.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/plan.hpp>
#include <hotswap/config/strategy_config.hpp>
#include <hotswap/core/share.hpp>

#include "config/random_config.hpp"
#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using config_tests::refusal_of;
using hotswap::parse_strategy;
using hotswap::plan;
using hotswap::rollout_plan;

namespace {

using texts = std::vector<std::string>;

constexpr hotswap::plan_options no_calls = {.call = 0s, .servers = 4};

/// `step-10: shift, observe`
texts outline(const rollout_plan& planned) {
  texts lines;
  for (const auto& step : planned.steps) {
    std::string line = step.name + ":";
    for (const auto verb : step.verbs) line += " " + std::string{verb};
    lines.push_back(line);
  }
  return lines;
}

rollout_plan of_document(const std::string& strategy, const std::string& members,
                         hotswap::plan_options options = no_calls) {
  return plan(parse_strategy("{\"strategy\": \"" + strategy + "\", " + members + "}"), options);
}

template <typename Unit>
auto whole(std::chrono::milliseconds time) {
  return std::chrono::floor<Unit>(time).count();
}

}  // namespace

TEST_CASE("plan: with defaults and calls of a second, a canary takes 30 to 60 minutes",
          "[config][plan]") {
  const rollout_plan planned = plan(hotswap::canary_config{});

  CHECK(planned.shortest >= 30min);
  CHECK(planned.shortest <= 60min);
}

TEST_CASE("plan: with defaults and calls of a second, blue-green takes 10 to 15 minutes",
          "[config][plan]") {
  const rollout_plan planned = plan(hotswap::blue_green_config{});

  CHECK(whole<std::chrono::minutes>(planned.shortest) >= 10);
  CHECK(whole<std::chrono::minutes>(planned.shortest) <= 15);  // of which the calls are seconds
}

TEST_CASE("plan: with defaults and calls of a second, an A/B test takes 7 to 14 days, extended",
          "[config][plan]") {
  const rollout_plan planned = plan(hotswap::ab_test_config{});

  CHECK(whole<std::chrono::days>(planned.shortest) == 7);
  CHECK(whole<std::chrono::days>(planned.longest) == 14);
}

TEST_CASE("plan: with defaults and calls of a second, four servers take 20 to 30 minutes",
          "[config][plan]") {
  const rollout_plan planned = plan(hotswap::rolling_config{}, {.call = 1s, .servers = 4});

  CHECK(planned.shortest >= 20min);
  CHECK(planned.shortest <= 30min);
}

TEST_CASE("plan: a canary takes a step per share, then keeps the baseline", "[config][plan]") {
  const rollout_plan planned = plan(hotswap::canary_config{}, no_calls);

  CHECK(planned.strategy == "Canary");
  CHECK(outline(planned) == texts{"start: reference deploy warm_up", "step-10: shift observe",
                                  "step-25: shift observe", "step-50: shift observe",
                                  "step-100: shift observe", "end: wait retire"});
  CHECK(planned.shortest == 50min);
  // three extensions of each step, and a minute for a source that begins to count with the rollout
  CHECK(planned.longest == 50min + 4 * 3 * 10min + 1min);
  CHECK_FALSE(planned.needs_approval);
  const auto& quarter = planned.steps[2];
  CHECK(quarter.candidate_share == 25_pct);
  CHECK(quarter.shortest == 10min);
  CHECK(quarter.longest == 40min);
  CHECK(quarter.hold == 0s);
  CHECK(quarter.look_interval == 1min);
  CHECK(quarter.minimum_samples == 1'000);
  CHECK(planned.steps.back().candidate_share == std::nullopt);
}

TEST_CASE("plan: tells at which traffic the samples come without an extension", "[config][plan]") {
  const rollout_plan planned =
      of_document("Canary", R"("steps": [1, {"share": 60, "minimumSamples": 6000}, 100])");

  CHECK(planned.steps[1].requests_per_second == Approx(1'000 / 0.01 / 600));
  CHECK(planned.steps[2].minimum_samples == 6'000);
  CHECK(planned.steps[2].requests_per_second == Approx(6'000 / 0.4 / 600));  // of the baseline
  CHECK(planned.steps[3].requests_per_second == Approx(1'000 / 600.0));      // the candidate's
  const rollout_plan shadow = of_document("Shadow", R"("sampleRate": 0.1)");
  CHECK(shadow.steps[1].requests_per_second == Approx(1'000 / 0.1 / 3'600));
}

TEST_CASE("plan: a step is extended by its own bake, or by the monitoringDuration that is written",
          "[config][plan]") {
  const std::string steps = R"("steps": [{"share": 50, "duration": "PT1H"}, 100])";

  const rollout_plan silent = of_document("Canary", steps);
  CHECK(silent.steps[1].longest == 1h + 3 * 1h);
  CHECK(silent.steps[2].longest == 10min + 3 * 10min);

  const rollout_plan written =
      of_document("Canary", steps + R"(, "monitoringDuration": "PT20M", "maxExtensions": 2)");
  CHECK(written.steps[1].longest == 1h + 2 * 20min);
  CHECK(written.steps[2].longest == 20min + 2 * 20min);

  const rollout_plan never = of_document("Canary", steps + R"(, "onInconclusive": "rollback")");
  CHECK(never.steps[1].longest == 1h);
}

TEST_CASE("plan: a holdback is given up at the end", "[config][plan]") {
  const rollout_plan planned = of_document("Canary", R"("steps": [50, 100], "holdback": 5)");

  CHECK(outline(planned) == texts{"start: reference deploy warm_up", "step-50: shift observe",
                                  "step-100: shift observe", "end: shift wait retire"});
  CHECK(planned.steps[2].candidate_share == 95_pct);
  CHECK(planned.steps[3].candidate_share == 100_pct);
  CHECK(planned.steps[2].requests_per_second == Approx(1'000 / 0.05 / 600));
}

TEST_CASE("plan: approvals and holds are time that a person takes", "[config][plan]") {
  const rollout_plan asks =
      of_document("Canary", R"("steps": [50, {"share": 100, "approval": true}])");
  CHECK(outline(asks)[2] == "step-100: approve shift observe");
  CHECK(asks.steps[2].needs_approval);
  CHECK_FALSE(asks.steps[1].needs_approval);
  CHECK(asks.needs_approval);

  for (const std::string_view holds :
       {R"("onFailure": "hold")", R"("onInconclusive": "hold")", R"("onExhausted": "hold")"}) {
    CAPTURE(holds);
    const rollout_plan held = of_document(
        "Canary", R"("steps": [50, 100], "holdTimeout": "PT2H", )" + std::string{holds});
    CHECK(held.steps[1].hold == 2h);
    CHECK(held.steps[2].hold == 2h);
    CHECK(held.steps[0].hold == 0s);
    CHECK(held.longest > 4h);
  }
}

TEST_CASE("plan: the deadline ends a rollout, but not a hold", "[config][plan]") {
  CHECK(of_document("Canary", R"("deadline": "PT1H")").longest == 1h);
  CHECK(of_document("Canary", R"("deadline": "P1D")").longest == 2h + 51min);
  CHECK(of_document("Canary", R"("deadline": "PT1H", "onFailure": "hold", "steps": [50, 100])")
            .longest == 1h + 2 * 24h);
}

TEST_CASE("plan: blue-green tries green, switches, and keeps blue", "[config][plan]") {
  const rollout_plan planned = of_document("BlueGreen", R"("keepBlueDuration": "PT1H")");

  CHECK(outline(planned) == texts{"start: reference deploy warm_up smoke_test",
                                  "switch: shift observe", "end: wait retire"});
  CHECK(planned.steps[1].candidate_share == 100_pct);
  CHECK(planned.steps[1].minimum_samples == 1'000);
  CHECK(planned.shortest == 5min + 1h);
  CHECK(planned.longest == 4 * 5min + 1h + 30s);
}

TEST_CASE("plan: an A/B test may be extended once, and only a winning candidate is observed",
          "[config][plan]") {
  const rollout_plan planned = of_document(
      "ABTesting", R"("ramp": [5, {"share": 10, "duration": "PT2H"}], "duration": "P2D")");

  CHECK(outline(planned) == texts{"start: reference deploy warm_up", "ramp-5: shift observe",
                                  "ramp-10: shift observe", "experiment: shift observe decide",
                                  "winner: shift observe", "end: wait retire"});
  CHECK(planned.steps[1].longest == 2 * 10min);
  CHECK(planned.steps[1].minimum_samples == 1'000);
  CHECK(planned.steps[2].longest == 2 * 2h);
  CHECK(planned.steps[3].candidate_share == 50_pct);
  CHECK(planned.steps[3].shortest == 48h);
  CHECK(planned.steps[3].longest == 96h);
  CHECK(planned.steps[3].minimum_samples == 10'000);
  CHECK(planned.steps[4].shortest == 0s);
  CHECK(planned.steps[4].longest == 2 * 10min);
  CHECK(planned.shortest == 10min + 2h + 48h + 1h);
}

TEST_CASE("plan: a shadow ends with a report, or goes on as the document under then",
          "[config][plan]") {
  const rollout_plan report = plan(hotswap::shadow_config{}, no_calls);
  CHECK(outline(report) ==
        texts{"start: reference deploy warm_up", "shadow: mirror compare", "end: mirror retire"});
  CHECK(report.shortest == 1h);
  CHECK(report.steps[1].candidate_share == std::nullopt);

  const rollout_plan canary =
      of_document("Shadow", R"("promote": "canary", "then": {"steps": [50, 100]})");
  CHECK(outline(canary) == texts{"start: reference deploy warm_up", "shadow: mirror compare",
                                 "validated: mirror", "step-50: shift observe",
                                 "step-100: shift observe", "end: wait retire"});
  CHECK(canary.shortest == 1h + 30min);

  const rollout_plan green = of_document("Shadow", R"("promote": "blueGreen", "then": {})");
  CHECK(outline(green) == texts{"start: reference deploy warm_up", "shadow: mirror compare",
                                "validated: mirror", "then: smoke_test", "switch: shift observe",
                                "end: wait retire"});
  CHECK(green.shortest == 1h + 15min);
}

TEST_CASE("plan: a rolling deployment takes a batch after the other", "[config][plan]") {
  const auto servers = [](std::size_t count, const std::string& members = R"("name": "x")") {
    return of_document("Rolling", members, {.call = 0s, .servers = count});
  };
  const std::string each = ": batch rotate update healthy rotate serve observe";

  const rollout_plan three = servers(3);
  CHECK(outline(three) == texts{"start: reference", "batch-1" + each, "batch-2" + each,
                                "batch-3" + each, "batch-4: batch", "end: commit"});
  CHECK(three.shortest == 3 * (5min + 10s));
  // a server may take its health timeout, and is asked once more
  CHECK(three.longest == 30s + 3 * (4 * 5min + 10min + 5s));
  CHECK(three.steps[1].candidate_share == hotswap::share::basis_points(3'333));
  CHECK(three.steps[1].minimum_samples == 1'000);
  CHECK(three.steps[1].requests_per_second == Approx(1'000 / 0.3333 / 300));
  CHECK(three.steps[3].candidate_share == 100_pct);
  CHECK(servers(10, R"("maxUnavailable": 4)").steps.size() == 1 + 3 + 2);
  CHECK(servers(8, R"("maxUnavailable": 4)").steps.size() == 1 + 2 + 2);
  CHECK(servers(4, R"("maxUnavailable": 9)").steps.size() == 1 + 2 + 2);  // 3, then the last

  const rollout_plan health_only = servers(2, R"("monitoringDuration": "PT0S")");
  CHECK(outline(health_only) == texts{"start:", "batch-1: batch rotate update healthy rotate serve",
                                      "batch-2: batch rotate update healthy rotate serve",
                                      "batch-3: batch", "end: commit"});
  CHECK(health_only.shortest == 20s);
  CHECK(health_only.steps[1].look_interval == 0s);
  CHECK(health_only.steps[1].minimum_samples == std::nullopt);
}

TEST_CASE("plan: the first version of a model gets all the traffic at once", "[config][plan]") {
  const hotswap::plan_options first = {.call = 0s, .servers = 4, .first = true};

  const rollout_plan canary = plan(hotswap::canary_config{}, first);
  CHECK(outline(canary) ==
        texts{"start: vacancy deploy warm_up smoke_test", "first: shift observe"});
  CHECK(canary.shortest == 10min);
  CHECK(canary.steps[1].candidate_share == 100_pct);
  CHECK(canary.steps[1].requests_per_second == Approx(1'000 / 600.0));
  CHECK(plan(hotswap::blue_green_config{}, first).shortest == 5min);
}

TEST_CASE("plan: each call takes the time that it is said to take", "[config][plan]") {
  const hotswap::strategy_config config = hotswap::canary_config{};
  const auto seconds = [&](std::chrono::milliseconds call) {
    return plan(config, {.call = call, .servers = 4}).shortest - 50min;
  };

  CHECK(seconds(0s) == 0s);
  // the start 4; three steps with a baseline 5, the last 3; the end 1
  CHECK(seconds(1s) == 4s + 3 * 5s + 3s + 1s);
  CHECK(seconds(10s) == 10 * seconds(1s));
}

TEST_CASE("plan: what cannot be planned is refused", "[config][plan][errors]") {
  const auto refused = [](const hotswap::strategy_config& config, hotswap::plan_options options) {
    const auto seen = refusal_of([&] { (void)plan(config, options); });
    if (!seen.pointer.empty()) CHECK(seen.message.starts_with(seen.pointer + ": must "));
    return seen.message;
  };
  hotswap::rolling_config pairs;
  pairs.max_unavailable = 2;
  hotswap::canary_config hurried;
  hurried.deadline = 50min + 10s;
  hotswap::canary_config wrong;
  wrong.steps.clear();

  CHECK(refused(pairs, {.servers = 2}) == "accepted");
  CHECK(refused(pairs, {.servers = 1}) ==
        "/strategy: must be one that leaves a server in rotation, got Rolling of 1 server");
  CHECK(refused(hotswap::shadow_config{}, {.first = true}) ==
        "/strategy: must be Canary or BlueGreen for the first deployment of a model, got Shadow");
  CHECK(refused(hotswap::rolling_config{}, {.servers = 0}) ==
        "plan: servers must be a number from 1 to 100000, got 0");
  CHECK(refused(hotswap::rolling_config{}, {.servers = 100'001}) ==
        "plan: servers must be a number from 1 to 100000, got 100001");
  CHECK(refused(hotswap::canary_config{}, {.call = -1ms}) ==
        "plan: call must be a duration of at most P365D, got -PT0.001S");
  CHECK(refused(hotswap::canary_config{}, {.call = 8760h + 1ms}) ==
        "plan: call must be a duration of at most P365D, got P365DT0.001S");
  CHECK(refused(hurried, {.call = 0s}) == "accepted");
  CHECK(refused(hurried, {.call = 1s}) ==
        "/deadline: must exceed the shortest way, PT50M23S, with calls of PT1S, got PT50M10S");
  CHECK(refused(wrong, {}) == "/steps: must end at 100, got an empty list");
}

TEST_CASE("plan: of any config, the steps have names of their own and sum up to the whole",
          "[config][plan]") {
  config_tests::random_configs random{20260303};

  for (int i = 0; i < 1'000; ++i) {
    const hotswap::strategy_config config = random.next();
    const rollout_plan planned = plan(config, no_calls);

    std::set<std::string> names;
    std::chrono::milliseconds shortest{};
    for (const auto& step : planned.steps) {
      REQUIRE(names.insert(step.name).second);
      REQUIRE(step.shortest <= step.longest);
      REQUIRE((!step.verbs.empty() || step.name == "start"));
      shortest += step.shortest;
    }
    REQUIRE(planned.shortest == shortest);
    REQUIRE(planned.shortest <= planned.longest);
    const auto waits = std::visit([](const auto& each) { return planned_waits(each); }, config);
    REQUIRE(planned.shortest >= waits);
  }
}
