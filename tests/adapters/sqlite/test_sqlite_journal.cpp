// A SQLite journal is a journal, also for several processes at once, killed ones included.

#include <hotswap/adapters/sqlite/sqlite_journal.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/rollout/journal.hpp>

#include "support/temporary_directory.hpp"

#include <memory>

namespace support {

class journal_place {
 public:
  std::shared_ptr<hotswap::journal> open() {
    return std::make_shared<hotswap::sqlite_journal>(directory_.file("journal.db"));
  }
  std::shared_ptr<hotswap::journal> open(hotswap::thread_pool& pool) {
    hotswap::sqlite_journal::options chosen;
    chosen.pool = &pool;
    return std::make_shared<hotswap::sqlite_journal>(directory_.file("journal.db"), chosen);
  }

 private:
  temporary_directory directory_;
};

}  // namespace support

#include "support/journal_promises.hpp"
#include "support/shared_journal_promises.hpp"
