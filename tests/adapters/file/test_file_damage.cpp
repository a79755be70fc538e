// Files that were cut off, overwritten or changed: a torn end is dropped, all else is refused by
// record and byte, and nothing is ever read that was not written.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/adapters/file/journal_frames.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/config/journal_json.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/same_record.hpp"
#include "support/temporary_directory.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

using hotswap::file_journal;
using hotswap::frame_of;
using hotswap::frame_scan;
using hotswap::frame_state;
using hotswap::journal_record;
using records = std::vector<journal_record>;

namespace {

journal_record record(std::uint64_t sequence) {
  journal_record made;
  made.sequence = sequence;
  made.rollout = "fraud~1";
  made.payload = hotswap::outcome_record{"done " + std::to_string(sequence)};
  return made;
}

/// A journal of six records, and its text.
class damaged_journal {
 public:
  damaged_journal() {
    for (std::uint64_t i = 1; i <= 6; ++i) {
      appended.push_back(record(i));
      append(record(i));
    }
    text = support::file_text(path());
    std::size_t end = text.find('\n') + 1;
    for (std::uint64_t i = 1; i <= 6; ++i) {
      starts.push_back(end);
      end = text.find('\n', end) + 1;
    }
  }

  void append(const journal_record& added) {
    hotswap::virtual_clock clock;
    file_journal journal{directory_.path()};
    clock.run(journal.append("fraud", added));
  }
  records load() {
    hotswap::virtual_clock clock;
    file_journal journal{directory_.path()};
    return clock.run(journal.load("fraud"));
  }
  std::string refusal() {
    try {
      (void)load();
    } catch (const hotswap::journal_error& refused) {
      return refused.what();
    }
    return "accepted";
  }
  void become(const std::string& changed) { support::write_file(path(), changed); }
  [[nodiscard]] std::string path() const { return directory_.file("fraud.journal"); }

  records appended;
  std::string text;
  std::vector<std::size_t> starts;  ///< of the records' frames

 private:
  support::temporary_directory directory_;
};

records first(const records& of, std::size_t count) {
  return {of.begin(), of.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEST_CASE("frame_of: length, checksum and JSON stand in a line", "[file_journal][frames]") {
  CHECK(frame_of("{}") == "00000002 2e257983 {}\n");
}

TEST_CASE("frame_scan: tells what was cut off from what was changed", "[file_journal][frames]") {
  const std::string one = frame_of(R"({"a":"b"})");
  const auto state_of = [](const std::string& text) {
    frame_scan scan{text};
    while (scan.next()) {
    }
    return scan.state();
  };
  CHECK(state_of("") == frame_state::whole);
  CHECK(state_of(one + one) == frame_state::whole);
  for (std::size_t size = 1; size < one.size(); ++size) {
    CHECK(state_of(one + one.substr(0, size)) == frame_state::torn);
  }
  // blocks that were never written read as zeros: from somewhere on, or before one that was
  for (std::size_t size = 0; size + 8 < one.size(); ++size) {
    CHECK(state_of(one + one.substr(0, size) + std::string(one.size() - size, '\0')) ==
          frame_state::torn);
    std::string holed = one;
    holed.replace(size, 8, std::string(8, '\0'));
    CHECK(state_of(one + holed) == frame_state::torn);
    CHECK(state_of(holed + one) == frame_state::corrupt);
  }
  for (std::size_t at = 0; at < one.size(); ++at) {
    std::string changed = one;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    const bool is_digit =
        at < 17 && changed[at] != one[at] && std::isalpha(static_cast<unsigned char>(one[at]));
    if (at >= 9 && is_digit) continue;  // a digit of the checksum in the other case
    INFO(at);
    CHECK(state_of(one + changed) == frame_state::corrupt);
    CHECK(state_of(changed + one) == frame_state::corrupt);
  }
}

TEST_CASE("file_journal: a record that was cut off anywhere is dropped, and written again",
          "[file_journal][damage]") {
  damaged_journal journal;
  for (std::size_t size = journal.starts[0]; size < journal.text.size(); ++size) {
    journal.become(journal.text.substr(0, size));
    std::size_t whole = 0;
    while (whole < 5 && journal.starts[whole + 1] <= size) ++whole;
    CAPTURE(size, whole);
    REQUIRE(support::same(journal.load(), first(journal.appended, whole)));
    if (size % 7 != 0) continue;  // an append takes a sync
    journal.append(journal.appended[whole]);
    REQUIRE(support::file_text(journal.path()) ==
            journal.text.substr(0, whole == 5 ? journal.text.size() : journal.starts[whole + 1]));
  }
}

TEST_CASE("file_journal: of a longer record that was cut off nothing is left behind a shorter one",
          "[file_journal][damage]") {
  damaged_journal journal;
  journal_record longer = record(7);
  longer.payload = hotswap::fingerprint_record{std::string(500, 'x')};
  journal.append(longer);
  const std::string with_longer = support::file_text(journal.path());
  journal.become(with_longer.substr(0, with_longer.size() - 1));

  journal.append(record(7));
  CHECK(support::file_text(journal.path()) == journal.text + frame_of(hotswap::to_json(record(7))));
}

TEST_CASE("file_journal: a header that was cut off is refused, and not taken for an empty stream",
          "[file_journal][damage]") {
  damaged_journal journal;
  for (std::size_t size = 0; size < journal.starts[0]; ++size) {
    journal.become(journal.text.substr(0, size));
    CAPTURE(size);
    CHECK(journal.refusal().find(" must begin with a header, got ") != std::string::npos);
    CHECK_THROWS_AS(journal.append(record(1)), hotswap::journal_error);
    CHECK(support::file_text(journal.path()).size() == size);
  }
}

TEST_CASE("file_journal: of every bit that flips the record is refused, or reads as it was",
          "[file_journal][damage][long]") {
  damaged_journal journal;
  std::size_t unchanged = 0;
  for (std::size_t at = 0; at < journal.text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = journal.text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      journal.become(changed);
      CAPTURE(at, bit);
      const std::string refusal = journal.refusal();
      if (refusal == "accepted") {
        ++unchanged;
        REQUIRE(support::same(journal.load(), journal.appended));
      } else if (at >= journal.starts[0]) {
        std::size_t number = 6;
        while (journal.starts[number - 1] > at) --number;
        const std::string place = "journal of fraud: record " + std::to_string(number) +
                                  " at byte " + std::to_string(journal.starts[number - 1]) +
                                  " of " + journal.path() + " must be undamaged, got \"";
        REQUIRE(refusal.substr(0, place.size()) == place);
      }
    }
  }
  CHECK(unchanged <= 8 * 7);  // letters of the checksums that became capitals
}

TEST_CASE("file_journal: an append finds a damaged end, too, and leaves it as it is",
          "[file_journal][damage][errors]") {
  damaged_journal journal;
  std::string changed = journal.text;
  changed[journal.starts[5] + 20] ^= 1;
  journal.become(changed);
  const std::string line = changed.substr(journal.starts[5], 64);
  std::string shown;
  for (const char letter : line) {
    if (letter == '"') shown += '\\';
    shown += letter;
  }
  try {
    journal.append(record(7));
    FAIL("accepted");
  } catch (const hotswap::journal_error& refused) {
    CHECK(refused.what() == "journal of fraud: record 6 at byte " +
                                std::to_string(journal.starts[5]) + " of " + journal.path() +
                                " must be undamaged, got \"" + shown + "...\" of " +
                                std::to_string(changed.size() - journal.starts[5] - 1) + " bytes");
  }
  CHECK(support::file_text(journal.path()) == changed);
}

TEST_CASE(
    "file_journal: whatever bytes stand in the file, it is a prefix of what was written, or "
    "an error",
    "[file_journal][damage][fuzz]") {
  damaged_journal journal;
  std::mt19937_64 random{11};
  const auto below = [&random](std::size_t end) {
    return static_cast<std::size_t>(random() % end);
  };
  int refused = 0;
  int read = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string changed = journal.text;
    for (std::size_t left = 1 + below(3); left > 0 && !changed.empty(); --left) {
      const std::size_t at = below(changed.size());
      switch (below(6)) {
        case 0:
          changed[at] = static_cast<char>(random());
          break;
        case 1:
          changed.resize(at);
          break;
        case 2:
          changed.erase(at, below(200));
          break;
        case 3:
          changed.insert(at, changed.substr(below(changed.size()), below(200)));
          break;
        case 4:
          changed += changed.substr(0, at);
          break;
        default:
          changed.replace(at, std::min<std::size_t>(below(600), changed.size() - at),
                          std::string(below(600), '\0'));
      }
    }
    journal.become(changed);
    try {
      const records there = journal.load();
      ++read;
      REQUIRE(there.size() <= 6);
      REQUIRE(support::same(there, first(journal.appended, there.size())));
    } catch (const hotswap::journal_error&) {
      ++refused;
    }
  }
  CHECK(read > 100);
  CHECK(refused > 100);
}
