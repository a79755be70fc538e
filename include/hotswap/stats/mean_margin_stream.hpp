#pragma once

/// @file
/// The same evidence for means: latencies, revenue, whatever has a mean and a variance.
///
///     mean_margin_stream latency{{.slope = 1.5}};                // at most half as much again
///     latency.add(baseline_moments, candidate_moments);          // window by window
///     if (!mixture && latency.ready()) {                         // once, then it stays
///       mixture = normal_mixture{one_sided_rho(latency.variance_at(2000.0), alpha)};
///     }
///     if (mixture && latency.log_e_beyond(*mixture) >= std::log(1.0 / alpha)) { ... }
///
/// Source
///   [WS] I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy, A. Ramdas, "Time-uniform central
///        limit theory and asymptotic confidence sequences" (2021), arXiv 2103.06476: a normal
///        mixture with an estimated variance is valid in the limit of many values.

#include <hotswap/stats/confidence_sequence.hpp>
#include <hotswap/stats/linear_contrast.hpp>
#include <hotswap/stats/mean_margin_sums.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/overdispersion.hpp>
#include <hotswap/stats/start_windows.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

struct mean_margin_stream_options {
  /// None where each request is routed at random and one process serves both arms.
  std::optional<overdispersion_options> noise = overdispersion_options{};
  std::size_t starts = 64;  ///< at which a regression may begin, at most; besides the steps' first
  std::uint64_t burn_in = 100;  ///< values of each arm before a start speaks, as means are normal
};

/// Its state depends on nothing but the windows and steps in their order, bit for bit.
///
/// The variance of a sum is the greater one of two estimates, of the windows since its start and of
/// all; each is the greater one of the arms' own variances and of a common one, for a candidate
/// whose few values happen to lie close together proves nothing.
class mean_margin_stream {
 public:
  /// @throws std::invalid_argument  for a slope that is not above 0, a contrast that is not finite,
  ///   fewer than 2 starts, an overdispersion below 0, or a burn-in below 2.
  explicit mean_margin_stream(const linear_contrast& contrast = {},
                              const mean_margin_stream_options& options = {})
      : contrast_{contrast},
        burn_in_{options.burn_in},
        starts_{options.starts},
        judges_noise_{options.noise.has_value()},
        noise_{options.noise.value_or(overdispersion_options{})} {
    require_contrast(contrast, "mean_margin_stream");
    if (options.burn_in < 2) {
      throw std::invalid_argument("mean_margin_stream: burn_in must be at least 2, got " +
                                  std::to_string(options.burn_in));
    }
  }

  /// As `margin_stream::begin_step`.
  void begin_step() noexcept { starts_.begin_step(); }

  /// One more window, of the same time in both arms. One without values in an arm is passed over.
  /// @throws std::invalid_argument  for moments that are not finite.
  void add(const moments& baseline, const moments& candidate) {
    require_finite(baseline, "baseline");
    require_finite(candidate, "candidate");
    if (baseline.count() == 0 || candidate.count() == 0) return;

    const mean_margin_sums window = mean_margin_window(baseline, candidate, contrast_);
    starts_.add(window);
    noise_.add(window.sum / std::sqrt(window.weight));
  }

  /// As `margin_stream::log_e_beyond`. A start whose windows do not have enough values yet is no
  /// evidence: its e-value is 1.
  /// @param mixture  a `normal_mixture`, its rho chosen when this became `ready()` and kept
  template <typename Mixture>
  [[nodiscard]] double log_e_beyond(const Mixture& mixture) const {
    const mean_margin_sums all = starts_.total();
    const double iota = overdispersion_of(all);
    return starts_.log_mean_e([&](const mean_margin_sums& since) {
      return has_enough(since) ? mixture.log_e(since.sum, variance_of(since, all, iota)) : 0.0;
    });
  }

  /// As `margin_stream::log_e_within`; 0 until this step has enough values.
  template <typename Mixture>
  [[nodiscard]] double log_e_within(const Mixture& mixture) const {
    const mean_margin_sums step = starts_.of_step();
    return has_enough(step) ? mixture.log_e(-step.sum, variance_of(step)) : 0.0;
  }

  /// Has each arm had enough values, of some window more than one?
  [[nodiscard]] bool ready() const noexcept { return has_enough(starts_.total()); }

  /// What the variance of the sum will be when the candidate has had that many values: for the
  /// choice of rho, at the first look at which this is `ready()`. 0 where values do not vary, which
  /// leaves nothing to choose.
  /// @throws std::domain_error  before.
  /// @throws std::invalid_argument  for a count that is not above 0 and finite.
  [[nodiscard]] double variance_at(double candidate_values) const {
    require_above_zero(candidate_values, "mean_margin_stream", "candidate_values");
    const mean_margin_sums all = starts_.total();
    require_ready("a planned variance", all);
    return variance_of(all) * (candidate_values / all.candidate.values);
  }

  /// As `margin_stream::contrast_interval`.
  /// @throws std::domain_error  unless this is `ready()`.
  /// @throws std::invalid_argument  for a confidence outside (0, 1).
  [[nodiscard]] interval contrast_interval(const two_sided_normal_mixture& mixture,
                                           double confidence = 0.95) const {
    const mean_margin_sums all = starts_.total();
    require_ready("an interval", all);
    return confidence_sequence({.sum = all.sum, .variance = variance_of(all), .weight = all.weight},
                               mixture, confidence);
  }

  /// Since the first window, or the first of this step.
  [[nodiscard]] mean_margin_sums total() const { return starts_.total(); }
  [[nodiscard]] mean_margin_sums of_step() const { return starts_.of_step(); }

  /// Of such sums, with what overdispersion adds.
  /// @throws std::domain_error  for sums of too few values.
  [[nodiscard]] double variance_of(const mean_margin_sums& sums) const {
    require_ready("a variance", sums);
    const mean_margin_sums all = starts_.total();
    return variance_of(sums, all, overdispersion_of(all));
  }

  /// Without those that had no values in an arm.
  [[nodiscard]] std::uint64_t windows() const noexcept { return starts_.windows(); }

  friend bool operator==(const mean_margin_stream&, const mean_margin_stream&) = default;

 private:
  static void require_finite(const moments& arm, const char* name) {
    if (arm.finite()) return;
    throw std::invalid_argument(std::string{"mean_margin_stream: moments of "} + name +
                                " must be finite, got some that are not");
  }

  void require_ready(const char* what, const mean_margin_sums& sums) const {
    if (has_enough(sums)) return;
    const auto count = [](double values) {
      return std::to_string(static_cast<std::uint64_t>(values));
    };
    throw std::domain_error(std::string{"mean_margin_stream: "} + what + " must be of at least " +
                            std::to_string(burn_in_) + " values of each arm, got " +
                            count(sums.baseline.values) + " of baseline and " +
                            count(sums.candidate.values) + " of candidate");
  }

  [[nodiscard]] bool has_enough(const mean_margin_sums& sums) const noexcept {
    const auto least = static_cast<double>(burn_in_);
    return sums.baseline.freedom >= 1.0 && sums.candidate.freedom >= 1.0 &&
           sums.baseline.values >= least && sums.candidate.values >= least;
  }

  [[nodiscard]] double variance_of(const mean_margin_sums& sums, const mean_margin_sums& all,
                                   double iota) const {
    double variance = 0.0;
    double of_one = 0.0;  // of a candidate's value and a baseline's
    for (const auto& each : {variances_of_one(sums, contrast_), variances_of_one(all, contrast_)}) {
      variance = std::max(
          {variance, each.candidate * sums.candidate.share + each.baseline * sums.baseline.share,
           each.common * (sums.candidate.share + sums.baseline.share)});
      of_one = std::max(of_one, each.baseline + each.candidate);
    }
    return variance + iota * of_one * sums.squared_weight;
  }

  [[nodiscard]] double overdispersion_of(const mean_margin_sums& all) const {
    if (!judges_noise_ || !has_enough(all)) return 0.0;
    const mean_margin_variances seen = variances_of_one(all, contrast_);
    return noise_.estimate(
        seen.candidate * all.candidate.noise_share + seen.baseline * all.baseline.noise_share,
        (seen.baseline + seen.candidate) * all.weight);
  }

  linear_contrast contrast_;
  std::uint64_t burn_in_;
  start_windows<mean_margin_sums> starts_;
  bool judges_noise_;
  overdispersion noise_;
};

}  // namespace hotswap::inline v0_1::stats
