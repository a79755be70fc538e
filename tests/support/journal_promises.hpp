#pragma once

/// @file
/// What every journal must do, as test cases. Before it is included, by one file of a program, that
/// file says which journal:
///
///     namespace support {
///     /// A place of its own for each object; `open` may be called more than once.
///     class journal_place { public: std::shared_ptr<hotswap::journal> open(); };
///     }

#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/random_record.hpp"
#include "support/same_record.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace support {

using records = std::vector<hotswap::journal_record>;
using texts = std::vector<std::string>;

/// A journal whose calls are run to their end.
class kept_journal {
 public:
  explicit kept_journal(std::shared_ptr<hotswap::journal> kept) : journal_(std::move(kept)) {}

  void append(hotswap::journal_record record, const std::string& stream = "fraud") {
    clock_.run(journal_->append(stream, std::move(record)));
  }
  records load(const std::string& stream = "fraud") { return clock_.run(journal_->load(stream)); }
  texts unfinished() { return clock_.run(journal_->unfinished()); }

  /// What appending it throws; `accepted` if nothing.
  template <typename Error = hotswap::journal_error>
  std::string refusal(hotswap::journal_record record, const std::string& stream = "fraud") {
    try {
      append(std::move(record), stream);
    } catch (const Error& refused) {
      return refused.what();
    }
    return "accepted";
  }

 private:
  hotswap::virtual_clock clock_;
  std::shared_ptr<hotswap::journal> journal_;
};

inline hotswap::journal_record a_record(std::uint64_t sequence,
                                        const std::string& rollout = "fraud~1",
                                        const std::string& driver = "a") {
  hotswap::journal_record made;
  made.sequence = sequence;
  made.rollout = rollout;
  made.step = "step-25";
  made.verb = "shift";
  made.driver = driver;
  made.payload = hotswap::outcome_record{"done"};
  return made;
}

inline hotswap::journal_record an_end(std::uint64_t sequence,
                                      const std::string& rollout = "fraud~1",
                                      const std::string& driver = "a") {
  hotswap::journal_record made = a_record(sequence, rollout, driver);
  made.payload = hotswap::terminal_record{hotswap::deployment_status::succeeded, "2",
                                          hotswap::reason_code::promoted, "it serves"};
  return made;
}

}  // namespace support

TEST_CASE("journal: gives back what was appended, oldest first, bit for bit", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  support::random_record random{1};
  support::records appended;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    const std::size_t not_the_end = random.below(std::variant_size_v<hotswap::record_payload> - 1);
    hotswap::journal_record record = random.of_payload(not_the_end);
    record.sequence = i;
    record.rollout = "fraud~1";
    journal.append(record);
    appended.push_back(record);
  }

  CHECK(support::same(journal.load(), appended));
  CHECK(support::same(support::kept_journal{place.open()}.load(), appended));
}

TEST_CASE("journal: a stream that is not known is empty, and not unfinished", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  CHECK(journal.load("fraud").empty());
  CHECK(journal.unfinished().empty());
  journal.append(support::a_record(1), "churn");
  CHECK(journal.load("fraud").empty());
  CHECK(journal.unfinished() == support::texts{"churn"});
}

TEST_CASE("journal: a stream is unfinished until its rollout ends, and again in the next one",
          "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  journal.append(support::a_record(1, "spam~1"), "spam");
  journal.append(support::a_record(1), "fraud");
  journal.append(support::a_record(1, "churn~1"), "churn");
  CHECK(journal.unfinished() == support::texts{"churn", "fraud", "spam"});

  journal.append(support::an_end(2), "fraud");
  CHECK(journal.unfinished() == support::texts{"churn", "spam"});
  CHECK(journal.load("fraud").size() == 2);

  journal.append(support::a_record(1, "fraud~2"), "fraud");
  CHECK(journal.unfinished() == support::texts{"churn", "fraud", "spam"});
  CHECK(support::same(journal.load("fraud"), {support::a_record(1, "fraud~2")}));
  journal.append(support::an_end(2, "fraud~2"), "fraud");
  journal.append(support::a_record(1, "fraud~3"), "fraud");
  CHECK(support::same(journal.load("fraud"), {support::a_record(1, "fraud~3")}));
}

TEST_CASE("journal: the same record again is success, and changes nothing", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  support::random_record random{5};
  support::records appended;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    appended.push_back(random.of_payload(7));
    appended.back().sequence = i;
    appended.back().rollout = "fraud~1";
    journal.append(appended.back());
  }

  for (const auto& each : appended) journal.append(each);
  CHECK(support::same(journal.load(), appended));
}

TEST_CASE("journal: another record in a place that is taken is a conflict, and changes nothing",
          "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  for (std::uint64_t i = 1; i <= 3; ++i) journal.append(support::a_record(i));
  const auto before = journal.load();

  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(3, "fraud~1", "b")) ==
        "journal of fraud: record 3 must be new, got another one there");
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(1, "fraud~1", "b")) ==
        "journal of fraud: record 1 must be new, got another one there");
  hotswap::journal_record other = support::a_record(2);
  other.payload = hotswap::outcome_record{"pass"};
  CHECK(journal.refusal<hotswap::journal_conflict>(other) ==
        "journal of fraud: record 2 must be new, got another one there");
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(1, "fraud~2")) != "accepted");
  CHECK(support::same(journal.load(), before));
}

TEST_CASE("journal: a first record that comes after a later rollout's is a conflict", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  journal.append(support::an_end(1, "fraud~9"));
  journal.append(support::an_end(1, "fraud~10"));

  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(1, "fraud~9")) ==
        "journal of fraud: record 1 must be of rollout fraud~10, got one of fraud~9");
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(2, "fraud~9")) ==
        "journal of fraud: record 2 must be of rollout fraud~10, got one of fraud~9");
  journal.append(support::an_end(1, "fraud~10"));  // the same again
  CHECK(support::same(journal.load(), {support::an_end(1, "fraud~10")}));
  CHECK(journal.unfinished().empty());
  journal.append(support::a_record(1, "fraud~11"));
  CHECK(support::same(journal.load(), {support::a_record(1, "fraud~11")}));
}

TEST_CASE("journal: a gap is refused, for a record is missing", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  CHECK(journal.refusal(support::a_record(2)) == "journal of fraud: sequence must be 1, got 2");
  CHECK(journal.refusal(support::a_record(0)) == "journal of fraud: sequence must be 1, got 0");
  journal.append(support::a_record(1));
  CHECK(journal.refusal(support::a_record(3)) == "journal of fraud: sequence must be 2, got 3");
  CHECK(journal.refusal(support::a_record(0)) == "journal of fraud: sequence must be 2, got 0");
  CHECK(journal.refusal(support::a_record(18446744073709551615U)) ==
        "journal of fraud: sequence must be 2, got 18446744073709551615");
  CHECK(journal.load().size() == 1);
}

TEST_CASE("journal: a record may be large, and a rollout long", "[journal]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  hotswap::journal_record large = support::a_record(1);
  large.payload = hotswap::fingerprint_record{std::string(1'000'000, 'x')};
  journal.append(large);
  support::records appended{large};
  for (std::uint64_t i = 2; i <= 300; ++i) {
    appended.push_back(support::a_record(i));
    journal.append(appended.back());
  }
  CHECK(support::same(journal.load(), appended));
}
