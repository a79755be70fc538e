// A document decides at run time which strategy moves the traffic, as far as the platform's types
// can serve it.

#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/config/deploy.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using hotswap::model_version;

// not unnamed: g++ 12 warns of coroutines over types of an unnamed namespace
namespace deploy_tests {

struct plain_server {
  void deploy(const model_version&) {}
  void warm_up(const model_version&) {}
  void remove(const model_version& version) { removed.push_back(to_string(version)); }

  std::vector<std::string> removed;
};

struct tested_server : plain_server {
  hotswap::smoke_test_report smoke_test(const model_version&, std::size_t wanted) {
    hotswap::smoke_test_report report;
    report.samples = samples = wanted;
    return report;
  }

  std::size_t samples = 0;
};

struct listed_servers : plain_server {
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
};

struct updated_servers : listed_servers {
  void update(const hotswap::server_id&, const model_version&) {}
};

struct fleet : plain_server {
  std::vector<hotswap::server_id> servers(const std::string&) {
    return {hotswap::server_id{"a"}, hotswap::server_id{"b"}};
  }
  void update(const hotswap::server_id& server, const model_version& version) {
    updated.push_back(server.name() + " to " + to_string(version));
  }
  bool healthy(const hotswap::server_id&) { return true; }

  std::vector<std::string> updated;
};

struct plain_router {
  void set_split(const hotswap::traffic_split& split) {
    candidate_shares.push_back(split.share_of({"fraud", "2"}).basis_points());
  }

  std::vector<int> candidate_shares;
};

struct mirroring_router : plain_router {
  void set_mirror(const model_version&, const model_version&, const hotswap::share& sampled) {
    mirrored.push_back(sampled.basis_points());
  }

  std::vector<int> mirrored;
};

/// 20 requests a second of every version, none of which fails.
struct plain_metrics {
  hotswap::metrics_snapshot collect(const model_version&, const hotswap::time_window& window) {
    hotswap::metrics_snapshot snapshot;
    const auto length = std::chrono::duration_cast<std::chrono::seconds>(window.duration());
    snapshot.requests = 20 * static_cast<std::uint64_t>(length.count());
    snapshot.latency = hotswap::stats::moments::from_summary(snapshot.requests, 0.02, 1e-6);
    return snapshot;
  }
};

struct comparing_metrics : plain_metrics {
  hotswap::divergence_snapshot divergence(const model_version&, const model_version&,
                                          const hotswap::time_window& window) {
    hotswap::divergence_snapshot snapshot;
    snapshot.compared = collect({"fraud", "2"}, window).requests;
    return snapshot;
  }
};

/// How the platform refuses the document; nothing of it may have been called.
template <typename Server, typename Router, typename Metrics>
std::string refused(Server server, Router router, Metrics metrics, std::string_view json) {
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto config = hotswap::parse_strategy(json);
  const auto refused = config_tests::refusal_of([&] {
    (void)hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context);
  });
  CHECK(refused.pointer == "/strategy");
  CHECK(router.candidate_shares.empty());
  return refused.message;
}

constexpr std::string_view blue_green = R"({"strategy": "BlueGreen"})";
constexpr std::string_view shadow = R"({"strategy": "Shadow"})";
constexpr std::string_view promoting =
    R"({"strategy": "Shadow", "promote": "blueGreen", "then": {}})";
constexpr std::string_view rolling = R"({"strategy": "Rolling"})";

}  // namespace deploy_tests

using namespace deploy_tests;

TEST_CASE("deploy: a canary's document moves the traffic step by step", "[config][deploy]") {
  plain_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto config = hotswap::parse_strategy(R"({"strategy": "Canary", "steps": [5, 50, 100]})");

  const auto result = clock.run(
      hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));

  CHECK(result.status() == hotswap::deployment_status::succeeded);
  CHECK(result.active() == model_version{"fraud", "2"});
  CHECK(router.candidate_shares == std::vector<int>{0, 500, 5'000, 10'000});
  CHECK(server.removed == std::vector<std::string>{"fraud@1"});
}

TEST_CASE("deploy: the config may die before the rollout starts", "[config][deploy]") {
  plain_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};

  auto rollout = hotswap::deploy(server, router, metrics, hotswap::canary_config{}, {"fraud", "1"},
                                 {"fraud", "2"}, context);
  const auto result = clock.run(std::move(rollout));

  CHECK(result.status() == hotswap::deployment_status::succeeded);
  CHECK(router.candidate_shares == std::vector<int>{0, 1'000, 2'500, 5'000, 10'000});
}

TEST_CASE("deploy: a document that needs more than the platform has names the member",
          "[config][deploy][errors]") {
  const std::string rule = "/strategy: must be one that the platform can serve, got ";
  const plain_server server;
  const plain_router router;
  const plain_metrics metrics;

  CHECK(refused(server, router, metrics, blue_green) ==
        rule + "BlueGreen, which needs a server with the member smoke_test");
  CHECK(refused(server, router, metrics, shadow) ==
        rule + "Shadow, which needs a router with the member set_mirror");
  CHECK(refused(server, mirroring_router{}, metrics, shadow) ==
        rule + "Shadow, which needs metrics with the member divergence");
  CHECK(refused(server, mirroring_router{}, comparing_metrics{}, promoting) ==
        rule + "Shadow, which needs a server with the member smoke_test");
  CHECK(refused(server, router, metrics, rolling) ==
        rule + "Rolling, which needs a server with the member servers");
  CHECK(refused(listed_servers{}, router, metrics, rolling) ==
        rule + "Rolling, which needs a server with the member update");
  CHECK(refused(updated_servers{}, router, metrics, rolling) ==
        rule + "Rolling, which needs a server with the member healthy of a server_id");
}

TEST_CASE("deploy: a blue-green document tries green, and switches", "[config][deploy]") {
  tested_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto config =
      hotswap::parse_strategy(R"({"strategy": "BlueGreen", "smokeTestSamples": 7})");

  const auto result = clock.run(
      hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));

  CHECK(result.status() == hotswap::deployment_status::succeeded);
  CHECK(server.samples == 7);
  CHECK(router.candidate_shares == std::vector<int>{0, 10'000});
  CHECK(server.removed == std::vector<std::string>{"fraud@1"});
}

TEST_CASE("deploy: a shadow's document mirrors, compares, and goes on if it says so",
          "[config][deploy]") {
  tested_server server;
  mirroring_router router;
  comparing_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};

  SECTION("with a report only") {
    const auto config = hotswap::parse_strategy(R"({"strategy": "Shadow", "sampleRate": 0.5})");
    const auto result = clock.run(
        hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));
    CHECK(result.reason_code() == hotswap::reason_code::validated);
    CHECK(result.active() == model_version{"fraud", "1"});
    CHECK(router.mirrored == std::vector<int>{5'000, 0});
    CHECK(router.candidate_shares == std::vector<int>{0});
    CHECK(server.removed == std::vector<std::string>{"fraud@2"});
  }
  SECTION("as blue-green") {
    const auto result =
        clock.run(hotswap::deploy(server, router, metrics, hotswap::parse_strategy(promoting),
                                  {"fraud", "1"}, {"fraud", "2"}, context));
    CHECK(result.reason_code() == hotswap::reason_code::promoted);
    CHECK(router.mirrored == std::vector<int>{10'000, 0});
    CHECK(router.candidate_shares == std::vector<int>{0, 10'000});
    CHECK(server.removed == std::vector<std::string>{"fraud@1"});
  }
}

TEST_CASE("deploy: an A/B test's document splits the traffic, and names a winner",
          "[config][deploy]") {
  plain_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto config = hotswap::parse_strategy(
      R"({"strategy": "ABTesting", "primaryMetric": "latency", "splitRatio": 0.4})");

  const auto result = clock.run(
      hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));

  CHECK(result.reason_code() == hotswap::reason_code::no_difference);
  CHECK(result.active() == model_version{"fraud", "1"});
  CHECK(router.candidate_shares == std::vector<int>{0, 4'000, 0});
}

TEST_CASE("deploy: a rolling document updates server after server", "[config][deploy]") {
  fleet servers;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto config = hotswap::parse_strategy(R"({"strategy": "Rolling"})");

  const auto result = clock.run(
      hotswap::deploy(servers, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));

  CHECK(result.status() == hotswap::deployment_status::succeeded);
  CHECK(servers.updated == std::vector<std::string>{"a to fraud@2", "b to fraud@2"});
  CHECK(router.candidate_shares.empty());
}

TEST_CASE("deploy: the first version of a model has no baseline, and is held to `limits`",
          "[config][deploy]") {
  tested_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const std::string strategy = GENERATE("Canary", "BlueGreen");

  SECTION("which it keeps") {
    const auto config = hotswap::parse_strategy(R"({"strategy": ")" + strategy + R"(", "limits":
      {"errorRate": 0.01, "latency": "PT0.05S"}})");
    const auto result =
        clock.run(hotswap::deploy(server, router, metrics, config, {"fraud", "2"}, context));
    CHECK(result.status() == hotswap::deployment_status::succeeded);
    CHECK(result.active() == model_version{"fraud", "2"});
    CHECK(router.candidate_shares == std::vector<int>{10'000});
    CHECK(server.samples == 100);
    CHECK(server.removed.empty());
  }
  SECTION("which it breaks: there is nothing to go back to") {
    const auto config = hotswap::parse_strategy(R"({"strategy": ")" + strategy + R"(", "limits":
      {"latency": "PT0.01S"}})");
    const auto result =
        clock.run(hotswap::deploy(server, router, metrics, config, {"fraud", "2"}, context));
    CHECK(result.status() == hotswap::deployment_status::rollback_failed);
    CHECK(result.active() == model_version{"fraud", "2"});
  }
}

TEST_CASE("deploy: a strategy that compares versions cannot deploy the first one",
          "[config][deploy][errors]") {
  tested_server server;
  mirroring_router router;
  comparing_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};

  const auto refused = config_tests::refusal_of([&] {
    (void)hotswap::deploy(server, router, metrics, hotswap::parse_strategy(shadow), {"fraud", "1"},
                          context);
  });
  CHECK(refused.message ==
        "/strategy: must be Canary or BlueGreen for the first deployment of a model, got Shadow");
}

TEST_CASE("deploy: the journal keeps the operator's text, or one that says the same",
          "[config][deploy]") {
  plain_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  const auto journal = context.environment.journal;
  const std::string text = R"({ "strategy": "Canary", "steps": [100] })";
  const hotswap::strategy_config config = hotswap::parse_strategy(text);
  const bool is_written = GENERATE(true, false);

  if (is_written) context.document = text;
  (void)clock.run(
      hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context));

  const auto records = clock.run(journal->load("fraud"));
  REQUIRE_FALSE(records.empty());
  const auto& opening =
      std::get<std::shared_ptr<const hotswap::opening_record>>(records.front().payload);
  CHECK((opening->document == text) == is_written);
  CHECK(hotswap::parse_strategy(opening->document) == config);
}

TEST_CASE("deploy: a config that was filled in C++ is held to its document's rules",
          "[config][deploy][errors]") {
  plain_server server;
  plain_router router;
  plain_metrics metrics;
  hotswap::virtual_clock clock;
  hotswap::rollout_context context{clock};
  hotswap::canary_config config;
  config.steps.clear();

  const auto refused = config_tests::refusal_of([&] {
    (void)hotswap::deploy(server, router, metrics, config, {"fraud", "1"}, {"fraud", "2"}, context);
  });

  CHECK(refused.message == "/steps: must end at 100, got an empty list");
}
