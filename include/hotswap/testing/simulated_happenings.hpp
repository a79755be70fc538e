#pragma once

/// @file
/// What the rest of the world does while a simulated rollout makes a call: versions die, the clock
/// jumps, people ask for something, somebody else changes the split, servers join and leave.
///
///     hotswap::simulated_happenings happenings{world, platform, rules, people};
///     world.at_each_call = [&] { return happenings.something_happens(invariants); };

#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/testing/invariants.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_people.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to its world's thread. A fleet's servers come and go, if the platform has them.
template <typename Platform>
class simulated_happenings {
 public:
  /// @param rules  of the latest rollout; as the others, they outlive it
  simulated_happenings(simulated_world& world, Platform& platform, const rollout_rules& rules,
                       simulated_people& people)
      : world_(world), platform_(platform), rules_(rules), people_(people) {}
  simulated_happenings(const simulated_happenings&) = delete;
  simulated_happenings& operator=(const simulated_happenings&) = delete;

  std::function<void()> second_driver_starts = [] {};
  std::function<void()> process_is_told_to_stop = [] {};

  /// True if something did.
  bool something_happens(rollout_invariants& invariants) {
    constexpr auto kinds =
        static_cast<unsigned>(is_fleet ? happening::of_all : happening::of_all_but_fleets);
    const auto what = static_cast<happening>(world_.choices().choose(choice_site::event, kinds));
    if (what == happening::nothing || world_.running == nullptr) return false;
    world_.last_fault = world_.clock.elapsed();
    switch (what) {
      case happening::candidate_dies:
        invariants.candidate_dies();
        platform_.dies(rules_.candidate);
        break;
      case happening::baseline_dies:
        if (rules_.is_first) break;
        invariants.baseline_dies();
        platform_.dies(rules_.baseline);
        break;
      case happening::clock_jumps_forth:
        invariants.clock_jumped();
        world_.tell([] { return "the clock jumps 1 h forth"; });
        world_.clock.jump(std::chrono::hours{1});
        break;
      case happening::clock_jumps_back:
        invariants.clock_jumped();
        world_.tell([] { return "the clock jumps 1 h back"; });
        world_.clock.jump(std::chrono::hours{-1});
        break;
      case happening::abort:
        people_.ask("abort", [](rollout_control control) { control.abort("alice", "now"); });
        break;
      case happening::abort_soon:
        world_.tell([] { return "alice aborts in 3 s"; });
        world_.at(std::chrono::seconds{3}, [this] {
          people_.ask("abort", [](rollout_control control) { control.abort("alice", "soon"); });
        });
        break;
      case happening::pause:
        people_.ask("pause", [](rollout_control control) { control.pause("bob", "let me see"); });
        break;
      case happening::promote:
        people_.promotes(false);
        people_.ask("promote", [](rollout_control control) { control.promote("carol", "enough"); });
        break;
      case happening::promote_by_force:
        people_.promotes(true);
        people_.ask("force a promote",
                    [](rollout_control control) { control.promote("carol", "I know", true); });
        break;
      case happening::promote_fully:
        people_.promotes(false);
        people_.ask("promote fully",
                    [](rollout_control control) { control.promote_fully("carol", "go"); });
        break;
      case happening::split_is_changed:
        if (platform_.state(rules_.candidate).is_ready()) {
          platform_.somebody_sets(rules_.is_first
                                      ? traffic_split::all_to(rules_.candidate)
                                      : traffic_split::between(rules_.baseline, rules_.candidate,
                                                               share::basis_points(3'000)));
        }
        break;
      case happening::second_driver_starts:
        world_.at(std::chrono::seconds{1}, second_driver_starts);
        break;
      case happening::stop:
        world_.tell([] { return "the process is told to stop"; });
        process_is_told_to_stop();
        break;
      case happening::server_joins:
        fleet_changes(true, invariants);
        break;
      case happening::server_leaves:
        fleet_changes(false, invariants);
        break;
      case happening::nothing:
      case happening::of_all:
        break;
    }
    return true;
  }

  /// What a run should have seen sometimes.
  [[nodiscard]] const std::vector<std::string>& noted() const noexcept { return noted_; }

 private:
  static constexpr bool is_fleet = requires(Platform& fleet) { fleet.leaves(); };

  /// In the order of their numbers in a schedule; those of fleets come last.
  enum class happening : std::uint8_t {
    nothing,
    candidate_dies,
    baseline_dies,
    clock_jumps_forth,
    clock_jumps_back,
    abort,
    abort_soon,
    pause,
    promote,
    promote_by_force,
    promote_fully,
    split_is_changed,
    second_driver_starts,
    stop,
    server_joins,
    of_all_but_fleets = server_joins,
    server_leaves,
    of_all,
  };

  void fleet_changes([[maybe_unused]] bool joins, [[maybe_unused]] rollout_invariants& invariants) {
    if constexpr (is_fleet) {
      noted_.emplace_back(joins ? "a server joined" : "a server left");
      if (joins) {
        platform_.joins(rules_.baseline);
      } else {
        invariants.fleet_shrinks();
        platform_.leaves();
      }
    }
  }

  simulated_world& world_;
  Platform& platform_;
  const rollout_rules& rules_;
  simulated_people& people_;
  std::vector<std::string> noted_;
};

}  // namespace hotswap::inline v0_1
