// expect: your TrafficRouter's set_split(const hotswap::traffic_split&) must return void or an awaitable of void; it reports failure by throwing.
//
// A `false` that would be dropped is a split that is not in force.

#include <hotswap/concepts/traffic_router.hpp>

struct my_router {
  bool set_split(const hotswap::traffic_split&) { return false; }
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
