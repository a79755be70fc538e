// What windowed promises: what happened in a window and at no other time, the same answer whenever
// it is asked again, and never the counts since the beginning of time.

#include <hotswap/async/call.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/windowed.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

using Catch::Matchers::WithinRel;
using hotswap::metrics_snapshot;
using hotswap::model_version;
using hotswap::task;
using hotswap::time_window;
using hotswap::windowed;
using hotswap::stats::moments;
using hotswap::stats::proportion;
using namespace std::chrono_literals;

namespace {

const model_version baseline{"fraud", "1"};
const model_version candidate{"fraud", "2"};

/// Counters that a test sets by hand.
class counters {
 public:
  metrics_snapshot totals(const model_version& version) {
    ++readings;
    if (failing) throw std::runtime_error("the counters are out of reach");
    return of[version];
  }
  void serve(const model_version& version, std::uint64_t requests, std::uint64_t errors = 0) {
    of[version].requests += requests;
    of[version].errors += errors;
  }

  std::map<model_version, metrics_snapshot> of;
  int readings = 0;
  bool failing = false;
};

class task_counters {
 public:
  task<metrics_snapshot> totals(const model_version& version) { return answer(of.totals(version)); }
  static task<metrics_snapshot> answer(metrics_snapshot seen) { co_return seen; }
  counters of;
};

/// Answers on a thread of its own.
class thread_counters {
 public:
  class awaiter {
   public:
    awaiter(thread_counters& from, const model_version& version) : from_(from), version_(version) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) {
      if (from_.thread_.joinable()) from_.thread_.join();
      from_.thread_ = std::thread{[waiter] { waiter.resume(); }};
    }
    metrics_snapshot await_resume() { return from_.of.totals(version_); }

   private:
    thread_counters& from_;
    const model_version& version_;
  };

  awaiter totals(const model_version& version) { return {*this, version}; }
  ~thread_counters() {
    if (thread_.joinable()) thread_.join();
  }
  counters of;

 private:
  std::thread thread_;
};

/// What only another library's coroutines can await.
class foreign {
 public:
  explicit foreign(metrics_snapshot seen) : seen_(std::move(seen)) {}
  metrics_snapshot seen_;
};

class foreign_counters {
 public:
  foreign totals(const model_version& version) { return foreign{of.totals(version)}; }
  counters of;
};

class stoppable_counters {
 public:
  metrics_snapshot totals(const model_version& version, std::stop_token token) {
    stop = std::move(token);
    return of.totals(version);
  }
  counters of;
  std::stop_token stop;
};

time_window seconds(int begin, int end) {
  const auto midnight = time_window::time_point{std::chrono::days{20'000}};
  return {midnight + std::chrono::seconds{begin}, midnight + std::chrono::seconds{end}};
}

template <typename Counters>
metrics_snapshot collect(windowed<Counters>& metrics, const model_version& version,
                         const time_window& window) {
  hotswap::virtual_clock clock;
  return clock.run(metrics.collect(version, window));
}

}  // namespace

template <>
struct hotswap::awaitable_bridge<foreign> {
  using result_type = metrics_snapshot;
  static task<metrics_snapshot> adapt(foreign answer, clock&) {
    return task_counters::answer(std::move(answer.seen_));
  }
};

static_assert(hotswap::MetricsSource<windowed<counters>>);
static_assert(hotswap::MetricsSource<windowed<task_counters>>);
static_assert(hotswap::MetricsSource<windowed<thread_counters>>);
static_assert(hotswap::MetricsSource<windowed<foreign_counters>>);
static_assert(hotswap::MetricsSource<windowed<stoppable_counters>>);
static_assert(!hotswap::DivergenceSource<windowed<counters>>);

TEST_CASE("windowed: a window has what was counted between its ends, and nothing else",
          "[concepts][windowed]") {
  counters counters;
  counters.serve(candidate, 1'000'000, 999);
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));

  counters.serve(candidate, 50, 3);
  const auto second = collect(metrics, candidate, seconds(10, 20));
  counters.serve(candidate, 7);
  const auto third = collect(metrics, candidate, seconds(20, 30));

  CHECK(second.requests == 50);
  CHECK(second.errors == 3);
  CHECK(third.requests == 7);
  CHECK(third.errors == 0);
  CHECK(collect(metrics, candidate, seconds(10, 30)).requests == 57);
}

TEST_CASE("windowed: of a version that was never read nothing is known, though it counts for ages",
          "[concepts][windowed]") {
  counters counters;
  counters.serve(candidate, 1'000'000);
  windowed metrics{counters};

  CHECK(collect(metrics, candidate, seconds(0, 10)) == metrics_snapshot{});
}

TEST_CASE("windowed: an empty window is empty, and starts the counting", "[concepts][windowed]") {
  counters counters;
  counters.serve(candidate, 1'000'000);
  windowed metrics{counters};

  CHECK(collect(metrics, candidate, seconds(3, 3)) == metrics_snapshot{});
  counters.serve(candidate, 12);
  CHECK(collect(metrics, candidate, seconds(3, 10)).requests == 12);
}

TEST_CASE("windowed: the same window has the same answer again, without another reading",
          "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));
  counters.serve(candidate, 5, 1);
  const auto answer = collect(metrics, candidate, seconds(10, 20));
  counters.serve(candidate, 9);
  collect(metrics, candidate, seconds(20, 30));

  const int readings = counters.readings;
  CHECK(collect(metrics, candidate, seconds(10, 20)) == answer);
  CHECK(collect(metrics, candidate, seconds(0, 10)) == metrics_snapshot{});
  CHECK(counters.readings == readings);
}

TEST_CASE("windowed: two versions that are asked for in turn do not meet", "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  for (const auto& version : {baseline, candidate}) collect(metrics, version, seconds(0, 10));

  for (int look = 1; look < 5; ++look) {
    counters.serve(baseline, 90, 1);
    counters.serve(candidate, 10, 2);
    const time_window window = seconds(10 * look, 10 * look + 10);
    CHECK(collect(metrics, baseline, window).requests == 90);
    CHECK(collect(metrics, candidate, window).requests == 10);
    CHECK(collect(metrics, baseline, window).errors == 1);
  }
}

TEST_CASE(
    "windowed: without a reading at the begin the latest before stands in, unless it is too old",
    "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));
  counters.serve(candidate, 100);

  SECTION("11 seconds for a window of 10") {
    CHECK(collect(metrics, candidate, seconds(21, 31)) == metrics_snapshot{});
  }
  SECTION("10 seconds for a window of 10") {
    CHECK(collect(metrics, candidate, seconds(20, 30)).requests == 100);
  }
  SECTION("the first within instead") {
    collect(metrics, candidate, seconds(10, 40));
    counters.serve(candidate, 3);
    CHECK(collect(metrics, candidate, seconds(35, 50)).requests == 3);
  }
}

TEST_CASE("windowed: counters that fell have started again at 0", "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  counters.serve(candidate, 1'000, 10);
  counters.of[candidate].latency = moments{1.0, 2.0, 3.0};
  collect(metrics, candidate, seconds(0, 10));

  counters.serve(candidate, 20);
  collect(metrics, candidate, seconds(10, 20));
  counters.of[candidate] = {};
  counters.serve(candidate, 7, 1);
  counters.of[candidate].latency = moments{5.0};
  const auto after = collect(metrics, candidate, seconds(20, 30));
  counters.serve(candidate, 5'000);
  collect(metrics, candidate, seconds(30, 40));

  CHECK(after.requests == 7);
  CHECK(after.errors == 1);
  CHECK(after.latency == moments{5.0});
  // though the last reading is above the first: 20 before the restart and 5 007 since
  CHECK(collect(metrics, candidate, seconds(10, 40)).requests == 5'027);
}

TEST_CASE("windowed: any counter that fell tells of a restart", "[concepts][windowed]") {
  metrics_snapshot before;
  before.requests = 10;
  before.errors = 2;
  before.accuracy = proportion{3, 5};
  before.latency = moments{1.0, 2.0};
  before.latency_distribution.emplace().add(1.0);
  before.custom["revenue"] = moments{4.0};
  CHECK_FALSE(hotswap::has_restarted(before, before));
  CHECK_FALSE(hotswap::has_restarted({}, before));

  const auto fallen = [&](auto change) {
    metrics_snapshot after = before;
    change(after);
    return hotswap::has_restarted(before, after);
  };
  CHECK(fallen([](auto& after) { after.requests = 9; }));
  CHECK(fallen([](auto& after) { after.errors = 1; }));
  CHECK(fallen([](auto& after) { after.accuracy = proportion{3, 4}; }));
  CHECK(fallen([](auto& after) { after.accuracy = proportion{2, 5}; }));
  CHECK(fallen([](auto& after) { after.accuracy.reset(); }));
  CHECK(fallen([](auto& after) { after.latency = moments{1.0}; }));
  CHECK(fallen([](auto& after) { after.latency.reset(); }));
  CHECK(fallen([](auto& after) { after.latency_distribution.reset(); }));
  CHECK(fallen([](auto& after) {
    after.latency_distribution.emplace().add(2.0);
    after.latency_distribution->add(2.0);
  }));
  CHECK(fallen([](auto& after) { after.custom.clear(); }));
}

TEST_CASE("windowed: the moments of a window are those of its values", "[concepts][windowed]") {
  std::mt19937_64 random{20260101};
  for (const double offset : {0.0, 1e6}) {
    CAPTURE(offset);
    std::normal_distribution<double> slow{offset + 0.2, 0.02};
    std::lognormal_distribution<double> fast{-3.0, 0.5};
    counters counters;
    windowed metrics{counters};
    moments total;
    for (int i = 0; i < 100'000; ++i) total.add(slow(random));
    counters.of[candidate].latency = total;
    collect(metrics, candidate, seconds(0, 10));

    moments window;
    for (int i = 0; i < 1'000; ++i) {
      const double value = offset + fast(random);
      window.add(value);
      total.add(value);
    }
    counters.of[candidate].latency = total;
    const auto seen = collect(metrics, candidate, seconds(10, 20)).latency;

    REQUIRE(seen);
    CHECK(seen->count() == 1'000);
    CHECK_THAT(seen->mean(), WithinRel(window.mean(), 1e-12));
    // sqrt(100 000) roundings of 1.1e-16 of a total that is 50 times the rest: 1.8e-12
    CHECK_THAT(seen->variance(), WithinRel(window.variance(), 1e-11));
  }
}

TEST_CASE("windowed: the latency distribution of a window is that of its values, exactly",
          "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  auto& total = counters.of[candidate].latency_distribution.emplace();
  for (const double value : {0.1, 0.2, 7.0}) total.add(value);
  collect(metrics, candidate, seconds(0, 10));

  hotswap::stats::quantile_sketch window;
  for (const double value : {0.2, 0.05}) {
    total.add(value);
    window.add(value);
  }

  CHECK(collect(metrics, candidate, seconds(10, 20)).latency_distribution == window);
  CHECK_FALSE(collect(metrics, candidate, seconds(20, 30)).latency_distribution);
}

TEST_CASE("windowed: values that do not vary leave no variance below 0", "[concepts][windowed]") {
  moments earlier;
  for (int i = 0; i < 1'000; ++i) earlier.add(0.1 + 0.001 * (i % 7));
  moments later = earlier;
  for (int i = 0; i < 3; ++i) later.add(0.1);

  const moments added = hotswap::added_since(earlier, later);
  CHECK(added.count() == 3);
  CHECK(added.variance() >= 0.0);
  CHECK(added.variance() < 1e-17);

  later = earlier;
  later.add(0.7);
  CHECK(hotswap::added_since(earlier, later).sum_of_squared_deviations() == 0.0);
  CHECK_THAT(hotswap::added_since(earlier, later).mean(), WithinRel(0.7, 1e-12));
}

TEST_CASE("windowed: what is no number stays none, and is not taken for one",
          "[concepts][windowed]") {
  moments later{1.0, 2.0};
  const moments earlier = later;
  later.add(std::numeric_limits<double>::quiet_NaN());

  CHECK_FALSE(hotswap::added_since(earlier, later).finite());
  CHECK_FALSE(hotswap::added_since({}, later).finite());
}

TEST_CASE("windowed: labels and custom values are differences too; users and drift are absent",
          "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  metrics_snapshot& totals = counters.of[candidate];
  totals.requests = 10;
  totals.accuracy = proportion{3, 5};
  totals.custom["revenue"] = moments{4.0};
  totals.units = 4;
  collect(metrics, candidate, seconds(0, 10));

  totals.requests = 12;
  totals.accuracy = proportion{7, 10};
  totals.custom["revenue"].add(6.0);
  totals.custom["clicks"] = moments{1.0, 2.0};
  totals.units = 6;
  totals.drift.emplace();
  const auto seen = collect(metrics, candidate, seconds(10, 20));

  CHECK(seen.requests == 2);
  CHECK(seen.accuracy == proportion{4, 5});
  CHECK(seen.custom.at("revenue").count() == 1);
  CHECK_THAT(seen.custom.at("revenue").mean(), WithinRel(6.0, 1e-15));
  CHECK(seen.custom.at("clicks").count() == 2);
  CHECK_FALSE(seen.units);
  CHECK_FALSE(seen.drift);
}

TEST_CASE("windowed: what did not happen in a window is absent from it", "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  counters.serve(candidate, 10);
  counters.of[candidate].accuracy = proportion{3, 5};
  counters.of[candidate].latency = moments{1.0};
  counters.of[candidate].custom["revenue"] = moments{1.0};
  collect(metrics, candidate, seconds(0, 10));

  CHECK(collect(metrics, candidate, seconds(10, 20)) == metrics_snapshot{});
}

TEST_CASE("windowed: counts that a source has not read at one time still make a snapshot",
          "[concepts][windowed]") {
  metrics_snapshot before;
  before.requests = 10;
  before.accuracy = proportion{5, 10};
  metrics_snapshot after = before;
  after.requests = 11;
  after.errors = 3;  // of requests that were counted before
  after.accuracy = proportion{8, 12};

  const auto seen = hotswap::counted_since(before, after);

  CHECK(seen.requests == 3);
  CHECK(seen.errors == 3);
  CHECK(seen.accuracy == proportion{3, 3});
}

TEST_CASE("windowed: a window in the past that was never read is an error, not a guess",
          "[concepts][windowed][errors]") {
  counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));
  collect(metrics, candidate, seconds(10, 20));

  CHECK_THROWS_WITH(collect(metrics, candidate, seconds(10, 15)),
                    "windowed: a window of fraud@2 must not end before its latest reading, got one "
                    "that ended 5000 ms earlier");
  CHECK_THROWS_AS(collect(metrics, candidate, seconds(-20, -10)), hotswap::error);
  CHECK_NOTHROW(collect(metrics, baseline, seconds(10, 15)));
}

TEST_CASE("windowed: a window whose reading failed can be asked for again",
          "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));
  counters.serve(candidate, 4);

  counters.failing = true;
  CHECK_THROWS_WITH(collect(metrics, candidate, seconds(10, 20)), "the counters are out of reach");
  counters.failing = false;
  CHECK(collect(metrics, candidate, seconds(10, 20)).requests == 4);
}

TEST_CASE("windowed: a reading that comes after a later one is dropped", "[concepts][windowed]") {
  hotswap::counter_history history;
  metrics_snapshot totals;
  history.file(candidate, seconds(0, 10), totals);
  totals.requests = 9;
  history.file(candidate, seconds(20, 30), totals);

  totals.requests = 5;
  CHECK_THROWS_WITH(history.file(candidate, seconds(10, 20), totals),
                    "windowed: a window of fraud@2 must not end before its latest reading, got one "
                    "that ended 10000 ms earlier");
  // and of two for one end the first is kept
  CHECK(history.file(candidate, seconds(20, 30), totals) ==
        history.recall(candidate, seconds(20, 30)));
  CHECK(history.recall(candidate, seconds(10, 30))->requests == 9);
}

TEST_CASE("windowed: memory is bounded, and the latest readings are those that are kept",
          "[concepts][windowed]") {
  counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(-1, 0));
  for (int at = 0; at < 300; ++at) {
    counters.serve(candidate, 1);
    CHECK(collect(metrics, candidate, seconds(at, at + 1)).requests == 1);
  }

  const int readings = counters.readings;
  CHECK(collect(metrics, candidate, seconds(173, 300)).requests == 127);  // the last 128 readings
  CHECK(collect(metrics, candidate, seconds(0, 300)).requests == 127);
  CHECK(counters.readings == readings);
  CHECK_THROWS_AS(collect(metrics, candidate, seconds(171, 172)), hotswap::error);

  for (int i = 0; i < 256; ++i) {
    collect(metrics, {"fraud", "other-" + std::to_string(i)}, seconds(0, 1));
  }
  CHECK(collect(metrics, candidate, seconds(300, 301)) == metrics_snapshot{});  // forgotten
  CHECK(collect(metrics, {"fraud", "other-255"}, seconds(1, 2)) == metrics_snapshot{});
}

TEST_CASE("windowed: counters may answer with a task", "[concepts][windowed]") {
  task_counters counters;
  windowed metrics{counters};
  collect(metrics, candidate, seconds(0, 10));
  counters.of.serve(candidate, 50);

  CHECK(collect(metrics, candidate, seconds(10, 20)).requests == 50);
}

TEST_CASE("windowed: counters may answer through a bridge", "[concepts][windowed]") {
  foreign_counters counters;
  windowed metrics{counters};
  hotswap::virtual_clock clock;
  const auto look = [&](const time_window& window) -> task<metrics_snapshot> {
    co_return co_await hotswap::call(clock, 1s, [&] { return metrics.collect(candidate, window); });
  };
  clock.run(look(seconds(0, 10)));
  counters.of.serve(candidate, 50);

  CHECK(clock.run(look(seconds(10, 20))).requests == 50);
  CHECK(clock.run(look(seconds(10, 20))).requests == 50);
}

TEST_CASE("windowed: counters may answer on another thread", "[concepts][windowed][threads]") {
  thread_counters counters;
  windowed metrics{counters};
  hotswap::event_loop loop;
  const auto look = [&](const time_window& window) -> task<metrics_snapshot> {
    co_return co_await hotswap::call(loop, 60s, [&] { return metrics.collect(candidate, window); });
  };

  loop.run(look(seconds(0, 10)));
  for (int at = 10; at < 100; at += 10) {
    counters.of.serve(candidate, 50);
    CHECK(loop.run(look(seconds(at, at + 10))).requests == 50);
  }
}

TEST_CASE("windowed: counters that take a stop token get the caller's", "[concepts][windowed]") {
  stoppable_counters counters;
  windowed metrics{counters};
  hotswap::virtual_clock clock;
  std::stop_source stop;

  clock.run(metrics.collect(candidate, seconds(0, 10), stop.get_token()));

  CHECK(counters.stop == stop.get_token());
}
