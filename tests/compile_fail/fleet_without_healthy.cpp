// expect: your ServerFleet needs a member healthy(hotswap::server_id), which returns bool or an awaitable of bool.
//
// Knows whether a version is well, but not whether a server is.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
  void update(const hotswap::server_id&, const hotswap::model_version&) {}
  bool healthy(const hotswap::model_version&) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
