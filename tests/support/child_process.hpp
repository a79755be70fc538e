#pragma once

/// @file
/// Child processes that tell their parent numbers, and may be killed. POSIX.
///
///     support::child_process child{[](support::child_process::line& parent) {
///       parent.tell(42);
///       return 0;   // the exit code; 100 if it throws
///     }};
///     child.hear();   // 42
///     child.kill();

#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace support {

/// Both ends of a pipe.
class pipe_ends {
 public:
  pipe_ends() {
    if (::pipe(ends_) != 0) throw std::runtime_error("pipe: must be made, got none");
  }
  pipe_ends(const pipe_ends&) = delete;
  pipe_ends& operator=(const pipe_ends&) = delete;
  ~pipe_ends() {
    close_reader();
    close_writer();
  }
  [[nodiscard]] int reader() const { return ends_[0]; }
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_reader() { close(ends_[0]); }
  void close_writer() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

/// Children wait for it before they race.
class starting_gun {
 public:
  void wait() {
    pipe_.close_writer();
    char letter = 0;
    while (::read(pipe_.reader(), &letter, 1) < 0 && errno == EINTR) {
    }
  }
  void fire() { pipe_.close_writer(); }

 private:
  pipe_ends pipe_;
};

class child_process {
 public:
  class line {
   public:
    explicit line(int writer) : writer_(writer) {}
    void tell(std::uint64_t number) {
      if (::write(writer_, &number, sizeof number) != static_cast<ssize_t>(sizeof number)) {
        ::_exit(101);  // nobody listens
      }
    }

   private:
    int writer_;
  };

  /// This process must not have other threads.
  template <typename Body>
  explicit child_process(Body body) : pid_(::fork()) {
    if (pid_ < 0) throw std::runtime_error("fork: must make a process, got none");
    if (pid_ > 0) {
      pipe_.close_writer();
      return;
    }
    pipe_.close_reader();
    int code = 100;
    try {
      line parent{pipe_.writer()};
      code = body(parent);
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "child: %s\n", failure.what());
    }
    ::_exit(code);
  }
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process() {
    if (pid_ > 0) kill();
  }

  /// The next number that it tells; 0 when it has ended.
  std::uint64_t hear() {
    std::uint64_t number = 0;
    ssize_t count = 0;
    do {
      count = ::read(pipe_.reader(), &number, sizeof number);
    } while (count < 0 && errno == EINTR);
    return count == static_cast<ssize_t>(sizeof number) ? number : 0;
  }

  /// At whatever instruction it is.
  void kill() {
    ::kill(pid_, SIGKILL);
    (void)wait();
  }

  /// Its exit code; -1 if it was killed.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pipe_ends pipe_;
  pid_t pid_;
};

}  // namespace support
