// Who is a fleet, and who is one whose servers can be taken out of rotation.

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/member.hpp>
#include <hotswap/concepts/server_fleet.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>

#include "concepts/awaiters.hpp"
#include "support/catch.hpp"

#include <string>
#include <type_traits>
#include <vector>

using hotswap::model_version;
using hotswap::RotatingFleet;
using hotswap::server_id;
using hotswap::ServerFleet;
using hotswap::stop_token;
using hotswap::task;

namespace {

struct plain_server {
  void deploy(const model_version&) {}
  void warm_up(const model_version&) {}
  void remove(const model_version&) {}
};

struct plain_fleet : plain_server {
  std::vector<server_id> servers(const std::string&) { return {}; }
  void update(const server_id&, const model_version&) {}
  bool healthy(const server_id&) { return true; }
};

struct task_fleet : plain_server {
  task<std::vector<server_id>> servers(std::string, stop_token);
  task<> update(server_id, model_version, stop_token);
  task<bool> healthy(server_id);
  task<> set_rotation(server_id, bool, stop_token);
};

struct awaiter_fleet : plain_server {
  ready<std::vector<server_id>> servers(const std::string&);
  pinned update(const server_id&, const model_version&);
  ready<bool> healthy(const server_id&);
  pinned set_rotation(const server_id&, bool);
};

/// Healthy in both senses: which one is asked for is told by the argument.
struct fleet_of_both : plain_fleet {
  using plain_fleet::healthy;
  std::string asked;
  bool healthy(const model_version&) {
    asked = "the version";
    return true;
  }
  bool healthy(const server_id&, stop_token) {
    asked = "the server";
    return true;
  }
};

struct rotating_fleet : plain_fleet {
  void set_rotation(const server_id&, bool) {}
};
struct no_server : plain_fleet {
  void deploy(const model_version&) = delete;
};
struct servers_give_names : plain_fleet {
  std::vector<std::string> servers(const std::string&) { return {}; }
};
struct update_gives_bool : plain_fleet {
  bool update(const server_id&, const model_version&) { return true; }
};
struct healthy_for_versions_only : plain_server {
  std::vector<server_id> servers(const std::string&) { return {}; }
  void update(const server_id&, const model_version&) {}
  bool healthy(const model_version&) { return true; }
};
struct rotation_gives_bool : plain_fleet {
  bool set_rotation(const server_id&, bool) { return true; }
};

template <typename Server>
constexpr bool is_diagnosed = std::is_empty_v<hotswap::diagnose_server_fleet<Server>>;

}  // namespace

static_assert(ServerFleet<plain_fleet>);
static_assert(ServerFleet<task_fleet>);
static_assert(ServerFleet<awaiter_fleet>);
static_assert(ServerFleet<fleet_of_both>);
static_assert(hotswap::HealthCheckable<fleet_of_both>);
static_assert(!hotswap::HealthCheckable<plain_fleet>, "a server's health is not a version's");
static_assert(!ServerFleet<plain_server>);
static_assert(!ServerFleet<no_server>, "a fleet is a ModelServer");
static_assert(!ServerFleet<servers_give_names>);
static_assert(!ServerFleet<update_gives_bool>);
static_assert(!ServerFleet<healthy_for_versions_only>);

static_assert(RotatingFleet<rotating_fleet>);
static_assert(RotatingFleet<task_fleet>);
static_assert(RotatingFleet<awaiter_fleet>);
static_assert(!RotatingFleet<plain_fleet>);
static_assert(!RotatingFleet<rotation_gives_bool>);
static_assert(ServerFleet<rotation_gives_bool>);

static_assert(is_diagnosed<plain_fleet>);
static_assert(is_diagnosed<task_fleet>);
static_assert(is_diagnosed<awaiter_fleet>);
static_assert(is_diagnosed<fleet_of_both>);
static_assert(is_diagnosed<rotating_fleet>);

TEST_CASE("ServerFleet: the argument tells whose health is asked for", "[concepts][server_fleet]") {
  fleet_of_both fleet;

  CHECK(hotswap::call_member<hotswap::member::healthy, bool(const server_id&)>(
      fleet, {}, server_id{"gpu-host-1"}));
  CHECK(fleet.asked == "the server");

  CHECK(hotswap::call_member<hotswap::member::healthy, bool(const model_version&)>(
      fleet, {}, model_version{"fraud", "2"}));
  CHECK(fleet.asked == "the version");
}
