#pragma once

/// @file
/// What a person sees of all rollouts: on a terminal one line for each, redrawn above the place
/// where commands are typed; else a line for each event.
///
///     fleet::board board{fleet::is_terminal()};
///     environment.observers.emplace_back([&](const hotswap::event& told) { board.show(told); });
///
/// Source: ECMA-48, 8.3.21 (CUP), 8.3.41 (EL); DEC STBM, which keeps what scrolls below the board.

#include <hotswap/hotswap.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include <unistd.h>

namespace fleet {

/// Belongs to the clock's thread.
class board {
 public:
  explicit board(std::size_t rollouts) : is_terminal_{isatty(STDOUT_FILENO) == 1} {
    winsize size{};
    if (is_terminal_ && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 8) {
      width_ = std::clamp<int>(size.ws_col, 20, 120);
      rows_ = std::min<std::size_t>(rollouts, size.ws_row - 6U);
      // what is typed and answered scrolls below
      write(fmt::format("\x1b[2J\x1b[{};{}r\x1b[{};1H", rows_ + 2, size.ws_row, size.ws_row));
    }
  }
  board(const board&) = delete;
  board& operator=(const board&) = delete;
  ~board() {
    if (rows_ > 0)
      write(
          "\x1b"
          "7\x1b[r\x1b"
          "8\n");
  }

  /// What a former process has seen.
  void remember(const hotswap::event& told) { add(told); }

  void show(const hotswap::event& told) {
    add(told);
    if (rows_ > 0) {
      draw();
    } else {
      plain_(told);
    }
  }

  /// A line below the board.
  static void say(std::string_view line) { write(fmt::format("{}\n", line)); }

  /// What is known of the latest rollout of each model.
  const std::map<std::string, hotswap::rollout_progress>& rollouts() const { return rollouts_; }

 private:
  void add(const hotswap::event& told) {
    hotswap::rollout_progress& seen = rollouts_[told.model];
    if (told.rollout != seen.latest().rollout) seen = {};  // the model's next one
    seen.add(told);
  }

  /// Those that go on first, since a terminal may be too low for all.
  void draw() const {
    std::string text =
        "\x1b"
        "7\x1b[H";
    std::size_t left = rows_;
    for (const bool is_over : {false, true}) {
      for (const auto& [model, seen] : rollouts_) {
        if (seen.is_over() != is_over || left == 0) continue;
        text += hotswap::progress_in_one_line(seen, width_).text(width_, true) + "\x1b[K\n";
        --left;
      }
    }
    write(text +
          "\x1b"
          "8");
  }

  static void write(std::string_view text) {
    fmt::print("{}", text);
    std::fflush(stdout);
  }

  bool is_terminal_;
  int width_ = 100;
  std::size_t rows_ = 0;                                       // none unless it is a terminal
  std::map<std::string, hotswap::rollout_progress> rollouts_;  // by model
  hotswap::progress_view plain_{stdout, false};
};

}  // namespace fleet
