#pragma once

/// @file
/// What an operator may set for every strategy; the strategies' own configs derive from it.
///
///     hotswap::canary_config config;
///     config.on_inconclusive = hotswap::on_inconclusive::hold;

#include <hotswap/analysis/absolute_limits.hpp>
#include <hotswap/analysis/rollback_thresholds.hpp>
#include <hotswap/core/share.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// Also the name of each in a document.
enum class on_failure { rollback, hold };
enum class on_inconclusive { extend, hold, rollback };
enum class on_exhausted { rollback, hold };
enum class analysis_method { threshold };

/// How long each call into the platform may take.
class call_deadlines {
 public:
  call_deadlines() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::chrono::milliseconds deploy = std::chrono::minutes{15};
  std::chrono::milliseconds warm_up = std::chrono::minutes{10};
  std::chrono::milliseconds smoke_test = std::chrono::minutes{5};
  std::chrono::milliseconds set_split = std::chrono::seconds{30};
  std::chrono::milliseconds collect = std::chrono::seconds{10};
  std::chrono::milliseconds healthy = std::chrono::seconds{5};
  std::chrono::milliseconds update = std::chrono::minutes{15};
  std::chrono::milliseconds remove = std::chrono::minutes{10};

  friend bool operator==(const call_deadlines&, const call_deadlines&) = default;
};

/// The common keys of a document. Each field is its key in snake_case, with the document's default.
class rollout_config {
 public:
  rollout_config() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  hotswap::rollback_thresholds rollback_thresholds;
  /// Metrics without which nothing passes. A document's limits add the metric they bound.
  std::vector<std::string> required_metrics = {"errorRate", "latency"};

  absolute_limits limits;  ///< of the first deployment of a model, which has no baseline

  hotswap::on_failure on_failure = hotswap::on_failure::rollback;
  hotswap::on_inconclusive on_inconclusive = hotswap::on_inconclusive::extend;
  int max_extensions = 3;  ///< per step, each of one monitoring duration
  hotswap::on_exhausted on_exhausted = hotswap::on_exhausted::rollback;
  std::chrono::milliseconds hold_timeout = std::chrono::days{1};  ///< of a hold, then roll-back

  share holdback;  ///< the baseline's, during the last step's bake, so that it can be compared
  std::optional<std::chrono::milliseconds>
      deadline;  ///< of the rollout; stops while paused or held
  call_deadlines deadlines;
  int attempts = 3;  ///< of each call, the first included
  std::chrono::milliseconds backoff_min = std::chrono::seconds{1};
  std::chrono::milliseconds backoff_max = std::chrono::seconds{30};

  analysis_method analysis = analysis_method::threshold;
  /// Between two looks; absent: a tenth of the bake, at least 10 s and at most 5 min.
  std::optional<std::chrono::milliseconds> analysis_interval;
  int max_metrics_failures = 4;    ///< in a row, then the look is inconclusive
  bool allow_low_traffic = false;  ///< start although `minimumSamples` look out of reach

  std::string name;
  std::string description;
  std::map<std::string, std::string> labels;  ///< to every event
  bool dry_run = false;                       ///< logs every verb, calls only `collect`

  friend bool operator==(const rollout_config&, const rollout_config&) = default;
};

}  // namespace hotswap::inline v0_1
