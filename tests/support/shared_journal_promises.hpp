#pragma once

/// @file
/// What a journal must do besides that outlives its process and is shared by several: as test
/// cases, like those of `journal_promises.hpp`, which must have been included before. The place has
///
///     std::shared_ptr<hotswap::journal> open(hotswap::thread_pool&);

#include <hotswap/async/call.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/same_record.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace support {

/// The record that a process would write there, from 100 bytes to 20 KB.
inline hotswap::journal_record predictable(std::uint64_t rollout, std::uint64_t sequence) {
  constexpr std::uint64_t last = 9;
  const std::string id = "fraud~" + std::to_string(rollout);
  if (sequence == last) return an_end(sequence, id);
  hotswap::journal_record record = a_record(sequence, id);
  std::mt19937 random{static_cast<unsigned>(rollout * 10 + sequence)};
  const std::size_t size = random() % 4 == 0 ? random() % 20'000 : random() % 100;
  record.payload =
      hotswap::fingerprint_record{std::string(size, static_cast<char>('a' + sequence))};
  return record;
}

/// Goes on where the journal ends; tells the parent of each record that is durable, as
/// rollout * 10 + sequence.
inline void append_for_ever(hotswap::journal& journal, child_process::line& parent) {
  hotswap::virtual_clock clock;
  const records there = clock.run(journal.load("fraud"));
  std::uint64_t rollout = 1;
  std::uint64_t sequence = 1;
  if (!there.empty()) {
    rollout = std::stoull(there[0].rollout.substr(6));
    sequence = there.size() + 1;
  }
  while (true) {
    if (sequence == 10) {
      ++rollout;
      sequence = 1;
    }
    clock.run(journal.append("fraud", predictable(rollout, sequence)));
    parent.tell(rollout * 10 + sequence);
    ++sequence;
  }
}

constexpr std::chrono::seconds long_enough{60};

/// On the loop's thread again, wherever the journal's call ended.
inline hotswap::task<records> loaded(hotswap::event_loop& loop, hotswap::journal& journal,
                                     std::string stream) {
  auto load = [&journal, &stream] { return journal.load(stream); };
  co_return co_await hotswap::call(loop, long_enough, load);
}

inline hotswap::task<texts> listed(hotswap::event_loop& loop, hotswap::journal& journal) {
  auto list = [&journal] { return journal.unfinished(); };
  co_return co_await hotswap::call(loop, long_enough, list);
}

}  // namespace support

TEST_CASE("journal: what one handle has appended another one sees, and goes on after it",
          "[journal][shared]") {
  support::journal_place place;
  support::kept_journal first{place.open()};
  support::kept_journal second{place.open()};
  CHECK(second.load().empty());
  first.append(support::a_record(1));
  CHECK(second.unfinished() == support::texts{"fraud"});
  second.append(support::a_record(2));
  first.append(support::an_end(3));
  CHECK(second.unfinished().empty());
  second.append(support::a_record(1, "fraud~2"));
  CHECK(support::same(first.load(), {support::a_record(1, "fraud~2")}));
  first.append(support::a_record(2, "fraud~2"));
  second.append(support::an_end(3, "fraud~2"));
  first.append(support::a_record(1, "fraud~3"));
  first.append(support::an_end(2, "fraud~3"));
  second.append(support::a_record(1, "fraud~4"));
  CHECK(support::same(first.load(), {support::a_record(1, "fraud~4")}));
}

TEST_CASE("journal: the newest driver wins, and the older one's next record is a conflict",
          "[journal][shared]") {
  support::journal_place place;
  support::kept_journal older{place.open()};
  support::kept_journal newer{place.open()};
  older.append(support::a_record(1, "fraud~1", "a"));
  newer.append(support::a_record(2, "fraud~1", "b"));
  CHECK(older.refusal<hotswap::journal_conflict>(support::a_record(2, "fraud~1", "a")) ==
        "journal of fraud: record 2 must be new, got another one there");
  newer.append(support::a_record(3, "fraud~1", "b"));
  CHECK(older.refusal<hotswap::journal_conflict>(support::a_record(2, "fraud~1", "a")) !=
        "accepted");
  older.append(support::a_record(3, "fraud~1", "b"));
  CHECK(newer.load().size() == 3);
}

TEST_CASE("journal: a record of another rollout than the one that is open is a conflict",
          "[journal][shared]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  journal.append(support::an_end(1, "fraud~1"));
  journal.append(support::a_record(1, "fraud~2"));
  journal.append(support::a_record(2, "fraud~2"));

  for (const std::uint64_t sequence : {1U, 2U, 3U, 7U}) {
    CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(sequence, "fraud~1")) ==
          "journal of fraud: record " + std::to_string(sequence) +
              " must be of rollout fraud~2, got one of fraud~1");
  }
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(1, "fraud~3")) ==
        "journal of fraud: record 1 must be of rollout fraud~2, got one of fraud~3");
  CHECK(journal.load().size() == 2);
}

TEST_CASE("journal: nothing follows the end of a rollout but the first record of another",
          "[journal][shared]") {
  support::journal_place place;
  support::kept_journal journal{place.open()};
  journal.append(support::a_record(1));
  journal.append(support::an_end(2));

  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(3)) ==
        "journal of fraud: record 3 must open a rollout, got one after the end of fraud~1");
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(2, "fraud~2")) ==
        "journal of fraud: record 2 must be of rollout fraud~1, got one of fraud~2");
  CHECK(journal.refusal<hotswap::journal_conflict>(support::a_record(1, "fraud~1", "b")) ==
        "journal of fraud: record 1 must be new, got another one there");
  journal.append(support::a_record(1));  // the same again
  journal.append(support::an_end(2));
  CHECK(support::same(journal.load(), {support::a_record(1), support::an_end(2)}));
}

TEST_CASE("journal: of two processes that write the same sequence exactly one wins",
          "[journal][shared][process]") {
  support::journal_place place;
  for (std::uint64_t sequence = 1; sequence <= 40; ++sequence) {
    support::starting_gun gun;
    const auto race = [&](const char* driver) {
      return support::child_process{
          [&place, &gun, sequence, driver](support::child_process::line&) {
            support::kept_journal journal{place.open()};
            gun.wait();
            try {
              journal.append(support::a_record(sequence, "fraud~1", driver));
            } catch (const hotswap::journal_conflict&) {
              return 1;
            }
            return 0;
          }};
    };
    support::child_process a = race("a");
    support::child_process b = race("b");
    gun.fire();
    const int of_a = a.wait();
    const int of_b = b.wait();

    CHECK(of_a + of_b == 1);
    const auto there = support::kept_journal{place.open()}.load();
    REQUIRE(there.size() == sequence);
    CHECK(there.back().driver == (of_a == 0 ? "a" : "b"));
  }
}

TEST_CASE("journal: of two processes that open a rollout exactly one wins",
          "[journal][shared][process]") {
  support::journal_place place;
  for (std::uint64_t round = 1; round <= 20; ++round) {
    support::starting_gun gun;
    const auto race = [&](std::uint64_t id) {
      return support::child_process{[&place, &gun, id](support::child_process::line&) {
        support::kept_journal journal{place.open()};
        gun.wait();
        try {
          journal.append(support::a_record(1, "fraud~" + std::to_string(id)));
        } catch (const hotswap::journal_conflict&) {
          return 1;
        }
        return 0;
      }};
    };
    support::child_process a = race(2 * round);
    support::child_process b = race(2 * round + 1);
    gun.fire();
    const int of_a = a.wait();
    const int of_b = b.wait();

    CHECK(of_a + of_b == 1);
    support::kept_journal journal{place.open()};
    const std::string id = "fraud~" + std::to_string(2 * round + (of_a == 0 ? 0U : 1U));
    CHECK(support::same(journal.load(), {support::a_record(1, id)}));
    journal.append(support::an_end(2, id));
  }
}

TEST_CASE("journal: a process that is killed leaves every record that was durable, and no other",
          "[journal][shared][process]") {
  support::journal_place place;
  std::mt19937 random{7};
  std::uint64_t durable = 0;
  std::size_t one_more = 0;
  for (int round = 0; round < 200; ++round) {
    support::child_process child{[&place](support::child_process::line& parent) {
      support::append_for_ever(*place.open(), parent);
      return 0;
    }};
    for (auto left = random() % 8; left > 0; --left) durable = child.hear();
    for (auto left = random() % 400; left > 0; --left) std::this_thread::yield();
    child.kill();
    while (const std::uint64_t told = child.hear()) durable = told;

    const auto there = support::kept_journal{place.open()}.load();
    const std::uint64_t rollout = there.empty() ? 0 : std::stoull(there[0].rollout.substr(6));
    const std::uint64_t last = there.empty() ? 0 : rollout * 10 + there.size();
    const std::uint64_t next = durable == 0 ? 11 : durable % 10 == 9 ? durable + 2 : durable + 1;
    INFO("round " << round << ": durable " << durable << ", there " << last);
    REQUIRE((last == durable || last == next));  // which may have been written, and not told
    if (last == next) ++one_more;
    for (std::size_t i = 0; i < there.size(); ++i) {
      REQUIRE(support::same(there[i], support::predictable(rollout, i + 1)));
    }
    durable = last;
  }
  CHECK(durable > 200);  // or the children never came far
  CHECK(one_more > 0);   // and some were killed within an append
}

TEST_CASE("journal: with a pool several drivers append at once, and of each sequence one wins",
          "[journal][shared][threads]") {
  support::journal_place place;
  hotswap::thread_pool pool{3};
  const auto journal = place.open(pool);
  hotswap::event_loop loop;

  std::atomic<int> appended{0};
  std::atomic<int> lost{0};
  const auto drive = [&](const char* driver) -> hotswap::task<void> {
    for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
      try {
        co_await hotswap::call(loop, support::long_enough, [&journal, sequence, driver] {
          return journal->append("fraud", support::a_record(sequence, "fraud~1", driver));
        });
        ++appended;
      } catch (const hotswap::journal_conflict&) {
        ++lost;
      }
    }
  };
  std::vector<hotswap::task<void>> drivers;
  for (const char* const driver : {"a", "b", "c"}) drivers.push_back(drive(driver));
  loop.run(hotswap::when_all(std::move(drivers)));

  CHECK(appended == 20);
  CHECK(lost == 40);
  CHECK(loop.run(support::loaded(loop, *journal, "fraud")).size() == 20);
  CHECK(loop.run(support::loaded(loop, *journal, "churn")).empty());
  CHECK(loop.run(support::listed(loop, *journal)) == support::texts{"fraud"});
}
