// expect: your TrafficRouter's set_mirror(const hotswap::model_version&, const hotswap::model_version&, hotswap::share) must return void or an awaitable of void.
//
// MirroringRouter, nearly met: ignored in silence, the shadow would get no traffic.

#include <hotswap/concepts/traffic_router.hpp>

struct my_router {
  void set_split(const hotswap::traffic_split&) {}
  bool set_mirror(const hotswap::model_version&, const hotswap::model_version&, hotswap::share) {
    return true;
  }
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
