// Whole rollouts on an io_context, with asio coroutines for members.

#include <hotswap/adapters/asio/as_awaitable.hpp>
#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/adapters/asio/awaitable.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/model_server.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "support/catch.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using boost::asio::awaitable;
using boost::asio::use_awaitable;
using hotswap::metrics_snapshot;
using hotswap::model_version;

namespace {

awaitable<void> pause(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor, time};
  co_await timer.async_wait(use_awaitable);
}

/// A platform of one model. Has no lock: all its members run on the clock's strand.
class asio_platform {
 public:
  explicit asio_platform(const model_version& first)
      : running{first}, split_(hotswap::traffic_split::all_to(first)) {}

  awaitable<void> deploy(const model_version& version) {
    ++calls;
    co_await pause(1ms);
    running.insert(version);
  }
  awaitable<void> warm_up(const model_version& version) {
    ++calls;
    co_await pause(1ms);
    if (!running.contains(version)) throw std::runtime_error("it does not run");
  }
  awaitable<void> remove(const model_version& version) {
    ++calls;
    co_await pause(1ms);
    running.erase(version);
  }

  awaitable<void> set_split(const hotswap::traffic_split& split) {
    ++calls;
    co_await pause(slow_split && split.entries().size() > 1 ? *slow_split : 1ms);
    split_ = split;
  }
  /// A `traffic_split` has no default constructor.
  awaitable<hotswap::traffic_split> split(const std::string&) {
    ++calls;
    co_await pause(1ms);
    co_return split_;
  }

  awaitable<metrics_snapshot> collect(const model_version& version, const hotswap::time_window&) {
    ++calls;
    co_await pause(1ms);
    metrics_snapshot seen;
    seen.requests = split_.share_of(version) > hotswap::share{} ? 100 : 0;
    if (version.version() == "bad") seen.errors = seen.requests / 2;
    co_return seen;
  }

  [[nodiscard]] bool serves(const model_version& version) const {
    return split_.share_of(version) == 100_pct && running.contains(version);
  }

  std::set<model_version> running;
  int calls = 0;  // not atomic
  std::optional<std::chrono::milliseconds> slow_split;

 private:
  hotswap::traffic_split split_;
};

static_assert(hotswap::ModelServer<asio_platform>);
static_assert(hotswap::TrafficRouter<asio_platform>);
static_assert(hotswap::ReadableRouter<asio_platform>);
static_assert(hotswap::MetricsSource<asio_platform>);

hotswap::canary_config quick() {
  hotswap::canary_config config;
  config.steps = {25_pct, 100_pct};
  config.monitoring_duration = 20ms;
  config.keep_duration = 1ms;
  config.minimum_samples = 50;
  config.required_metrics = {"errorRate"};
  return config;
}

using canary = hotswap::canary_strategy<asio_platform, asio_platform, asio_platform>;

awaitable<void> keep(hotswap::asio_clock& clock, hotswap::task<hotswap::deployment_result> rollout,
                     std::optional<hotswap::deployment_result>& result) {
  auto ended = co_await hotswap::as_awaitable(clock, std::move(rollout));
  result.emplace(std::move(ended));
}

}  // namespace

TEST_CASE("asio rollout: two on one io_context end each for itself, on however many threads",
          "[adapters][asio][rollout]") {
  const int threads = GENERATE(1, 3);
  const model_version fraud{"fraud", "1"};
  const model_version better_fraud{"fraud", "2"};
  const model_version spam{"spam", "1"};
  const model_version bad_spam{"spam", "bad"};
  asio_platform of_fraud{fraud};
  asio_platform of_spam{spam};
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context first{clock};
  hotswap::rollout_context second{clock};
  std::optional<hotswap::deployment_result> promoted;
  std::optional<hotswap::deployment_result> rolled_back;

  boost::asio::co_spawn(
      io,
      keep(clock, canary{of_fraud, of_fraud, of_fraud, quick()}.deploy(fraud, better_fraud, first),
           promoted),
      boost::asio::detached);
  boost::asio::co_spawn(
      io,
      keep(clock, canary{of_spam, of_spam, of_spam, quick()}.deploy(spam, bad_spam, second),
           rolled_back),
      boost::asio::detached);
  {
    std::vector<std::jthread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back([&] { io.run(); });
  }

  REQUIRE(promoted);
  CHECK(promoted->status() == hotswap::deployment_status::succeeded);
  CHECK(of_fraud.serves(better_fraud));
  CHECK(of_fraud.running == std::set{better_fraud});
  REQUIRE(rolled_back);
  CHECK(rolled_back->status() == hotswap::deployment_status::rolled_back);
  CHECK(rolled_back->reason_code() == hotswap::reason_code::metrics_degraded);
  CHECK(of_spam.serves(spam));
  CHECK(of_spam.running == std::set{spam});
  CHECK(first.outstanding_calls() == 0);
  CHECK(second.outstanding_calls() == 0);
}

TEST_CASE(
    "asio rollout: set_split that lands after its deadline leaves the baseline with all traffic",
    "[adapters][asio][rollout]") {
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", "2"};
  asio_platform platform{baseline};
  platform.slow_split = 60ms;
  hotswap::canary_config config = quick();
  config.deadlines.set_split = 20ms;
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context context{clock};
  std::optional<hotswap::deployment_result> result;

  boost::asio::co_spawn(
      io,
      keep(clock, canary{platform, platform, platform, config}.deploy(baseline, candidate, context),
           result),
      boost::asio::detached);
  io.run();

  REQUIRE(result);
  CHECK(result->status() == hotswap::deployment_status::rolled_back);
  CHECK(result->reason_code() == hotswap::reason_code::set_split_failed);
  CHECK(result->reason() ==
        "set_split to 75 % fraud@1, 25 % fraud@2 must end within 0.02 s, and did not");
  CHECK(platform.serves(baseline));
  CHECK(platform.running == std::set{baseline});
  CHECK(context.outstanding_calls() == 0);
}

TEST_CASE("asio rollout: stop ends it long before its time is over", "[adapters][asio][rollout]") {
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", "2"};
  asio_platform platform{baseline};
  hotswap::canary_config config = quick();
  config.monitoring_duration = 1h;
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context context{clock};
  context.observe([&](const hotswap::event& told) {
    if (told.kind == hotswap::event_kind::split_changed && told.step == "step-25") clock.stop();
  });
  std::optional<hotswap::deployment_result> result;

  const auto start = clock.steady_now();
  boost::asio::co_spawn(
      io,
      keep(clock, canary{platform, platform, platform, config}.deploy(baseline, candidate, context),
           result),
      boost::asio::detached);
  io.run();

  CHECK(clock.steady_now() < start + 1min);
  REQUIRE(result);  // a journal in memory cannot be taken over, so it rolls back
  CHECK(result->status() != hotswap::deployment_status::succeeded);
  CHECK(platform.serves(baseline));
}

TEST_CASE(
    "asio rollout: on another clock it fails before any of its members has begun, and says why",
    "[adapters][asio][rollout]") {
  const model_version baseline{"fraud", "1"};
  asio_platform platform{baseline};
  hotswap::virtual_clock virtual_time;
  hotswap::rollout_context context{virtual_time};

  const auto result = virtual_time.run(
      canary{platform, platform, platform, quick()}.deploy(baseline, {"fraud", "2"}, context));

  CHECK(result.status() == hotswap::deployment_status::rejected);
  CHECK(virtual_time.elapsed() < 1s);
  CHECK(result.active() == baseline);
  CHECK(result.reason().starts_with(
      "boost::asio::awaitable: clock must be an asio_clock, got another kind"));
  CHECK(platform.calls == 0);
}

TEST_CASE("asio rollout: its metrics may be counters read by an asio coroutine",
          "[adapters][asio][rollout]") {
  class counters {
   public:
    awaitable<metrics_snapshot> totals(const model_version& version) {
      co_await pause(1ms);
      metrics_snapshot& seen = version.version() == "1" ? baseline_ : candidate_;
      seen.requests += 100;
      co_return seen;
    }

   private:
    metrics_snapshot baseline_;
    metrics_snapshot candidate_;
  };
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", "2"};
  asio_platform platform{baseline};
  counters counted;
  hotswap::windowed metrics{counted};
  boost::asio::io_context io;
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context context{clock};
  const hotswap::canary_strategy strategy{platform, platform, metrics, quick()};
  std::optional<hotswap::deployment_result> result;

  boost::asio::co_spawn(io, keep(clock, strategy.deploy(baseline, candidate, context), result),
                        boost::asio::detached);
  io.run();

  REQUIRE(result);
  CHECK(result->reason() == "fraud@2 serves all traffic");
  CHECK(platform.serves(candidate));
}
