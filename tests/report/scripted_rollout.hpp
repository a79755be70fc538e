#pragma once

/// @file
/// A rollout of a spam model as its events tell it: one good step, one that is rolled back.

#include <hotswap/core/event.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace scripted {

using namespace std::chrono_literals;

/// Wednesday, 7 January 2026, noon UTC.
inline constexpr std::chrono::sys_time<std::chrono::milliseconds> noon{1'767'787'200'000ms};

/// Tells events of one model, in order, each at its time after noon.
class narrator {
 public:
  explicit narrator(std::string model = "spam") {
    common_.model = std::move(model);
    common_.rollout = common_.model + "~1767787200000";
    common_.baseline = "1";
    common_.candidate = "2";
    common_.strategy = "Canary";
  }

  void share_is(hotswap::share value) { common_.candidate_share = value; }

  hotswap::event next(std::chrono::milliseconds at, hotswap::event_kind kind, std::string step,
                      std::string message) {
    hotswap::event told = common_;
    told.time = noon + at;
    told.sequence = ++sequence_;
    told.kind = kind;
    told.step = std::move(step);
    told.message = std::move(message);
    return told;
  }

 private:
  hotswap::event common_;
  std::uint64_t sequence_ = 0;
};

inline hotswap::metrics_snapshot snapshot(std::uint64_t requests, std::uint64_t errors,
                                          double latency, std::uint64_t correct,
                                          std::uint64_t labelled) {
  hotswap::metrics_snapshot seen;
  seen.requests = requests;
  seen.errors = errors;
  seen.accuracy = hotswap::stats::proportion{correct, labelled};
  seen.latency = hotswap::stats::moments::from_summary(requests - errors, latency, 0.25e-6);
  return seen;
}

inline hotswap::finding judged(std::string metric, hotswap::decision made, double baseline,
                               double candidate, double limit, double statistic) {
  hotswap::finding found;
  found.metric = std::move(metric);
  found.made = made;
  found.baseline = baseline;
  found.candidate = candidate;
  found.limit = limit;
  found.statistic = statistic;
  found.method = "threshold";
  found.baseline_samples = 750;
  found.candidate_samples = 250;
  return found;
}

/// A minute's look, `elapsed` after the step began; `correct` of the candidate's 250 answers.
inline std::shared_ptr<hotswap::look_report> look(std::chrono::milliseconds window_end,
                                                  std::chrono::milliseconds elapsed,
                                                  std::uint64_t correct) {
  using hotswap::decision;
  auto seen = std::make_shared<hotswap::look_report>();
  seen->window = {.begin = noon + window_end - 1min, .end = noon + window_end};
  seen->baseline = snapshot(750, 3, 0.0121, 705, 750);
  seen->candidate = snapshot(250, 1, 0.0124, correct, 250);
  seen->elapsed = elapsed;
  seen->bake = 10min;

  const double accuracy = static_cast<double>(correct) / 250.0;
  const double drop = (0.94 - accuracy) / 0.94;
  const decision made = drop > 0.05 ? decision::fail : decision::pass;
  std::vector<hotswap::finding> findings;
  findings.push_back(judged("errorRate", decision::pass, 0.004, 0.004, 0.01, 0.0));
  findings.push_back(judged("latency", decision::pass, 0.0121, 0.0124, 1.5, 0.0124 / 0.0121));
  findings.push_back(judged("accuracy", made, 0.94, accuracy, 0.05, drop));
  findings.back().sentence = "the accuracy is " + std::string{drop > 0.05 ? "low" : "fine"};
  seen->verdict = hotswap::verdict{made, std::move(findings)};
  return seen;
}

/// Deployed, 10 % for ten minutes, 25 % until the accuracy falls, rolled back.
inline std::vector<hotswap::event> rolled_back(std::string model = "spam") {
  using hotswap::event_kind;
  using hotswap::severity;
  using namespace hotswap::literals;
  narrator tell{std::move(model)};
  std::vector<hotswap::event> events;
  const auto add = [&](hotswap::event told) -> hotswap::event& {
    events.push_back(std::move(told));
    return events.back();
  };
  const auto add_look = [&](std::chrono::milliseconds at, const char* step,
                            std::chrono::milliseconds elapsed, std::uint64_t correct) {
    hotswap::event& told = add(tell.next(at, event_kind::look, step, ""));
    told.look = look(at, elapsed, correct);
    told.message = told.look->verdict.summary();
    if (told.look->verdict.failed()) told.severity = severity::warning;
  };

  add(tell.next(0s, event_kind::rollout_started, "", "a canary of 10 and 25 %"));
  add(tell.next(0s, event_kind::step_started, "deploy", "starting version 2"));
  add(tell.next(1s, event_kind::retrying, "deploy", "deploy: connection refused, again in 1 s"))
      .severity = severity::warning;
  add(tell.next(2s, event_kind::step_finished, "deploy", "version 2 is warm"));
  add(tell.next(2s, event_kind::step_started, "step-10", ""));
  tell.share_is(10_pct);
  add(tell.next(2s, event_kind::split_changed, "step-10", "version 2 gets 10 %"));
  add_look(62s, "step-10", 1min, 238);
  add_look(602s, "step-10", 10min, 236);
  add(tell.next(602s, event_kind::step_finished, "step-10", "passed"));
  add(tell.next(602s, event_kind::step_started, "step-25", ""));
  tell.share_is(25_pct);
  add(tell.next(602s, event_kind::split_changed, "step-25", "version 2 gets 25 %"));
  add_look(662s, "step-25", 1min, 235);
  hotswap::event& paused = add(tell.next(700s, event_kind::paused, "step-25", "a second opinion"));
  paused.actor = "ann";
  add(tell.next(710s, event_kind::continued, "step-25", "go on")).actor = "ann";
  add_look(722s, "step-25", 2min, 155);
  hotswap::event& rollback =
      add(tell.next(722s, event_kind::rollback_started, "", "the accuracy is low"));
  rollback.severity = severity::warning;
  rollback.reason_code = hotswap::reason_code::metrics_degraded;
  tell.share_is(0_pct);
  add(tell.next(723s, event_kind::rollback_finished, "", "version 1 has all traffic"));
  hotswap::event& finished =
      add(tell.next(724s, event_kind::rollout_finished, "", "the accuracy is low"));
  finished.severity = severity::warning;
  finished.reason_code = hotswap::reason_code::metrics_degraded;
  finished.payload["status"] = "rolled_back";
  finished.payload["active"] = "1";
  return events;
}

/// One step to 100 %, promoted.
inline std::vector<hotswap::event> promoted(std::string model = "spam") {
  using hotswap::event_kind;
  using namespace hotswap::literals;
  narrator tell{std::move(model)};
  std::vector<hotswap::event> events;
  events.push_back(tell.next(0s, event_kind::rollout_started, "", "a canary of 100 %"));
  events.push_back(tell.next(0s, event_kind::step_started, "step-100", ""));
  tell.share_is(100_pct);
  events.push_back(tell.next(1s, event_kind::split_changed, "step-100", "version 2 gets 100 %"));
  events.push_back(tell.next(601s, event_kind::look, "step-100", ""));
  events.back().look = look(601s, 10min, 240);
  events.push_back(tell.next(601s, event_kind::step_finished, "step-100", "passed"));
  events.push_back(tell.next(601s, event_kind::committed, "", "version 2 stays"));
  events.push_back(tell.next(602s, event_kind::rollout_finished, "", "all steps have passed"));
  events.back().reason_code = hotswap::reason_code::promoted;
  events.back().payload["status"] = "succeeded";
  return events;
}

}  // namespace scripted
