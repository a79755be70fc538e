#pragma once

/// @file
/// Why a rollout ended, for programs; `deployment_result::reason()` says it for people.
///
///     if (result.reason_code() == hotswap::reason_code::metrics_degraded) page(team);

#include <string_view>

namespace hotswap::inline v0_1 {

/// A list to which one only adds.
enum class reason_code {
  none,
  promoted,
  winner_candidate,
  winner_baseline,
  no_difference,
  validated,
  metrics_degraded,
  inconclusive,
  candidate_silent,
  unhealthy,
  smoke_test_failed,
  deploy_failed,
  warm_up_failed,
  set_split_failed,
  baseline_unavailable,
  metrics_unavailable,
  judge_failed,
  sample_ratio_mismatch,
  deadline,
  aborted,
  stopped,
  journal_failed,
  low_traffic,
  already_active,
  baseline_without_traffic,
  failed,
  undone,
};

/// As it stands in events: `metrics_degraded`.
[[nodiscard]] constexpr std::string_view to_string(reason_code reason) noexcept {
  switch (reason) {
    case reason_code::none:
      return "none";
    case reason_code::promoted:
      return "promoted";
    case reason_code::winner_candidate:
      return "winner_candidate";
    case reason_code::winner_baseline:
      return "winner_baseline";
    case reason_code::no_difference:
      return "no_difference";
    case reason_code::validated:
      return "validated";
    case reason_code::metrics_degraded:
      return "metrics_degraded";
    case reason_code::inconclusive:
      return "inconclusive";
    case reason_code::candidate_silent:
      return "candidate_silent";
    case reason_code::unhealthy:
      return "unhealthy";
    case reason_code::smoke_test_failed:
      return "smoke_test_failed";
    case reason_code::deploy_failed:
      return "deploy_failed";
    case reason_code::warm_up_failed:
      return "warm_up_failed";
    case reason_code::set_split_failed:
      return "set_split_failed";
    case reason_code::baseline_unavailable:
      return "baseline_unavailable";
    case reason_code::metrics_unavailable:
      return "metrics_unavailable";
    case reason_code::judge_failed:
      return "judge_failed";
    case reason_code::sample_ratio_mismatch:
      return "sample_ratio_mismatch";
    case reason_code::deadline:
      return "deadline";
    case reason_code::aborted:
      return "aborted";
    case reason_code::stopped:
      return "stopped";
    case reason_code::journal_failed:
      return "journal_failed";
    case reason_code::low_traffic:
      return "low_traffic";
    case reason_code::already_active:
      return "already_active";
    case reason_code::baseline_without_traffic:
      return "baseline_without_traffic";
    case reason_code::failed:
      return "failed";
    case reason_code::undone:
      return "undone";
  }
  return "failed";
}

}  // namespace hotswap::inline v0_1
