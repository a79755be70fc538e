#pragma once

/// @file
/// What a person does with a rollout whose process has died: `hotswap::abandon`.

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/rollout/abandon.hpp>
#include <hotswap/rollout/rollout_context.hpp>

#include <algorithm>

namespace support {

/// Has its journal the point of no return?
template <typename World>
[[nodiscard]] bool is_committed(World& world) {
  const auto records = world.records();
  return std::any_of(records.begin(), records.end(),
                     [](const auto& each) { return each.verb == "commit"; });
}

/// Ends the world's unfinished rollout.
template <typename World>
[[nodiscard]] hotswap::deployment_result abandoned(World& world) {
  hotswap::rollout_context context{world.environment};
  auto& service = world.service;
  return world.clock.run(
      hotswap::abandon(service, service, service, "fraud", "alice", "it is lost", context));
}

}  // namespace support
