// Who is a source of metrics: of windows, of counts since a start, of how answers differ.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/metrics_source.hpp>
#include <hotswap/concepts/platform.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>

#include "concepts/awaiters.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <optional>
#include <type_traits>

using hotswap::CounterSource;
using hotswap::divergence_snapshot;
using hotswap::DivergenceSource;
using hotswap::metrics_snapshot;
using hotswap::MetricsSource;
using hotswap::model_version;
using hotswap::stop_token;
using hotswap::task;
using hotswap::time_window;

namespace {

struct plain_metrics {
  metrics_snapshot collect(const model_version&, const time_window&) { return {}; }
};
struct task_metrics {
  task<metrics_snapshot> collect(model_version, time_window, stop_token);
};
struct awaiter_metrics {
  ready<metrics_snapshot> collect(const model_version&, const time_window&) const;
};
struct reference_metrics {
  const metrics_snapshot& collect(const model_version&, const time_window& window) {
    asked = window;
    return last;
  }
  std::optional<time_window> asked;
  metrics_snapshot last;
};
struct windowless_metrics {
  metrics_snapshot collect(const model_version&) { return {}; }
};
struct swapped_metrics {
  metrics_snapshot collect(const time_window&, const model_version&) { return {}; }
};
struct optional_metrics {
  std::optional<metrics_snapshot> collect(const model_version&, const time_window&) { return {}; }
};

struct plain_counters {
  metrics_snapshot totals(const model_version&) { return {}; }
};
struct task_counters {
  task<metrics_snapshot> totals(const model_version&, stop_token);
};
struct number_counters {
  long totals(const model_version&) { return 0; }
};

struct plain_divergence {
  divergence_snapshot divergence(const model_version&, const model_version&, const time_window&) {
    return {};
  }
};
struct task_divergence {
  task<divergence_snapshot> divergence(model_version, model_version, time_window, stop_token);
};
struct number_divergence {
  double divergence(const model_version&, const model_version&, const time_window&) { return 0; }
};

struct all_in_one {
  void deploy(const model_version&) {}
  task<> warm_up(const model_version&);
  void remove(const model_version&) {}
  void set_split(const hotswap::traffic_split&) {}
  task<metrics_snapshot> collect(const model_version&, const time_window&);
};

template <typename Metrics>
constexpr bool is_diagnosed = std::is_empty_v<hotswap::diagnose_metrics_source<Metrics>>;

}  // namespace

static_assert(MetricsSource<plain_metrics>);
static_assert(MetricsSource<task_metrics>);
static_assert(MetricsSource<awaiter_metrics>);
static_assert(MetricsSource<const awaiter_metrics>);
static_assert(MetricsSource<reference_metrics>);
static_assert(!MetricsSource<const plain_metrics>);
static_assert(!MetricsSource<windowless_metrics>);
static_assert(!MetricsSource<swapped_metrics>);
static_assert(!MetricsSource<optional_metrics>, "who does not know throws");
static_assert(!MetricsSource<plain_counters>);

static_assert(CounterSource<plain_counters>);
static_assert(CounterSource<task_counters>);
static_assert(!CounterSource<number_counters>);
static_assert(!CounterSource<plain_metrics>);

static_assert(DivergenceSource<plain_divergence>);
static_assert(DivergenceSource<task_divergence>);
static_assert(!DivergenceSource<number_divergence>);
static_assert(!DivergenceSource<plain_metrics>);

static_assert(is_diagnosed<plain_metrics>);
static_assert(is_diagnosed<task_metrics>);
static_assert(is_diagnosed<const awaiter_metrics>);
static_assert(is_diagnosed<reference_metrics>);
static_assert(is_diagnosed<all_in_one>);
static_assert(std::is_empty_v<hotswap::diagnose_counter_source<task_counters>>);

static_assert(hotswap::Platform<all_in_one, all_in_one, all_in_one>, "one class may be all three");
static_assert(!hotswap::Platform<all_in_one, all_in_one, plain_counters>);
static_assert(!hotswap::Platform<all_in_one, plain_metrics, all_in_one>);
static_assert(!hotswap::Platform<plain_metrics, all_in_one, all_in_one>);
static_assert(sizeof(hotswap::diagnose_platform<all_in_one, all_in_one, all_in_one>) > 0);

TEST_CASE("MetricsSource: is asked for the window that was given", "[concepts][metrics_source]") {
  reference_metrics metrics;
  metrics.last.requests = 7;
  const time_window window{time_window::time_point{std::chrono::seconds{60}},
                           time_window::time_point{std::chrono::seconds{120}}};

  const metrics_snapshot& seen =
      hotswap::call_member<hotswap::member::collect,
                           metrics_snapshot(const model_version&, const time_window&)>(
          metrics, {}, model_version{"fraud", "2"}, window);

  CHECK(seen.requests == 7);
  CHECK(&seen == &metrics.last);  // no copy on the way
  CHECK(metrics.asked == window);
}
