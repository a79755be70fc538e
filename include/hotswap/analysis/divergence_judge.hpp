#pragma once

/// @file
/// The judge of a shadow: how far its answers are from production's, and whether it is as reliable
/// and as fast.
///
///     hotswap::divergence_judge judge{{}, {}, {"errorRate", "latency"}, 1000};
///     const hotswap::verdict seen = judge.look(windows);   // with their `divergence`

#include <hotswap/analysis/divergence_thresholds.hpp>
#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/analysis/sentence.hpp>
#include <hotswap/analysis/threshold_judge.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/moments.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Sums the windows of its step, and compares with an operator's limits once `minimum_samples`
/// requests were compared: `disagreementRate`, and the mean `scoreDifference` if it has a limit.
/// Above `droppedRate` nothing passes, since those that were compared may not be like the others; a
/// fail is a fail all the same. Errors, latency and what else both versions report are judged as a
/// `threshold_judge` does, with production as the baseline.
///
/// A request that the shadow failed to answer is an error of its, and is never compared: an error
/// that only the comparison knows of counts, too.
class divergence_judge final : public judge {
 public:
  divergence_judge(divergence_thresholds of_answers, rollback_thresholds of_metrics,
                   std::vector<std::string> required_metrics, std::uint64_t minimum_samples)
      : limits_(of_answers),
        metrics_(of_metrics, std::move(required_metrics), minimum_samples),
        minimum_samples_(std::max<std::uint64_t>(minimum_samples, 1)) {}

  [[nodiscard]] verdict look(const paired_windows& seen) override {
    const divergence_snapshot window = seen.divergence.value_or(divergence_snapshot{});
    sum_.compared += window.compared;
    sum_.disagreed += window.disagreed;
    sum_.shadow_errors += window.shadow_errors;
    sum_.difference += window.difference;
    for (const auto& [cause, count] : window.dropped) sum_.dropped[cause] += count;

    std::vector<finding> findings;
    findings.push_back(judge_disagreement());
    if (limits_.score_difference) findings.push_back(judge_difference());
    findings.push_back(judge_dropped());
    const verdict of_metrics = metrics_.look(with_all_errors(seen, window));
    decision made = of_metrics.decision();
    for (const finding& each : findings) made = worse(made, each.made);
    findings.insert(findings.end(), of_metrics.findings().begin(), of_metrics.findings().end());
    return {made, std::move(findings)};
  }

 private:
  static decision worse(decision one, decision other) noexcept {
    if (one == decision::fail || other == decision::fail) return decision::fail;
    return one == decision::pass ? other : one;
  }

  /// As many errors as the source of metrics or the comparison knows of.
  static paired_windows with_all_errors(paired_windows seen, const divergence_snapshot& window) {
    metrics_snapshot& shadow = seen.candidate;
    if (window.shadow_errors <= shadow.errors) return seen;
    shadow.errors = window.shadow_errors;
    shadow.requests = std::max(shadow.requests, window.compared + window.shadow_errors);
    return seen;
  }

  static finding about(std::string metric, double limit, std::uint64_t samples) {
    finding found;
    found.metric = std::move(metric);
    found.method = "threshold";
    found.limit = limit;
    found.candidate_samples = samples;
    return found;
  }

  bool lacks_samples(finding& found, std::string_view what) const {
    if (found.candidate_samples >= minimum_samples_) return false;
    found.sentence =
        sentence(what, " needs ", minimum_samples_, " requests, and has ", found.candidate_samples);
    return true;
  }

  static void limit(finding& found) noexcept {
    constexpr double rounding = 1e-12;  // 50 of 1000 are a rate of 0.05, and do not exceed it
    found.made = *found.statistic > *found.limit + rounding ? decision::fail : decision::pass;
  }

  finding judge_disagreement() const {
    finding found = about("disagreementRate", limits_.disagreement_rate, sum_.compared);
    if (sum_.disagreed > sum_.compared) {
      found.sentence = "more disagreements than comparisons cannot be judged";
      return found;
    }
    if (lacks_samples(found, "the comparison of the answers")) return found;
    found.statistic = static_cast<double>(sum_.disagreed) / static_cast<double>(sum_.compared);
    found.candidate = found.statistic;
    found.sentence =
        sentence("the shadow disagrees at a rate of ", *found.statistic, " (limit ",
                 limits_.disagreement_rate, ", ", sum_.compared, " requests compared)");
    limit(found);
    return found;
  }

  finding judge_difference() const {
    const std::uint64_t scores = sum_.difference.count();
    finding found = about("scoreDifference", *limits_.score_difference, scores);
    if (!sum_.difference.finite()) {
      found.sentence = "a score difference that is not finite cannot be judged";
      return found;
    }
    if (lacks_samples(found, "the comparison of the scores")) return found;
    const double mean = sum_.difference.mean();
    found.candidate = mean;
    found.statistic = std::abs(mean);
    found.sentence = sentence("the shadow's scores differ by ", mean, " (limit ",
                              *limits_.score_difference, " either way, ", scores, " requests)");
    limit(found);
    return found;
  }

  /// Never a fail: it says nothing about the shadow's answers.
  finding judge_dropped() const {
    std::uint64_t dropped = 0;
    std::string causes;
    for (const auto& [cause, count] : sum_.dropped) {
      dropped += count;
      causes += sentence(causes.empty() ? ": " : ", ", cause, " ", count);
    }
    const std::uint64_t sampled = sum_.compared + sum_.shadow_errors + dropped;
    finding found = about("droppedRate", limits_.dropped_rate, sampled);
    if (sampled == 0) {
      found.sentence = "no request was mirrored";
      return found;
    }
    found.statistic = static_cast<double>(dropped) / static_cast<double>(sampled);
    found.candidate = found.statistic;
    found.sentence =
        sentence("a share of ", *found.statistic, " of the sampled requests was dropped (limit ",
                 limits_.dropped_rate, causes, ")");
    limit(found);
    if (found.made == decision::fail) found.made = decision::inconclusive;
    return found;
  }

  divergence_thresholds limits_;
  threshold_judge metrics_;
  std::uint64_t minimum_samples_;
  divergence_snapshot sum_;
};

}  // namespace hotswap::inline v0_1
