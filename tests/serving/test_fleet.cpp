// What the fleet promises: that no request is ever without a model or meets an update, that keys
// stay where they are, that servers drain before they change, and that the latest update wins.

#include <hotswap/async/driver.hpp>
#include <hotswap/async/event_loop.hpp>
#include <hotswap/async/result.hpp>
#include <hotswap/async/thread_pool.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/serving/fleet.hpp>

#include "serving/allocations.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using hotswap::in_process_fleet;
using hotswap::in_process_options;
using hotswap::lease;
using hotswap::model_version;
using hotswap::server_id;
using hotswap::share;
using hotswap::task;
using hotswap::traffic_split;
using hotswap::stats::proportion;
using namespace hotswap::literals;
using namespace std::chrono_literals;

namespace {

const model_version baseline{"fraud", "1"};
const model_version candidate{"fraud", "2"};
const server_id first{"server-1"};
const server_id second{"server-2"};

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

/// Loads any version but "broken".
class model_store {
 public:
  std::shared_ptr<const model> operator()(const model_version& version) {
    ++*loads;
    *thread = std::this_thread::get_id();
    if (version.version() == "broken") throw std::runtime_error("file is truncated");
    return std::make_shared<const model>(version.version());
  }

  std::shared_ptr<std::atomic<int>> loads = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::thread::id> thread = std::make_shared<std::thread::id>();
};

using fleet = in_process_fleet<model>;
using fleet_metrics = std::remove_reference_t<decltype(std::declval<fleet&>().metrics())>;

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

std::string user(int number) {
  return "user-" + std::to_string(number);
}

/// Where each of so many users' requests go, by the place of the server.
std::vector<std::uint32_t> servers_of(fleet& serving, int users) {
  std::vector<std::uint32_t> places;
  for (int i = 0; i < users; ++i) places.push_back(serving.acquire(user(i)).arm().index);
  return places;
}

/// A user whose requests go to this server.
std::string user_of(fleet& serving, std::uint32_t place) {
  for (int i = 0;; ++i) {
    if (serving.acquire(user(i)).arm().index == place) return user(i);
  }
}

}  // namespace

static_assert(hotswap::ModelServer<fleet>);
static_assert(hotswap::ServerFleet<fleet>);
static_assert(hotswap::RotatingFleet<fleet>);
static_assert(hotswap::TrafficRouter<fleet>);
static_assert(hotswap::ReadableRouter<fleet>);
static_assert(!hotswap::FencedRouter<fleet>);
static_assert(hotswap::CounterSource<fleet>);
static_assert(hotswap::MetricsSource<fleet_metrics>);
static_assert(hotswap::Platform<fleet, fleet, fleet_metrics>);
static_assert(sizeof(hotswap::diagnose_server_fleet<fleet>) > 0);
static_assert(noexcept(std::declval<fleet&>().acquire("")));

TEST_CASE("fleet: its servers have names, run the first version, and are well",
          "[serving][fleet]") {
  model_store store;
  fleet fleet{baseline, 3, store};

  CHECK(fleet.servers("fraud") ==
        std::vector{server_id{"server-1"}, server_id{"server-2"}, server_id{"server-3"}});
  CHECK(*store.loads == 1);
  CHECK(fleet.split("fraud") == traffic_split::all_to(baseline));
  for (const server_id& each : fleet.servers("fraud")) CHECK(fleet.healthy(each));
  CHECK(fleet.acquire("user").predict("x") == "1");
  CHECK(fleet.acquire("user").version() == baseline);
}

TEST_CASE("fleet: a loader returns a model, or a pointer of either kind", "[serving][fleet]") {
  in_process_fleet by_value{baseline, 2, [](const model_version& v) { return model{v.version()}; }};
  in_process_fleet by_unique{
      baseline, 2, [](const model_version& v) { return std::make_unique<model>(v.version()); }};
  in_process_fleet by_shared{baseline, 2, model_store{}, in_process_options<model>{}};

  static_assert(std::is_same_v<decltype(by_value), fleet>);
  static_assert(std::is_same_v<decltype(by_unique), fleet>);
  static_assert(std::is_same_v<decltype(by_shared), fleet>);
  CHECK(by_value.acquire("user").predict("x") == "1");
  CHECK(by_unique.acquire("user").predict("x") == "1");
}

TEST_CASE("fleet: what it does not know it refuses, by name", "[serving][fleet][errors]") {
  CHECK_THROWS_WITH((fleet{baseline, 0, model_store{}}),
                    "fleet: servers must be at least 1, got 0");
  CHECK_THROWS_WITH((fleet{model_version{"fraud", "broken"}, 1, model_store{}}),
                    "file is truncated");
  fleet fleet{baseline, 2, model_store{}};
  const server_id unknown{"server-3"};

  CHECK_THROWS_WITH(fleet.servers("spam"), "fleet: model must be fraud, got spam");
  CHECK_THROWS_WITH(fleet.split("spam"), "fleet: model must be fraud, got spam");
  CHECK_THROWS_WITH(run(fleet.deploy({"spam", "1"})), "fleet: model must be fraud, got spam");
  CHECK_THROWS_WITH(run(fleet.update(first, {"spam", "1"})),
                    "fleet: model must be fraud, got spam");
  const std::string refusal = "fleet: server must be server-1 to server-2, got server-3";
  CHECK_THROWS_WITH(fleet.healthy(unknown), refusal);
  CHECK_THROWS_WITH(fleet.set_rotation(unknown, false), refusal);
  CHECK_THROWS_WITH(run(fleet.update(unknown, candidate)), refusal);
  CHECK_THROWS_AS(fleet.healthy(unknown), hotswap::config_error);
}

TEST_CASE("fleet: requests are spread evenly over the servers, and each user has one of them",
          "[serving][fleet]") {
  fleet fleet{baseline, 4, model_store{}};

  const auto places = servers_of(fleet, 10'000);

  CHECK(servers_of(fleet, 10'000) == places);
  std::map<std::uint32_t, int> users;
  for (const std::uint32_t each : places) ++users[each];
  REQUIRE(users.size() == 4);
  for (const auto& [place, count] : users) {
    CHECK(count > 2'500 - 174);  // four standard errors: sqrt(10'000 * 0.25 * 0.75) = 43.3
    CHECK(count < 2'500 + 174);
  }
}

TEST_CASE("fleet: out of rotation, a server gets no request, and only its own users move",
          "[serving][fleet]") {
  fleet fleet{baseline, 4, model_store{}};
  const auto before = servers_of(fleet, 4'000);

  fleet.set_rotation(second, false);
  fleet.set_rotation(second, false);
  const auto without = servers_of(fleet, 4'000);

  std::set<std::uint32_t> taken_over_by;
  std::size_t moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != without[i] && before[i] != 1) ++moved;
    if (before[i] == 1) taken_over_by.insert(without[i]);
  }
  CHECK(moved == 0);
  CHECK(taken_over_by == std::set<std::uint32_t>{0, 2, 3});
  CHECK(fleet.healthy(second));

  fleet.set_rotation(second, true);
  CHECK(servers_of(fleet, 4'000) == before);
}

TEST_CASE("fleet: the last server in rotation can neither leave it nor be updated",
          "[serving][fleet][errors]") {
  fleet fleet{baseline, 2, model_store{}};
  fleet.set_rotation(first, false);

  CHECK_THROWS_WITH(
      fleet.set_rotation(second, false),
      "fleet: server must not be the last in rotation when it is taken out of it, got server-2");
  CHECK_THROWS_WITH(
      run(fleet.update(second, candidate)),
      "fleet: server must not be the last in rotation when it is updated, got server-2");

  CHECK(fleet.acquire("user").predict("x") == "1");
  run(fleet.update(first, candidate));
  fleet.set_rotation(first, true);
  run(fleet.update(second, candidate));
  CHECK(fleet.split("fraud") == traffic_split::all_to(candidate));
}

TEST_CASE("fleet: an update replaces what one server runs, and leaves the others alone",
          "[serving][fleet]") {
  model_store store;
  fleet fleet{baseline, 4, store};
  const std::string of_first = user_of(fleet, 0);
  const std::string of_second = user_of(fleet, 1);

  run(fleet.update(first, candidate));
  run(fleet.update(first, candidate));

  CHECK(fleet.acquire(of_first).predict("x") == "2");
  CHECK(fleet.acquire(of_first).version() == candidate);
  CHECK(fleet.acquire(of_second).predict("x") == "1");
  CHECK(*store.loads == 2);
  CHECK(fleet.healthy(first));
}

TEST_CASE("fleet: out of rotation, an updated server stays there until it is put back",
          "[serving][fleet]") {
  fleet fleet{baseline, 2, model_store{}};
  const std::string of_first = user_of(fleet, 0);
  fleet.set_rotation(first, false);

  run(fleet.update(first, candidate));
  CHECK(fleet.healthy(first));
  CHECK(fleet.acquire(of_first).predict("x") == "1");

  fleet.set_rotation(first, true);
  CHECK(fleet.acquire(of_first).predict("x") == "2");
}

TEST_CASE("fleet: the split is the part of the servers in rotation that run a version",
          "[serving][fleet]") {
  fleet fleet{baseline, 3, model_store{}};
  run(fleet.update(first, candidate));
  CHECK(fleet.split("fraud") ==
        traffic_split::between(baseline, candidate, share::basis_points(3'334)));

  fleet.set_rotation(second, false);
  CHECK(fleet.split("fraud") == traffic_split::between(baseline, candidate, 50_pct));

  fleet.set_rotation(first, false);
  fleet.set_rotation(second, true);
  CHECK(fleet.split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("fleet: the split can be confirmed, and not changed", "[serving][fleet][errors]") {
  fleet fleet{baseline, 2, model_store{}};

  CHECK_NOTHROW(fleet.set_split(traffic_split::all_to(baseline)));
  CHECK_THROWS_WITH(fleet.set_split(traffic_split::all_to(candidate)),
                    "fleet: split must be what its servers run, 100 % fraud@1, got 100 % fraud@2");
  CHECK_THROWS_WITH(fleet.set_split(traffic_split::all_to({"spam", "1"})),
                    "fleet: model must be fraud, got spam");
}

TEST_CASE("fleet: an update waits for the server's requests, which keep their model",
          "[serving][fleet]") {
  fleet fleet{baseline, 2, model_store{}};
  const std::string of_first = user_of(fleet, 0);
  std::optional<lease<model>> request{fleet.acquire(of_first)};
  const auto of_second = fleet.acquire(user_of(fleet, 1));  // waits for no other server's

  const pending update{fleet.update(first, candidate)};

  CHECK_FALSE(update.ended());
  CHECK_FALSE(fleet.healthy(first));
  CHECK(request->predict("x") == "1");
  CHECK(fleet.acquire(of_first).arm().index == 1);
  CHECK(fleet.split("fraud") == traffic_split::all_to(baseline));

  request.reset();
  CHECK(update.ended());
  CHECK(fleet.healthy(first));
  CHECK(fleet.acquire(of_first).predict("x") == "2");
}

TEST_CASE("fleet: a version that cannot be loaded leaves the server as it was",
          "[serving][fleet][errors]") {
  fleet fleet{baseline, 2, model_store{}};
  const std::string of_first = user_of(fleet, 0);

  CHECK_THROWS_WITH(run(fleet.update(first, {"fraud", "broken"})), "file is truncated");

  CHECK(fleet.healthy(first));
  CHECK(fleet.acquire(of_first).arm().index == 0);
  CHECK(fleet.acquire(of_first).predict("x") == "1");
}

TEST_CASE("fleet: an update back while the server drains lets it go on, and the first one says so",
          "[serving][fleet][errors]") {
  model_store store;
  fleet fleet{baseline, 2, store};
  const std::string of_first = user_of(fleet, 0);
  std::optional<lease<model>> request{fleet.acquire(of_first)};
  pending update{fleet.update(first, candidate)};

  run(fleet.update(first, baseline));

  CHECK(update.ended());
  CHECK_THROWS_WITH(update.take(),
                    "platform: version must stay removed until it is drained, got fraud@1 deployed "
                    "again");
  CHECK(fleet.healthy(first));
  CHECK(fleet.acquire(of_first).arm().index == 0);
  request.reset();
  CHECK(fleet.acquire(of_first).predict("x") == "1");
  CHECK(*store.loads == 2);
}

TEST_CASE("fleet: of two updates that wait for the same requests, the latest started wins",
          "[serving][fleet][errors]") {
  fleet fleet{baseline, 2, model_store{}};
  const std::string of_first = user_of(fleet, 0);
  std::optional<lease<model>> request{fleet.acquire(of_first)};
  pending overtaken{fleet.update(first, candidate)};
  const pending latest{fleet.update(first, {"fraud", "3"})};

  request.reset();

  CHECK(latest.ended());
  CHECK(fleet.acquire(of_first).predict("x") == "3");
  CHECK(overtaken.ended());
  CHECK_THROWS_WITH(overtaken.take(),
                    "fleet: update must be the latest of its server, got one of server-1 that "
                    "another has overtaken");
}

TEST_CASE("fleet: an update that is overtaken while it loads changes nothing",
          "[serving][fleet][errors]") {
  std::optional<fleet> serving;
  std::function<void()> meanwhile = [] {};
  const auto load = [&meanwhile](const model_version& version) {
    if (version == candidate) meanwhile();
    return std::make_shared<const model>(version.version());
  };
  serving.emplace(baseline, 2, load);
  meanwhile = [&] { run(serving->update(first, baseline)); };

  CHECK_THROWS_WITH(run(serving->update(first, candidate)),
                    "fleet: update must be the latest of its server, got one of server-1 that "
                    "another has overtaken");

  CHECK(serving->healthy(first));
  CHECK(serving->split("fraud") == traffic_split::all_to(baseline));
}

TEST_CASE("fleet: a server that is updated again runs what it ran before, and counts on",
          "[serving][fleet]") {
  fleet fleet{baseline, 2, model_store{}};
  const std::string of_first = user_of(fleet, 0);
  fleet.acquire(of_first).predict("x");
  for (int round = 0; round < 3; ++round) {
    run(fleet.update(first, candidate));
    CHECK(fleet.acquire(of_first).predict("x") == "2");
    run(fleet.update(first, baseline));
    CHECK(fleet.acquire(of_first).predict("x") == "1");
  }

  CHECK(fleet.totals(candidate).requests == 3);
  CHECK(fleet.totals(baseline).requests == 4);
}

TEST_CASE("fleet: servers share the model of a version, which is loaded once", "[serving][fleet]") {
  const int alive = model::alive;
  model_store store;
  fleet fleet{baseline, 4, store};

  run(fleet.deploy(candidate));
  run(fleet.deploy(candidate));
  for (const server_id& each : fleet.servers("fraud")) run(fleet.update(each, candidate));

  CHECK(*store.loads == 2);
  CHECK(model::alive == alive + 2);
  CHECK(fleet.split("fraud") == traffic_split::all_to(candidate));
}

TEST_CASE("fleet: removing a version that no server runs drops its model", "[serving][fleet]") {
  const int alive = model::alive;
  fleet fleet{baseline, 2, model_store{}};
  run(fleet.update(first, candidate));
  run(fleet.update(second, candidate));
  CHECK(model::alive == alive + 2);

  fleet.remove(baseline);
  fleet.remove(baseline);
  fleet.remove({"fraud", "never-deployed"});

  CHECK(model::alive == alive + 1);
}

TEST_CASE("fleet: what a server runs, or drains, cannot be removed", "[serving][fleet][errors]") {
  fleet fleet{baseline, 2, model_store{}};
  run(fleet.update(first, candidate));
  const std::string message = "fleet: version must run on no server when it is removed, got ";
  CHECK_THROWS_WITH(fleet.remove(candidate), message + "fraud@2 on server-1");
  CHECK_THROWS_WITH(fleet.remove(baseline), message + "fraud@1 on server-2");

  std::optional<lease<model>> request{fleet.acquire(user_of(fleet, 1))};
  const pending update{fleet.update(second, candidate)};
  CHECK_THROWS_WITH(fleet.remove(baseline), message + "fraud@1 on server-2");

  request.reset();
  CHECK(update.ended());
  CHECK_NOTHROW(fleet.remove(baseline));
}

TEST_CASE("fleet: what is removed while a server is updated to it is deployed again",
          "[serving][fleet]") {
  model_store store;
  fleet fleet{baseline, 2, store};
  std::optional<lease<model>> request{fleet.acquire(user_of(fleet, 0))};
  const pending update{fleet.update(first, candidate)};
  fleet.remove(candidate);

  request.reset();

  CHECK(update.ended());
  run(fleet.update(second, candidate));
  CHECK(*store.loads == 2);
}

TEST_CASE("fleet: warming up does what it is told to the deployed model",
          "[serving][fleet][errors]") {
  std::vector<std::string> warmed;
  in_process_options<model> options;
  options.warm_up = [&warmed](const model& loaded, const model_version& version) {
    warmed.push_back(loaded.predict("x") + " is " + version.version());
  };
  fleet fleet{baseline, 2, model_store{}, options};

  CHECK_THROWS_WITH(run(fleet.warm_up(candidate)),
                    "fleet: version must be deployed before it is warmed up, got fraud@2");
  run(fleet.deploy(candidate));
  run(fleet.warm_up(candidate));
  CHECK(warmed == std::vector<std::string>{"2 is 2"});
}

TEST_CASE("fleet: a server is healthy if it can answer and the options agree", "[serving][fleet]") {
  in_process_options<model> options;
  options.healthy = [](const model& loaded, const model_version& version) {
    return loaded.predict("x") == version.version() && version != candidate;
  };
  fleet fleet{baseline, 2, model_store{}, options};
  run(fleet.update(first, candidate));

  CHECK_FALSE(fleet.healthy(first));
  CHECK(fleet.healthy(second));
}

TEST_CASE("fleet: its metrics are those of a version in a window, on all servers",
          "[serving][fleet]") {
  fleet fleet{baseline, 3, model_store{}};
  hotswap::virtual_clock clock;
  const auto begin = clock.now();
  fleet.acquire("user").predict("x");
  clock.run(fleet.metrics().collect(baseline, {begin, begin}));
  for (int i = 0; i < 30; ++i) fleet.acquire(user(i)).predict("x");
  CHECK_THROWS(fleet.acquire("user").predict("bad"));
  fleet.record_label(baseline, true);

  const auto seen = clock.run(fleet.metrics().collect(baseline, {begin, begin + 10s}));

  CHECK(seen.requests == 31);
  CHECK(seen.errors == 1);
  CHECK(seen.accuracy == proportion{1, 1});
  CHECK(fleet.totals(baseline).requests == 32);
}

TEST_CASE("fleet: a request needs no memory", "[serving][fleet]") {
  fleet fleet{baseline, 4, model_store{}};
  const std::string key(200, 'k');
  fleet.acquire(key).record({.latency = 1ms});  // the first record of a thread takes its slot

  const std::size_t before = allocations;
  fleet.acquire(key).record({.latency = 1ms});
  const std::size_t after = allocations;

  CHECK(after == before);
}

TEST_CASE("fleet: with a pool, models are loaded on its threads", "[serving][fleet][threads]") {
  hotswap::thread_pool pool{1};
  std::thread::id warmed_on;
  in_process_options<model> options;
  options.pool = &pool;
  options.warm_up = [&warmed_on](const model&, const model_version&) {
    warmed_on = std::this_thread::get_id();
  };
  model_store store;
  fleet fleet{baseline, 2, store, options};
  hotswap::event_loop loop;

  loop.run(fleet.deploy(candidate));
  loop.run(fleet.warm_up(candidate));
  loop.run(fleet.update(first, {"fraud", "3"}));

  CHECK(*store.thread != std::this_thread::get_id());
  CHECK(warmed_on == *store.thread);
  CHECK_THROWS_WITH(loop.run(fleet.update(first, {"fraud", "broken"})), "file is truncated");
}

TEST_CASE("fleet: under traffic, servers are updated one by one, and no request meets an update",
          "[serving][fleet][threads]") {
  fleet fleet{baseline, 3, model_store{}};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> served{0};
  std::vector<std::thread> requests;
  for (int i = 0; i < 2; ++i) {
    requests.emplace_back([&, i] {
      for (int n = 0; !done; ++n) {
        const auto lease = fleet.acquire(user(2 * n + i));
        const std::string answer = lease.predict("x");
        if (answer != lease.version().version()) ++wrong;
        ++served;
      }
    });
  }

  hotswap::event_loop loop;
  for (int round = 0; round < 50; ++round) {
    const model_version& next = round % 2 == 0 ? candidate : baseline;
    const model_version& last = round % 2 == 0 ? baseline : candidate;
    for (const server_id& each : fleet.servers("fraud")) {
      const bool takes_out = round % 4 < 2;
      if (takes_out) fleet.set_rotation(each, false);
      loop.run(fleet.update(each, next));
      if (takes_out) fleet.set_rotation(each, true);
      const std::uint64_t so_far = served;
      while (served < so_far + 3) std::this_thread::yield();
    }
    CHECK(fleet.split("fraud") == traffic_split::all_to(next));
    CHECK_NOTHROW(fleet.remove(last));
  }
  done = true;
  for (std::thread& each : requests) each.join();

  CHECK(wrong == 0);
  CHECK(fleet.totals(baseline).requests + fleet.totals(candidate).requests == served);
}
