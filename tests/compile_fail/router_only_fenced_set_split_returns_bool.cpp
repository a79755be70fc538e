// expect: your TrafficRouter's set_split(const hotswap::traffic_split&, std::uint64_t) must return void or an awaitable of void, so that late writes can be refused.
//
// The same for a router that has only the member with a revision.

#include <hotswap/concepts/traffic_router.hpp>

#include <cstdint>

struct my_router {
  bool set_split(const hotswap::traffic_split&, std::uint64_t) { return true; }
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
