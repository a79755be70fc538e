#pragma once

/// @file
/// An open file of POSIX, and what a journal does with one.
///
///     hotswap::file_descriptor file{::openat(directory, "fraud.journal", O_RDWR | O_CLOEXEC)};
///     if (!file) …  // errno says why
///
/// Sources: POSIX.1-2017, open, pread, pwrite, fsync; T. Ts'o and others, "fsync() on an external
/// failure" (LWN 752063, 2018), for what an fsync that failed leaves behind: nothing certain.

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace hotswap::inline v0_1 {

class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int opened) noexcept : fd_(opened) {}
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~file_descriptor() { close(); }

  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  void close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
};

/// What the system says about the call that failed last.
[[nodiscard]] inline std::string errno_text() {
  return std::generic_category().message(errno);
}

/// All of the file from `offset` on; false, with errno, if it cannot be read.
[[nodiscard]] inline bool read_from(int file, std::size_t offset, std::string& text) {
  text.clear();
  constexpr std::size_t step = 65'536;
  while (true) {
    const std::size_t size = text.size();
    text.resize(size + step);
    const ssize_t count =
        ::pread(file, text.data() + size, step, static_cast<off_t>(offset + size));
    text.resize(size + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
  }
}

/// False, with errno, if not all of it could be written; some of it may stand there then.
[[nodiscard]] inline bool write_at(int file, std::size_t offset, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::pwrite(file, text.data(), text.size(), static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    offset += static_cast<std::size_t>(count);
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Waits until file or directory are on the disk; false, with errno, if they are not known to be.
[[nodiscard]] inline bool sync_to_disk(int file) {
#ifdef F_FULLFSYNC
  if (::fcntl(file, F_FULLFSYNC) == 0) return true;  // macOS: fsync stops at the disk's cache
#endif
  while (::fsync(file) != 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

}  // namespace hotswap::inline v0_1
