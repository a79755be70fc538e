#pragma once

/// @file
/// A rollout as it goes on, for a person who watches: redrawn in place on a terminal, and else one
/// line for each event, which `grep` understands.
///
///     context.observe(hotswap::progress_view{stdout, is_terminal});   // e.g. isatty(1) == 1
///
///     12:03:31  spam  step-25   25 %  look 3/10         pass  error rate 0.40 % vs 0.50 %, …
///
/// It is told whether it writes to a terminal, it does not ask. Times are those of the events, in
/// UTC, so that the same events give the same bytes.
///
/// Source: ECMA-48, 8.3.22 (CUU), 8.3.39 (ED), 8.3.41 (EL); DEC private mode 7 (auto-wrap).

#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/report/metric_text.hpp>
#include <hotswap/report/painted_line.hpp>
#include <hotswap/report/progress_block.hpp>
#include <hotswap/report/quantity_text.hpp>
#include <hotswap/report/rollout_progress.hpp>
#include <hotswap/report/text_sink.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a view cannot know about its terminal. Of no effect where there is none.
struct progress_options {
  bool colour = true;  ///< off: still redrawn in place, but without a colour
  int width = 100;     ///< columns that a line may take, at least 20
  int height = 24;     ///< lines of the terminal, at least 4
};

/// An event as a line without its line feed: time, model, step, share, kind, and what it has to
/// say. For a look that is the decision, both sides of each metric, the baseline's first, and
/// unless it passed, why.
template <typename = void>
[[nodiscard]] painted_line event_line(const event& told, const rollout_progress& of) {
  painted_line line;
  line.add(time_of_day(told.time), tone::dim).add("  ").add(told.model, tone::bold).add("  ");
  line.add_left(told.step.empty() ? "-" : told.step, 8).add(" ");
  line.add_right(to_string(told.candidate_share), 7).add("  ");

  if (told.kind == event_kind::look && told.look) {
    const step_progress* step = of.step(told.step);
    line.add_left(step == nullptr ? "look" : "look " + look_count(*step), 16).add("  ");
    const verdict& seen = told.look->verdict;
    line.add(to_string(seen.decision()), tone_of(seen.decision()));
    std::string separator = "  ";
    for (const metric_text& each : metrics_of(*told.look)) {
      line.add(separator + each.name + " " + both_sides(each),
               each.verdict == decision::fail ? tone::bad : tone::plain);
      separator = ", ";
    }
    if (seen.passed()) return line;
    return line.add(": ").add(told.message.empty() ? seen.summary() : told.message);
  }
  const bool is_end = told.kind == event_kind::rollout_finished;
  const tone in = is_end ? detail::sign_of(of.stage()).in : tone_of(told.severity);
  line.add_left(to_string(told.kind), 16, is_end ? in : tone::plain).add("  ");
  if (told.severity != severity::info && !is_end) line.add(to_string(told.severity), in).add(": ");
  if (is_end) line.add(detail::stage_word(of), in).add(told.message.empty() ? "" : ": ");
  line.add(told.message, in);
  if (!told.actor.empty()) line.add(" (by ").add(told.actor).add(")");
  return line;
}

/// An observer. Its copies share what they have seen, so that one view, copied into many rollouts,
/// shows them all: a block each, that of a finished one left above the others. Belongs to one
/// clock's thread. Whatever else the program writes to the same terminal meanwhile spoils the
/// picture until the next event but one.
/// A template so that only its users compile it.
template <typename = void>
class basic_progress_view {
 public:
  /// @throws config_error  for an empty sink, or a width or height below the least.
  basic_progress_view(text_sink sink, bool is_terminal, progress_options options = {})
      : state_(std::make_shared<state>(std::move(sink), is_terminal, options)) {}

  /// Onto a stream that outlives the view.
  basic_progress_view(std::FILE* stream, bool is_terminal, progress_options options = {})
      : basic_progress_view(to_stream(stream), is_terminal, options) {}

  void operator()(const event& told) const { state_->show(told); }

 private:
  class state {
   public:
    state(text_sink sink, bool is_terminal, progress_options options)
        : sink_(std::move(sink)), is_terminal_(is_terminal), options_(options) {
      const auto require = [](bool holds, const char* rule, int got) {
        if (!holds) throw config_error("", fmt::format("progress_view: {}, got {}", rule, got));
      };
      if (!sink_) throw config_error("", "progress_view: sink must be callable, got none");
      require(options_.width >= 20, "width must be at least 20", options_.width);
      require(options_.height >= 4, "height must be at least 4", options_.height);
    }

    void show(const event& told) {
      const auto at = find_or_begin(told);
      if (at == live_.end()) {
        show_line(event_line(told, rollout_progress{}), told);
        return;
      }
      at->seen.add(told);
      if (!at->seen.is_over()) {
        report(told, at->seen);
        return;
      }
      const rollout_progress ended = std::move(at->seen);
      live_.erase(at);  // first: the sink may throw
      report(told, ended);
    }

   private:
    struct rollout {
      std::string id;
      rollout_progress seen;
    };

    /// An event that comes after its rollout's end begins no rollout.
    std::vector<rollout>::iterator find_or_begin(const event& told) {
      const auto found = std::find_if(live_.begin(), live_.end(),
                                      [&](const rollout& each) { return each.id == told.rollout; });
      if (found != live_.end()) return found;
      const bool begins = told.kind == event_kind::rollout_started ||
                          told.kind == event_kind::resumed ||
                          told.kind == event_kind::step_started || told.kind == event_kind::look ||
                          told.kind == event_kind::rollout_finished;
      return begins ? live_.insert(live_.end(), rollout{told.rollout, {}}) : live_.end();
    }

    void report(const event& told, const rollout_progress& of) {
      if (is_terminal_) {
        redraw(told, of);
      } else if (told.kind != event_kind::step_started || !told.message.empty()) {
        show_line(event_line(told, of), told);  // the step's split_changed says it all, else
      }
    }

    void show_line(const painted_line& line, const event& told) {
      if (is_terminal_) {
        draw(line.text(options_.width, options_.colour) + clear_line_and_feed, live_lines());
        return;
      }
      std::string out;
      const std::string date = date_text(told.time);
      if (date != date_) out += date + " UTC\n";
      date_ = date;
      // an exception's text may be of any size; whoever reads a log needs its beginning
      constexpr int longest = 1000;
      sink_(out + line.text(longest, false) + '\n');
    }

    /// What a person must not miss is left above the blocks for good, and so is a block at its end.
    void redraw(const event& told, const rollout_progress& of) {
      std::string above;
      if (told.severity != severity::info && !of.is_over()) {
        above += event_line(told, of).text(options_.width, options_.colour);
        above += clear_line_and_feed;
      }
      if (of.is_over()) {
        for (const painted_line& each : progress_block(of, options_.width)) {
          above += each.text(options_.width, options_.colour) + clear_line_and_feed;
        }
      }
      draw(above, live_lines());
    }

    std::vector<painted_line> live_lines() const {
      const std::size_t room = static_cast<std::size_t>(options_.height) - 1;  // the cursor's line
      std::vector<painted_line> lines;
      for (const rollout& each : live_) {
        for (painted_line& line : progress_block(each.seen, options_.width)) {
          lines.push_back(std::move(line));
        }
      }
      if (lines.size() <= room) return lines;

      lines.clear();
      for (const rollout& each : live_) {
        lines.push_back(progress_in_one_line(each.seen, options_.width));
      }
      if (lines.size() <= room) return lines;
      const std::size_t hidden = lines.size() - (room - 1);
      lines.resize(room - 1);
      lines.emplace_back();
      lines.back().add(fmt::format("  … and {} more rollouts", hidden), tone::dim);
      return lines;
    }

    /// Over the lines that were drawn last: first what stays, then what is drawn over next time.
    /// Without auto-wrap, a terminal narrower than the width cuts lines, and the count stays right.
    void draw(const std::string& above, const std::vector<painted_line>& lines) {
      std::string out;
      if (drawn_ > 0) out += fmt::format("\x1b[{}A", drawn_);
      out += "\r\x1b[?7l";
      out += above;
      for (const painted_line& each : lines) {
        out += each.text(options_.width, options_.colour) + clear_line_and_feed;
      }
      out += "\x1b[J\x1b[?7h";
      sink_(out);
      drawn_ = lines.size();
    }

    static constexpr const char* clear_line_and_feed = "\x1b[K\n";

    text_sink sink_;
    bool is_terminal_;
    progress_options options_;
    std::vector<rollout> live_;  // in order of their beginning
    std::size_t drawn_ = 0;      // lines that the next drawing goes over
    std::string date_;           // of the last plain line
  };

  std::shared_ptr<state> state_;
};

using progress_view = basic_progress_view<>;

}  // namespace hotswap::inline v0_1
