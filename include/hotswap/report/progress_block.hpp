#pragma once

/// @file
/// One rollout as a block of lines for a terminal.
///
///     for (const hotswap::painted_line& line : hotswap::progress_block(seen, 100)) print(line);
///
///     ● spam  1 → 2   Canary                                         12:12:31 UTC · 12 min 31 s
///       steps       ✓ step-10  ● step-25
///       traffic     ██████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   25 % to 2, 75 % to 1
///       bake        ━━━━━━━━━━━━────────────────────────────  3 min of 10 min, look 3/10  pass
///       error rate     0.40 %  →     0.50 %   +0.10 %  limit ≤ 1.40 %   pass

#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/report/metric_text.hpp>
#include <hotswap/report/painted_line.hpp>
#include <hotswap/report/quantity_text.hpp>
#include <hotswap/report/rollout_progress.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

[[nodiscard]] constexpr tone tone_of(decision made) noexcept {
  switch (made) {
    case decision::pass:
      return tone::good;
    case decision::fail:
      return tone::bad;
    case decision::inconclusive:
      return tone::warning;
  }
  return tone::warning;
}

[[nodiscard]] constexpr tone tone_of(severity how) noexcept {
  switch (how) {
    case severity::info:
      return tone::plain;
    case severity::warning:
      return tone::warning;
    case severity::error:
      return tone::bad;
  }
  return tone::bad;
}

/// `3/10`, or `3` if nothing is known about how many there will be.
template <typename = void>
[[nodiscard]] std::string look_count(const step_progress& of) {
  return of.looks_expected > of.looks ? fmt::format("{}/{}", of.looks, of.looks_expected)
         : of.looks_expected == 0     ? fmt::format("{}", of.looks)
                                      : fmt::format("{0}/{0}", of.looks);
}

namespace detail {

/// The sign and the colour by which a stage is recognised from afar.
struct stage_sign {
  std::string_view sign;
  tone in;
};

constexpr stage_sign sign_of(rollout_stage stage) noexcept {
  switch (stage) {
    case rollout_stage::running:
      return {.sign = "●", .in = tone::accent};
    case rollout_stage::paused:
    case rollout_stage::held:
      return {.sign = "‖", .in = tone::warning};
    case rollout_stage::rolling_back:
      return {.sign = "↺", .in = tone::very_bad};
    case rollout_stage::committed:
      return {.sign = "●", .in = tone::very_good};
    case rollout_stage::succeeded:
      return {.sign = "✓", .in = tone::very_good};
    case rollout_stage::rolled_back:
      return {.sign = "↺", .in = tone::very_bad};
    case rollout_stage::aborted:
    case rollout_stage::rejected:
      return {.sign = "✗", .in = tone::warning};
    case rollout_stage::rollback_failed:
      return {.sign = "✗", .in = tone::very_bad};
  }
  return {.sign = "✗", .in = tone::very_bad};
}

/// `promoted`, `rolled back`; an end by its reason where that says more.
template <typename = void>
std::string stage_word(const rollout_progress& of) {
  const reason_code reason = of.latest().reason_code;
  if (of.stage() == rollout_stage::running) return {};
  if (of.stage() != rollout_stage::succeeded || reason == reason_code::none) {
    return std::string{to_string(of.stage())};
  }
  std::string word{to_string(reason)};
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

template <typename = void>
painted_line title(const rollout_progress& of, int width) {
  const event& latest = of.latest();
  const auto [sign, in] = sign_of(of.stage());
  painted_line line;
  line.add(sign, in).add(" ").add(latest.model, tone::bold).add("  ");
  if (!latest.baseline.empty()) line.add(latest.baseline).add(" → ", tone::dim);
  line.add(latest.candidate, tone::bold).add("   ").add(latest.strategy, tone::dim);
  const std::string word = stage_word(of);
  if (!word.empty()) line.add("   ").add(word, in);

  const auto lasted = std::chrono::floor<std::chrono::milliseconds>(of.lasted().duration());
  const std::string time =
      fmt::format("{} UTC · {}", time_of_day(latest.time), duration_for_people(lasted));
  const int at = width - columns_of(time);
  if (line.columns() + 2 <= at) line.skip_to(at).add(time, tone::dim);
  return line;
}

constexpr int label_width = 12;

template <typename = void>
painted_line labelled(std::string_view label) {
  painted_line line;
  line.add("  ").add_left(label, label_width, tone::dim);
  return line;
}

template <typename = void>
int bar_width(int width) {
  return std::clamp(width - 60, 10, 40);
}

/// The newest steps, as many as fit.
template <typename = void>
painted_line trail(const rollout_progress& of, int width) {
  painted_line line = labelled("steps");
  const std::vector<step_progress>& steps = of.steps();
  int left = width - line.columns() - 2;
  std::size_t first = steps.size();
  while (first > 0) {
    const int needed = columns_of(printable(steps[first - 1].name)) + 4;  // its sign and the gap
    if (needed > left && first < steps.size()) break;
    left -= needed;
    --first;
  }
  if (first > 0) line.add("… ", tone::dim);
  for (std::size_t i = first; i < steps.size(); ++i) {
    switch (steps[i].ended) {
      case step_progress::outcome::running:
        line.add("● ", tone::accent).add(steps[i].name, tone::bold);
        break;
      case step_progress::outcome::done:
        line.add("✓ ", tone::good).add(steps[i].name);
        break;
      case step_progress::outcome::failed:
        line.add("✗ ", tone::bad).add(steps[i].name, tone::bad);
        break;
    }
    line.add("  ");
  }
  return line;
}

template <typename = void>
painted_line traffic(const rollout_progress& of, int width) {
  const event& latest = of.latest();
  painted_line line = labelled("traffic");
  const share candidate = latest.candidate_share;
  const bool is_bad = of.stage() == rollout_stage::rolling_back;
  add_bar(line, candidate.basis_points() / 10'000.0, bar_width(width),
          is_bad ? tone::bad : tone::accent);
  line.add("  ").add_right(to_string(candidate), 5, tone::bold).add(" to ").add(latest.candidate);
  if (!latest.baseline.empty() && candidate.rest() != share{}) {
    line.add(fmt::format(", {} to {}", to_string(candidate.rest()), latest.baseline), tone::dim);
  }
  return line;
}

template <typename = void>
painted_line bake(const step_progress& of, int width) {
  const look_report& look = *of.look;
  painted_line line = labelled("bake");
  const double fraction = look.bake.count() > 0 ? static_cast<double>(look.elapsed.count()) /
                                                      static_cast<double>(look.bake.count())
                                                : 1.0;
  add_thin_bar(line, fraction, bar_width(width), tone::accent);
  line.add(fmt::format("  {} of {}", duration_for_people(std::min(look.elapsed, look.bake)),
                       duration_for_people(look.bake)));
  line.add(", look ").add(look_count(of)).add("  ");
  const decision made = look.verdict.decision();
  return line.add(to_string(made), tone_of(made));
}

template <typename = void>
painted_line metric(const metric_text& of) {
  constexpr int value_width = 9;
  painted_line line;
  line.add("  ").add_left(fitted(printable(of.name), label_width - 1), label_width, tone::dim);
  line.add_right(of.baseline.empty() ? "–" : of.baseline, value_width).add("  →  ", tone::dim);
  line.add_right(of.candidate.empty() ? "–" : of.candidate, value_width, tone::bold);
  line.add_right(of.change, value_width + 1).add("  ");
  line.add_left(of.limit.empty() ? "" : "limit " + of.limit, 15, tone::dim).add("  ");
  if (of.verdict) line.add(to_string(*of.verdict), tone_of(*of.verdict));
  return line;
}

}  // namespace detail

/// All that there is to see of a rollout, at most `width` columns wide when it is printed so.
template <typename = void>
[[nodiscard]] std::vector<painted_line> progress_block(const rollout_progress& of, int width) {
  std::vector<painted_line> lines;
  lines.push_back(detail::title(of, width));
  if (!of.steps().empty()) lines.push_back(detail::trail(of, width));
  lines.push_back(detail::traffic(of, width));
  // while it rolls back, what matters is what it has seen before
  const step_progress* step =
      of.stage() < rollout_stage::rolling_back ? of.current() : of.last_looked_at();
  if (step != nullptr && step->look) {
    if (!of.is_over()) lines.push_back(detail::bake(*step, width));
    for (const metric_text& each : metrics_of(*step->look)) lines.push_back(detail::metric(each));
  }
  if (of.is_over() && !of.steps().empty()) {
    lines.push_back(detail::labelled("candidate"));
    lines.back().add(
        fmt::format("{} requests, {} failed", of.candidate_requests(), of.candidate_errors()));
  }
  if (!of.message().empty()) {
    painted_line line = detail::labelled(of.is_over() ? "end" : "latest");
    const event& latest = of.latest();
    const tone in = of.is_over()  ? detail::sign_of(of.stage()).in
                    : latest.look ? tone_of(latest.look->verdict.decision())
                                  : tone_of(latest.severity);
    lines.push_back(line.add(of.message(), in));
  }
  return lines;
}

/// The same in one line, for when there are too many rollouts for the height of a terminal.
template <typename = void>
[[nodiscard]] painted_line progress_in_one_line(const rollout_progress& of, int width) {
  const event& latest = of.latest();
  const auto [sign, in] = detail::sign_of(of.stage());
  painted_line line;
  line.add(sign, in).add(" ").add_left(latest.model, 16, tone::bold).add(" ");
  add_bar(line, latest.candidate_share.basis_points() / 10'000.0, detail::bar_width(width) / 2,
          tone::accent);
  line.add_right(to_string(latest.candidate_share), 8).add("  ");
  const step_progress* step = of.current();
  if (step != nullptr) {
    line.add_left(step->name, 10).add(" ");
    if (step->look) {
      const decision made = step->look->verdict.decision();
      line.add_left("look " + look_count(*step), 12).add(" ").add(to_string(made), tone_of(made));
    }
  }
  const std::string word = detail::stage_word(of);
  if (!word.empty()) line.add("  ").add(word, in);
  return line;
}

}  // namespace hotswap::inline v0_1
