#pragma once

/// @file
/// The judge of the first version of a model: is it good enough by itself?
///
///     hotswap::absolute_judge judge{limits, 0.95, {"errorRate", "latency"}, 1000};
///     const hotswap::verdict seen = judge.look(windows);   // whose baseline is empty

#include <hotswap/analysis/absolute_limits.hpp>
#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/sentence.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/quantile_name.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/clopper_pearson.hpp>
#include <hotswap/stats/interval.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Sums the candidate's windows, and compares with limits of its own once a metric has
/// `minimum_samples`. Errors beyond doubt need no minimum, as with `threshold_judge`: a lower 99.9
/// % Clopper-Pearson bound above the limit, on at least 20 requests.
class absolute_judge final : public judge {
 public:
  /// @param latency_quantile  judged where there is a distribution, else the mean is
  /// @param required_metrics  without a limit, it must at least have been measured
  absolute_judge(absolute_limits limits, double latency_quantile,
                 std::vector<std::string> required_metrics, std::uint64_t minimum_samples)
      : limits_(limits),
        latency_quantile_(latency_quantile),
        required_(std::move(required_metrics)),
        minimum_samples_(std::max<std::uint64_t>(minimum_samples, 1)) {}

  [[nodiscard]] verdict look(const paired_windows& seen) override {
    seen_ += seen.candidate;
    std::vector<finding> findings;
    findings.push_back(judge_error_rate());
    if (limits_.latency || is_required("latency")) findings.push_back(judge_latency());
    if (limits_.accuracy || is_required("accuracy")) findings.push_back(judge_accuracy());
    decision made = decision::pass;
    for (const finding& each : findings) {
      if (made != decision::fail && each.made != decision::pass) made = each.made;
    }
    return {made, std::move(findings)};
  }

 private:
  static constexpr std::uint64_t fewest_for_no_doubt = 20;
  static constexpr double no_doubt = 0.998;  ///< two-sided, so that each bound is one of 99.9 %
  static constexpr double rounding = 1e-12;

  [[nodiscard]] bool is_required(std::string_view metric) const {
    return std::find(required_.begin(), required_.end(), metric) != required_.end();
  }

  static finding about(std::string metric, std::uint64_t samples) {
    finding found;
    found.metric = std::move(metric);
    found.method = "absolute";
    found.candidate_samples = samples;
    return found;
  }

  bool lacks_samples(finding& found, std::string_view what) const {
    if (found.candidate_samples >= minimum_samples_) return false;
    found.sentence =
        sentence(what, " needs ", minimum_samples_, " samples, and has ", found.candidate_samples);
    return true;
  }

  finding judge_error_rate() const {
    finding found = about("errorRate", seen_.requests);
    found.limit = limits_.error_rate;
    if (seen_.errors > seen_.requests) {
      found.sentence = "an error rate with more errors than requests cannot be judged";
      return found;
    }
    if (seen_.requests > 0) {
      found.candidate = static_cast<double>(seen_.errors) / static_cast<double>(seen_.requests);
      found.statistic = found.candidate;
    }
    if (found.candidate_samples >= fewest_for_no_doubt && *found.candidate > limits_.error_rate) {
      const stats::interval bounds =
          stats::clopper_pearson({seen_.errors, seen_.requests}, {.confidence = no_doubt});
      if (bounds.lower > limits_.error_rate) {
        found.made = decision::fail;
        found.method = "clopper-pearson";
        found.interval = bounds;
        found.sentence = sentence("the error rate is ", *found.candidate, " beyond doubt (limit ",
                                  limits_.error_rate, ", ", seen_.requests, " requests)");
        return found;
      }
    }
    if (lacks_samples(found, "the error rate")) return found;
    const bool exceeds = *found.candidate > limits_.error_rate + rounding;
    found.made = exceeds ? decision::fail : decision::pass;
    found.sentence = sentence("the error rate is ", *found.candidate, " (limit ",
                              limits_.error_rate, ", ", seen_.requests, " requests)");
    return found;
  }

  finding judge_latency() const {
    const bool is_distribution = seen_.latency_distribution.has_value();
    const std::uint64_t samples = is_distribution ? seen_.latency_distribution->count()
                                  : seen_.latency ? seen_.latency->count()
                                                  : 0;
    finding found = about("latency", samples);
    if (is_distribution) found.quantile = latency_quantile_;
    if (limits_.latency) found.limit = std::chrono::duration<double>(*limits_.latency).count();
    if (seen_.latency && !seen_.latency->finite()) {
      found.sentence = "a latency that is not finite cannot be judged";
      return found;
    }
    if (lacks_samples(found, "the latency")) return found;
    found.candidate = is_distribution ? seen_.latency_distribution->quantile(latency_quantile_)
                                      : seen_.latency->mean();
    if (!std::isfinite(*found.candidate)) {
      found.candidate.reset();
      found.sentence = "a latency that is not finite cannot be judged";
      return found;
    }
    found.statistic = found.candidate;
    const bool exceeds = found.limit && *found.candidate > *found.limit + rounding;
    found.made = exceeds ? decision::fail : decision::pass;
    found.sentence = sentence("the ", is_distribution ? quantile_name(latency_quantile_) : "mean",
                              " latency is ", *found.candidate * 1e3, " ms (",
                              limit_text(found, 1e3, " ms"), ", ", samples, " requests)");
    return found;
  }

  finding judge_accuracy() const {
    finding found = about("accuracy", seen_.accuracy ? seen_.accuracy->trials() : 0);
    found.limit = limits_.accuracy;
    if (lacks_samples(found, "the accuracy")) return found;
    found.candidate = seen_.accuracy->rate();
    found.statistic = found.candidate;
    const bool falls_short = found.limit && *found.candidate < *found.limit - rounding;
    found.made = falls_short ? decision::fail : decision::pass;
    found.sentence =
        sentence("the accuracy is ", significant{*found.candidate, 4}, " (",
                 limit_text(found, 1.0, " at least"), ", ", found.candidate_samples, " labels)");
    return found;
  }

  static std::string limit_text(const finding& found, double unit, std::string_view after) {
    if (!found.limit) return "no limit";
    return sentence("limit ", *found.limit * unit, after);
  }

  absolute_limits limits_;
  double latency_quantile_;
  std::vector<std::string> required_;
  std::uint64_t minimum_samples_;
  metrics_snapshot seen_;
};

}  // namespace hotswap::inline v0_1
