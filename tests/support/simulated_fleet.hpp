#pragma once

/// @file
/// A fleet of servers in virtual time: a `simulated_service` whose shares follow from who is in
/// rotation.

#include <hotswap/async/task.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>

#include "support/simulated_service.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

class simulated_fleet : public simulated_service {
 public:
  class server {
   public:
    explicit server(hotswap::model_version of) : version(std::move(of)) {}
    hotswap::model_version version;
    bool in_rotation = true;
    bool well = true;
  };

  explicit simulated_fleet(hotswap::virtual_clock& on,
                           hotswap::model_version first = hotswap::model_version{"fraud", "1"})
      : simulated_service(on, first), first_(std::move(first)) {
    has_servers(4);
  }

  void has_servers(std::size_t count) {
    fleet.clear();
    for (std::size_t i = 1; i <= count; ++i) {
      fleet.emplace(hotswap::server_id{"web-" + std::to_string(i)}, server{first_});
    }
  }

  hotswap::task<std::vector<hotswap::server_id>> servers(const std::string& model) {
    co_await script_.act("servers " + model, {});
    std::vector<hotswap::server_id> names;
    for (const auto& [name, each] : fleet) names.push_back(name);
    co_return names;
  }

  hotswap::task<> update(const hotswap::server_id& name, const hotswap::model_version& version) {
    return done("update " + name.name() + " to " + to_string(version), [this, name, version] {
      server& updated = fleet.at(name);
      if (updated.in_rotation) went_wrong(name.name() + " was updated while it was in rotation");
      updated.version = version;
      updated.well = !bad_servers.contains({name, version});
      changed();
    });
  }

  hotswap::task<bool> healthy(const hotswap::server_id& name) {
    const bool truly = co_await script_.act("healthy " + name.name(), {});
    co_return truly&& fleet.at(name).well;
  }

  hotswap::task<> set_rotation(const hotswap::server_id& name, bool in_rotation) {
    return done("rotate " + name.name() + (in_rotation ? " in" : " out"),
                [this, name, in_rotation] {
                  fleet.at(name).in_rotation = in_rotation;
                  changed();
                });
  }

  /// `web-1 1, web-2 2 out`
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& [name, each] : fleet) {
      if (!text.empty()) text += ", ";
      text += name.name() + " " + each.version.version() + (each.in_rotation ? "" : " out");
    }
    return text;
  }

  std::map<hotswap::server_id, server> fleet;
  /// Do not become healthy with that version.
  std::set<std::pair<hotswap::server_id, hotswap::model_version>> bad_servers;
  std::size_t most_out = 0;

 private:
  void changed() {
    std::map<hotswap::model_version, int> serving;
    std::set<hotswap::model_version> running;
    std::size_t out = 0;
    int in = 0;
    for (const auto& [name, each] : fleet) {
      running.insert(each.version);
      if (!each.in_rotation) {
        ++out;
        continue;
      }
      ++serving[each.version];
      ++in;
    }
    runs_only(running);
    most_out = std::max(most_out, out);
    if (in == 0) return went_wrong("no server is in rotation");
    std::vector<hotswap::traffic_split::entry> entries;
    int left = 10'000;
    for (auto each = serving.begin(); each != serving.end(); ++each) {
      const bool is_last = std::next(each) == serving.end();
      const int part = is_last ? left : 10'000 * each->second / in;
      left -= part;
      entries.emplace_back(each->first, hotswap::share::basis_points(part));
    }
    enforce(hotswap::traffic_split::of(std::move(entries)));
  }

  hotswap::model_version first_;
};
