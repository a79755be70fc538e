// expect: this strategy needs a TrafficRouter with a member set_mirror(const hotswap::model_version&, const hotswap::model_version&, hotswap::share), which returns void or an awaitable of void.
//
// A platform that serves a canary, and not this strategy: it says the sentence, and nothing
// follows.

#include <hotswap/async/event_loop.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/shadow.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

struct my_router {
  void set_split(const hotswap::traffic_split&) {}
};

struct my_metrics {
  hotswap::metrics_snapshot collect(const hotswap::model_version&, const hotswap::time_window&) {
    return {};
  }
  hotswap::divergence_snapshot divergence(const hotswap::model_version&,
                                          const hotswap::model_version&,
                                          const hotswap::time_window&) {
    return {};
  }
};

int main() {
  my_server server;
  my_router router;
  my_metrics metrics;
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  hotswap::shadow_strategy shadow{server, router, metrics};
  loop.run(shadow.deploy({"fraud", "1"}, {"fraud", "2"}, context));
}
