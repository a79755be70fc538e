#pragma once

/// @file
/// One line of a rollout's journal, as a typed value; its JSON form is `config/`'s.
///
///     for (const hotswap::journal_record& each : co_await journal->load("fraud")) { … }

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/traffic_split.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// `began` before the first call of a verb, `progress` for each look and what changes a wait,
/// `outcome` once it is over.
enum class record_phase { began, progress, outcome };

/// The first record of a rollout: what it is.
class opening_record {
 public:
  opening_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  int format = 1;
  std::string strategy;
  std::string model;
  std::string baseline;
  std::string candidate;
  std::string request_id;

  friend bool operator==(const opening_record&, const opening_record&) = default;
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

/// The decision to roll back, written before its first action.
class rollback_record {
 public:
  rollback_record(deployment_status ends_as, hotswap::reason_code code, std::string said)
      : status(ends_as), reason_code(code), reason(std::move(said)) {}
  deployment_status status;
  hotswap::reason_code reason_code;
  std::string reason;
  friend bool operator==(const rollback_record&, const rollback_record&) = default;
};

/// The point of no return: the candidate has the model, the baseline may go.
class committed_record {
 public:
  committed_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12
  friend bool operator==(const committed_record&, const committed_record&) = default;
};

/// The last record: how it ended. There is exactly one.
class terminal_record {
 public:
  terminal_record(deployment_status ended_as, std::string active_version, hotswap::reason_code code,
                  std::string said)
      : status(ended_as),
        active(std::move(active_version)),
        reason_code(code),
        reason(std::move(said)) {}
  deployment_status status;
  std::string active;
  hotswap::reason_code reason_code;
  std::string reason;
  friend bool operator==(const terminal_record&, const terminal_record&) = default;
};

/// A look is shared with the event that tells of it.
using record_payload =
    std::variant<std::monostate, opening_record, fingerprint_record, traffic_split, outcome_record,
                 std::shared_ptr<const look_report>, rollback_record, committed_record,
                 terminal_record>;

/// Matched by step and verb when a rollout is replayed; `sequence` is the fence against a second
/// driver.
class journal_record {
 public:
  journal_record() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::uint64_t sequence = 0;  ///< from 1, without gaps, in each rollout
  std::string rollout;         ///< its id
  std::string step;            ///< empty for what concerns the whole rollout
  std::string verb;            ///< `deploy`, `shift`, `observe`, …
  record_phase phase = record_phase::began;
  std::chrono::system_clock::time_point at{};
  std::string driver;  ///< which incarnation of the rollout wrote it
  record_payload payload;
  std::vector<event>
      events;  ///< what was told since the record before: the history is made of them
};

}  // namespace hotswap::inline v0_1
