// Runs a strategy through very many ways to fail, and tells the first one that breaks a promise.
//
//     simulate --strategy canary --schedules 1000000 --seed 7
//     simulate --strategy canary --faults 2              all schedules of at most two faults
//     simulate --strategy canary --each-call fails       the n-th call fails, for every n
//     simulate --strategy canary --schedule 0002…        one schedule again, with its story
//     simulate --strategy canary --breaches all          goes on after a breach, and lists them
//
// Without --seed the time is the seed; it is printed. Leaves with 1 if a promise is broken, and
// with 3 if something that must happen sometimes never did.

#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulation_tally.hpp>

#include "simulation/regressions.hpp"
#include "simulation/simulated_strategy.hpp"
#include "simulation/sometimes.hpp"

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
      } else if (name == "--each-call") {
        if (value != "fails")
          throw std::invalid_argument("--each-call must be fails, got " + value);
        each_call_fails = true;
      } else if (name == "--schedule") {
        schedule = value;
      } else if (name == "--sometimes") {
        sometimes_required = value == "required";
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
  bool each_call_fails = false;
  bool all_breaches = false;
  bool sometimes_required = false;
  bool for_ever = false;  ///< faults never stop, and no end is asked for
};

/// Choices after which a run is given up whose faults never stop.
constexpr std::size_t most_choices = 1'500;

simulated_strategy strategy_of(const std::string& name) {
  static const std::map<std::string, simulated_strategy (*)()> known{
      {"canary", simulated_canary},   {"blue_green", simulated_blue_green},
      {"ab_test", simulated_ab_test}, {"shadow", simulated_shadow},
      {"rolling", simulated_rolling}, {"first_deployment", simulated_first_deployment},
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

/// Of every choice that the runs have asked for, FNV-1a: the same seed must give the same with
/// every compiler.
class digest {
 public:
  void add(const hotswap::schedule& run) noexcept {
    for (const auto& each : run.choices()) {
      add(each.made);
      add(each.alternatives);
    }
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  void add(std::uint8_t byte) noexcept { value_ = (value_ ^ byte) * 0x100000001b3U; }

  std::uint64_t value_ = 0xcbf29ce484222325U;
};

void report(const options& asked, const hotswap::simulation_tally& tally, std::uint64_t digest,
            double seconds) {
  std::string statuses;
  for (std::size_t i = 0; i < tally.statuses.size(); ++i) {
    statuses += fmt::format(" {} {}", status_words[i], tally.statuses[i]);
  }
  const std::string how =
      asked.each_call_fails ? "each call fails"
      : asked.faults        ? fmt::format("all of at most {} faults", *asked.faults)
                     : fmt::format("seed {}{}", asked.seed, asked.for_ever ? ", for ever" : "");
  fmt::print(
      "{}, {}: {} schedules, {} faults, {} crashes, {} choice points,{}, given up {}, "
      "digest {:016x}, {:.1f} s, {:.0f} schedules/s\n",
      asked.strategy, how, tally.schedules, tally.faults, tally.crashes, tally.choices, statuses,
      tally.unfinished, digest, seconds, static_cast<double>(tally.schedules) / seconds);
  for (const auto& [what, count] : tally.sometimes) fmt::print("  {}: {}\n", what, count);
}

/// The shapes whose schedules are enumerated, by their first answers (see `rollout_shape`): good
/// and bad candidates, behind each kind of router, and with a person to ask. Of two faults, the
/// smallest shape alone makes half a million schedules.
std::vector<std::vector<std::uint8_t>> shapes_of(const std::string& strategy, unsigned faults) {
  if (faults > 1) {
    if (strategy == "rolling") return {{0}};
    const bool has_no_variants =
        strategy == "canary" || strategy == "blue_green" || strategy == "first_deployment";
    if (has_no_variants) return {{0, 0}};
    if (strategy == "ab_test") return {{0, 0, 3}};
    return {{0, 0, 0}};
  }
  if (strategy == "rolling") return {{0}, {1}, {4}};
  if (strategy == "ab_test") return {{0, 0, 0}, {1, 1, 0}, {2, 0, 2}, {4, 1, 0}};
  if (strategy == "shadow") return {{0, 0, 2}, {1, 1, 0}, {2, 0, 1}, {4, 1, 2}};
  if (strategy == "canary") return {{0, 0}, {1, 1}, {2, 0}, {4, 1}, {6, 0}};
  return {{0, 0}, {1, 1}, {2, 0}, {4, 1}};
}

/// Of each shape, the n-th call fails for n = 1, 2, … until there is none: once and for ever.
/// @param run  says whether to go on
template <typename Run>
void fail_each_call(const std::string& strategy, const Run& run) {
  using hotswap::failing_calls;
  static constexpr std::pair<failing_calls, std::string_view> ways[] = {
      {failing_calls::nth, "once"},
      {failing_calls::from_nth, "for ever, with all calls after it"},
      {failing_calls::of_its_kind_from_nth, "for ever, with those of its kind"}};
  for (const auto& [which, words] : ways) {
    std::string numbers;
    for (const std::vector<std::uint8_t>& shape : shapes_of(strategy, 1)) {
      std::size_t nth = 1;
      for (bool has_failed = true; has_failed; ++nth) {
        auto choices = hotswap::schedule::failing(which, nth, shape);
        if (!run(choices)) return;
        has_failed = choices.faults() > 0;
      }
      numbers += fmt::format(" {}", nth - 2);
    }
    fmt::print("{}, the n-th call fails {}: n up to{}\n", strategy, words, numbers);
  }
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
  if (!asked.faults && !asked.each_call_fails) {
    for (const regression& each : regressions) {
      if (each.strategy != asked.strategy) continue;
      auto known = hotswap::schedule::replay(each.schedule);
      const std::string again = strategy(known, run_request{});
      if (again.empty()) continue;
      fmt::print("once more: {}\n", each.sentence);
      return tell_shrunk(strategy, asked, known, again);
    }
  }
  hotswap::simulation_tally tally;
  run_request request;
  request.tally = &tally;
  if (asked.for_ever) request.most_choices = most_choices;
  const std::clock_t begin = std::clock();
  std::optional<hotswap::schedule> failed;
  std::string breach;
  std::map<std::string, std::pair<hotswap::schedule, std::uint64_t>> breaches;
  digest all;
  const auto run = [&](hotswap::schedule& choices) {
    const std::string found = strategy(choices, request);
    all.add(choices);
    if (found.empty()) return true;
    if (asked.all_breaches) {
      ++breaches.try_emplace(without_numbers(found), choices, 0).first->second.second;
      return true;
    }
    failed = choices;
    breach = found;
    return false;
  };
  if (asked.each_call_fails) {
    fail_each_call(asked.strategy, run);
  } else if (asked.faults) {
    for (const std::vector<std::uint8_t>& shape : shapes_of(asked.strategy, *asked.faults)) {
      if (failed || !hotswap::enumerate_schedules(*asked.faults, run, shape)) break;
    }
  } else {
    hotswap::simulation_random seeds{asked.seed};
    for (std::uint64_t i = 0; i < asked.schedules && !failed; ++i) {
      auto choices = hotswap::schedule::random(seeds.bits(), asked.for_ever);
      run(choices);
    }
  }
  report(asked, tally, all.value(), static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
  for (const auto& [what, where] : breaches) {
    std::printf("\n%llu times, for example:\n", static_cast<unsigned long long>(where.second));
    tell_shrunk(strategy, asked, where.first, what);
  }
  if (failed) return tell_shrunk(strategy, asked, *failed, breach);
  if (!breaches.empty()) return 1;
  return asked.sometimes_required && !has_seen_everything(asked.strategy, tally) ? 3 : 0;
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
