#pragma once

/// @file
/// A simulated fleet: servers that are taken out of rotation and updated, one by one.
///
///     hotswap::simulated_fleet_platform fleet{world, {"fraud", "1"}};
///     hotswap::rolling_strategy rolling{fleet, fleet, fleet, config};

#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Two servers, unless others join or one leaves. Each in rotation gets an equal part of the
/// traffic; what an unwell one gets fails. A server that is updated is well again.
class simulated_fleet_platform : public simulated_platform {
 public:
  class server {
   public:
    server(std::string named, index of) : name(std::move(named)), version(of) {}
    server_id name;
    index version;
    bool is_in_rotation = true;
    bool is_told_in_rotation = true;  ///< as far as the rollout has asked
    bool has_left = false;            ///< and does not come back
    bool is_well = true;
    bool is_told_well = true;     ///< since it was last updated
    std::uint64_t rotations = 0;  ///< that were asked for
  };

  simulated_fleet_platform(simulated_world& world, const model_version& first)
      : simulated_platform(world, first) {
    joins(first);
    joins(first);
  }

  simulated_answer<std::vector<server_id>> servers(const std::string& model) {
    return world().ask<std::vector<server_id>>(
        choice_site::servers, asked_ways, deadlines.healthy,
        [&model] { return "servers of " + model; },
        [this](call_fault) {
          std::vector<server_id> names;
          names.reserve(servers_.size());
          for (const server& each : servers_) {
            if (!each.has_left) names.push_back(each.name);
          }
          tells_of_servers(servers_.size());
          return names;
        });
  }

  simulated_answer<void> update(const server_id& name, const model_version& version) {
    const std::size_t at = position_of(name);
    const index i = index_of(version);
    tell_watcher(choice_site::update, version);
    if (servers_[at].is_told_in_rotation) {
      is_wrong("server " + name.name() + " is updated while it is in rotation");
    }
    servers_[at].is_told_well = false;
    if (servers_[at].has_left) return world().refuse(gone(at));
    return world().change(
        choice_site::update, changed_ways, deadlines.update,
        [this, at, i] { return said("update " + servers_[at].name.name() + " to", i); },
        [this, at, i](bool) {
          servers_[at].version = i;
          servers_[at].is_well = true;
          fleet_changed();
        },
        [](bool) {});
  }

  simulated_answer<bool> healthy(const server_id& name) {
    const std::size_t at = position_of(name);
    if (servers_[at].has_left) return world().refuse<bool>(gone(at));
    return world().ask<bool>(
        choice_site::server_healthy, health_ways, deadlines.healthy,
        [this, at] { return "health of " + servers_[at].name.name(); },
        [this, at](call_fault how) {
          const bool said = servers_[at].is_well != (how == call_fault::lies);
          if (said) servers_[at].is_told_well = true;
          return said;
        });
  }

  simulated_answer<void> set_rotation(const server_id& name, bool in_rotation) {
    const std::size_t at = position_of(name);
    tell_watcher(choice_site::rotate, versions()[servers_[at].version].version);
    const std::uint64_t number = ++servers_[at].rotations;
    if (!in_rotation) servers_[at].is_told_in_rotation = false;
    if (in_rotation && !servers_[at].is_told_well) {
      is_wrong("server " + name.name() +
               " is put in rotation, and was not said to be healthy since its update");
    }
    if (servers_[at].has_left) return world().refuse(gone(at));
    return world().change(
        choice_site::rotate, changed_ways, deadlines.set_split,
        [this, at, in_rotation] {
          return "take " + servers_[at].name.name() + (in_rotation ? " in" : " out");
        },
        [this, at, in_rotation](bool) {
          servers_[at].is_in_rotation = in_rotation;
          fleet_changed();
        },
        [this, at, in_rotation, number](bool yes) {
          if (number == servers_[at].rotations && yes) {
            servers_[at].is_told_in_rotation = in_rotation;
          }
        });
  }

  [[nodiscard]] const std::vector<server>& fleet() const noexcept { return servers_; }

  static constexpr std::size_t most_servers = 4;

  /// One more server, which runs that version; none if there were too many.
  void joins(const model_version& version) {
    if (servers_.size() == most_servers) return;
    servers_.emplace_back("web-" + std::to_string(servers_.size() + 1), index_of(version));
    world().tell([&] { return servers_.back().name.name() + " joins the fleet"; });
    fleet_changed();
  }

  /// The newest server that is not the last one in rotation.
  void leaves() {
    const auto leaving =
        std::find_if(servers_.rbegin(), servers_.rend(), [this](const server& each) {
          return !each.has_left && in_rotation() > (serves(each) ? 1U : 0U);
        });
    if (leaving == servers_.rend()) return;
    leaving->has_left = true;
    has_shrunk_ = true;
    world().tell([&] { return leaving->name.name() + " leaves the fleet"; });
    fleet_changed();
  }

  /// Every server that runs that version.
  void dies(const model_version& version) {
    const index i = index_of(version);
    for (server& each : servers_) {
      if (each.version == i) each.is_well = false;
    }
    state_of(i).has_died = true;
    world().tell([&] { return "the servers that run " + to_string(version) + " die"; });
    fleet_changed();
  }

 private:
  using f = call_fault;
  static constexpr std::array changed_ways{
      f::none,         f::fails,          f::fails_after,     f::hangs,
      f::answers_late, f::lands_late,     f::lands_very_late, f::lost,
      f::lies,         f::crashes_before, f::crashes_after};
  static constexpr std::array asked_ways{f::none, f::fails, f::hangs, f::crashes_before};
  static constexpr std::array health_ways{f::none, f::fails, f::hangs, f::crashes_before, f::lies};

  [[nodiscard]] std::size_t position_of(const server_id& name) const {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (servers_[i].name == name) return i;
    }
    throw std::logic_error("simulated_fleet_platform: there is no server " + name.name());
  }

  [[nodiscard]] std::string gone(std::size_t at) const {
    return "there is no server " + servers_[at].name.name() + " any more";
  }

  static bool serves(const server& each) noexcept { return each.is_in_rotation && !each.has_left; }
  [[nodiscard]] std::size_t in_rotation() const {
    return static_cast<std::size_t>(std::count_if(servers_.begin(), servers_.end(), serves));
  }

  void fleet_changed() {
    shares serving{};
    int left = 10'000;
    const std::size_t all = in_rotation();
    std::size_t to_come = all;
    std::array<std::size_t, most_versions> first_server{};
    std::array<bool, most_versions> is_unwell{};
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      const server& each = servers_[i];
      if (each.has_left) continue;
      if (first_server[each.version] == 0) first_server[each.version] = i + 1;
      if (!each.is_in_rotation) continue;
      const int part = left / static_cast<int>(to_come--);
      left -= part;
      serving[each.version] = static_cast<std::uint16_t>(serving[each.version] + part);
      is_unwell[each.version] = is_unwell[each.version] || !each.is_well;
    }
    for (index i = 0; i < versions().size(); ++i) {
      state_of(i).first_server = first_server[i];
      state_of(i).is_deployed = first_server[i] > 0;
      state_of(i).is_warm = first_server[i] > 0 && !is_unwell[i];
    }
    if (all > 0) {
      put_in_force(serving, replicas);
    } else if (!has_shrunk_) {  // else it may have been the last but one
      is_wrong("no server is in rotation");
    }
  }

  void is_wrong(const std::string& what) {
    if (watcher() != nullptr) watcher()->wrong(what);
  }

  std::vector<server> servers_;
  bool has_shrunk_ = false;
};

}  // namespace hotswap::inline v0_1
