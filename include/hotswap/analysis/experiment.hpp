#pragma once

/// @file
/// The end of an A/B test: which arm has won, decided once.
///
///     const auto outcome = hotswap::decide_experiment(totals, question);
///     if (outcome.winner == hotswap::experiment_winner::candidate) …
///
/// A test that is made once, at a time that was fixed beforehand, keeps its error rate; one that is
/// made at each look does not. So the looks meanwhile are the guardrails' alone.
///
/// Sources: B. L. Welch, Biometrika 34 (1947), 28-35, for means; K. Pearson, Philosophical Magazine
/// 50 (1900), 157-175, for proportions.

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/sentence.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/chi_square.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/welch.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What an experiment is to find out.
class experiment_question {
 public:
  experiment_question(std::string primary, bool more_is_better, double level, std::uint64_t samples)
      : metric(std::move(primary)),
        increase_is_better(more_is_better),
        significance_level(level),
        minimum_samples(samples) {}

  std::string metric;  ///< `accuracy`, `latency`, `errorRate` or a custom one
  bool increase_is_better;
  double significance_level;      ///< of the one two-sided test
  std::uint64_t minimum_samples;  ///< of the metric, per arm
};

enum class experiment_winner { none, baseline, candidate };

[[nodiscard]] constexpr std::string_view to_string(experiment_winner winner) noexcept {
  switch (winner) {
    case experiment_winner::none:
      return "none";
    case experiment_winner::baseline:
      return "baseline";
    case experiment_winner::candidate:
      return "candidate";
  }
  return "none";
}

class experiment_outcome {
 public:
  experiment_outcome(experiment_winner won, finding why) : winner(won), found(std::move(why)) {}

  experiment_winner winner;
  finding found;
};

namespace detail {

/// A proportion or a mean of one arm, whichever the metric is.
class arm_of_metric {
 public:
  std::optional<stats::proportion> rate;
  std::optional<stats::moments> mean;

  [[nodiscard]] std::uint64_t samples() const noexcept {
    return rate ? rate->trials() : mean ? mean->count() : 0;
  }
};

[[nodiscard]] inline arm_of_metric arm_of(const metrics_snapshot& seen, const std::string& metric) {
  arm_of_metric arm;
  if (metric == "accuracy") {
    arm.rate = seen.accuracy;
  } else if (metric == "errorRate") {
    if (seen.requests > 0) arm.rate.emplace(seen.errors, seen.requests);
  } else if (metric == "latency") {
    arm.mean = seen.latency;
  } else if (const auto found = seen.custom.find(metric); found != seen.custom.end()) {
    arm.mean = found->second;
  }
  return arm;
}

}  // namespace detail

/// Chi-square for a proportion, Welch's t for a mean, both two-sided. No winner where the test does
/// not reject, and where it has no answer (nothing was measured, or nothing varies).
/// @throws std::invalid_argument  for moments that are not finite.
[[nodiscard]] inline experiment_outcome decide_experiment(const paired_windows& totals,
                                                          const experiment_question& question) {
  const auto baseline = detail::arm_of(totals.baseline, question.metric);
  const auto candidate = detail::arm_of(totals.candidate, question.metric);
  finding found;
  found.metric = question.metric;
  found.role = "primary";
  found.limit = question.significance_level;
  found.baseline_samples = baseline.samples();
  found.candidate_samples = candidate.samples();
  try {
    if (baseline.rate && candidate.rate) {
      const auto test = stats::chi_square_test(*baseline.rate, *candidate.rate);
      found.method = "chi-square";
      found.baseline = baseline.rate->rate();
      found.candidate = candidate.rate->rate();
      found.p_value = test.p_value;
    } else if (baseline.mean && candidate.mean) {
      const auto test = stats::welch_t_test(*baseline.mean, *candidate.mean);
      found.method = "welch";
      found.baseline = baseline.mean->mean();
      found.candidate = candidate.mean->mean();
      found.p_value = test.p_value;
    }
  } catch (const std::domain_error&) {  // too few, or they do not vary: no answer
  }
  found.made = decision::pass;
  if (!found.p_value) {
    found.made = decision::inconclusive;
    found.sentence =
        question.metric + " cannot be compared: nothing was measured, or nothing varies";
    return {experiment_winner::none, std::move(found)};
  }
  found.statistic = *found.candidate - *found.baseline;
  const bool differs = *found.p_value < question.significance_level;
  const bool candidate_is_better = (*found.statistic > 0.0) == question.increase_is_better;
  found.sentence = sentence(question.metric, " is ", significant{*found.candidate, 5},
                            " with the candidate and ", significant{*found.baseline, 5},
                            " with the baseline (", found.method, ", p = ", *found.p_value, ", ",
                            found.candidate_samples, " and ", found.baseline_samples, " samples)");
  const auto winner = !differs              ? experiment_winner::none
                      : candidate_is_better ? experiment_winner::candidate
                                            : experiment_winner::baseline;
  return {winner, std::move(found)};
}

/// Watches over an experiment while it collects: the guardrails decide at each look, and it passes
/// once both arms have enough samples of the primary metric.
class experiment_judge final : public judge {
 public:
  experiment_judge(std::unique_ptr<judge> guardrails, experiment_question question)
      : guardrails_(std::move(guardrails)), question_(std::move(question)) {}

  [[nodiscard]] verdict look(const paired_windows& seen) override {
    verdict guarded = guardrails_->look(seen);
    baseline_samples_ += detail::arm_of(seen.baseline, question_.metric).samples();
    candidate_samples_ += detail::arm_of(seen.candidate, question_.metric).samples();

    finding primary;
    primary.metric = question_.metric;
    primary.role = "primary";
    primary.method = "samples";
    primary.baseline_samples = baseline_samples_;
    primary.candidate_samples = candidate_samples_;
    const std::uint64_t fewest = std::min(baseline_samples_, candidate_samples_);
    primary.made = fewest >= question_.minimum_samples ? decision::pass : decision::inconclusive;
    primary.sentence = sentence(question_.metric, " of each arm needs ", question_.minimum_samples,
                                " samples, and the smaller one has ", fewest);

    const bool undecided = primary.made == decision::inconclusive && !guarded.failed();
    const decision made = undecided ? decision::inconclusive : guarded.decision();
    std::vector<finding> findings = guarded.findings();
    findings.push_back(std::move(primary));
    return {made, std::move(findings)};
  }

 private:
  std::unique_ptr<judge> guardrails_;
  experiment_question question_;
  std::uint64_t baseline_samples_ = 0;
  std::uint64_t candidate_samples_ = 0;
};

}  // namespace hotswap::inline v0_1
