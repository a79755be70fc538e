#pragma once

/// @file
/// The judge that compares point values with an operator's limits, once there are enough samples.
///
///     hotswap::threshold_judge judge{limits, {"errorRate", "latency"}, 1000};
///     const hotswap::verdict seen = judge.look({window, of_baseline, of_candidate});

#include <hotswap/analysis/judge.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/analysis/sample_ratio.hpp>
#include <hotswap/analysis/sentence.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/quantile_name.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/clopper_pearson.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Sums the windows of its step: the share is constant in a step, so pooling is sound. Compares a
/// metric once both sides have `minimum_samples` *of that metric*, and takes a limit for exceeded
/// only if the change is strictly greater. Nothing passes on too few samples, on NaN or on nothing;
/// a metric that is not required, and was not measured, passes nothing and holds nothing up.
///
/// Point values have no error rate: near the limit, chance decides. One exception needs no minimum:
/// errors beyond doubt, which is a lower 99.9 % Clopper-Pearson bound of the candidate's error rate
/// above the baseline's upper one plus the limit, on at least 20 requests.
class threshold_judge final : public judge {
 public:
  /// @param required_metrics  by their names in a document: `accuracy`, `latency`, `errorRate`,
  ///   `dataDrift`, or a custom metric, which then must have been measured.
  threshold_judge(rollback_thresholds limits, std::vector<std::string> required_metrics,
                  std::uint64_t minimum_samples)
      : limits_(limits),
        required_(std::move(required_metrics)),
        minimum_samples_(minimum_samples) {}

  threshold_judge(rollback_thresholds limits, std::uint64_t minimum_samples)
      : threshold_judge(limits, {"errorRate", "latency"}, minimum_samples) {}

  [[nodiscard]] verdict look(const paired_windows& seen) override {
    if (!sums_) sums_ = std::make_unique<sums>();
    sums_->candidate += seen.candidate;
    if (seen.contemporaneous) {
      sums_->baseline += seen.baseline;
    } else {
      sums_->baseline = seen.baseline;
    }
    contemporaneous_ = seen.contemporaneous;

    std::vector<finding> findings;
    findings.reserve(4);  // mostly all: a look is kept for as long as its rollout
    judge_error_rate(findings.emplace_back());
    judge_latency(findings.emplace_back());
    judge_accuracy(findings.emplace_back());
    judge_drift(seen, findings.emplace_back());
    for (const std::string& name : required_) judge_custom(name, findings);
    if (auto mismatch = sample_ratio_mismatch(seen)) findings.push_back(std::move(*mismatch));
    const decision made = decide(findings);
    return {made, std::move(findings)};
  }

 private:
  /// Of the windows so far. Not in place: many a judge waits for its first window.
  struct sums {
    metrics_snapshot baseline;
    metrics_snapshot candidate;
  };

  static constexpr std::uint64_t drift_samples = 1000;  ///< a window needs, to count
  static constexpr int drifting_windows = 3;            ///< in a row, then it fails
  static constexpr std::uint64_t fewest_for_no_doubt = 20;
  static constexpr double no_doubt = 0.998;  ///< two-sided, so each bound is one of 99.9 %

  /// What all findings have in common: who is compared, and whether it has enough samples.
  void begin(finding& found, std::string_view metric, std::uint64_t baseline_samples,
             std::uint64_t candidate_samples, double limit) const {
    found.metric = metric;
    found.required = std::find(required_.begin(), required_.end(), found.metric) != required_.end();
    found.method = "threshold";
    found.limit = limit;
    found.baseline_samples = baseline_samples;
    found.candidate_samples = candidate_samples;
  }

  bool lacks_samples(finding& found, std::string_view what) const {
    const std::uint64_t fewest = std::min(found.baseline_samples, found.candidate_samples);
    if (fewest >= std::max<std::uint64_t>(minimum_samples_, 1)) return false;
    const bool is_candidate = found.candidate_samples == fewest;
    found.sentence = sentence(what, " of the ", is_candidate ? "candidate" : "baseline", " needs ",
                              minimum_samples_, " samples, and has ", fewest);
    return true;
  }

  static void cannot_judge(finding& found, std::string_view what) {
    found.required = true;  // what was measured and is no number holds a pass up, wanted or not
    found.sentence = sentence(what, " cannot be judged");
  }

  /// Of the change in `found.statistic`; strictly greater fails.
  void hold_to_limit(finding& found, std::string sentence) const {
    // 17 errors of 1000 against 7 are a rise by 0.01, and 0.017 - 0.007 > 0.01 in doubles
    constexpr double rounding = 1e-12;
    found.made = *found.statistic > *found.limit + rounding ? decision::fail : decision::pass;
    found.sentence = std::move(sentence);
    if (!contemporaneous_) found.sentence += ", no contemporaneous baseline";
  }

  void judge_error_rate(finding& found) const {
    begin(found, "errorRate", sums_->baseline.requests, sums_->candidate.requests,
          limits_.error_rate_increase);
    if (sums_->baseline.errors > sums_->baseline.requests ||
        sums_->candidate.errors > sums_->candidate.requests) {
      cannot_judge(found, "an error rate with more errors than requests");
      return;
    }
    if (sums_->baseline.requests > 0) found.baseline = rate(sums_->baseline);
    if (sums_->candidate.requests > 0) found.candidate = rate(sums_->candidate);
    if (errors_are_beyond_doubt(found)) return;
    if (lacks_samples(found, "the error rate")) return;

    found.statistic = *found.candidate - *found.baseline;
    const std::string_view change = *found.statistic < 0.0 ? "fell" : "rose";
    hold_to_limit(found, sentence("the error rate ", change, " by ",
                                  std::abs(*found.candidate - *found.baseline), " (limit ",
                                  limits_.error_rate_increase, ", ", sums_->candidate.requests,
                                  " requests)"));
  }

  static double rate(const metrics_snapshot& side) {
    return static_cast<double>(side.errors) / static_cast<double>(side.requests);
  }

  bool errors_are_beyond_doubt(finding& found) const {
    if (sums_->candidate.requests < fewest_for_no_doubt || sums_->candidate.errors == 0)
      return false;
    const double rise = rate(sums_->candidate) - limits_.error_rate_increase;
    if (rise <= found.baseline.value_or(0.0)) return false;  // saves the bounds, most of the time

    const stats::interval candidate = bounds(sums_->candidate);
    const stats::interval baseline = bounds(sums_->baseline);
    if (!(candidate.lower > baseline.upper + limits_.error_rate_increase)) return false;
    found.made = decision::fail;
    found.required = true;
    found.method = "clopper-pearson";
    found.statistic = rate(sums_->candidate) - found.baseline.value_or(0.0);
    found.interval =
        stats::interval{candidate.lower - baseline.upper, candidate.upper - baseline.lower};
    found.sentence = sentence("the error rate rose beyond doubt, to ", *found.candidate, " from ",
                              found.baseline.value_or(0.0), " (limit ", limits_.error_rate_increase,
                              ", ", sums_->candidate.requests, " requests)");
    if (!contemporaneous_) found.sentence += ", no contemporaneous baseline";
    return true;
  }

  /// A side without requests may have any rate.
  static stats::interval bounds(const metrics_snapshot& side) {
    if (side.requests == 0) return {0.0, 1.0};
    return stats::clopper_pearson({side.errors, side.requests}, {.confidence = no_doubt});
  }

  /// Of the distributions where both sides have one, else of the means.
  void judge_latency(finding& found) const {
    const bool are_distributions =
        sums_->baseline.latency_distribution && sums_->candidate.latency_distribution;
    if (are_distributions) {
      begin_latency_quantile(found);
    } else {
      begin_mean_latency(found);
    }
    if ((sums_->baseline.latency && !sums_->baseline.latency->finite()) ||
        (sums_->candidate.latency && !sums_->candidate.latency->finite())) {
      cannot_judge(found, "a latency that is not finite");
      return;
    }
    if (lacks_samples(found, "the latency")) return;
    if (!(*found.baseline > 0.0) || !(*found.candidate >= 0.0)) {
      cannot_judge(found, "a latency that is not positive");
      return;
    }

    found.statistic = *found.candidate / *found.baseline;
    hold_to_limit(found, sentence("the ", found.quantile ? quantile_name(*found.quantile) : "mean",
                                  " latency is ", *found.statistic, " times the baseline's, ",
                                  *found.candidate * 1e3, " ms (limit ", limits_.latency_increase,
                                  ", ", found.candidate_samples, " requests)"));
  }

  void begin_latency_quantile(finding& found) const {
    const stats::quantile_sketch& of_baseline = *sums_->baseline.latency_distribution;
    const stats::quantile_sketch& of_candidate = *sums_->candidate.latency_distribution;
    begin(found, "latency", of_baseline.count(), of_candidate.count(), limits_.latency_increase);
    found.quantile = limits_.latency_quantile;
    if (of_baseline.count() > 0) found.baseline = of_baseline.quantile(*found.quantile);
    if (of_candidate.count() > 0) found.candidate = of_candidate.quantile(*found.quantile);
  }

  void begin_mean_latency(finding& found) const {
    const std::uint64_t of_baseline =
        sums_->baseline.latency ? sums_->baseline.latency->count() : 0;
    const std::uint64_t of_candidate =
        sums_->candidate.latency ? sums_->candidate.latency->count() : 0;
    begin(found, "latency", of_baseline, of_candidate, limits_.latency_increase);
    if (of_baseline > 0) found.baseline = sums_->baseline.latency->mean();
    if (of_candidate > 0) found.candidate = sums_->candidate.latency->mean();
  }

  void judge_accuracy(finding& found) const {
    const std::uint64_t of_baseline =
        sums_->baseline.accuracy ? sums_->baseline.accuracy->trials() : 0;
    const std::uint64_t of_candidate =
        sums_->candidate.accuracy ? sums_->candidate.accuracy->trials() : 0;
    begin(found, "accuracy", of_baseline, of_candidate, limits_.accuracy_drop);
    if (of_baseline > 0) found.baseline = sums_->baseline.accuracy->rate();
    if (of_candidate > 0) found.candidate = sums_->candidate.accuracy->rate();
    if (lacks_samples(found, "the accuracy")) return;
    if (!(*found.baseline > 0.0)) {
      cannot_judge(found, "a drop from an accuracy of 0");
      return;
    }

    found.statistic = (*found.baseline - *found.candidate) / *found.baseline;
    hold_to_limit(found, sentence("the accuracy is ", significant{*found.candidate, 4}, " against ",
                                  significant{*found.baseline, 4}, " (limit ",
                                  limits_.accuracy_drop, " lower, ", of_candidate, " labels)"));
  }

  void judge_drift(const paired_windows& seen, finding& found) {
    const std::optional<drift_measurement>& drift = seen.candidate.drift;
    const std::optional<drift_measurement>& own = seen.baseline.drift;
    begin(found, "dataDrift", own ? own->samples : 0, drift ? drift->samples : 0,
          limits_.data_drift);
    if (own) found.baseline = own->score;
    if (!drift || drift->samples < drift_samples) {
      windows_in_drift_ = 0;
      found.sentence = sentence("the data drift needs ", drift_samples,
                                " samples in a window, and has ", found.candidate_samples);
      return;
    }
    if (!std::isfinite(drift->score)) {
      windows_in_drift_ = 0;
      cannot_judge(found, "a data drift that is not finite");
      return;
    }

    found.candidate = drift->score;
    found.statistic = drift->score;
    windows_in_drift_ = drift->score > limits_.data_drift ? windows_in_drift_ + 1 : 0;
    found.sentence = sentence("the data drift is ", drift->score, " (limit ", limits_.data_drift,
                              ", ", drift->samples, " samples)");
    if (windows_in_drift_ == 0) {
      found.made = decision::pass;
      return;
    }
    found.required = true;
    if (own && own->score > limits_.data_drift) found.sentence += ", both arms";
    if (windows_in_drift_ >= drifting_windows) {
      found.made = decision::fail;
      found.sentence += sentence(", in ", windows_in_drift_, " windows in a row");
    }
  }

  /// A custom metric has no limit here; required, it must at least have been measured.
  void judge_custom(const std::string& name, std::vector<finding>& findings) const {
    const auto known = [&](const finding& each) { return each.metric == name; };
    if (std::any_of(findings.begin(), findings.end(), known)) return;
    const auto of = [&](const metrics_snapshot& side) {
      const auto found = side.custom.find(name);
      return found == side.custom.end() ? stats::moments{} : found->second;
    };
    const stats::moments baseline = of(sums_->baseline);
    const stats::moments candidate = of(sums_->candidate);
    finding& found = findings.emplace_back();
    begin(found, name, baseline.count(), candidate.count(), 0.0);
    found.limit.reset();
    if (!baseline.finite() || !candidate.finite()) {
      cannot_judge(found, "a " + name + " that is not finite");
    } else if (!lacks_samples(found, name)) {
      found.baseline = baseline.mean();
      found.candidate = candidate.mean();
      found.made = decision::pass;
      found.sentence = name + " was measured";
    }
  }

  static decision decide(const std::vector<finding>& findings) {
    const auto fails = [](const finding& each) { return each.made == decision::fail; };
    const auto is_open = [](const finding& each) {
      return each.required && each.made == decision::inconclusive;
    };
    const auto passes = [](const finding& each) { return each.made == decision::pass; };
    if (std::any_of(findings.begin(), findings.end(), fails)) return decision::fail;
    if (std::any_of(findings.begin(), findings.end(), is_open)) return decision::inconclusive;
    if (std::any_of(findings.begin(), findings.end(), passes)) return decision::pass;
    return decision::inconclusive;
  }

  rollback_thresholds limits_;
  std::vector<std::string> required_;
  std::uint64_t minimum_samples_;
  std::unique_ptr<sums> sums_;  ///< null before the first look
  bool contemporaneous_ = true;
  int windows_in_drift_ = 0;
};

}  // namespace hotswap::inline v0_1
