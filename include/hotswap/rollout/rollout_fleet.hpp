#pragma once

/// @file
/// How `rollout` replaces a version server by server, and how it goes back.
///
///     #include <hotswap/rollout/rollout.hpp>   // includes this

#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/engine.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_failure.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// The servers that are updated next: those that do not serve already, then as many more as may be
/// out of rotation.
template <typename Tag>
task<server_batch> basic_rollout<Tag>::next_batch(shared_text step) {
  const begun_verb verb = co_await begin_verb(step, "batch", std::string{}, "the fleet's servers");
  if (verb.is_over()) {
    const auto* outcome = std::get_if<outcome_record>(&verb.recorded->outcome->payload);
    co_return server_batch::parse(outcome == nullptr ? std::string_view{} : outcome->why);
  }
  const std::vector<server_id> servers = co_await door_.servers(step);
  std::vector<server_id> sick;
  std::vector<server_id> well;  // of those that are not updated
  std::size_t unavailable = 0;
  std::size_t serving = 0;
  for (const server_id& each : servers) {
    const bool healthy = co_await server_is_healthy(step, each);
    ++(healthy ? serving : unavailable);
    if (fleet_->is_updated(each)) continue;
    (healthy ? well : sick).push_back(each);
  }
  const std::size_t limit = static_cast<std::size_t>(fleet_->max_unavailable);
  server_batch batch;
  batch.fleet_size = servers.size();
  for (const server_id& each : sick) {
    if (batch.servers.size() < limit) batch.servers.push_back(each);
  }
  for (const server_id& each : well) {
    if (unavailable >= limit || serving <= 1) break;
    batch.servers.push_back(each);
    ++unavailable;
    --serving;
  }
  if (batch.servers.empty() && (!well.empty() || servers.empty())) {
    const bool is_first = fleet_->touched.empty();
    throw rollout_failure(
        is_first ? reason_code::failed : reason_code::unhealthy,
        fmt::format("a fleet must keep a server in rotation, and at most {} out of it, got {} that "
                    "serve and {} that do not",
                    limit, serving, unavailable),
        is_first ? deployment_status::rejected : deployment_status::rolled_back);
  }
  co_await end_verb(verb, batch.text());
  co_return batch;
}

/// A call that fails to answer is taken for a no.
template <typename Tag>
task<bool> basic_rollout<Tag>::server_is_healthy(const shared_text& step, server_id server,
                                                 bool shielded) {
  try {
    const bool healthy = co_await door_.server_healthy(step, server, shielded);
    co_return healthy;
  } catch (const rollout_failure& failure) {
    if (failure.reason_code() != reason_code::unhealthy) throw;
  }
  co_return false;
}

template <typename Tag>
task<void> basic_rollout<Tag>::rotate(shared_text step, server_id server, bool in_rotation) {
  if (!door_.has_rotation()) co_return;
  const shared_text named = (in_rotation ? "rotate_in " : "rotate_out ") + server.name();
  const begun_verb verb =
      co_await begin_verb(step, named, std::string{}, "the fleet's set_rotation");
  fleet_->touch(server);
  if (verb.is_over()) co_return;
  if (!in_rotation) {
    co_await make_sure_of_updated(step);
    fleet_->out.insert(server);
  } else if (fleet_->unsure.contains(server)) {
    co_await require_still_healthy(step, server);
  }
  co_await turn(step, server, in_rotation);
  if (in_rotation) fleet_->out.erase(server);
  co_await end_verb(verb, "done");
}

/// At one of 3 checks, a second apart. An earlier incarnation may have died on the way back, and
/// could not record that: then the server is not what the records say.
template <typename Tag>
task<void> basic_rollout<Tag>::require_still_healthy(const shared_text& step, server_id server) {
  for (int check = 1; check <= 3; ++check) {
    const bool healthy = co_await server_is_healthy(step, server);
    if (healthy) co_return;
    co_await outwait(std::chrono::seconds{1});
  }
  throw rollout_failure(
      reason_code::unhealthy,
      fmt::format("server {} must be healthy before it serves again, and was not at 3 checks",
                  server.name()));
}

template <typename Tag>
task<void> basic_rollout<Tag>::update(shared_text step, server_id server, model_version version) {
  const shared_text named = "update " + server.name();
  const begun_verb verb =
      co_await begin_verb(step, named, to_string(version), "the fleet's update");
  fleet_->touch(server);
  if (verb.is_over()) co_return;
  fleet_->out.insert(server);
  const bool may_serve = door_.has_rotation() && fleet_->unsure.contains(server);
  if (may_serve) {
    co_await make_sure_of_updated(step);
    co_await turn(step, server, false);
  }
  co_await replace(step, server, version);
  co_await end_verb(verb, "done");
}

/// As long as it has not been answered, nobody knows which.
template <typename Tag>
task<void> basic_rollout<Tag>::turn(const shared_text& step, server_id server, bool in_rotation,
                                    bool shielded) {
  const bool was_sure = fleet_->unsure.insert(server).second;
  co_await door_.set_rotation(step, server, in_rotation, shielded);
  if (was_sure || !fleet_calls_are_out()) fleet_->unsure.erase(server);
}

/// Those that serve by an earlier incarnation's records do so, before another one is taken out.
template <typename Tag>
task<void> basic_rollout<Tag>::make_sure_of_updated(const shared_text& step) {
  const std::vector<server_id> updated{fleet_->updated.begin(), fleet_->updated.end()};
  for (const server_id& each : updated) {
    if (!fleet_->unsure.contains(each)) continue;
    co_await require_still_healthy(step, each);
    co_await turn(step, each, true);
  }
}

/// The same for an update that takes the server out itself, and puts it back.
template <typename Tag>
task<void> basic_rollout<Tag>::replace(const shared_text& step, server_id server,
                                       model_version version, bool shielded) {
  const bool was_sure = door_.has_rotation() || fleet_->unsure.insert(server).second;
  co_await door_.update(step, server, version, shielded);
  if (!door_.has_rotation() && (was_sure || !fleet_calls_are_out())) fleet_->unsure.erase(server);
}

/// Returns once the server has been healthy for `ready` without a break.
template <typename Tag>
task<void> basic_rollout<Tag>::await_health(shared_text step, server_id server,
                                            health_terms terms) {
  const shared_text named = "healthy " + server.name();
  const begun_verb verb =
      co_await begin_verb(step, named, text_of(terms.ready), "the server's health");
  if (verb.is_over()) co_return;
  const auto give_up_at = clock_.due_in(terms.timeout);
  std::optional<clock::steady_time_point> since;
  bool was_well = false;
  int failures = 0;
  while (true) {
    const bool healthy = co_await server_is_healthy(step, server);
    const auto present = clock_.steady_now();
    if (healthy) {
      if (!since) since = present;
      was_well = true;
      failures = 0;
      if (present - *since >= terms.ready) break;
    } else {
      since.reset();
      ++failures;
      if (was_well && failures >= terms.threshold) {
        throw rollout_failure(
            reason_code::unhealthy,
            fmt::format("server {} must stay healthy, and was not at {} checks in "
                        "a row",
                        server.name(), failures));
      }
    }
    if (present >= give_up_at) {
      throw rollout_failure(
          reason_code::unhealthy,
          fmt::format("server {} must be healthy for {} within {}, and was not", server.name(),
                      text_of(terms.ready), text_of(terms.timeout)));
    }
    auto pause = terms.interval;
    if (since) pause = std::min<std::chrono::nanoseconds>(pause, *since + terms.ready - present);
    co_await outwait(std::max<std::chrono::nanoseconds>(pause, std::chrono::milliseconds{1}));
  }
  if (!door_.has_rotation()) fleet_->out.erase(server);
  co_await end_verb(verb, "done");
}

/// News that do not end the rollout do not shorten the wait.
template <typename Tag>
task<void> basic_rollout<Tag>::outwait(std::chrono::nanoseconds time) {
  while (time > std::chrono::nanoseconds::zero()) {
    const std::chrono::nanoseconds passed = co_await steering_.pass_time(time);
    time -= passed;
  }
}

/// The batch is in rotation: from here on the candidate has its part of the traffic.
template <typename Tag>
task<void> basic_rollout<Tag>::serve(shared_text step, server_batch batch) {
  const begun_verb verb = co_await begin_verb(step, "serve"_text, batch.text(), "the fleet");
  for (const server_id& each : batch.servers) fleet_->updated.insert(each);
  const auto part = fleet_->updated.size() * 10'000 / std::max<std::size_t>(batch.fleet_size, 1);
  const share of_candidate =
      share::basis_points(static_cast<int>(std::min<std::size_t>(part, 10'000)));
  is_in_force(traffic_split::between(baseline(), candidate(), of_candidate));
  if (verb.is_over()) co_return;
  chronicle_.tell(event_kind::split_changed, step,
                  fmt::format("{} of {} servers run {}", fleet_->updated.size(), batch.fleet_size,
                              to_string(candidate())));
  co_await end_verb(verb, "done");
}

}  // namespace hotswap::inline v0_1
