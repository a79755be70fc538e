// What the replay checker finds in a journal, and says of it.

#include <hotswap/async/task.hpp>
#include <hotswap/config/journal_json.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>
#include <hotswap/testing/recorded_platform.hpp>
#include <hotswap/testing/replay_checker.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using hotswap::check_replay;
using hotswap::deployment_result;
using hotswap::journal_record;
using hotswap::model_version;
using hotswap::opening_record;
using hotswap::recorded_platform;
using hotswap::rollout_context;
using hotswap::task;

namespace {

/// Of a canary that was promoted.
std::vector<journal_record> recorded() {
  std::ifstream in{HOTSWAP_TESTS "/golden/canary_promoted.jsonl", std::ios::binary};
  std::vector<journal_record> records;
  for (std::string line; std::getline(in, line);) records.push_back(hotswap::parse_record(line));
  REQUIRE(records.size() > 20);
  return records;
}

journal_record& record_of(std::vector<journal_record>& records, const std::string& step,
                          const std::string& verb, hotswap::record_phase phase) {
  const auto found = std::find_if(records.begin(), records.end(), [&](const journal_record& each) {
    return each.step == step && each.verb == verb && each.phase == phase;
  });
  REQUIRE(found != records.end());
  return *found;
}

task<deployment_result> started(recorded_platform& platform, const opening_record& opening,
                                rollout_context& context, hotswap::canary_config config) {
  const hotswap::canary_strategy canary{platform, platform, platform, std::move(config)};
  return canary.deploy({opening.model, opening.baseline}, {opening.model, opening.candidate},
                       context);
}

task<deployment_result> as_then(recorded_platform& platform, const opening_record& opening,
                                rollout_context& context) {
  return started(platform, opening, context,
                 std::get<hotswap::canary_config>(hotswap::parse_strategy(opening.document)));
}

task<deployment_result> with_fewer_samples(recorded_platform& platform,
                                           const opening_record& opening,
                                           rollout_context& context) {
  auto config = std::get<hotswap::canary_config>(hotswap::parse_strategy(opening.document));
  config.minimum_samples = 500;
  return started(platform, opening, context, std::move(config));
}

/// As a program does that deploys the candidate, whatever it finds.
task<deployment_result> deploys_anyway(recorded_platform& platform, const opening_record& opening,
                                       rollout_context& context) {
  const model_version candidate{opening.model, opening.candidate};
  co_await platform.deploy(candidate);
  deployment_result result = co_await as_then(platform, opening, context);
  co_return result;
}

}  // namespace

TEST_CASE("check_replay: a journal is replayed from each of its records", "[replay][testing]") {
  std::vector<journal_record> records = recorded();
  const auto check = check_replay(records, as_then);
  CHECK(check.is_same());
  CHECK(check.difference.empty());
  CHECK(check.replays == records.size());

  SECTION("but not from the last, if the request has no id: it would be another rollout") {
    auto opening = std::make_shared<opening_record>(
        *std::get<std::shared_ptr<const opening_record>>(records.front().payload));
    opening->request_id = {};
    records.front().payload = std::shared_ptr<const opening_record>{opening};
    CHECK(check_replay(records, as_then).replays == records.size() - 1);
  }
}

TEST_CASE("check_replay: tells of the first record that is another one", "[replay][testing]") {
  std::vector<journal_record> records = recorded();
  SECTION("of a verb that is asked for something else") {
    record_of(records, "step-100", "shift", hotswap::record_phase::began).payload =
        hotswap::fingerprint_record{"50 % fraud@1, 50 % fraud@2"};
    CHECK(check_replay(records, as_then).difference ==
          "journal of fraud, record 14 of fraud~1767225600000: must be step-100/shift began of "
          "50 % fraud@1, 50 % fraud@2, got step-100/shift began of 100 % fraud@2 in the replay of "
          "its first 1 records");
  }
  SECTION("of a bake that ended otherwise") {
    record_of(records, "step-20", "observe", hotswap::record_phase::outcome).payload =
        hotswap::outcome_record{"promoted"};
    CHECK(check_replay(records, as_then).difference ==
          "journal of fraud, record 13 of fraud~1767225600000: must be step-20/observe outcome "
          "promoted, got step-20/observe outcome pass in the replay of its first 1 records");
  }
  SECTION("of another end") {
    records.back().payload =
        hotswap::terminal_record{hotswap::deployment_status::rolled_back, "1",
                                 hotswap::reason_code::metrics_degraded, "it failed"};
    CHECK(check_replay(records, as_then).difference ==
          "journal of fraud, record 25 of fraud~1767225600000: must be rollout outcome "
          "rolled_back, metrics_degraded, active 1, got rollout outcome succeeded, promoted, "
          "active 2 in the replay of its first 1 records");
  }
}

TEST_CASE("check_replay: tells of what the code of today does besides", "[replay][testing]") {
  std::vector<journal_record> records = recorded();
  std::erase_if(records, [](const journal_record& each) { return each.verb == "wait"; });
  std::uint64_t sequence = 0;
  for (journal_record& each : records) each.sequence = ++sequence;
  CHECK(check_replay(records, as_then).difference ==
        "journal of fraud, after record 1 of fraud~1767225600000: must be what was recorded, got "
        "end/wait began of 10 min too in the replay of its first 1 records");
}

TEST_CASE("check_replay: tells of a call that is made again though its outcome is recorded",
          "[replay][testing]") {
  CHECK(check_replay(recorded(), deploys_anyway).difference ==
        "journal of fraud, record 5 of fraud~1767225600000: start/deploy must not be repeated, got "
        "deploy of fraud@2 again in the replay of its first 5 records");
}

TEST_CASE("check_replay: tells why the code of today refuses a journal", "[replay][testing]") {
  const auto check = check_replay(recorded(), with_fewer_samples);
  CHECK(check.replays == 1);
  CHECK(check.difference.starts_with(
      "journal of fraud, record 1 of fraud~1767225600000: config must be '"));
  CHECK(check.difference.ends_with("' in the replay of its first 1 records"));
}

TEST_CASE("check_replay: needs the journal of a rollout that has ended",
          "[replay][testing][errors]") {
  std::vector<journal_record> records = recorded();
  records.pop_back();
  CHECK_THROWS_WITH(check_replay(records, as_then),
                    "replayed_journal: the last record must be terminal, got end/retire outcome");
  records.erase(records.begin());
  CHECK_THROWS_WITH(check_replay(records, as_then),
                    "replayed_journal: record 1 must be the opening of a rollout");
  CHECK_THROWS_AS(check_replay({}, as_then), hotswap::journal_error);
}
