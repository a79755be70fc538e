#pragma once

/// @file
/// Which members the values of a journal's records have in JSON, and in which order: the one list
/// that both the writer and the reader visit.
///
///     visit_members(writer, finding);   // "metric", "role", "decision", …
///
/// A type that is filled is visited itself. One that is made of values at once has a `record_form`,
/// a class of plain members, to and from which it goes without loss.

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// `T` itself or a constant one: writers do not change what they visit.
template <typename Visited, typename T>
concept visited_as = std::same_as<std::remove_const_t<Visited>, T>;

/// How a type that has no members to fill is written down. Specialisations have a `type` of its
/// plain members, `of(value)` and `made(form)`, which throws std::invalid_argument for a form that
/// no value has.
template <typename T>
struct record_form;

template <>
struct record_form<stats::moments> {
  using type = stats::moments::raw_state;
  static type of(const stats::moments& value) { return value.raw(); }
  static stats::moments made(const type& form) { return stats::moments::from_raw(form); }
};

template <>
struct record_form<stats::proportion> {
  struct type {
    std::uint64_t successes = 0;
    std::uint64_t trials = 0;
  };
  static type of(stats::proportion value) { return {value.successes(), value.trials()}; }
  static stats::proportion made(const type& form) { return {form.successes, form.trials}; }
};

template <>
struct record_form<stats::quantile_sketch> {
  struct type {
    std::uint64_t first_bucket = 0;
    std::vector<std::uint64_t> counts;
  };
  static type of(const stats::quantile_sketch& value) {
    return {value.first_bucket(), {value.counts().begin(), value.counts().end()}};
  }
  static stats::quantile_sketch made(const type& form) {
    return stats::quantile_sketch::from_counts(static_cast<std::size_t>(form.first_bucket),
                                               form.counts);
  }
};

template <>
struct record_form<verdict> {
  struct type {
    hotswap::decision decision = hotswap::decision::inconclusive;
    std::vector<finding> findings;
  };
  static type of(const verdict& value) { return {value.decision(), value.findings()}; }
  static verdict made(type form) { return {form.decision, std::move(form.findings)}; }
};

template <>
struct record_form<traffic_split> {
  struct type {
    std::string model;
    std::vector<std::pair<std::string, share>> shares;  ///< by version, the baseline first
    std::string salt;
  };
  static type of(const traffic_split& value) {
    type form{value.model(), {}, value.salt()};
    for (const auto& [version, part] : value.entries()) {
      form.shares.emplace_back(version.version(), part);
    }
    return form;
  }
  static traffic_split made(type form) {
    std::vector<traffic_split::entry> entries;
    for (auto& [version, part] : form.shares) {
      if (part == share{})
        throw std::invalid_argument("traffic_split: shares must be above 0, got 0");
      entries.emplace_back(model_version{form.model, std::move(version)}, part);
    }
    if (entries.empty())
      throw std::invalid_argument("traffic_split: shares must not be empty, got []");
    return traffic_split::of(std::move(entries)).with_salt(std::move(form.salt));
  }
};

/// @name visit_members(visitor, object)
/// Calls `visitor(key, member)` for each member. All of them are bound by name, so that a member
/// that is added to a type, and would be lost here, does not compile.
/// @{
template <typename Visitor, visited_as<stats::moments::raw_state> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [count, origin, mean_distance, squared_deviations] = of;
  visit("count", count);
  visit("origin", origin);
  visit("meanDistance", mean_distance);
  visit("squaredDeviations", squared_deviations);
}

template <typename Visitor, visited_as<record_form<stats::proportion>::type> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [successes, trials] = of;
  visit("successes", successes);
  visit("trials", trials);
}

template <typename Visitor, visited_as<record_form<stats::quantile_sketch>::type> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [first_bucket, counts] = of;
  visit("firstBucket", first_bucket);
  visit("counts", counts);
}

template <typename Visitor, visited_as<stats::interval> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [lower, upper] = of;
  visit("lower", lower);
  visit("upper", upper);
}

template <typename Visitor, visited_as<drift_measurement> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [score, samples, bins, reference] = of;
  visit("score", score);
  visit("samples", samples);
  visit("bins", bins);
  visit("reference", reference);
}

template <typename Visitor, visited_as<metrics_snapshot> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [requests, errors, units, accuracy, latency, latency_distribution, drift, custom] = of;
  visit("requests", requests);
  visit("errors", errors);
  visit("units", units);
  visit("accuracy", accuracy);
  visit("latency", latency);
  visit("latencyDistribution", latency_distribution);
  visit("drift", drift);
  visit("custom", custom);
}

template <typename Visitor, visited_as<divergence_snapshot> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [compared, disagreed, shadow_errors, dropped, difference] = of;
  visit("compared", compared);
  visit("disagreed", disagreed);
  visit("shadowErrors", shadow_errors);
  visit("dropped", dropped);
  visit("difference", difference);
}

template <typename Visitor, visited_as<time_window> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [begin, end] = of;
  visit("begin", begin);
  visit("end", end);
}

template <typename Visitor, visited_as<finding> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [metric, role, made, required, baseline, candidate, quantile, limit, method, statistic,
         p_value, e_value, interval, baseline_samples, candidate_samples, sentence] = of;
  visit("metric", metric);
  visit("role", role);
  visit("decision", made);
  visit("required", required);
  visit("baseline", baseline);
  visit("candidate", candidate);
  visit("quantile", quantile);
  visit("limit", limit);
  visit("method", method);
  visit("statistic", statistic);
  visit("pValue", p_value);
  visit("eValue", e_value);
  visit("interval", interval);
  visit("baselineSamples", baseline_samples);
  visit("candidateSamples", candidate_samples);
  visit("sentence", sentence);
}

template <typename Visitor, visited_as<record_form<verdict>::type> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [decision, findings] = of;
  visit("decision", decision);
  visit("findings", findings);
}

template <typename Visitor, visited_as<record_form<traffic_split>::type> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [model, shares, salt] = of;
  visit("model", model);
  visit("shares", shares);
  visit("salt", salt);
}

template <typename Visitor, visited_as<look_report> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [window, collected, baseline, candidate, contemporaneous, candidate_share, divergence,
         verdict, elapsed, bake, unhealthy_looks] = of;
  visit("window", window);
  visit("collected", collected);
  visit("baseline", baseline);
  visit("candidate", candidate);
  visit("contemporaneous", contemporaneous);
  visit("candidateShare", candidate_share);
  visit("divergence", divergence);
  visit("verdict", verdict);
  visit("elapsedMs", elapsed);
  visit("bakeMs", bake);
  visit("unhealthyLooks", unhealthy_looks);
}

template <typename Visitor, visited_as<event> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [time, rollout_id, sequence, kind, severity, model, baseline, candidate, strategy, step,
         candidate_share, actor, reason_code, message, labels, payload, look] = of;
  visit("time", time);
  visit("rollout", rollout_id);
  visit("sequence", sequence);
  visit("kind", kind);
  visit("severity", severity);
  visit("model", model);
  visit("baseline", baseline);
  visit("candidate", candidate);
  visit("strategy", strategy);
  visit("step", step);
  visit("candidateShare", candidate_share);
  visit("actor", actor);
  visit("reasonCode", reason_code);
  visit("message", message);
  visit("labels", labels);
  visit("payload", payload);
  visit("look", look);
}

template <typename Visitor, visited_as<opening_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [format, strategy, model, baseline, candidate, request_id, config, document] = of;
  visit("format", format);
  visit("strategy", strategy);
  visit("model", model);
  visit("baseline", baseline);
  visit("candidate", candidate);
  visit("requestId", request_id);
  visit("config", config);
  visit("document", document);
}

template <typename Visitor, visited_as<resumed_record> Object>
void visit_members(Visitor&, Object&) {}

template <typename Visitor, visited_as<fingerprint_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [arguments] = of;
  visit("arguments", arguments);
}

template <typename Visitor, visited_as<outcome_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [why] = of;
  visit("why", why);
}

template <typename Visitor, visited_as<reference_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [baseline, window] = of;
  visit("baseline", baseline);
  visit("windowNs", window);
}

template <typename Visitor, visited_as<extension_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [by] = of;
  visit("byNs", by);
}

template <typename Visitor, visited_as<hold_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [failed, reason_code, reason] = of;
  visit("failed", failed);
  visit("reasonCode", reason_code);
  visit("reason", reason);
}

template <typename Visitor, visited_as<command_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [command] = of;
  auto& [asked, actor, reason, gate, forced] = command;
  visit("asked", asked);
  visit("actor", actor);
  visit("reason", reason);
  visit("gate", gate);
  visit("forced", forced);
}

template <typename Visitor, visited_as<rollback_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [status, reason_code, reason] = of;
  visit("status", status);
  visit("reasonCode", reason_code);
  visit("reason", reason);
}

template <typename Visitor, visited_as<committed_record> Object>
void visit_members(Visitor&, Object&) {}

template <typename Visitor, visited_as<terminal_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [status, active, reason_code, reason] = of;
  visit("status", status);
  visit("active", active);
  visit("reasonCode", reason_code);
  visit("reason", reason);
}

template <typename Visitor, visited_as<journal_record> Object>
void visit_members(Visitor& visit, Object& of) {
  auto& [sequence, rollout_id, step, verb, phase, at, driver, payload, events, unknown] = of;
  visit("sequence", sequence);
  visit("rollout", rollout_id);
  visit("step", step);
  visit("verb", verb);
  visit("phase", phase);
  visit("at", at);
  visit("driver", driver);
  visit("payload", payload);
  visit("events", events);
  visit.unknown(unknown);
}
/// @}

}  // namespace hotswap::inline v0_1
