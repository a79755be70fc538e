#pragma once

/// @file
/// What a rolling rollout knows of its fleet.

#include <hotswap/core/server_id.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
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

  /// What one of its records says of the servers, when an earlier incarnation wrote it. Nothing of
  /// those that were touched is sure: a roll-back may have moved them that could not be recorded.
  void replay(const journal_record& record, bool has_rotation) {
    if (record.phase == record_phase::progress) return;  // a person's command
    const std::string_view leaves = has_rotation ? "rotate_out " : "update ";
    const std::string_view returns = has_rotation ? "rotate_in " : "healthy ";
    for (const std::string_view verb :
         {leaves, std::string_view{"update "}, returns, std::string_view{"restore "}}) {
      if (!record.verb.starts_with(verb)) continue;
      const server_id server{record.verb.substr(verb.size())};
      touch(server);
      unsure.insert(server);
      out.insert(server);
      if (record.phase != record_phase::outcome) continue;
      if (verb == returns || verb == "restore ") out.erase(server);
      if (verb == "restore ") unsure.erase(server);  // the roll-back is recorded
    }
  }

  int max_unavailable;
  std::vector<server_id> touched;  ///< in order; may run the candidate, or be out of rotation
  std::set<server_id> out;         ///< of them, those that were taken out, and are not back
  std::set<server_id> unsure;      ///< may be in or out: a call has failed, or may yet take effect
  std::set<server_id> updated;     ///< run the candidate, in rotation
  std::set<server_id> back;        ///< run the baseline again
  std::set<server_id> undoable;    ///< the same, but for a call that is under way
};

}  // namespace hotswap::inline v0_1
