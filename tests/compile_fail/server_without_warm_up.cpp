// expect: your ModelServer needs a member warm_up(const hotswap::model_version&), which returns void or an awaitable of void.
//
// Forgotten: the server was written for another tool, which has no such notion.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
