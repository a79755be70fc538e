#pragma once

/// @file
/// What one version did in one window of time, as a metrics source reports it.
///
///     hotswap::metrics_snapshot seen;
///     seen.requests = 1200;
///     seen.errors = 3;

#include <hotswap/core/drift_measurement.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace hotswap::inline v0_1 {

/// Never since the beginning of time: of one window, so that a bad hour is not lost in a good
/// month. What was not measured is absent, and is then never taken for good.
class metrics_snapshot {
 public:
  metrics_snapshot() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::uint64_t requests = 0;
  std::uint64_t errors = 0;            ///< at most `requests`; the service's, not the client's
  std::optional<std::uint64_t> units;  ///< distinct users that were assigned to this version
  std::optional<stats::proportion> accuracy;  ///< correct of labelled; labels may be late
  std::optional<stats::moments> latency;      ///< seconds, of successful requests
  std::optional<stats::quantile_sketch> latency_distribution;  ///< of the same requests
  std::optional<drift_measurement> drift;                      ///< of the inputs
  std::map<std::string, stats::moments> custom;  ///< by name, e.g. `revenue_per_request`

  /// Adds a later window of the same version. Distinct users do not add up and drift is a
  /// property of one window, so neither survives.
  metrics_snapshot& operator+=(const metrics_snapshot& later) {
    requests += later.requests;
    errors += later.errors;
    units.reset();
    drift.reset();
    add(accuracy, later.accuracy);
    add(latency, later.latency);
    add(latency_distribution, later.latency_distribution);
    for (const auto& [name, values] : later.custom) custom[name] += values;
    return *this;
  }

  friend bool operator==(const metrics_snapshot&, const metrics_snapshot&) = default;

 private:
  template <typename Summary>
  static void add(std::optional<Summary>& sum, const std::optional<Summary>& later) {
    if (!later) return;
    if (sum) {
      *sum += *later;
    } else {
      sum = later;
    }
  }
};

}  // namespace hotswap::inline v0_1
