// What the events of a rollout say about where it stands.

#include <hotswap/report/rollout_progress.hpp>

#include "report/scripted_rollout.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::event;
using hotswap::event_kind;
using hotswap::rollout_progress;
using hotswap::rollout_stage;
using outcome = hotswap::step_progress::outcome;

namespace {

rollout_progress after(const std::vector<event>& events) {
  rollout_progress seen;
  for (const event& each : events) seen.add(each);
  return seen;
}

/// The stage after a start and one step, and then events of these kinds.
rollout_stage stage_after(const std::vector<event_kind>& kinds) {
  scripted::narrator tell;
  rollout_progress seen;
  seen.add(tell.next(0s, event_kind::rollout_started, "", ""));
  seen.add(tell.next(0s, event_kind::step_started, "step-10", ""));
  for (const event_kind kind : kinds) seen.add(tell.next(1s, kind, "step-10", ""));
  return seen.stage();
}

/// The stage after the end `status`; without one if it is empty.
rollout_stage end_by(const std::string& status) {
  scripted::narrator tell;
  rollout_progress seen;
  seen.add(tell.next(0s, event_kind::rollout_started, "", ""));
  event finished = tell.next(1s, event_kind::rollout_finished, "", "");
  finished.payload["status"] = status;
  seen.add(finished);
  return seen.stage();
}

}  // namespace

TEST_CASE("rollout_progress: each step has its share, time, looks and the candidate's requests",
          "[report][rollout_progress]") {
  const rollout_progress seen = after(scripted::rolled_back());

  REQUIRE(seen.steps().size() == 3);
  const hotswap::step_progress& first = seen.steps()[1];
  CHECK(first.name == "step-10");
  CHECK(first.candidate_share == 10_pct);
  CHECK(first.lasted.duration() == 10min);
  CHECK(first.ended == outcome::done);
  CHECK(first.looks == 2);
  CHECK(first.candidate_requests == 500);
  CHECK(first.candidate_errors == 2);
  const hotswap::step_progress& second = seen.steps()[2];
  CHECK(second.name == "step-25");
  CHECK(second.candidate_share == 25_pct);  // though the roll-back has set it to 0
  CHECK(second.lasted.duration() == 2min);
  CHECK(second.ended == outcome::failed);
  CHECK(seen.candidate_requests() == 1000);
  CHECK(seen.candidate_errors() == 4);
  CHECK(seen.looks() == 4);
  CHECK(seen.lasted().duration() == 724s);
}

TEST_CASE("rollout_progress: tells how many looks are to be expected",
          "[report][rollout_progress]") {
  const auto expected = [](std::chrono::milliseconds elapsed, std::chrono::milliseconds bake) {
    scripted::narrator tell;
    rollout_progress seen;
    seen.add(tell.next(0s, event_kind::step_started, "step-10", ""));
    event told = tell.next(1min, event_kind::look, "step-10", "");
    const auto look = scripted::look(1min, elapsed, 240);  // of a window of one minute
    look->bake = bake;
    told.look = look;
    seen.add(told);
    return seen.current()->looks_expected;
  };
  CHECK(expected(1min, 10min) == 10);
  CHECK(expected(61s, 10min) == 10);  // a look that came late
  CHECK(expected(1min, 61s) == 2);    // there will be one more, however short
  CHECK(expected(1min, 1min) == 1);
  CHECK(expected(2min, 1min) == 1);
  CHECK(expected(0s, 365 * 24h) == 525'601);
}

TEST_CASE("rollout_progress: a look whose window is empty expects no others",
          "[report][rollout_progress]") {
  scripted::narrator tell;
  rollout_progress seen;
  event told = tell.next(0s, event_kind::look, "step-10", "");
  const auto look = scripted::look(1min, 1min, 240);
  look->window.begin = look->window.end;
  told.look = look;
  seen.add(told);
  CHECK(seen.current()->looks_expected == 1);
}

TEST_CASE("rollout_progress: what interrupts a rollout is over once somebody answers",
          "[report][rollout_progress]") {
  using k = event_kind;
  CHECK(stage_after({}) == rollout_stage::running);
  CHECK(stage_after({k::paused}) == rollout_stage::paused);
  CHECK(stage_after({k::paused, k::look}) == rollout_stage::paused);
  CHECK(stage_after({k::paused, k::continued}) == rollout_stage::running);
  CHECK(stage_after({k::gate_waiting}) == rollout_stage::held);
  CHECK(stage_after({k::gate_waiting, k::gate_answered}) == rollout_stage::running);
  CHECK(stage_after({k::held, k::step_started}) == rollout_stage::running);
  CHECK(stage_after({k::paused, k::rollback_started}) == rollout_stage::rolling_back);
  CHECK(stage_after({k::rollback_started, k::paused}) == rollout_stage::rolling_back);
  CHECK(stage_after({k::rollback_started, k::rollback_finished}) == rollout_stage::rolling_back);
  CHECK(stage_after({k::committed, k::leftover}) == rollout_stage::committed);
}

TEST_CASE("rollout_progress: the end is what the last event's status says",
          "[report][rollout_progress]") {
  CHECK(end_by("succeeded") == rollout_stage::succeeded);
  CHECK(end_by("rolled_back") == rollout_stage::rolled_back);
  CHECK(end_by("aborted") == rollout_stage::aborted);
  CHECK(end_by("rejected") == rollout_stage::rejected);
  CHECK(end_by("rollback_failed") == rollout_stage::rollback_failed);
  CHECK(end_by("of a later version") == rollout_stage::rollback_failed);  // look at it
}

TEST_CASE("rollout_progress: without a status the end is what the events before it lead to",
          "[report][rollout_progress]") {
  using k = event_kind;
  CHECK(stage_after({k::rollout_finished}) == rollout_stage::succeeded);
  CHECK(stage_after({k::rollback_started, k::rollout_finished}) == rollout_stage::rolled_back);

  scripted::narrator tell;
  rollout_progress failed;
  failed.add(tell.next(0s, k::rollback_started, "", ""));
  rollout_progress aborted = failed;
  rollout_progress rejected;
  event finished = tell.next(1s, k::rollout_finished, "", "");
  finished.reason_code = hotswap::reason_code::aborted;
  aborted.add(finished);
  finished.severity = hotswap::severity::error;
  failed.add(finished);
  rejected.add(finished);
  CHECK(aborted.stage() == rollout_stage::aborted);
  CHECK(failed.stage() == rollout_stage::rollback_failed);
  CHECK(rejected.stage() == rollout_stage::rejected);
}

TEST_CASE("rollout_progress: the roll-back's own steps do not hide what it has seen",
          "[report][rollout_progress]") {
  scripted::narrator tell;
  rollout_progress seen = after(scripted::rolled_back());
  REQUIRE(seen.last_looked_at() != nullptr);
  CHECK(seen.last_looked_at()->name == "step-25");

  rollout_progress rolling;
  for (const event& each : scripted::rolled_back()) {
    if (each.kind == event_kind::rollback_finished) break;
    rolling.add(each);
  }
  rolling.add(tell.next(723s, event_kind::step_started, "rollback", ""));
  CHECK(rolling.current()->name == "rollback");
  CHECK(rolling.last_looked_at()->name == "step-25");
  rolling.add(tell.next(724s, event_kind::rollback_finished, "", ""));
  CHECK(rolling.step("rollback")->ended == outcome::done);
  CHECK(rolling.step("step-25")->ended == outcome::failed);
  CHECK(rolling.step("step-50") == nullptr);
}

TEST_CASE("rollout_progress: a step that a person promoted has not failed",
          "[report][rollout_progress]") {
  scripted::narrator tell;
  for (const bool is_promoted : {false, true}) {
    rollout_progress seen;
    event told = tell.next(0s, event_kind::look, "step-10", "");
    told.look = scripted::look(1min, 1min, 100);
    seen.add(told);
    event finished = tell.next(0s, event_kind::step_finished, "step-10", "");
    if (is_promoted) finished.actor = "ann";
    seen.add(finished);
    CHECK(seen.steps().back().ended == (is_promoted ? outcome::done : outcome::failed));
  }
}
