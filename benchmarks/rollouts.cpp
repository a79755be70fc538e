// How many rollouts can one thread drive, what does a long one cost, and what does one that waits?
//
// Rollouts run in virtual time, so that what is timed is ours: verbs, calls, records, events. The
// floor of a rollout is what none that is durable can do without: its own journal, written again,
// record by record, each append awaited, with a sleep before each look. The floor of an await is a
// coroutine without any library: made, resumed once, destroyed. Memory is counted, not timed: the
// bytes that are live for each of 100,000 rollouts that wait for their first look.
//
// There is no peer. What others offer (Argo Rollouts, Flagger, KServe, SageMaker) are controllers
// of a cluster, whose rollouts cost a reconciliation over the network, not a function call.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "support/paired.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

std::size_t live_bytes = 0;  // this program has one thread

/// Before each block; as long as the strictest alignment, so that the block keeps it.
constexpr std::size_t prefix = alignof(std::max_align_t);

}  // namespace

// Not inlined: g++ would warn of what lies before a block.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const block = std::malloc(prefix + size);
  if (block == nullptr) throw std::bad_alloc{};
  *static_cast<std::size_t*>(block) = size;
  live_bytes += size;
  return static_cast<std::byte*>(block) + prefix;
}

[[gnu::noinline]] void operator delete(void* pointer) noexcept {
  if (pointer == nullptr) return;
  void* const block = static_cast<std::byte*>(pointer) - prefix;
  live_bytes -= *static_cast<std::size_t*>(block);
  std::free(block);
}

void operator delete(void* pointer, std::size_t) noexcept {
  operator delete(pointer);
}

namespace {

using hotswap::canary_config;
using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::journal_record;
using hotswap::model_version;
using hotswap::task;
using hotswap::virtual_clock;
using namespace std::chrono_literals;

/// Server, router and metrics that answer at once: both versions are as good.
class instant_platform {
 public:
  void deploy(const model_version&) {}
  void warm_up(const model_version&) {}
  void remove(const model_version&) {}
  void set_split(const hotswap::traffic_split&) {}
  hotswap::metrics_snapshot collect(const model_version&, const hotswap::time_window& window) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(window.duration()).count();
    hotswap::metrics_snapshot seen;
    if (seconds == 0) return seen;
    seen.requests = 100 * static_cast<std::uint64_t>(seconds);
    seen.errors = seen.requests / 1000;
    seen.latency = hotswap::stats::moments::from_summary(seen.requests - seen.errors, 0.020, 1e-4);
    return seen;
  }
};

instant_platform platform;

using instant_canary =
    hotswap::canary_strategy<instant_platform, instant_platform, instant_platform>;

instant_canary canary_of(const canary_config& config) {
  return {platform, platform, platform, config};
}

deployment_result one_rollout(const instant_canary& canary,
                              const std::shared_ptr<hotswap::memory_journal>& journal) {
  virtual_clock clock;
  hotswap::rollout_context context{clock};
  context.environment.journal = journal;
  return clock.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));
}

std::vector<journal_record> records_of(hotswap::memory_journal& journal) {
  virtual_clock clock;
  return clock.run(journal.load("fraud"));
}

bool is_look(const journal_record& record) {
  return record.phase == hotswap::record_phase::progress && record.verb == "observe";
}

task<void> write_again(hotswap::clock& clock, hotswap::memory_journal& journal,
                       const std::vector<journal_record>& records) {
  for (const journal_record& each : records) {
    if (is_look(each)) co_await hotswap::sleep_for(clock, 1min);
    co_await journal.append("fraud", each);
  }
}

/// What a journal on a disk keeps in memory.
class journal_elsewhere final : public hotswap::journal {
 public:
  task<std::vector<std::string>> unfinished() override { co_return std::vector<std::string>{}; }
  task<std::vector<journal_record>> load(std::string) override {
    co_return std::vector<journal_record>{};
  }
  task<void> append(std::string, journal_record) override { co_return; }
  [[nodiscard]] bool survives_the_process() const override { return true; }
};

/// Rollouts of as many models, at once, on one clock.
class crowd {
 public:
  crowd(std::size_t size, std::shared_ptr<hotswap::journal> journal) {
    environment_.journal = std::move(journal);
    for (std::size_t i = 0; i < size; ++i) members_.emplace_back(environment_, std::to_string(i));
    for (member& each : members_) each.root.start(each);
  }

  void advance(std::chrono::nanoseconds time) { clock_.advance(time); }

  /// Of those that have ended.
  [[nodiscard]] std::size_t succeeded() {
    std::size_t count = 0;
    for (member& each : members_) {
      if (each.ended && each.end.take().status() == deployment_status::succeeded) ++count;
    }
    return count;
  }

 private:
  class member final : public hotswap::driver::completion {
   public:
    member(const hotswap::rollout_environment& environment, const std::string& model)
        : context(environment),
          root(hotswap::drive(canary().deploy({model, "1"}, {model, "2"}, context), end)) {}
    void completed() noexcept override { ended = true; }

    bool ended = false;
    hotswap::result<deployment_result> end;
    hotswap::rollout_context context;
    hotswap::driver root;

   private:
    static const instant_canary& canary() {
      static const instant_canary of_all = canary_of({});
      return of_all;
    }
  };

  virtual_clock clock_;
  hotswap::rollout_environment environment_{clock_};
  std::list<member> members_;
};

/// Of each rollout of a crowd that waits for its first look.
double bytes_while_waiting(std::shared_ptr<hotswap::journal> journal) {
  constexpr std::size_t size = 100'000;
  const std::size_t before = live_bytes;
  crowd waiting{size, std::move(journal)};
  waiting.advance(30s);  // the first look is due after a minute
  return static_cast<double>(live_bytes - before) / size;
}

/// Of each that has made five looks; all of them must succeed in the end.
std::optional<double> bytes_after_looks(std::shared_ptr<hotswap::journal> journal) {
  constexpr std::size_t size = 1'000;
  const std::size_t before = live_bytes;
  crowd waiting{size, std::move(journal)};
  waiting.advance(330s);
  const double each = static_cast<double>(live_bytes - before) / size;
  waiting.advance(24h);
  return waiting.succeeded() == size ? std::optional{each} : std::nullopt;
}

int count_memory() {
  const auto elsewhere = [] { return std::make_shared<journal_elsewhere>(); };
  const auto in_memory = [] { return std::make_shared<hotswap::memory_journal>(); };
  const auto looks = bytes_after_looks(elsewhere());
  const auto looks_and_records = bytes_after_looks(in_memory());
  if (!looks || !looks_and_records) return support::disagreement("not all rollouts succeed");

  fmt::print("memory of each of 100,000 rollouts at once, its events included\n");
  // measured by g++ 12: 6.4 KB, of which 1.2 are events, 2.8 frames, 1.2 of them the rollout
  // itself; 8.2 with its records
  const int by_itself = support::counted("waiting for its first look",
                                         bytes_while_waiting(elsewhere()), 8'192, "bytes");
  const int in_all = support::counted("the same, with its records in a memory_journal",
                                      bytes_while_waiting(in_memory()), 8'192, "bytes");
  constexpr auto line = "  {:<58} {:>9.4g} bytes\n";
  fmt::print(line, "after five looks, of 1,000", *looks);
  fmt::print(line, "after five looks, with its records", *looks_and_records);
  return std::max(by_itself, in_all);
}

int time_rollouts() {
  const instant_canary nine_looks = canary_of({});  // a step
  canary_config once;
  once.analysis_interval = 10min;  // as long as a step
  const instant_canary one_look = canary_of(once);
  canary_config long_steps;
  long_steps.monitoring_duration = 42h;  // times four steps
  const instant_canary week = canary_of(long_steps);
  const auto journal = std::make_shared<hotswap::memory_journal>();

  if (one_rollout(week, journal).status() != deployment_status::succeeded) {
    return support::disagreement("the week's canary succeeds");
  }
  const std::vector<journal_record> weeks_records = records_of(*journal);
  const auto looks = std::count_if(weeks_records.begin(), weeks_records.end(), is_look);
  if (looks != 2016) {
    return support::disagreement(fmt::format("a week has 2016 looks, got {}", looks));
  }
  if (one_rollout(nine_looks, journal).status() != deployment_status::succeeded) {
    return support::disagreement("the default canary succeeds");
  }
  const std::vector<journal_record> records = records_of(*journal);

  const auto write = [](const std::vector<journal_record>& of) {
    virtual_clock clock;
    hotswap::memory_journal copy;
    clock.run(write_again(clock, copy, of));
    return clock.run(copy.load("fraud")).size();
  };
  if (write(records) != records.size() || write(weeks_records) != weeks_records.size()) {
    return support::disagreement("the floor writes as many records as the rollout");
  }

  support::paired_benchmark bench{fmt::format("a rollout in virtual time, {} and {} records",
                                              records.size(), weeks_records.size())};
  bench.add("floor: its journal, written again", [&] { support::keep(write(records)); });
  bench.add("canary, four steps", [&] {
    support::keep(one_rollout(nine_looks, std::make_shared<hotswap::memory_journal>()));
  });
  bench.add("canary, four steps, one look each", [&] {
    support::keep(one_rollout(one_look, std::make_shared<hotswap::memory_journal>()));
  });
  bench.add("floor of the week: its journal", [&] { support::keep(write(weeks_records)); });
  bench.add("canary of 7 days, 2016 looks",
            [&] { support::keep(one_rollout(week, std::make_shared<hotswap::memory_journal>())); });
  // measured by g++ 12: 7.9 and 11.3; 0.049 ms with one look a step
  bench.at_most("canary, four steps", "floor: its journal, written again", 14.0);
  bench.at_most("canary of 7 days, 2016 looks", "floor of the week: its journal", 14.0);
  bench.at_most_ms("canary of 7 days, 2016 looks", 250.0);
  bench.at_most_ms("canary, four steps, one look each", 0.05);
  const int answer = bench.run();
  fmt::print("  rollouts per second: {:.0f}, with one look a step {:.0f}\n",
             1e9 / bench.median_ns("canary, four steps"),
             1e9 / bench.median_ns("canary, four steps, one look each"));
  return answer;
}

/// As little as a coroutine can be.
class bare {
 public:
  class promise_type {
   public:
    bare get_return_object() noexcept {
      return bare{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_value(int value) noexcept { answer = value; }
    void unhandled_exception() const noexcept { std::terminate(); }
    int answer = 0;
  };

  explicit bare(std::coroutine_handle<promise_type> self) : self_(self) {}
  bare(const bare&) = delete;
  bare& operator=(const bare&) = delete;
  ~bare() { self_.destroy(); }
  int run() {
    self_.resume();
    return self_.promise().answer;
  }

 private:
  std::coroutine_handle<promise_type> self_;
};

// The compilers must not see through them: then nothing would be left to time.
[[gnu::noinline]] bare one_bare(int value) {
  co_return value;
}
[[gnu::noinline]] task<int> one_task(int value) {
  co_return value;
}

constexpr int awaits = 1'000'000;

task<std::int64_t> sum_of_tasks() {
  std::int64_t sum = 0;
  for (int i = 0; i < awaits; ++i) sum += co_await one_task(i);
  co_return sum;
}

std::int64_t sum_of_bare() {
  std::int64_t sum = 0;
  for (int i = 0; i < awaits; ++i) sum += one_bare(i).run();
  return sum;
}

std::int64_t awaited_sum() {
  virtual_clock clock;
  return clock.run(sum_of_tasks());
}

int time_awaits() {
  if (awaited_sum() != sum_of_bare()) {
    return support::disagreement("a million tasks have the sum of a million bare coroutines");
  }
  support::paired_benchmark bench{"a million coroutines that finish at once"};
  bench.add("floor: made, resumed, destroyed", [] { support::keep(sum_of_bare()); });
  bench.add("awaited tasks", [] { support::keep(awaited_sum()); });
  // measured: 1.17, which is 16 ns; a prototype took 18 ns
  bench.at_most("awaited tasks", "floor: made, resumed, destroyed", 1.7);
  const int answer = bench.run();
  fmt::print("  per await: {:.1f} ns\n", bench.median_ns("awaited tasks") / awaits);
  return answer;
}

}  // namespace

int main() {
  const int rollouts = time_rollouts();
  const int awaits = time_awaits();
  return support::worst_of({rollouts, awaits, count_memory()});  // last: it leaves a torn heap
}
