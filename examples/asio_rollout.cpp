// Runs a canary on a program's own Boost.Asio loop: the members of the service are asio coroutines.
//
//   ./asio_rollout      version 2 is as good as version 1, and ends up with all the traffic
//   ./asio_rollout 3    version 3 fails one request in five, and is gone after the first look
//
// Leaves with 0 if the new version serves at the end, 1 if the old one does. The requests are made
// up here, a thousand in a second; everything else is what a program on asio would write.

#include <hotswap/adapters/asio/as_awaitable.hpp>
#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/adapters/asio/awaitable.hpp>
#include <hotswap/hotswap.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>

namespace {

namespace asio = boost::asio;
using hotswap::model_version;
using namespace std::chrono_literals;

asio::awaitable<void> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer{co_await asio::this_coro::executor, time};
  co_await timer.async_wait(asio::use_awaitable);
}

/// Server, router and counters in one; everything happens on the io_context's thread.
class service {
 public:
  explicit service(const model_version& first) : split_(hotswap::traffic_split::all_to(first)) {}

  // ModelServer
  asio::awaitable<void> deploy(const model_version& version) {
    co_await pause(20ms);
    fmt::print("deploy {}\n", version);
  }
  asio::awaitable<void> warm_up(const model_version&) { co_await pause(10ms); }
  asio::awaitable<void> remove(const model_version& version) {
    co_await pause(10ms);
    fmt::print("remove {}\n", version);
  }

  // TrafficRouter
  asio::awaitable<void> set_split(const hotswap::traffic_split& split) {
    co_await pause(5ms);
    split_ = split;
    fmt::print("  {}\n", split);
  }

  // CounterSource
  asio::awaitable<hotswap::metrics_snapshot> totals(const model_version& version) {
    co_await pause(2ms);
    co_return seen_[version];
  }

  asio::awaitable<void> receive_requests() {
    for (std::int64_t request = 0; !stopped_; ++request) {
      if (request % 10 == 0) co_await pause(10ms);
      handle(request);
    }
  }
  void stop() { stopped_ = true; }

 private:
  void handle(std::int64_t request) {
    int lot = static_cast<int>(request * 6'007 % 10'000);
    for (const auto& [version, share] : split_.entries()) {
      if (lot < share.basis_points()) {
        hotswap::metrics_snapshot& seen = seen_[version];
        ++seen.requests;
        if (version.version() == "3" && request / 7 % 5 == 0) ++seen.errors;
        return;
      }
      lot -= share.basis_points();
    }
  }

  hotswap::traffic_split split_;
  std::map<model_version, hotswap::metrics_snapshot> seen_;
  bool stopped_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", argc > 1 ? argv[1] : "2"};

  hotswap::canary_config config;
  config.monitoring_duration = 500ms;  // minutes, in production
  config.keep_duration = 100ms;
  config.minimum_samples = 30;              // thousands, in production
  config.required_metrics = {"errorRate"};  // nothing times the requests here

  asio::io_context io;
  service fraud{baseline};
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context context{clock};
  hotswap::windowed metrics{fraud};
  const hotswap::canary_strategy canary{fraud, fraud, metrics, config};

  bool succeeded = false;
  const auto roll_out = [&]() -> asio::awaitable<void> {
    auto rollout = canary.deploy(baseline, candidate, context);
    const auto result = co_await hotswap::as_awaitable(std::move(rollout));
    succeeded = result.status() == hotswap::deployment_status::succeeded;
    fmt::print("{}: {}\n", result.status(), result.reason());
    fraud.stop();
  };
  asio::co_spawn(io, fraud.receive_requests(), asio::detached);
  asio::co_spawn(io, roll_out, asio::detached);
  io.run();
  return succeeded ? 0 : 1;
}
