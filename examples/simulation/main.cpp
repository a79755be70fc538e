// Does a strategy of one's own keep its promises, whatever fails? Thousands of rollouts find out.
//
//   cmake --preset demo && cmake --build --preset demo --target simulation
//   ./build/demo/examples/simulation first        as it was first written: a promise is broken, and
//                                                 the least schedule that breaks it is told
//   ./build/demo/examples/simulation corrected    nothing is found in 5,000 schedules
//
// A schedule is a string of choices, of which 0 is "nothing bad": a call fails, hangs or lands
// late, a process dies, metrics lie, a person aborts. The mistake is marked in thrifty_canary.hpp.

#include <hotswap/hotswap.hpp>
#include <hotswap/testing/invariants.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_platform.hpp>
#include <hotswap/testing/simulation.hpp>

#include "thrifty_canary.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Runs one schedule; says which promise was broken, or nothing.
std::string run(hotswap::schedule& choices, bool hasty, std::vector<std::string>* story = nullptr) {
  using platform_type = hotswap::readable_simulated_platform;
  using strategy = thrifty_canary<platform_type, platform_type, platform_type>;

  hotswap::rollout_rules rules{{"fraud", "1"}, {"fraud", "2"}};
  rules.minimum_samples = strategy::minimum_samples;
  rules.bake = strategy::bake;
  rules.keep = strategy::keep;
  rules.observed = {"half", "all"};
  rules.way_back = std::chrono::seconds{90};

  const auto start = [hasty](platform_type& platform, const hotswap::rollout_rules& asked,
                             hotswap::rollout_context& context) {
    const strategy canary{platform, platform, platform, prices{1.0, 1.1, 1.2}, hasty};
    return canary.deploy(asked.baseline, asked.candidate, context);
  };
  hotswap::simulation<platform_type> simulated{choices, rules, start};
  if (story != nullptr) simulated.tell_into(*story);
  simulated.run();
  return simulated.breach();
}

int tell_the_least(const hotswap::schedule& failed, const std::string& breach, bool hasty) {
  const std::string invariant = breach.substr(0, breach.find(':'));
  const auto least = hotswap::shrink(failed.bytes(), [&](const std::vector<std::uint8_t>& fewer) {
    auto choices = hotswap::schedule::replay(fewer);
    return run(choices, hasty).starts_with(invariant + ":");
  });
  std::vector<std::string> story;
  auto choices = hotswap::schedule::replay(least);
  (void)run(choices, hasty, &story);
  std::printf("the least schedule that breaks it is %s:\n",
              hotswap::schedule::hex_of(least).c_str());
  for (const std::string& line : story) std::puts(line.c_str());
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view asked = count > 1 ? arguments[1] : "first";
  const bool hasty = asked != "corrected";
  constexpr int schedules = 5'000;
  hotswap::simulation_random seeds{1};
  for (int i = 1; i <= schedules; ++i) {
    auto choices = hotswap::schedule::random(seeds.bits());
    const std::string breach = run(choices, hasty);
    if (breach.empty()) continue;
    std::printf("schedule %d: %s\n", i, breach.c_str());
    return tell_the_least(choices, breach, hasty);
  }
  std::printf("%d schedules, and no promise is broken\n", schedules);
  return 0;
}
