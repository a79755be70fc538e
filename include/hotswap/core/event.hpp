#pragma once

/// @file
/// What happened in a rollout, one thing at a time: its history, and what observers are told.
///
///     context.observe([](const hotswap::event& e) { log(e.message); });

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/text_map.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/verdict.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

/// A closed list, to which one only adds.
enum class event_kind {
  rollout_started,
  resumed,
  step_started,
  step_finished,
  split_changed,
  look,
  extended,
  paused,
  continued,
  held,
  gate_waiting,
  gate_answered,
  promoted,
  retrying,
  call_timed_out,
  split_drifted,
  metrics_unavailable,
  metric_unjudged,
  rollback_started,
  rollback_finished,
  committed,
  leftover,
  observer_failed,
  rollout_finished,
};

/// As it stands in JSON lines: `split_changed`.
[[nodiscard]] constexpr std::string_view to_string(event_kind kind) noexcept {
  switch (kind) {
    case event_kind::rollout_started:
      return "rollout_started";
    case event_kind::resumed:
      return "resumed";
    case event_kind::step_started:
      return "step_started";
    case event_kind::step_finished:
      return "step_finished";
    case event_kind::split_changed:
      return "split_changed";
    case event_kind::look:
      return "look";
    case event_kind::extended:
      return "extended";
    case event_kind::paused:
      return "paused";
    case event_kind::continued:
      return "continued";
    case event_kind::held:
      return "held";
    case event_kind::gate_waiting:
      return "gate_waiting";
    case event_kind::gate_answered:
      return "gate_answered";
    case event_kind::promoted:
      return "promoted";
    case event_kind::retrying:
      return "retrying";
    case event_kind::call_timed_out:
      return "call_timed_out";
    case event_kind::split_drifted:
      return "split_drifted";
    case event_kind::metrics_unavailable:
      return "metrics_unavailable";
    case event_kind::metric_unjudged:
      return "metric_unjudged";
    case event_kind::rollback_started:
      return "rollback_started";
    case event_kind::rollback_finished:
      return "rollback_finished";
    case event_kind::committed:
      return "committed";
    case event_kind::leftover:
      return "leftover";
    case event_kind::observer_failed:
      return "observer_failed";
    case event_kind::rollout_finished:
      return "rollout_finished";
  }
  return "rollout_finished";
}

/// `error` is for what a person should see now.
enum class severity { info, warning, error };

[[nodiscard]] constexpr std::string_view to_string(severity how) noexcept {
  switch (how) {
    case severity::info:
      return "info";
    case severity::warning:
      return "warning";
    case severity::error:
      return "error";
  }
  return "error";
}

/// One comparison of the two sides: what a judge saw, and what it said.
class look_report {
 public:
  look_report() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  time_window window;
  bool collected = true;        ///< false if the metrics could not be had: nothing was judged
  metrics_snapshot baseline;    ///< of the window, or the recorded reference
  metrics_snapshot candidate;   ///< of the window
  bool contemporaneous = true;  ///< false if `baseline` is a recorded reference
  share candidate_share;        ///< in force during the window
  std::optional<divergence_snapshot> divergence;  ///< of a shadow's answers from production's
  hotswap::verdict verdict;
  /// Where the bake stands, so that progress can be shown.
  std::chrono::milliseconds elapsed{0};
  std::chrono::milliseconds bake{0};  ///< with its extensions
  /// At how many looks in a row, this one included, the candidate was not healthy.
  std::optional<std::uint64_t> unhealthy_looks;
};

class event {
 public:
  event() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::chrono::system_clock::time_point time{};
  shared_text rollout;         ///< its id, `fraud~1767225600000`
  std::uint64_t sequence = 0;  ///< from 1, without gaps
  event_kind kind = event_kind::rollout_started;
  hotswap::severity severity = hotswap::severity::info;
  shared_text model;
  shared_text baseline;   ///< its version; empty for a first deployment
  shared_text candidate;  ///< its version
  shared_text strategy;   ///< `Canary`, …
  shared_text step;       ///< `step-25`; empty outside of steps
  share candidate_share;  ///< that is in force, as far as the rollout knows
  shared_text actor;      ///< who asked for it; empty if the rollout did itself
  hotswap::reason_code reason_code = hotswap::reason_code::none;
  std::string message;                      ///< a sentence in English
  text_map labels;                          ///< the config's
  text_map payload;                         ///< what else this kind has to say, by camelCase name
  std::shared_ptr<const look_report> look;  ///< of `event_kind::look` only
};

}  // namespace hotswap::inline v0_1
