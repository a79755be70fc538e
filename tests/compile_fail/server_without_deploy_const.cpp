// expect: your ModelServer needs a member deploy(const hotswap::model_version&), which returns void or an awaitable of void.
//
// Asks for a version that it may change, and the rollout gives none away.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
