// What a person who watches a rollout sees: on a terminal a picture that is redrawn in place, and
// else lines that grep understands.

#include <hotswap/report/progress.hpp>

#include "report/scripted_rollout.hpp"
#include "report/terminal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::event;
using hotswap::event_kind;
using hotswap::progress_options;
using hotswap::progress_view;

namespace {

/// All that a view writes, and each piece alone.
struct written {
  std::string all;
  std::vector<std::string> pieces;

  hotswap::text_sink sink() {
    return [this](std::string_view text) {
      all += text;
      pieces.emplace_back(text);
    };
  }
};

std::string plain_text_of(const std::vector<event>& events) {
  written out;
  const progress_view view{out.sink(), false};
  for (const event& each : events) view(each);
  return out.all;
}

/// What stands on the terminal after the events.
std::string screen_after(const std::vector<event>& events, progress_options options = {}) {
  terminal screen;
  const progress_view view{[&](std::string_view text) { screen.take(text); }, true, options};
  for (const event& each : events) view(each);
  std::string text = "\n";
  for (const std::string& line : screen.lines()) text += line + "\n";
  return text;
}

std::vector<event> first(std::size_t count, std::vector<event> of) {
  of.resize(count);
  return of;
}

}  // namespace

TEST_CASE("progress_view: without a terminal, each event is a line that begins alike",
          "[report][progress]") {
  CHECK(plain_text_of(scripted::rolled_back()) ==
        R"(2026-01-07 UTC
12:00:00  spam  -            0 %  rollout_started   a canary of 10 and 25 %
12:00:00  spam  deploy       0 %  step_started      starting version 2
12:00:01  spam  deploy       0 %  retrying          warning: deploy: connection refused, again in 1 s
12:00:02  spam  deploy       0 %  step_finished     version 2 is warm
12:00:02  spam  step-10     10 %  split_changed     version 2 gets 10 %
12:01:02  spam  step-10     10 %  look 1/10         pass  error rate 0.40 % vs 0.40 %, latency 12.1 ms vs 12.4 ms, accuracy 94.00 % vs 95.20 %
12:10:02  spam  step-10     10 %  look 2/2          pass  error rate 0.40 % vs 0.40 %, latency 12.1 ms vs 12.4 ms, accuracy 94.00 % vs 94.40 %
12:10:02  spam  step-10     10 %  step_finished     passed
12:10:02  spam  step-25     25 %  split_changed     version 2 gets 25 %
12:11:02  spam  step-25     25 %  look 1/10         pass  error rate 0.40 % vs 0.40 %, latency 12.1 ms vs 12.4 ms, accuracy 94.00 % vs 94.00 %
12:11:40  spam  step-25     25 %  paused            a second opinion (by ann)
12:11:50  spam  step-25     25 %  continued         go on (by ann)
12:12:02  spam  step-25     25 %  look 2/10         fail  error rate 0.40 % vs 0.40 %, latency 12.1 ms vs 12.4 ms, accuracy 94.00 % vs 62.00 %: the accuracy is low
12:12:02  spam  -           25 %  rollback_started  warning: the accuracy is low
12:12:03  spam  -            0 %  rollback_finished  version 1 has all traffic
12:12:04  spam  -            0 %  rollout_finished  rolled back: the accuracy is low
)");
}

TEST_CASE("progress_view: without a terminal, a new day is said once", "[report][progress]") {
  scripted::narrator tell;
  CHECK(plain_text_of({tell.next(11h + 59min, event_kind::rollout_started, "", "one"),
                       tell.next(12h, event_kind::retrying, "", "two"),
                       tell.next(12h + 1s, event_kind::retrying, "", "three")}) ==
        R"(2026-01-07 UTC
23:59:00  spam  -            0 %  rollout_started   one
2026-01-08 UTC
00:00:00  spam  -            0 %  retrying          two
00:00:01  spam  -            0 %  retrying          three
)");
}

TEST_CASE(
    "progress_view: without a terminal there is no escape sequence, and no foreign line break",
    "[report][progress]") {
  scripted::narrator tell;
  const std::string text = plain_text_of(
      {tell.next(0s, event_kind::rollout_started, "st\x1b[2Jep", "\x1b]0;owned\a\nline\r two \xFF"),
       tell.next(0s, event_kind::leftover, "", std::string(5000, 'x'))});
  CHECK(text ==
        "2026-01-07 UTC\n"
        "12:00:00  spam  st␛[2Jep     0 %  rollout_started   ␛]0;owned␇ line  two �\n"
        "12:00:00  spam  -            0 %  leftover          " +
            std::string(947, 'x') + "…\n");
}

TEST_CASE("progress_view: on a terminal a look shows both sides and their limits",
          "[report][progress]") {
  CHECK(screen_after(first(7, scripted::rolled_back("fraud"))) == R"(
12:00:01  fraud  deploy       0 %  retrying          warning: deploy: connection refused, again in …
● fraud  1 → 2   Canary                                                    12:01:02 UTC · 1 min 02 s
  steps       ✓ deploy  ● step-10
  traffic     ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   10 % to 2, 90 % to 1
  bake        ━━━━────────────────────────────────────  1 min of 10 min, look 1/10  pass
  error rate     0.40 %  →     0.40 %    0.00 %  limit ≤ 1.40 %   pass
  latency       12.1 ms  →    12.4 ms     ×1.02  limit ≤ 18.1 ms  pass
  accuracy      94.00 %  →    95.20 %   +1.20 %  limit ≥ 89.30 %  pass
  latest      the accuracy is fine
)");
}

TEST_CASE("progress_view: on a terminal the picture is redrawn in place, and its end is left there",
          "[report][progress]") {
  CHECK(screen_after(scripted::rolled_back()) == R"(
12:00:01  spam  deploy       0 %  retrying          warning: deploy: connection refused, again in 1…
12:12:02  spam  step-25     25 %  look 2/10         fail  error rate 0.40 % vs 0.40 %, latency 12.1…
12:12:02  spam  -           25 %  rollback_started  warning: the accuracy is low
↺ spam  1 → 2   Canary   rolled back                                      12:12:04 UTC · 12 min 04 s
  steps       ✓ deploy  ✓ step-10  ✗ step-25
  traffic     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 % to 2, 100 % to 1
  error rate     0.40 %  →     0.40 %    0.00 %  limit ≤ 1.40 %   pass
  latency       12.1 ms  →    12.4 ms     ×1.02  limit ≤ 18.1 ms  pass
  accuracy      94.00 %  →    62.00 %  −32.00 %  limit ≥ 89.30 %  fail
  candidate   1000 requests, 4 failed
  end         the accuracy is low
)");
}

TEST_CASE("progress_view: the bytes of a redraw are those of ECMA-48", "[report][progress]") {
  written out;
  const progress_view view{out.sink(), true};
  scripted::narrator tell;
  view(tell.next(0s, event_kind::rollout_started, "", "go"));
  view(tell.next(1s, event_kind::paused, "", ""));

  REQUIRE(out.pieces.size() == 2);
  std::string bar;
  for (int i = 0; i < 40; ++i) bar += "░";
  const std::string traffic = "  \x1b[2mtraffic\x1b[0m     \x1b[2m" + bar +
                              "\x1b[0m  \x20 \x1b[1m0 %\x1b[0m to 2\x1b[2m, 100 % to 1\x1b[0m"
                              "\x1b[K\n";
  const std::string latest = "  \x1b[2mlatest\x1b[0m      go\x1b[K\n";
  CHECK(out.pieces[0] ==
        "\r\x1b[?7l"
        "\x1b[36m●\x1b[0m \x1b[1mspam\x1b[0m  1\x1b[2m → \x1b[0m\x1b[1m2\x1b[0m   "
        "\x1b[2mCanary\x1b[0m" +
            std::string(59, ' ') + "\x1b[2m12:00:00 UTC · 0 ms\x1b[0m\x1b[K\n" + traffic + latest +
            "\x1b[J\x1b[?7h");
  CHECK(out.pieces[1] ==
        "\x1b[3A\r\x1b[?7l"
        "\x1b[33m‖\x1b[0m \x1b[1mspam\x1b[0m  1\x1b[2m → \x1b[0m\x1b[1m2\x1b[0m   "
        "\x1b[2mCanary\x1b[0m   \x1b[33mpaused\x1b[0m" +
            std::string(49, ' ') + "\x1b[2m12:00:01 UTC · 1.0 s\x1b[0m\x1b[K\n" + traffic + latest +
            "\x1b[J\x1b[?7h");
}

TEST_CASE("progress_view: a pass is green, a fail red, a promotion bold and green",
          "[report][progress]") {
  const auto last_piece = [](const std::vector<event>& events) {
    written out;
    const progress_view view{out.sink(), true};
    for (const event& each : events) view(each);
    return out.pieces.back();
  };
  const auto holds = [](const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(holds(last_piece(first(7, scripted::rolled_back())), "look 1/10  \x1b[32mpass\x1b[0m"));
  CHECK(holds(last_piece(first(15, scripted::rolled_back())), "look 2/10  \x1b[31mfail\x1b[0m"));
  CHECK(holds(last_piece(scripted::rolled_back()), "\x1b[1;31mrolled back\x1b[0m"));
  CHECK(holds(last_piece(scripted::promoted()), "\x1b[1;32mpromoted\x1b[0m"));
}

TEST_CASE("progress_view: without colours it still redraws in place, and says the same",
          "[report][progress]") {
  written out;
  const progress_view view{out.sink(), true, {.colour = false}};
  for (const event& each : scripted::rolled_back()) view(each);
  const std::string& all = out.all;
  for (std::size_t at = all.find('\x1b'); at != std::string::npos; at = all.find('\x1b', at + 1)) {
    const std::size_t end = all.find_first_not_of("0123456789;?", at + 2);
    if (all[end] == 'm') FAIL_CHECK("a colour at byte " << at);
  }
  CHECK(screen_after(scripted::rolled_back(), {.colour = false}) ==
        screen_after(scripted::rolled_back()));
}

TEST_CASE("progress_view: a platform's text cannot drive the terminal", "[report][progress]") {
  scripted::narrator tell{"sp\x1b[31mam"};
  std::vector<event> events{tell.next(0s, event_kind::rollout_started, "", "go")};
  events.push_back(tell.next(0s, event_kind::step_started, "a\x1b[5Ab", ""));
  events.push_back(tell.next(1s, event_kind::retrying, "a\x1b[5Ab",
                             "\x1b[2J\x1b[H\x1b]0;owned\a\nnew line\r\xC2\x9B"
                             "31m"));
  events.back().severity = hotswap::severity::error;
  events.back().actor = "\x1b[1A";

  CHECK(screen_after(events, {.width = 120}) == R"(
12:00:01  sp␛[31mam  a␛[5Ab       0 %  retrying          error: ␛[2J␛[H␛]0;owned␇ new line �31m (by ␛[1A)
● sp␛[31mam  1 → 2   Canary                                                                         12:00:01 UTC · 1.0 s
  steps       ● a␛[5Ab
  traffic     ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░    0 % to 2, 100 % to 1
  latest      ␛[2J␛[H␛]0;owned␇ new line �31m
)");
}

TEST_CASE("progress_view: no line is wider than asked for", "[report][progress]") {
  for (const int width : {20, 40, 79, 80, 100, 200}) {
    CAPTURE(width);
    std::size_t lines = 0;
    const progress_view view{[&](std::string_view text) {
                               terminal screen;
                               if (const auto up = text.find("A\r"); up < 6)
                                 text.remove_prefix(up + 1);
                               screen.take(text);
                               for (const std::string& line : screen.lines()) {
                                 ++lines;
                                 if (hotswap::columns_of(line) > width) FAIL_CHECK(line);
                               }
                             },
                             true,
                             {.width = width}};
    for (const event& each : scripted::rolled_back()) view(each);
    CHECK(lines > 100);
  }
}

TEST_CASE("progress_view: 80 columns hold all that a look has to say", "[report][progress]") {
  CHECK(screen_after(first(7, scripted::rolled_back()), {.width = 80}) == R"(
12:00:01  spam  deploy       0 %  retrying          warning: deploy: connection…
● spam  1 → 2   Canary                                 12:01:02 UTC · 1 min 02 s
  steps       ✓ deploy  ● step-10
  traffic     ██░░░░░░░░░░░░░░░░░░   10 % to 2, 90 % to 1
  bake        ━━──────────────────  1 min of 10 min, look 1/10  pass
  error rate     0.40 %  →     0.40 %    0.00 %  limit ≤ 1.40 %   pass
  latency       12.1 ms  →    12.4 ms     ×1.02  limit ≤ 18.1 ms  pass
  accuracy      94.00 %  →    95.20 %   +1.20 %  limit ≥ 89.30 %  pass
  latest      the accuracy is fine
)");
}

TEST_CASE("progress_view: of many steps the newest are shown", "[report][progress]") {
  scripted::narrator tell;
  std::vector<event> events{tell.next(0s, event_kind::rollout_started, "", "")};
  for (int i = 1; i <= 30; ++i) {
    const std::string name = "batch-" + std::to_string(i);
    events.push_back(tell.next(0s, event_kind::step_started, name, ""));
    events.push_back(tell.next(0s, event_kind::step_finished, name, ""));
  }
  CHECK(screen_after(events, {.width = 60}) == R"(
● spam  1 → 2   Canary                   12:00:00 UTC · 0 ms
  steps       … ✓ batch-28  ✓ batch-29  ✓ batch-30
  traffic     ░░░░░░░░░░    0 % to 2, 100 % to 1
)");
}

TEST_CASE("progress_view: rollouts at the same time have a block each, and a finished one is left",
          "[report][progress]") {
  terminal screen;
  const progress_view view{[&](std::string_view text) { screen.take(text); }, true};
  const progress_view copy = view;  // as a second rollout's context has it
  const std::vector<event> spam = scripted::rolled_back("spam");
  const std::vector<event> fraud = scripted::promoted("fraud");
  for (std::size_t i = 0; i < fraud.size(); ++i) {
    view(spam[i == 0 ? 0 : i + 1]);  // without the warning
    if (i == 0) view(spam[1]);
    copy(fraud[i]);
  }
  std::string text = "\n";
  for (const std::string& line : screen.lines()) text += line + "\n";
  CHECK(text == R"(
12:00:01  spam  deploy       0 %  retrying          warning: deploy: connection refused, again in 1…
✓ fraud  1 → 2   Canary   promoted                                        12:10:02 UTC · 10 min 02 s
  steps       ✓ step-100
  traffic     ████████████████████████████████████████  100 % to 2
  error rate     0.40 %  →     0.40 %    0.00 %  limit ≤ 1.40 %   pass
  latency       12.1 ms  →    12.4 ms     ×1.02  limit ≤ 18.1 ms  pass
  accuracy      94.00 %  →    96.00 %   +2.00 %  limit ≥ 89.30 %  pass
  candidate   250 requests, 1 failed
  end         all steps have passed
● spam  1 → 2   Canary                                                    12:10:02 UTC · 10 min 02 s
  steps       ✓ deploy  ● step-10
  traffic     ████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   10 % to 2, 90 % to 1
  bake        ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  10 min of 10 min, look 2/2  pass
  error rate     0.40 %  →     0.40 %    0.00 %  limit ≤ 1.40 %   pass
  latency       12.1 ms  →    12.4 ms     ×1.02  limit ≤ 18.1 ms  pass
  accuracy      94.00 %  →    94.40 %   +0.40 %  limit ≥ 89.30 %  pass
  latest      the accuracy is fine
)");
}

TEST_CASE("progress_view: more rollouts than the terminal has lines are a line each",
          "[report][progress]") {
  std::vector<event> events;
  for (const char* model : {"ads", "fraud", "spam"}) {
    for (const event& each : first(7, scripted::rolled_back(model))) {
      if (each.severity == hotswap::severity::info) events.push_back(each);
    }
  }
  CHECK(screen_after(events, {.height = 10}) == R"(
● ads              ██░░░░░░░░░░░░░░░░░░    10 %  step-10    look 1/10    pass
● fraud            ██░░░░░░░░░░░░░░░░░░    10 %  step-10    look 1/10    pass
● spam             ██░░░░░░░░░░░░░░░░░░    10 %  step-10    look 1/10    pass
)");

  for (const event& each : first(1, scripted::rolled_back("zoo"))) events.push_back(each);
  CHECK(screen_after(events, {.height = 4}) == R"(
● ads              ██░░░░░░░░░░░░░░░░░░    10 %  step-10    look 1/10    pass
● fraud            ██░░░░░░░░░░░░░░░░░░    10 %  step-10    look 1/10    pass
  … and 2 more rollouts
)");
}

TEST_CASE("progress_view: auto-wrap is off while it draws, and on again after",
          "[report][progress]") {
  terminal screen;
  int calls = 0;
  const progress_view view{[&](std::string_view text) {
                             screen.take(text.substr(0, text.find('\n')));
                             CHECK_FALSE(screen.wraps());
                             screen.take(text.substr(text.find('\n')));
                             CHECK(screen.wraps());
                             ++calls;
                           },
                           true};
  for (const event& each : scripted::promoted()) view(each);
  CHECK(calls == 7);
}

TEST_CASE("progress_view: an event after the end is a line, and begins no rollout anew",
          "[report][progress]") {
  std::vector<event> events = scripted::promoted();
  scripted::narrator tell;
  events.push_back(tell.next(603s, event_kind::observer_failed, "", "an observer threw: gone"));
  events.back().severity = hotswap::severity::warning;
  const std::string before = screen_after(scripted::promoted());
  CHECK(
      screen_after(events) ==
      before +
          "12:10:03  spam  -            0 %  observer_failed   warning: an observer threw: gone\n");
}

TEST_CASE("progress_view: a look that is not conclusive says why", "[report][progress]") {
  scripted::narrator tell;
  event told = tell.next(1min, event_kind::look, "step-10", "");
  const auto look = scripted::look(1min, 1min, 240);
  std::vector<hotswap::finding> findings(1);
  findings.front().metric = "latency";
  findings.front().sentence = "the latency of the candidate needs 1000 samples, and has 249";
  look->verdict = hotswap::verdict{hotswap::decision::inconclusive, std::move(findings)};
  look->baseline.accuracy.reset();
  look->candidate.accuracy.reset();
  told.look = look;
  CHECK(plain_text_of({told}) ==
        "2026-01-07 UTC\n"
        "12:01:00  spam  step-10      0 %  look 1/10         inconclusive  error rate 0.40 % vs "
        "0.40 %, latency 12.1 ms vs 12.4 ms: the latency of the candidate needs 1000 samples, and "
        "has 249\n");
}

TEST_CASE("progress_view: the same events give the same bytes", "[report][progress]") {
  for (const bool is_terminal : {false, true}) {
    const auto text = [is_terminal] {
      written out;
      const std::function<void(const event&)> observer = progress_view{out.sink(), is_terminal};
      for (const event& each : scripted::rolled_back()) observer(each);
      return out.all;
    };
    CHECK(text() == text());
  }
}

TEST_CASE("progress_view: a sink that throws at the end of a rollout leaves no block behind",
          "[report][progress]") {
  bool is_broken = false;
  terminal screen;
  const progress_view view{[&](std::string_view text) {
                             if (is_broken) throw std::runtime_error("gone");
                             screen.take(text);
                           },
                           true};
  const std::vector<event> spam = scripted::promoted("spam");
  for (std::size_t i = 0; i + 1 < spam.size(); ++i) view(spam[i]);
  is_broken = true;
  CHECK_THROWS_WITH(view(spam.back()), "gone");
  is_broken = false;
  view(scripted::promoted("ads").front());
  REQUIRE(screen.lines().size() == 3);
  CHECK(screen.lines().front().substr(0, 9) == "● ads  ");
}

TEST_CASE("progress_view: refuses what it cannot draw with", "[report][progress][refusal]") {
  const hotswap::text_sink sink = [](std::string_view) {};
  CHECK_THROWS_WITH((progress_view{hotswap::text_sink{}, true}),
                    "progress_view: sink must be callable, got none");
  CHECK_THROWS_WITH((progress_view{sink, true, {.width = 19}}),
                    "progress_view: width must be at least 20, got 19");
  CHECK_THROWS_WITH((progress_view{sink, true, {.height = 3}}),
                    "progress_view: height must be at least 4, got 3");
}
