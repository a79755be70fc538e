// Runs a strategy through very many ways to fail, and tells the first one that breaks a promise.
//
//     simulate --strategy canary --schedules 1000000 --seed 7
//     simulate --strategy canary --faults 2              all schedules of at most two faults
//     simulate --strategy canary --schedule 0002…        one schedule again, with its story
//
//     simulate --strategy canary --breaches all          goes on after a breach, and lists them
//
// Without --seed the time is the seed; it is printed. Leaves with 1 if a promise is broken, and
// with 3 if something that must happen sometimes never did.

#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulation_tally.hpp>

#include "simulation/simulated_strategy.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

class options {
 public:
  options(int count, char** arguments) {
    for (int i = 1; i < count; i += 2) {
      const std::string name = arguments[i];
      if (i + 1 >= count) throw std::invalid_argument(name + " must have a value");
      const std::string value = arguments[i + 1];
      if (name == "--strategy") {
        strategy = value;
      } else if (name == "--schedules") {
        schedules = std::stoull(value);
      } else if (name == "--seed") {
        seed = std::stoull(value);
      } else if (name == "--faults") {
        faults = static_cast<unsigned>(std::stoul(value));
      } else if (name == "--schedule") {
        schedule = value;
      } else if (name == "--breaches") {
        if (value != "first" && value != "all") {
          throw std::invalid_argument("--breaches must be first or all, got " + value);
        }
        all_breaches = value == "all";
      } else if (name == "--mode") {
        if (value != "safety" && value != "liveness") {
          throw std::invalid_argument("--mode must be safety or liveness, got " + value);
        }
        for_ever = value == "safety";
      } else {
        throw std::invalid_argument("there is no option " + name);
      }
    }
  }

  std::string strategy = "canary";
  std::uint64_t schedules = 10'000;
  std::uint64_t seed = static_cast<std::uint64_t>(std::time(nullptr));
  std::optional<unsigned> faults;
  std::optional<std::string> schedule;
  bool all_breaches = false;
  bool for_ever = false;  ///< faults never stop, and no end is asked for
};

/// Choices after which a run is given up whose faults never stop.
constexpr std::size_t most_choices = 1'500;

simulated_strategy strategy_of(const std::string& name) {
  static const std::map<std::string, simulated_strategy (*)()> known{
      {"canary", simulated_canary},   {"blue_green", simulated_blue_green},
      {"ab_test", simulated_ab_test}, {"shadow", simulated_shadow},
      {"rolling", simulated_rolling},
  };
  const auto found = known.find(name);
  if (found == known.end()) throw std::invalid_argument("there is no strategy " + name);
  return found->second();
}

/// So that breaches are alike that differ in their figures only, but for the invariant's.
std::string without_numbers(const std::string& breach) {
  std::string text;
  const std::size_t colon = breach.find(':');
  for (std::size_t i = 0; i < breach.size(); ++i) {
    const bool is_digit = breach[i] >= '0' && breach[i] <= '9';
    if (i < colon || !is_digit) {
      text += breach[i];
    } else if (text.back() != '#') {
      text += '#';
    }
  }
  return text;
}

/// The schedule as it is, with what happens in it.
int tell(const simulated_strategy& strategy, const options& asked,
         const std::vector<std::uint8_t>& bytes) {
  auto choices = hotswap::schedule::replay(bytes);
  std::vector<std::string> story;
  run_request request;
  request.story = &story;
  if (asked.for_ever) request.most_choices = most_choices;
  const std::string breach = strategy(choices, request);
  for (const std::string& each : story) std::puts(each.c_str());
  std::puts(breach.empty() ? "no promise is broken" : breach.c_str());
  return breach.empty() ? 0 : 1;
}

int tell_shrunk(const simulated_strategy& strategy, const options& asked,
                const hotswap::schedule& failed, const std::string& breach) {
  run_request request;
  if (asked.for_ever) request.most_choices = most_choices;
  const std::string kind = without_numbers(breach);
  const auto bytes = hotswap::shrink(failed.bytes(), [&](const std::vector<std::uint8_t>& fewer) {
    auto choices = hotswap::schedule::replay(fewer);
    return without_numbers(strategy(choices, request)) == kind;
  });
  std::puts(breach.c_str());
  std::printf("the least schedule that breaks it, and its story:\n");
  tell(strategy, asked, bytes);
  std::printf("replay it: simulate --strategy %s%s --schedule %s\n", asked.strategy.c_str(),
              asked.for_ever ? " --mode safety" : "", hotswap::schedule::hex_of(bytes).c_str());
  return 1;
}

void report(const options& asked, const hotswap::simulation_tally& tally, double seconds) {
  constexpr std::string_view words[] = {"succeeded", "rolled_back", "aborted", "rejected",
                                        "rollback_failed"};
  std::string statuses;
  for (std::size_t i = 0; i < tally.statuses.size(); ++i) {
    statuses += fmt::format(" {} {}", words[i], tally.statuses[i]);
  }
  const std::string how =
      asked.faults ? fmt::format("all of at most {} faults", *asked.faults)
                   : fmt::format("seed {}{}", asked.seed, asked.for_ever ? ", for ever" : "");
  fmt::print(
      "{}, {}: {} schedules, {} faults, {} crashes, {} choice points,{}, given up {}, "
      "{:.1f} s, {:.0f} schedules/s\n",
      asked.strategy, how, tally.schedules, tally.faults, tally.crashes, tally.choices, statuses,
      tally.unfinished, seconds, static_cast<double>(tally.schedules) / seconds);
  for (const auto& [what, count] : tally.sometimes) fmt::print("  {}: {}\n", what, count);
}

int simulate(const options& asked) {
  const simulated_strategy strategy = strategy_of(asked.strategy);
  if (asked.schedule) {
    const auto given = hotswap::schedule::replay(std::string_view{*asked.schedule});
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < asked.schedule->size(); i += 2) {
      bytes.push_back(
          static_cast<std::uint8_t>(std::stoul(asked.schedule->substr(i, 2), nullptr, 16)));
    }
    return tell(strategy, asked, bytes);
  }
  hotswap::simulation_tally tally;
  run_request request;
  request.tally = &tally;
  if (asked.for_ever) request.most_choices = most_choices;
  const std::clock_t begin = std::clock();
  std::optional<hotswap::schedule> failed;
  std::string breach;
  std::map<std::string, std::pair<hotswap::schedule, std::uint64_t>> breaches;
  const auto run = [&](hotswap::schedule& choices) {
    const std::string found = strategy(choices, request);
    if (found.empty()) return true;
    if (asked.all_breaches) {
      ++breaches.try_emplace(without_numbers(found), choices, 0).first->second.second;
      return true;
    }
    failed = choices;
    breach = found;
    return false;
  };
  if (asked.faults) {
    for (std::uint8_t router = 0; router < 3 && !failed; ++router) {
      for (std::uint8_t quality = 0; quality < 3 && !failed; ++quality) {
        hotswap::enumerate_schedules(*asked.faults, run, {router, quality});
      }
    }
  } else {
    hotswap::simulation_random seeds{asked.seed};
    for (std::uint64_t i = 0; i < asked.schedules && !failed; ++i) {
      auto choices = hotswap::schedule::random(seeds.bits(), asked.for_ever);
      run(choices);
    }
  }
  report(asked, tally, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  for (const auto& [what, where] : breaches) {
    std::printf("\n%llu times, for example:\n", static_cast<unsigned long long>(where.second));
    tell_shrunk(strategy, asked, where.first, what);
  }
  if (failed) return tell_shrunk(strategy, asked, *failed, breach);
  return breaches.empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return simulate(options{count, arguments});
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "simulate: %s\n", failure.what());
    return 2;
  }
}
