#pragma once

/// @file
/// A config that was checked, shared by the strategies and the rollouts that go by it.
///
///     const hotswap::checked_config config{hotswap::canary_config{}};
///     for (auto& each : platforms) strategies.emplace_back(each, each, each, config);

#include <hotswap/core/shared_text.hpp>
#include <hotswap/strategies/config_digest.hpp>

#include <memory>
#include <utility>

namespace hotswap::inline v0_1 {

/// Has passed `validate`, and never changes. A strategy can be given its config as it is; checked
/// once and given to many, it saves ten microseconds each. A rollout holds `shared()`, for it may
/// outlive its strategy. May be read, and copied, on any threads.
template <typename Config>
class checked_config {
 public:
  /// @throws config_error  if the config breaks a rule.
  checked_config(Config config = {})  // NOLINT: any config can be checked
      : held_(std::make_shared<const Config>(std::move(config))) {
    validate(*held_);
    digest_ = config_digest(*held_);
  }

  [[nodiscard]] const Config* operator->() const noexcept { return held_.get(); }
  [[nodiscard]] const std::shared_ptr<const Config>& shared() const noexcept { return held_; }
  /// By what a journal knows the config again.
  [[nodiscard]] const shared_text& digest() const noexcept { return digest_; }

 private:
  std::shared_ptr<const Config> held_;
  shared_text digest_;
};

}  // namespace hotswap::inline v0_1
