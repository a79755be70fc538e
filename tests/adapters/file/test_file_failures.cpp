// What a file journal says when the directory, the disk, a lock or a file is not as it should be.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/adapters/file/journal_directory.hpp>
#include <hotswap/adapters/file/journal_frames.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/config/journal_json.hpp>
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
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grp.h>
#include <unistd.h>

using namespace std::chrono_literals;
using hotswap::file_journal;
using hotswap::journal_record;
using records = std::vector<journal_record>;

namespace {

journal_record record(std::uint64_t sequence, std::string why = "done") {
  journal_record made;
  made.sequence = sequence;
  made.rollout = "fraud~1";
  made.payload = hotswap::outcome_record{std::move(why)};
  return made;
}

journal_record the_end(std::uint64_t sequence) {
  journal_record made = record(sequence);
  made.payload = hotswap::terminal_record{hotswap::deployment_status::succeeded, "2",
                                          hotswap::reason_code::promoted, "it serves"};
  return made;
}

void append(file_journal& journal, const journal_record& added,
            const std::string& stream = "fraud") {
  hotswap::virtual_clock clock;
  clock.run(journal.append(stream, added));
}

records load(file_journal& journal, const std::string& stream = "fraud") {
  hotswap::virtual_clock clock;
  return clock.run(journal.load(stream));
}

std::vector<std::string> unfinished(file_journal& journal) {
  hotswap::virtual_clock clock;
  return clock.run(journal.unfinished());
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

/// Runs in a child that may not do all that root may; 0 if the message is this one.
template <typename Action>
int refuses_as_nobody(const std::string& message, Action action) {
  support::child_process child{[&](support::child_process::line&) {
    if (::geteuid() == 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) {
      return 3;
    }
    const std::string got = refusal_of(action);
    if (got != message) std::fprintf(stderr, "got: %s\n", got.c_str());
    return got == message ? 0 : 1;
  }};
  return child.wait();
}

}  // namespace

TEST_CASE("file_journal: a directory that is not there is named", "[file_journal][errors]") {
  const support::temporary_directory directory;
  CHECK(refusal_of([&] { file_journal journal{directory.file("none")}; }) ==
        "file_journal: directory must be there and readable, got \"" + directory.file("none") +
            "\" (No such file or directory)");
  support::write_file(directory.file("file"), "");
  CHECK(refusal_of([&] { file_journal journal{directory.file("file")}; }) ==
        "file_journal: directory must be there and readable, got \"" + directory.file("file") +
            "\" (Not a directory)");
}

TEST_CASE("file_journal: a stream that is no name never becomes a path", "[file_journal][errors]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  for (const std::string stream : {"", "../fraud", "a/b", ".hidden", "a\nb"}) {
    CHECK_THROWS_AS(append(journal, record(1), stream), hotswap::journal_error);
    CHECK_THROWS_AS(load(journal, stream), hotswap::journal_error);
  }
  CHECK(refusal_of([&] { append(journal, record(1), "../fraud"); }) ==
        "file_journal: stream must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or "
        "digit, got \"../fraud\"");
  CHECK(std::filesystem::is_empty(directory.path()));
}

TEST_CASE("file_journal: streams that are named like its files are apart", "[file_journal]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  const std::vector<std::string> names = {
      "fraud",      "fraud.journal",      "fraud.journal.new", "fraud.journal.previous",
      "fraud.lock", std::string(128, 'x')};
  for (const auto& name : names) append(journal, record(1, name), name);
  for (const auto& name : names) {
    REQUIRE(load(journal, name).size() == 1);
    CHECK(std::get<hotswap::outcome_record>(load(journal, name)[0].payload).why == name);
  }
  CHECK(unfinished(journal) == names);
}

TEST_CASE("file_journal: a directory that may only be read is named, and can be read",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  {
    file_journal journal{directory.path()};
    append(journal, record(1));
  }
  ::chmod(directory.path().c_str(), 0555);

  const std::string path = directory.path();
  CHECK(refuses_as_nobody("journal of churn: " + path +
                              "/churn.lock must be created, got "
                              "Permission denied",
                          [&path] {
                            file_journal journal{path};
                            append(journal, record(1), "churn");
                          }) == 0);
  ::chmod(directory.file("fraud.journal").c_str(), 0444);
  CHECK(refuses_as_nobody("journal of fraud: " + path +
                              "/fraud.journal must be writable, got "
                              "Permission denied",
                          [&path] {
                            file_journal journal{path};
                            if (load(journal).size() != 1) throw hotswap::journal_error("not read");
                            append(journal, record(2));
                          }) == 0);
  ::chmod(directory.file("fraud.journal").c_str(), 0);
  CHECK(refuses_as_nobody("journal of fraud: " + path +
                              "/fraud.journal must be readable, got "
                              "Permission denied",
                          [&path] {
                            file_journal journal{path};
                            (void)load(journal);
                          }) == 0);
  ::chmod(directory.path().c_str(), 0755);
}

TEST_CASE("file_journal: a disk that is full is named, and costs nothing that was durable",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.path();
  support::child_process child{[&path](support::child_process::line& parent) {
    std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit limit{10'000, 10'000};  // bytes of a file
    ::setrlimit(RLIMIT_FSIZE, &limit);
    file_journal journal{path};
    for (std::uint64_t sequence = 1;; ++sequence) {
      const std::string got =
          refusal_of([&] { append(journal, record(sequence, std::string(700, 'x'))); });
      if (got == "accepted") {
        parent.tell(sequence);
        continue;
      }
      const std::string again =
          refusal_of([&] { append(journal, record(sequence, std::string(700, 'x'))); });
      append(journal, record(sequence, "short"));  // there is room for this one
      parent.tell(sequence);
      const bool is_named =
          got == "journal of fraud: " + path + "/fraud.journal must be written, got File too large";
      return is_named && again == got ? 0 : 1;
    }
  }};
  std::uint64_t durable = 0;
  while (const std::uint64_t told = child.hear()) durable = told;
  CHECK(child.wait() == 0);

  file_journal journal{path};
  const records there = load(journal);
  REQUIRE(there.size() == durable);
  CHECK(std::get<hotswap::outcome_record>(there.back().payload).why == "short");
  append(journal, record(durable + 1));
  CHECK(load(journal).size() == durable + 1);
}

TEST_CASE("file_journal: a new rollout that finds the disk full leaves the old one as it was",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.path();
  {
    file_journal journal{path};
    append(journal, record(1));
    append(journal, the_end(2));
  }
  support::child_process child{[&path](support::child_process::line&) {
    std::signal(SIGXFSZ, SIG_IGN);
    const ::rlimit limit{1'000, 1'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    file_journal journal{path};
    journal_record opens = record(1, std::string(2'000, 'x'));
    opens.rollout = "fraud~2";
    return refusal_of([&] { append(journal, opens); }) ==
                   "journal of fraud: " + path +
                       "/fraud.journal.new must be written, got File too "
                       "large"
               ? 0
               : 1;
  }};
  CHECK(child.wait() == 0);

  file_journal journal{path};
  CHECK(support::same(load(journal), {record(1), the_end(2)}));
  CHECK_FALSE(std::filesystem::exists(directory.file("fraud.journal.new")));
}

TEST_CASE("file_journal: a lock that is not free in time is named", "[file_journal][errors]") {
  const support::temporary_directory directory;
  const hotswap::journal_directory same{directory.path()};
  file_journal::options chosen;
  chosen.patience = 20ms;
  file_journal journal{directory.path(), chosen};
  append(journal, record(1));

  {
    const auto lock = same.lock("fraud", LOCK_SH, 1s);
    CHECK(load(journal).size() == 1);  // readers do not exclude one another
    CHECK(refusal_of([&] { append(journal, record(2)); }) ==
          "journal of fraud: " + directory.file("fraud.lock") +
              " must be free within 20 ms, got none");
    append(journal, record(1), "churn");  // nor does another stream
  }
  {
    const auto lock = same.lock("fraud", LOCK_EX, 1s);
    CHECK(refusal_of([&] { (void)load(journal); }) ==
          "journal of fraud: " + directory.file("fraud.lock") +
              " must be free within 20 ms, got none");
  }
  append(journal, record(2));
}

TEST_CASE("file_journal: a new rollout keeps the one before as .previous, and no other",
          "[file_journal]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  for (const std::string rollout : {"fraud~1", "fraud~2", "fraud~3"}) {
    journal_record opens = record(1);
    opens.rollout = rollout;
    append(journal, opens);
    journal_record ends = the_end(2);
    ends.rollout = rollout;
    append(journal, ends);
  }

  CHECK(load(journal)[0].rollout == "fraud~3");
  CHECK(support::file_text(directory.file("fraud.journal.previous")).find("fraud~2") !=
        std::string::npos);
  std::vector<std::string> files;
  for (const auto& each : std::filesystem::directory_iterator{directory.path()}) {
    files.push_back(each.path().filename().string());
  }
  std::sort(files.begin(), files.end());
  CHECK(files == std::vector<std::string>{"fraud.journal", "fraud.journal.previous", "fraud.lock"});
}

TEST_CASE("file_journal: a crash between the two steps of a new rollout loses neither",
          "[file_journal]") {
  const support::temporary_directory directory;
  {
    file_journal journal{directory.path()};
    append(journal, record(1));
    append(journal, the_end(2));
  }
  // as it is after the first step: the old file has its new name, the new one not yet
  std::filesystem::rename(directory.file("fraud.journal"),
                          directory.file("fraud.journal.previous"));
  support::write_file(directory.file("fraud.journal.new"), "whatever");

  file_journal journal{directory.path()};
  CHECK(support::same(load(journal), {record(1), the_end(2)}));
  CHECK(unfinished(journal).empty());
  append(journal, record(1));  // is there
  journal_record opens = record(1);
  opens.rollout = "fraud~2";
  append(journal, opens);
  CHECK(support::same(load(journal), {opens}));
  CHECK(support::file_text(directory.file("fraud.journal.previous")).find("fraud~1") !=
        std::string::npos);
}

TEST_CASE("file_journal: the file of another stream, another format or another program is refused",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  const std::string path = directory.file("fraud.journal");
  file_journal journal{directory.path()};
  const auto refusal_of_header = [&](const std::string& text) {
    support::write_file(path, text);
    const std::string refusal = refusal_of([&] { (void)load(journal); });
    CHECK(refusal_of([&] { append(journal, record(1)); }) == refusal);
    CHECK(unfinished(journal) == std::vector<std::string>{"fraud"});  // or nobody would look
    return refusal;
  };

  CHECK(refusal_of_header("") ==
        "journal of fraud: " + path + " must begin with a header, got \"\"");
  CHECK(refusal_of_header("hello\nworld") ==
        "journal of fraud: " + path + " must begin with a header, got \"hello\"");
  CHECK(refusal_of_header(hotswap::frame_of("{\"a\":1}")) ==
        "journal of fraud: " + path + " must begin with a header, got \"{\\\"a\\\":1}\"");
  CHECK(refusal_of_header(
            hotswap::frame_of(R"({"journal":"hotswap","format":2,"stream":"fraud"})")) ==
        "journal of fraud: format of " + path + " must be 1, got 2; another version wrote it");
  CHECK(refusal_of_header(
            hotswap::frame_of(R"({"journal":"hotswap","format":1,"stream":"Fraud"})")) ==
        "journal of fraud: " + path + " must be of this stream, got \"Fraud\"");
}

TEST_CASE("file_journal: records in another order than they were written are refused",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  const auto write = [&](const records& in_order) {
    std::string text = hotswap::frame_of(R"({"journal":"hotswap","format":1,"stream":"fraud"})");
    for (const auto& each : in_order) text += hotswap::frame_of(hotswap::to_json(each));
    support::write_file(directory.file("fraud.journal"), text);
  };
  write({record(1), record(3)});
  CHECK(refusal_of([&] { (void)load(journal); }) ==
        "journal of fraud: record 2 must be that of fraud~1, got record 3 of fraud~1");
  CHECK(refusal_of([&] { append(journal, record(4)); }) ==
        "journal of fraud: record 2 must be that of fraud~1, got record 3 of fraud~1");
  journal_record other = record(2);
  other.rollout = "fraud~2";
  write({record(1), other, record(3)});
  CHECK(refusal_of([&] { (void)load(journal); }) ==
        "journal of fraud: record 2 must be that of fraud~1, got record 2 of fraud~2");
  write({record(1), record(2)});
  CHECK(load(journal).size() == 2);
}

TEST_CASE("file_journal: a record of a later format is refused with its field",
          "[file_journal][errors]") {
  const support::temporary_directory directory;
  file_journal journal{directory.path()};
  support::write_file(
      directory.file("fraud.journal"),
      hotswap::frame_of(R"({"journal":"hotswap","format":1,"stream":"fraud"})") +
          hotswap::frame_of(
              R"({"sequence":1,"rollout":"fraud~1","phase":"began",)"
              R"("at":"2026-01-07T10:00:00Z","payload":{"kind":"opening","format":2}})"));
  CHECK(refusal_of([&] { (void)load(journal); }) ==
        "journal of fraud: record 1: /payload/format: must be a format from 1 to 1, got 2, which a "
        "later version has written");
}
