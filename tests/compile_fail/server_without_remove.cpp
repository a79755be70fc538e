// expect: your ModelServer needs a member remove(const hotswap::model_version&), which returns void or an awaitable of void.
//
// Takes a name, and would never be called with a version.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const char*) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
