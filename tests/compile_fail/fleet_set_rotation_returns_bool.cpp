// expect: your ServerFleet's set_rotation(hotswap::server_id, bool) must return void or an awaitable of void, so that a server can be taken out of rotation.
//
// RotatingFleet, nearly met: ignored in silence, requests would meet an update.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
  void update(const hotswap::server_id&, const hotswap::model_version&) {}
  bool healthy(const hotswap::server_id&) { return true; }
  bool set_rotation(const hotswap::server_id&, bool) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
