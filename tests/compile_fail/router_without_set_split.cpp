// expect: your TrafficRouter needs a member set_split(const hotswap::traffic_split&), which returns void or an awaitable of void.
//
// The commonest slip of a newcomer: the right verb in another project's spelling.

#include <hotswap/concepts/traffic_router.hpp>

struct my_router {
  void setSplit(const hotswap::traffic_split&) {}
};

class my_strategy : private hotswap::diagnose_traffic_router<my_router> {};

int main() {
  my_strategy{};
}
