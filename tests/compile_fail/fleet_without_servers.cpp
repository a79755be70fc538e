// expect: your ServerFleet needs a member servers(const std::string&), which returns std::vector<hotswap::server_id> or an awaitable of one.
//
// A fleet that cannot say what it is made of.

#include <hotswap/concepts/server_fleet.hpp>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  void update(const hotswap::server_id&, const hotswap::model_version&) {}
  bool healthy(const hotswap::server_id&) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
