#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_terms.hpp>

#include "support/catch.hpp"
#include "support/simulated_service.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace {

using hotswap::config_error;
using hotswap::deployment_status;
using hotswap::reason_code;
using hotswap::traffic_split;
using namespace std::chrono_literals;

/// A strategy of somebody's own, whose steps throw.
class mistaken_strategy {
 public:
  using mistake = std::function<void()>;

  explicit mistaken_strategy(simulated_service& service) : service_(service) {}

  mistake before_anything = [] {};
  mistake after_a_shift = [] {};
  std::chrono::minutes wait_after_the_commit{0};

  hotswap::task<hotswap::deployment_result> deploy(hotswap::model_version baseline,
                                                   hotswap::model_version candidate,
                                                   hotswap::rollout_context& context) const {
    auto calls =
        hotswap::make_platform_calls(service_, service_, service_, *context.environment.clock);
    return run(std::move(calls), {"Mistaken", std::move(baseline), std::move(candidate), context},
               before_anything, after_a_shift, wait_after_the_commit);
  }

 private:
  static hotswap::task<hotswap::deployment_result> run(
      std::shared_ptr<hotswap::platform_calls> calls, hotswap::rollout_terms terms, mistake before,
      mistake after, std::chrono::minutes wait) {
    const hotswap::rollout_config config;
    hotswap::rollout running{std::move(calls), terms, config};
    co_return co_await running.run(steps(running, before, after, wait));
  }

  static hotswap::task<> steps(hotswap::rollout& running, const mistake& before,
                               const mistake& after, std::chrono::minutes wait) {
    auto start = running.step("start");
    before();
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());
    auto step = running.last_step("all");
    co_await step.shift(traffic_split::between(running.baseline(), running.candidate(),
                                               hotswap::share::percent(20)));
    after();
    co_await step.commit();
    if (wait > wait.zero()) co_await step.wait(wait);
  }

  simulated_service& service_;
};

}  // namespace

TEST_CASE("what a strategy's own step throws rolls back, and is the reason", "[rollout]") {
  simulated_rollout<> world;
  mistaken_strategy strategy{world.service};
  const auto run = [&] {
    return world.clock.run(strategy.deploy(world.baseline, world.candidate, world.context()));
  };
  const auto check_back = [&](const hotswap::deployment_result& result, const char* reason) {
    CHECK(result.status() == deployment_status::rolled_back);
    CHECK(result.reason_code() == reason_code::failed);
    CHECK(result.reason() == reason);
    CHECK(world.service.in_force() == traffic_split::all_to(world.baseline));
    CHECK(world.broken_promises(result) == nothing);
  };

  SECTION("a std::exception") {
    strategy.after_a_shift = [] { throw std::out_of_range("there is no such arm"); };
    check_back(run(), "there is no such arm");
  }
  SECTION("what is none") {
    strategy.after_a_shift = [] { throw 42; };
    check_back(run(), "an exception that is no std::exception");
  }
  SECTION("a config_error") {
    strategy.after_a_shift = [] { throw config_error("/steps", "must rise, got 5"); };
    check_back(run(), "/steps: must rise, got 5");
  }
  SECTION("a config_error before anything is touched: it is rejected") {
    strategy.before_anything = [] { throw config_error("/steps", "must rise, got 5"); };
    const auto result = run();

    CHECK(result.status() == deployment_status::rejected);
    CHECK(result.reason_code() == reason_code::failed);
    CHECK(result.reason() == "/steps: must rise, got 5");
    CHECK(world.service.changes().empty());
  }
}

TEST_CASE("a step that waits after the commit ends, whatever people ask for meanwhile",
          "[rollout]") {
  simulated_rollout<> world;
  mistaken_strategy strategy{world.service};
  strategy.wait_after_the_commit = 30min;
  const auto begun = world.clock.steady_now();
  world.at(20min, [&] { world.control().pause("bob", "let me see"); });  // too late
  const auto result =
      world.clock.run(strategy.deploy(world.baseline, world.candidate, world.context()));

  CHECK(result.status() == deployment_status::succeeded);
  CHECK(world.clock.steady_now() - begun >= 30min);
  CHECK(world.clock.steady_now() - begun < 31min);
}

TEST_CASE("a member that throws a config_error is not called again", "[rollout]") {
  simulated_rollout<> world;
  world.service.distort = [](const auto&, const auto&, auto&) {
    throw config_error("/query", "must name a metric, got \"\"");
  };
  const auto result = world.run();

  CHECK(result.status() == deployment_status::rejected);
  CHECK(result.reason() == "/query: must name a metric, got \"\"");
  CHECK(world.service.count("collect") == 1);
}
