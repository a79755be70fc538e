#pragma once

/// @file
/// Counts what each version does; a `CounterSource`, so that `windowed{recorder}` makes metrics of
/// it.
///
///     hotswap::recorder recorder;
///     recorder.record({"fraud", "2"}, {.latency = 3ms});
///     recorder.record_label({"fraud", "2"}, true);      // next week, when it is known

#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/serving/outcome.hpp>
#include <hotswap/serving/version_counters.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace hotswap::inline v0_1 {

/// Any member may be called from any thread. A version's counters are kept for as long as the
/// recorder lives, so that its totals never fall, though it be removed and deployed again.
class recorder {
 public:
  /// The counters of a version. A server keeps them next to its model, and then records each
  /// request without looking for them.
  [[nodiscard]] std::shared_ptr<version_counters> counters(const model_version& version) {
    if (auto known = find(version)) return known;
    auto added = std::make_shared<version_counters>();
    const std::unique_lock lock{mutex_};
    return counters_.try_emplace(version, std::move(added)).first->second;
  }

  /// One request that this version has answered, or failed to. Latencies are kept in seconds.
  void record(const model_version& version, const outcome& request) {
    counters(version)->record(request);
  }

  /// What an answer was worth, when it is known later than the request has ended.
  void record_label(const model_version& version, bool correct) {
    counters(version)->record_label(correct);
  }

  /// Since the first record; empty for a version that has none.
  [[nodiscard]] metrics_snapshot totals(const model_version& version) const {
    const auto known = find(version);
    return known ? known->totals() : metrics_snapshot{};
  }

 private:
  std::shared_ptr<version_counters> find(const model_version& version) const {
    const std::shared_lock lock{mutex_};
    const auto found = counters_.find(version);
    return found == counters_.end() ? nullptr : found->second;
  }

  mutable std::shared_mutex mutex_;
  std::map<model_version, std::shared_ptr<version_counters>> counters_;
};

}  // namespace hotswap::inline v0_1
