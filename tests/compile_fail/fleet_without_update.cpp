// expect: your ServerFleet needs a member update(hotswap::server_id, const hotswap::model_version&), which returns void or an awaitable of void.
//
// The arguments the other way round; server before version, as everywhere.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
  void update(const hotswap::model_version&, const hotswap::server_id&) {}
  bool healthy(const hotswap::server_id&) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
