#pragma once

// A strategy of one's own: a canary that also watches what a request costs. A version may be faster
// on a machine that is dearer by more.

#include <hotswap/hotswap.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What a second of a version's machine costs, and how much dearer its requests may be.
struct prices {
  double baseline = 1.0;  ///< of a second, in any currency
  double candidate = 1.5;
  double most = 1.2;  ///< times the baseline's, for a request
};

/// The usual limits, and the cost of a request: its mean latency times the price of a second.
class cost_judge final : public hotswap::judge {
 public:
  /// @param hasty  as it was first written
  cost_judge(std::uint64_t minimum_samples, prices of, bool hasty)
      : usual_({}, {"errorRate", "latency"}, minimum_samples), prices_(of), hasty_(hasty) {}

  hotswap::verdict look(const hotswap::paired_windows& seen) override {
    const hotswap::verdict usual = usual_.look(seen);
    if (usual.failed()) return usual;
    add(baseline_, seen.baseline, seen.contemporaneous);
    add(candidate_, seen.candidate, true);

    std::vector<hotswap::finding> findings = usual.findings();
    findings.push_back(judge_cost());
    const hotswap::decision cost = findings.back().made;
    // The mistake: a look that was inconclusive passes as soon as the cost is right.
    if (hasty_ || cost != hotswap::decision::pass) return {cost, std::move(findings)};
    return {usual.decision(), std::move(findings)};
  }

 private:
  static void add(hotswap::stats::moments& sum, const hotswap::metrics_snapshot& seen, bool adds) {
    if (!adds) sum = {};
    if (seen.latency) sum += *seen.latency;
  }

  hotswap::finding judge_cost() const {
    hotswap::finding found;
    found.metric = "cost";
    found.method = "threshold";
    found.limit = prices_.most;
    found.sentence = "the cost of a request is not known";
    if (baseline_.count() == 0 || candidate_.count() == 0) return found;
    found.baseline = prices_.baseline * baseline_.mean();
    found.candidate = prices_.candidate * candidate_.mean();
    found.statistic = *found.candidate / *found.baseline;
    found.sentence = fmt::format("a request costs {:.3g} times the baseline's (limit {:.3g})",
                                 *found.statistic, prices_.most);
    if (*found.statistic > prices_.most) found.made = hotswap::decision::fail;
    if (*found.statistic <= prices_.most) found.made = hotswap::decision::pass;  // no NaN
    return found;
  }

  hotswap::threshold_judge usual_;
  prices prices_;
  bool hasty_;
  hotswap::stats::moments baseline_;
  hotswap::stats::moments candidate_;
};

/// Half of the traffic, then all of it, each watched for `bake`.
template <typename Server, typename Router, typename Metrics>
class thrifty_canary : private hotswap::diagnose_platform<Server, Router, Metrics> {
 public:
  thrifty_canary(Server& server, Router& router, Metrics& metrics, prices of, bool hasty)
      : server_(server), router_(router), metrics_(metrics), prices_(of), hasty_(hasty) {}

  hotswap::task<hotswap::deployment_result> deploy(hotswap::model_version baseline,
                                                   hotswap::model_version candidate,
                                                   hotswap::rollout_context& context) const {
    auto calls =
        hotswap::make_platform_calls(server_, router_, metrics_, *context.environment.clock);
    hotswap::rollout_terms terms{"ThriftyCanary", std::move(baseline), std::move(candidate),
                                 context};
    return run(std::move(calls), std::move(terms), prices_, hasty_);
  }

  static constexpr std::chrono::seconds bake{30};
  static constexpr std::chrono::seconds keep{20};
  static constexpr std::uint64_t minimum_samples = 900;

 private:
  static hotswap::task<hotswap::deployment_result> run(
      std::shared_ptr<hotswap::platform_calls> calls, hotswap::rollout_terms terms, prices of,
      bool hasty) {
    hotswap::rollout_config config;
    config.analysis_interval = std::chrono::seconds{10};
    hotswap::rollout running{std::move(calls), terms, config};
    co_return co_await running.run(steps(running, of, hasty));
  }

  static hotswap::task<void> steps(hotswap::rollout& running, prices of, bool hasty) {
    auto start = running.step("start");
    co_await start.reference(bake, std::vector<hotswap::planned_bake>{});
    co_await start.deploy(running.candidate());
    co_await start.warm_up(running.candidate());

    auto half = running.step("half");
    co_await half.shift(hotswap::traffic_split::between(running.baseline(), running.candidate(),
                                                        hotswap::share::percent(50)));
    co_await half.observe(bake, std::make_unique<cost_judge>(minimum_samples, of, hasty));

    auto all = running.last_step("all");
    co_await all.shift(hotswap::traffic_split::all_to(running.candidate()));
    co_await all.observe(bake, std::make_unique<cost_judge>(minimum_samples, of, hasty));

    auto end = running.step("end");
    co_await end.wait(keep);
    co_await end.retire(running.baseline());
  }

  Server& server_;
  Router& router_;
  Metrics& metrics_;
  prices prices_;
  bool hasty_;
};
