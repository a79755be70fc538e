#pragma once

/// @file
/// Every event as one line of JSON, for log pipelines, `jq` and whoever reads it in a year.
///
///     context.observe(hotswap::json_lines{stderr});
///
/// The keys, in this order; those in brackets are left out where there is nothing to say:
///
///     v  time  rollout  sequence  kind  severity  model  [baseline]  candidate  strategy  [step]
///     candidateShare  [actor]  [reasonCode]  message  [labels]  [payload]
///
/// `v` is 1 until a key changes its meaning; keys are only added. `time` is UTC. `candidateShare`
/// is in per cent, exact: 12.5. `payload` holds the event's own, as strings; that of a look is
///
///     window {begin, end}  elapsed  bake  contemporaneous  baseline  candidate  decision  findings
///
/// with both snapshots and findings as in `metrics_snapshot` and `finding`, in camelCase; of a
/// distribution it tells the count, p50, p95 and p99. Durations are ISO 8601. What is no number is
/// the string "NaN", "Infinity" or "-Infinity".

#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/quantile_name.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/report/json_text.hpp>
#include <hotswap/report/quantity_text.hpp>
#include <hotswap/report/text_sink.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/quantile_sketch.hpp>
#include <hotswap/strategies/config_text.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// `12.5`: exact, since a share is a whole number of basis points.
template <typename = void>
std::string percent_number(share value) {
  std::string text = to_string(value);
  text.resize(text.size() - 2);  // " %"
  return text;
}

template <typename = void>
void append_moments(std::string& out, const stats::moments& of) {
  json_object object{out};
  object.count("count", of.count());
  if (of.count() >= 1) object.number("mean", of.mean());
  if (of.count() >= 2) object.number("variance", of.variance());
  object.end();
}

template <typename = void>
void append_distribution(std::string& out, const stats::quantile_sketch& of) {
  json_object object{out};
  object.count("count", of.count());
  for (const double quantile : {0.5, 0.95, 0.99}) {
    if (of.count() > 0) object.number(quantile_name(quantile), of.quantile(quantile));
  }
  object.end();
}

template <typename = void>
void append_snapshot(std::string& out, const metrics_snapshot& of) {
  json_object object{out};
  object.count("requests", of.requests);
  object.count("errors", of.errors);
  if (of.units) object.count("units", *of.units);
  if (of.accuracy) {
    object.key("accuracy");
    json_object accuracy{out};
    accuracy.count("successes", of.accuracy->successes());
    accuracy.count("trials", of.accuracy->trials());
    accuracy.end();
  }
  if (of.latency) {
    object.key("latency");
    append_moments(out, *of.latency);
  }
  if (of.latency_distribution) {
    object.key("latencyDistribution");
    append_distribution(out, *of.latency_distribution);
  }
  if (of.drift) {
    object.key("drift");
    json_object drift{out};
    drift.number("score", of.drift->score);
    drift.count("samples", of.drift->samples);
    drift.count("bins", of.drift->bins);
    drift.text("reference", of.drift->reference);
    drift.end();
  }
  if (!of.custom.empty()) {
    object.key("custom");
    json_object custom{out};
    for (const auto& [name, values] : of.custom) {
      custom.key(name);
      append_moments(out, values);
    }
    custom.end();
  }
  object.end();
}

template <typename = void>
void append_finding(std::string& out, const finding& of) {
  json_object object{out};
  const auto optional = [&object](std::string_view key, const std::optional<double>& value) {
    if (value) object.number(key, *value);
  };
  object.text("metric", of.metric);
  object.text("role", of.role);
  object.text("decision", to_string(of.made));
  object.flag("required", of.required);
  optional("baseline", of.baseline);
  optional("candidate", of.candidate);
  optional("quantile", of.quantile);
  optional("limit", of.limit);
  object.text("method", of.method);
  optional("statistic", of.statistic);
  optional("pValue", of.p_value);
  optional("eValue", of.e_value);
  if (of.interval) {
    object.key("interval");
    json_object interval{out};
    interval.number("lower", of.interval->lower);
    interval.number("upper", of.interval->upper);
    interval.end();
  }
  object.count("baselineSamples", of.baseline_samples);
  object.count("candidateSamples", of.candidate_samples);
  object.text("sentence", of.sentence);
  object.end();
}

template <typename = void>
void append_look(std::string& out, json_object& payload, const look_report& of) {
  payload.key("window");
  json_object window{out};
  window.text("begin", timestamp(of.window.begin));
  window.text("end", timestamp(of.window.end));
  window.end();
  payload.text("elapsed", duration_text(of.elapsed));
  payload.text("bake", duration_text(of.bake));
  payload.flag("contemporaneous", of.contemporaneous);
  payload.key("baseline");
  append_snapshot(out, of.baseline);
  payload.key("candidate");
  append_snapshot(out, of.candidate);
  payload.text("decision", to_string(of.verdict.decision()));
  payload.key("findings");
  out += '[';
  for (const finding& each : of.verdict.findings()) {
    if (&each != &of.verdict.findings().front()) out += ',';
    append_finding(out, each);
  }
  out += ']';
}

template <typename = void>
void append_payload(std::string& out, const event& of) {
  constexpr std::array<std::string_view, 8> of_a_look{"window",          "elapsed",  "bake",
                                                      "contemporaneous", "baseline", "candidate",
                                                      "decision",        "findings"};
  json_object payload{out};
  if (of.look) append_look(out, payload, *of.look);
  for (const auto& [name, value] : of.payload) {
    // a key that stands twice would be read as either
    if (of.look && std::find(of_a_look.begin(), of_a_look.end(), name) != of_a_look.end()) continue;
    payload.text(name, value);
  }
  payload.end();
}

}  // namespace detail

/// The event as one line, without a line feed at its end or within. The same event gives the same
/// bytes, on every platform. Text that is no UTF-8 is repaired with U+FFFD, never refused. An entry
/// of `payload` that bears the name of a look's own key gives way to it.
template <typename = void>
[[nodiscard]] std::string to_json_line(const event& of) {
  std::string line;
  json_object object{line};
  const auto unless_empty = [&object](std::string_view key, std::string_view value) {
    if (!value.empty()) object.text(key, value);
  };
  object.count("v", 1);
  object.text("time", timestamp(of.time));
  object.text("rollout", of.rollout);
  object.count("sequence", of.sequence);
  object.text("kind", to_string(of.kind));
  object.text("severity", to_string(of.severity));
  object.text("model", of.model);
  unless_empty("baseline", of.baseline);
  object.text("candidate", of.candidate);
  object.text("strategy", of.strategy);
  unless_empty("step", of.step);
  object.key("candidateShare");
  line += detail::percent_number(of.candidate_share);
  unless_empty("actor", of.actor);
  if (of.reason_code != reason_code::none) object.text("reasonCode", to_string(of.reason_code));
  object.text("message", of.message);
  if (!of.labels.empty()) {
    object.key("labels");
    json_object labels{line};
    for (const auto& [name, value] : of.labels) labels.text(name, value);
    labels.end();
  }
  if (of.look || !of.payload.empty()) {
    object.key("payload");
    detail::append_payload(line, of);
  }
  object.end();
  return line;
}

/// An observer that writes each event as a line, at once. Rollouts that share a sink are told apart
/// by `rollout`; those of several clocks need a sink that may be called from several threads, as
/// that of a stream may.
/// A template so that only its users compile it.
template <typename = void>
class basic_json_lines {
 public:
  /// @throws config_error  for an empty sink.
  explicit basic_json_lines(text_sink sink) : sink_(std::move(sink)) {
    if (!sink_) throw config_error("", "json_lines: sink must be callable, got none");
  }

  /// To a stream that outlives it; flushes after each line.
  explicit basic_json_lines(std::FILE* stream) : basic_json_lines(to_stream(stream)) {}

  /// @throws error  if the stream does not take the whole line; else what the sink throws.
  void operator()(const event& told) const { sink_(to_json_line(told) + '\n'); }

 private:
  text_sink sink_;
};

using json_lines = basic_json_lines<>;

}  // namespace hotswap::inline v0_1
