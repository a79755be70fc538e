#pragma once

/// @file
/// What must happen now and then in many simulated runs: what never did was never tested.
///
///     if (!has_seen_everything("canary", tally)) return 3;

#include <hotswap/testing/simulation_tally.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

inline constexpr std::array<std::string_view, 5> status_words{"succeeded", "rolled_back", "aborted",
                                                              "rejected", "rollback_failed"};

/// A process has resumed in each kind of step, a roll-back has begun after a promotion, what landed
/// late was undone, people were asked, and one rollout has followed another; but a first deployment
/// has nothing to go back to, and none before it.
inline std::vector<std::string> what_must_happen(const std::string& strategy) {
  if (strategy == "first_deployment") {
    return {"a driver lost",
            "a driver was stopped",
            "a late split was fenced off",
            "rolled back from 100 %",
            "a person promoted what was held",
            "a person aborted what was held",
            "resumed in rollout",
            "resumed in vacancy",
            "resumed in deploy",
            "resumed in warm_up",
            "resumed in smoke_test",
            "resumed in shift",
            "resumed in observe",
            "resumed in hold",
            "resumed in rollback/decision",
            "resumed in rollback/remove"};
  }
  std::vector<std::string> wanted{"a driver lost",
                                  "a driver was stopped",
                                  "a late split was undone",
                                  "rolled back from 100 %",
                                  "a person promoted what was held",
                                  "a person aborted what was held",
                                  "a second rollout began in the same process",
                                  "a second rollout began in another process",
                                  "the journal was lost between two rollouts",
                                  "a late effect landed in the next rollout",
                                  "resumed in rollout",
                                  "resumed in reference",
                                  "resumed in observe",
                                  "resumed in commit",
                                  "resumed in rollback/decision",
                                  "resumed in rollback/shift"};
  const auto adds = [&wanted](std::initializer_list<const char*> more) {
    wanted.insert(wanted.end(), more.begin(), more.end());
  };
  if (strategy == "rolling") {
    adds({"a server joined", "a server left", "resumed in batch", "resumed in serve"});
    for (const std::string server : {"web-1", "web-2"}) {
      for (const char* verb : {"rotate_out ", "update ", "healthy ", "rotate_in "}) {
        wanted.push_back(std::string{"resumed in "} + verb + server);
      }
      wanted.push_back("resumed in rollback/restore " + server);
    }
  } else {
    adds({"a late split was fenced off", "resumed in deploy", "resumed in warm_up",
          "resumed in shift", "resumed in wait", "resumed in retire",
          "resumed in rollback/remove"});
  }
  if (strategy == "canary") adds({"resumed in approve", "resumed in hold", "a person approved"});
  if (strategy == "blue_green") adds({"resumed in smoke_test"});
  if (strategy == "ab_test") adds({"resumed in decide"});
  if (strategy == "shadow") adds({"resumed in mirror", "resumed in compare"});
  return wanted;
}

/// And each end has come. Prints what did not.
inline bool has_seen_everything(const std::string& strategy,
                                const hotswap::simulation_tally& tally) {
  bool all = true;
  const auto misses = [&all](std::string_view what) {
    std::printf("never: %s\n", std::string{what}.c_str());
    all = false;
  };
  for (const std::string& each : what_must_happen(strategy)) {
    if (!tally.sometimes.contains(each)) misses(each);
  }
  for (std::size_t i = 0; i < tally.statuses.size(); ++i) {
    if (tally.statuses[i] == 0) misses(status_words[i]);
  }
  return all;
}
