// Runs a canary on a program's own Boost.Asio loop: models behind TCP sockets, a proxy in front of
// them, and a rollout whose members are all boost::asio::awaitables. One thread does everything.
//
//   ./asio_rollout      version 2 is as good as version 1, and ends up with all the traffic
//   ./asio_rollout 3    version 3 fails on large amounts, and is gone again after the first look
//
// Leaves with 0 if the new version serves at the end, 1 if the old one does.
//
// The sockets are real, on 127.0.0.1. In your system servers and proxy are other processes, and
// these members are requests to their administration.

#include <hotswap/adapters/asio/as_awaitable.hpp>
#include <hotswap/adapters/asio/asio_clock.hpp>
#include <hotswap/adapters/asio/awaitable.hpp>
#include <hotswap/hotswap.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using hotswap::metrics_snapshot;
using hotswap::model_version;
using hotswap::traffic_split;
using namespace std::chrono_literals;

/// A question is a line, and so is its answer.
class connection {
 public:
  explicit connection(tcp::socket socket) : socket_(std::move(socket)) {}

  asio::awaitable<std::string> read() {
    const std::size_t length = co_await asio::async_read_until(
        socket_, asio::dynamic_buffer(unread_), '\n', use_awaitable);
    std::string line = unread_.substr(0, length - 1);
    unread_.erase(0, length);
    co_return line;
  }
  asio::awaitable<void> write(std::string line) {
    line += '\n';
    co_await asio::async_write(socket_, asio::buffer(line), use_awaitable);
  }

 private:
  tcp::socket socket_;
  std::string unread_;
};

asio::awaitable<std::shared_ptr<connection>> connect(tcp::endpoint to) {
  tcp::socket socket{co_await asio::this_coro::executor};
  co_await socket.async_connect(to, use_awaitable);
  co_return std::make_shared<connection>(std::move(socket));
}

/// Serves each version on a port of its own.
class model_servers {
 public:
  // ModelServer
  asio::awaitable<void> deploy(const model_version& version) {
    fmt::print("deploy {}\n", version);
    if (doors_.contains(version)) co_return;
    const auto executor = co_await asio::this_coro::executor;
    const auto loopback = asio::ip::address_v4::loopback();
    auto door = std::make_shared<tcp::acceptor>(executor, tcp::endpoint{loopback, 0});
    doors_.emplace(version, door);
    // a slip in training: version 3 has never seen the large amounts
    const double largest_amount = version.version() == "3" ? 800.0 : 1000.0;
    asio::co_spawn(executor, accept(std::move(door), largest_amount), asio::detached);
  }
  asio::awaitable<void> warm_up(const model_version& version) {
    const auto probe = co_await connect(endpoint(version));
    co_await probe->write("1");
    co_await probe->read();
  }
  asio::awaitable<void> remove(const model_version& version) {
    fmt::print("remove {}\n", version);
    stop(version);
    co_return;
  }

  [[nodiscard]] tcp::endpoint endpoint(const model_version& version) const {
    return doors_.at(version)->local_endpoint();
  }
  /// Those who are connected are served until they leave.
  void stop(const model_version& version) {
    if (const auto found = doors_.find(version); found != doors_.end()) {
      found->second->close();
      doors_.erase(found);
    }
  }

 private:
  // Both end by an exception, when the door is closed and when the client hangs up.
  static asio::awaitable<void> accept(std::shared_ptr<tcp::acceptor> door, double largest_amount) {
    while (true) {
      tcp::socket client = co_await door->async_accept(use_awaitable);
      const auto executor = client.get_executor();
      asio::co_spawn(executor, serve(std::move(client), largest_amount), asio::detached);
    }
  }
  static asio::awaitable<void> serve(tcp::socket socket, double largest_amount) {
    connection client{std::move(socket)};
    while (true) {
      const std::string line = co_await client.read();
      const double amount = std::stod(line);
      std::string answer = "error";
      if (amount <= largest_amount) answer = fmt::format("{}", amount / (amount + 500.0));
      co_await client.write(std::move(answer));
    }
  }

  std::map<model_version, std::shared_ptr<tcp::acceptor>> doors_;
};

/// Shares the requests out between the versions, and counts them.
class proxy {
 public:
  explicit proxy(model_servers& servers, const model_version& first)
      : servers_(servers), split_(traffic_split::all_to(first)) {}

  // TrafficRouter: on return the split is in force
  asio::awaitable<void> set_split(const traffic_split& split) {
    std::map<model_version, std::shared_ptr<connection>> to;
    for (const auto& [version, share] : split.entries()) {
      const auto connected = co_await connect(servers_.endpoint(version));
      to.emplace(version, connected);
    }
    backends_ = std::move(to);
    split_ = split;
    fmt::print("  {}\n", split);
  }
  // ReadableRouter: the rollout looks whether it is
  asio::awaitable<traffic_split> split(const std::string&) { co_return split_; }

  // CounterSource
  asio::awaitable<metrics_snapshot> totals(const model_version& version) {
    co_return seen_[version];
  }

  asio::awaitable<std::string> ask(std::string question, int lot) {
    const model_version version = pick(lot);
    const std::shared_ptr<connection> backend = backends_.at(version);  // until it has answered
    co_await backend->write(std::move(question));
    std::string answer = co_await backend->read();
    metrics_snapshot& seen = seen_[version];
    ++seen.requests;
    if (answer == "error") ++seen.errors;
    co_return answer;
  }
  void hang_up() { backends_.clear(); }

 private:
  /// `lot` is a number from 0 to 9999, drawn for each request.
  [[nodiscard]] const model_version& pick(int lot) const {
    for (const auto& [version, share] : split_.entries()) {
      if (lot < share.basis_points()) return version;
      lot -= share.basis_points();
    }
    throw std::logic_error("a lot must lie between 0 and 9999");
  }

  model_servers& servers_;
  traffic_split split_;
  std::map<model_version, std::shared_ptr<connection>> backends_;
  std::map<model_version, metrics_snapshot> seen_;  // since the start; it only grows
};

asio::awaitable<void> send_requests(proxy& to, const bool& stopped) {
  asio::steady_timer pause{co_await asio::this_coro::executor};
  std::mt19937 random{1};
  std::uniform_real_distribution<double> amount{1.0, 1000.0};
  std::uniform_int_distribution<int> lot{0, 9999};
  while (!stopped) {
    co_await to.ask(fmt::format("{}", amount(random)), lot(random));
    pause.expires_after(500us);
    co_await pause.async_wait(use_awaitable);
  }
  to.hang_up();
}

/// What a coroutine throws ends the program; `asio::detached` would drop it.
void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

hotswap::canary_config quick() {
  hotswap::canary_config config;
  config.monitoring_duration = 500ms;       // minutes, in production
  config.minimum_samples = 30;              // thousands, in production
  config.keep_duration = 200ms;             // for which version 1 stays warm at the end
  config.required_metrics = {"errorRate"};  // the proxy does not time the requests
  return config;
}

}  // namespace

int main(int argc, char** argv) {
  const model_version baseline{"fraud", "1"};
  const model_version candidate{"fraud", argc > 1 ? argv[1] : "2"};

  asio::io_context io;
  model_servers servers;
  proxy front{servers, baseline};
  hotswap::asio_clock clock{io.get_executor()};
  hotswap::rollout_context context{clock};
  hotswap::windowed metrics{front};  // from totals to what happened in one window
  const hotswap::canary_strategy canary{servers, front, metrics, quick()};

  bool stopped = false;
  bool succeeded = false;
  const auto roll_out = [&]() -> asio::awaitable<void> {
    const traffic_split all_to_baseline = traffic_split::all_to(baseline);
    co_await servers.deploy(baseline);
    co_await front.set_split(all_to_baseline);
    asio::co_spawn(io, send_requests(front, stopped), rethrow);

    auto rollout = canary.deploy(baseline, candidate, context);
    const auto result = co_await hotswap::as_awaitable(clock, std::move(rollout));

    succeeded = result.status() == hotswap::deployment_status::succeeded;
    fmt::print("{}: {}\n", succeeded ? "succeeded" : "rolled back", result.reason());
    stopped = true;  // and io.run() returns once nobody waits for anything
    servers.stop(result.active());
  };
  asio::co_spawn(io, roll_out, rethrow);
  io.run();
  return succeeded ? 0 : 1;
}
