// For each strategy, the n-th allocation of its driver fails, for every n: the rollout ends as if
// its process had died there, or goes back, and every promise holds. Each run is a process of its
// own, which may well end there; then what follows is simulated, with a process that dies at that
// allocation.

#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_world.hpp>
#include <hotswap/testing/simulation_tally.hpp>

#include "simulation/failing_allocation.hpp"
#include "simulation/simulated_strategy.hpp"

#include <sys/wait.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace {

/// What has become of a run.
enum end : int { none_failed, promise_broken, went_on, died, terminated };

/// In a process of its own.
end run(const char* name, const simulated_strategy& strategy,
        const std::vector<std::uint8_t>& shape, std::size_t nth, failing_allocation::kind way) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    std::set_terminate([] { ::_exit(terminated); });
    failing.nth = nth;
    failing.way = way;
    hotswap::simulation_tally tally;
    run_request request;
    request.tally = &tally;
    request.watch = [](const hotswap::simulated_world* world) { failing.in = world; };
    auto choices = hotswap::schedule::replay(shape);
    const std::string breach = strategy(choices, request);
    if (!breach.empty()) std::printf("%s, allocation %zu: %s\n", name, nth, breach.c_str());
    std::fflush(stdout);
    ::_exit(!breach.empty()        ? promise_broken
            : failing.so_far < nth ? none_failed
            : tally.crashes > 0    ? died
                                   : went_on);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? static_cast<end>(WEXITSTATUS(status)) : promise_broken;
}

bool holds(const char* name, const simulated_strategy& strategy) {
  for (const std::vector<std::uint8_t>& shape : {std::vector<std::uint8_t>{}, {1, 1}}) {
    std::size_t ended = 0;
    std::size_t nth = 1;
    for (;; ++nth) {
      end came = run(name, strategy, shape, nth, failing_allocation::kind::throws);
      if (came == terminated)
        came = run(name, strategy, shape, nth, failing_allocation::kind::kills);
      if (came == promise_broken || came == terminated) return false;
      if (came == none_failed) break;
      if (came == died) ++ended;
    }
    std::printf("%s, %s candidate: n up to %zu, of which %zu ended the process\n", name,
                shape.empty() ? "good" : "bad", nth - 1, ended);
  }
  return true;
}

}  // namespace

int main() {
  const std::pair<const char*, simulated_strategy> all[] = {
      {"canary", simulated_canary()},   {"blue_green", simulated_blue_green()},
      {"ab_test", simulated_ab_test()}, {"shadow", simulated_shadow()},
      {"rolling", simulated_rolling()}, {"first_deployment", simulated_first_deployment()}};
  bool all_hold = true;
  for (const auto& [name, strategy] : all) {
    if (strategy) all_hold = holds(name, strategy) && all_hold;
  }
  return all_hold ? 0 : 1;
}
