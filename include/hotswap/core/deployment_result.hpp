#pragma once

/// @file
/// How a rollout ended.
///
///     if (result.status() != hotswap::deployment_status::succeeded) log(result.reason());

#include <hotswap/core/error.hpp>
#include <hotswap/core/event_history.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// Never changes; a copy shares it with the original.
class deployment_result {
 public:
  deployment_result(deployment_status status, std::optional<model_version> active,
                    hotswap::reason_code code, std::string reason, event_history history)
      : end_(std::make_shared<const end>(status, std::move(active), code, std::move(reason),
                                         std::move(history))) {}
  deployment_result(const deployment_result&) = default;  // and no move, which would leave nothing
  deployment_result& operator=(const deployment_result&) = default;
  ~deployment_result() = default;

  [[nodiscard]] deployment_status status() const noexcept { return end_->status; }

  /// The version that has the traffic, as far as is known.
  /// @throws error  if none has: the first deployment of a model failed.
  [[nodiscard]] const model_version& active() const {
    if (!end_->active) {
      throw error("deployment_result: no version has traffic, the first one failed");
    }
    return *end_->active;
  }

  [[nodiscard]] hotswap::reason_code reason_code() const noexcept { return end_->code; }
  [[nodiscard]] const std::string& reason() const noexcept { return end_->reason; }  ///< a sentence

  /// All events, in order: what a re-read of the journal gives.
  [[nodiscard]] const event_history& history() const noexcept { return end_->history; }

 private:
  /// Not in place: it would lie in each frame of a rollout that has not ended.
  class end {
   public:
    end(deployment_status how, std::optional<model_version> serves, hotswap::reason_code why,
        std::string said, event_history told)
        : status(how),
          active(std::move(serves)),
          code(why),
          reason(std::move(said)),
          history(std::move(told)) {}
    deployment_status status;
    std::optional<model_version> active;
    hotswap::reason_code code;
    std::string reason;
    event_history history;
  };

  std::shared_ptr<const end> end_;
};

}  // namespace hotswap::inline v0_1
