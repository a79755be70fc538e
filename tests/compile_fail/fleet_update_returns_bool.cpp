// expect: your ServerFleet's update(hotswap::server_id, const hotswap::model_version&) must return void or an awaitable of void; it reports failure by throwing.
//
// A failed update that nobody would hear of.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
  bool update(const hotswap::server_id&, const hotswap::model_version&) { return false; }
  bool healthy(const hotswap::server_id&) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
