#pragma once

/// @file
/// Why a rollout does not go on. Verbs throw it, strategies let it pass, `rollout::run` acts on it.
///
///     throw hotswap::rollout_failure{reason_code::unhealthy, "fraud@2 is not healthy"};

#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/reason_code.hpp>

#include <string>

namespace hotswap::inline v0_1 {

class rollout_failure : public error {
 public:
  rollout_failure(hotswap::reason_code code, const std::string& reason,
                  deployment_status ends_as = deployment_status::rolled_back)
      : error(reason), status_(ends_as), code_(code) {}

  [[nodiscard]] deployment_status status() const noexcept { return status_; }
  [[nodiscard]] hotswap::reason_code reason_code() const noexcept { return code_; }

 private:
  deployment_status status_;
  hotswap::reason_code code_;
};

/// The process shuts down and another one can go on: nothing is rolled back. Leaves `deploy`.
class rollout_stopped : public error {
 public:
  using error::error;
};

/// The journal's unfinished rollout is not the one that is to be resumed, or does not do what its
/// records say: nothing was touched, and it stays unfinished. Leaves `deploy`.
class journal_mismatch : public journal_error {
 public:
  using journal_error::journal_error;
};

}  // namespace hotswap::inline v0_1
