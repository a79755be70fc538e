#pragma once

/// @file
/// Readings of counters that only grow, and what they say about the windows between them.
///
///     hotswap::counter_history history;
///     history.file(version, window, totals);        // read just now, at the window's end
///
/// The counting behind `windowed`, for which see <hotswap/concepts/windowed.hpp>.

#include <hotswap/core/error.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// The values that were added to `earlier` to make it `later`, up to rounding: the inverse of
/// `moments::operator+=`. Relative to their own size, the squared deviations lose as many digits as
/// they are smaller than those of `later`.
[[nodiscard]] inline stats::moments added_since(const stats::moments& earlier,
                                                const stats::moments& later) {
  const auto& before = earlier.raw();
  const auto& after = later.raw();
  if (before.count == 0 || after.count <= before.count) {
    return before.count == 0 ? later : stats::moments{};
  }
  const auto total = static_cast<double>(after.count);
  const auto old = static_cast<double>(before.count);
  const auto added = static_cast<double>(after.count - before.count);

  // from the mean of the earlier values to that of all
  const double shift =
      (after.origin - before.origin) + (after.mean_distance - before.mean_distance);
  const double gap = shift * (total / added);
  const double squared = (after.squared_deviations - before.squared_deviations) - shift * gap * old;
  return stats::moments::from_raw(
      {.count = after.count - before.count,
       .origin = after.origin,
       .mean_distance = after.mean_distance + shift * (old / added),
       // rounding may leave less than nothing; a NaN stays one
       .squared_deviations = squared < 0.0 || added == 1.0 ? 0.0 : squared});
}

/// What happened between two totals of one start. Distinct users and drift cannot be had from
/// totals; so both are absent, as is everything of which there was nothing.
[[nodiscard]] inline metrics_snapshot counted_since(const metrics_snapshot& earlier,
                                                    const metrics_snapshot& later) {
  metrics_snapshot seen;
  seen.errors = later.errors - earlier.errors;
  // of a source that counts a request before it knows the error, or the other way round
  seen.requests = std::max(later.requests - earlier.requests, seen.errors);
  if (later.accuracy) {
    const stats::proportion before = earlier.accuracy.value_or(stats::proportion{});
    const std::uint64_t correct = later.accuracy->successes() - before.successes();
    const std::uint64_t labelled = later.accuracy->trials() - before.trials();
    if (std::max(labelled, correct) > 0) {
      seen.accuracy = stats::proportion{correct, std::max(labelled, correct)};
    }
  }
  if (later.latency) {
    const auto latency = added_since(earlier.latency.value_or(stats::moments{}), *later.latency);
    if (latency.count() > 0) seen.latency = latency;
  }
  if (later.latency_distribution) {
    auto latencies = *later.latency_distribution;
    if (earlier.latency_distribution) latencies -= *earlier.latency_distribution;
    if (latencies.count() > 0) seen.latency_distribution = std::move(latencies);
  }
  for (const auto& [name, values] : later.custom) {
    const auto before = earlier.custom.find(name);
    const auto added =
        added_since(before == earlier.custom.end() ? stats::moments{} : before->second, values);
    if (added.count() > 0) seen.custom.emplace(name, added);
  }
  return seen;
}

/// A counter that fell has started again at 0.
[[nodiscard]] inline bool has_restarted(const metrics_snapshot& earlier,
                                        const metrics_snapshot& later) {
  const auto count = [](const std::optional<stats::moments>& values) {
    return values ? values->count() : 0;
  };
  const auto latencies = [](const metrics_snapshot& of) {
    return of.latency_distribution.value_or(stats::quantile_sketch{});
  };
  const stats::proportion before = earlier.accuracy.value_or(stats::proportion{});
  const stats::proportion after = later.accuracy.value_or(stats::proportion{});
  const auto fell = [&later](const auto& custom) {
    const auto found = later.custom.find(custom.first);
    return (found == later.custom.end() ? 0 : found->second.count()) < custom.second.count();
  };
  return later.requests < earlier.requests || later.errors < earlier.errors ||
         after.trials() < before.trials() || after.successes() < before.successes() ||
         count(later.latency) < count(earlier.latency) ||
         !latencies(later).continues(latencies(earlier)) ||
         std::any_of(earlier.custom.begin(), earlier.custom.end(), fell);
}

/// The last readings of each version: 128 of each of the 256 that were read last. Any thread.
class counter_history {
 public:
  /// What happened in a window that was asked for before, if it was.
  /// @throws error  if it ends before the latest reading and no reading was taken at its end: what
  ///   the counters were then is not known.
  [[nodiscard]] std::optional<metrics_snapshot> recall(const model_version& version,
                                                       const time_window& window) const {
    const std::lock_guard lock{mutex_};
    const auto known = readings_.find(version);
    if (known == readings_.end()) return std::nullopt;
    const readings& all = known->second;
    const auto end = at_or_after(all, window.end);
    if (end == all.end()) return std::nullopt;
    if (end->at != window.end) throw too_late(version, all.back().at - window.end);
    return between(base(all, window), end);
  }

  /// Keeps totals that were read at the window's end, or what was kept for that time before, and
  /// says what happened in the window.
  /// @throws error  as `recall` does, for a reading that took too long.
  metrics_snapshot file(const model_version& version, const time_window& window,
                        metrics_snapshot totals) {
    const std::lock_guard lock{mutex_};
    readings& all = readings_[version];
    auto end = at_or_after(all, window.end);
    if (end != all.end() && end->at != window.end) {
      throw too_late(version, all.back().at - window.end);
    }
    if (end == all.end()) {
      all.emplace_back(window.end, std::move(totals), ++filed_);
      prune(all);
      end = all.cend() - 1;
    }
    return between(base(all, window), end);
  }

 private:
  using time_point = time_window::time_point;

  class reading {
   public:
    reading(time_point read_at, metrics_snapshot read, std::uint64_t number)
        : at(read_at), totals(std::move(read)), order(number) {}
    time_point at;
    metrics_snapshot totals;
    std::uint64_t order;
  };
  using readings = std::deque<reading>;  // by time
  using position = readings::const_iterator;

  static constexpr std::size_t most_readings = 128;
  static constexpr std::size_t most_versions = 256;

  static position at_or_after(const readings& all, time_point at) {
    return std::lower_bound(all.begin(), all.end(), at,
                            [](const reading& each, time_point time) { return each.at < time; });
  }

  /// The last reading that is not within the window, unless it is older than the window is long:
  /// that would be a window of another time. Else the first within.
  static position base(const readings& all, const time_window& window) {
    const position within = at_or_after(all, window.begin);
    if (within != all.end() && within->at == window.begin) return within;
    if (within == all.begin()) return within;
    const position before = within - 1;
    return window.begin - before->at <= window.duration() ? before : within;
  }

  static metrics_snapshot between(const position& from, const position& end) {
    metrics_snapshot seen;
    if (from >= end) return seen;  // nothing is known of the time before the end
    const metrics_snapshot nothing;
    const metrics_snapshot* start = &from->totals;
    for (position next = from + 1; next <= end; ++next) {
      const metrics_snapshot& last = (next - 1)->totals;
      if (!has_restarted(last, next->totals)) continue;
      seen += counted_since(*start, last);
      start = &nothing;
    }
    seen += counted_since(*start, end->totals);
    return seen;
  }

  void prune(readings& latest) {
    if (latest.size() > most_readings) latest.pop_front();
    if (readings_.size() <= most_versions) return;
    const auto order = [](const auto& of) {
      return of.second.empty() ? 0 : of.second.back().order;
    };
    readings_.erase(
        std::min_element(readings_.begin(), readings_.end(),
                         [order](const auto& a, const auto& b) { return order(a) < order(b); }));
  }

  static error too_late(const model_version& version, time_point::duration late) {
    return error(
        "windowed: a window of " + to_string(version) +
        " must not end before its latest reading, got one that ended " +
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) +
        " ms earlier");
  }

  mutable std::mutex mutex_;
  std::map<model_version, readings> readings_;
  std::uint64_t filed_ = 0;
};

}  // namespace hotswap::inline v0_1
