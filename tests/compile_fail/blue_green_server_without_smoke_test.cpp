// expect: this strategy needs a ModelServer with a member smoke_test(const hotswap::model_version&, std::size_t), which returns hotswap::smoke_test_report or an awaitable of one.
//
// A platform that serves a canary, and not this strategy: it says the sentence, and nothing
// follows.

#include <hotswap/async/event_loop.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/strategies/blue_green.hpp>

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
};

int main() {
  my_server server;
  my_router router;
  my_metrics metrics;
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  hotswap::blue_green_strategy blue_green{server, router, metrics};
  loop.run(blue_green.deploy({"fraud", "1"}, {"fraud", "2"}, context));
}
