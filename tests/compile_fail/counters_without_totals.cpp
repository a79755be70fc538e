// expect: your CounterSource needs a member totals(const hotswap::model_version&), which returns hotswap::metrics_snapshot or an awaitable of one.
//
// Counts all models together.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  hotswap::metrics_snapshot totals() { return {}; }
};

class my_strategy : private hotswap::diagnose_counter_source<my_metrics> {};

int main() {
  my_strategy{};
}
