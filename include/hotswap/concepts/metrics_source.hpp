#pragma once

/// @file
/// The concept `MetricsSource`: whoever knows what a version did in a window of time. Next to it
/// `CounterSource`, which only counts, and `DivergenceSource`, which compares answers.
///
///     struct my_metrics {
///       hotswap::task<hotswap::metrics_snapshot> collect(const hotswap::model_version&,
///                                                        const hotswap::time_window&);
///     };
///     static_assert(hotswap::MetricsSource<my_metrics>);

#include <hotswap/concepts/member.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>

namespace hotswap::inline v0_1 {

/// A source of metrics: Prometheus, a metrics store, the in-process recorder, `windowed`.
///
/// What `metrics.collect(version, window)` has to mean, beyond compiling:
///  - of that window and no other time;
///  - repeatable: the same answer again for a window that has ended;
///  - honest: what was not measured is absent, and it throws when it does not know.
template <typename Metrics>
concept MetricsSource =
    answers<Metrics, member::collect, metrics_snapshot(const model_version&, const time_window&)>;

/// A source that counts since some start and never falls; `windowed{counters}` makes a
/// `MetricsSource` of it.
template <typename Counters>
concept CounterSource = answers<Counters, member::totals, metrics_snapshot(const model_version&)>;

/// A source that can say how a shadow's answers differ from production's.
template <typename Metrics>
concept DivergenceSource =
    answers<Metrics, member::divergence,
            divergence_snapshot(const model_version&, const model_version&, const time_window&)>;

/// Says in one sentence what keeps `Metrics` from being the source it wants to be; see
/// `diagnose_model_server`.
template <typename Metrics>
struct diagnose_metrics_source {
 private:
  using collect_call = metrics_snapshot(const model_version&, const time_window&);
  using totals_call = metrics_snapshot(const model_version&);
  using divergence_call = divergence_snapshot(const model_version&, const model_version&,
                                              const time_window&);

  static constexpr bool has_collect = has_member<Metrics, member::collect, collect_call>;
  static constexpr bool has_totals = has_member<Metrics, member::totals, totals_call>;
  static constexpr bool has_divergence = has_member<Metrics, member::divergence, divergence_call>;

  static_assert(
      has_collect || has_totals,
      "your MetricsSource needs a member collect(const hotswap::model_version&, const "
      "hotswap::time_window&), which returns hotswap::metrics_snapshot or an awaitable of "
      "one.");
  static_assert(has_collect || !has_totals,
                "your CounterSource counts since its start: hand over hotswap::windowed{counters}, "
                "which has the member collect that a MetricsSource needs.");
  static_assert(!has_collect || MetricsSource<Metrics>,
                "your MetricsSource's collect(const hotswap::model_version&, const "
                "hotswap::time_window&) must return hotswap::metrics_snapshot or an awaitable of "
                "one.");
  static_assert(!has_divergence || DivergenceSource<Metrics>,
                "your MetricsSource's divergence(const hotswap::model_version&, const "
                "hotswap::model_version&, const hotswap::time_window&) must return "
                "hotswap::divergence_snapshot or an awaitable of one.");
};

/// Says in one sentence what keeps `Counters` from being a `CounterSource`.
template <typename Counters>
struct diagnose_counter_source {
 private:
  using totals_call = metrics_snapshot(const model_version&);
  static constexpr bool has_totals = has_member<Counters, member::totals, totals_call>;

  static_assert(has_totals,
                "your CounterSource needs a member totals(const hotswap::model_version&), which "
                "returns hotswap::metrics_snapshot or an awaitable of one.");
  static_assert(!has_totals || CounterSource<Counters>,
                "your CounterSource's totals(const hotswap::model_version&) must return "
                "hotswap::metrics_snapshot or an awaitable of one.");
};

/// Of a strategy that needs a `DivergenceSource`; a wrong answer is `diagnose_metrics_source`'s.
template <typename Metrics>
struct diagnose_divergence_source {
  static_assert(has_member<Metrics, member::divergence,
                           divergence_snapshot(const model_version&, const model_version&,
                                               const time_window&)>,
                "this strategy needs a MetricsSource with a member divergence(const "
                "hotswap::model_version&, const hotswap::model_version&, const "
                "hotswap::time_window&), which returns hotswap::divergence_snapshot or an "
                "awaitable of one.");
};

}  // namespace hotswap::inline v0_1
