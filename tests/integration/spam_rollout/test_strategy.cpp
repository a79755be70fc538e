// The documents by which the example replaces its models.

#include <hotswap/config/parse_strategy.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

namespace {

hotswap::strategy_config document(const std::string& name) {
  std::ifstream input{std::filesystem::path{HOTSWAP_TESTS} / "../examples/spam_rollout" /
                      (name + ".json")};
  const std::string text{std::istreambuf_iterator<char>{input}, {}};
  return hotswap::parse_strategy(text);
}

hotswap::canary_config strategy() {
  return std::get<hotswap::canary_config>(document("canary"));
}

}  // namespace

TEST_CASE("documents of the example: each is of the strategy that its name says",
          "[integration][spam]") {
  CHECK(hotswap::strategy_name(document("canary")) == "Canary");
  CHECK(hotswap::strategy_name(document("shadow")) == "Shadow");
  CHECK(hotswap::strategy_name(document("blue_green")) == "BlueGreen");
  CHECK(hotswap::strategy_name(document("ab_test")) == "ABTesting");
  CHECK(hotswap::strategy_name(document("rolling")) == "Rolling");
}

TEST_CASE("canary.json: is a canary of 10, 25, 50 and 100 %, each version compared in each",
          "[integration][spam]") {
  using namespace hotswap::literals;
  const hotswap::canary_config config = strategy();

  REQUIRE(config.steps.size() == 4);
  CHECK(config.steps[0].share == 10_pct);
  CHECK(config.steps[1].share == 25_pct);
  CHECK(config.steps[2].share == 50_pct);
  CHECK(config.steps[3].share == 100_pct);
  CHECK(config.holdback > 0_pct);
}

TEST_CASE("canary.json: a bake brings the samples that it needs, and a tenth more",
          "[integration][spam]") {
  const hotswap::canary_config config = strategy();
  constexpr double rate = 2000;        // spam::traffic_options{}.rate
  constexpr double label_delay = 0.2;  // seconds; the first labels come then
  for (const hotswap::canary_step& step : config.steps) {
    INFO(step.share.basis_points() << " basis points");
    const bool is_last = &step == &config.steps.back();
    const hotswap::share candidate = is_last ? config.holdback.rest() : step.share;
    const int smaller = std::min(candidate.basis_points(), candidate.rest().basis_points());
    const std::chrono::duration<double> bake = step.duration.value();

    const double labels = rate * smaller / 10'000 * (bake.count() - label_delay);

    CHECK(labels >
          1.1 * static_cast<double>(step.minimum_samples.value_or(config.minimum_samples)));
  }
}

TEST_CASE("canary.json: with all its extensions it takes less than a minute",
          "[integration][spam]") {
  const hotswap::canary_config config = strategy();

  std::chrono::milliseconds longest = planned_waits(config);
  for (const hotswap::canary_step& step : config.steps) {
    longest += config.max_extensions * config.extension_of(step);
  }

  CHECK(longest < std::chrono::minutes{1});
}
