// Processes that are killed between any two records of a rollout, and others that go on: all five
// strategies, good endings and bad, a journal in files and one in SQLite.

#include <hotswap/adapters/file/file_journal.hpp>
#include <hotswap/adapters/sqlite/sqlite_journal.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/config/deploy.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>

#include "integration/killed_rollouts/durable_platform.hpp"
#include "support/catch.hpp"
#include "support/child_process.hpp"
#include "support/temporary_directory.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

/// Kills its process as soon as the record of that number is durable.
class deadly_journal final : public hotswap::journal {
 public:
  deadly_journal(std::shared_ptr<hotswap::journal> kept, std::size_t last, durable_platform& world)
      : kept_(std::move(kept)), last_(last), world_(world) {}

  hotswap::task<std::vector<std::string>> unfinished() override { return kept_->unfinished(); }
  hotswap::task<std::vector<hotswap::journal_record>> load(std::string stream) override {
    return kept_->load(std::move(stream));
  }
  hotswap::task<void> append(std::string stream, hotswap::journal_record record) override {
    co_await kept_->append(std::move(stream), std::move(record));
    world_.pass();
    if (++appended_ == last_) ::raise(SIGKILL);
  }

 private:
  std::shared_ptr<hotswap::journal> kept_;
  std::size_t last_;
  durable_platform& world_;
  std::size_t appended_ = 0;
};

class kept_in {
 public:
  explicit kept_in(bool sqlite) : sqlite_(sqlite) {}

  [[nodiscard]] std::shared_ptr<hotswap::journal> open() const {
    if (sqlite_)
      return std::make_shared<hotswap::sqlite_journal>(directory_.path() + "/journal.db");
    return std::make_shared<hotswap::file_journal>(directory_.path());
  }

 private:
  bool sqlite_;
  support::temporary_directory directory_;
};

/// What one process says when the rollout has ended: its status and reason.
std::uint64_t number_of(const hotswap::deployment_result& result) {
  return 1 + static_cast<std::uint64_t>(result.status()) +
         100 * static_cast<std::uint64_t>(result.reason_code());
}

/// Drives the rollout in a process of its own, which is killed after `last` records, if that is not
/// 0. What it says at the end; 0 if it was killed.
std::uint64_t drive(const std::string& document, const shared_state& state, const kept_in& journal,
                    std::size_t last) {
  support::child_process child{[&](support::child_process::line& parent) {
    const hotswap::clock::time_point start{std::chrono::seconds{1'767'225'600}};
    hotswap::virtual_clock clock{start +
                                 std::chrono::duration_cast<hotswap::clock::time_point::duration>(
                                     std::chrono::nanoseconds{state->nanoseconds_since_start})};
    durable_platform platform{*state, clock};
    hotswap::rollout_environment environment{clock};
    environment.driver = "process-" + std::to_string(::getpid());
    environment.journal = std::make_shared<deadly_journal>(journal.open(), last, platform);
    hotswap::rollout_context context{environment};
    context.request_id = "change-1";
    const auto result =
        clock.run(hotswap::deploy(platform, platform, platform, hotswap::parse_strategy(document),
                                  {"fraud", "1"}, {"fraud", "2"}, context));
    platform.pass();
    parent.tell(number_of(result));
    return 0;
  }};
  return child.hear();
}

std::vector<std::string> documents() {
  return {
      R"({"strategy": "Canary", "steps": [20, 100], "monitoringDuration": "PT4M",
          "analysisInterval": "PT2M", "keepDuration": "PT1M"})",
      R"({"strategy": "BlueGreen", "monitoringDuration": "PT4M", "analysisInterval": "PT2M",
          "keepBlueDuration": "PT1M"})",
      R"({"strategy": "ABTesting", "duration": "PT1H", "analysisInterval": "PT30M",
          "keepDuration": "PT1M"})",
      R"({"strategy": "Shadow", "duration": "PT10M", "analysisInterval": "PT5M",
          "promote": "canary", "then": {"steps": [50, 100], "monitoringDuration": "PT4M",
          "analysisInterval": "PT4M", "keepDuration": "PT1M"}})",
      R"({"strategy": "Rolling", "monitoringDuration": "PT4M", "analysisInterval": "PT4M"})",
  };
}

}  // namespace

TEST_CASE(
    "a process that is killed between any two records is followed by one that ends the rollout "
    "as it would have",
    "[integration][kill]") {
  const bool sqlite = GENERATE(false, true);
  const std::size_t strategy = GENERATE(0U, 1U, 2U, 3U, 4U);
  const bool bad = GENERATE(false, true);
  const std::string document = documents()[strategy];
  CAPTURE(sqlite, bad, document);

  const shared_state unharmed;
  unharmed->candidate_is_bad = bad;
  const kept_in whole{sqlite};
  const std::uint64_t expected = drive(document, unharmed, whole, 0);
  REQUIRE(expected != 0);
  CHECK(expected % 100 == (bad ? 2 : 1));  // rolled back, or succeeded
  CHECK(unharmed->wrongs == 0);

  std::size_t killed = 0;
  for (std::size_t last = 1;; ++last) {
    const shared_state state;
    state->candidate_is_bad = bad;
    const kept_in journal{sqlite};
    const std::uint64_t first = drive(document, state, journal, last);
    if (first != 0) break;  // it has no more records
    ++killed;
    CAPTURE(last);
    const std::uint64_t second = drive(document, state, journal, 0);
    CHECK(second == expected);
    CHECK(state->text() == unharmed->text());
  }
  CHECK(killed >= 10);
}

TEST_CASE(
    "of two processes that drive the same rollout, one wins, and the other touches nothing more",
    "[integration][kill]") {
  const bool sqlite = GENERATE(false, true);
  CAPTURE(sqlite);
  const shared_state state;
  const kept_in journal{sqlite};
  const std::string document = documents()[0];
  REQUIRE(drive(document, state, journal, 12) == 0);  // unfinished

  support::starting_gun gun;
  const auto racer = [&](support::child_process::line& parent) {
    gun.wait();
    const hotswap::clock::time_point start{std::chrono::seconds{1'767'225'600}};
    hotswap::virtual_clock clock{start +
                                 std::chrono::duration_cast<hotswap::clock::time_point::duration>(
                                     std::chrono::nanoseconds{state->nanoseconds_since_start})};
    durable_platform platform{*state, clock};
    hotswap::rollout_environment environment{clock};
    environment.driver = "process-" + std::to_string(::getpid());
    environment.journal = journal.open();
    hotswap::rollout_context context{environment};
    context.request_id = "change-1";
    try {
      const auto result =
          clock.run(hotswap::deploy(platform, platform, platform, hotswap::parse_strategy(document),
                                    {"fraud", "1"}, {"fraud", "2"}, context));
      parent.tell(number_of(result));
    } catch (const hotswap::journal_conflict&) {
      parent.tell(777);
    }
    return 0;
  };
  std::uint64_t ends[2];
  {
    support::child_process one{racer};
    support::child_process two{racer};
    gun.fire();
    ends[0] = one.hear();
    ends[1] = two.hear();
  }
  CAPTURE(ends[0], ends[1]);
  CHECK((ends[0] % 100 == 1 || ends[1] % 100 == 1));  // one has won, and it succeeded
  for (const std::uint64_t each : ends) CHECK((each % 100 == 1 || each == 777));
  CHECK(state->candidate_share == 10'000);
  CHECK(state->wrongs == 0);
}
