#pragma once

/// @file
/// Decides for each request which version serves it, by the request's key; a `TrafficRouter`, both
/// readable and fenced.
///
///     hotswap::splitter splitter{hotswap::traffic_split::all_to({"fraud", "1"})};
///     const hotswap::arm chosen = splitter.pick("user-42");              // any thread, no lock
///     splitter.set_split(split);                                         // any other, meanwhile

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/serving/arm.hpp>
#include <hotswap/serving/key_hash.hpp>
#include <hotswap/serving/revision_fence.hpp>
#include <hotswap/serving/split_plan.hpp>
#include <hotswap/serving/stable_list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// The router of one model, inside its own process. Any member may be called from any thread.
///
/// What it promises of `pick`:
///  - sticky: while a split stands, a key keeps its version, in every process that runs the split;
///  - no more movement than the shares ask for: as the candidate's rises no user leaves it, as it
///    falls none joins it, and those who joined last leave first;
///  - independent: with another salt, which users are together says nothing about the first;
///  - exact: over uniform keys, to a basis point; nobody at 0 %, everybody at 100 %.
///
/// A split that differs from the last one takes 10 KB for as long as the splitter lives, since a
/// request may still be looking at the one before.
class splitter {
 public:
  explicit splitter(const traffic_split& split) : model_(split.model()), split_(split) {
    publish(split);
  }
  splitter(const splitter&) = delete;
  splitter& operator=(const splitter&) = delete;

  /// The version that serves the request of this key. Wait-free, and does not allocate.
  [[nodiscard]] arm pick(std::string_view key) const noexcept {
    return plan_.load(std::memory_order_acquire)->pick(key);
  }

  /// @throws error  for an arm that no split of this splitter has chosen.
  [[nodiscard]] model_version version(arm chosen) const {
    // the arm's own plan was published after its version, but the arm may come from elsewhere
    const std::uint32_t known = known_.load(std::memory_order_acquire);
    if (chosen.index >= known) {
      throw error("splitter: arm must be below " + std::to_string(known) + ", got " +
                  std::to_string(chosen.index));
    }
    return versions_[chosen.index];
  }

  /// In force on return. The same split again, with the same salt, changes nothing.
  /// @throws config_error  for another model's split, or one of more than 256 versions.
  void set_split(const traffic_split& split) {
    require_model(split.model());
    const std::lock_guard lock{mutex_};
    put_in_force(split);
  }

  /// The same, unless a write with a higher revision was here before: then nothing changes.
  /// @throws error  for a revision below the highest seen.
  void set_split(const traffic_split& split, std::uint64_t revision) {
    require_model(split.model());
    const std::lock_guard lock{mutex_};
    fence_.admit(revision);
    put_in_force(split);
  }

  /// The split in force.
  /// @throws config_error  for another model.
  [[nodiscard]] traffic_split split(const std::string& model) const {
    require_model(model);
    const std::lock_guard lock{mutex_};
    return split_;
  }

  /// The `index` of every arm of this version, now and later; it need not have any traffic yet.
  /// @throws config_error  for a version of another model.
  std::uint32_t arm_index(const model_version& version) {
    require_model(version.model());
    const std::lock_guard lock{mutex_};
    return index_of(version);
  }

  /// The model that it splits the traffic of, for good.
  [[nodiscard]] const std::string& model() const noexcept { return model_; }
  /// @throws config_error  if it splits the traffic of another one.
  void require_model(const std::string& model) const {
    if (model == model_) return;
    throw config_error("", "splitter: model must be " + model_ + ", got " + model);
  }

 private:
  std::uint32_t index_of(const model_version& version) {
    const auto found = indices_.find(version);
    if (found != indices_.end()) return found->second;
    const auto index = static_cast<std::uint32_t>(versions_.emplace_back(version));
    known_.store(index + 1, std::memory_order_release);
    indices_.emplace(version, index);
    return index;
  }

  void put_in_force(const traffic_split& split) {
    if (split == split_ && split.salt() == split_.salt()) return;
    publish(split);
    split_ = split;
  }

  void publish(const traffic_split& split) {
    std::vector<split_plan::part> parts;
    for (const auto& [version, part] : split.entries()) {
      parts.push_back({index_of(version), static_cast<std::size_t>(part.basis_points())});
    }
    const split_plan* const last = plans_.empty() ? nullptr : plans_.back().get();
    const std::uint32_t epoch = last == nullptr ? 0 : last->epoch() + 1;
    plans_.push_back(
        std::make_unique<const split_plan>(parts, hash_seed(split.salt()), epoch, last));
    plan_.store(plans_.back().get(), std::memory_order_release);
  }

  const std::string model_;
  mutable std::mutex mutex_;  // of those who set splits; a request does not need it
  traffic_split split_;
  revision_fence fence_{"splitter"};
  std::map<model_version, std::uint32_t> indices_;
  stable_list<model_version> versions_;
  std::vector<std::unique_ptr<const split_plan>> plans_;  // all that a request may still look at
  std::atomic<std::uint32_t> known_{0};
  std::atomic<const split_plan*> plan_{nullptr};
};

}  // namespace hotswap::inline v0_1
