#pragma once

/// @file
/// Where a record belongs in a stream, by what the stream holds: what every journal asks, under
/// its lock if others write to it.
///
///     switch (hotswap::place_of(stream, end, record)) {
///       case hotswap::append_place::opens:    // begin a rollout
///       case hotswap::append_place::follows:  // add it
///       case hotswap::append_place::taken:    // success if the same record is there
///     }

#include <hotswap/core/error.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_id.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

namespace hotswap::inline v0_1 {

/// How far the latest rollout of a stream has come.
class stream_end {
 public:
  stream_end() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  shared_text rollout;        ///< its id
  std::uint64_t records = 0;  ///< none: the stream is empty
  bool is_finished = false;

  void add(const journal_record& record) {
    rollout = record.rollout;
    records = record.sequence;
    is_finished = is_terminal(record);
  }
};

enum class append_place { opens, follows, taken };

/// @throws journal_conflict  if the stream is another rollout's by now, or the rollout has ended:
/// the record's driver has lost it.
/// @throws journal_error     if a record before this one is missing.
[[nodiscard]] inline append_place place_of(std::string_view stream, const stream_end& end,
                                           const journal_record& record) {
  const std::uint64_t sequence = record.sequence;
  const bool is_same_rollout = end.records > 0 && record.rollout == end.rollout;
  if (is_same_rollout && sequence >= 1 && sequence <= end.records) return append_place::taken;

  const bool is_free =
      end.records == 0 || (end.is_finished && may_follow(record.rollout, end.rollout));
  if (is_free && sequence == 1) return append_place::opens;
  if (end.records > 0 && !is_same_rollout) {
    throw journal_conflict(
        fmt::format("journal of {}: record {} must be of rollout {}, got one of {}", stream,
                    sequence, end.rollout, record.rollout));
  }
  if (end.is_finished && sequence > end.records) {
    throw journal_conflict(
        fmt::format("journal of {}: record {} must open a rollout, got one after the end of {}",
                    stream, sequence, end.rollout));
  }
  if (sequence != end.records + 1) {
    throw journal_error(fmt::format("journal of {}: sequence must be {}, got {}", stream,
                                    end.records + 1, sequence));
  }
  return append_place::follows;
}

[[noreturn]] inline void refuse_taken(std::string_view stream, const journal_record& record) {
  throw journal_conflict(fmt::format("journal of {}: record {} must be new, got another one there",
                                     stream, record.sequence));
}

}  // namespace hotswap::inline v0_1
