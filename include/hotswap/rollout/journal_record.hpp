#pragma once

/// @file
/// One line of a rollout's journal, as a typed value; its JSON form is `config/`'s.
///
///     for (const hotswap::journal_record& each : co_await journal->load("fraud")) { … }

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/control_command.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// `began` before the first call of a verb, `progress` for each look and what changes a wait,
/// `outcome` once it is over.
enum class record_phase { began, progress, outcome };

[[nodiscard]] constexpr std::string_view to_string(record_phase phase) noexcept {
  switch (phase) {
    case record_phase::began:
      return "began";
    case record_phase::progress:
      return "progress";
    case record_phase::outcome:
      return "outcome";
  }
  return "outcome";
}

/// The first record of a rollout: what it is. A rollout is resumed by one that says the same.
class opening_record {
 public:
  /// Of the records that this version writes. It reads those of every format up to it.
  static constexpr int current_format = 1;

  opening_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  int format = current_format;
  shared_text strategy;
  shared_text model;
  shared_text baseline;  ///< its version; empty for a first deployment
  shared_text candidate;
  shared_text request_id;
  shared_text config;    ///< digest of the keys that were set
  shared_text document;  ///< the operator's, if there was one

  friend bool operator==(const opening_record&, const opening_record&) = default;
};

/// Another incarnation has taken the rollout over: the record's driver.
class resumed_record {
 public:
  resumed_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12
  friend bool operator==(const resumed_record&, const resumed_record&) = default;
};

/// What a verb was asked to do; a replay that asks for something else is not the same rollout.
class fingerprint_record {
 public:
  explicit fingerprint_record(std::string of_arguments) : arguments(std::move(of_arguments)) {}
  std::string arguments;
  friend bool operator==(const fingerprint_record&, const fingerprint_record&) = default;
};

/// How a verb ended, and why: `done`, `pass`, `promoted`, …
class outcome_record {
 public:
  explicit outcome_record(std::string why_it_ended) : why(std::move(why_it_ended)) {}
  std::string why;
  friend bool operator==(const outcome_record&, const outcome_record&) = default;
};

/// The outcome of `reference`: what the baseline did in the time before.
class reference_record {
 public:
  reference_record(metrics_snapshot of_baseline, std::chrono::nanoseconds measured_over)
      : baseline(std::move(of_baseline)), window(measured_over) {}
  metrics_snapshot baseline;
  std::chrono::nanoseconds window;
  friend bool operator==(const reference_record&, const reference_record&) = default;
};

/// A bake that has not decided goes on.
class extension_record {
 public:
  explicit extension_record(std::chrono::nanoseconds longer) : by(longer) {}
  std::chrono::nanoseconds by;
  friend bool operator==(const extension_record&, const extension_record&) = default;
};

/// The traffic stays where it is until a person answers.
class hold_record {
 public:
  hold_record(bool for_a_fail, hotswap::reason_code code, shared_text said)
      : failed(for_a_fail), reason_code(code), reason(std::move(said)) {}
  bool failed;  ///< if not, it was inconclusive
  hotswap::reason_code reason_code;
  shared_text reason;
  friend bool operator==(const hold_record&, const hold_record&) = default;
};

/// What somebody asked for that lasts: pause, resume, promote_fully, approve.
class command_record {
 public:
  explicit command_record(control_command obeyed) : command(std::move(obeyed)) {}
  control_command command;
  friend bool operator==(const command_record&, const command_record&) = default;
};

/// The decision to roll back, written before its first action.
class rollback_record {
 public:
  rollback_record(deployment_status ends_as, hotswap::reason_code code, shared_text said)
      : status(ends_as), reason_code(code), reason(std::move(said)) {}
  deployment_status status;
  hotswap::reason_code reason_code;
  shared_text reason;
  friend bool operator==(const rollback_record&, const rollback_record&) = default;
};

/// The point of no return: the winner has the model, the other version may go.
class committed_record {
 public:
  committed_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12
  friend bool operator==(const committed_record&, const committed_record&) = default;
};

/// The last record: how it ended. There is exactly one.
class terminal_record {
 public:
  terminal_record(deployment_status ended_as, shared_text active_version, hotswap::reason_code code,
                  shared_text said)
      : status(ended_as),
        active(std::move(active_version)),
        reason_code(code),
        reason(std::move(said)) {}
  deployment_status status;
  shared_text active;  ///< its version; empty if none has the traffic
  hotswap::reason_code reason_code;
  shared_text reason;
  friend bool operator==(const terminal_record&, const terminal_record&) = default;
};

/// What is large is shared: by the journal, and a look by the event that tells of it too. Shared
/// payloads are equal if they are the same object.
using record_payload =
    std::variant<std::monostate, std::shared_ptr<const opening_record>, resumed_record,
                 fingerprint_record, outcome_record, std::shared_ptr<const reference_record>,
                 traffic_split, std::shared_ptr<const look_report>, extension_record, hold_record,
                 std::shared_ptr<const command_record>, rollback_record, committed_record,
                 terminal_record>;

/// Matched by step and verb when a rollout is replayed; `sequence` is the fence against a second
/// driver.
class journal_record {
 public:
  journal_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::uint64_t sequence = 0;  ///< from 1, without gaps, in each rollout
  shared_text rollout;         ///< its id
  shared_text step;            ///< empty for what concerns the whole rollout
  shared_text verb;            ///< `deploy`, `shift`, `observe`, …
  record_phase phase = record_phase::began;
  std::chrono::system_clock::time_point at{};
  shared_text driver;  ///< which incarnation of the rollout wrote it
  record_payload payload;
  /// What was told since the record before: the history is made of them.
  std::vector<std::shared_ptr<const event>> events;
  /// What a later version wrote and this one does not know, as it was read; goes along unseen.
  shared_text unknown;

  friend bool operator==(const journal_record&, const journal_record&) = default;
};

/// Is this the last record of a rollout?
[[nodiscard]] inline bool is_terminal(const journal_record& record) noexcept {
  return std::holds_alternative<terminal_record>(record.payload);
}

}  // namespace hotswap::inline v0_1
