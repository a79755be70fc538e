#pragma once

/// @file
/// What a judge says about a candidate, and why.
///
///     if (!verdict.passed()) log(verdict.summary());

#include <hotswap/stats/interval.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// `inconclusive` is no pass: nothing is promoted on what is not known.
enum class decision { pass, fail, inconclusive };

[[nodiscard]] constexpr std::string_view to_string(decision made) noexcept {
  switch (made) {
    case decision::pass:
      return "pass";
    case decision::fail:
      return "fail";
    case decision::inconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

/// One metric, judged. A missing number was not measured, or has no meaning for the method.
class finding {
 public:
  finding() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::string metric;              ///< `accuracy`, `latency`, `errorRate`, `dataDrift`, …
  std::string role = "guardrail";  ///< what the metric is there for
  decision made = decision::inconclusive;
  bool required = true;             ///< if not, its absence does not keep a pass back
  std::optional<double> baseline;   ///< latency in seconds, rates as fractions
  std::optional<double> candidate;  ///< in the same unit
  std::optional<double> quantile;   ///< which one of the metric both values are; absent: its mean
  std::optional<double> limit;      ///< of the change: ratio, difference or score
  std::string method;               ///< e.g. `threshold`, `clopper-pearson`
  std::optional<double> statistic;  ///< the change that `limit` bounds
  std::optional<double> p_value;
  std::optional<double> e_value;
  std::optional<stats::interval> interval;  ///< of the statistic
  std::uint64_t baseline_samples = 0;
  std::uint64_t candidate_samples = 0;
  std::string sentence;  ///< in English, without a full stop
};

/// A decision and the findings behind it.
class verdict {
 public:
  /// Inconclusive, since nothing was looked at.
  verdict() : verdict(hotswap::decision::inconclusive, {}) {}

  verdict(hotswap::decision made, std::vector<finding> findings)
      : decision_(made), findings_(std::move(findings)) {}

  [[nodiscard]] hotswap::decision decision() const noexcept { return decision_; }
  [[nodiscard]] bool passed() const noexcept { return decision_ == hotswap::decision::pass; }
  [[nodiscard]] bool failed() const noexcept { return decision_ == hotswap::decision::fail; }
  [[nodiscard]] const std::vector<finding>& findings() const noexcept { return findings_; }

  /// The sentences of the findings that made the decision, joined by semicolons.
  [[nodiscard]] std::string summary() const {
    std::size_t length = 0;
    for (const finding& each : findings_) {
      if (has_decided(each)) length += each.sentence.size() + 2;  // and a semicolon
    }
    std::string text;
    text.reserve(length);
    for (const finding& each : findings_) {
      if (!has_decided(each) || each.sentence.empty()) continue;
      if (!text.empty()) text += "; ";
      text += each.sentence;
    }
    return text.empty() ? std::string{"nothing was measured"} : text;
  }

 private:
  [[nodiscard]] bool has_decided(const finding& each) const noexcept {
    return each.made == decision_ && (each.required || failed());
  }

  hotswap::decision decision_;
  std::vector<finding> findings_;
};

}  // namespace hotswap::inline v0_1
