#pragma once

/// @file
/// What the progress view wants to know about the terminal. POSIX.
///
///     hotswap::progress_view view{stdout, spam::is_terminal(stdout), spam::options_for(stdout)};

#include <hotswap/report/progress.hpp>

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace spam {

inline bool is_terminal(std::FILE* stream) {
  return isatty(fileno(stream)) == 1;
}

/// Without a colour if the environment variable NO_COLOR is set (https://no-color.org).
inline hotswap::progress_options options_for(std::FILE* stream) {
  hotswap::progress_options options;
  const char* const no_colour = std::getenv("NO_COLOR");
  options.colour = no_colour == nullptr || *no_colour == '\0';
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    options.width = std::clamp<int>(size.ws_col, 20, 120);
    options.height = std::max<int>(size.ws_row, 4);
  }
  return options;
}

}  // namespace spam
