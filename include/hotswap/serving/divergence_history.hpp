#pragma once

/// @file
/// What `windowed` is for a version's counters, for the comparison of two versions.
///
///     history.begin(counters.totals());                                 // the mirror is on
///     const auto seen = history.collect(window, counters.totals());     // at the window's end

#include <hotswap/concepts/counter_history.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/time_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// What was compared between two totals.
[[nodiscard]] inline divergence_snapshot compared_since(const divergence_snapshot& earlier,
                                                        const divergence_snapshot& later) {
  divergence_snapshot seen;
  seen.compared = later.compared - earlier.compared;
  seen.disagreed = later.disagreed - earlier.disagreed;
  seen.shadow_errors = later.shadow_errors - earlier.shadow_errors;
  for (const auto& [cause, count] : later.dropped) {
    const auto before = earlier.dropped.find(cause);
    const std::uint64_t added = before == earlier.dropped.end() ? count : count - before->second;
    if (added > 0) seen.dropped.emplace(cause, added);
  }
  seen.difference = added_since(earlier.difference, later.difference);
  return seen;
}

/// Its user locks it. The last 128 readings are kept.
class divergence_history {
 public:
  /// The mirror is on from here: what came before belongs to no window that was not read yet.
  void begin(divergence_snapshot totals) { begin_ = std::move(totals); }

  /// What was compared in a window. Repeatable for one that ends where a reading was taken. Where
  /// none was taken at its begin, the latest before stands in, unless it is older than the window
  /// is long, and else the first one within. The first reading counts from the mirror's begin.
  /// @param now  the totals, read just now, at the window's end; taken unless they are known
  /// @throws error  for a window that ended before the latest reading, if none was taken at its end
  [[nodiscard]] divergence_snapshot collect(const time_window& window, divergence_snapshot now) {
    auto end = at_or_after(window.end);
    if (end == readings_.end()) {
      divergence_snapshot from = begin_ ? std::move(*begin_) : now;
      begin_.reset();
      readings_.emplace_back(window.end, std::move(now), std::move(from));
      if (readings_.size() > most_readings) readings_.pop_front();
      end = readings_.end() - 1;
    } else if (end->at != window.end) {
      const auto late =
          std::chrono::duration_cast<std::chrono::milliseconds>(readings_.back().at - window.end);
      throw error(
          "divergence: a window must not end before the latest reading, got one that ended " +
          std::to_string(late.count()) + " ms earlier");
    }
    return compared_since(base(window, end), end->totals);
  }

 private:
  class reading {
   public:
    reading(time_window::time_point read_at, divergence_snapshot read, divergence_snapshot from)
        : at(read_at), totals(std::move(read)), base(std::move(from)) {}
    time_window::time_point at;
    divergence_snapshot totals;
    divergence_snapshot base;  // where it counts from if there is no reading to count from
  };
  using position = std::deque<reading>::const_iterator;

  static constexpr std::size_t most_readings = 128;

  position at_or_after(time_window::time_point at) const {
    return std::lower_bound(
        readings_.begin(), readings_.end(), at,
        [](const reading& each, time_window::time_point time) { return each.at < time; });
  }

  const divergence_snapshot& base(const time_window& window, position end) const {
    const position within = at_or_after(window.begin);
    if (within->at == window.begin) return within->totals;
    if (within != readings_.begin()) {
      const position before = within - 1;
      if (window.begin - before->at <= window.duration()) return before->totals;
    }
    return within == end ? end->base : within->totals;
  }

  std::optional<divergence_snapshot> begin_;  // until a reading has counted from there
  std::deque<reading> readings_;              // by time
};

}  // namespace hotswap::inline v0_1
