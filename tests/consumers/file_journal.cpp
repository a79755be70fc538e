// The rollouts that an earlier process has left unfinished, by a journal in plain files.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/async/event_loop.hpp>

int main() {
  hotswap::file_journal journal{"."};
  hotswap::event_loop loop;
  return loop.run(journal.unfinished()).empty() ? 0 : 1;
}
