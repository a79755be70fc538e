// What may come at any time comes at each time here: an abort, a stop and a single fault, at each
// call of a rollout and between them.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::deployment_status;
using hotswap::event_kind;
using hotswap::reason_code;
using std::chrono::nanoseconds;

namespace {

/// A short canary whose every call takes its time, those of the journal included.
class short_rollout : public simulated_rollout<readable_service> {
 public:
  short_rollout() : journal(with_users_journal()) {
    journal.survives = false;
    journal.script.latency = 100ms;
    config.steps = {20_pct, 100_pct};
    config.analysis_interval = 5min;
    const auto count = [this](fault_script& script) {
      script.when_called = [this, &script](std::size_t) {
        ++made;
        times.push_back(clock.elapsed());
        if (made == number) when_made(script, script.calls().back().text);
      };
    };
    count(service.script());
    count(journal.script);
  }

  /// Does something as the call of that number begins.
  void at_call(std::size_t which, std::function<void(fault_script&, const std::string&)> doing) {
    number = which;
    when_made = std::move(doing);
  }

  simulated_journal& journal;
  std::size_t made = 0;  ///< calls so far
  std::vector<nanoseconds> times;

 private:
  std::size_t number = 0;
  std::function<void(fault_script&, const std::string&)> when_made;
};

std::size_t calls_of_a_clean_run() {
  short_rollout world;
  const auto result = world.run();
  REQUIRE(result.status() == deployment_status::succeeded);
  const std::size_t calls = world.made;  // to read the journal is another one
  REQUIRE(world.broken_promises(result) == nothing);
  return calls;
}

bool is_committed(const std::vector<hotswap::journal_record>& records) {
  for (const auto& each : records) {
    if (std::holds_alternative<hotswap::committed_record>(each.payload)) return true;
  }
  return false;
}

void check_aborted(short_rollout& world, const hotswap::deployment_result& result) {
  CHECK(world.broken_promises(result) == nothing);
  if (is_committed(world.records())) {
    CHECK(result.status() == deployment_status::succeeded);
    CHECK(messages(result, event_kind::gate_answered) ==
          std::vector<std::string>{
              "abort by alice came too late: the rollout is committed, use undo"});
    return;
  }
  CHECK(result.status() == deployment_status::aborted);
  CHECK(result.active() == world.baseline);
  CHECK(result.reason_code() == reason_code::aborted);
  CHECK(result.reason() == "aborted by alice: now");
  CHECK(world.way_back(result) <= 30s);
}

}  // namespace

TEST_CASE("abort at any point before `committed`, in any wait", "[rollout][abort]") {
  const std::size_t calls = calls_of_a_clean_run();
  REQUIRE(calls > 50);
  std::size_t aborted = 0;

  SECTION("at each call, while it is under way") {
    for (std::size_t n = 1; n <= calls; ++n) {
      short_rollout world;
      std::string during;
      world.at_call(n, [&](fault_script&, const std::string& text) {
        during = text;
        world.control().abort("alice", "now");
      });
      const auto result = world.run();
      CAPTURE(n, during);
      if (during == "append rollout/outcome") continue;  // it is told already, and it is over
      check_aborted(world, result);
      if (result.status() == deployment_status::aborted) ++aborted;
    }
    CHECK(aborted >= calls - 10);  // all but the last few
  }
  SECTION("in each wait between two calls") {
    short_rollout clean;
    (void)clean.run();
    for (std::size_t n = 1; n < clean.times.size(); ++n) {
      if (clean.times[n] == clean.times[n - 1]) continue;
      const nanoseconds between = (clean.times[n] + clean.times[n - 1]) / 2;
      short_rollout world;
      world.at(between, [&] { world.control().abort("alice", "now"); });
      const auto result = world.run();
      CAPTURE(n, between.count());
      check_aborted(world, result);
      if (result.status() == deployment_status::aborted) ++aborted;
    }
    CHECK(aborted >= 50);
  }
  SECTION("at each call, which then never returns") {
    for (std::size_t n = 1; n <= calls; ++n) {
      short_rollout world;
      std::string during;
      nanoseconds asked{};
      world.at_call(n, [&](fault_script& script, const std::string& text) {
        during = text;
        asked = world.clock.elapsed();
        script.breaks(text, fault::hangs, 1);
        world.control().abort("alice", "now");
      });
      const auto result = world.run();
      CAPTURE(n, during);
      if (during == "append rollout/outcome" || during == "load fraud") continue;
      check_aborted(world, result);
      if (result.status() != deployment_status::aborted) continue;
      const hotswap::clock::time_point start{std::chrono::seconds{1'767'225'600}};
      const auto all_back = hotswap::traffic_split::all_to(world.baseline);
      CHECK(world.service.until_in_force(all_back, start + asked) <= 30s);
    }
  }
  SECTION("while the journal hangs for good: it is not waited for") {
    short_rollout world;
    world.at(1min, [&] { world.journal.script.breaks("append", fault::hangs); });
    const nanoseconds asked = 5min + 20s;  // during the append of a look
    world.at(asked, [&] { world.control().abort("alice", "now"); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason() == "aborted by alice: now");
    CHECK(world.service.in_force() == hotswap::traffic_split::all_to(world.baseline));
    const hotswap::clock::time_point start{std::chrono::seconds{1'767'225'600}};
    const auto all_back = hotswap::traffic_split::all_to(world.baseline);
    CHECK(world.service.until_in_force(all_back, start + asked) <= 5s);
    CHECK(world.service.until_in_force(all_back, start + asked) > 0s);
  }
  SECTION("before it begins: nothing is deployed") {
    short_rollout world;
    world.control().abort("alice", "now");
    const auto result = world.run();

    check_aborted(world, result);
    CHECK(world.service.count("deploy") == 0);
  }
}

TEST_CASE("an abort before the rollout knows where the traffic is leaves it there",
          "[rollout][abort]") {
  short_rollout world;
  world.at_call(1,
                [&](fault_script&, const std::string&) { world.control().abort("eve", "wait"); });
  const auto result = world.run();
  CHECK(result.status() == deployment_status::aborted);
  CHECK(messages(result, event_kind::rollback_finished) ==
        std::vector<std::string>{"the traffic was not touched"});
  CHECK(world.service.changes().empty());
}

TEST_CASE("a roll-back runs to its end, whatever one call of it does, and shielded from stop",
          "[rollout][abort]") {
  const auto run_aborted = [](short_rollout& world) {
    world.at(25min, [&] { world.control().abort("alice", "now"); });  // the baseline has no traffic
    return world.run();
  };
  std::size_t first = 0;
  std::size_t last = 0;
  {
    short_rollout world;
    world.at(25min, [&] { first = world.made + 1; });
    (void)run_aborted(world);
    last = world.made;
  }
  REQUIRE(last > first + 5);

  SECTION("stop") {
    for (std::size_t n = first; n <= last; ++n) {
      short_rollout world;
      world.journal.survives = GENERATE(true, false);
      world.at_call(n, [&](fault_script&, const std::string&) { world.clock.stop(); });
      const auto result = run_aborted(world);
      CAPTURE(n);
      check_aborted(world, result);
    }
  }
  SECTION("a fault") {
    const fault how =
        GENERATE(fault::throws, fault::acts_and_throws, fault::hangs, fault::late, fault::lies);
    for (std::size_t n = first; n <= last; ++n) {
      short_rollout world;
      std::string during;
      world.at_call(n, [&](fault_script& script, const std::string& text) {
        during = text;
        const bool is_record = text.starts_with("append");
        if (is_record && how == fault::lies) return;  // a journal that lies is no journal
        if (text.starts_with("remove") && how == fault::lies) return;  // nor is that a server
        script.breaks(text, how, 1);
      });
      const auto result = run_aborted(world);
      CAPTURE(n, during, static_cast<int>(how));
      const bool no_baseline =
          (during == "healthy fraud@1" && how != fault::none) ||
          (during == "warm_up fraud@1" && (how == fault::hangs || how == fault::late));
      if (no_baseline) {
        CHECK(result.status() == deployment_status::rollback_failed);
        CHECK(world.broken_promises(result) == nothing);
      } else {
        check_aborted(world, result);
      }
    }
  }
}

TEST_CASE("stop (shutdown: stop token, loop stopped)", "[rollout][stop]") {
  const std::size_t calls = calls_of_a_clean_run();
  hotswap::stop_source shutdown;
  const bool by_token = GENERATE(true, false);

  SECTION("with a journal that survives: nothing is rolled back, no call is made, and it leaves") {
    std::size_t stopped = 0;
    for (std::size_t n = 1; n <= calls; ++n) {
      short_rollout world;
      hotswap::stop_source source;
      world.journal.survives = true;
      world.environment.stop = source.get_token();
      std::string during;
      std::size_t changes = 0;
      world.at_call(n, [&](fault_script&, const std::string& text) {
        during = text;
        changes = world.service.changes().size();
        by_token ? (void)source.request_stop() : world.clock.stop();
      });
      CAPTURE(n);
      std::string left;
      std::vector<hotswap::deployment_result> results;
      try {
        results.push_back(world.run());
      } catch (const hotswap::rollout_stopped& stop) {
        left = stop.what();
      }
      CAPTURE(during);
      if (results.empty()) {
        ++stopped;
        const std::string name = during == "load fraud" ? "of fraud" : "fraud~1767225600100";
        CHECK(left ==
              "rollout " + name + ": stopped; it goes on where its journal is next taken over");
        CHECK(world.service.changes().size() == changes);
        for (const auto& each : world.records()) {
          CHECK_FALSE(std::holds_alternative<hotswap::terminal_record>(each.payload));
          CHECK_FALSE(std::holds_alternative<hotswap::rollback_record>(each.payload));
        }
      } else {
        CHECK(is_committed(world.records()));
        CHECK(results[0].status() == deployment_status::succeeded);
        CHECK(world.broken_promises(results[0]) == nothing);
      }
    }
    CHECK(stopped >= calls - 10);
  }
  SECTION("only with a journal that does not survive, it means abort") {
    std::size_t stopped = 0;
    for (std::size_t n = 1; n <= calls; ++n) {
      short_rollout world;
      hotswap::stop_source source;
      world.environment.stop = source.get_token();
      world.at_call(n, [&](fault_script&, const std::string&) {
        by_token ? (void)source.request_stop() : world.clock.stop();
      });
      const auto result = world.run();
      CAPTURE(n);
      CHECK(world.broken_promises(result) == nothing);
      if (is_committed(world.records())) {
        CHECK(result.status() == deployment_status::succeeded);
        continue;
      }
      ++stopped;
      CHECK(result.status() == deployment_status::aborted);
      CHECK(result.reason_code() == reason_code::stopped);
      CHECK(result.reason() == "the process shuts down, and nobody can resume the rollout");
      CHECK(world.way_back(result) <= 30s);
    }
    CHECK(stopped >= calls - 10);
  }
  SECTION("`memory_journal`, the default, does not") {
    simulated_rollout<> world;
    hotswap::stop_source source;
    world.environment.stop = source.get_token();
    world.at(15min, [&] { by_token ? (void)source.request_stop() : world.clock.stop(); });
    const auto result = world.run();

    CHECK(result.status() == deployment_status::aborted);
    CHECK(result.reason_code() == reason_code::stopped);
    CHECK(world.broken_promises(result) == nothing);
  }
}

TEST_CASE("stop during a call or an append that ends at once: no further call begins",
          "[rollout][stop]") {
  const std::size_t calls = calls_of_a_clean_run();
  const bool by_token = GENERATE(true, false);
  std::size_t stopped = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    short_rollout world;
    hotswap::stop_source source;
    world.journal.survives = true;
    world.journal.script.latency = 0s;
    world.service.script().latency = 0s;
    world.environment.stop = source.get_token();
    std::string during;
    std::size_t begun = 0;
    world.at_call(n, [&](fault_script&, const std::string& text) {
      during = text;
      begun = world.service.script().calls().size();
      by_token ? (void)source.request_stop() : world.clock.stop();
    });
    try {
      (void)world.run();
    } catch (const hotswap::rollout_stopped&) {
      ++stopped;
      CAPTURE(n, during);
      CHECK(world.service.script().calls().size() == begun);
    }
  }
  CHECK(stopped >= calls - 10);
}

TEST_CASE("an abort that is heard with a stop, before it or after it, is not lost",
          "[rollout][abort][stop]") {
  const std::size_t calls = calls_of_a_clean_run();
  const bool abort_first = GENERATE(true, false);
  const nanoseconds latency = GENERATE(nanoseconds{0}, nanoseconds{100ms});
  const bool survives = GENERATE(true, false);
  std::size_t aborted = 0;
  for (std::size_t n = 1; n <= calls; ++n) {
    short_rollout world;
    hotswap::stop_source shutdown;
    world.environment.stop = shutdown.get_token();
    world.journal.survives = survives;
    world.journal.script.latency = latency;
    world.service.script().latency = latency;
    std::string during;
    world.at_call(n, [&](fault_script&, const std::string& text) {
      during = text;
      if (abort_first) world.control().abort("alice", "now");
      (void)shutdown.request_stop();
      if (!abort_first) world.control().abort("alice", "now");
    });
    CAPTURE(n, during, abort_first, latency.count(), survives);
    bool has_left = false;
    try {
      const auto result = world.run();
      if (during == "append rollout/outcome") continue;  // it is told already, and it is over
      const bool is_over = latency == 0s && is_committed(world.records());  // before it is heard
      if (!is_over) check_aborted(world, result);
      if (result.status() == deployment_status::aborted) ++aborted;
    } catch (const hotswap::rollout_stopped&) {
      has_left = true;
    }
    CHECK_FALSE((has_left && !world.records().empty()));  // who left had not begun
  }
  CHECK(aborted >= calls - 10);
}

TEST_CASE("a single fault, at each call: traffic ends where the result says", "[rollout][faults]") {
  const std::size_t calls = calls_of_a_clean_run();
  const fault how = GENERATE(fault::throws, fault::acts_and_throws, fault::hangs, fault::late);
  std::size_t failed = 0;

  for (std::size_t n = 1; n <= calls; ++n) {
    short_rollout world;
    std::string during;
    world.at_call(n, [&](fault_script& script, const std::string& text) {
      during = text;
      script.breaks(text, how, 1);
    });
    const auto result = world.run();
    CAPTURE(n, during, static_cast<int>(how));
    CHECK(world.broken_promises(result) == nothing);
    if (result.status() == deployment_status::succeeded) {
      CHECK(world.service.in_force() == hotswap::traffic_split::all_to(world.candidate));
      continue;
    }
    ++failed;
    // one failure is retried; what did not end in time cannot be, nor is a health check asked twice
    const bool is_late = how == fault::hangs || how == fault::late;
    CHECK((is_late || during == "healthy fraud@2"));
    const bool has_begun = world.service.count("deploy") > 0;
    CHECK(result.status() ==
          (has_begun ? deployment_status::rolled_back : deployment_status::rejected));
  }
  if (how == fault::hangs) CHECK(failed > 2);
}
