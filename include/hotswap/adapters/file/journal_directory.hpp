#pragma once

/// @file
/// The directory of a file journal, opened once: its files, their lock, and what fails by name.
///
///     hotswap::journal_directory directory{"/var/lib/hotswap"};
///     const auto lock = directory.lock("fraud", LOCK_EX, patience);
///
/// Source: Linux, flock(2); the BSDs and macOS have it, too, POSIX has not.

#include <hotswap/adapters/file/descriptor.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace hotswap::inline v0_1 {

/// What a stream's files are called: `fraud.journal`, `fraud.lock`.
inline constexpr std::string_view journal_suffix = ".journal";
inline constexpr std::string_view previous_suffix = ".journal.previous";
inline constexpr std::string_view new_suffix = ".journal.new";
inline constexpr std::string_view lock_suffix = ".lock";

/// Holds the lock of a stream; that of a process which dies is released by the system.
class stream_lock {
 public:
  explicit stream_lock(file_descriptor locked) noexcept : file_(std::move(locked)) {}
  stream_lock(stream_lock&&) = default;
  stream_lock& operator=(stream_lock&&) = delete;
  /// Not left to `close`: a child process may have inherited the file.
  ~stream_lock() {
    if (file_) ::flock(file_.get(), LOCK_UN);
  }

 private:
  file_descriptor file_;
};

/// Its members may be called from any thread.
class journal_directory {
 public:
  /// @throws journal_error  if there is no such directory.
  explicit journal_directory(std::string path)
      : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (fd_) return;
    const std::string got = errno_text();
    throw journal_error(fmt::format(
        "file_journal: directory must be there and readable, got {} ({})", in_quotes(path_), got));
  }

  [[nodiscard]] std::string path_of(std::string_view stream, std::string_view suffix) const {
    return fmt::format("{}/{}{}", path_, stream, suffix);
  }

  /// @throws journal_error  unless the stream can be the name of a file.
  static void require_name(const std::string& stream) {
    if (detail::is_name(stream)) return;
    throw journal_error(
        fmt::format("file_journal: stream must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a "
                    "letter or digit, got {}",
                    in_quotes(stream)));
  }

  /// @throws journal_error  always, with what the system says: `journal of fraud: <file> must …`.
  [[noreturn]] void refuse(std::string_view stream, std::string_view suffix,
                           std::string_view rule) const {
    const std::string got = errno_text();  // before anything else can change it
    throw journal_error(fmt::format("journal of {}: {} must {}, got {}", stream,
                                    path_of(stream, suffix), rule, got));
  }

  /// Empty, with errno, if it cannot be opened.
  [[nodiscard]] file_descriptor open(const std::string& stream, std::string_view suffix,
                                     int flags) const {
    const std::string name = stream + std::string{suffix};
    return file_descriptor{::openat(fd_.get(), name.c_str(), flags | O_CLOEXEC, 0666)};
  }

  /// False, with errno, if there is none.
  [[nodiscard]] bool status(const std::string& stream, std::string_view suffix,
                            struct ::stat& found) const {
    const std::string name = stream + std::string{suffix};
    return ::fstatat(fd_.get(), name.c_str(), &found, 0) == 0;
  }

  [[nodiscard]] bool rename(const std::string& stream, std::string_view from,
                            std::string_view to) const {
    const std::string old_name = stream + std::string{from};
    const std::string new_name = stream + std::string{to};
    return ::renameat(fd_.get(), old_name.c_str(), fd_.get(), new_name.c_str()) == 0;
  }

  void remove(const std::string& stream, std::string_view suffix) const noexcept {
    const std::string name = stream + std::string{suffix};
    ::unlinkat(fd_.get(), name.c_str(), 0);
  }

  /// Makes what was created and renamed durable.
  void sync(std::string_view stream) const {
    if (!sync_to_disk(fd_.get())) refuse(stream, journal_suffix, "have a directory that is synced");
  }

  /// Waits for the lock that excludes other processes, and other threads of this one.
  /// @param how  LOCK_EX or LOCK_SH.
  /// @throws journal_error  if it is not free within `patience`.
  [[nodiscard]] stream_lock lock(const std::string& stream, int how,
                                 std::chrono::milliseconds patience) const {
    file_descriptor file = open(stream, lock_suffix, O_RDONLY | O_CREAT);
    if (!file) {
      const int failure = errno;
      file = open(stream, lock_suffix, O_RDONLY);  // in a directory that may only be read
      errno = failure;
    }
    if (!file) refuse(stream, lock_suffix, "be created");

    using steady = std::chrono::steady_clock;
    const auto last = steady::now() + patience;
    std::chrono::microseconds pause{100};
    while (::flock(file.get(), how | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK && errno != EINTR) refuse(stream, lock_suffix, "be locked");
      if (steady::now() >= last) {
        throw journal_error(fmt::format("journal of {}: {} must be free within {} ms, got none",
                                        stream, path_of(stream, lock_suffix), patience.count()));
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, std::chrono::microseconds{10'000});
    }
    return stream_lock{std::move(file)};
  }

  /// Of all that have a journal, in order.
  [[nodiscard]] std::vector<std::string> streams() const {
    const int again = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::DIR* const directory = again < 0 ? nullptr : ::fdopendir(again);
    if (directory == nullptr) {
      const std::string got = errno_text();
      if (again >= 0) ::close(again);
      throw journal_error(fmt::format("file_journal: directory must be readable, got {} ({})",
                                      in_quotes(path_), got));
    }
    std::vector<std::string> names;
    errno = 0;
    while (const ::dirent* const entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (!name.ends_with(journal_suffix)) continue;
      std::string stream{name.substr(0, name.size() - journal_suffix.size())};
      if (detail::is_name(stream)) names.push_back(std::move(stream));
    }
    ::closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::string path_;
  file_descriptor fd_;
};

}  // namespace hotswap::inline v0_1
