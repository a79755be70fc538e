#pragma once

/// @file
/// Makes a `MetricsSource` of counters that have grown since some start.
///
///     hotswap::windowed metrics{counters};   // has totals(const model_version&)
///     hotswap::canary_strategy canary{server, router, metrics};

#include <hotswap/async/awaitable.hpp>
#include <hotswap/async/awaitable_bridge.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/counter_history.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

template <typename Counters>
class windowed;

namespace detail {

template <typename Counters>
struct totals_answer {
  using type = void;  // the diagnosis has said what is missing
};
template <typename Counters>
  requires has_member<Counters, member::totals, metrics_snapshot(const model_version&)>
struct totals_answer<Counters> {
  using type = decltype(call_member<member::totals, metrics_snapshot(const model_version&)>(
      std::declval<Counters&>(), std::declval<const stop_token&>(),
      std::declval<const model_version&>()));
};

template <typename Answer>
concept only_bridged = !awaitable<Answer> && bridged<Answer>;

/// A collection that needs to know the clock before it can begin, as its counters do.
template <typename Counters>
class [[nodiscard]] unbridged_collection {
 public:
  unbridged_collection(windowed<Counters>& metrics, const model_version& version,
                       const time_window& window, stop_token stop)
      : metrics_(&metrics), version_(version), window_(window), stop_(std::move(stop)) {}

  task<metrics_snapshot> on(clock& rollouts) && {
    return windowed<Counters>::collect_bridged(*metrics_, rollouts, std::move(version_), window_,
                                               std::move(stop_));
  }

 private:
  windowed<Counters>* metrics_;
  model_version version_;
  time_window window_;
  stop_token stop_;
};

}  // namespace detail

/// Reads the counters at the end of each window that it is asked for, and answers with what they
/// have grown by since the reading at the window's begin. Holds the counters by reference. Any
/// thread, though meant for the clock's.
///
/// It only knows what it has read. So ask for a window when it ends, and for the next from there
/// on; where nothing was read at the begin, the latest reading before stands in, unless it is older
/// than the window is long, and else the first one within. Of a version that was not read before
/// the window's end nothing is known, and the answer is empty: never the counts since the start. An
/// empty window is answered by nothing, and makes its end known; a rollout asks for one where it
/// wants to start counting.
///
/// Counters that fell have started again, and count from 0. The answer has no distinct users and no
/// drift: totals do not tell them. The last 128 readings of a version are kept, and windows that
/// end at one of them have the same answer again.
template <typename Counters>
class windowed : private diagnose_counter_source<Counters> {
  using totals_call = metrics_snapshot(const model_version&);
  using totals_answer = typename detail::totals_answer<Counters>::type;
  using collection =
      std::conditional_t<detail::only_bridged<totals_answer>,
                         detail::unbridged_collection<Counters>, task<metrics_snapshot>>;

 public:
  explicit windowed(Counters& counters) noexcept : counters_(counters) {}
  windowed(const windowed&) = delete;
  windowed& operator=(const windowed&) = delete;

  /// What the version did in the window. To be awaited; through a bridge if the counters' `totals`
  /// needs one.
  /// @throws error  when awaited, for a window that ended before the version's latest reading, if
  ///   none was taken at its end.
  /// @throws …      when awaited, whatever `totals` throws; the window may then be asked for again.
  collection collect(const model_version& version, const time_window& window,
                     stop_token stop = {}) {
    if constexpr (detail::only_bridged<totals_answer>) {
      return collection{*this, version, window, std::move(stop)};
    } else {
      return collect_awaited(*this, version, window, std::move(stop));
    }
  }

 private:
  friend detail::unbridged_collection<Counters>;

  /// @param metrics  outlives the task, as the counters do
  static task<metrics_snapshot> collect_awaited(windowed& metrics, model_version version,
                                                time_window window, stop_token stop) {
    std::optional<metrics_snapshot> known = metrics.history_.recall(version, window);
    if (known) co_return std::move(*known);
    if constexpr (!CounterSource<Counters>) {
      co_return metrics_snapshot{};
    } else if constexpr (awaitable<totals_answer>) {
      totals_answer pending =
          call_member<member::totals, totals_call>(metrics.counters_, stop, version);
      metrics_snapshot totals =
          co_await detail::awaited_in_place<totals_answer>{std::forward<totals_answer>(pending)};
      co_return metrics.history_.file(version, window, std::move(totals));
    } else {
      metrics_snapshot totals =
          call_member<member::totals, totals_call>(metrics.counters_, stop, version);
      co_return metrics.history_.file(version, window, std::move(totals));
    }
  }

  static task<metrics_snapshot> collect_bridged(windowed& metrics, clock& rollouts,
                                                model_version version, time_window window,
                                                stop_token stop) {
    std::optional<metrics_snapshot> known = metrics.history_.recall(version, window);
    if (known) co_return std::move(*known);
    auto pending = detail::adapt_bridged(
        call_member<member::totals, totals_call>(metrics.counters_, stop, version), rollouts, stop);
    metrics_snapshot totals =
        co_await detail::awaited_in_place<decltype(pending)>{std::move(pending)};
    co_return metrics.history_.file(version, window, std::move(totals));
  }

  Counters& counters_;
  counter_history history_;
};

template <typename Counters>
windowed(Counters&) -> windowed<Counters>;

/// Passes the clock on to the counters' own bridge.
template <typename Counters>
struct awaitable_bridge<detail::unbridged_collection<Counters>> {
  using result_type = metrics_snapshot;
  static task<metrics_snapshot> adapt(detail::unbridged_collection<Counters> pending,
                                      clock& rollouts) {
    return std::move(pending).on(rollouts);
  }
};

}  // namespace hotswap::inline v0_1
