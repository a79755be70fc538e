// What the recorder promises: that no count is lost, whoever counts; that what was not measured is
// absent; and that totals never fall.

#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/serving/recorder.hpp>
#include <hotswap/serving/thread_slot.hpp>
#include <hotswap/serving/version_counters.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::metrics_snapshot;
using hotswap::model_version;
using hotswap::recorder;
using hotswap::stats::moments;
using hotswap::stats::proportion;
using hotswap::stats::quantile_sketch;
using namespace std::chrono_literals;

static_assert(hotswap::CounterSource<recorder>);
static_assert(hotswap::CounterSource<const recorder>);
static_assert(hotswap::MetricsSource<hotswap::windowed<recorder>>);
static_assert(noexcept(std::declval<hotswap::version_counters&>().record({})));
static_assert(noexcept(std::declval<hotswap::version_counters&>().record_label(true)));

namespace {

const model_version baseline{"fraud", "1"};
const model_version candidate{"fraud", "2"};

}  // namespace

TEST_CASE("recorder: requests, errors, latencies in seconds and labels, of each version apart",
          "[serving][recorder]") {
  recorder recorder;
  recorder.record(candidate, {.latency = 2ms, .correct = true});
  recorder.record(candidate, {.latency = 4ms, .correct = false});
  recorder.record(candidate, {.error = true});
  recorder.record(baseline, {.latency = 1s});

  const metrics_snapshot seen = recorder.totals(candidate);

  CHECK(seen.requests == 3);
  CHECK(seen.errors == 1);
  CHECK(seen.accuracy == proportion{1, 2});
  REQUIRE(seen.latency);
  CHECK(seen.latency->count() == 2);
  CHECK_THAT(seen.latency->mean(), WithinRel(0.003, 1e-15));
  CHECK_THAT(seen.latency->variance(), WithinRel(2e-6, 1e-12));
  CHECK(recorder.totals(baseline).requests == 1);
}

TEST_CASE("recorder: what was not measured is absent", "[serving][recorder]") {
  recorder recorder;
  CHECK(recorder.totals(candidate) == metrics_snapshot{});

  recorder.record(candidate, {});
  const metrics_snapshot seen = recorder.totals(candidate);

  CHECK(seen.requests == 1);
  CHECK_FALSE(seen.accuracy);
  CHECK_FALSE(seen.latency);
  CHECK_FALSE(seen.latency_distribution);
  CHECK_FALSE(seen.drift);
  CHECK_FALSE(seen.units);
}

TEST_CASE("recorder: the latency of an error is not counted", "[serving][recorder]") {
  recorder recorder;
  recorder.record(candidate, {.latency = 30s, .error = true});

  CHECK(recorder.totals(candidate).errors == 1);
  CHECK_FALSE(recorder.totals(candidate).latency);
  CHECK_FALSE(recorder.totals(candidate).latency_distribution);
}

TEST_CASE("recorder: the distribution has the same latencies as the mean, whoever recorded them",
          "[serving][recorder]") {
  recorder recorder;
  quantile_sketch expected;
  for (const auto latency : {0ns, 15ns, 1'023ns, 1'024ns, 2'000'000ns, 250'000'000ns}) {
    recorder.record(candidate, {.latency = latency});
    expected.add(std::chrono::duration<double>(latency).count());
  }
  std::thread{[&] {
    recorder.record(candidate, {.latency = 4ms});
    recorder.record(candidate, {.latency = std::chrono::hours{1}});
  }}.join();
  expected.add(0.004);
  expected.add(3600.0);

  const metrics_snapshot seen = recorder.totals(candidate);

  CHECK(seen.latency_distribution == expected);
  CHECK(seen.latency->count() == expected.count());
}

TEST_CASE("recorder: the distribution of a window has that window's latencies alone",
          "[serving][recorder]") {
  recorder recorder;
  hotswap::windowed metrics{recorder};
  hotswap::virtual_clock clock;
  const auto begin = clock.now();
  for (int i = 0; i < 100; ++i) recorder.record(candidate, {.latency = 500ms});
  clock.run(metrics.collect(candidate, {begin, begin}));
  for (int i = 0; i < 100; ++i) recorder.record(candidate, {.latency = 2ms});

  const metrics_snapshot seen = clock.run(metrics.collect(candidate, {begin, begin + 10s}));

  REQUIRE(seen.latency_distribution);
  CHECK(seen.latency_distribution->count() == 100);
  CHECK_THAT(seen.latency_distribution->quantile(1.0), WithinRel(0.002, 1.0 / 128));
}

TEST_CASE("recorder: a label that comes late counts no second request", "[serving][recorder]") {
  recorder recorder;
  recorder.record(candidate, {.latency = 2ms});
  recorder.record_label(candidate, true);

  CHECK(recorder.totals(candidate).requests == 1);
  CHECK(recorder.totals(candidate).accuracy == proportion{1, 1});
}

TEST_CASE("recorder: a latency below 0 counts as 0", "[serving][recorder]") {
  recorder recorder;
  recorder.record(candidate, {.latency = -5ms});

  CHECK(recorder.totals(candidate).latency == moments{0.0});
  CHECK(recorder.totals(candidate).latency_distribution->count_in(0) == 1);
}

TEST_CASE("recorder: totals go on where they were for a version that is met again",
          "[serving][recorder]") {
  recorder recorder;
  {
    const auto counters = recorder.counters(candidate);
    counters->record({.latency = 2ms});
  }

  const auto counters = recorder.counters(candidate);
  counters->record({.latency = 4ms});

  CHECK(recorder.totals(candidate).requests == 2);
  CHECK(recorder.totals(candidate).latency == moments{0.002, 0.004});
}

TEST_CASE("recorder: no count is lost, however many threads record",
          "[serving][recorder][threads]") {
  constexpr std::uint64_t threads = 80;  // more than have a cell of their own
  constexpr std::uint64_t requests = 20'000;
  constexpr std::uint64_t errors = (requests - 1) / 10;  // of each thread
  recorder recorder;
  std::mutex mutex;
  std::condition_variable all_are_here;
  std::uint64_t arrived = 0;

  std::vector<std::thread> workers;
  for (std::uint64_t i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      recorder.record(candidate, {.latency = 1ms});
      {
        std::unique_lock lock{mutex};
        if (++arrived == threads) all_are_here.notify_all();
        all_are_here.wait(lock, [&] { return arrived == threads; });
      }
      for (std::uint64_t n = 1; n < requests; ++n) {
        recorder.record(candidate, {.latency = 1ms, .error = n % 10 == 0, .correct = i % 2 == 0});
      }
    });
  }
  for (std::thread& each : workers) each.join();

  const metrics_snapshot seen = recorder.totals(candidate);
  CHECK(seen.requests == threads * requests);
  CHECK(seen.errors == threads * errors);
  CHECK(seen.accuracy == proportion{threads / 2 * (requests - 1), threads * (requests - 1)});
  REQUIRE(seen.latency);
  CHECK(seen.latency->count() == threads * (requests - errors));
  REQUIRE(seen.latency_distribution);
  CHECK(seen.latency_distribution->count() == threads * (requests - errors));
  CHECK(seen.latency->mean() == 0.001);
  CHECK(seen.latency->sum_of_squared_deviations() == 0.0);
}

TEST_CASE("recorder: no count is lost when threads come and go", "[serving][recorder][threads]") {
  recorder recorder;
  for (int round = 0; round < 100; ++round) {
    std::thread first{[&] { recorder.record(candidate, {.latency = 1ms}); }};
    std::thread second{[&] { recorder.record(candidate, {.latency = 1ms}); }};
    first.join();
    second.join();
  }

  CHECK(recorder.totals(candidate).requests == 200);
  CHECK(recorder.totals(candidate).latency->count() == 200);
  CHECK(recorder.totals(candidate).latency_distribution->count() == 200);
}

TEST_CASE("recorder: whoever reads meanwhile sees each request as a whole, and never fewer",
          "[serving][recorder][threads][long]") {
  recorder recorder;
  const auto counters = recorder.counters(candidate);
  std::atomic<bool> done{false};
  std::vector<std::thread> writers;
  for (int i = 0; i < 2; ++i) {
    writers.emplace_back([&] {
      while (!done) counters->record({.latency = 3ms, .correct = true});
    });
  }

  std::uint64_t torn = 0;
  std::uint64_t behind = 0;  // may be ahead by what comes while it is read
  std::uint64_t fallen = 0;
  metrics_snapshot last;
  for (int i = 0; i < 2'000 || last.requests < 1'000; ++i) {
    const metrics_snapshot seen = recorder.totals(candidate);
    const std::uint64_t latencies = seen.latency ? seen.latency->count() : 0;
    const std::uint64_t labelled = seen.accuracy ? seen.accuracy->successes() : 0;
    if (latencies != seen.requests || labelled != seen.requests) ++torn;
    if (seen.requests < last.requests) ++fallen;
    const auto distribution = seen.latency_distribution.value_or(quantile_sketch{});
    if (distribution.count() < latencies) ++behind;
    if (!distribution.continues(last.latency_distribution.value_or(quantile_sketch{}))) ++fallen;
    last = seen;
  }
  done = true;
  for (std::thread& each : writers) each.join();

  CHECK(torn == 0);
  CHECK(behind == 0);
  CHECK(fallen == 0);
}

TEST_CASE("thread_slot: threads that run at the same time have different ones, until none is left",
          "[serving][thread_slot][threads]") {
  constexpr std::size_t threads = hotswap::thread_slots + 6;
  std::mutex mutex;
  std::condition_variable all_are_here;
  std::multiset<std::size_t> slots;

  const auto run = [&] {
    std::unique_lock lock{mutex};
    slots.insert(hotswap::thread_slot());
    if (slots.size() == threads) all_are_here.notify_all();
    all_are_here.wait(lock, [&] { return slots.size() == threads; });
  };
  for (int round = 0; round < 2; ++round) {  // slots are given back when threads end
    slots.clear();
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < threads; ++i) workers.emplace_back(run);
    for (std::thread& each : workers) each.join();

    std::size_t shared = slots.count(hotswap::thread_slots);
    for (std::size_t slot = 0; slot < hotswap::thread_slots; ++slot) {
      CHECK(slots.count(slot) <= 1);
    }
    CHECK(shared >= 6);
    CHECK(shared <= 7);  // the thread of the tests may have one
  }
}
