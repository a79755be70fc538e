// expect: your ServerFleet's healthy(hotswap::server_id) must return bool or an awaitable of bool.
//
// Throws when it is not well, and so answers a question that was not asked.

#include <hotswap/concepts/server_fleet.hpp>

#include <string>
#include <vector>

struct my_fleet {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  std::vector<hotswap::server_id> servers(const std::string&) { return {}; }
  void update(const hotswap::server_id&, const hotswap::model_version&) {}
  void healthy(const hotswap::server_id&) {}
};

class my_strategy : private hotswap::diagnose_server_fleet<my_fleet> {};

int main() {
  my_strategy{};
}
