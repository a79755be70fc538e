// expect: your CounterSource counts since its start: hand over hotswap::windowed{counters}, which has the member collect that a MetricsSource needs.
//
// A CounterSource where a MetricsSource is needed: the sentence names the way out.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  hotswap::metrics_snapshot totals(const hotswap::model_version&) { return {}; }
};

class my_strategy : private hotswap::diagnose_metrics_source<my_metrics> {};

int main() {
  my_strategy{};
}
