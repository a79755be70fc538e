#pragma once

/// @file
/// What the rollout that is simulated was asked to do.
///
///     hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
///     rules.bake = 30s;
///     rules.observed = {"step-50", "step-100"};

#include <hotswap/core/model_version.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The limits of the promises that have one.
class rollout_rules {
 public:
  rollout_rules(model_version from, model_version to)
      : baseline(std::move(from)), candidate(std::move(to)) {}

  model_version baseline;
  model_version candidate;
  std::uint64_t minimum_samples = 1;     ///< of each side, before a step can pass
  std::chrono::nanoseconds bake{0};      ///< of each step
  std::chrono::nanoseconds keep{0};      ///< of the loser, warm, before it is removed
  std::vector<std::string> observed;     ///< the steps that must pass before the candidate has won
  std::chrono::nanoseconds way_back{0};  ///< at most, from the decision to the baseline in force
  bool router_is_fenced = false;
  bool router_is_readable = false;  ///< so that a roll-back reads what it has set
  bool fail_is_held = false;        ///< a person answers it
  bool is_shadow = false;           ///< gets no traffic before it is validated
  bool candidate_is_bad = false;    ///< worse than its limits, in truth
  bool is_first = false;            ///< of its model: there is no baseline, only its name
};

}  // namespace hotswap::inline v0_1
