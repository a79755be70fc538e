// expect: your CounterSource's totals(const hotswap::model_version&) must return hotswap::metrics_snapshot or an awaitable of one.
//
// Requests alone: errors could never be told.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  long totals(const hotswap::model_version&) { return 0; }
};

class my_strategy : private hotswap::diagnose_counter_source<my_metrics> {};

int main() {
  my_strategy{};
}
