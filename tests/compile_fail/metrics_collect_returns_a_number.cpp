// expect: your MetricsSource's collect(const hotswap::model_version&, const hotswap::time_window&) must return hotswap::metrics_snapshot or an awaitable of one.
//
// One number is no snapshot, and is not guessed to be one.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  double collect(const hotswap::model_version&, const hotswap::time_window&) { return 0.97; }
};

class my_strategy : private hotswap::diagnose_metrics_source<my_metrics> {};

int main() {
  my_strategy{};
}
