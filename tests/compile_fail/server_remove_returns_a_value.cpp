// expect: your ModelServer's remove(const hotswap::model_version&) must return void or an awaitable of void; it reports failure by throwing.
//
// A pointer to what was removed.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  const hotswap::model_version* remove(const hotswap::model_version& version) { return &version; }
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
