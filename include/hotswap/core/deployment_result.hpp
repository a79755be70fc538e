#pragma once

/// @file
/// How a rollout ended.
///
///     if (result.status() != hotswap::deployment_status::succeeded) log(result.reason());

#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

enum class deployment_status {
  succeeded,        ///< it did what it was for: the candidate, or an experiment's winner, serves
  rolled_back,      ///< the baseline has all the traffic again
  aborted,          ///< as rolled_back, because a person or a shutdown asked for it
  rejected,         ///< nothing was touched
  rollback_failed,  ///< which version serves is not certain: a person must look, now
};

[[nodiscard]] constexpr std::string_view to_string(deployment_status status) noexcept {
  switch (status) {
    case deployment_status::succeeded:
      return "succeeded";
    case deployment_status::rolled_back:
      return "rolled_back";
    case deployment_status::aborted:
      return "aborted";
    case deployment_status::rejected:
      return "rejected";
    case deployment_status::rollback_failed:
      return "rollback_failed";
  }
  return "rollback_failed";
}

class deployment_result {
 public:
  deployment_result(deployment_status status, std::optional<model_version> active,
                    hotswap::reason_code code, std::string reason, std::vector<event> history)
      : status_(status),
        active_(std::move(active)),
        reason_code_(code),
        reason_(std::move(reason)),
        history_(std::move(history)) {}

  [[nodiscard]] deployment_status status() const noexcept { return status_; }

  /// The version that has the traffic, as far as is known.
  /// @throws error  if none has: the first deployment of a model failed.
  [[nodiscard]] const model_version& active() const {
    if (!active_) throw error("deployment_result: no version has traffic, the first one failed");
    return *active_;
  }

  [[nodiscard]] hotswap::reason_code reason_code() const noexcept { return reason_code_; }
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }  ///< a sentence

  /// All events, in order: what a re-read of the journal gives.
  [[nodiscard]] const std::vector<event>& history() const noexcept { return history_; }

 private:
  deployment_status status_;
  std::optional<model_version> active_;
  hotswap::reason_code reason_code_;
  std::string reason_;
  std::vector<event> history_;
};

}  // namespace hotswap::inline v0_1
