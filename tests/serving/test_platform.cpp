// What the in-process platform promises: that no request is ever without a model, that a model
// stays while somebody uses it and goes when nobody does, and that a rollout can drive it.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/serving/platform.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using hotswap::in_process_options;
using hotswap::in_process_platform;
using hotswap::lease;
using hotswap::model_version;
using hotswap::share;
using hotswap::task;
using hotswap::traffic_split;
using hotswap::stats::proportion;
using namespace hotswap::literals;
using namespace std::chrono_literals;

namespace {

const model_version baseline{"fraud", "1"};
const model_version candidate{"fraud", "2"};

/// Answers with its version, and knows how many of it there are.
class model {
 public:
  explicit model(std::string version) : version_(std::move(version)) { ++alive; }
  model(const model&) = delete;
  model& operator=(const model&) = delete;
  ~model() {
    version_ = "destroyed";
    --alive;
  }

  std::string predict(const std::string& input) const {
    if (input == "bad") throw std::runtime_error("no answer to bad");
    return version_;
  }

  static inline std::atomic<int> alive{0};

 private:
  std::string version_;
};

/// Loads any version but "broken", which throws, and "none", which is null.
class model_store {
 public:
  std::shared_ptr<const model> operator()(const model_version& version) {
    ++*loads;
    *thread = std::this_thread::get_id();
    if (version.version() == "broken") throw std::runtime_error("file is truncated");
    if (version.version() == "none") return nullptr;
    return std::make_shared<const model>(version.version());
  }

  std::shared_ptr<std::atomic<int>> loads = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::thread::id> thread = std::make_shared<std::thread::id>();
};

using platform = in_process_platform<model>;

void run(task<> work) {
  hotswap::virtual_clock clock;
  clock.run(std::move(work));
}

/// A task that is under way, for as long as the test wants it to be.
class pending final : private hotswap::driver::completion {
 public:
  explicit pending(task<> work) : driver_(hotswap::drive(std::move(work), end_)) {
    driver_.start(*this);
  }
  bool ended() const noexcept { return ended_; }
  void take() { end_.take(); }

 private:
  void completed() noexcept override { ended_ = true; }

  hotswap::result<void> end_;
  bool ended_ = false;
  hotswap::driver driver_;
};

traffic_split canary_at(share candidate_share) {
  return traffic_split::between(baseline, candidate, candidate_share);
}

}  // namespace

static_assert(hotswap::HealthCheckable<platform>);
static_assert(hotswap::SmokeTestable<platform>);
static_assert(hotswap::ReadableRouter<platform>);
static_assert(hotswap::FencedRouter<platform>);
static_assert(hotswap::CounterSource<platform>);
static_assert(hotswap::MetricsSource<hotswap::windowed<platform>>);
static_assert(
    hotswap::Platform<platform, platform,
                      std::remove_reference_t<decltype(std::declval<platform&>().metrics())>>);
static_assert(noexcept(std::declval<platform&>().acquire("")));
static_assert(std::is_nothrow_move_constructible_v<lease<model>>);
static_assert(!std::is_copy_constructible_v<lease<model>>);

TEST_CASE("platform: the first version is loaded at once, and has all of the traffic",
          "[serving][platform]") {
  model_store store;
  platform platform{baseline, store};

  CHECK(*store.loads == 1);
  CHECK(platform.split("fraud") == traffic_split::all_to(baseline));
  CHECK(platform.acquire("user-1").predict("x") == "1");
  CHECK(platform.acquire("user-1").version() == baseline);
}

TEST_CASE("platform: a first version that cannot be loaded is an error of the constructor",
          "[serving][platform][errors]") {
  CHECK_THROWS_WITH((platform{model_version{"fraud", "broken"}, model_store{}}),
                    "file is truncated");
  CHECK_THROWS_WITH((platform{model_version{"fraud", "none"}, model_store{}}),
                    "platform: loader must return a model, got none for fraud@none");
}

TEST_CASE("platform: a loader returns a model, or a pointer of either kind",
          "[serving][platform]") {
  in_process_platform by_value{baseline, [](const model_version& v) { return model{v.version()}; }};
  in_process_platform by_unique{
      baseline, [](const model_version& v) { return std::make_unique<model>(v.version()); }};
  in_process_platform by_shared{baseline, model_store{}, in_process_options<model>{}};

  static_assert(std::is_same_v<decltype(by_value), platform>);
  static_assert(std::is_same_v<decltype(by_unique), platform>);
  static_assert(std::is_same_v<decltype(by_shared), platform>);
  CHECK(by_value.acquire("user-1").predict("x") == "1");
  CHECK(by_unique.acquire("user-1").predict("x") == "1");
  CHECK(by_shared.acquire("user-1").predict("x") == "1");
}

TEST_CASE("platform: deploying loads a version once, and gives it no traffic",
          "[serving][platform]") {
  model_store store;
  platform platform{baseline, store};

  run(platform.deploy(candidate));
  run(platform.deploy(candidate));
  run(platform.deploy(baseline));

  CHECK(*store.loads == 2);
  CHECK(platform.split("fraud") == traffic_split::all_to(baseline));
  CHECK(platform.healthy(candidate));
}

TEST_CASE("platform: a version that cannot be loaded is not deployed, and may be tried again",
          "[serving][platform][errors]") {
  model_store store;
  platform platform{baseline, store};
  const model_version broken{"fraud", "broken"};

  CHECK_THROWS_WITH(run(platform.deploy(broken)), "file is truncated");
  CHECK_THROWS_WITH(run(platform.deploy(broken)), "file is truncated");
  CHECK_THROWS_WITH(run(platform.deploy({"fraud", "none"})),
                    "platform: loader must return a model, got none for fraud@none");
  CHECK_THROWS_WITH(run(platform.deploy({"spam", "1"})), "splitter: model must be fraud, got spam");

  CHECK(*store.loads == 4);
  CHECK_FALSE(platform.healthy(broken));
  CHECK_THROWS_WITH(platform.set_split(traffic_split::between(baseline, broken, 1_pct)),
                    "platform: version must be deployed before it gets traffic, got fraud@broken");
  CHECK(platform.acquire("user-1").predict("x") == "1");
}

TEST_CASE("platform: requests are split by key, as the splitter does", "[serving][platform]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  platform.set_split(canary_at(25_pct));

  hotswap::splitter same{canary_at(25_pct)};
  int candidates = 0;
  for (int i = 0; i < 1'000; ++i) {
    const std::string key = "user-" + std::to_string(i);
    const std::string answer = platform.acquire(key).predict("x");
    CHECK(answer == same.version(same.pick(key)).version());
    candidates += answer == "2" ? 1 : 0;
  }
  CHECK(candidates > 195);  // four standard errors: sqrt(1'000 * 0.25 * 0.75) = 13.7
  CHECK(candidates < 305);
}

TEST_CASE("platform: only what is deployed can get traffic", "[serving][platform][errors]") {
  platform platform{baseline, model_store{}};

  CHECK_THROWS_WITH(platform.set_split(canary_at(10_pct)),
                    "platform: version must be deployed before it gets traffic, got fraud@2");
  CHECK_THROWS_WITH(platform.set_split(traffic_split::all_to({"spam", "1"})),
                    "splitter: model must be fraud, got spam");
  CHECK_THROWS_WITH(platform.split("spam"), "splitter: model must be fraud, got spam");

  run(platform.deploy(candidate));
  run(platform.remove(candidate));
  CHECK_THROWS_WITH(platform.set_split(canary_at(10_pct)),
                    "platform: version must be deployed before it gets traffic, got fraud@2");
  CHECK(platform.split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("platform: what has traffic cannot be removed", "[serving][platform][errors]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  platform.set_split(canary_at(12.5_pct));

  CHECK_THROWS_WITH(
      run(platform.remove(candidate)),
      "platform: version must have no traffic when it is removed, got 12.5 % for fraud@2");
  CHECK_THROWS_WITH(
      run(platform.remove(baseline)),
      "platform: version must have no traffic when it is removed, got 87.5 % for fraud@1");
  CHECK(platform.healthy(candidate));
}

TEST_CASE("platform: a removed model is gone, and removing it again is no mistake",
          "[serving][platform]") {
  const int alive = model::alive;
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  CHECK(model::alive == alive + 2);

  run(platform.remove(candidate));
  CHECK(model::alive == alive + 1);
  CHECK_FALSE(platform.healthy(candidate));

  CHECK_NOTHROW(run(platform.remove(candidate)));
  CHECK_NOTHROW(run(platform.remove({"fraud", "never-deployed"})));
}

TEST_CASE("platform: a lease keeps its model and version, whatever a rollout does meanwhile",
          "[serving][platform]") {
  const int alive = model::alive;
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  std::optional<lease<model>> lease{platform.acquire("user-1")};

  platform.set_split(traffic_split::all_to(candidate));
  const pending removal{platform.remove(baseline)};

  CHECK_FALSE(removal.ended());
  CHECK(lease->version() == baseline);
  CHECK(lease->predict("x") == "1");
  CHECK(platform.acquire("user-1").version() == candidate);
  CHECK_FALSE(platform.healthy(baseline));
  CHECK(model::alive == alive + 2);

  lease.reset();
  CHECK(removal.ended());
  CHECK(model::alive == alive + 1);
}

TEST_CASE("platform: removal waits for the last of several leases, moved ones included",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  std::vector<lease<model>> leases;
  for (int i = 0; i < 3; ++i) leases.push_back(platform.acquire("user"));
  platform.set_split(traffic_split::all_to(candidate));

  const pending first{platform.remove(baseline)};
  const pending second{platform.remove(baseline)};
  while (leases.size() > 1) {
    leases.erase(leases.begin());
    CHECK_FALSE(first.ended());
    CHECK_FALSE(second.ended());
  }
  leases.clear();

  CHECK(first.ended());
  CHECK(second.ended());
}

TEST_CASE("platform: a removal that nobody waits for any more still drops the model",
          "[serving][platform]") {
  const int alive = model::alive;
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  std::optional<lease<model>> lease{platform.acquire("user")};
  platform.set_split(traffic_split::all_to(candidate));
  {
    const pending given_up{platform.remove(baseline)};
  }

  CHECK(model::alive == alive + 2);
  lease.reset();
  CHECK(model::alive == alive + 1);
}

TEST_CASE(
    "platform: what is deployed again while it drains keeps its model, and its removal says so",
    "[serving][platform][errors]") {
  model_store store;
  platform platform{baseline, store};
  run(platform.deploy(candidate));
  std::optional<lease<model>> lease{platform.acquire("user")};
  platform.set_split(traffic_split::all_to(candidate));
  pending removal{platform.remove(baseline)};

  run(platform.deploy(baseline));

  CHECK(*store.loads == 2);
  CHECK(removal.ended());
  CHECK_THROWS_WITH(removal.take(),
                    "platform: version must stay removed until it is drained, got fraud@1 deployed "
                    "again");
  platform.set_split(traffic_split::all_to(baseline));
  lease.reset();
  CHECK(platform.acquire("user").predict("x") == "1");
}

TEST_CASE("platform: what is deployed again after its removal is loaded again, and counts on",
          "[serving][platform]") {
  model_store store;
  platform platform{baseline, store};
  const auto serve_as_candidate = [&platform] {
    run(platform.deploy(candidate));
    platform.set_split(traffic_split::all_to(candidate));
    CHECK(platform.acquire("user").predict("x") == "2");
    platform.set_split(traffic_split::all_to(baseline));
    run(platform.remove(candidate));
  };

  serve_as_candidate();
  CHECK(platform.totals(candidate).requests == 1);
  serve_as_candidate();

  CHECK(*store.loads == 3);
  CHECK(platform.totals(candidate).requests == 2);
}

TEST_CASE("platform: a prediction is measured and recorded, also if it throws",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};

  CHECK(platform.acquire("user").predict("x") == "1");
  CHECK_THROWS_WITH(platform.acquire("user").predict("bad"), "no answer to bad");

  const auto seen = platform.totals(baseline);
  CHECK(seen.requests == 2);
  CHECK(seen.errors == 1);
  REQUIRE(seen.latency);
  CHECK(seen.latency->count() == 1);
  CHECK(seen.latency->mean() > 0.0);
}

TEST_CASE("platform: a prediction while an exception is under way is no error",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};
  class predicts_last {
   public:
    explicit predicts_last(in_process_platform<model>& serving) : serving_(serving) {}
    ~predicts_last() { serving_.acquire("user").predict("x"); }

   private:
    in_process_platform<model>& serving_;
  };

  try {
    const predicts_last when_unwound{platform};
    throw std::runtime_error("something else");
  } catch (const std::runtime_error&) {
  }

  CHECK(platform.totals(baseline).errors == 0);
  CHECK(platform.totals(baseline).requests == 1);
}

TEST_CASE("platform: whoever measures themselves record through the lease, labels late or not",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};
  model_version answered = candidate;
  {
    const auto lease = platform.acquire("user");
    CHECK(lease->predict("x") == "1");
    CHECK(&lease.model() == lease.operator->());
    lease.record({.latency = 3ms, .correct = false});
    lease.record_label(true);
    answered = lease.version();
  }
  platform.record_label(answered, true);

  const auto seen = platform.totals(baseline);
  CHECK(seen.requests == 1);
  CHECK(seen.latency == hotswap::stats::moments{0.003});
  CHECK(seen.accuracy == proportion{2, 3});
}

TEST_CASE("platform: a late label finds its version by the arm of the lease, removed or not",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  const hotswap::arm by_baseline = platform.acquire("user").arm();
  platform.set_split(traffic_split::all_to(candidate));
  const hotswap::arm by_candidate = platform.acquire("user").arm();
  run(platform.remove(baseline));

  platform.record_label(by_baseline, true);
  platform.record_label(by_candidate, false);

  CHECK(platform.totals(baseline).accuracy == proportion{1, 1});
  CHECK(platform.totals(candidate).accuracy == proportion{0, 1});
  CHECK_THROWS_WITH(platform.record_label(hotswap::arm{.index = 2}, true),
                    "platform: arm must be below 2, got 2");
}

TEST_CASE("platform: a write with a revision below the highest seen changes nothing",
          "[serving][platform][errors]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  platform.set_split(canary_at(25_pct), 41);
  platform.set_split(traffic_split::all_to(baseline), 43);  // a roll-back

  CHECK_THROWS_WITH(platform.set_split(canary_at(50_pct), 42),
                    "platform: revision must be at least the highest seen, 43, got 42");

  CHECK(platform.split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("platform: a revision counts as seen though its split was refused",
          "[serving][platform][errors]") {
  platform platform{baseline, model_store{}};
  CHECK_THROWS_WITH(platform.set_split(canary_at(10_pct), 43),
                    "platform: version must be deployed before it gets traffic, got fraud@2");
  run(platform.deploy(candidate));

  CHECK_THROWS_WITH(platform.set_split(canary_at(10_pct), 42),
                    "platform: revision must be at least the highest seen, 43, got 42");
  platform.set_split(canary_at(10_pct), 43);
  CHECK(platform.split("fraud") == canary_at(10_pct));
}

TEST_CASE("platform: its metrics are those of a window", "[serving][platform]") {
  platform platform{baseline, model_store{}};
  hotswap::virtual_clock clock;
  const auto begin = clock.now();
  platform.acquire("user").predict("x");

  clock.run(platform.metrics().collect(baseline, {begin, begin}));
  for (int i = 0; i < 5; ++i) platform.acquire("user").predict("x");
  const auto seen = clock.run(platform.metrics().collect(baseline, {begin, begin + 10s}));

  CHECK(seen.requests == 5);
  CHECK(platform.totals(baseline).requests == 6);
}

TEST_CASE("platform: warming up does what it is told to the deployed model, and pins it",
          "[serving][platform]") {
  std::vector<std::string> warmed;
  std::function<void()> meanwhile;
  in_process_options<model> options;
  options.warm_up = [&](const model& loaded, const model_version& version) {
    warmed.push_back(loaded.predict("x") + " is " + version.version());
    if (meanwhile) meanwhile();
    if (warmed.size() == 3) throw std::runtime_error("too cold");
  };
  platform platform{baseline, model_store{}, options};
  run(platform.deploy(candidate));

  run(platform.warm_up(candidate));
  run(platform.warm_up(candidate));
  CHECK(warmed == std::vector<std::string>{"2 is 2", "2 is 2"});
  CHECK_THROWS_WITH(run(platform.warm_up(candidate)), "too cold");

  std::optional<pending> removal;
  meanwhile = [&] {
    removal.emplace(platform.remove(candidate));
    CHECK_FALSE(removal->ended());
  };
  run(platform.warm_up(candidate));
  CHECK(removal->ended());
}

TEST_CASE("platform: what is not deployed cannot be warmed up, and without a way it is warm",
          "[serving][platform][errors]") {
  platform platform{baseline, model_store{}};

  CHECK_NOTHROW(run(platform.warm_up(baseline)));
  CHECK_THROWS_WITH(run(platform.warm_up(candidate)),
                    "platform: version must be deployed before it is warmed up, got fraud@2");
}

TEST_CASE("platform: a version is healthy if it is deployed and the options agree",
          "[serving][platform]") {
  bool well = true;
  in_process_options<model> options;
  options.healthy = [&well](const model& loaded, const model_version& version) {
    return well && loaded.predict("x") == version.version();
  };
  platform platform{baseline, model_store{}, options};

  CHECK(platform.healthy(baseline));
  CHECK_FALSE(platform.healthy(candidate));
  well = false;
  CHECK_FALSE(platform.healthy(baseline));
}

TEST_CASE("platform: a smoke test tries a deployed version on samples, and counts in no metrics",
          "[serving][platform]") {
  in_process_options<model> options;
  options.smoke_samples = hotswap::smoke_samples<model>{std::vector<std::string>{"a", "bad", "c"}};
  platform platform{baseline, model_store{}, options};
  run(platform.deploy(candidate));

  hotswap::virtual_clock clock;
  const hotswap::smoke_test_report report = clock.run(platform.smoke_test(candidate, 2));

  CHECK(report.samples == 2);
  CHECK(report.failures == 1);
  CHECK(report.messages == std::vector<std::string>{"sample 1: no answer to bad"});
  CHECK(platform.totals(candidate) == hotswap::metrics_snapshot{});
}

TEST_CASE("platform: without samples a smoke test says that it tried none", "[serving][platform]") {
  platform platform{baseline, model_store{}};
  hotswap::virtual_clock clock;

  CHECK(clock.run(platform.smoke_test(baseline, 100)).samples == 0);
}

TEST_CASE("platform: what is not deployed cannot be tested, and what is tested cannot go",
          "[serving][platform][errors]") {
  std::function<void()> meanwhile = [] {};
  in_process_options<model> options;
  options.smoke_samples = hotswap::smoke_samples<model>{
      std::vector<std::string>{"x"}, [&meanwhile](const std::string&, const std::string& answer) {
        meanwhile();
        return answer == "2";
      }};
  platform platform{baseline, model_store{}, options};
  hotswap::virtual_clock clock;
  CHECK_THROWS_WITH(clock.run(platform.smoke_test(candidate, 1)),
                    "platform: version must be deployed before it is tested, got fraud@2");

  run(platform.deploy(candidate));
  std::optional<pending> removal;
  meanwhile = [&] {
    removal.emplace(platform.remove(candidate));
    CHECK_FALSE(removal->ended());
  };
  CHECK(clock.run(platform.smoke_test(candidate, 1)).failures == 0);
  CHECK(removal->ended());
}

TEST_CASE("platform: a removal that begins while an earlier one ends waits for its own leases",
          "[serving][platform]") {
  platform platform{baseline, model_store{}};
  run(platform.deploy(candidate));
  std::optional<lease<model>> first{platform.acquire("user")};
  std::optional<lease<model>> second;
  std::optional<pending> later;
  platform.set_split(traffic_split::all_to(candidate));
  const auto remove_deploy_and_remove = [](auto& serving, auto& lease, auto& removal) -> task<> {
    co_await serving.remove(baseline);
    co_await serving.deploy(baseline);
    serving.set_split(traffic_split::all_to(baseline));
    lease.emplace(serving.acquire("user"));
    serving.set_split(traffic_split::all_to(candidate));
    removal.emplace(serving.remove(baseline));
  };
  const pending earlier{remove_deploy_and_remove(platform, second, later)};

  first.reset();  // all of the above happens in here

  CHECK(earlier.ended());
  REQUIRE(later);
  CHECK_FALSE(later->ended());
  CHECK(second->predict("x") == "1");
  second.reset();
  CHECK(later->ended());
}

TEST_CASE("platform: with a pool, models are loaded, warmed up and tested on its threads",
          "[serving][platform][threads]") {
  hotswap::thread_pool pool{1};
  std::thread::id warmed_on;
  in_process_options<model> options;
  options.pool = &pool;
  options.warm_up = [&](const model&, const model_version&) {
    warmed_on = std::this_thread::get_id();
  };
  std::thread::id tested_on;
  options.smoke_samples = hotswap::smoke_samples<model>{
      std::vector<std::string>{"x"}, [&tested_on](const std::string&, const std::string&) {
        tested_on = std::this_thread::get_id();
        return true;
      }};
  model_store store;
  platform platform{baseline, store, options};
  CHECK(*store.thread == std::this_thread::get_id());
  hotswap::event_loop loop;

  loop.run(platform.deploy(candidate));
  CHECK(*store.thread != std::this_thread::get_id());
  loop.run(platform.warm_up(candidate));
  CHECK(warmed_on == *store.thread);
  CHECK(loop.run(platform.smoke_test(candidate, 1)).samples == 1);
  CHECK(tested_on == *store.thread);
  CHECK_THROWS_WITH(loop.run(platform.deploy({"fraud", "broken"})), "file is truncated");
  CHECK(platform.healthy(candidate));
}

TEST_CASE("platform: under traffic, versions come and go, and each request has the model it got",
          "[serving][platform][threads]") {
  model_store store;
  platform platform{baseline, store};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> served{0};
  std::atomic<std::uint64_t> by_candidate{0};
  std::vector<std::thread> requests;
  for (int i = 0; i < 2; ++i) {
    requests.emplace_back([&, i] {
      for (int n = 0; !done; ++n) {
        const auto lease = platform.acquire("user-" + std::to_string(2 * n + i));
        const std::string before = lease.predict("x");
        if (before != lease.version().version()) ++wrong;
        if (before == "2") ++by_candidate;
        ++served;
      }
    });
  }

  hotswap::event_loop loop;
  std::uint64_t rounds = 0;
  for (; rounds < 100; ++rounds) {
    loop.run(platform.deploy(candidate));
    platform.set_split(canary_at(50_pct));
    const std::uint64_t so_far = by_candidate;
    while (by_candidate < so_far + 2) std::this_thread::yield();
    platform.set_split(traffic_split::all_to(baseline));
    loop.run(platform.remove(candidate));  // a lease may end on the other thread meanwhile
    CHECK_FALSE(platform.healthy(candidate));
  }
  done = true;
  for (std::thread& each : requests) each.join();

  CHECK(wrong == 0);
  CHECK(*store.loads == 1 + static_cast<int>(rounds));
  CHECK(platform.totals(candidate).requests == by_candidate);
  CHECK(platform.totals(baseline).requests == served - by_candidate);
}

TEST_CASE("platform: two models are two platforms, which do not meet", "[serving][platform]") {
  platform fraud{baseline, model_store{}};
  platform spam{model_version{"spam", "1"}, model_store{}};

  CHECK(fraud.acquire("user").version() == baseline);
  CHECK(spam.acquire("user").version() == model_version{"spam", "1"});
  CHECK(spam.acquire("user").predict("x") == "1");
  CHECK(spam.totals({"spam", "1"}).requests == 1);
  CHECK(fraud.totals(baseline).requests == 0);
}
