#pragma once

/// @file
/// One rise of the candidate's share, and what a list of them must keep to.
///
///     hotswap::canary_step step = 25_pct;
///     step.approval = true;

#include <hotswap/core/share.hpp>
#include <hotswap/strategies/config_rule.hpp>
#include <hotswap/strategies/config_text.hpp>
#include <hotswap/strategies/validator.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Of one list.
inline constexpr std::size_t most_steps = 128;

/// One rise of the candidate's share. What it leaves open, the config says.
class canary_step {
 public:
  canary_step(hotswap::share to) : share(to) {}  // NOLINT: a plain share is a step

  hotswap::share share;
  std::optional<std::chrono::milliseconds> duration;  ///< of the bake
  std::optional<std::uint64_t> minimum_samples;       ///< of each side
  bool approval = false;                              ///< a person must approve before this rise

  friend bool operator==(const canary_step&, const canary_step&) = default;
};

template <typename Visitor, maybe_const<canary_step> Step>
void describe(Visitor& visit, Step& step) {
  visit("share", step.share, rule::percentage);
  visit("duration", step.duration, rule::positive);
  visit("minimumSamples", step.minimum_samples, rule::samples);
  visit("approval", step.approval, rule::flag{});
}

/// @throws config_error  at the step at fault, or at the list if it does not end at 100 %.
inline void check(const std::string& at, const std::vector<canary_step>& steps, rule::steps rule) {
  const auto percent = [](share value) { return rule::percentage.written(value); };
  if (steps.size() > most_steps) {
    refuse(at, fmt::format("be at most {} steps", most_steps), fmt::format("{}", steps.size()));
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string here = pointer_to(at, i);
    validator visit{here};
    describe(visit, steps[i]);
    if (i > 0 && steps[i].share <= steps[i - 1].share) {
      refuse(here, fmt::format("be above the step before it, {}", percent(steps[i - 1].share)),
             fmt::format("{}", percent(steps[i].share)));
    }
  }
  if (!rule.to_100) return;
  if (steps.empty()) refuse(at, "end at 100", "an empty list");
  if (steps.back().share != share::basis_points(10'000)) {
    refuse(at, "end at 100", fmt::format("{}", percent(steps.back().share)));
  }
}

}  // namespace hotswap::inline v0_1
