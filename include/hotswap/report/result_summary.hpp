#pragma once

/// @file
/// How a rollout ended, in a few lines for the end of a program.
///
///     fmt::print("{}", hotswap::summary(result));
///
///     spam 1 -> 2: rolled back, 1 serves
///       metrics_degraded: the accuracy is 0.61 against 0.94 (limit 0.05 lower, 312 labels)
///       Canary, 2026-01-07 12:00:00 UTC, 4 min 31 s; 3 looks at 312 requests of 2, 3 failed
///
///       step       share  looks     duration     requests       errors  result
///       step-10     10 %      3   4 min 30 s          312            3  failed

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/report/printable.hpp>
#include <hotswap/report/quantity_text.hpp>
#include <hotswap/report/rollout_progress.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename = void>
std::string who_serves(const deployment_result& of) {
  if (of.status() == deployment_status::rollback_failed)
    return "which version serves is not certain";
  try {
    return of.active().version() + " serves";
  } catch (const error&) {
    return "no version serves";
  }
}

template <typename = void>
std::string words(std::string_view identifier) {
  std::string text{identifier};
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

template <typename = void>
std::string_view word_for(step_progress::outcome how) {
  switch (how) {
    case step_progress::outcome::running:
      return "unfinished";
    case step_progress::outcome::done:
      return "done";
    case step_progress::outcome::failed:
      return "failed";
  }
  return "failed";
}

template <typename = void>
std::string plural(std::uint64_t count, std::string_view one, std::string_view several) {
  return fmt::format("{} {}", count, count == 1 ? one : several);
}

template <typename = void>
std::chrono::milliseconds length_of(const time_window& window) {
  return std::chrono::floor<std::chrono::milliseconds>(window.duration());
}

/// A step in the table. Padded by hand: fmt counts the columns of a name as it sees fit.
template <typename = void>
std::string step_row(const step_progress& of) {
  std::string name = printable(of.name);
  const int missing = 10 - columns_of(name);
  if (missing > 0) name.append(static_cast<std::size_t>(missing), ' ');
  return fmt::format("  {} {:>7}  {:>5}  {:>12}  {:>11}  {:>11}  {}\n", name,
                     to_string(of.candidate_share), of.looks,
                     duration_for_people(length_of(of.lasted)), of.candidate_requests,
                     of.candidate_errors, word_for(of.ended));
}

}  // namespace detail

/// Several lines, each ended by a line feed, without escape sequences. Requests and errors are the
/// candidate's, as its metrics source reported them in the windows that were looked at: what it
/// answered between the last look and a roll-back is in nobody's window.
template <typename = void>
[[nodiscard]] std::string summary(const deployment_result& of) {
  rollout_progress seen;
  for (const event& each : of.history()) seen.add(each);
  const event& last = seen.latest();

  std::string text = printable(last.model);
  if (text.empty()) text = "rollout";
  if (!last.baseline.empty()) text += " " + printable(last.baseline) + " ->";
  if (!last.candidate.empty()) text += " " + printable(last.candidate);
  text += fmt::format(": {}, {}\n", detail::words(to_string(of.status())), detail::who_serves(of));
  text += fmt::format("  {}: {}\n", to_string(of.reason_code()), printable(of.reason()));
  if (of.history().empty()) return text;

  text += fmt::format("  {}, {} {} UTC, {}; {} at {} of {}, {} failed\n", printable(last.strategy),
                      date_text(seen.lasted().begin), time_of_day(seen.lasted().begin),
                      duration_for_people(detail::length_of(seen.lasted())),
                      detail::plural(static_cast<std::uint64_t>(seen.looks()), "look", "looks"),
                      detail::plural(seen.candidate_requests(), "request", "requests"),
                      printable(last.candidate), seen.candidate_errors());
  if (seen.steps().empty()) return text;

  text += fmt::format("\n  {:<10} {:>7}  {:>5}  {:>12}  {:>11}  {:>11}  {}\n", "step", "share",
                      "looks", "duration", "requests", "errors", "result");
  for (const step_progress& each : seen.steps()) text += detail::step_row(each);
  return text;
}

}  // namespace hotswap::inline v0_1
