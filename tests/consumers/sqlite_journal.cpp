// The rollouts that an earlier process has left unfinished, by a journal in SQLite.

#include <hotswap/adapters/sqlite/sqlite_journal.hpp>
#include <hotswap/async/event_loop.hpp>

int main() {
  hotswap::sqlite_journal journal{"journal.db"};
  hotswap::event_loop loop;
  return loop.run(journal.unfinished()).empty() ? 0 : 1;
}
