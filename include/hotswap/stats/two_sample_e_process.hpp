#pragma once

/// @file
/// Exact evidence that two rates differ, in either direction, block by block.
///
///     two_sample_e_process differ;
///     differ.add({0, 1}, {1, 1});                       // one request of each arm
///     if (differ.log_e() >= std::log(1.0 / alpha)) { ... }
///
/// Source
///   [TLG] R. J. Turner, A. Ly, P. D. Grünwald, "Generic E-variables for exact sequential k-sample
///         tests that allow for optional stopping", Journal of Statistical Planning and Inference
///         230 (2024), 106116; their package safestats.

#include <hotswap/stats/bernoulli_e_process.hpp>
#include <hotswap/stats/mixture_arguments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/restricted_rates.hpp>

#include <algorithm>
#include <cmath>

namespace hotswap::inline v0_1::stats {

/// What an arm's rate is taken to be before there are data: so many successes of so many trials.
/// The default is that of [TLG].
struct rate_prior {
  double successes = 0.18;  ///< above 0
  double failures = 0.18;   ///< above 0
};

/// [TLG]: each block is betted on at the rates of the blocks before, against the rate that both
/// arms would have in common. It is exact while the arms' requests have one rate in each block.
class two_sample_e_process {
 public:
  /// @throws std::invalid_argument  unless successes and failures are above 0 and finite.
  explicit two_sample_e_process(const rate_prior& prior = {}) : prior_{prior} {
    require_above_zero(prior.successes, "two_sample_e_process", "successes");
    require_above_zero(prior.failures, "two_sample_e_process", "failures");
  }

  /// One more block. One without trials in an arm says nothing, but its arm is learnt from.
  void add(const proportion& baseline, const proportion& candidate) {
    if (baseline.trials() > 0 && candidate.trials() > 0) {
      const rate_and_rest of_baseline = learnt(baseline_);
      const rate_and_rest of_candidate = learnt(candidate_);
      const auto baseline_trials = static_cast<double>(baseline.trials());
      const auto candidate_trials = static_cast<double>(candidate.trials());
      const restricted_pair null = restricted_rates_of(
          weighted_outcomes{baseline_trials * of_baseline.rate, baseline_trials * of_baseline.rest},
          weighted_outcomes{candidate_trials * of_candidate.rate,
                            candidate_trials * of_candidate.rest},
          0.0);
      log_e_ += log_ratio(baseline, of_baseline, null.baseline) +
                log_ratio(candidate, of_candidate, null.candidate);
      greatest_ = std::max(greatest_, log_e_);
    }
    baseline_ += baseline;
    candidate_ += candidate;
  }

  /// After the last block. It may fall again; what it has been is valid evidence, too.
  [[nodiscard]] double log_e() const noexcept { return log_e_; }

  /// The greatest so far, 0 at the start.
  [[nodiscard]] double greatest_log_e() const noexcept { return greatest_; }

  /// Valid at every look: min(1, 1 / the greatest e).
  [[nodiscard]] double p_value() const noexcept { return std::exp(-greatest_); }

 private:
  [[nodiscard]] rate_and_rest learnt(const proportion& seen) const {
    const auto trials = static_cast<double>(seen.trials());
    const double successes = static_cast<double>(seen.successes()) + prior_.successes;
    const double failures = static_cast<double>(seen.trials() - seen.successes()) + prior_.failures;
    const double all = trials + prior_.successes + prior_.failures;
    return {successes / all, failures / all};
  }

  static double log_ratio(const proportion& seen, const rate_and_rest& rate,
                          const rate_and_rest& null) {
    return detail::log_ratio_of_rates(static_cast<double>(seen.successes()),
                                      static_cast<double>(seen.trials() - seen.successes()), rate,
                                      null);
  }

  rate_prior prior_;
  proportion baseline_;
  proportion candidate_;
  double log_e_ = 0.0;
  double greatest_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
