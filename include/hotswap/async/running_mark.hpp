#pragma once

/// @file
/// Keeps a clock from being run inside its own run.
///
///     const running_mark mark{running_, "event_loop"};

#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1 {

/// Marks for as long as it lives.
class running_mark {
 public:
  /// @throws std::logic_error  if `running` is marked already.
  running_mark(bool& running, const char* clock) : running_(running) {
    if (running) {
      throw std::logic_error(std::string{clock} + ": run must not be called while the loop runs");
    }
    running_ = true;
  }
  ~running_mark() { running_ = false; }
  running_mark(const running_mark&) = delete;
  running_mark& operator=(const running_mark&) = delete;

 private:
  bool& running_;
};

}  // namespace hotswap::inline v0_1
