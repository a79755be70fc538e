#pragma once

/// @file
/// Hands over what a person types, line by line, without keeping anybody waiting. POSIX.
///
///     fleet::console console{[&](const std::string& line) { … }, [&] { … }};   // its own thread
///
/// Ctrl-C and SIGTERM are a line `quit`.

#include <array>
#include <atomic>
#include <csignal>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace fleet {

namespace detail {

inline std::atomic<bool> is_asked_to_leave{false};  // lock-free, so a signal handler may write it
inline void ask_to_leave(int) {
  is_asked_to_leave = true;
}

}  // namespace detail

class console {
 public:
  /// @param take   gets each line
  /// @param ended  is called once, if there is no more input
  console(std::function<void(std::string)> take, std::function<void()> ended)
      : take_{std::move(take)}, ended_{std::move(ended)} {
    std::signal(SIGINT, &detail::ask_to_leave);
    std::signal(SIGTERM, &detail::ask_to_leave);
    thread_ = std::jthread{[this](const std::stop_token& stop) { read_all(stop); }};
  }

 private:
  void read_all(const std::stop_token& stop) {
    constexpr int patience_ms = 100;  // with which it is seen that it shall stop
    bool is_open = true;
    std::string unread;
    while (!stop.stop_requested()) {
      if (detail::is_asked_to_leave.exchange(false)) take_("quit");
      pollfd input{.fd = is_open ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0};
      if (poll(&input, 1, patience_ms) <= 0) continue;
      std::array<char, 4096> bytes{};
      const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
      if (count > 0) {
        unread.append(bytes.data(), static_cast<std::size_t>(count));
      } else {
        is_open = false;
        if (!unread.empty()) unread += '\n';
      }
      for (auto end = unread.find('\n'); end != std::string::npos; end = unread.find('\n')) {
        take_(unread.substr(0, end));
        unread.erase(0, end + 1);
      }
      if (!is_open) ended_();
    }
  }

  std::function<void(std::string)> take_;
  std::function<void()> ended_;
  std::jthread thread_;  // last, so that it ends before what it uses
};

}  // namespace fleet
