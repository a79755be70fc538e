#pragma once

/// @file
/// The people around a simulated rollout: bob looks in on what waits for somebody, and answers it;
/// anybody may ask for something at any moment.
///
///     hotswap::simulated_people people{world, processes, rules};
///     people.promotes = [&](bool forced) { … };
///     people.told(event);                       // paused: bob comes by, every minute from now on
///     people.ask("pause", [](hotswap::rollout_control control) { control.pause("bob", "wait"); });

#include <hotswap/core/event.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/testing/driving_process.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to its world's thread.
class simulated_people {
 public:
  using processes = std::vector<std::unique_ptr<driving_process>>;

  /// @param asked  the processes whose rollouts they look after; as the others, it outlives them
  simulated_people(simulated_world& world, const processes& asked, const rollout_rules& rules)
      : world_(world), processes_(asked), rules_(rules) {}
  simulated_people(const simulated_people&) = delete;
  simulated_people& operator=(const simulated_people&) = delete;

  std::function<bool()> nobody_is_needed = [] { return false; };  ///< the rollout has ended
  std::function<void(bool forced)> promotes = [](bool) {};  ///< is called before somebody does

  void told(const event& each) {
    const bool asks = each.kind == event_kind::paused || each.kind == event_kind::held ||
                      each.kind == event_kind::gate_waiting || each.kind == event_kind::resumed;
    if (asks && !std::exchange(is_looked_after_, true)) look_in_soon();
  }

  /// Of whichever process lives.
  template <typename Ask>
  void ask(const char* what, const Ask& asks) {
    for (const auto& each : processes_) {
      if (!each->drives_now()) continue;
      world_.tell([&] { return "a person asks " + each->clock.identity() + " to " + what; });
      asks(each->control());
    }
  }

  /// What they have done, in the order in which they did.
  [[nodiscard]] const std::vector<std::string>& answers() const noexcept { return answers_; }

 private:
  void look_in_soon() {
    world_.at(std::chrono::minutes{1}, [this] {
      is_looked_after_ = !nobody_is_needed();
      if (!is_looked_after_) return;
      for (const auto& each : processes_) {
        if (each->drives_now()) look_in_on(*each);
      }
      look_in_soon();
    });
  }

  void look_in_on(const driving_process& process) {
    rollout_control control = process.control();
    const rollout_status seen = control.status();
    if (!seen.paused && !seen.held) return;
    if (++visits_ > patience) {
      world_.tell([] { return "bob has had enough, and aborts"; });
      control.abort("bob", "this leads nowhere");
    } else if (seen.paused) {
      world_.tell([] { return "bob resumes"; });
      control.resume("bob", "fine");
    } else {
      world_.tell([&] { return "bob answers " + seen.awaits; });
      answer(control, seen);
    }
  }

  void answer(rollout_control& control, const rollout_status& seen) {
    if (seen.verb == "approve") {
      answers_.emplace_back("a person approved");
      control.approve(seen.step, "bob", "go on");
    } else if (rules_.candidate_is_bad) {
      answers_.emplace_back("a person aborted what was held");
      control.abort("bob", "no");
    } else {
      answers_.emplace_back("a person promoted what was held");
      promotes(true);
      control.promote("bob", "it is fine", true);
    }
  }

  /// After so many visits that did not help, it is aborted.
  static constexpr int patience = 8;

  simulated_world& world_;
  const processes& processes_;
  const rollout_rules& rules_;
  bool is_looked_after_ = false;
  int visits_ = 0;
  std::vector<std::string> answers_;
};

}  // namespace hotswap::inline v0_1
