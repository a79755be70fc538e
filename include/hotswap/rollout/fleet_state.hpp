#pragma once

/// @file
/// What a rolling rollout knows of its fleet.

#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

/// Servers that are updated together; empty when all are.
class server_batch {
 public:
  server_batch() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::vector<server_id> servers;
  std::size_t fleet_size = 0;

  /// `4: web-1, web-2`: as it is recorded.
  [[nodiscard]] std::string text() const {
    std::string text = std::to_string(fleet_size) + ":";
    for (const server_id& each : servers) {
      text += (text.back() == ':' ? " " : ", ") + each.name();
    }
    return text;
  }

  /// @throws config_error  for what is no name of a server.
  [[nodiscard]] static server_batch parse(std::string_view text) {
    server_batch batch;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), batch.fleet_size).ptr;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (text.size() > 2) {
      text.remove_prefix(2);  // ": " or ", "
      const auto length = std::min(text.find(','), text.size());
      batch.servers.emplace_back(std::string{text.substr(0, length)});
      text.remove_prefix(length);
    }
    return batch;
  }
};

/// When a server counts as ready.
class health_terms {
 public:
  health_terms(std::chrono::nanoseconds each, int in_a_row, std::chrono::nanoseconds at_most,
               std::chrono::nanoseconds lasting) noexcept
      : interval(each), threshold(in_a_row), timeout(at_most), ready(lasting) {}

  std::chrono::nanoseconds interval;  ///< between checks
  int threshold;                      ///< checks in a row that say no, once one has said yes
  std::chrono::nanoseconds timeout;   ///< for all of it
  std::chrono::nanoseconds ready;     ///< healthy without a break
};

class fleet_state {
 public:
  explicit fleet_state(int at_a_time) noexcept : max_unavailable(at_a_time) {}

  [[nodiscard]] bool is_updated(const server_id& server) const { return updated.contains(server); }

  void touch(const server_id& server) {
    const bool known = std::find(touched.begin(), touched.end(), server) != touched.end();
    if (!known) touched.push_back(server);
  }

  /// What one of its records says of the servers, when an earlier incarnation wrote it.
  /// @param has_rotation  can the fleet be asked to take a server out of rotation?
  void replay(const journal_record& record, bool has_rotation) {
    const auto server_of = [&](std::string_view verb) {
      std::optional<server_id> named;
      if (record.verb.starts_with(verb)) named.emplace(record.verb.substr(verb.size()));
      return named;
    };
    const std::string_view leaves = has_rotation ? "rotate_out " : "update ";
    const std::string_view is_back = has_rotation ? "rotate_in " : "healthy ";
    const bool is_over = record.phase == record_phase::outcome;
    for (const std::string_view verb : {std::string_view{"update "}, leaves}) {
      if (const auto server = server_of(verb)) touch(*server);
    }
    for (const std::string_view verb : {leaves, std::string_view{"restore "}}) {
      if (const auto server = server_of(verb); server && !is_over) out.insert(*server);
    }
    for (const std::string_view verb : {is_back, std::string_view{"restore "}}) {
      if (const auto server = server_of(verb); server && is_over) out.erase(*server);
    }
  }

  int max_unavailable;
  std::vector<server_id> touched;  ///< in order; may run the candidate, or be out of rotation
  std::set<server_id> out;         ///< of them, those that may be out of rotation, or not well
  std::set<server_id> updated;     ///< run the candidate, in rotation
};

}  // namespace hotswap::inline v0_1
