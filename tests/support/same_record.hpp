#pragma once

/// @file
/// Are two records the same, bit for bit? `==` is not asked: it takes -0 for 0, no NaN for itself,
/// a split's order for nothing, and looks at shared values by their address.
///
///     CHECK(support::same(before, after));

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/control_command.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/moments.hpp>

#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace support {

/// Compares one pair of records; shared values must be shared in the same way.
class record_comparison {
 public:
  static bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
  }

  template <std::equality_comparable T>
    requires(!std::is_class_v<T>)
  static bool same(const T& a, const T& b) {
    return a == b;
  }
  static bool same(const std::string& a, const std::string& b) { return a == b; }
  static bool same(hotswap::share a, hotswap::share b) { return a == b; }
  template <typename Rep, typename Period>
  static bool same(std::chrono::duration<Rep, Period> a, std::chrono::duration<Rep, Period> b) {
    return a == b;
  }
  static bool same(std::chrono::system_clock::time_point a,
                   std::chrono::system_clock::time_point b) {
    return a == b;
  }
  static bool same(std::monostate, std::monostate) { return true; }
  static bool same(const hotswap::resumed_record&, const hotswap::resumed_record&) { return true; }
  static bool same(const hotswap::committed_record&, const hotswap::committed_record&) {
    return true;
  }
  static bool same(const hotswap::stats::quantile_sketch& a,
                   const hotswap::stats::quantile_sketch& b) {
    return a == b;
  }
  static bool same(const hotswap::stats::proportion& a, const hotswap::stats::proportion& b) {
    return a == b;
  }

  template <typename T>
  static bool same(const std::optional<T>& a, const std::optional<T>& b) {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
  }
  template <typename T>
  static bool same(const std::vector<T>& a, const std::vector<T>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!same(a[i], b[i])) return false;
    }
    return true;
  }
  template <typename T>
  static bool same(const std::map<std::string, T>& a, const std::map<std::string, T>& b) {
    if (a.size() != b.size()) return false;
    for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) {
      if (i->first != j->first || !same(i->second, j->second)) return false;
    }
    return true;
  }
  template <typename T>
  static bool same(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
    return (a == nullptr) == (b == nullptr) && (a == nullptr || same(*a, *b));
  }
  template <typename... T>
  static bool same(const std::variant<T...>& a, const std::variant<T...>& b) {
    return a.index() == b.index() && std::visit(
                                         [&b](const auto& each) {
                                           using type = std::decay_t<decltype(each)>;
                                           return same(each, std::get<type>(b));
                                         },
                                         a);
  }
  template <typename... T>
  static bool same(const std::tuple<T...>& a, const std::tuple<T...>& b) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return (same(std::get<I>(a), std::get<I>(b)) && ...);
    }(std::index_sequence_for<T...>{});
  }

  static bool same(const hotswap::traffic_split& a, const hotswap::traffic_split& b) {
    return a.entries() == b.entries() && a.salt() == b.salt();
  }
  static bool same(const hotswap::shared_text& a, const hotswap::shared_text& b) { return a == b; }
  static bool same(const hotswap::text_map& a, const hotswap::text_map& b) { return a == b; }
  static bool same(const hotswap::verdict& a, const hotswap::verdict& b) {
    return a.decision() == b.decision() && same(a.findings(), b.findings());
  }

  template <typename T>
    requires std::is_class_v<T>
  static bool same(const T& a, const T& b) {
    return same(tied(a), tied(b));
  }

  static auto tied(const hotswap::stats::moments& of) {
    const auto& raw = of.raw();
    return std::tie(raw.count, raw.origin, raw.mean_distance, raw.squared_deviations);
  }
  static auto tied(const hotswap::stats::interval& of) { return std::tie(of.lower, of.upper); }
  static auto tied(const hotswap::time_window& of) { return std::tie(of.begin, of.end); }
  static auto tied(const hotswap::drift_measurement& of) {
    return std::tie(of.score, of.samples, of.bins, of.reference);
  }
  static auto tied(const hotswap::metrics_snapshot& of) {
    return std::tie(of.requests, of.errors, of.units, of.accuracy, of.latency,
                    of.latency_distribution, of.drift, of.custom);
  }
  static auto tied(const hotswap::divergence_snapshot& of) {
    return std::tie(of.compared, of.disagreed, of.shadow_errors, of.dropped, of.difference);
  }
  static auto tied(const hotswap::finding& of) {
    return std::tie(of.metric, of.role, of.made, of.required, of.baseline, of.candidate,
                    of.quantile, of.limit, of.method, of.statistic, of.p_value, of.e_value,
                    of.interval, of.baseline_samples, of.candidate_samples, of.sentence);
  }
  static auto tied(const hotswap::look_report& of) {
    return std::tie(of.window, of.collected, of.baseline, of.candidate, of.contemporaneous,
                    of.candidate_share, of.divergence, of.verdict, of.elapsed, of.bake,
                    of.unhealthy_looks);
  }
  static auto tied(const hotswap::event& of) {
    return std::tie(of.time, of.rollout, of.sequence, of.kind, of.severity, of.model, of.baseline,
                    of.candidate, of.strategy, of.step, of.candidate_share, of.actor,
                    of.reason_code, of.message, of.labels, of.payload, of.look);
  }
  static auto tied(const hotswap::opening_record& of) {
    return std::tie(of.format, of.strategy, of.model, of.baseline, of.candidate, of.request_id,
                    of.config, of.document);
  }
  static auto tied(const hotswap::fingerprint_record& of) { return std::tie(of.arguments); }
  static auto tied(const hotswap::outcome_record& of) { return std::tie(of.why); }
  static auto tied(const hotswap::reference_record& of) { return std::tie(of.baseline, of.window); }
  static auto tied(const hotswap::extension_record& of) { return std::tie(of.by); }
  static auto tied(const hotswap::hold_record& of) {
    return std::tie(of.failed, of.reason_code, of.reason);
  }
  static auto tied(const hotswap::command_record& of) {
    return std::tie(of.command.asked, of.command.actor, of.command.reason, of.command.gate,
                    of.command.forced);
  }
  static auto tied(const hotswap::rollback_record& of) {
    return std::tie(of.status, of.reason_code, of.reason);
  }
  static auto tied(const hotswap::terminal_record& of) {
    return std::tie(of.status, of.active, of.reason_code, of.reason);
  }
  static auto tied(const hotswap::journal_record& of) {
    return std::tie(of.sequence, of.rollout, of.step, of.verb, of.phase, of.at, of.driver,
                    of.payload, of.events, of.unknown);
  }
};

inline const hotswap::look_report* look_of(const hotswap::record_payload& payload) {
  const auto* look = std::get_if<std::shared_ptr<const hotswap::look_report>>(&payload);
  return look == nullptr ? nullptr : look->get();
}

/// And are the payload's look and those of the events the same objects in both?
inline bool same(const hotswap::journal_record& a, const hotswap::journal_record& b) {
  if (!record_comparison::same(record_comparison::tied(a), record_comparison::tied(b))) {
    return false;
  }
  for (std::size_t i = 0; i < a.events.size(); ++i) {
    const bool is_shared_in_a = a.events[i]->look.get() == look_of(a.payload);
    const bool is_shared_in_b = b.events[i]->look.get() == look_of(b.payload);
    if (is_shared_in_a != is_shared_in_b) return false;
  }
  return true;
}

inline bool same(const std::vector<hotswap::journal_record>& a,
                 const std::vector<hotswap::journal_record>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same(a[i], b[i])) return false;
  }
  return true;
}

}  // namespace support
