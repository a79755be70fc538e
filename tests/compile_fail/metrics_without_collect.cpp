// expect: your MetricsSource needs a member collect(const hotswap::model_version&, const hotswap::time_window&), which returns hotswap::metrics_snapshot or an awaitable of one.
//
// Metrics of all time: a bad hour would be lost in a good month.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  hotswap::metrics_snapshot collect(const hotswap::model_version&) { return {}; }
};

class my_strategy : private hotswap::diagnose_metrics_source<my_metrics> {};

int main() {
  my_strategy{};
}
