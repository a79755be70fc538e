#pragma once

/// @file
/// The evidence of a stream of windows that a candidate is worse than its margin, or is not.
///
///     margin_stream errors;
///     errors.add(margin_window(baseline, candidate, {.offset = 0.01}));   // window by window
///     if (errors.log_e_beyond(to_fail) >= std::log(1.0 / alpha)) { ... }  // worse: at any look
///     if (errors.log_e_within(to_pass) >= std::log(1.0 / alpha)) { ... }  // not worse, in this
///     step
///
/// Windows are summed by their contrasts, never by their counts: pooled counts of two shares of the
/// traffic mistake a drift of both arms for a difference between them.
///
/// Source
///   [H]  S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, "Time-uniform, nonparametric,
///        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), 1055-1080, whose
///        mixtures judge the sums.

#include <hotswap/stats/confidence_sequence.hpp>
#include <hotswap/stats/margin_window.hpp>
#include <hotswap/stats/overdispersion.hpp>
#include <hotswap/stats/start_windows.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// Sums of increments.
struct margin_sums {
  double weight = 0.0;
  double sum = 0.0;
  double variance = 0.0;
  double spread = 0.0;

  margin_sums& operator+=(const margin_sums& other) noexcept {
    weight += other.weight;
    sum += other.sum;
    variance += other.variance;
    spread += other.spread;
    return *this;
  }
  friend bool operator==(const margin_sums&, const margin_sums&) = default;
};

struct margin_stream_options {
  /// None where each request is routed at random and one process serves both arms.
  std::optional<overdispersion_options> noise = overdispersion_options{};
  std::size_t starts = 64;  ///< at which a regression may begin, at most; besides the steps' first
};

/// Its state depends on nothing but the windows and steps in their order: who feeds it the same
/// ones again has an equal stream, bit for bit.
class margin_stream {
 public:
  /// @throws std::invalid_argument  for fewer than 2 starts, or an overdispersion below 0.
  explicit margin_stream(const margin_stream_options& options = {})
      : starts_{options.starts},
        judges_noise_{options.noise.has_value()},
        noise_{options.noise.value_or(overdispersion_options{})} {}

  /// Evidence that the candidate is within its margin starts afresh: it is well at 10 % of the
  /// traffic, which says nothing about 50 %.
  void begin_step() noexcept { starts_.begin_step(); }

  /// One more window. One that says nothing, whose weight is 0, is passed over. O(starts).
  /// @throws std::invalid_argument  for an increment that is not finite, or whose weight, variance,
  ///   spread or noise is below 0.
  void add(const margin_increment& window) {
    require("weight", window.weight, window.weight >= 0.0);
    require("sum", window.sum, true);
    require("variance", window.variance, window.variance >= 0.0);
    require("spread", window.spread, window.spread >= 0.0);
    require("noise", window.noise, window.noise >= 0.0);
    if (window.weight == 0.0) return;

    starts_.add({.weight = window.weight,
                 .sum = window.sum,
                 .variance = window.variance,
                 .spread = window.spread});
    noise_.add(window.sum / std::sqrt(window.weight));
    noise_seen_ += window.noise / window.weight;
    noise_spread_ += window.spread / window.weight;
  }

  /// The logarithm of the e-value for "the candidate is worse by more than its margin", summed over
  /// the windows at which that may have begun. 0 before the first one.
  ///
  /// @param mixture  a `gamma_poisson_mixture` or another with log_e(sum, variance), chosen before
  ///   the data; at a microsecond at most for each start
  template <typename Mixture>
  [[nodiscard]] double log_e_beyond(const Mixture& mixture) const {
    const double iota = overdispersion_seen();
    return starts_.log_mean_e([&](const margin_sums& since) {
      return mixture.log_e(since.sum, since.variance + iota * since.spread);
    });
  }

  /// The logarithm of the e-value for "the candidate is not worse by more than its margin, in this
  /// step". 0 before the step's first window.
  ///
  /// @param mixture  for counts, with the candidate's largest planned share as its largest jump
  template <typename Mixture>
  [[nodiscard]] double log_e_within(const Mixture& mixture) const {
    const margin_sums step = starts_.of_step();
    return mixture.log_e(-step.sum, variance_of(step));
  }

  /// For a report: between which bounds the mean contrast lies, over all windows.
  /// @throws std::domain_error  before the first window.
  /// @throws std::invalid_argument  for a confidence outside (0, 1).
  [[nodiscard]] interval contrast_interval(const two_sided_normal_mixture& mixture,
                                           double confidence = 0.95) const {
    const margin_sums all = starts_.total();
    if (windows() == 0) {
      throw std::domain_error("margin_stream: an interval must be of at least 1 window, got 0");
    }
    return confidence_sequence({.sum = all.sum, .variance = variance_of(all), .weight = all.weight},
                               mixture, confidence);
  }

  /// Since the first window, or the first of this step.
  [[nodiscard]] margin_sums total() const { return starts_.total(); }
  [[nodiscard]] margin_sums of_step() const { return starts_.of_step(); }

  /// Of such sums, with what overdispersion adds.
  [[nodiscard]] double variance_of(const margin_sums& sums) const noexcept {
    return sums.variance + overdispersion_seen() * sums.spread;
  }

  /// Estimated, from 8 windows on; 0 where none was asked for.
  [[nodiscard]] double overdispersion_seen() const noexcept {
    return judges_noise_ ? noise_.estimate(noise_seen_, noise_spread_) : 0.0;
  }

  /// Without those that said nothing.
  [[nodiscard]] std::uint64_t windows() const noexcept { return starts_.windows(); }

  friend bool operator==(const margin_stream&, const margin_stream&) = default;

 private:
  static void require(const char* field, double value, bool not_below_0) {
    if (not_below_0 && std::isfinite(value)) return;
    throw std::invalid_argument(std::string{"margin_stream: "} + field + " must be finite" +
                                (std::isfinite(value) ? " and not below 0" : "") + ", got " +
                                std::to_string(value));
  }

  start_windows<margin_sums> starts_;
  bool judges_noise_;
  overdispersion noise_;
  double noise_seen_ = 0.0;
  double noise_spread_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
