#pragma once

/// @file
/// How the servers of a fleet go back to the baseline: which ones, how many at once, and what
/// becomes of one that does not.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/when_all.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// All servers that were touched run the baseline again, the newest first; what does not come back
/// is tried again, stays out of rotation, and is named.
template <typename Tag>
task<std::string> basic_rollout<Tag>::restore_servers() {
  std::string trouble = co_await restore_each(not_restored());
  if (fleet_calls_are_out() || !fleet_->undoable.empty()) {
    steering_.announce("rollback"_text, "drain"_text, "the end of calls that are under way");
    co_await wait_until_none(clock_, door_.router_calls(), limits().drain);
    co_await wait_until_none(clock_, door_.deploy_calls(), limits().drain);
    const bool drained = !fleet_calls_are_out();
    trouble = co_await restore_each(not_restored());
    if (!drained && trouble.empty()) trouble = "a call to the fleet is still under way";
  }
  if (trouble.empty()) {
    is_in_force(traffic_split::all_to(baseline()));
    chronicle_.tell(event_kind::split_changed, "rollback"_text,
                    "all servers run " + to_string(baseline()));
    co_await chronicle_.record_if_possible("rollback"_text, "shift"_text, record_phase::outcome,
                                           outcome_record{"done"});
  }
  co_return trouble;
}

template <typename Tag>
bool basic_rollout<Tag>::fleet_calls_are_out() const {
  return door_.deploy_calls()->count() + door_.router_calls()->count() > 0;
}

/// The newest first; of those that an earlier incarnation has restored, what it has taken out
/// again.
template <typename Tag>
std::vector<server_id> basic_rollout<Tag>::not_restored() const {
  std::vector<server_id> servers;
  for (auto each = fleet_->touched.rbegin(); each != fleet_->touched.rend(); ++each) {
    const recorded_verb* recorded = earlier().find("rollback"_text, "restore " + each->name());
    const bool is_over = recorded != nullptr && recorded->outcome != nullptr &&
                         recorded->outcome->sequence > recorded->began->sequence;
    const bool is_back = is_over && !fleet_->undoable.contains(*each);
    if (!is_back && !fleet_->back.contains(*each)) servers.push_back(*each);
  }
  return servers;
}

/// In batches. A server that does not come back counts as one that is out, and is tried again: the
/// others follow only while as many serve as `maxUnavailable` leaves. When its time is up, it is
/// given up, and they follow all the same, but for the last that serves. What is wrong; empty if
/// nothing is.
template <typename Tag>
task<std::string> basic_rollout<Tag>::restore_each(std::vector<server_id> servers) {
  const auto give_up_at = clock_.due_in(limits().set_split);
  backoff wait{config_->backoff_min, config_->backoff_max, terms_.environment.seed};
  std::vector<server_id> known = servers;  // with those that were given up
  std::string lost;                        // why they were
  bool gives_up = false;
  while (true) {
    const std::vector<server_id> undone = co_await undone_late(known);
    known.insert(known.end(), undone.begin(), undone.end());
    servers.insert(servers.end(), undone.begin(), undone.end());
    if (servers.empty()) break;

    const server_batch batch = co_await next_to_restore(servers, gives_up);
    const bool may_be_undone = fleet_calls_are_out();
    std::vector<task<std::string>> lanes;
    lanes.reserve(batch.servers.size());
    for (const server_id& each : batch.servers) lanes.push_back(restore(each, may_be_undone));
    const std::vector<std::string> ends = co_await when_all(std::move(lanes));
    std::string trouble;
    const auto add = [&trouble](const std::string& text) {
      trouble += (trouble.empty() ? "" : "; ") + text;
    };
    bool has_restored = false;
    std::vector<server_id> waiting = servers;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      std::erase(waiting, batch.servers[i]);
      if (!ends[i].empty()) {
        add(ends[i]);
        continue;
      }
      std::erase(servers, batch.servers[i]);
      std::erase(known, batch.servers[i]);
      has_restored = true;
    }
    if (has_restored && !gives_up) continue;

    const std::string failed = trouble;
    for (const server_id& each : waiting) {
      add(fmt::format(
          "server {} must wait, of {} at most {} may be out of rotation, and one must serve",
          each.name(), batch.fleet_size, fleet_->max_unavailable));
    }
    const std::chrono::nanoseconds pause = wait.next();
    if (!gives_up && clock_.steady_now() + pause < give_up_at) {
      chronicle_.tell(event_kind::retrying, "rollback"_text, trouble, severity::warning);
      co_await sleep_for(clock_, pause);
      co_await chronicle_.catch_up_if_possible();  // whoever has lost meanwhile leaves here
      continue;
    }
    const bool nobody_may = gives_up && batch.servers.empty();
    gives_up = true;
    const std::string& given_up = nobody_may ? trouble : failed;
    if (!lost.empty() && !given_up.empty()) lost += "; ";
    lost += given_up;
    servers = std::move(waiting);
    if (nobody_may) break;
  }
  co_return lost;
}

/// Servers besides those that have gone back, and that a call may have undone which has ended
/// since, or an earlier incarnation. One that is well and can be put into rotation is none of them.
template <typename Tag>
task<std::vector<server_id>> basic_rollout<Tag>::undone_late(std::vector<server_id> besides) {
  std::vector<server_id> undone;
  if (fleet_calls_are_out()) co_return undone;
  const std::vector<server_id> unsure{fleet_->unsure.begin(), fleet_->unsure.end()};
  for (const server_id& each : unsure) {
    if (std::find(besides.begin(), besides.end(), each) != besides.end()) continue;
    const bool is_in = co_await puts_in_rotation(each);
    if (is_in) continue;
    fleet_->out.insert(each);
    undone.push_back(each);
  }
  co_return undone;
}

/// If it is well and the call succeeds.
template <typename Tag>
task<bool> basic_rollout<Tag>::puts_in_rotation(server_id server) {
  if (!door_.has_rotation()) co_return false;
  const bool healthy = co_await server_is_healthy("rollback"_text, server, true);
  if (!healthy) co_return false;
  try {
    co_await turn("rollback"_text, server, true, true);
    co_return true;
  } catch (const std::exception&) {  // then it may be in rotation or not
  }
  co_return false;
}

/// Puts a server into rotation that is well, and may or may not be in it.
template <typename Tag>
task<std::optional<server_id>> basic_rollout<Tag>::keep_one_of(std::vector<server_id> fleet) {
  std::optional<server_id> kept;
  if (!door_.has_rotation() || fleet_calls_are_out()) co_return kept;
  for (const server_id& each : fleet) {
    if (!fleet_->unsure.contains(each)) continue;
    const bool is_in = co_await puts_in_rotation(each);
    if (!is_in) continue;
    kept = each;
    break;
  }
  if (kept) fleet_->out.erase(*kept);
  co_return kept;
}

/// Those that do not serve; then others, while enough of the fleet serves without them. Never the
/// last one that no late call can take out: better a bad candidate than nobody.
template <typename Tag>
task<server_batch> basic_rollout<Tag>::next_to_restore(std::vector<server_id> servers,
                                                       bool beyond_limit) {
  server_batch batch;
  std::vector<server_id> fleet = servers;
  try {
    fleet = co_await door_.servers("rollback"_text, true);
  } catch (const std::exception&) {  // then as if there were no others
  }
  batch.fleet_size = fleet.size();
  std::set<server_id> in;  // for sure
  for (const server_id& each : fleet) {
    if (fleet_->out.contains(each) || fleet_->unsure.contains(each)) continue;
    in.insert(each);
  }
  std::vector<task<bool>> checks;
  checks.reserve(in.size());
  for (const server_id& each : in) checks.push_back(server_is_healthy("rollback"_text, each, true));
  const std::vector<bool> healthy = co_await when_all(std::move(checks));
  std::set<server_id> serving;
  std::size_t i = 0;
  for (const server_id& each : in) {
    if (healthy[i++]) serving.insert(each);
  }
  if (in.empty()) {  // then one that may serve does so for sure, if there is any
    const std::optional<server_id> kept = co_await keep_one_of(fleet);
    if (kept) serving.insert(*kept);
    in = serving;
  }
  const auto may_leave = [&](const server_id& server) {
    if (fleet_->out.contains(server) && !fleet_->unsure.contains(server)) return true;
    const std::set<server_id>& staying = serving.contains(server) ? serving : in;
    return staying.size() > staying.count(server);
  };
  const auto limit = static_cast<std::size_t>(fleet_->max_unavailable);
  std::size_t unavailable = fleet.size() - serving.size();
  for (const bool serves : {false, true}) {
    for (const server_id& each : servers) {
      const bool may_serve_less = beyond_limit || !serves || unavailable < limit;
      const bool has_room = batch.servers.size() < limit && may_serve_less;
      if (serving.contains(each) != serves || !has_room || !may_leave(each)) continue;
      batch.servers.push_back(each);
      in.erase(each);
      if (serving.erase(each) > 0) ++unavailable;
    }
  }
  co_return batch;
}

/// What is wrong with the server; empty if it serves the baseline. If a call that is under way may
/// undo that, it is not recorded.
template <typename Tag>
task<std::string> basic_rollout<Tag>::restore(server_id server, bool may_be_undone) {
  std::string trouble;
  const shared_text verb = "restore " + server.name();
  steering_.announce("rollback"_text, verb, "server " + server.name());
  co_await chronicle_.record_if_possible("rollback"_text, verb, record_phase::began,
                                         fingerprint_record{to_string(baseline())});
  fleet_->out.insert(server);
  fleet_->back.erase(server);
  try {
    if (door_.has_rotation()) co_await turn("rollback"_text, server, false, true);
    co_await replace("rollback"_text, server, baseline(), true);
    bool healthy = false;
    const auto give_up_at = clock_.due_in(limits().warm_up);
    while (!healthy && clock_.steady_now() < give_up_at) {
      healthy = co_await server_is_healthy("rollback"_text, server, true);
      if (!healthy) co_await sleep_for(clock_, std::chrono::seconds{1});
    }
    if (!healthy) trouble = "it is not healthy";
    if (healthy && door_.has_rotation()) co_await turn("rollback"_text, server, true, true);
  } catch (const std::exception& failure) {
    trouble = failure.what();
  }
  if (trouble.empty()) {
    fleet_->updated.erase(server);
    fleet_->out.erase(server);
    if (may_be_undone) {
      fleet_->undoable.insert(server);
      co_return trouble;
    }
    fleet_->back.insert(server);
    fleet_->undoable.erase(server);
    co_await chronicle_.record_if_possible("rollback"_text, verb, record_phase::outcome,
                                           outcome_record{"done"});
  } else {
    trouble = "server " + server.name() + " did not go back, " + trouble;
  }
  co_return trouble;
}

}  // namespace hotswap::inline v0_1
