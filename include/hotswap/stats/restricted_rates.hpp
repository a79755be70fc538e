#pragma once

/// @file
/// The likeliest pair of rates of which one is greater than the other by a given difference.
///
///     const auto at = restricted_rates({412, 8000}, {498, 8100}, 0.01);
///     at.candidate.rate - at.baseline.rate;  // 0.01
///
/// It says what the variance of a difference would be if the null hypothesis held: the variance of
/// the observed rates is 0 where no error was seen, and a test that takes it for that is no test.
///
/// Sources
///   [MN] O. Miettinen, M. Nurminen, "Comparative analysis of two rates", Statistics in Medicine 4
///        (1985), 213-226.
///   [FM] C. P. Farrington, G. Manning, "Test statistics and sample size formulae for comparative
///        binomial trials with null hypothesis of non-zero risk difference or non-unity relative
///        risk", Statistics in Medicine 9 (1990), 1447-1454.

#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/rate_difference.hpp>

#include <cmath>
#include <limits>

namespace hotswap::inline v0_1::stats {

/// A rate and 1 - rate, both with all digits.
struct rate_and_rest {
  double rate = 0.0;
  double rest = 1.0;
};

struct restricted_pair {
  rate_and_rest baseline;
  rate_and_rest candidate;
};

namespace detail {

/// The x in [0, width / 2] that maximises
/// a log(x) + b log(x + shift) + c log(far - x) + d log(width - x), where far is at least width and
/// the derivative at width / 2 is at most 0. It is concave, so its derivative falls.
inline double likeliest_low_rate(double a, double b, double c, double d, double shift, double width,
                                 double far) {
  const auto slope = [&](double x) {
    return a / x + b / (x + shift) - c / (far - x) - d / (width - x);
  };
  double high = 0.5 * width;
  double low = 0.0;
  if (a > 0.0) {
    low = a / (c / (far - high) + d / high);  // up to here, a / x alone outweighs what is negative
    if (!(low < high)) return high;
  } else if (b == 0.0 || b / shift - c / far - d / width <= 0.0) {
    return 0.0;
  }

  // Newton on x * slope(x), which has no pole at 0, or on the slope where it has none either.
  double x = a > 0.0 ? std::sqrt(low * high) : 0.5 * high;
  for (int i = 0; i < 200; ++i) {
    const double value = slope(x);
    (value > 0.0 ? low : high) = x;
    const double plus = x + shift;
    const double rest = far - x;
    const double left = width - x;
    const double curve = -b / (plus * plus) - c / (rest * rest) - d / (left * left);
    double next = x - (a > 0.0 ? value * x / (value + x * curve - a / x) : value / curve);
    if (!(next > low && next < high)) next = a > 0.0 ? std::sqrt(low * high) : 0.5 * (low + high);
    const double step = std::abs(next - x);
    x = next;
    if (step <= 2.0 * std::numeric_limits<double>::epsilon() * x || !(low < high)) break;
  }
  return x;
}

}  // namespace detail

/// So many successes and failures, or their weights.
struct weighted_outcomes {
  double successes = 0.0;
  double failures = 0.0;
};

/// The rates that maximise the likelihood of both samples while candidate - baseline is
/// `difference`; [MN], [FM]. Right to 14 digits, also those of a rate next to 0 or 1.
///
/// @param difference  in [-1, 1]; both samples have an outcome
inline restricted_pair restricted_rates_of(const weighted_outcomes& baseline,
                                           const weighted_outcomes& candidate, double difference) {
  // The one with the smaller rate, and the other, which is greater by `shift`.
  const bool rises = difference >= 0.0;
  const auto [a, c] = rises ? baseline : candidate;
  const auto [b, d] = rises ? candidate : baseline;
  const double shift = std::abs(difference);
  const double width = 1.0 - shift;

  rate_and_rest small;
  rate_and_rest great;
  if (shift == 0.0) {
    small = great = {(a + b) / (a + b + c + d), (c + d) / (a + b + c + d)};
  } else if (width <= 0.0) {
    small = {0.0, 1.0};
    great = {1.0, 0.0};
  } else {
    const double middle = 0.5 * width;
    const double slope = (a - d) / middle + (b - c) / (middle + shift);
    if (slope <= 0.0) {
      const double x = detail::likeliest_low_rate(a, b, c, d, shift, width, 1.0);
      small = {x, 1.0 - x};
      great = {x + shift, width - x};
    } else {  // the same from above: failures for successes
      const double x = detail::likeliest_low_rate(d, c, b, a, shift, width, 1.0);
      small = {width - x, x + shift};
      great = {1.0 - x, x};
    }
  }
  return rises ? restricted_pair{small, great} : restricted_pair{great, small};
}

/// The same of two proportions that have trials.
inline restricted_pair restricted_rates(const proportion& baseline, const proportion& candidate,
                                        double difference) {
  const auto of = [](const proportion& seen) {
    return weighted_outcomes{static_cast<double>(seen.successes()),
                             static_cast<double>(seen.trials() - seen.successes())};
  };
  return restricted_rates_of(of(baseline), of(candidate), difference);
}

/// How many standard errors the difference of the rates lies above `difference`, by the variance
/// that the null hypothesis implies. Infinite, or 0, where that variance is 0.
inline double score_statistic(const proportion& baseline, const proportion& candidate,
                              double difference) {
  const restricted_pair at = restricted_rates(baseline, candidate, difference);
  const double variance =
      at.baseline.rate * at.baseline.rest / static_cast<double>(baseline.trials()) +
      at.candidate.rate * at.candidate.rest / static_cast<double>(candidate.trials());
  const double gap = rate_difference(baseline, candidate) - difference;
  if (gap == 0.0) return 0.0;
  return gap / std::sqrt(variance);
}

}  // namespace hotswap::inline v0_1::stats
