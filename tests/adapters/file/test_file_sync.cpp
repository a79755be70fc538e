// What has to be on the disk before an append resolves, and what is left when the disk refuses.
// This program has an fsync of its own, which notes what is synced, and fails when it is told to;
// Linux.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/same_record.hpp"
#include "support/temporary_directory.hpp"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#if defined(__linux__)

#include <sys/syscall.h>

#include <unistd.h>

namespace {

std::mutex mutex;                 // other tests of this program sync on several threads
std::vector<std::string> synced;  // the files, by their names at that time
int successes_to_come = 0;        // before the failures
int failures_to_come = 0;

}  // namespace

extern "C" int fsync(int file) {
  {
    const std::lock_guard turn{mutex};
    std::error_code unknown;
    synced.push_back(
        std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file), unknown).filename());
    if (successes_to_come > 0) {
      --successes_to_come;
    } else if (failures_to_come > 0) {
      --failures_to_come;
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fsync, file));
}

namespace {

using hotswap::file_journal;
using hotswap::journal_record;
using names = std::vector<std::string>;

journal_record record(std::uint64_t sequence, const std::string& rollout = "fraud~1") {
  journal_record made;
  made.sequence = sequence;
  made.rollout = rollout;
  made.payload = hotswap::outcome_record{"done"};
  return made;
}

journal_record the_end(std::uint64_t sequence) {
  journal_record made = record(sequence);
  made.payload = hotswap::terminal_record{hotswap::deployment_status::succeeded, "2",
                                          hotswap::reason_code::promoted, "it serves"};
  return made;
}

void append(file_journal& journal, const journal_record& added) {
  hotswap::virtual_clock clock;
  clock.run(journal.append("fraud", added));
}

std::vector<journal_record> load(file_journal& journal) {
  hotswap::virtual_clock clock;
  return clock.run(journal.load("fraud"));
}

/// What an append syncs, in order.
names synced_by(file_journal& journal, const journal_record& added) {
  synced.clear();
  append(journal, added);
  return synced;
}

std::string refusal_of(file_journal& journal, const journal_record& added) {
  try {
    append(journal, added);
  } catch (const hotswap::journal_error& refused) {
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE(
    "file_journal: a record is synced, a new file before it takes its place, and its directory",
    "[file_journal][sync]") {
  const support::temporary_directory directory;
  const std::string itself = std::filesystem::path{directory.path()}.filename();
  file_journal journal{directory.path()};

  CHECK(synced_by(journal, record(1)) == names{"fraud.journal.new", itself});
  CHECK(synced_by(journal, record(2)) == names{"fraud.journal"});
  CHECK(synced_by(journal, the_end(3)) == names{"fraud.journal"});
  CHECK(synced_by(journal, record(1, "fraud~2")) == names{"fraud.journal.new", itself});
  CHECK(synced_by(journal, record(2, "fraud~2")) == names{"fraud.journal"});
}

TEST_CASE("file_journal: a record that is there already is synced, for its writer may have died",
          "[file_journal][sync]") {
  const support::temporary_directory directory;
  const std::string itself = std::filesystem::path{directory.path()}.filename();
  file_journal journal{directory.path()};
  append(journal, record(1));
  append(journal, record(2));
  file_journal other{directory.path()};
  CHECK(synced_by(other, record(1)) == names{"fraud.journal", itself});
  CHECK(load(other).size() == 2);
}

TEST_CASE("file_journal: a record that cannot be synced is not there, and may be tried again",
          "[file_journal][sync][errors]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  append(journal, record(1));
  const std::string before = support::file_text(directory.file("fraud.journal"));

  failures_to_come = 1;
  CHECK(refusal_of(journal, record(2)) == "journal of fraud: " + directory.file("fraud.journal") +
                                              " must be synced, got Input/output error");
  CHECK(support::file_text(directory.file("fraud.journal")) == before);
  CHECK(load(journal).size() == 1);
  append(journal, record(2));
  CHECK(support::same(load(journal), {record(1), record(2)}));
}

TEST_CASE("file_journal: a rollout that cannot be synced is not open, and may be tried again",
          "[file_journal][sync][errors]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  append(journal, record(1));
  append(journal, the_end(2));

  failures_to_come = 1;
  CHECK(refusal_of(journal, record(1, "fraud~2")) ==
        "journal of fraud: " + directory.file("fraud.journal.new") +
            " must be synced, got Input/output error");
  CHECK(support::same(load(journal), {record(1), the_end(2)}));
  append(journal, record(1, "fraud~2"));
  CHECK(support::same(load(journal), {record(1, "fraud~2")}));
}

TEST_CASE("file_journal: a rollout whose directory cannot be synced is synced by the next try",
          "[file_journal][sync][errors]") {
  const support::temporary_directory directory;
  const std::string itself = std::filesystem::path{directory.path()}.filename();
  file_journal journal{directory.path()};

  successes_to_come = 1;  // the file's
  failures_to_come = 1;
  CHECK(refusal_of(journal, record(1)) == "journal of fraud: " + directory.file("fraud.journal") +
                                              " must have a directory that is synced, got "
                                              "Input/output error");
  CHECK(synced_by(journal, record(1)) == names{"fraud.journal", itself});
  CHECK(support::same(load(journal), {record(1)}));
}

#endif
