// What the windows of a comparison promise: that they have what was compared in them and nothing
// else, and that a window that has ended has the same answer again.

#include <hotswap/serving/divergence_counters.hpp>
#include <hotswap/serving/divergence_history.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::divergence_counters;
using hotswap::divergence_history;
using hotswap::divergence_snapshot;
using hotswap::drop_cause;
using hotswap::time_window;
using namespace std::chrono_literals;

static_assert(noexcept(std::declval<divergence_counters&>().add_dropped(drop_cause::queue_full)));

namespace {

const time_window::time_point start{std::chrono::hours{500'000}};

time_window from_to(std::chrono::seconds begin, std::chrono::seconds end) {
  return {start + begin, start + end};
}

divergence_snapshot compared(std::uint64_t requests) {
  divergence_snapshot totals;
  totals.compared = requests;
  return totals;
}

}  // namespace

TEST_CASE("divergence_counters: what is compared, fails and is dropped counts apart",
          "[serving][divergence]") {
  divergence_counters counters;
  counters.add_compared(true, 0.5);
  counters.add_compared(false, 1.5);
  counters.add_compared(true, std::nullopt);
  counters.add_shadow_error();
  counters.add_dropped(drop_cause::queue_full);
  counters.add_dropped(drop_cause::queue_full);
  counters.add_dropped(drop_cause::not_copied);
  counters.add_dropped(drop_cause::shadow_removed);

  const divergence_snapshot seen = counters.totals();

  CHECK(seen.compared == 3);
  CHECK(seen.disagreed == 1);
  CHECK(seen.shadow_errors == 1);
  CHECK(seen.dropped == std::map<std::string, std::uint64_t>{
                            {"queue_full", 2}, {"not_copied", 1}, {"shadow_removed", 1}});
  CHECK(seen.difference == hotswap::stats::moments{0.5, 1.5});
}

TEST_CASE("divergence_counters: a cause that dropped nothing is not named",
          "[serving][divergence]") {
  CHECK(divergence_counters{}.totals().dropped.empty());
}

TEST_CASE("divergence_counters: no drop is lost, however many threads drop",
          "[serving][divergence][threads]") {
  constexpr std::uint64_t threads = 70;  // more than have a cell of their own
  divergence_counters counters;
  std::vector<std::thread> dropping;
  for (std::uint64_t i = 0; i < threads; ++i) {
    dropping.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) counters.add_dropped(drop_cause::queue_full);
    });
  }
  for (std::thread& each : dropping) each.join();

  CHECK(counters.totals().dropped.at("queue_full") == threads * 1'000);
}

TEST_CASE("divergence_history: each window has what was compared in it", "[serving][divergence]") {
  divergence_counters counters;
  divergence_history history;
  history.begin(counters.totals());
  counters.add_compared(true, 1.0);
  counters.add_dropped(drop_cause::not_copied);
  const divergence_snapshot first = history.collect(from_to(0s, 10s), counters.totals());
  counters.add_compared(false, 3.0);
  counters.add_compared(false, 5.0);
  counters.add_shadow_error();
  counters.add_dropped(drop_cause::queue_full);
  const divergence_snapshot second = history.collect(from_to(10s, 20s), counters.totals());

  CHECK(first.compared == 1);
  CHECK(first.disagreed == 0);
  CHECK(first.shadow_errors == 0);
  CHECK(first.dropped == std::map<std::string, std::uint64_t>{{"not_copied", 1}});
  CHECK(first.difference == hotswap::stats::moments{1.0});

  CHECK(second.compared == 2);
  CHECK(second.disagreed == 2);
  CHECK(second.shadow_errors == 1);
  CHECK(second.dropped == std::map<std::string, std::uint64_t>{{"queue_full", 1}});
  CHECK(second.difference.count() == 2);
  CHECK_THAT(second.difference.mean(), WithinRel(4.0, 1e-15));
  CHECK_THAT(second.difference.variance(), WithinRel(2.0, 1e-12));
}

TEST_CASE("divergence_history: a window that has ended has the same answer again",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));
  CHECK(history.collect(from_to(0s, 10s), compared(4)).compared == 4);
  CHECK(history.collect(from_to(10s, 20s), compared(9)).compared == 5);

  CHECK(history.collect(from_to(0s, 10s), compared(100)).compared == 4);
  CHECK(history.collect(from_to(10s, 20s), compared(100)).compared == 5);
  CHECK(history.collect(from_to(0s, 20s), compared(100)).compared ==
        5);  // 10 s is the first within
}

TEST_CASE("divergence_history: the first window begins with the mirror, and not before",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(1'000));  // of an earlier rollout

  CHECK(history.collect(from_to(0s, 10s), compared(1'004)).compared == 4);
}

TEST_CASE("divergence_history: an empty window is answered by nothing, and makes its end known",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));

  CHECK(history.collect(from_to(5s, 5s), compared(7)).compared == 0);
  CHECK(history.collect(from_to(5s, 10s), compared(9)).compared == 2);
}

TEST_CASE("divergence_history: where nothing was read at the begin, the latest reading stands in",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));
  CHECK(history.collect(from_to(0s, 10s), compared(10)).compared == 10);

  CHECK(history.collect(from_to(12s, 20s), compared(16)).compared == 6);
}

TEST_CASE("divergence_history: a reading older than the window is long says nothing about it",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));
  CHECK(history.collect(from_to(0s, 10s), compared(10)).compared == 10);

  CHECK(history.collect(from_to(1'000s, 1'010s), compared(5'000)).compared == 0);
  CHECK(history.collect(from_to(1'010s, 1'020s), compared(5'050)).compared == 50);
}

TEST_CASE("divergence_history: a mirror that begins again does not count what came before",
          "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));
  CHECK(history.collect(from_to(0s, 10s), compared(10)).compared == 10);

  history.begin(compared(500));

  CHECK(history.collect(from_to(1'000s, 1'010s), compared(503)).compared == 3);
}

TEST_CASE("divergence_history: a window that ended before the latest reading is refused",
          "[serving][divergence][errors]") {
  divergence_history history;
  history.begin(compared(0));
  CHECK(history.collect(from_to(0s, 10s), compared(10)).compared == 10);

  CHECK_THROWS_WITH(history.collect(from_to(0s, 8s), compared(11)),
                    "divergence: a window must not end before the latest reading, got one that "
                    "ended 2000 ms earlier");
}

TEST_CASE("divergence_history: the last 128 readings are kept", "[serving][divergence]") {
  divergence_history history;
  history.begin(compared(0));
  for (int i = 1; i <= 129; ++i) {
    const std::chrono::seconds end{10 * i};
    CHECK(history.collect(from_to(end - 10s, end), compared(static_cast<std::uint64_t>(i)))
              .compared == 1);
  }

  CHECK(history.collect(from_to(20s, 30s), compared(1'000)).compared == 1);
  CHECK_THROWS_AS(history.collect(from_to(0s, 10s), compared(1'000)), hotswap::error);
}
