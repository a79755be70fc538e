// expect: your ModelServer's smoke_test(const hotswap::model_version&, std::size_t) must return hotswap::smoke_test_report or an awaitable of one.
//
// SmokeTestable, nearly met: all or nothing instead of a report.

#include <hotswap/concepts/model_server.hpp>

#include <cstddef>

struct my_server {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  bool smoke_test(const hotswap::model_version&, std::size_t) { return true; }
};

class my_strategy : private hotswap::diagnose_model_server<my_server> {};

int main() {
  my_strategy{};
}
