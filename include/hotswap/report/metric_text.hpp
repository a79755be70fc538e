#pragma once

/// @file
/// What a look has found, metric by metric, in words that both views share.
///
///     for (const hotswap::metric_text& each : hotswap::metrics_of(look)) show(each.name);

#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/quantile_name.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/report/quantity_text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

/// One metric of both sides; a text is empty where there is no number.
class metric_text {
 public:
  std::string name;                 ///< `error rate`, `p95 latency`
  std::string baseline;             ///< `0.40 %`
  std::string candidate;            ///< `0.50 %`
  std::string change;               ///< `+0.10 %`: candidate − baseline; of latencies `×1.02`
  std::string limit;                ///< what the candidate may be: `≤ 1.40 %`
  std::optional<decision> verdict;  ///< absent if nobody judged it
};

namespace detail {

template <typename = void>
std::string signed_rate(double fraction) {
  std::string text = rate_text(std::abs(fraction));
  // no sign before a zero that rounding made
  const bool is_zero = text == "0.00 %";
  return is_zero ? text : (std::signbit(fraction) ? "−" : "+") + text;
}

/// A limit bounds a change; a reader compares the candidate with a value.
template <typename = void>
metric_text text_of(const finding& of) {
  const bool is_rate = of.metric == "errorRate" || of.metric == "accuracy";
  const bool is_latency = of.metric == "latency";
  const auto value = [&](double number) {
    return is_rate ? rate_text(number) : is_latency ? latency_text(number) : value_text(number);
  };
  metric_text text;
  text.name = of.metric == "errorRate"   ? "error rate"
              : of.metric == "dataDrift" ? "data drift"
                                         : of.metric;
  if (of.quantile) text.name = quantile_name(*of.quantile) + " " + text.name;
  text.verdict = of.made;
  if (of.baseline) text.baseline = value(*of.baseline);
  if (of.candidate) text.candidate = value(*of.candidate);
  if (of.limit && of.metric == "dataDrift") text.limit = "≤ " + value(*of.limit);
  if (!of.baseline || !std::isfinite(*of.baseline)) return text;

  const bool changes = of.candidate && std::isfinite(*of.candidate);
  if (changes && is_rate) text.change = signed_rate(*of.candidate - *of.baseline);
  if (changes && is_latency && *of.baseline > 0.0) {
    text.change = fmt::format("×{:.2f}", *of.candidate / *of.baseline);
  }
  if (!of.limit) return text;
  if (of.metric == "errorRate") text.limit = "≤ " + value(*of.baseline + *of.limit);
  if (of.metric == "accuracy") text.limit = "≥ " + value(*of.baseline * (1.0 - *of.limit));
  if (is_latency) text.limit = "≤ " + value(*of.baseline * *of.limit);
  return text;
}

/// What a window itself says of a metric that the judge has no values of.
template <typename = void>
std::optional<double> value_in(const metrics_snapshot& side, const finding& of) {
  const std::string_view metric = of.metric;
  if (metric == "latency" && of.quantile) {
    const bool is_known = side.latency_distribution && side.latency_distribution->count() > 0;
    if (!is_known) return std::nullopt;
    return side.latency_distribution->quantile(*of.quantile);
  }
  if (metric == "errorRate" && side.requests > 0) {
    return static_cast<double>(side.errors) / static_cast<double>(side.requests);
  }
  if (metric == "latency" && side.latency && side.latency->count() > 0) {
    return side.latency->mean();
  }
  if (metric == "accuracy" && side.accuracy && side.accuracy->trials() > 0) {
    return side.accuracy->rate();
  }
  return std::nullopt;
}

}  // namespace detail

/// Error rate, latency and accuracy first, whether or not the judge has an opinion; then what else
/// it found. A metric without any value is left out.
template <typename = void>
[[nodiscard]] std::vector<metric_text> metrics_of(const look_report& look) {
  constexpr std::array<std::string_view, 3> first{"errorRate", "latency", "accuracy"};
  const std::vector<finding>& findings = look.verdict.findings();
  std::vector<metric_text> texts;

  for (const std::string_view metric : first) {
    finding shown;
    shown.metric = metric;
    const auto found =
        std::find_if(findings.begin(), findings.end(),
                     [metric](const finding& each) { return each.metric == metric; });
    if (found != findings.end()) shown = *found;
    if (!shown.baseline) shown.baseline = detail::value_in(look.baseline, shown);
    if (!shown.candidate) shown.candidate = detail::value_in(look.candidate, shown);
    if (!shown.baseline && !shown.candidate) continue;
    texts.push_back(detail::text_of(shown));
    if (found == findings.end()) texts.back().verdict.reset();
  }
  for (const finding& each : findings) {
    if (std::find(first.begin(), first.end(), each.metric) != first.end()) continue;
    if (!each.baseline && !each.candidate) continue;
    texts.push_back(detail::text_of(each));
  }
  return texts;
}

/// `0.40 % vs 0.50 %`, the baseline's first; a side without a value is `–`.
template <typename = void>
[[nodiscard]] std::string both_sides(const metric_text& of) {
  const auto or_dash = [](const std::string& text) {
    return text.empty() ? std::string{"–"} : text;
  };
  return or_dash(of.baseline) + " vs " + or_dash(of.candidate);
}

}  // namespace hotswap::inline v0_1
