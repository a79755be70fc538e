#pragma once

/// @file
/// A plan as people read it, before they let it run.
///
///     fmt::print("{}", hotswap::plan_text(hotswap::plan(config)));
///
///     BlueGreen "ranking": 15 min 09 s to 30 min 53 s
///       start   5.0 s to 36.0 s            reference, deploy, warm_up, smoke_test
///       switch  5 min 03 s to 20 min 16 s  shift to 100 %, observe; a look each 30.0 s
///       end     10 min 01 s                wait, retire

#include <hotswap/config/rollout_plan.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/report/quantity_text.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// `10 min`, or `10 min to 40 min`
template <typename = void>
std::string range_text(std::chrono::milliseconds shortest, std::chrono::milliseconds longest) {
  std::string text = duration_for_people(shortest);
  if (duration_for_people(longest) != text) text += " to " + duration_for_people(longest);
  return text;
}

/// `approve, shift to 25 %, observe`
template <typename = void>
std::string verbs_text(const planned_step& step) {
  std::string text;
  for (const auto verb : step.verbs) {
    if (!text.empty()) text += ", ";
    text += verb;
    if (verb == "shift" && step.candidate_share) text += " to " + to_string(*step.candidate_share);
  }
  return text;
}

/// What its looks need, and whom it waits for.
template <typename = void>
std::string needs_text(const planned_step& step, double most_requests = 0.0) {
  std::string text;
  if (step.look_interval.count() > 0) {
    text += "; a look each " + duration_for_people(step.look_interval);
  }
  if (step.minimum_samples) {
    text += fmt::format("; {} samples of each side", *step.minimum_samples);
    if (most_requests >= 100.0) {
      text += fmt::format(", from {:.0f} requests/s on", most_requests);
    } else if (most_requests > 0.0) {
      text += fmt::format(", from {:.3g} requests/s on", most_requests);
    }
  }
  if (step.needs_approval) text += "; waits for a person, without limit";
  if (step.hold.count() > 0) {
    text += "; may be held for a person, up to " + duration_for_people(step.hold);
  }
  return text;
}

/// Do they differ in no more than their names, and in what the traffic must be?
template <typename = void>
bool same_but_for_name(const planned_step& one, const planned_step& other) {
  return one.shortest == other.shortest && one.longest == other.longest &&
         verbs_text(one) == verbs_text(other) && needs_text(one) == needs_text(other);
}

}  // namespace detail

/// A line for the whole, and one for each step; what comes several times in a row has one.
template <typename = void>
[[nodiscard]] std::string plan_text(const rollout_plan& plan) {
  class row {
   public:
    row(std::string of_steps, std::string time, std::string does)
        : name(std::move(of_steps)), range(std::move(time)), text(std::move(does)) {}
    std::string name;
    std::string range;
    std::string text;
  };
  std::vector<row> rows;
  for (std::size_t i = 0; i < plan.steps.size();) {
    const planned_step& first = plan.steps[i];
    std::size_t end = i + 1;
    while (end < plan.steps.size() && detail::same_but_for_name(first, plan.steps[end])) ++end;
    std::string name = first.name;
    if (end - i > 1) name += fmt::format(" to {}, each", plan.steps[end - 1].name);
    double requests = 0.0;
    for (std::size_t each = i; each < end; ++each) {
      requests = std::max(requests, plan.steps[each].requests_per_second.value_or(0.0));
    }
    rows.emplace_back(std::move(name), detail::range_text(first.shortest, first.longest),
                      detail::verbs_text(first) + detail::needs_text(first, requests));
    i = end;
  }

  std::size_t name_width = 0;
  std::size_t range_width = 0;
  for (const row& each : rows) {
    name_width = std::max(name_width, each.name.size());
    range_width = std::max(range_width, each.range.size());
  }
  std::string text = plan.strategy;
  if (!plan.name.empty()) text += " " + in_quotes(plan.name);
  text += ": " + detail::range_text(plan.shortest, plan.longest);
  if (plan.needs_approval) text += ", besides the time that a person takes to approve";
  text += '\n';
  for (const row& each : rows) {
    text += fmt::format("  {:{}}  {:{}}  {}\n", each.name, name_width, each.range, range_width,
                        each.text);
  }
  return text;
}

}  // namespace hotswap::inline v0_1
