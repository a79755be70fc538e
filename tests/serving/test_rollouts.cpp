// What the in-process platforms promise to strategies: that each of the five runs on them, to a
// good and to a bad end, while requests keep coming. Time is virtual, latencies are what the model
// says.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/driver.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/format.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/serving/fleet.hpp>
#include <hotswap/serving/mirroring_platform.hpp>
#include <hotswap/strategies/ab_test.hpp>
#include <hotswap/strategies/blue_green.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/rolling.hpp>
#include <hotswap/strategies/shadow.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using hotswap::deployment_result;
using hotswap::deployment_status;
using hotswap::model_version;
using hotswap::reason_code;
using hotswap::task;
using hotswap::traffic_split;
using namespace hotswap::literals;
using namespace std::chrono_literals;

namespace {

const model_version baseline{"fraud", "1"};
const model_version good{"fraud", "good"};
const model_version wrong{"fraud", "wrong"};      // decides otherwise
const model_version failing{"fraud", "failing"};  // one payment of seven

/// A request that counts its copies.
class payment {
 public:
  explicit payment(int amount) : amount_(amount) {}
  payment(const payment& other) : amount_(other.amount_) { ++copied; }
  payment(payment&&) = default;
  payment& operator=(const payment&) = delete;

  int amount() const { return amount_; }

  static inline std::atomic<std::uint64_t> copied{0};

 private:
  int amount_;
};

/// Whether a payment is a fraud: the large ones are.
class model {
 public:
  explicit model(model_version version) : version_(std::move(version)) {}

  bool predict(const payment& request) const {
    const int amount = request.amount();
    if (version_ == failing && amount % 7 == 0) throw std::runtime_error("no answer to sevens");
    return version_ == wrong ? amount % 2 == 0 : amount > 900;
  }

  /// The clock of the mirror: each reading is a millisecond later than the last one of its thread.
  static std::chrono::nanoseconds now() {
    static thread_local std::chrono::milliseconds reading{0};
    return reading += 1ms;
  }

 private:
  model_version version_;
};

using platform = hotswap::mirroring_platform<model, payment>;
using fleet = hotswap::in_process_fleet<model>;

model load(const model_version& version) {
  return model{version};
}

std::vector<payment> payments() {
  std::vector<payment> all;
  for (int amount = 1; amount <= 1'000; ++amount) all.emplace_back(amount);
  return all;
}

/// Sends 100 requests each second of the clock's time, for as long as it lives.
class traffic final : private hotswap::driver::completion {
 public:
  using answer_requests = std::function<void(const std::string& user, const payment& request)>;

  traffic(
      hotswap::clock& on, answer_requests serve, std::function<void()> settle = [] {})
      : driver_(hotswap::drive(send(on, std::move(serve), std::move(settle)), end_)) {
    driver_.start(*this);
  }
  traffic(const traffic&) = delete;
  traffic& operator=(const traffic&) = delete;

 private:
  static task<> send(hotswap::clock& on, answer_requests serve, std::function<void()> settle) {
    for (int request = 1;; ++request) {
      serve("user-" + std::to_string(request % 7'919), payment{request % 1'000 + 1});
      if (request % 100 > 0) continue;
      settle();
      co_await hotswap::sleep_for(on, 1s);
    }
  }
  void completed() noexcept override {}

  hotswap::result<void> end_;
  hotswap::driver driver_;
};

/// The label is known at once.
template <typename Platform>
void serve(const hotswap::lease<model>& chosen, const payment& request, Platform&& mirror) {
  try {
    const bool answer = chosen->predict(request);
    chosen.record({.latency = 1ms, .correct = answer == (request.amount() > 900)});
    mirror(answer);
  } catch (const std::runtime_error&) {
    chosen.record({.error = true});
  }
}

hotswap::in_process_options<model> tested() {
  hotswap::in_process_options<model> options;
  options.smoke_samples = hotswap::smoke_samples<model>{payments()};
  return options;
}

/// A rollout on a platform, with requests all the while.
class rig {
 public:
  explicit rig(hotswap::mirror_options<bool> options = {})
      : serving(baseline, load, told_to(*this, std::move(options)), tested()) {}

  template <typename Config, template <typename...> typename Strategy>
  deployment_result run(const model_version& candidate, const Config& config) {
    const Strategy strategy{serving, serving, serving.metrics(), config};
    hotswap::rollout_context context{clock_};
    copied_before_ = payment::copied - told_;
    const traffic requests{clock_,
                           [this](const std::string& user, const payment& request) {
                             const auto chosen = serving.acquire(user);
                             ++served[chosen.version()];
                             serve(chosen, request, [&](bool answer) {
                               serving.mirror_request(chosen, user, request, answer, 1ms);
                             });
                           },
                           [this] {  // virtual time waits for the mirror, which works in real time
                             while (told_ < payment::copied - copied_before_)
                               std::this_thread::yield();
                           }};
    return clock_.run(strategy.deploy(baseline, candidate, context));
  }

 private:
  static hotswap::mirror_options<bool> told_to(rig& self, hotswap::mirror_options<bool> options) {
    options.now = &model::now;
    options.comparison_sink = [&self](const hotswap::comparison<bool>&) { ++self.told_; };
    return options;
  }

  std::atomic<std::uint64_t> told_{0};
  std::uint64_t copied_before_ = 0;
  hotswap::virtual_clock clock_;

 public:
  platform serving;
  std::map<model_version, std::uint64_t> served;  // requests of users
};

}  // namespace

TEST_CASE("platforms: a canary is promoted, or rolled back when it fails", "[serving][rollouts]") {
  rig rig;
  CHECK(rig.run<hotswap::canary_config, hotswap::canary_strategy>(failing, {}).status() ==
        deployment_status::rolled_back);
  CHECK(rig.serving.split("fraud") == traffic_split::all_to(baseline));
  CHECK_FALSE(rig.serving.healthy(failing));

  const deployment_result result =
      rig.run<hotswap::canary_config, hotswap::canary_strategy>(good, {});
  INFO(result.reason());
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(rig.serving.split("fraud") == traffic_split::all_to(good));
  CHECK_FALSE(rig.serving.healthy(baseline));
}

TEST_CASE("platforms: blue-green switches, or ends with the smoke test", "[serving][rollouts]") {
  rig rig;
  const deployment_result failed =
      rig.run<hotswap::blue_green_config, hotswap::blue_green_strategy>(failing, {});
  CHECK(failed.reason_code() == reason_code::smoke_test_failed);
  CHECK(failed.reason() ==
        "14 of 100 smoke tests of fraud@failing failed: sample 6: no answer to sevens");
  CHECK(rig.serving.totals(failing).requests == 0);

  const deployment_result result =
      rig.run<hotswap::blue_green_config, hotswap::blue_green_strategy>(good, {});
  INFO(result.reason());
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(rig.serving.split("fraud") == traffic_split::all_to(good));
}

TEST_CASE("platforms: an A/B test names the better version", "[serving][rollouts]") {
  hotswap::ab_test_config config;
  config.duration = 10min;
  config.rollback_thresholds.accuracy_drop = 0.9;  // so that it is the test that decides
  rig rig;

  const deployment_result result =
      rig.run<hotswap::ab_test_config, hotswap::ab_test_strategy>(wrong, config);

  INFO(result.reason());
  CHECK(result.reason_code() == reason_code::winner_baseline);
  CHECK(rig.serving.split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("platforms: a shadow is validated, and promoted as its config says",
          "[serving][rollouts]") {
  hotswap::shadow_config config;
  config.duration = 10min;
  config.then = hotswap::canary_config{};
  rig rig;

  const deployment_result result =
      rig.run<hotswap::shadow_config, hotswap::shadow_strategy>(good, config);

  INFO(result.reason());
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(rig.serving.split("fraud") == traffic_split::all_to(good));
}

TEST_CASE("platforms: a shadow that disagrees or fails is rolled back, and never served",
          "[serving][rollouts]") {
  hotswap::shadow_config config;
  config.duration = 10min;
  rig rig;

  for (const model_version& candidate : {wrong, failing}) {
    const deployment_result result =
        rig.run<hotswap::shadow_config, hotswap::shadow_strategy>(candidate, config);
    INFO(result.reason());
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(rig.serving.split("fraud") == traffic_split::all_to(baseline));
    CHECK_FALSE(rig.serving.healthy(candidate));
    CHECK(rig.serving.totals(candidate).requests >= 1'000);  // copies
    CHECK(rig.served[candidate] == 0);
  }
}

namespace {

deployment_result roll(fleet& serving, const model_version& candidate) {
  const hotswap::rolling_strategy strategy{serving, serving, serving.metrics()};
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const traffic requests{clock, [&serving](const std::string& user, const payment& request) {
                           serve(serving.acquire(user), request, [](bool) {});
                         }};
  return clock.run(strategy.deploy(baseline, candidate, context));
}

}  // namespace

TEST_CASE("platforms: a fleet is updated server by server, or goes the way back",
          "[serving][rollouts]") {
  fleet serving{baseline, 4, load};

  const deployment_result failed = roll(serving, failing);
  INFO(failed.reason());
  CHECK(failed.status() == deployment_status::rolled_back);
  CHECK(serving.split("fraud") == traffic_split::all_to(baseline));

  const deployment_result result = roll(serving, good);
  INFO(result.reason());
  CHECK(result.status() == deployment_status::succeeded);
  CHECK(serving.split("fraud") == traffic_split::all_to(good));
  for (const hotswap::server_id& each : serving.servers("fraud")) CHECK(serving.healthy(each));
}
