// What a journal must do, what memory_journal does, and what a rollout writes to one.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/strategies/canary.hpp>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::journal_record;
using hotswap::memory_journal;
using hotswap::record_phase;

using texts = std::vector<std::string>;

namespace {

journal_record record(std::uint64_t sequence, hotswap::record_payload payload = {}) {
  journal_record made;
  made.sequence = sequence;
  made.rollout = "fraud~1";
  made.driver = "a";
  made.payload = std::move(payload);
  return made;
}

hotswap::terminal_record an_end() {
  return {deployment_status::succeeded, "2", hotswap::reason_code::promoted, "it serves"};
}

/// A journal on a clock of its own.
class kept {
 public:
  void append(journal_record added) { clock_.run(journal_.append("fraud", std::move(added))); }
  std::vector<journal_record> load(const std::string& stream = "fraud") {
    return clock_.run(journal_.load(stream));
  }
  texts unfinished() { return clock_.run(journal_.unfinished()); }
  /// What appending it throws.
  template <typename Error>
  std::string refusal(journal_record added) {
    try {
      append(std::move(added));
    } catch (const Error& refused) {
      return refused.what();
    }
    return "";
  }

 private:
  hotswap::virtual_clock clock_;
  memory_journal journal_;
};

}  // namespace

TEST_CASE("memory_journal: gives back what was appended, oldest first", "[rollout][journal]") {
  kept journal;
  CHECK(journal.load().empty());
  CHECK(journal.unfinished().empty());

  journal.append(record(1, std::make_shared<const hotswap::opening_record>()));
  journal.append(record(2, hotswap::outcome_record{"done"}));
  const auto records = journal.load();
  REQUIRE(records.size() == 2);
  CHECK(records[0].sequence == 1);
  CHECK(std::get<hotswap::outcome_record>(records[1].payload).why == "done");
  CHECK(journal.load("churn").empty());
  CHECK(journal.unfinished() == texts{"fraud"});
}

TEST_CASE("memory_journal: the same record again is success, and changes nothing",
          "[rollout][journal]") {
  kept journal;
  journal.append(record(1));
  journal.append(record(2));
  journal.append(record(1));
  journal.append(record(2));
  CHECK(journal.load().size() == 2);
}

TEST_CASE("memory_journal: another driver's record in its place is a conflict",
          "[rollout][journal]") {
  kept journal;
  journal.append(record(1));
  auto foreign = record(1);
  foreign.driver = "b";
  CHECK(journal.refusal<hotswap::journal_conflict>(foreign) ==
        "journal of fraud: record 1 must be new, got another one there");
  CHECK(journal.load().size() == 1);
}

TEST_CASE("memory_journal: a gap is refused, for a record is missing", "[rollout][journal]") {
  kept journal;
  journal.append(record(1));
  CHECK(journal.refusal<hotswap::journal_error>(record(3)) ==
        "journal of fraud: sequence must be 2, got 3");
  CHECK(journal.load().size() == 1);
}

TEST_CASE("memory_journal: keeps the latest rollout, which begins when the one before has ended",
          "[rollout][journal]") {
  kept journal;
  journal.append(record(1));
  journal.append(record(2, an_end()));
  CHECK(journal.unfinished().empty());
  CHECK(journal.load().size() == 2);

  auto next = record(1);
  next.rollout = "fraud~2";
  journal.append(next);
  const auto records = journal.load();
  REQUIRE(records.size() == 1);
  CHECK(records[0].rollout == "fraud~2");
  CHECK(journal.unfinished() == texts{"fraud"});
}

TEST_CASE("memory_journal: does not survive the process; a user's journal does, unless it says so",
          "[rollout][journal]") {
  CHECK_FALSE(memory_journal{}.survives_the_process());
  class users_journal final : public hotswap::journal {
    hotswap::task<texts> unfinished() override { co_return texts{}; }
    hotswap::task<std::vector<journal_record>> load(std::string) override {
      co_return std::vector<journal_record>{};
    }
    hotswap::task<void> append(std::string, journal_record) override { co_return; }
  };
  CHECK(users_journal{}.survives_the_process());
}

TEST_CASE("rollout: writes each verb before its first call, and its outcome after the last",
          "[rollout][journal]") {
  simulated_rollout<> world;
  simulated_journal& journal = world.with_users_journal();
  texts both;  // what is written and what is called, in one row
  journal.script.when_called = [&](std::size_t) {
    both.push_back(journal.script.calls().back().text);
  };
  world.service.script().when_called = [&](std::size_t) {
    const std::string& text = world.service.script().calls().back().text;
    if (!text.starts_with("collect")) both.push_back(text);
  };
  const auto result = world.run();
  REQUIRE(result.status() == deployment_status::succeeded);

  both.erase(std::unique(both.begin(), both.end()), both.end());  // looks in a row
  const texts expected = {"load fraud",
                          "append rollout/began",
                          "append start/reference/began",
                          "set_split 100 % fraud@1",
                          "append start/reference/outcome",
                          "append start/deploy/began",
                          "deploy fraud@2",
                          "append start/deploy/outcome",
                          "append start/warm_up/began",
                          "warm_up fraud@2",
                          "append start/warm_up/outcome",
                          "append step-10/shift/began",
                          "set_split 90 % fraud@1, 10 % fraud@2",
                          "append step-10/shift/outcome",
                          "append step-10/observe/began",
                          "append step-10/observe/progress",
                          "append step-10/observe/outcome"};
  REQUIRE(both.size() > expected.size());
  CHECK(texts(both.begin(), both.begin() + static_cast<std::ptrdiff_t>(expected.size())) ==
        expected);
  const texts end = {
      "append end/wait/began",   "append end/wait/outcome", "append end/commit/outcome",
      "append end/retire/began", "remove fraud@1",          "append end/retire/outcome",
      "append rollout/outcome"};
  CHECK(texts(both.end() - static_cast<std::ptrdiff_t>(end.size()), both.end()) == end);
}

TEST_CASE("rollout: the decision to roll back is a record before its first action",
          "[rollout][journal]") {
  simulated_rollout<> world;
  world.service.quality["2"].error_rate = 0.5;
  simulated_journal& journal = world.with_users_journal();
  std::size_t changes = 0;
  journal.script.when_called = [&](std::size_t) {
    if (journal.script.calls().back().text == "append rollback/decision/began") {
      changes = world.service.changes().size();
    }
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rolled_back);
  CHECK(changes == 4);  // up to the first rise
  for (const auto& each : world.records()) {
    const auto* decision = std::get_if<hotswap::rollback_record>(&each.payload);
    if (decision == nullptr) continue;
    CHECK(decision->status == result.status());
    CHECK(decision->reason_code == result.reason_code());
    CHECK(decision->reason == result.reason());
  }
}

TEST_CASE("rollout: numbers its records without gaps, under one name, and opens and ends once",
          "[rollout][journal]") {
  simulated_rollout<> world;
  world.environment.driver = "pod-7";
  world.context().request_id = "change-4711";
  world.config.labels["team"] = "risk";
  const auto result = world.run();
  const auto records = world.records();

  CHECK(world.broken_promises(result) == nothing);
  for (std::size_t i = 0; i < records.size(); ++i) {
    CHECK(records[i].sequence == i + 1);
    CHECK(records[i].rollout == "fraud~1767225600000");
    CHECK(records[i].driver == "pod-7-1");
    if (i > 0) CHECK(records[i].at >= records[i - 1].at);
  }
  const auto& opening =
      *std::get<std::shared_ptr<const hotswap::opening_record>>(records.front().payload);
  CHECK(opening.format == 1);
  CHECK(opening.strategy == "Canary");
  CHECK(opening.model == "fraud");
  CHECK(opening.baseline == "1");
  CHECK(opening.candidate == "2");
  CHECK(opening.request_id == "change-4711");
  CHECK(std::get<hotswap::terminal_record>(records.back().payload) ==
        hotswap::terminal_record{result.status(), "2", result.reason_code(), result.reason()});
}

TEST_CASE(
    "rollout: its history is that of its journal, whatever comes while the last record is written",
    "[rollout][journal]") {
  simulated_rollout<> world;
  simulated_journal& journal = world.with_users_journal();
  journal.script.latency = 1s;
  journal.script.when_called = [&](std::size_t) {
    if (journal.script.calls().back().text == "append rollout/outcome") {
      world.control().abort("alice", "wait");
    }
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(result.history().back().kind == event_kind::rollout_finished);
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rollout: the next one of a model has a greater number, also if the wall clock went back",
          "[rollout][journal]") {
  simulated_rollout<> world;
  const auto first = world.run();
  world.clock.jump(-24h);
  hotswap::rollout_context next{world.environment};
  hotswap::canary_strategy canary{world.service, world.service, world.service};
  const auto second = world.clock.run(canary.deploy({"fraud", "2"}, {"fraud", "3"}, next));

  CHECK(first.history().front().rollout == "fraud~1767225600000");
  CHECK(second.history().front().rollout == "fraud~1767225600001");
  CHECK(second.status() == deployment_status::succeeded);
}

TEST_CASE("rollout: is rejected, and nothing touched, where the journal cannot be read",
          "[rollout][journal]") {
  simulated_rollout<> world;
  world.with_users_journal().script.breaks("load", fault::throws);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rejected);
  CHECK(result.reason_code() == hotswap::reason_code::journal_failed);
  CHECK(result.reason() == "the journal of fraud must be readable, got load fraud is broken");
  CHECK(world.service.script().calls().empty());
  CHECK(world.journal().script.calls().size() == 3);
  CHECK(world.clock.elapsed() > 1s);  // it has backed off
  world.journal().script.is_repaired();
  CHECK(world.records().empty());
}

TEST_CASE("rollout: a journal that cannot be read is read again, as a call to the platform is",
          "[rollout][journal]") {
  simulated_rollout<> world;
  const fault how = GENERATE(fault::throws, fault::hangs);
  world.with_users_journal().script.breaks("load", how, 2);
  const auto result = world.run();

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.journal().script.calls()[2].text == "load fraud");
  CHECK(world.journal().script.calls()[3].text == "append rollout/began");
  CHECK(world.broken_promises(result) == nothing);
}

TEST_CASE("rollout: is not read again once it is to end", "[rollout][journal]") {
  simulated_rollout<> world;
  hotswap::stop_source shutdown;
  world.environment.stop = shutdown.get_token();
  world.with_users_journal().script.breaks("load", fault::throws);
  SECTION("a stop leaves it to the next process") {
    world.at(100ms, [&] { shutdown.request_stop(); });
    CHECK_THROWS_AS(world.run(), hotswap::rollout_stopped);
  }
  SECTION("an abort ends as rejected, for nothing has begun") {
    world.at(100ms, [&] { world.control().abort("alice", "no"); });
    const auto result = world.run();
    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason() == "the journal of fraud must be readable, got load fraud is broken");
  }
  CHECK(world.journal().script.calls().size() == 1);
  CHECK(world.service.script().calls().empty());
}

TEST_CASE("backoff: doubles up to its longest, and leaves the second half of each wait to chance",
          "[rollout][backoff]") {
  hotswap::backoff wait{1s, 30s, 42};
  std::chrono::nanoseconds full = 1s;
  for (int i = 0; i < 100; ++i) {
    const auto next = wait.next();
    CAPTURE(i, next.count(), full.count());
    CHECK(next >= full / 2);
    CHECK(next < full);
    full = std::min<std::chrono::nanoseconds>(2 * full, 30s);
  }
}

TEST_CASE("backoff: the same seed gives the same waits, and many seeds do not come all at once",
          "[rollout][backoff]") {
  std::vector<std::int64_t> firsts;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    hotswap::backoff one{1s, 30s, seed};
    hotswap::backoff same{1s, 30s, seed};
    firsts.push_back(one.next().count());
    CHECK(firsts.back() == same.next().count());
    CHECK(one.next() == same.next());
  }
  // uniform on [0.5 s, 1 s): the mean of 1000 lies within four standard errors of 0.75 s, which are
  // 4 * 0.5 s / sqrt(12 * 1000) = 18.3 ms
  double sum = 0.0;
  for (const auto each : firsts) sum += static_cast<double>(each) / 1e9;
  CHECK(sum / 1000 > 0.75 - 0.0183);
  CHECK(sum / 1000 < 0.75 + 0.0183);
}

TEST_CASE("backoff: a first wait above the longest is the longest", "[rollout][backoff]") {
  hotswap::backoff wait{60s, 10s, 1};
  for (int i = 0; i < 10; ++i) {
    const auto next = wait.next();
    CHECK(next >= 5s);
    CHECK(next < 10s);
  }
}
