// expect: your ServerFleet's servers(const std::string&) must return std::vector<hotswap::server_id> or an awaitable of one.
//
// Names are no ids: a server_id converts neither from nor to a string.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<std::string> servers(const std::string&) { return {}; }
  void update(const hotswap::server_id&, const hotswap::model_version&) {}
  bool healthy(const hotswap::server_id&) { return true; }
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
