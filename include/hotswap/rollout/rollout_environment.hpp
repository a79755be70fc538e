#pragma once

/// @file
/// What all rollouts of a process share: the clock, the journal, the observers.
///
///     hotswap::rollout_environment environment{loop};
///     environment.observers.push_back(hotswap::json_lines{stderr});
///     hotswap::rollout_context context{environment};

#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/rollout_config.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace hotswap::inline v0_1 {

/// Is told each event, on the clock's thread, and must not block. What it throws becomes an
/// `observer_failed` event; the rollout goes on.
using observer = std::function<void(const event&)>;

/// Roll-back's own limits: it does not wait as long as a rise does, and does not give up as soon.
class rollback_limits {
 public:
  rollback_limits() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::chrono::milliseconds attempt = std::chrono::seconds{2};  ///< of setting the baseline
  std::chrono::milliseconds set_split =
      std::chrono::minutes{10};                                  ///< in all, then `rollback_failed`
  std::chrono::milliseconds warm_up = std::chrono::seconds{20};  ///< of a baseline without traffic
  std::chrono::milliseconds drain = std::chrono::minutes{10};  ///< for router calls still under way
};

class rollout_environment {
 public:
  /// With a `memory_journal`, which its copies share.
  template <std::derived_from<hotswap::clock> Clock>
  explicit rollout_environment(Clock& on)
      : clock(&on), journal(std::make_shared<memory_journal>()), driver(on.identity()) {}

  hotswap::clock* clock;  ///< never null; outlives the rollouts
  std::shared_ptr<hotswap::journal> journal;
  std::vector<observer> observers;

  std::optional<call_deadlines> deadlines;  ///< if set, instead of each config's own
  std::optional<int> attempts;              ///< if set, instead of each config's own
  rollback_limits rollback;
  std::chrono::milliseconds journal_deadline = std::chrono::seconds{10};  ///< of each append

  std::uint64_t seed = 0;  ///< of the jitter in back-offs: the same seed, the same rollout
  /// This process; unlike any other that shares the journal, as the clock's identity is.
  shared_text driver;
  stop_token stop;  ///< a shutdown, next to the clock's own
};

}  // namespace hotswap::inline v0_1
