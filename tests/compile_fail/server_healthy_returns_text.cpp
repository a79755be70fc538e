// expect: your ModelServer's healthy(const hotswap::model_version&) must return bool or an awaitable of bool, so that the rollout can ask before each rise.
//
// HealthCheckable, nearly met: ignored in silence, the rollout would never ask.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  struct report {};
  report healthy(const hotswap::model_version&) { return {}; }
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
