// A process dies, at any call; another one goes on where the journal ends, and the rollout ends as
// it would have.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_id.hpp>
#include <hotswap/strategies/canary.hpp>

#include "support/catch.hpp"
#include "support/crash.hpp"
#include "support/simulated_service.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::journal_record;

namespace {

using world_of_canary = simulated_rollout<readable_service>;

/// A short canary whose journal survives the process.
std::unique_ptr<world_of_canary> a_canary() {
  auto world = std::make_unique<world_of_canary>();
  world->with_users_journal();
  world->config.steps = {20_pct, 100_pct};
  world->config.analysis_interval = 5min;
  return world;
}

class scenario {
 public:
  scenario(std::string what, std::string ends, std::function<void(world_of_canary&)> differing)
      : name(std::move(what)), end(std::move(ends)), differs(std::move(differing)) {}

  [[nodiscard]] std::unique_ptr<world_of_canary> make() const {
    auto world = a_canary();
    differs(*world);
    return world;
  }

  std::string name;
  std::string end;
  std::function<void(world_of_canary&)> differs;
};

/// Does it now and each minute for three hours, as people do who see that nothing has happened.
void insists(world_of_canary& world, std::chrono::minutes from,
             std::function<void(world_of_canary&)> doing) {
  for (auto at = from; at < 180min; ++at) {
    world.at(at, [&world, doing] {
      if (!world.control().status().finished) doing(world);
    });
  }
}

std::vector<scenario> scenarios() {
  std::vector<scenario> all;
  all.emplace_back("promoted", "succeeded, promoted", [](world_of_canary&) {});
  all.emplace_back("rolled back for its errors", "rolled_back, metrics_degraded",
                   [](world_of_canary& world) { world.service.quality["2"].error_rate = 0.05; });
  all.emplace_back("rolled back at 100 %, to a baseline without traffic",
                   "rolled_back, metrics_degraded", [](world_of_canary& world) {
                     world.service.distort = [&world](const auto& version, const auto& window,
                                                      hotswap::metrics_snapshot& seen) {
                       const bool late =
                           window.end - world.clock.now() + world.clock.elapsed() > 15min;
                       if (version == world.candidate && late) seen.errors = seen.requests / 2;
                     };
                   });
  all.emplace_back("deploy never works", "rolled_back, deploy_failed",
                   [](world_of_canary& world) { world.service.breaks("deploy", fault::throws); });
  all.emplace_back(
      "extended, and rolled back", "rolled_back, inconclusive",
      [](world_of_canary& world) { world.config.required_metrics.push_back("accuracy"); });
  all.emplace_back("held for a fail, and promoted by force", "succeeded, promoted",
                   [](world_of_canary& world) {
                     world.config.on_failure = hotswap::on_failure::hold;
                     world.service.quality["2"].error_rate = 0.05;
                     insists(world, 12min, [](world_of_canary& w) {
                       if (w.control().status().held)
                         w.control().promote("alice", "it is known", true);
                     });
                   });
  all.emplace_back("approved at a gate", "succeeded, promoted", [](world_of_canary& world) {
    world.config.steps[1].approval = true;
    insists(world, 13min, [](world_of_canary& w) {
      if (w.control().status().verb == "approve") w.control().approve("step-100", "bob", "go");
    });
  });
  all.emplace_back("aborted", "aborted, aborted", [](world_of_canary& world) {
    insists(world, 6min, [](world_of_canary& w) { w.control().abort("alice", "no"); });
  });
  return all;
}

}  // namespace

TEST_CASE(
    "replay: a process that dies at any call is followed by one with which the rollout ends "
    "as it would have",
    "[rollout][replay]") {
  for (const scenario& each : scenarios()) {
    INFO(each.name);
    const auto unharmed = each.make();
    const auto expected = end_of(*unharmed, unharmed->run());
    REQUIRE(expected.status + ", " + expected.reason_code == each.end);
    const std::size_t calls = calls_of([&] { return each.make(); });
    REQUIRE(calls > 10);
    for (std::size_t n = 1; n <= calls; ++n) {
      const auto world = each.make();
      mortal_process process{*world};
      REQUIRE_FALSE(process.run_until(n));
      CAPTURE(n, process.last_words());
      const auto result = process.run_until(0);
      REQUIRE(result);
      CHECK(end_of(*world, *result) == expected);
      CHECK(world->broken_promises(*result) == nothing);
    }
  }
}

TEST_CASE("replay: so it does if each process dies after a few calls", "[rollout][replay]") {
  for (const scenario& each : scenarios()) {
    INFO(each.name);
    const auto unharmed = each.make();
    const auto expected = end_of(*unharmed, unharmed->run());
    for (const std::size_t lives_for : {11U, 12U, 14U}) {  // a look takes it 10
      const auto world = each.make();
      mortal_process process{*world};
      std::optional<hotswap::deployment_result> result;
      int processes = 0;
      while (!result && ++processes < 200) result = process.run_until(lives_for);
      CAPTURE(lives_for, processes, process.last_words());
      REQUIRE(result);
      CHECK(processes > 1);
      CHECK(end_of(*world, *result) == expected);
      CHECK(world->broken_promises(*result) == nothing);
    }
  }
}

namespace {

/// The verbs whose outcome is recorded, as the calls that they would make.
std::set<std::string> calls_that_are_over(const std::vector<journal_record>& records) {
  std::set<std::string> over;
  std::map<std::string, std::string> began;
  for (const journal_record& each : records) {
    const std::string key = each.step + "/" + each.verb;
    if (const auto* asked = std::get_if<hotswap::fingerprint_record>(&each.payload)) {
      began[key] = asked->arguments;
    }
    if (each.phase != hotswap::record_phase::outcome || !began.contains(key)) continue;
    if (each.verb == "shift") over.insert("set_split " + began[key]);
    if (each.verb == "deploy" || each.verb == "warm_up") over.insert(each.verb + " " + began[key]);
    if (each.verb == "retire") over.insert("remove " + began[key]);
  }
  return over;
}

}  // namespace

TEST_CASE("replay: never repeats a call whose outcome is recorded", "[rollout][replay]") {
  const std::size_t calls = calls_of(a_canary);
  std::size_t seen = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = a_canary();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    const auto over = calls_that_are_over(world->records());
    const std::size_t before = world->service.changes().size();
    REQUIRE(process.run_until(0));
    const auto changes = world->service.changes();
    CAPTURE(n);
    for (std::size_t i = before; i < changes.size(); ++i) {
      CAPTURE(changes[i]);
      CHECK_FALSE(over.contains(changes[i]));
    }
    seen += over.size();
  }
  CHECK(seen > 100);
}

TEST_CASE("replay: begins with a `resumed` record, before anything is touched",
          "[rollout][replay]") {
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(20));
  const auto before = world->records();
  const std::size_t calls = world->service.script().calls().size();
  REQUIRE_FALSE(process.run_until(3));  // load, append, and then a call of the platform
  const auto after = world->records();

  REQUIRE(after.size() == before.size() + 1);
  CHECK(std::holds_alternative<hotswap::resumed_record>(after.back().payload));
  CHECK(after.back().sequence == before.back().sequence + 1);
  CHECK(after.back().driver != before.back().driver);
  REQUIRE_FALSE(after.back().events.empty());
  CHECK(after.back().events.back()->kind == event_kind::resumed);
  CHECK(world->service.script().calls().size() == calls + 1);
}

TEST_CASE("replay: the bake is not shorter for the crash, and the time nobody drove it counts",
          "[rollout][replay]") {
  const auto down_for = GENERATE(0min, 3min, 60min);
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(21));  // in step-20's bake
  REQUIRE(process.last_words() == "split fraud");
  world->clock.advance(down_for);
  const auto result = process.run_until(0);
  REQUIRE(result);

  CHECK(result->status() == deployment_status::succeeded);
  hotswap::clock::time_point began{};
  hotswap::clock::time_point ended{};
  for (const journal_record& each : world->records()) {
    if (each.step != "step-20" || each.verb != "observe") continue;
    if (each.phase == hotswap::record_phase::began) began = each.at;
    if (each.phase == hotswap::record_phase::outcome) ended = each.at;
  }
  CHECK(ended - began >= 10min);
  CHECK(ended - began <= std::max<std::chrono::nanoseconds>(10min, 5min + down_for) + 1min);
}

TEST_CASE("replay: the windows of its looks follow each other without gap or overlap",
          "[rollout][replay]") {
  const auto world = a_canary();
  world->config.analysis_interval = 1min;
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(40));
  world->clock.advance(150s);
  const auto result = process.run_until(0);
  REQUIRE(result);

  std::map<std::string, hotswap::clock::time_point> last;
  std::size_t looks = 0;
  for (const hotswap::event& each : result->history()) {
    if (!each.look) continue;
    ++looks;
    if (last.contains(each.step)) CHECK(each.look->window.begin == last[each.step]);
    last[each.step] = each.look->window.end;
  }
  CHECK(looks > 15);
}

TEST_CASE("replay: a pause outlives the process that was told of it", "[rollout][replay]") {
  const auto world = a_canary();
  world->at(6min, [&] { world->control().pause("alice", "the dashboard looks odd"); });
  world->at(120min, [&] { world->control().resume("alice", "it was the dashboard"); });
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(30));
  REQUIRE(world->clock.elapsed() > 6min);
  REQUIRE(world->clock.elapsed() < 60min);
  const auto result = process.run_until(0);
  REQUIRE(result);

  CHECK(result->status() == deployment_status::succeeded);
  CHECK(world->clock.elapsed() > 120min);
  CHECK(world->broken_promises(*result) == nothing);
}

namespace {

/// Waits at the gate of its last step, and degrades there.
std::unique_ptr<world_of_canary> bad_at_its_gate() {
  auto world = a_canary();
  world->config.steps[1].approval = true;
  world->service.distort = [&at = *world](const auto& version, const auto& window,
                                          hotswap::metrics_snapshot& seen) {
    const bool late = window.end - at.clock.now() + at.clock.elapsed() > 15min;
    if (version == at.candidate && late) seen.errors = seen.requests / 2;
  };
  return world;
}

}  // namespace

TEST_CASE("replay: a look that has failed at a gate is answered at once, whatever was approved",
          "[rollout][replay]") {
  std::size_t unanswered = 0;
  const std::size_t calls = calls_of(bad_at_its_gate);
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = bad_at_its_gate();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    if (process.last_words() != "append rollback/decision/began") continue;
    ++unanswered;
    world->control().approve("step-100", "bob", "it was fine");
    const auto died_at = world->clock.elapsed();
    const auto result = process.run_until(0);
    REQUIRE(result);
    CHECK(result->status() == deployment_status::rolled_back);
    CHECK(result->reason_code() == hotswap::reason_code::metrics_degraded);
    CHECK(world->clock.elapsed() - died_at < 1min);
    CHECK(world->service.count("set_split 100 % fraud@2") == 0);
    CHECK(world->broken_promises(*result) == nothing);
  }
  CHECK(unanswered == 1);
}

TEST_CASE("replay: a hold at a gate outlives the process, and what has passed of its time",
          "[rollout][replay]") {
  const auto make = [] {
    auto world = bad_at_its_gate();
    world->config.on_failure = hotswap::on_failure::hold;
    world->config.hold_timeout = 2h;
    return world;
  };
  const auto unharmed = make();
  const auto result = unharmed->run();
  REQUIRE(result.reason().ends_with("; nobody answered within 120 min"));
  std::size_t held = 0;
  const std::size_t calls = calls_of(make);
  for (std::size_t n = 1; n <= calls; n += 3) {
    const auto world = make();
    mortal_process process{*world};
    REQUIRE_FALSE(process.run_until(n));
    const auto records = world->records();
    const bool is_held = std::any_of(records.begin(), records.end(), [](const auto& each) {
      return std::holds_alternative<hotswap::hold_record>(each.payload);
    });
    if (!is_held) continue;
    ++held;
    world->control().approve("step-100", "bob", "it was fine");
    const auto end = process.run_until(0);
    CAPTURE(n, process.last_words());
    REQUIRE(end);
    CHECK(end->status() == deployment_status::rolled_back);
    CHECK(end->reason() == result.reason());
    CHECK(world->service.count("set_split 100 % fraud@2") == 0);
    const auto later = world->clock.elapsed() - unharmed->clock.elapsed();
    if (process.last_words() == "set_split 100 % fraud@1") {  // never ends, and is waited for
      CHECK(later >= 10min);
      CHECK(later < 10min + 30s);
    } else {
      CHECK(later < 30s);
    }
    CHECK(world->broken_promises(*end) == nothing);
  }
  CHECK(held > 10);
}

TEST_CASE("replay: a journal of another config is refused, and nothing is touched",
          "[rollout][replay]") {
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(20));
  const std::size_t calls = world->service.script().calls().size();
  const auto before = world->records();

  SECTION("that is told by its digest") {
    world->config.minimum_samples = 500;
    std::string refused;
    try {
      (void)world->run();
    } catch (const hotswap::journal_mismatch& mismatch) {
      refused = mismatch.what();
    }
    CHECK(
        refused.starts_with("journal of fraud, record 1 of fraud~1767225600000: config must be '"));
  }
  SECTION("of a later format") {
    std::vector<journal_record> later = before;
    auto opening = std::make_shared<hotswap::opening_record>(
        *std::get<std::shared_ptr<const hotswap::opening_record>>(later.front().payload));
    opening->format = 2;
    later.front().payload = std::shared_ptr<const hotswap::opening_record>{opening};
    world->environment.journal = std::make_shared<hotswap::memory_journal>();
    for (const auto& each : later) {
      world->clock.run(world->environment.journal->append("fraud", each));
    }
    CHECK_THROWS_WITH(
        world->run(),
        "journal of fraud, record 1 of fraud~1767225600000: format must be at most 1, got 2");
  }
  SECTION("whose verbs do something else") {
    std::vector<journal_record> other = before;
    for (auto& each : other) {
      if (each.step == "step-20" && each.verb == "shift" &&
          each.phase == hotswap::record_phase::began) {
        each.payload = hotswap::fingerprint_record{"100 % fraud@2"};
      }
    }
    world->environment.journal = std::make_shared<hotswap::memory_journal>();
    for (const auto& each : other) {
      world->clock.run(world->environment.journal->append("fraud", each));
    }
    CHECK_THROWS_WITH(world->run(),
                      "journal of fraud, record 8 of fraud~1767225600000: step-20/shift must be of "
                      "'80 % fraud@1, 20 % fraud@2', got '100 % fraud@2'");
  }
  CHECK(world->service.script().calls().size() == calls);
}

TEST_CASE("replay: an unfinished rollout of other versions is another one: rejected by its name",
          "[rollout][replay]") {
  const auto world = a_canary();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(20));
  const auto before = world->records();
  const std::size_t calls = world->service.script().calls().size();
  world->candidate = {"fraud", "3"};
  const auto result = world->run();

  CHECK(result.status() == deployment_status::rejected);
  CHECK(result.reason_code() == hotswap::reason_code::already_active);
  CHECK(result.reason() == "model fraud has an unfinished rollout, fraud~1767225600000");
  CHECK(world->records() == before);
  CHECK(world->service.script().calls().size() == calls);
}

TEST_CASE("replay: a request that is repeated gets the recorded result", "[rollout][replay]") {
  const auto world = a_canary();
  world->context().request_id = "change-4711";
  const auto first = world->run();
  const std::size_t calls = world->service.script().calls().size();
  const auto records = world->records();

  world->restarts();
  world->context().request_id = "change-4711";
  const auto again = world->run();
  CHECK(again.status() == first.status());
  CHECK(again.active() == first.active());
  CHECK(again.reason_code() == first.reason_code());
  CHECK(again.reason() == first.reason());
  CHECK(texts_of(again.history()) == texts_of(first.history()));
  CHECK(world->service.script().calls().size() == calls);
  CHECK(world->records() == records);

  world->restarts();
  world->context().request_id = "change-4712";  // the baseline of it has no traffic by now
  CHECK(world->run().status() == deployment_status::rejected);
}

TEMPLATE_TEST_CASE("replay: a version that an unrecorded roll-back gave its traffic is not removed",
                   "[rollout][replay]", simulated_service, readable_service, fenced_service) {
  // aborted while the baseline is kept, when nothing can be written any more
  const auto make = [] {
    auto world = std::make_unique<simulated_rollout<TestType>>();
    world->with_users_journal();
    world->config.steps = {20_pct, 100_pct};
    world->config.analysis_interval = 5min;
    world->at(25min, [&at = *world] {
      at.journal().script.breaks("append", fault::throws);
      at.control().abort("alice", "no");
    });
    return world;
  };
  std::size_t unrecorded = 0;
  const std::size_t calls = calls_of(make);
  for (std::size_t n = 1; n <= calls; ++n) {
    const auto world = make();
    mortal_process process{*world};
    if (process.run_until(n)) break;  // it would have ended without a record
    const bool is_back =
        world->service.in_force() == hotswap::traffic_split::all_to(world->baseline);
    if (!is_back || world->clock.elapsed() < 25min) continue;
    ++unrecorded;
    world->journal().script.is_repaired();
    const auto result = process.run_until(0);
    CAPTURE(n, process.last_words());
    REQUIRE(result);
    CHECK(result->status() == deployment_status::succeeded);
    CHECK(world->service.in_force() == hotswap::traffic_split::all_to(world->candidate));
    CHECK(world->broken_promises(*result) == nothing);
  }
  CHECK(unrecorded > 1);
}

TEST_CASE("replay: of two drivers the newer wins, and the older makes no further router call",
          "[rollout][replay]") {
  const auto world = a_canary();
  mortal_process older_process{*world};
  // the older one runs in a context of a clock of its own kind: here, it is only not told to stop
  hotswap::result<hotswap::deployment_result> older_end;
  class ended_at final : public hotswap::driver::completion {
   public:
    void completed() noexcept override { is = true; }
    bool is = false;
  } older_ended;
  hotswap::driver older = hotswap::drive(world->deploy(), older_end);
  older.start(older_ended);
  world->clock.advance(7min);
  REQUIRE_FALSE(older_ended.is);

  // a process of its own knows nothing of the other but what the journal tells
  hotswap::virtual_clock newer_clock{world->clock.now()};
  hotswap::rollout_environment newer_environment{newer_clock};
  newer_environment.driver = "newer";
  newer_environment.journal = world->environment.journal;
  hotswap::rollout_context newer{newer_environment};
  hotswap::canary_strategy canary{world->service, world->service, world->service, world->config};
  hotswap::result<hotswap::deployment_result> newer_end;
  ended_at newer_ended;
  hotswap::driver second =
      hotswap::drive(canary.deploy(world->baseline, world->candidate, newer), newer_end);
  second.start(newer_ended);
  newer_clock.advance(1s);
  world->clock.advance(1s);
  newer_clock.advance(1s);

  const std::size_t router_calls = world->service.count("set_split");
  world->clock.advance(5h);
  CHECK(older_ended.is);
  CHECK_THROWS_AS(older_end.take(), hotswap::journal_conflict);
  CHECK(world->service.count("set_split") == router_calls);
}

TEST_CASE("replay: each incarnation's revisions are above those of the one before",
          "[rollout][replay]") {
  auto world = std::make_unique<simulated_rollout<fenced_service>>();
  world->with_users_journal();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(30));
  REQUIRE_FALSE(process.run_until(40));
  const auto result = process.run_until(0);
  REQUIRE(result);

  CHECK(result->status() == deployment_status::succeeded);
  CHECK(world->service.refused == 0);
  CHECK(std::is_sorted(world->service.revisions.begin(), world->service.revisions.end()));
  CHECK(std::set<std::uint64_t>(world->service.revisions.begin(), world->service.revisions.end())
            .size() == world->service.revisions.size());
}

TEST_CASE("replay: who could not write that it goes on yields to one that could",
          "[rollout][replay]") {
  auto world = std::make_unique<simulated_rollout<fenced_service>>();
  world->with_users_journal();
  mortal_process process{*world};
  REQUIRE_FALSE(process.run_until(30));
  const std::vector<std::uint64_t> before = world->service.revisions;
  REQUIRE_FALSE(before.empty());

  world->journal().script.breaks("append", fault::throws);
  const auto result = process.run_until(0);
  REQUIRE(result);
  CHECK(result->status() == deployment_status::rolled_back);
  CHECK(result->reason_code() == hotswap::reason_code::journal_failed);
  const std::string id = world->records().front().rollout;
  REQUIRE(world->service.revisions.size() > before.size());
  for (std::size_t i = before.size(); i < world->service.revisions.size(); ++i) {
    CHECK(world->service.revisions[i] > before.back());
    CHECK(world->service.revisions[i] < hotswap::first_revision_of(id, 1));
  }

  // the records have no end, so that another one goes on
  world->restarts();
  world->journal().script.is_repaired();
  const auto next = process.run_until(0);
  REQUIRE(next);
  CHECK(world->service.revisions.back() >= hotswap::first_revision_of(id, 1));
  CHECK(world->service.refused == 0);
}
