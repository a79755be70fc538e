// What a look says about its metrics.

#include <hotswap/report/metric_text.hpp>

#include "report/scripted_rollout.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using hotswap::decision;
using hotswap::metric_text;
using hotswap::metrics_of;

namespace {

/// name, baseline, candidate, change, limit, decision
std::string row(const metric_text& of) {
  return of.name + "|" + of.baseline + "|" + of.candidate + "|" + of.change + "|" + of.limit + "|" +
         (of.verdict ? std::string{to_string(*of.verdict)} : "-");
}

std::vector<std::string> rows(const hotswap::look_report& look) {
  std::vector<std::string> texts;
  for (const metric_text& each : metrics_of(look)) texts.push_back(row(each));
  return texts;
}

}  // namespace

TEST_CASE("metrics_of: both sides, the change, and the limit as a value of the candidate",
          "[report][metric_text]") {
  const auto look = scripted::look(1min, 1min, 155);
  CHECK(rows(*look) == std::vector<std::string>{
                           "error rate|0.40 %|0.40 %|0.00 %|≤ 1.40 %|pass",
                           "latency|12.1 ms|12.4 ms|×1.02|≤ 18.1 ms|pass",
                           "accuracy|94.00 %|62.00 %|−32.00 %|≥ 89.30 %|fail",
                       });
  CHECK(hotswap::both_sides(metrics_of(*look).back()) == "94.00 % vs 62.00 %");
}

TEST_CASE("metrics_of: a latency of a distribution is named by its quantile, and never by the mean",
          "[report][metric_text]") {
  const auto look = scripted::look(1min, 1min, 240);
  std::vector<hotswap::finding> findings = look->verdict.findings();
  findings.at(1).quantile = 0.95;
  look->verdict = hotswap::verdict{decision::pass, findings};
  CHECK(rows(*look).at(1) == "p95 latency|12.1 ms|12.4 ms|×1.02|≤ 18.1 ms|pass");

  // of too few samples the judge may tell no value: then the window's own, or none
  findings.at(1).baseline.reset();
  findings.at(1).candidate.reset();
  findings.at(1).quantile = 0.999;
  look->baseline.latency_distribution.emplace().add(0.25);
  look->verdict = hotswap::verdict{decision::pass, findings};
  CHECK(rows(*look).at(1) == "p99.9 latency|251 ms|||≤ 376 ms|pass");
}

TEST_CASE("metrics_of: without findings the windows speak, and nobody has judged",
          "[report][metric_text]") {
  const auto look = scripted::look(1min, 1min, 240);
  look->verdict = hotswap::verdict{};
  look->baseline.accuracy.reset();
  CHECK(rows(*look) == std::vector<std::string>{
                           "error rate|0.40 %|0.40 %|0.00 %||-",
                           "latency|12.1 ms|12.4 ms|×1.02||-",
                           "accuracy||96.00 %|||-",
                       });
  CHECK(hotswap::both_sides(metrics_of(*look).back()) == "– vs 96.00 %");
}

TEST_CASE("metrics_of: what was not measured is left out, what is no number is shown",
          "[report][metric_text]") {
  hotswap::look_report look;
  CHECK(metrics_of(look).empty());

  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<hotswap::finding> findings;
  findings.push_back(
      scripted::judged("revenue_per_request", decision::inconclusive, 1.5, nan, 0.1, nan));
  findings.push_back(scripted::judged("dataDrift", decision::fail, 0.01, 0.41, 0.3, 0.41));
  findings.push_back(hotswap::finding{});
  findings.push_back(scripted::judged("errorRate", decision::inconclusive, nan, 0.1, 0.01, nan));
  look.verdict = hotswap::verdict{decision::fail, std::move(findings)};
  CHECK(rows(look) == std::vector<std::string>{
                          "error rate|NaN|10.00 %|||inconclusive",
                          "revenue_per_request|1.5|NaN|||inconclusive",
                          "data drift|0.01|0.41||≤ 0.3|fail",
                      });
}
