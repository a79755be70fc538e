// The rollouts whose journals stand in `golden/`, with the code of today. The hidden test
// "[record]" writes the journals that are missing.
//
// A golden journal is written once, by the program of its time, and never again: it stands for the
// rollouts that such a program leaves to a later one. What is new gets a new name.

#include <hotswap/config/journal_json.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/rolling.hpp>
#include <hotswap/strategies/shadow.hpp>

#include "support/catch.hpp"
#include "support/simulated_fleet.hpp"
#include "support/simulated_service.hpp"
#include "support/simulated_shadow.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace {

using golden_canary =
    simulated_deployment<readable_service, hotswap::canary_config, hotswap::canary_strategy>;
using golden_blue_green = simulated_blue_green<>;
using golden_ab_test =
    simulated_deployment<readable_service, hotswap::ab_test_config, hotswap::ab_test_strategy>;
using golden_shadow = simulated_shadow;
using golden_rolling =
    simulated_deployment<simulated_fleet, hotswap::rolling_config, hotswap::rolling_strategy>;
using golden_first = simulated_first<hotswap::canary_config, hotswap::canary_strategy>;

class golden_rollout {
 public:
  golden_rollout(std::string named, std::string ends,
                 std::function<std::vector<hotswap::journal_record>()> recording)
      : name(std::move(named)), end(std::move(ends)), record(std::move(recording)) {}

  std::string name;  ///< of its file, which ends in `.jsonl`
  std::string end;   ///< `succeeded, promoted`
  std::function<std::vector<hotswap::journal_record>()> record;  ///< with the code of today
};

/// @param document  an operator's
/// @param differs   makes the world in which it ends so
template <typename World, typename Config>
golden_rollout golden(std::string name, std::string end, std::string document,
                      std::function<void(World&)> differs) {
  return {std::move(name), std::move(end), [document, differs] {
            World world;
            world.with_users_journal();
            world.environment.driver = "golden";
            world.context().document = document;
            world.context().request_id = "change-4711";
            world.config = std::get<Config>(hotswap::parse_strategy(document));
            differs(world);
            (void)world.run();
            return world.records();
          }};
}

std::vector<golden_rollout> golden_rollouts() {
  using namespace std::chrono_literals;
  using hotswap::server_id;
  std::vector<golden_rollout> all;

  const auto canary = [&all](std::string name, std::string end, std::string keys,
                             std::function<void(golden_canary&)> differs) {
    const std::string document =
        R"({"strategy": "Canary", "steps": [20, 100], "analysisInterval": "PT5M")" + keys + "}";
    all.push_back(golden<golden_canary, hotswap::canary_config>("canary_" + name, std::move(end),
                                                                document, std::move(differs)));
  };
  canary("promoted", "succeeded, promoted", "", [](auto&) {});
  canary("rolled_back", "rolled_back, metrics_degraded", "",
         [](auto& world) { world.service.quality["2"].error_rate = 0.05; });
  canary("rolled_back_at_100", "rolled_back, metrics_degraded", "", [](auto& world) {
    world.service.distort = [&world](const auto& version, const auto&, auto& seen) {
      const bool is_late = world.clock.elapsed() > 15min;
      if (version == world.candidate && is_late) seen.errors = seen.requests / 10;
    };
  });
  canary("deploy_failed", "rolled_back, deploy_failed", "",
         [](auto& world) { world.service.breaks("deploy fraud@2", fault::throws); });
  canary("deploy_hangs", "rolled_back, deploy_failed", R"(, "deadlines": {"deploy": "PT1M"})",
         [](auto& world) { world.service.breaks("deploy fraud@2", fault::hangs); });
  canary("set_split_failed", "rolled_back, set_split_failed", "",
         [](auto& world) { world.service.breaks("set_split 100 % fraud@2", fault::throws); });
  canary("unhealthy", "rolled_back, unhealthy", R"(, "monitoringDuration": "PT20M")",
         [](auto& world) {
           world.at(4min, [&world] { world.service.breaks("healthy fraud@2", fault::lies); });
         });
  canary("aborted", "aborted, aborted", "", [](auto& world) {
    world.at(12min, [&world] { world.control().abort("alice", "it is the wrong version"); });
  });
  canary("baseline_lost", "rollback_failed, metrics_degraded", "", [](auto& world) {
    world.service.distort = [&world](const auto& version, const auto&, auto& seen) {
      const bool is_late = world.clock.elapsed() > 15min;
      if (version == world.candidate && is_late) seen.errors = seen.requests / 10;
    };
    world.service.breaks("warm_up fraud@1", fault::throws);
  });
  canary("paused", "succeeded, promoted", "", [](auto& world) {
    world.at(6min, [&world] { world.control().pause("alice", "the dashboard looks odd"); });
    world.at(40min, [&world] { world.control().resume("alice", "it was the dashboard"); });
    world.at(45min, [&world] { world.control().promote_fully("bob", "it is late"); });
  });
  canary("approved", "succeeded, promoted", R"(, "deadline": "P1D")", [](auto& world) {
    world.config.steps.back().approval = true;
    world.context().document =
        R"({"strategy": "Canary", "steps": [20, {"share": 100, "approval": true}],)"
        R"( "analysisInterval": "PT5M", "deadline": "P1D"})";
    world.at(30min, [&world] { world.control().approve("step-100", "carol", "looks good"); });
  });
  canary("held", "succeeded, promoted", R"(, "onFailure": "hold")", [](auto& world) {
    world.service.distort = [&world](const auto& version, const auto&, auto& seen) {
      const bool is_early = world.clock.elapsed() < 12min;
      if (version == world.candidate && is_early) seen.errors = seen.requests / 10;
    };
    world.at(30min, [&world] { world.control().promote("alice", "known, and fixed", true); });
  });
  canary("extended", "rolled_back, inconclusive",
         R"(, "requiredMetrics": ["accuracy"], "maxExtensions": 1)", [](auto&) {});

  const std::string switching =
      R"({"strategy": "BlueGreen", "smokeTestSamples": 50, "analysisInterval": "PT1M"})";
  const auto blue_green = [&](std::string name, std::string end,
                              std::function<void(golden_blue_green&)> differs) {
    all.push_back(golden<golden_blue_green, hotswap::blue_green_config>(
        "blue_green_" + name, std::move(end), switching, std::move(differs)));
  };
  blue_green("promoted", "succeeded, promoted", [](auto&) {});
  blue_green("rolled_back", "rolled_back, metrics_degraded",
             [](auto& world) { world.service.quality["2"].error_rate = 0.05; });
  blue_green("smoke_test_failed", "rolled_back, smoke_test_failed",
             [](auto& world) { world.service.breaks("smoke_test fraud@2", fault::lies); });

  blue_green("aborted", "aborted, aborted", [](auto& world) {
    world.at(4min, [&world] { world.control().abort("alice", "it is the wrong version"); });
  });
  blue_green("paused", "succeeded, promoted", [](auto& world) {
    world.at(3min, [&world] { world.control().pause("alice", "the dashboard looks odd"); });
    world.at(15min, [&world] { world.control().resume("alice", "it was the dashboard"); });
    world.at(16min, [&world] { world.control().promote("bob", "it is late"); });
  });
  blue_green("blue_lost", "rollback_failed, metrics_degraded", [](auto& world) {
    world.service.quality["2"].error_rate = 0.05;
    world.service.breaks("healthy fraud@1", fault::lies);
  });

  const auto ab_test = [&all](std::string name, std::string end, double accuracy,
                              std::function<void(golden_ab_test&)> differs) {
    const std::string document =
        R"({"strategy": "ABTesting", "duration": "PT4H", "analysisInterval": "PT1H",)"
        R"( "ramp": [20]})";
    all.push_back(golden<golden_ab_test, hotswap::ab_test_config>(
        "ab_test_" + name, std::move(end), document, [accuracy, differs](golden_ab_test& world) {
          world.service.rate = 50.0;
          world.service.quality["1"].accuracy = 0.90;
          world.service.quality["2"].accuracy = accuracy;
          differs(world);
        }));
  };
  ab_test("winner_candidate", "succeeded, winner_candidate", 0.95, [](auto&) {});
  ab_test("winner_baseline", "succeeded, winner_baseline", 0.88, [](auto&) {});
  ab_test("no_difference", "succeeded, no_difference", 0.90, [](auto&) {});
  ab_test("guardrail", "rolled_back, metrics_degraded", 0.95, [](auto& world) {
    world.service.distort = [&world](const auto& version, const auto&, auto& seen) {
      const bool is_late = world.clock.elapsed() > 3h;
      if (version == world.candidate && is_late) seen.errors = seen.requests / 5;
    };
  });

  ab_test("aborted", "aborted, aborted", 0.95, [](auto& world) {
    world.at(2h, [&world] { world.control().abort("alice", "the sample is wrong"); });
  });
  ab_test("paused", "succeeded, winner_candidate", 0.95, [](auto& world) {
    world.at(5min, [&world] { world.control().promote_fully("bob", "no ramp"); });
    world.at(2h, [&world] { world.control().pause("alice", "a holiday"); });
    world.at(6h, [&world] { world.control().resume("alice", "back"); });
  });

  const auto shadow = [&all](std::string name, std::string end, std::string keys,
                             std::function<void(golden_shadow&)> differs) {
    const std::string document =
        R"({"strategy": "Shadow", "duration": "PT30M", "analysisInterval": "PT5M")" + keys + "}";
    all.push_back(golden<golden_shadow, hotswap::shadow_config>("shadow_" + name, std::move(end),
                                                                document, std::move(differs)));
  };
  const std::string then_canary =
      R"(, "promote": "canary", "then": {"strategy": "Canary", "steps": [20, 100],)"
      R"( "analysisInterval": "PT5M"})";
  shadow("reported", "succeeded, validated", "", [](auto&) {});
  shadow("then_canary", "succeeded, promoted", then_canary, [](auto&) {});
  shadow("disagrees", "rolled_back, metrics_degraded", "",
         [](auto& world) { world.service.answers.disagreement_rate = 0.2; });

  shadow(
      "then_blue_green", "rolled_back, metrics_degraded",
      R"(, "promote": "blueGreen", "then": {"strategy": "BlueGreen", "analysisInterval": "PT1M"})",
      [](auto& world) {
        world.service.distort = [&world](const auto& version, const auto&, auto& seen) {
          const bool is_late = world.clock.elapsed() > 32min;
          if (version == world.candidate && is_late) seen.errors = seen.requests / 10;
        };
      });
  shadow("aborted", "aborted, aborted", "", [](auto& world) {
    world.at(12min, [&world] { world.control().abort("alice", "it costs too much"); });
  });

  const auto rolling = [&all](std::string name, std::string end,
                              std::function<void(golden_rolling&)> differs) {
    const std::string document =
        R"({"strategy": "Rolling", "maxUnavailable": 2, "analysisInterval": "PT1M"})";
    all.push_back(golden<golden_rolling, hotswap::rolling_config>("rolling_" + name, std::move(end),
                                                                  document, std::move(differs)));
  };
  rolling("promoted", "succeeded, promoted", [](auto&) {});
  rolling("rolled_back", "rolled_back, metrics_degraded",
          [](auto& world) { world.service.quality["2"].error_rate = 0.05; });
  rolling("unhealthy", "rolled_back, unhealthy", [](auto& world) {
    world.service.bad_servers.insert({server_id{"web-4"}, world.candidate});
  });
  rolling("server_lost", "rollback_failed, metrics_degraded", [](auto& world) {
    world.service.quality["2"].error_rate = 0.05;
    world.service.breaks("update web-2 to fraud@1", fault::throws);
  });

  rolling("aborted", "aborted, aborted", [](auto& world) {
    world.at(9min, [&world] { world.control().abort("alice", "it is the wrong version"); });
  });
  rolling("paused", "succeeded, promoted", [](auto& world) {
    world.at(3min, [&world] { world.control().pause("alice", "a holiday"); });
    world.at(12min, [&world] { world.control().resume("bob", "back"); });
  });

  all.push_back(golden<golden_first, hotswap::canary_config>(
      "canary_first", "succeeded, promoted",
      R"({"strategy": "Canary", "steps": [20, 100], "analysisInterval": "PT5M"})", [](auto&) {}));
  all.push_back(golden<golden_first, hotswap::canary_config>(
      "canary_first_bad", "rollback_failed, metrics_degraded",
      R"({"strategy": "Canary", "steps": [20, 100], "analysisInterval": "PT5M"})",
      [](auto& world) { world.service.quality["1"].error_rate = 0.9; }));
  return all;
}

const std::filesystem::path folder = std::filesystem::path{HOTSWAP_TESTS} / "golden";

std::string end_of(const std::vector<hotswap::journal_record>& records) {
  const auto& end = std::get<hotswap::terminal_record>(records.back().payload);
  return std::string{to_string(end.status)} + ", " + std::string{to_string(end.reason_code)};
}

}  // namespace

TEST_CASE("golden journals: the code of today ends each rollout as it was recorded",
          "[replay][golden]") {
  for (const golden_rollout& each : golden_rollouts()) {
    CAPTURE(each.name);
    CHECK(end_of(each.record()) == each.end);
    std::ifstream in{folder / (each.name + ".jsonl"), std::ios::binary};
    std::vector<hotswap::journal_record> recorded;
    for (std::string line; std::getline(in, line);) {
      recorded.push_back(hotswap::parse_record(line));
    }
    REQUIRE_FALSE(recorded.empty());
    CHECK(end_of(recorded) == each.end);
  }
}

TEST_CASE("record the golden journals that are missing", "[.][record]") {
  for (const golden_rollout& each : golden_rollouts()) {
    const auto file = folder / (each.name + ".jsonl");
    if (std::filesystem::exists(file)) continue;
    const auto records = each.record();
    REQUIRE(end_of(records) == each.end);
    std::ofstream out{file, std::ios::binary};
    for (const auto& record : records) out << hotswap::to_json(record) << '\n';
    CHECK(out.flush());
    WARN("recorded " << each.name);
  }
}
