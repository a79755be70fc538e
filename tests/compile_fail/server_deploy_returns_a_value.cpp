// expect: your ModelServer's deploy(const hotswap::model_version&) must return void or an awaitable of void; it reports failure by throwing.
//
// Failure reported by a status that nobody would read.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  bool deploy(const hotswap::model_version&) { return true; }
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
