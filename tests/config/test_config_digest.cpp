// What config_digest promises: each key that is set counts, and nothing else does.

#include <hotswap/config/default_strategy.hpp>
#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/config/to_json.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/strategies/config_digest.hpp>

#include "config/random_config.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <concepts>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

using namespace std::chrono_literals;
using namespace hotswap::literals;
using hotswap::config_digest;

namespace {

constexpr std::string_view of_nothing = "cbf29ce484222325";

void change(bool& field) {
  field = !field;
}
void change(double& field) {
  field /= 2;
}
void change(std::string& field) {
  field += "x";
}
void change(std::chrono::milliseconds& field) {
  field += 1ms;
}
void change(hotswap::share& field) {
  field = hotswap::share::basis_points((field.basis_points() + 1) % 10'001);
}
void change(std::vector<std::string>& field) {
  field.emplace_back("dataDrift");
}
void change(std::map<std::string, std::string>& field) {
  field["team"] = "risk";
}
void change(std::vector<hotswap::canary_step>& field) {
  field.insert(field.begin(), 1_pct);
}
void change(
    std::variant<std::monostate, hotswap::blue_green_config, hotswap::canary_config>& field) {
  field = hotswap::canary_config{};
}
template <typename Value>
  requires std::integral<Value> || std::is_enum_v<Value>
void change(Value& field) {
  field = static_cast<Value>(static_cast<int>(field) + 1);
}
template <typename Value>
void change(std::optional<Value>& field) {
  field = Value{};
}

/// Visits a config's keys and changes the one with the given number.
class key_changer {
 public:
  explicit key_changer(std::size_t which) : which_(which) {}

  template <typename Field, typename Rule>
  void operator()(std::string_view key, Field& field, const Rule&) {
    if constexpr (std::same_as<Rule, hotswap::rule::section>) {
      describe(*this, field);
    } else if (which_-- == 0) {
      change(field);
      changed = key;
    }
  }

  std::string_view changed;

 private:
  std::size_t which_;
};

/// The digests of `config` with each of its keys changed alone.
template <typename Config>
std::vector<std::string> digests_of_changes(const Config& config) {
  std::vector<std::string> digests;
  for (std::size_t i = 0;; ++i) {
    Config other = config;
    key_changer changer{i};
    describe(changer, other);
    if (changer.changed.empty()) return digests;
    CAPTURE(changer.changed);
    CHECK_FALSE(other == config);
    CHECK(config_digest(other) != config_digest(config));
    digests.push_back(config_digest(other));
  }
}

template <typename Config>
void check_each_key(std::size_t keys) {
  const std::vector<std::string> digests = digests_of_changes(Config{});

  CHECK(digests.size() == keys);
  CHECK(std::set<std::string>(digests.begin(), digests.end()).size() == digests.size());
}

template <typename Change>
std::string digest_of_canary(Change change) {
  hotswap::canary_config config;
  change(config);
  return config_digest(config);
}

}  // namespace

TEST_CASE("config_digest: a config with its defaults has the digest of nothing",
          "[config][config_digest]") {
  CHECK(config_digest(hotswap::canary_config{}) == of_nothing);
  CHECK(config_digest(hotswap::blue_green_config{}) == of_nothing);
  CHECK(config_digest(hotswap::ab_test_config{}) == of_nothing);
  CHECK(config_digest(hotswap::shadow_config{}) == of_nothing);
  CHECK(config_digest(hotswap::rolling_config{}) == of_nothing);
}

TEST_CASE("config_digest: each key, changed alone, makes a digest of its own",
          "[config][config_digest]") {
  const std::size_t common = 19 + 5 + 3 + 8;  // of rollbackThresholds, limits and deadlines, too

  check_each_key<hotswap::canary_config>(common + 4);
  check_each_key<hotswap::blue_green_config>(common + 3);
  check_each_key<hotswap::ab_test_config>(common + 8);
  check_each_key<hotswap::shadow_config>(common + 3 + 3 + 1);
  check_each_key<hotswap::rolling_config>(common + 6);
}

TEST_CASE("config_digest: each key under then counts, and so does its strategy",
          "[config][config_digest]") {
  std::set<std::string> digests;
  std::size_t all = 1;
  const auto add = [&](const auto& then) {
    hotswap::shadow_config shadow;
    shadow.then = then;
    digests.insert(config_digest(shadow));
    ++all;
  };
  const auto add_changes = [&](const auto& config) {
    for (std::size_t i = 0;; ++i) {
      auto other = config;
      key_changer changer{i};
      describe(changer, other);
      if (changer.changed.empty()) break;
      add(other);
    }
  };
  digests.insert(config_digest(hotswap::shadow_config{}));

  add(hotswap::blue_green_config{});
  add(hotswap::canary_config{});
  add_changes(hotswap::blue_green_config{});
  add_changes(hotswap::canary_config{});

  CHECK(all > 70);
  CHECK(digests.size() == all);
}

TEST_CASE("config_digest: each key of a step counts, and so does its place",
          "[config][config_digest]") {
  const std::set<std::string> digests = {
      digest_of_canary([](auto&) {}),
      digest_of_canary([](auto& c) { c.steps = {10_pct, 50_pct, 100_pct}; }),
      digest_of_canary([](auto& c) { c.steps = {10_pct, 25_pct, 50_pct, 75_pct, 100_pct}; }),
      digest_of_canary([](auto& c) { c.steps[1].share = 30_pct; }),
      digest_of_canary([](auto& c) { c.steps[1].duration = 10min; }),
      digest_of_canary([](auto& c) { c.steps[1].duration = 11min; }),
      digest_of_canary([](auto& c) { c.steps[2].duration = 10min; }),
      digest_of_canary([](auto& c) { c.steps[1].minimum_samples = 1'000; }),
      digest_of_canary([](auto& c) { c.steps[1].approval = true; }),
      digest_of_canary([](auto& c) { c.steps[2].approval = true; }),
  };

  CHECK(digests.size() == 10);
}

TEST_CASE("config_digest: texts cannot pass for other texts", "[config][config_digest]") {
  const std::set<std::string> digests = {
      digest_of_canary([](auto& c) { c.labels = {{"a", "b"}, {"c", "d"}}; }),
      digest_of_canary([](auto& c) { c.labels = {{"a", "b1:c1:d"}}; }),
      digest_of_canary([](auto& c) { c.labels = {{"a", "bc"}, {"d", ""}}; }),
      digest_of_canary([](auto& c) { c.name = "a\n/description=1:b"; }),
      digest_of_canary([](auto& c) {
        c.name = "a";
        c.description = "b";
      }),
      digest_of_canary([](auto& c) { c.required_metrics = {"errorRate"}; }),
      digest_of_canary([](auto& c) { c.required_metrics = {"error", "Rate"}; }),
      digest_of_canary([](auto& c) { c.required_metrics = {"latency", "errorRate"}; }),
      digest_of_canary([](auto& c) { c.required_metrics = {}; }),
  };

  CHECK(digests.size() == 9);
}

TEST_CASE("config_digest: is the same for equal configs, different for different ones",
          "[config][config_digest]") {
  config_tests::random_configs random{20260202};
  std::map<std::string, hotswap::strategy_config> seen;

  for (int i = 0; i < 1'000; ++i) {
    const hotswap::strategy_config config = random.next();
    const auto digest = [](const auto& each) { return config_digest(each); };
    const std::string own = std::visit(digest, config);
    REQUIRE(std::visit(digest, hotswap::parse_strategy(hotswap::to_json(config))) == own);
    const auto [place, is_new] = seen.emplace(own, config);
    REQUIRE((is_new || place->second == config));
  }
}

TEST_CASE("config_digest: what was written in an earlier version is recognised",
          "[config][config_digest]") {
  const auto digest = [](std::string_view json) {
    return std::visit([](const auto& each) { return config_digest(each); },
                      hotswap::parse_strategy(json));
  };

  // FNV-1a of "/attempts=5\n"
  CHECK(digest(R"({"strategy": "Canary", "attempts": 5})") == "70995bcec2acb00c");
  // ... of "/minReady=60000 ms\n/name=1:x\n"
  CHECK(digest(R"({"strategy": "Rolling", "name": "x", "minReady": "PT1M"})") ==
        "fc040e0ca3980230");
  // ... of "/then=blueGreen\n/then/keepBlueDuration=0 ms\n"
  CHECK(digest(R"({"strategy": "Shadow", "promote": "blueGreen",
                   "then": {"keepBlueDuration": "PT0S"}})") == "08a45d41f4e61c32");
  // ... of "/holdback=500 bp\n/rollbackThresholds/errorRateIncrease=0.005\n
  //         /steps=[/share=500 bp;][/approval=true;/duration=3600000 ms;/share=10000 bp;]\n"
  CHECK(digest(R"({"strategy": "Canary", "holdback": 5,
                   "steps": [5, {"share": 100, "approval": true, "duration": "PT1H"}],
                   "rollbackThresholds": {"errorRateIncrease": 0.005}})") == "2307807e293c64f1");
}
