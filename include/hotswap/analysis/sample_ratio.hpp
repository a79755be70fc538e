#pragma once

/// @file
/// Are the users split as the traffic is? If not, both sides are not comparable, whatever their
/// metrics say.
///
///     if (const auto mismatch = hotswap::sample_ratio_mismatch(seen)) return *mismatch;
///
/// Source: A. Fabijan et al., "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments",
/// KDD 2019.

#include <hotswap/analysis/judge.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/stats/normal.hpp>

#include <fmt/format.h>

#include <cmath>
#include <optional>

namespace hotswap::inline v0_1 {

/// The name of the finding; its fail has a reason code of its own.
inline constexpr const char* sample_ratio_metric = "sampleRatio";

/// A failing finding, if the users of this window are not split as the traffic is. Only where both
/// sides count distinct users (`units`): requests of one user are not independent, and would cry
/// wolf.
///
/// A normal approximation of the binomial test, at 10^-6: over the looks of a rollout, ten thousand
/// at most, it is wrong once in a hundred.
[[nodiscard]] inline std::optional<finding> sample_ratio_mismatch(const paired_windows& seen) {
  constexpr double level = 1e-6;
  const double part = seen.candidate_share.basis_points() / 10'000.0;
  const bool is_split = part > 0.0 && part < 1.0 && seen.contemporaneous;
  if (!is_split || !seen.baseline.units || !seen.candidate.units) return std::nullopt;
  const auto candidates = static_cast<double>(*seen.candidate.units);
  const double all = candidates + static_cast<double>(*seen.baseline.units);
  const double variance = all * part * (1.0 - part);
  if (variance < 9.0) return std::nullopt;  // too few for the approximation
  const double z = (candidates - all * part) / std::sqrt(variance);
  const double p = 2.0 * stats::normal_upper_tail(std::abs(z));
  if (!(p < level)) return std::nullopt;

  finding found;
  found.metric = sample_ratio_metric;
  found.role = "validity";
  found.made = decision::fail;
  found.method = "binomial";
  found.baseline = 1.0 - part;
  found.candidate = candidates / all;
  found.limit = level;
  found.statistic = z;
  found.p_value = p;
  found.baseline_samples = *seen.baseline.units;
  found.candidate_samples = *seen.candidate.units;
  found.sentence = fmt::format(
      "{:.3g} % of {:.0f} users were the candidate's, and {:.3g} % should be (p = {:.3g})",
      100.0 * candidates / all, all, 100.0 * part, p);
  return found;
}

}  // namespace hotswap::inline v0_1
