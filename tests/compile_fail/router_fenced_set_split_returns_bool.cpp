// expect: your TrafficRouter's set_split(const hotswap::traffic_split&, std::uint64_t) must return void or an awaitable of void, so that late writes can be refused.
//
// FencedRouter, nearly met: ignored in silence, late writes would land.

#include <hotswap/concepts/traffic_router.hpp>

#include <cstdint>

struct my_router {
  void set_split(const hotswap::traffic_split&) {}
  bool set_split(const hotswap::traffic_split&, std::uint64_t) { return true; }
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
