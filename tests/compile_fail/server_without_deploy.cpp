// expect: your ModelServer needs a member deploy(const hotswap::model_version&), which returns void or an awaitable of void.
//
// The right member in another naming style.

#include <hotswap/concepts/model_server.hpp>

struct my_server {
  void Deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
