#pragma once

/// @file
/// One strategy in its smallest complete shape, ready to be run through any schedule.

#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_world.hpp>
#include <hotswap/testing/simulation_tally.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

/// What a run needs besides its schedule.
class run_request {
 public:
  hotswap::simulation_tally* tally = nullptr;  ///< to add to
  std::vector<std::string>* story = nullptr;   ///< to tell it into
  std::size_t most_choices = 0;                ///< 0: faults stop, and an end must come
  /// Is told of the world that is run now, and of null after it.
  std::function<void(const hotswap::simulated_world*)> watch = [](const auto*) {};
};

/// Runs one schedule; says what is wrong, or nothing.
using simulated_strategy =
    std::function<std::string(hotswap::schedule& choices, const run_request& request)>;

simulated_strategy simulated_canary();
simulated_strategy simulated_blue_green();
simulated_strategy simulated_ab_test();
simulated_strategy simulated_shadow();
simulated_strategy simulated_rolling();
simulated_strategy simulated_first_deployment();
