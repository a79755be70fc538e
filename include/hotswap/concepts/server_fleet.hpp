#pragma once

/// @file
/// The concepts `ServerFleet` and `RotatingFleet`: several servers of one model, which a rolling
/// deployment updates a few at a time.
///
///     static_assert(hotswap::RotatingFleet<my_fleet>);

#include <hotswap/concepts/model_server.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>

#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// A server of models that is made of several.
///
///  - `servers(model)` names those that serve the model now, in a stable order;
///  - `update(server, version)` replaces what that server runs; idempotent;
///  - `healthy(server)` says whether it answers requests well.
template <typename Server>
concept ServerFleet =
    ModelServer<Server> &&
    answers<Server, member::servers, std::vector<server_id>(const std::string&)> &&
    answers<Server, member::update, void(const server_id&, const model_version&)> &&
    answers<Server, member::healthy, bool(const server_id&)>;

/// A fleet whose servers can be taken out of rotation, so that no request meets an update.
///
///  - `set_rotation(server, false)` resolves when no new request reaches it; idempotent.
template <typename Server>
concept RotatingFleet =
    ServerFleet<Server> && answers<Server, member::set_rotation, void(const server_id&, bool)>;

/// Says in one sentence what keeps `Server` from being a fleet; see `diagnose_model_server`.
template <typename Server>
struct diagnose_server_fleet : private diagnose_model_server<Server> {
 private:
  using servers_call = std::vector<server_id>(const std::string&);
  using update_call = void(const server_id&, const model_version&);
  using healthy_call = bool(const server_id&);
  using rotation_call = void(const server_id&, bool);

  static constexpr bool has_servers = has_member<Server, member::servers, servers_call>;
  static constexpr bool has_update = has_member<Server, member::update, update_call>;
  static constexpr bool has_healthy = has_member<Server, member::healthy, healthy_call>;
  static constexpr bool has_rotation = has_member<Server, member::set_rotation, rotation_call>;

  static_assert(has_servers,
                "your ServerFleet needs a member servers(const std::string&), which returns "
                "std::vector<hotswap::server_id> or an awaitable of one.");
  static_assert(!has_servers || answers<Server, member::servers, servers_call>,
                "your ServerFleet's servers(const std::string&) must return "
                "std::vector<hotswap::server_id> or an awaitable of one.");
  static_assert(has_update,
                "your ServerFleet needs a member update(hotswap::server_id, const "
                "hotswap::model_version&), which returns void or an awaitable of void.");
  static_assert(!has_update || answers<Server, member::update, update_call>,
                "your ServerFleet's update(hotswap::server_id, const hotswap::model_version&) must "
                "return void or an awaitable of void; it reports failure by throwing.");
  static_assert(
      has_healthy,
      "your ServerFleet needs a member healthy(hotswap::server_id), which returns bool or "
      "an awaitable of bool.");
  static_assert(
      !has_healthy || answers<Server, member::healthy, healthy_call>,
      "your ServerFleet's healthy(hotswap::server_id) must return bool or an awaitable of "
      "bool.");
  static_assert(!has_rotation || answers<Server, member::set_rotation, rotation_call>,
                "your ServerFleet's set_rotation(hotswap::server_id, bool) must return void or an "
                "awaitable of void, so that a server can be taken out of rotation.");
};

}  // namespace hotswap::inline v0_1
