// A file journal is a journal, also for several processes at once, killed ones included.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/rollout/journal.hpp>

#include "support/temporary_directory.hpp"

#include <memory>

namespace support {

class journal_place {
 public:
  std::shared_ptr<hotswap::journal> open() {
    return std::make_shared<hotswap::file_journal>(directory_.path());
  }
  std::shared_ptr<hotswap::journal> open(hotswap::thread_pool& pool) {
    hotswap::file_journal::options chosen;
    chosen.pool = &pool;
    return std::make_shared<hotswap::file_journal>(directory_.path(), chosen);
  }

 private:
  temporary_directory directory_;
};

}  // namespace support

#include "support/journal_promises.hpp"
#include "support/shared_journal_promises.hpp"
