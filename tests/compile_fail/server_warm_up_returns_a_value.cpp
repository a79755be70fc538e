// expect: your ModelServer's warm_up(const hotswap::model_version&) must return void or an awaitable of void; it reports failure by throwing.
//
// The time that it took, instead of nothing.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  double warm_up(const hotswap::model_version&) { return 0.5; }
  void remove(const hotswap::model_version&) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
