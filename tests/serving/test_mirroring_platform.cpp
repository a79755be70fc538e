// What mirroring promises: that no user waits for a shadow, gets an answer of it or fails by it;
// that every sampled request is compared, an error, or dropped by a cause that is told; and that
// memory is bounded.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/serving/mirroring_platform.hpp>

#include "serving/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using hotswap::comparison;
using hotswap::divergence_snapshot;
using hotswap::mirror_options;
using hotswap::mirroring_platform;
using hotswap::model_version;
using hotswap::share;
using hotswap::task;
using hotswap::traffic_split;
using namespace hotswap::literals;
using namespace std::chrono_literals;

namespace {

const model_version baseline{"fraud", "1"};
const model_version shadow{"fraud", "2"};

/// A request that counts its copies, and may refuse to be copied.
class payment {
 public:
  explicit payment(double amount) : amount_(amount) {}
  payment(const payment& other) : amount_(other.amount_) {
    if (amount_ == uncopyable) throw std::runtime_error("no copies of 404");
    ++copied;
    most_copies = std::max(most_copies.load(), ++copies);
    is_copy_ = true;
  }
  payment(payment&& other) noexcept
      : amount_(other.amount_), is_copy_(std::exchange(other.is_copy_, false)) {}
  payment& operator=(const payment&) = delete;
  ~payment() {
    if (is_copy_) --copies;
  }

  double amount() const { return amount_; }

  static constexpr double uncopyable = 404.0;
  static inline std::atomic<int> copied{0};       // so far
  static inline std::atomic<int> copies{0};       // now
  static inline std::atomic<int> most_copies{0};  // at a time, about

 private:
  double amount_;
  bool is_copy_ = false;
};

/// Answers with the amount and a thousand for each version, so that everybody sees who answered.
class model {
 public:
  explicit model(const model_version& version)
      : version_(std::stod(version.version())), is_shadow_(version == shadow) {}

  double predict(const payment& request) const {
    if (request.amount() == fails_everywhere) throw std::runtime_error("nobody answers 500");
    if (!is_shadow_) return 1'000.0 * version_ + request.amount();
    if (request.amount() == fails_shadow) throw std::runtime_error("the shadow does not answer 7");
    if (request.amount() == throws_int) throw 8;
    if (request.amount() == no_number) return std::nan("");
    ++answering;
    while (shadow_hangs) std::this_thread::yield();
    --answering;
    return 1'000.0 * version_ + request.amount();
  }

  static constexpr double fails_everywhere = 500.0;
  static constexpr double fails_shadow = 7.0;
  static constexpr double throws_int = 8.0;
  static constexpr double no_number = 9.0;
  static inline std::atomic<bool> shadow_hangs{false};
  static inline std::atomic<int> answering{0};  // shadows, now

 private:
  double version_;
  bool is_shadow_;
};

model load(const model_version& version) {
  return model{version};
}

using platform = mirroring_platform<model, payment>;
using platform_metrics = std::remove_reference_t<decltype(std::declval<platform&>().metrics())>;

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

 private:
  void completed() noexcept override { ended_ = true; }

  hotswap::result<void> end_;
  std::atomic<bool> ended_ = false;
  hotswap::driver driver_;
};

/// Does what a shadow deployment does to a platform, and waits until what was mirrored is compared.
class rig {
 public:
  explicit rig(mirror_options<double> options = {}, share sampled = 100_pct)
      : serving(baseline, load, std::move(options)) {
    run(serving.deploy(shadow));
    serving.set_mirror(baseline, shadow, sampled);
  }

  /// What became of requests so far, window by window.
  divergence_snapshot seen() {
    const auto next = serving.metrics().divergence(baseline, shadow, {end_, end_ + 1s});
    end_ += 1s;
    sum_.compared += next.compared;
    sum_.disagreed += next.disagreed;
    sum_.shadow_errors += next.shadow_errors;
    for (const auto& [cause, count] : next.dropped) sum_.dropped[cause] += count;
    sum_.difference += next.difference;
    return sum_;
  }

  static std::uint64_t all_of(const divergence_snapshot& seen) {
    std::uint64_t sum = seen.compared + seen.shadow_errors;
    for (const auto& [cause, count] : seen.dropped) sum += count;
    return sum;
  }

  /// When so many requests are compared, failed or dropped.
  divergence_snapshot settled(std::uint64_t requests) {
    while (true) {
      const divergence_snapshot now = seen();
      if (all_of(now) >= requests) return now;
      std::this_thread::yield();
    }
  }

  platform serving;

 private:
  hotswap::time_window::time_point end_{500'000h};
  divergence_snapshot sum_;
};

/// Lets the shadow hang for as long as it lives.
class hanging_shadow {
 public:
  hanging_shadow() { model::shadow_hangs = true; }
  ~hanging_shadow() { model::shadow_hangs = false; }
};

void wait_until_shadow_answers() {
  while (model::answering == 0) std::this_thread::yield();
}

mirror_options<double> decided_at(double limit) {
  mirror_options<double> options;
  options.agree = [limit](double by_production, double by_shadow) {
    return (by_production >= limit) == (by_shadow >= limit);
  };
  return options;
}

using causes = std::map<std::string, std::uint64_t>;

}  // namespace

static_assert(hotswap::HealthCheckable<platform>);
static_assert(hotswap::SmokeTestable<platform>);
static_assert(hotswap::ReadableRouter<platform>);
static_assert(hotswap::FencedRouter<platform>);
static_assert(hotswap::MirroringRouter<platform>);
static_assert(hotswap::DivergenceSource<platform_metrics>);
static_assert(hotswap::MetricsSource<platform_metrics>);
static_assert(hotswap::Platform<platform, platform, platform_metrics>);
static_assert(!hotswap::MirroringRouter<hotswap::in_process_platform<model>>);
static_assert(noexcept(std::declval<platform&>().mirror_request(
    std::declval<const hotswap::lease<model>&>(), "", std::declval<const payment&>(), 0.0,
    std::declval<std::chrono::nanoseconds>())));

TEST_CASE("mirroring: without a mirror, no request is copied", "[serving][mirror]") {
  const int copied = payment::copied;
  platform platform{baseline, load};

  CHECK(platform.predict("user", payment{1.0}) == 1'001.0);

  CHECK(payment::copied == copied);
  CHECK(platform.totals(baseline).requests == 1);
  CHECK(platform.totals(baseline).latency->count() == 1);
}

TEST_CASE("mirroring: users get production's answers, the shadow answers copies",
          "[serving][mirror]") {
  rig rig;

  for (int i = 0; i < 20; ++i) {
    CHECK(rig.serving.predict("user-" + std::to_string(i), payment{100.0}) == 1'100.0);
  }
  const divergence_snapshot seen = rig.settled(20);

  CHECK(seen.compared == 20);
  CHECK(seen.disagreed == 20);
  CHECK(seen.shadow_errors == 0);
  CHECK(seen.dropped == causes{});
  CHECK(seen.difference.count() == 20);
  CHECK(seen.difference.mean() == 1'000.0);
}

TEST_CASE("mirroring: the shadow's requests, errors and latencies are its own metrics",
          "[serving][mirror]") {
  std::atomic<std::int64_t> reading{0};
  mirror_options<double> options;
  options.now = [&reading] { return std::chrono::milliseconds{reading += 4}; };
  rig rig{options};

  rig.serving.predict("user", payment{1.0});
  rig.settled(1);
  rig.serving.predict("user", payment{model::fails_shadow});
  rig.settled(2);

  const auto of_shadow = rig.serving.totals(shadow);
  CHECK(of_shadow.requests == 2);
  CHECK(of_shadow.errors == 1);
  CHECK(of_shadow.latency == hotswap::stats::moments{0.004});
  const auto of_production = rig.serving.totals(baseline);
  CHECK(of_production.requests == 2);
  CHECK(of_production.errors == 0);
}

TEST_CASE("mirroring: a failed answer of the shadow is an error, never an agreement",
          "[serving][mirror]") {
  mirror_options<double> options;
  options.agree = [](double, double) { return true; };
  std::vector<std::string> errors;
  options.comparison_sink = [&errors](const comparison<double>& seen) {
    errors.push_back(seen.shadow_error + (seen.agreed ? ", agreed" : ""));
  };
  divergence_snapshot seen;
  {
    rig rig{options};
    CHECK(rig.serving.predict("user", payment{model::fails_shadow}) == 1'007.0);
    CHECK(rig.serving.predict("user", payment{model::throws_int}) == 1'008.0);
    seen = rig.settled(2);
  }  // waits for the sink

  CHECK(seen.shadow_errors == 2);
  CHECK(seen.compared == 0);
  CHECK(seen.difference.count() == 0);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0] == "the shadow does not answer 7");
  CHECK(errors[1] == "an exception that is no std::exception");
}

TEST_CASE("mirroring: a request that production fails is not mirrored, and its user is told",
          "[serving][mirror][errors]") {
  const int copied = payment::copied;
  rig rig;

  CHECK_THROWS_WITH(rig.serving.predict("user", payment{model::fails_everywhere}),
                    "nobody answers 500");

  CHECK(payment::copied == copied);
  CHECK(rig.serving.totals(baseline).errors == 1);
  CHECK(rig.serving.totals(shadow).requests == 0);
}

TEST_CASE("mirroring: the share is of users, who are mirrored always or never",
          "[serving][mirror]") {
  constexpr int users = 2'000;
  std::map<std::string, int> mirrored;
  mirror_options<double> options;
  options.queue_capacity = 4'096;
  options.comparison_sink = [&mirrored](const comparison<double>& seen) { ++mirrored[seen.key]; };
  {
    const int copied = payment::copied;
    rig rig{options, 25_pct};
    for (int i = 0; i < 2 * users; ++i) {
      rig.serving.predict("user-" + std::to_string(i % users), payment{1.0});
    }
    const auto copies = static_cast<std::uint64_t>(payment::copied - copied);
    CHECK(rig.settled(copies).compared == copies);
  }  // waits for the sink

  CHECK(mirrored.size() > 500 - 78);  // four standard errors: sqrt(2'000 * 0.25 * 0.75) = 19.4
  CHECK(mirrored.size() < 500 + 78);
  CHECK(std::all_of(mirrored.begin(), mirrored.end(),
                    [](const auto& user) { return user.second == 2; }));
}

TEST_CASE("mirroring: only what production's version answers is mirrored", "[serving][mirror]") {
  const model_version other{"fraud", "3"};
  rig rig;
  run(rig.serving.deploy(other));
  rig.serving.set_split(traffic_split::between(baseline, other, 50_pct));

  std::uint64_t by_production = 0;
  for (int i = 0; i < 100; ++i) {
    const double answer = rig.serving.predict("user-" + std::to_string(i), payment{1.0});
    by_production += answer == 1'001.0 ? 1 : 0;
  }

  CHECK(by_production > 20);
  CHECK(by_production < 80);
  CHECK(rig.settled(by_production).compared == by_production);
  CHECK(rig.serving.totals(shadow).requests == by_production);
}

TEST_CASE("mirroring: a shadow that hangs delays nobody, and what it misses is counted",
          "[serving][mirror]") {
  mirror_options<double> options;
  options.queue_capacity = 8;
  rig rig{options};
  payment::most_copies = payment::copies.load();
  const int copies = payment::copies;
  {
    const hanging_shadow hangs;
    rig.serving.predict("user", payment{1.0});
    wait_until_shadow_answers();

    for (int i = 0; i < 1'000; ++i) {
      CHECK(rig.serving.predict("user-" + std::to_string(i), payment{1.0}) == 1'001.0);
    }
    CHECK(rig.seen().dropped == causes{{"queue_full", 992}});
    CHECK(rig.seen().compared == 0);
  }
  const divergence_snapshot seen = rig.settled(1'001);

  CHECK(seen.compared == 9);
  CHECK(seen.dropped == causes{{"queue_full", 992}});
  CHECK(payment::most_copies <= copies + 9);
}

TEST_CASE("mirroring: a request that cannot be copied is dropped, and its user does not notice",
          "[serving][mirror]") {
  rig rig;

  CHECK(rig.serving.predict("user", payment{payment::uncopyable}) == 1'404.0);
  rig.serving.predict("user", payment{1.0});
  const divergence_snapshot seen = rig.settled(2);

  CHECK(seen.dropped == causes{{"not_copied", 1}});
  CHECK(seen.compared == 1);
}

TEST_CASE("mirroring: removing the shadow waits for its last answer, and drops what is queued",
          "[serving][mirror]") {
  rig rig;
  std::optional<pending> removal;
  {
    const hanging_shadow hangs;
    for (int i = 0; i < 5; ++i) rig.serving.predict("user", payment{1.0});
    wait_until_shadow_answers();
    rig.serving.set_mirror(baseline, shadow, 0_pct);

    removal.emplace(rig.serving.remove(shadow));
    CHECK_FALSE(removal->ended());
  }
  const divergence_snapshot seen = rig.settled(5);

  while (!removal->ended()) std::this_thread::yield();
  CHECK(seen.compared == 1);
  CHECK(seen.dropped == causes{{"shadow_removed", 4}});
  CHECK_FALSE(rig.serving.healthy(shadow));
}

TEST_CASE("mirroring: with 0 % no request is copied from there on", "[serving][mirror]") {
  rig rig;
  rig.serving.predict("user", payment{1.0});
  rig.settled(1);

  rig.serving.set_mirror(baseline, shadow, 0_pct);
  rig.serving.set_mirror(baseline, shadow, 0_pct);
  const int copied = payment::copied;
  for (int i = 0; i < 100; ++i) rig.serving.predict("user", payment{1.0});

  CHECK(payment::copied == copied);
  CHECK(rig.seen().compared == 1);
}

TEST_CASE("mirroring: setting the same mirror again loses nothing of its first window",
          "[serving][mirror]") {
  std::atomic<int> told{0};
  mirror_options<double> options;
  options.comparison_sink = [&told](const comparison<double>&) { ++told; };
  rig rig{options};
  rig.serving.predict("user", payment{1.0});
  while (told < 1) std::this_thread::yield();

  rig.serving.set_mirror(baseline, shadow, 100_pct);
  rig.serving.predict("user", payment{1.0});

  CHECK(rig.settled(2).compared == 2);
}

TEST_CASE("mirroring: a mirror that is set anew begins its windows anew", "[serving][mirror]") {
  std::atomic<int> told{0};
  mirror_options<double> options;
  options.comparison_sink = [&told](const comparison<double>&) { ++told; };
  rig rig{options};
  rig.serving.predict("user", payment{1.0});
  while (told < 1) std::this_thread::yield();

  rig.serving.set_mirror(baseline, shadow, 0_pct);
  rig.serving.set_mirror(baseline, shadow, 100_pct);

  CHECK(rig.seen().compared == 0);
}

TEST_CASE("mirroring: a late 0 % of another rollout does not end a mirror", "[serving][mirror]") {
  rig rig;

  rig.serving.set_mirror(baseline, {"fraud", "3"}, 0_pct);
  rig.serving.set_mirror({"fraud", "3"}, shadow, 0_pct);
  rig.serving.predict("user", payment{1.0});

  CHECK(rig.settled(1).compared == 1);
}

TEST_CASE("mirroring: another mirror takes the place of the first", "[serving][mirror]") {
  const model_version other{"fraud", "3"};
  rig rig;
  run(rig.serving.deploy(other));
  rig.serving.set_mirror(baseline, other, 100_pct);

  rig.serving.predict("user", payment{1.0});
  while (rig.serving.totals(other).requests == 0) std::this_thread::yield();

  CHECK(rig.serving.totals(shadow).requests == 0);
  CHECK(rig.seen().compared == 0);
}

TEST_CASE("mirroring: only what is deployed can be mirrored, and to another version",
          "[serving][mirror][errors]") {
  platform platform{baseline, load};

  CHECK_THROWS_WITH(platform.set_mirror(baseline, shadow, 1_pct),
                    "platform: version must be deployed before it is mirrored to, got fraud@2");
  CHECK_THROWS_WITH(platform.set_mirror(shadow, baseline, 1_pct),
                    "platform: version must be deployed before it is mirrored, got fraud@2");
  CHECK_THROWS_WITH(platform.set_mirror(baseline, baseline, 1_pct),
                    "platform: shadow must differ from production, got fraud@1 twice");
  CHECK_THROWS_WITH(platform.set_mirror(baseline, {"spam", "2"}, 0_pct),
                    "splitter: model must be fraud, got spam");
  CHECK_THROWS_AS(platform.set_mirror(baseline, baseline, 1_pct), hotswap::config_error);
  CHECK_NOTHROW(platform.set_mirror(baseline, shadow, 0_pct));
}

TEST_CASE("mirroring: the sink gets the key, both answers and both latencies",
          "[serving][mirror]") {
  std::atomic<std::int64_t> reading{0};
  std::vector<comparison<double>> seen;
  {
    mirror_options<double> options = decided_at(1'000.0);
    options.now = [&reading] { return std::chrono::milliseconds{reading += 4}; };
    options.comparison_sink = [&seen](const comparison<double>& each) { seen.push_back(each); };
    rig rig{options};
    rig.serving.predict("a-key-that-is-longer-than-a-short-string", payment{1.0});
    rig.settled(1);
  }

  REQUIRE(seen.size() == 1);
  CHECK(seen[0].key == "a-key-that-is-longer-than-a-short-string");
  CHECK(seen[0].production == baseline);
  CHECK(seen[0].shadow == shadow);
  CHECK(seen[0].production_answer == 1'001.0);
  CHECK(seen[0].shadow_answer == 2'001.0);
  CHECK(seen[0].shadow_error.empty());
  CHECK(seen[0].production_latency == 4ms);
  CHECK(seen[0].shadow_latency == 4ms);
  CHECK(seen[0].agreed);
}

TEST_CASE("mirroring: a sink that throws is counted, and stops nothing", "[serving][mirror]") {
  mirror_options<double> options;
  options.comparison_sink = [](const comparison<double>&) {
    throw std::runtime_error("disk full");
  };
  rig rig{options};

  for (int i = 0; i < 3; ++i) rig.serving.predict("user", payment{1.0});

  CHECK(rig.settled(3).compared == 3);
  while (rig.serving.failed_comparison_sinks() < 3) std::this_thread::yield();
  CHECK(rig.serving.failed_comparison_sinks() == 3);
}

TEST_CASE("mirroring: whoever asks the model themselves mirrors what they have measured",
          "[serving][mirror]") {
  std::atomic<std::int64_t> production_latency{0};
  mirror_options<double> options;
  options.comparison_sink = [&](const comparison<double>& seen) {
    production_latency = seen.production_latency.count();
  };
  rig rig{options};
  const payment request{1.0};

  const auto lease = rig.serving.acquire("user");
  const double answer = lease->predict(request);
  lease.record({.latency = 3ms});
  rig.serving.mirror_request(lease, "user", request, answer, 3ms);

  CHECK(rig.settled(1).compared == 1);
  while (production_latency == 0) std::this_thread::yield();
  CHECK(production_latency == 3'000'000);
}

TEST_CASE("mirroring: answers agree as the options say, and never without a number",
          "[serving][mirror]") {
  mirror_options<double> options;
  options.agree = [](double by_production, double) {
    if (by_production == 1'003.0) throw std::runtime_error("cannot tell");
    return by_production != 1'002.0;
  };
  rig rig{options};

  for (const double amount : {1.0, 2.0, 3.0, model::no_number}) {
    rig.serving.predict("user", payment{amount});
  }
  const divergence_snapshot seen = rig.settled(4);

  CHECK(seen.compared == 4);
  CHECK(seen.disagreed == 3);
  CHECK(seen.difference.count() == 3);
  CHECK(seen.difference.finite());
}

TEST_CASE("mirroring: the score may be a part of the answer, or nothing", "[serving][mirror]") {
  mirror_options<double> options;
  options.score = [](double answer) {
    if (answer == 1'002.0) throw std::runtime_error("no score");
    return answer / 1'000.0;
  };
  options.agree = [](double, double) { return true; };
  rig rig{options};

  rig.serving.predict("user", payment{0.0});
  rig.serving.predict("user", payment{2.0});
  const divergence_snapshot seen = rig.settled(2);

  CHECK(seen.difference == hotswap::stats::moments{1.0});
  CHECK(seen.disagreed == 1);  // the one whose score is not known
}

namespace {

/// An answer that is neither a number nor compared by `==`.
struct label {
  std::string name;
};

struct labelling_model {
  std::string version;
  label predict(int) const { return {version}; }
};

labelling_model load_labelling(const model_version& version) {
  return {version.version()};
}

}  // namespace

TEST_CASE("mirroring: answers without == need somebody to say when they agree",
          "[serving][mirror][errors]") {
  using labelling_platform = mirroring_platform<labelling_model, int>;
  CHECK_THROWS_WITH((labelling_platform{baseline, load_labelling}),
                    "mirror: agree must be set for answers without ==, got none");

  mirror_options<label> options;
  options.agree = [](const label& production, const label& by_shadow) {
    return production.name.size() == by_shadow.name.size();
  };
  labelling_platform platform{baseline, load_labelling, options};
  run(platform.deploy(shadow));
  platform.set_mirror(baseline, shadow, 100_pct);
  CHECK(platform.predict("user", 1).name == "1");

  const hotswap::time_window::time_point begin{500'000h};
  divergence_snapshot seen;
  for (auto end = begin; seen.compared == 0; end += 1s) {
    seen = platform.metrics().divergence(baseline, shadow, {end, end + 1s});
  }
  CHECK(seen.disagreed == 0);
  CHECK(seen.difference.count() == 0);
}

TEST_CASE("mirroring: two versions that were never mirrored have nothing in any window",
          "[serving][mirror]") {
  platform platform{baseline, load};
  const hotswap::time_window::time_point begin{500'000h};

  const auto seen = platform.metrics().divergence(baseline, shadow, {begin, begin + 1h});

  CHECK(seen.compared == 0);
  CHECK(seen.dropped == causes{});
}

TEST_CASE("mirroring: the metrics of versions are those of an in-process platform",
          "[serving][mirror]") {
  platform platform{baseline, load};
  hotswap::virtual_clock clock;
  const auto begin = clock.now();
  platform.predict("user", payment{1.0});
  clock.run(platform.metrics().collect(baseline, {begin, begin}));
  for (int i = 0; i < 5; ++i) platform.predict("user", payment{1.0});

  CHECK(clock.run(platform.metrics().collect(baseline, {begin, begin + 10s})).requests == 5);
}

namespace {

struct echo {
  int predict(int request) const { return request; }
};

}  // namespace

TEST_CASE("mirroring: what a request does not allocate itself, its copy does not either",
          "[serving][mirror]") {
  mirroring_platform<echo, int> platform{baseline, [](const model_version&) { return echo{}; }};
  run(platform.deploy(shadow));
  platform.set_mirror(baseline, shadow, 100_pct);
  const std::string key(200, 'k');
  platform.predict(key, 1);  // the first record of a thread takes its slot

  const std::size_t before = allocations;
  for (int i = 0; i < 1'000; ++i) platform.predict(key, 1);  // some find the queue full
  const std::size_t after = allocations;

  CHECK(after == before);
}

TEST_CASE("mirroring: under traffic, shadows come and go, and every copy is accounted for",
          "[serving][mirror][threads]") {
  rig rig;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> requests;
  const int copied = payment::copied;
  const std::uint64_t before = rig::all_of(rig.seen());
  for (int i = 0; i < 2; ++i) {
    requests.emplace_back([&, i] {
      while (!done) {
        if (rig.serving.predict("user", payment{double(i)}) != 1'000.0 + i) ++wrong;
      }
    });
  }

  hotswap::event_loop loop;
  for (int round = 0; round < 30; ++round) {
    const std::uint64_t so_far = rig.seen().compared;
    while (rig.seen().compared < so_far + 3) std::this_thread::yield();
    rig.serving.set_mirror(baseline, shadow, 0_pct);
    loop.run(rig.serving.remove(shadow));
    CHECK_FALSE(rig.serving.healthy(shadow));
    loop.run(rig.serving.deploy(shadow));
    rig.serving.set_mirror(baseline, shadow, 100_pct);
  }
  done = true;
  for (std::thread& each : requests) each.join();
  const auto copies = static_cast<std::uint64_t>(payment::copied - copied);
  divergence_snapshot seen = rig.seen();
  const auto full = [](const divergence_snapshot& of) {
    const auto found = of.dropped.find("queue_full");
    return found == of.dropped.end() ? 0 : found->second;
  };
  while (rig::all_of(seen) - full(seen) < before + copies) seen = rig.seen();

  CHECK(wrong == 0);
  CHECK(rig::all_of(seen) - full(seen) == before + copies);
  CHECK(seen.compared == rig.serving.totals(shadow).requests);
}
