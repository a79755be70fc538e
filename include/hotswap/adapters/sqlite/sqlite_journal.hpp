#pragma once

/// @file
/// A journal in a file of SQLite, with every rollout that ever was.
///
///     environment.journal = std::make_shared<hotswap::sqlite_journal>("/var/lib/hotswap.db");
///
/// In WAL mode and with `synchronous = FULL`: an append that has resolved survives the machine. Any
/// number of processes on one machine may use the file; WAL does not work over a network. What the
/// tables are stands in `record_table.hpp`; to look at a rollout, ask them:
///
///     SELECT sequence, json ->> 'verb', json ->> 'at' FROM record WHERE rollout = 'fraud~17';
///
/// Old rollouts may be deleted at any time; but for the latest of its stream nobody reads them.
/// Needs SQLite 3.37 or later.

#include <hotswap/adapters/sqlite/record_table.hpp>
#include <hotswap/async/blocking.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// May be called from any thread; its calls take turns. A child process opens a journal of its own.
///
/// Its calls block: an append for as long as the disk takes to sync, and for the time that another
/// process writes. With a pool, they block a thread of that instead of the clock's.
class sqlite_journal final : public journal {
 public:
  struct options {
    thread_pool* pool = nullptr;                ///< outlives the journal
    std::chrono::milliseconds patience{5'000};  ///< with another process that writes
  };

  /// Makes the file if there is none, in a directory that is there.
  /// @throws journal_error  if it cannot be written, is no journal, or one of a later version.
  explicit sqlite_journal(std::string path) : sqlite_journal(std::move(path), options{}) {}
  sqlite_journal(std::string path, const options& chosen)
      : table_(std::make_shared<record_table>(std::move(path), chosen.patience)),
        pool_(chosen.pool) {}

  task<std::vector<std::string>> unfinished() override {
    if (pool_ == nullptr) co_return table_->unfinished();
    co_return co_await blocking(*pool_, &record_table::unfinished, table_);
  }

  task<std::vector<journal_record>> load(std::string stream) override {
    if (pool_ == nullptr) co_return table_->load(stream);
    co_return co_await blocking(*pool_, &record_table::load, table_, std::move(stream));
  }

  task<void> append(std::string stream, journal_record record) override {
    if (pool_ == nullptr) {
      table_->append(stream, record);
      co_return;
    }
    co_await blocking(*pool_, &record_table::append, table_, std::move(stream), std::move(record));
  }

 private:
  std::shared_ptr<record_table> table_;
  thread_pool* pool_;
};

}  // namespace hotswap::inline v0_1
