// expect: your MetricsSource's divergence(const hotswap::model_version&, const hotswap::model_version&, const hotswap::time_window&) must return hotswap::divergence_snapshot or an awaitable of one.
//
// DivergenceSource, nearly met: ignored in silence, no shadow could be judged by it.

#include <hotswap/concepts/metrics_source.hpp>

struct my_metrics {
  hotswap::metrics_snapshot collect(const hotswap::model_version&, const hotswap::time_window&) {
    return {};
  }
  double divergence(const hotswap::model_version&, const hotswap::model_version&,
                    const hotswap::time_window&) {
    return 0.0;
  }
};

class my_strategy : private hotswap::diagnose_metrics_source<my_metrics> {};

int main() {
  my_strategy{};
}
