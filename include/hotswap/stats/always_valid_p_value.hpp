#pragma once

/// @file
/// A p-value that holds however often one looks, and whenever one stops.
///
///     always_valid_p_value so_far;                      // one per hypothesis
///     so_far.add(log_bayes_factor);                     // at each look
///     if (so_far.p_value() <= 0.05) { ... }             // rejected, and for good
///
/// An e-value is evidence whose mean is at most 1 if the null is true, at any look: a Bayes factor,
/// a mixture, a likelihood ratio. It exceeds 1 / alpha, ever, with a probability of at most alpha.
///
/// Sources
///   [V]  J. Ville, "Étude critique de la notion de collectif" (1939): the inequality.
///   [J]  R. Johari, L. Pekelis, D. J. Walsh, "Always valid inference: bringing sequential analysis
///        to A/B testing" (2015), arXiv 1512.04922: the p-value at look n is the least 1 / e so
///        far.

#include <hotswap/stats/normal.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace hotswap::inline v0_1::stats {

/// min(1, 1 / e): the p-value of a single look at an e-value.
///
/// @param log_e  the natural logarithm of e; infinities are evidence, too
/// @throws std::invalid_argument  for a NaN.
inline tail_probability p_value_of_e(double log_e) {
  if (std::isnan(log_e)) {
    throw std::invalid_argument("p_value_of_e: log_e must be a number, got " +
                                std::to_string(log_e));
  }
  const double evidence = std::max(0.0, log_e);
  return {std::exp(-evidence), 0.0 - evidence};
}

/// The p-value of [J], which never rises; 1 before the first look.
class always_valid_p_value {
 public:
  /// Another look at the same evidence, with what has come in since.
  /// @throws std::invalid_argument  for a NaN.
  void add(double log_e) {
    if (std::isnan(log_e)) {
      throw std::invalid_argument("always_valid_p_value: log_e must be a number, got " +
                                  std::to_string(log_e));
    }
    greatest_log_e_ = std::max(greatest_log_e_, log_e);
  }

  /// Of evidence as great as the greatest so far, at any look, if the null is true.
  [[nodiscard]] double p_value() const noexcept { return std::exp(-greatest_log_e_); }

  /// Its logarithm, also where the p-value is too small for a double.
  [[nodiscard]] double log_p_value() const noexcept { return 0.0 - greatest_log_e_; }

 private:
  double greatest_log_e_ = 0.0;
};

}  // namespace hotswap::inline v0_1::stats
