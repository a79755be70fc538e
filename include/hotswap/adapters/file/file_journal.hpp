#pragma once

/// @file
/// A journal in plain files, one per model, that survives the process and the machine.
///
///     environment.journal = std::make_shared<hotswap::file_journal>("/var/lib/hotswap");
///
/// In the directory, `fraud.journal` is the latest rollout of `fraud`, a line per record (the
/// format stands in `journal_frames.hpp`), `fraud.journal.previous` the one before, `fraud.lock`
/// what several processes on the machine exclude one another with. It must be a file system that
/// honours flock and fsync; NFS may not.
///
/// A record that was cut off by a crash is dropped by the next append. A file that was damaged
/// otherwise is refused, record and byte named; to go on, cut it before that byte.

#include <hotswap/adapters/file/journal_directory.hpp>
#include <hotswap/adapters/file/stream_file.hpp>
#include <hotswap/async/blocking.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

/// What the journal does, in calls that block. Shared by those that are still running.
class file_store {
 public:
  file_store(std::string directory, std::chrono::milliseconds patience)
      : directory_(std::move(directory)), patience_(patience) {}

  std::vector<std::string> unfinished() {
    std::vector<std::string> names;
    for (std::string& stream : directory_.streams()) {
      if (file_of(stream)->is_unfinished()) names.push_back(std::move(stream));
    }
    return names;
  }

  std::vector<journal_record> load(const std::string& stream) { return file_of(stream)->load(); }

  void append(const std::string& stream, const journal_record& record) {
    file_of(stream)->append(record);
  }

 private:
  std::shared_ptr<stream_file> file_of(const std::string& stream) {
    journal_directory::require_name(stream);
    const std::lock_guard turn{mutex_};
    std::shared_ptr<stream_file>& file = files_[stream];
    if (file == nullptr) file = std::make_shared<stream_file>(directory_, stream, patience_);
    return file;
  }

  journal_directory directory_;
  std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<stream_file>> files_;
};

}  // namespace detail

/// May be called from any thread. Keeps a file open for each stream that it has met.
///
/// Its calls block: an append for as long as the disk takes to sync, and for the time that another
/// process holds the lock. With a pool, they block a thread of that instead of the clock's.
class file_journal final : public journal {
 public:
  struct options {
    thread_pool* pool = nullptr;                ///< outlives the journal
    std::chrono::milliseconds patience{5'000};  ///< with another process that has the lock
  };

  /// @throws journal_error  if there is no such directory.
  explicit file_journal(std::string directory) : file_journal(std::move(directory), options{}) {}
  file_journal(std::string directory, const options& chosen)
      : store_(std::make_shared<detail::file_store>(std::move(directory), chosen.patience)),
        pool_(chosen.pool) {}

  task<std::vector<std::string>> unfinished() override {
    if (pool_ == nullptr) co_return store_->unfinished();
    co_return co_await blocking(*pool_, &detail::file_store::unfinished, store_);
  }

  task<std::vector<journal_record>> load(std::string stream) override {
    if (pool_ == nullptr) co_return store_->load(stream);
    co_return co_await blocking(*pool_, &detail::file_store::load, store_, std::move(stream));
  }

  task<void> append(std::string stream, journal_record record) override {
    if (pool_ == nullptr) {
      store_->append(stream, record);
      co_return;
    }
    co_await blocking(*pool_, &detail::file_store::append, store_, std::move(stream),
                      std::move(record));
  }

 private:
  std::shared_ptr<detail::file_store> store_;
  thread_pool* pool_;
};

}  // namespace hotswap::inline v0_1
