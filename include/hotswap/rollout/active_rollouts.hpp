#pragma once

/// @file
/// The rollouts that run on one clock, so that no two change the same model at once.
///
///     const auto active = clock.shared<hotswap::active_rollouts>();

#include <hotswap/async/outstanding_calls.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Belongs to the clock's thread, as what is made of it does.
class active_rollouts {
 public:
  /// Tells the drivers of one process apart.
  [[nodiscard]] std::uint64_t next_number() noexcept { return ++begun_; }

  /// The rollout that changes `model`; empty if none does.
  [[nodiscard]] std::string of(const std::string& model) const {
    const auto found = by_model_.find(model);
    return found == by_model_.end() ? std::string{} : found->second.rollout;
  }

  /// Calls that change `model`, of any rollout, that have not ended.
  [[nodiscard]] std::shared_ptr<outstanding_calls> calls_on(const std::string& model) {
    std::shared_ptr<outstanding_calls>& calls = by_model_[model].calls;
    if (!calls) calls = std::make_shared<outstanding_calls>();
    return calls;
  }

 private:
  friend class model_claim;

  class entry {
   public:
    std::string rollout;
    std::shared_ptr<outstanding_calls> calls;
  };

  std::map<std::string, entry> by_model_;
  std::uint64_t begun_ = 0;
};

/// Makes a rollout the one that changes a model, for as long as it lives.
class model_claim {
 public:
  model_claim() = default;
  model_claim(const model_claim&) = delete;
  model_claim& operator=(const model_claim&) = delete;
  ~model_claim() { release(); }

  /// @pre nobody has claimed the model.
  void take(std::shared_ptr<active_rollouts> among, const std::string& model) {
    among_ = std::move(among);
    model_ = model;
  }

  /// The name by which others are told of it.
  void is_of(std::string rollout) { among_->by_model_[model_].rollout = std::move(rollout); }

 private:
  void release() noexcept {
    if (!among_) return;
    const auto found = among_->by_model_.find(model_);
    if (found == among_->by_model_.end()) return;
    const auto& calls = found->second.calls;
    if (calls && calls->count() > 0) {  // the next rollout of the model waits for them
      found->second.rollout.clear();
    } else {
      among_->by_model_.erase(found);
    }
    among_.reset();
  }

  std::shared_ptr<active_rollouts> among_;
  std::string model_;
};

}  // namespace hotswap::inline v0_1
