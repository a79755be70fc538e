#pragma once

/// @file
/// Exact evidence about two rates and a margin, for any counts, any split and however few errors.
///
///     bernoulli_e_process worse{{.offset = 0.01}};
///     worse.add({5, 900}, {3, 100});                      // window by window
///     if (worse.log_e() >= std::log(1.0 / alpha)) { ... } // worse by more than the margin
///
/// It bets, in each window, on rates that it has learnt in the windows before, against the
/// likeliest rates at the margin. A `margin_stream` finds small differences sooner; this one needs
/// no variance, and no request needs to be like another: its error rate is proven, not
/// approximated.
///
/// Sources
///   [TLG] R. J. Turner, A. Ly, P. D. Grünwald, "Generic E-variables for exact sequential k-sample
///         tests that allow for optional stopping", Journal of Statistical Planning and Inference
///         230 (2024), 106116.
///   [GHK] P. Grünwald, R. de Heide, W. Koolen, "Safe testing", Journal of the Royal Statistical
///         Society B 86 (2024), 1091-1128: the likeliest null is the one to bet against.

#include <hotswap/stats/linear_contrast.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/restricted_contrast.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// Rates that one bets on, chosen before the window is seen.
struct rate_bet {
  double baseline = 0.0;   ///< in (0, 1)
  double candidate = 0.0;  ///< in (0, 1)
};

namespace detail {

/// successes * log(rate / null) + failures * log((1 - rate) / (1 - null)), also where they are
/// close.
inline double log_ratio_of_rates(double successes, double failures, const rate_and_rest& rate,
                                 const rate_and_rest& null) {
  // Of a rate and its rest, the smaller one has the digits of the difference.
  const double change = rate.rate < rate.rest ? rate.rate - null.rate : null.rest - rate.rest;
  double sum = 0.0;
  if (successes > 0.0) sum += successes * std::log1p(change / null.rate);
  if (failures > 0.0) sum += failures * std::log1p(-change / null.rest);
  return sum;
}

}  // namespace detail

/// What a window adds to log e for "the contrast is above 0": the likelihood at the rates betted
/// on, less that at the likeliest rates of contrast 0, as these bets see it. 0 without trials in an
/// arm, and for a bet whose contrast is not above 0.
///
/// While the windows' mean rates have a contrast of at most 0, the expectation of e is at most 1,
/// be the requests alike or not.
///
/// @throws std::invalid_argument  for rates outside (0, 1), a slope that is not above 0 or not
///   finite, an offset outside (-slope, 1).
[[nodiscard]] inline double bernoulli_log_e(const proportion& baseline, const proportion& candidate,
                                            const rate_bet& bet,
                                            const linear_contrast& contrast = {}) {
  require_rate_contrast(contrast, "bernoulli_log_e");
  if (!(bet.baseline > 0.0 && bet.baseline < 1.0 && bet.candidate > 0.0 && bet.candidate < 1.0)) {
    throw std::invalid_argument("bernoulli_log_e: rates must lie between 0 and 1, got " +
                                std::to_string(bet.baseline) + " and " +
                                std::to_string(bet.candidate));
  }
  if (baseline.trials() == 0 || candidate.trials() == 0) return 0.0;
  if (bet.candidate <= contrast.slope * bet.baseline + contrast.offset) return 0.0;

  const auto outcomes = [](const proportion& seen, double rate) {
    const auto trials = static_cast<double>(seen.trials());
    return weighted_outcomes{trials * rate, trials * (1.0 - rate)};
  };
  const restricted_pair null = restricted_rates_of(outcomes(baseline, bet.baseline),
                                                   outcomes(candidate, bet.candidate), contrast);
  const auto ratio = [](const proportion& seen, double rate, const rate_and_rest& at) {
    return detail::log_ratio_of_rates(static_cast<double>(seen.successes()),
                                      static_cast<double>(seen.trials() - seen.successes()),
                                      rate_and_rest{rate, 1.0 - rate}, at);
  };
  return ratio(baseline, bet.baseline, null.baseline) +
         ratio(candidate, bet.candidate, null.candidate);
}

/// The evidence of all windows so far for "the candidate's rate is above slope * baseline + offset
/// in some of them". For "it is below", exchange the arms, and the contrast by `exchanged`.
class bernoulli_e_process {
 public:
  /// @throws std::invalid_argument  for a slope that is not above 0 or not finite, or an offset
  ///   outside (-slope, 1).
  explicit bernoulli_e_process(const linear_contrast& contrast = {}) : contrast_{contrast} {
    require_rate_contrast(contrast, "bernoulli_e_process");
  }

  /// One more window. One without trials in an arm says nothing and teaches nothing. The first one
  /// is no evidence: nothing is known yet to bet on.
  void add(const proportion& baseline, const proportion& candidate) {
    if (baseline.trials() == 0 || candidate.trials() == 0) return;
    if (baseline_.trials() > 0) {
      log_e_ += bernoulli_log_e(baseline, candidate, next_bet(), contrast_);
      greatest_ = std::max(greatest_, log_e_);
    }
    baseline_ += baseline;
    candidate_ += candidate;
  }

  /// After the last window. It may fall again; what it has been is valid evidence, too.
  [[nodiscard]] double log_e() const noexcept { return log_e_; }

  /// The greatest so far, 0 at the start.
  [[nodiscard]] double greatest_log_e() const noexcept { return greatest_; }

  /// Valid at every look: min(1, 1 / the greatest e).
  [[nodiscard]] double p_value() const noexcept { return std::exp(-greatest_); }

  /// What the next window will be betted on: the baseline's rate so far; the candidate's rate so
  /// far, drawn towards its margin by as much as two trials weigh, and not below it.
  [[nodiscard]] rate_bet next_bet() const noexcept {
    const auto trials = static_cast<double>(candidate_.trials());
    const auto successes = static_cast<double>(candidate_.successes());
    constexpr double below_1 = 1.0 - std::numeric_limits<double>::epsilon();
    rate_bet bet;
    bet.baseline = (static_cast<double>(baseline_.successes()) + 0.5) /
                   (static_cast<double>(baseline_.trials()) + 1.0);
    bet.baseline = std::min(bet.baseline, below_1);
    const double margin = contrast_.slope * bet.baseline + contrast_.offset;
    // A margin that no rate can reach is nothing to be drawn to.
    const double drawn_to = margin > 0.0 && margin < 1.0 ? margin : 0.25;
    bet.candidate =
        std::max((successes + 2.0 * drawn_to) / (trials + 2.0), std::min(margin, drawn_to));
    bet.candidate = std::min(bet.candidate, below_1);
    return bet;
  }

 private:
  linear_contrast contrast_;
  proportion baseline_;
  proportion candidate_;
  double log_e_ = 0.0;
  double greatest_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
