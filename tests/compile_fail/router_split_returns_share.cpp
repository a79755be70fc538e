// expect: your TrafficRouter's split(const std::string&) must return hotswap::traffic_split or an awaitable of one, so that splits can be read back.
//
// ReadableRouter, nearly met: ignored in silence, no split would be verified.

#include <hotswap/concepts/traffic_router.hpp>

#include <string>

struct my_router {
  void set_split(const hotswap::traffic_split&) {}
  hotswap::share split(const std::string&) { return {}; }
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
