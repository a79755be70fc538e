#pragma once

/// @file
/// Whoever looks on while rollouts change a simulated platform: what checks their invariants.
///
///     class counter : hotswap::platform_watcher { void changed() override { ++changes; } … };
///     platform.watched_by(&counter);

#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/testing/schedule.hpp>

#include <cstdint>
#include <string>

namespace hotswap::inline v0_1 {

/// Is told what rollouts ask of a simulated platform, and when its state has changed.
class platform_watcher {
 public:
  platform_watcher() = default;
  platform_watcher(const platform_watcher&) = delete;
  platform_watcher& operator=(const platform_watcher&) = delete;
  virtual ~platform_watcher() = default;

  /// @param number  of the call, from 1
  virtual void split_sent(std::uint64_t number, const traffic_split& split) = 0;
  virtual void split_answered(std::uint64_t number, bool yes) = 0;
  /// By a fence, at once: nothing was sent that could take effect.
  virtual void split_refused(std::uint64_t number) = 0;
  /// By a rollout, which is told that.
  virtual void split_read(const traffic_split& found) = 0;
  virtual void change_sent(choice_site what, const model_version& version) = 0;
  virtual void mirror_sent(share sampled) = 0;
  virtual void changed() = 0;
  /// Something that a fleet must never be asked for, or come to.
  virtual void wrong(const std::string& what) = 0;
};

}  // namespace hotswap::inline v0_1
