// expect: your ModelServer's healthy(const hotswap::model_version&) must return bool or an awaitable of bool, so that the rollout can ask before each rise.
//
// A refinement that is nearly met, in a whole program.

#include <hotswap/async/event_loop.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/canary.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  void healthy(const hotswap::model_version&) {}
};

struct my_router {
  void set_split(const hotswap::traffic_split&) {}
};

struct my_metrics {
  hotswap::metrics_snapshot collect(const hotswap::model_version&, const hotswap::time_window&) {
    return {};
  }
};

int main() {
  my_server server;
  my_router router;
  my_metrics metrics;
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  hotswap::canary_strategy canary{server, router, metrics};
  loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context));
}
