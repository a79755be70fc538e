// What a SQLite journal says when the file, the disk or a lock is not as it should be.

#include <hotswap/adapters/sqlite/sqlite_journal.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/same_record.hpp"
#include "support/temporary_directory.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <grp.h>
#include <sqlite3.h>
#include <unistd.h>

using namespace std::chrono_literals;
using hotswap::journal_record;
using hotswap::sqlite_journal;
using records = std::vector<journal_record>;

namespace {

journal_record record(std::uint64_t sequence, std::string why = "done") {
  journal_record made;
  made.sequence = sequence;
  made.rollout = "fraud~1";
  made.payload = hotswap::outcome_record{std::move(why)};
  return made;
}

void append(sqlite_journal& journal, const journal_record& added,
            const std::string& stream = "fraud") {
  hotswap::virtual_clock clock;
  clock.run(journal.append(stream, added));
}

records load(sqlite_journal& journal, const std::string& stream = "fraud") {
  hotswap::virtual_clock clock;
  return clock.run(journal.load(stream));
}

/// By another connection, as any other program would.
std::string ask(const std::string& path, const std::string& sql) {
  ::sqlite3* database = nullptr;
  std::string answer;
  char* failure = nullptr;
  const auto note = [](void* to, int, char** values, char**) {
    *static_cast<std::string*>(to) += values[0] == nullptr ? "null" : values[0];
    *static_cast<std::string*>(to) += ';';
    return 0;
  };
  ::sqlite3_open(path.c_str(), &database);
  ::sqlite3_exec(database, sql.c_str(), note, &answer, &failure);
  if (failure != nullptr) answer += failure;
  ::sqlite3_free(failure);
  ::sqlite3_close(database);
  return answer;
}

template <typename Action>
std::string refusal_of(Action action) {
  try {
    action();
  } catch (const hotswap::journal_error& refused) {
    return refused.what();
  }
  return "accepted";
}

std::string must_be_writable(const std::string& path, const std::string& got) {
  return "sqlite_journal: \"" + path + "\" must be a journal that can be written, got " + got;
}

}  // namespace

TEST_CASE("sqlite_journal: every append is durable, by WAL and a full sync", "[sqlite_journal]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  const hotswap::record_table table{path, 1s};
  CHECK(ask(path, "PRAGMA journal_mode") == "wal;");
  CHECK(ask(path, "PRAGMA user_version") == "1;");

  const hotswap::detail::basic_record_file<> file{path, 1s};
  CHECK(file.database().ask("PRAGMA synchronous") == "2");  // FULL
}

TEST_CASE("sqlite_journal: the tables can be asked by anybody", "[sqlite_journal]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  sqlite_journal journal{path};
  append(journal, record(1));
  append(journal, record(2, "pass"));
  CHECK(ask(path,
            "SELECT json ->> '$.payload.why' FROM record WHERE rollout = 'fraud~1' "
            "ORDER BY sequence") == "done;pass;");
  CHECK(ask(path, "SELECT rollout, records, finished FROM latest") == "fraud~1;");
  CHECK(ask(path, "SELECT records FROM latest") == "2;");
}

TEST_CASE("sqlite_journal: the unfinished ones and a rollout's records are found by an index",
          "[sqlite_journal]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  const sqlite_journal journal{path};
  ::sqlite3* database = nullptr;
  ::sqlite3_open(path.c_str(), &database);
  const auto plan_of = [database](const char* sql) {
    std::string answer;
    const auto note = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) += std::string{values[3]} + ";";
      return 0;
    };
    ::sqlite3_exec(database, sql, note, &answer, nullptr);
    return answer;
  };
  CHECK(
      plan_of("EXPLAIN QUERY PLAN SELECT stream FROM latest WHERE finished = 0 ORDER BY stream") ==
      "SCAN latest USING INDEX unfinished;");
  CHECK(plan_of("EXPLAIN QUERY PLAN SELECT sequence, json, checksum FROM record WHERE stream = ?1 "
                "AND rollout = ?2 ORDER BY sequence") ==
        "SEARCH record USING INDEX sqlite_autoindex_record_1 (stream=? AND rollout=?);");
  ::sqlite3_close(database);
}

TEST_CASE("sqlite_journal: old rollouts are kept, and may be deleted", "[sqlite_journal]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  sqlite_journal journal{path};
  for (const std::string rollout : {"fraud~1", "fraud~2", "fraud~3"}) {
    journal_record ends = record(1);
    ends.rollout = rollout;
    ends.payload = hotswap::terminal_record{hotswap::deployment_status::succeeded, "2",
                                            hotswap::reason_code::promoted, "it serves"};
    append(journal, ends);
  }
  CHECK(ask(path, "SELECT rollout FROM record ORDER BY rollout") == "fraud~1;fraud~2;fraud~3;");
  ask(path, "DELETE FROM record WHERE rollout NOT IN (SELECT rollout FROM latest)");
  CHECK(load(journal).size() == 1);
  CHECK(load(journal)[0].rollout == "fraud~3");
}

TEST_CASE("sqlite_journal: a file that cannot be one is named", "[sqlite_journal][errors]") {
  const support::temporary_directory directory;
  const auto refusal = [](const std::string& path) {
    return refusal_of([&path] { const sqlite_journal journal{path}; });
  };
  const std::string nowhere = directory.file("none/journal.db");
  CHECK(refusal(nowhere) == must_be_writable(nowhere, "unable to open database file"));
  CHECK(refusal(directory.path()) ==
        must_be_writable(directory.path(), "unable to open database file"));
  CHECK(refusal(":memory:") ==
        must_be_writable(":memory:", "one in the journal mode memory, not wal"));
  const std::string text = directory.file("text");
  support::write_file(text, std::string(4096, 'x'));
  CHECK(refusal(text) == must_be_writable(text, "file is not a database"));
  const std::string other = directory.file("other.db");
  ask(other, "CREATE TABLE song (name)");
  CHECK(refusal(other) == must_be_writable(other, "a database of something else, with \"song\""));
  const std::string later = directory.file("later.db");
  ask(later, "PRAGMA user_version = 2");
  CHECK(refusal(later) ==
        must_be_writable(later, "schema version 2, which a later version than 1 has written"));
  const std::string bare = directory.file("bare.db");
  ask(bare, "PRAGMA user_version = 1");
  CHECK(refusal(bare) == "sqlite_journal: \"" + bare +
                             "\" must have the tables of a journal, got no such table: latest");
}

TEST_CASE("sqlite_journal: a directory that may only be read is named",
          "[sqlite_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  {
    const sqlite_journal journal{path};
  }
  ::chmod(directory.path().c_str(), 0555);
  ::chmod(path.c_str(), 0444);
  const std::string absent = directory.file("absent.db");
  support::child_process child{[&path, &absent](support::child_process::line&) {
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) {
      return 3;
    }
    const auto refusal = [](const std::string& of) {
      return refusal_of([&of] { const sqlite_journal journal{of}; });
    };
    if (refusal(path) != must_be_writable(path, "attempt to write a readonly database")) return 1;
    return refusal(absent) == must_be_writable(absent, "unable to open database file") ? 0 : 2;
  }};
  CHECK(child.wait() == 0);
  ::chmod(directory.path().c_str(), 0755);
}

TEST_CASE("sqlite_journal: a disk that is full is named, and costs nothing that was durable",
          "[sqlite_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  support::child_process child{[&path](support::child_process::line& parent) {
    std::signal(SIGXFSZ, SIG_IGN);
    sqlite_journal journal{path};
    const ::rlimit limit{200'000, 200'000};  // bytes of a file
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (std::uint64_t sequence = 1;; ++sequence) {
      const std::string got =
          refusal_of([&] { append(journal, record(sequence, std::string(5'000, 'x'))); });
      if (got == "accepted") {
        parent.tell(sequence);
        continue;
      }
      const std::string again =
          refusal_of([&] { append(journal, record(sequence, std::string(5'000, 'x'))); });
      const std::string named =
          "journal of fraud: \"" + path + "\" must be written, got disk I/O error";
      if (got != named || again != named) {
        std::fprintf(stderr, "got: %s\nand: %s\n", got.c_str(), again.c_str());
        return 1;
      }
      return load(journal).size() == sequence - 1 ? 0 : 2;
    }
  }};
  std::uint64_t durable = 0;
  while (const std::uint64_t told = child.hear()) durable = told;
  CHECK(child.wait() == 0);
  CHECK(durable > 3);

  sqlite_journal journal{path};
  CHECK(load(journal).size() == durable);
  append(journal, record(durable + 1));
  CHECK(load(journal).size() == durable + 1);
}

TEST_CASE("sqlite_journal: a writer that does not end in time is named, readers do not wait",
          "[sqlite_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  sqlite_journal::options chosen;
  chosen.patience = 20ms;
  sqlite_journal journal{path, chosen};
  append(journal, record(1));
  const hotswap::detail::basic_record_file<> other{path, 1s};
  {
    const hotswap::sqlite_transaction writer{other.database()};
    CHECK(refusal_of([&] { append(journal, record(2)); }) ==
          "journal of fraud: \"" + path + "\" must be written, got database is locked");
    CHECK(load(journal).size() == 1);
  }
  append(journal, record(2));
  CHECK(load(journal).size() == 2);
}

TEST_CASE("sqlite_journal: what somebody changed in the tables is refused",
          "[sqlite_journal][errors]") {
  const auto refusal_after = [](const std::string& sql) {
    const support::temporary_directory directory;
    const std::string path = directory.file("journal.db");
    sqlite_journal journal{path};
    for (std::uint64_t i = 1; i <= 3; ++i) append(journal, record(i));
    REQUIRE(ask(path, sql).empty());
    const std::string refusal = refusal_of([&] { (void)load(journal); });
    const std::string prefix = "journal of fraud: \"" + path + "\" must ";
    REQUIRE(refusal.substr(0, prefix.size()) == prefix);
    return refusal.substr(prefix.size());
  };
  CHECK(
      refusal_after("UPDATE record SET json = replace(json, 'done', 'dome') WHERE sequence = 2") ==
      "be undamaged, got another checksum of record 2 of fraud~1");
  CHECK(refusal_after("UPDATE record SET sequence = 4 WHERE sequence = 3") ==
        "be undamaged, got another checksum of record 4 of fraud~1");
  CHECK(refusal_after("DELETE FROM record WHERE sequence = 2") ==
        "have the 3 records of rollout fraud~1, got 2");
  CHECK(refusal_after("UPDATE latest SET records = 2") ==
        "be undamaged, got another checksum of its latest rollout");
  CHECK(refusal_after("UPDATE latest SET finished = 1") ==
        "be undamaged, got another checksum of its latest rollout");
}

TEST_CASE("sqlite_journal: whatever bytes stand in the file, it is what was written, or an error",
          "[sqlite_journal][fuzz]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("journal.db");
  records appended;
  {
    sqlite_journal journal{path};
    for (std::uint64_t i = 1; i <= 6; ++i) {
      appended.push_back(record(i));
      append(journal, appended.back());
    }
  }
  const std::string text = support::file_text(path);  // the last connection has emptied the WAL
  const std::string changed_path = directory.file("changed.db");
  std::mt19937_64 random{13};
  const auto below = [&random](std::size_t end) {
    return static_cast<std::size_t>(random() % end);
  };
  int refused = 0;
  int read = 0;
  for (int i = 0; i < 1'500; ++i) {
    std::string changed = text;
    if (i % 5 == 0) {
      changed.resize(below(changed.size()));
    } else {
      for (std::size_t left = 1 + below(20); left > 0; --left) {
        char& letter = changed[below(changed.size())];
        letter = static_cast<char>(letter ^ (1 << below(8)));
      }
    }
    support::write_file(changed_path, changed);
    std::remove((changed_path + "-wal").c_str());
    std::remove((changed_path + "-shm").c_str());
    try {
      sqlite_journal journal{changed_path};
      const records there = load(journal);
      if (there.empty())
        continue;  // a file of no bytes, or without the stream, is an empty journal
      ++read;
      REQUIRE(support::same(there, appended));
      append(journal, record(7));
    } catch (const hotswap::journal_error&) {
      ++refused;
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}
