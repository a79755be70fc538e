#pragma once

/// @file
/// What a rollout will do: its steps, and how long each can take.
///
///     for (const hotswap::planned_step& each : hotswap::plan(config).steps) fmt::print(each.name);

#include <hotswap/core/share.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a document does not say.
struct plan_options {
  /// What each call into the platform takes, and none fails.
  std::chrono::milliseconds call = std::chrono::seconds{1};
  std::size_t servers = 4;  ///< of the fleet, for a rolling deployment; 1 to 100,000
  bool first = false;       ///< is there no baseline?
};

/// One step, by the name under which events and journal know it.
class planned_step {
 public:
  planned_step(std::string named, std::vector<std::string_view> does)
      : name(std::move(named)), verbs(std::move(does)) {}

  std::string name;
  std::vector<std::string_view> verbs;   ///< in their order
  std::optional<share> candidate_share;  ///< of the traffic, if the step changes it

  std::chrono::milliseconds shortest{};
  std::chrono::milliseconds longest{};  ///< with every extension; without what a person takes
  std::chrono::milliseconds hold{};     ///< on top of it at most, if it is held for a person
  bool needs_approval = false;          ///< of a person, who may take for ever

  std::chrono::milliseconds look_interval{};  ///< zero if it does not look at metrics
  /// Of each side, before a look can pass; absent where the document does not say.
  std::optional<std::uint64_t> minimum_samples;
  /// Of the whole model, at which the bake brings these samples without an extension.
  std::optional<double> requests_per_second;
};

class rollout_plan {
 public:
  rollout_plan(std::string_view of_strategy, std::string named)
      : strategy(of_strategy), name(std::move(named)) {}

  std::string strategy;  ///< as the document writes it
  std::string name;      ///< of the document; may be empty
  std::vector<planned_step> steps;
  std::chrono::milliseconds shortest{};
  /// All extensions and holds included, cut by the document's deadline; without the time that a
  /// person takes to approve.
  std::chrono::milliseconds longest{};
  bool needs_approval = false;
};

}  // namespace hotswap::inline v0_1
