#pragma once

/// @file
/// A platform inside this process, over any class that has a member `predict`: it serves requests,
/// splits them, counts them, and a rollout can drive it.
///
///     hotswap::in_process_platform platform{hotswap::model_version{"fraud", "1"}, load_model};
///     const double score = platform.acquire("user-42").predict(features);        // any thread
///     hotswap::canary_strategy canary{platform, platform, platform.metrics()};

#include <hotswap/async/blocking.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/serving/arm.hpp>
#include <hotswap/serving/deployment.hpp>
#include <hotswap/serving/in_process_options.hpp>
#include <hotswap/serving/lease.hpp>
#include <hotswap/serving/model_loader.hpp>
#include <hotswap/serving/recorder.hpp>
#include <hotswap/serving/revision_fence.hpp>
#include <hotswap/serving/smoke_samples.hpp>
#include <hotswap/serving/splitter.hpp>
#include <hotswap/serving/stable_list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

/// Server, router and counters of one model: a `HealthCheckable` and `SmokeTestable` `ModelServer`,
/// a `ReadableRouter` and `FencedRouter`, and a `CounterSource`; `metrics()` is its
/// `MetricsSource`. Any member may be called from any thread. It outlives its leases and its
/// outstanding calls.
///
/// No request is ever without a model: what has traffic is deployed and cannot be removed.
template <typename Model>
class in_process_platform {
 public:
  /// Loads the first version, which gets all of the traffic.
  /// @param load  called with a version; returns a `Model`, or a shared or unique pointer to one,
  ///              and throws if there is no such version. By several threads if there is a pool
  /// @throws …  what the loader throws; an `error` if it returns a null pointer.
  template <loads<Model> Loader>
  in_process_platform(const model_version& first, Loader load,
                      in_process_options<Model> options = {})
      : load_(std::move(load)),
        options_(std::move(options)),
        splitter_(traffic_split::all_to(first)) {
    deployment_of(first).open(load_(first));
  }
  in_process_platform(const in_process_platform&) = delete;
  in_process_platform& operator=(const in_process_platform&) = delete;

  /// A model for the request of this key, chosen as a `splitter` does, and pinned. Lock-free.
  lease<Model> acquire(std::string_view key) noexcept {
    while (true) {
      const arm chosen = splitter_.pick(key);
      deployment<Model>& target = deployments_[chosen.index];
      // closed: the split has moved on since, and the next pick sees that
      if (target.enter()) return lease<Model>{target, chosen};
    }
  }

  /// What an answer was worth, when it is known later than the request has ended. By the `arm()` of
  /// the lease that gave it: lock-free.
  /// @throws error  for an arm that no lease of this platform had.
  void record_label(arm answered_by, bool correct) {
    const std::uint32_t known = known_.load(std::memory_order_acquire);
    if (answered_by.index >= known) {
      throw error("platform: arm must be below " + std::to_string(known) + ", got " +
                  std::to_string(answered_by.index));
    }
    deployments_[answered_by.index].counters().record_label(correct);
  }

  /// Or by the version, also in another process than the one that has answered.
  void record_label(const model_version& version, bool correct) {
    recorder_.record_label(version, correct);
  }

  /// Loads a version next to those that serve. One that is deployed stays as it is; one that drains
  /// is opened again, and whoever waits for its removal gets an `error`.
  /// @throws config_error  when awaited, for another model's version.
  /// @throws …             when awaited, what the loader throws.
  task<> deploy(const model_version& version) { return deploy_version(*this, version); }

  /// Does what the options say to a deployed version.
  /// @throws error  when awaited, for a version that is not deployed.
  /// @throws …      when awaited, what the options' `warm_up` throws.
  task<> warm_up(const model_version& version) { return warm_up_version(*this, version); }

  /// Tries a deployed version on the options' samples, as `smoke_samples` does. These count in no
  /// metrics.
  /// @throws error  when awaited, for a version that is not deployed.
  task<smoke_test_report> smoke_test(const model_version& version, std::size_t samples) {
    return smoke_test_version(*this, version, samples);
  }

  /// Resolves when no lease of the version is left and its model is dropped, which the last lease
  /// does. What was never deployed has been removed.
  /// @throws error  when awaited, for a version that has traffic; or if it is deployed again before
  ///   it is drained.
  task<> remove(const model_version& version) { return remove_version(*this, version); }

  /// Is it deployed, and well as far as the options know?
  [[nodiscard]] bool healthy(const model_version& version) {
    deployment<Model>* const found = find(version);
    if (found == nullptr || !found->enter()) return false;
    const lease<Model> pinned{*found, {}};
    return !options_.healthy || options_.healthy(pinned.model(), version);
  }

  /// In force on return.
  /// @throws config_error  for another model's split.
  /// @throws error         for one with a version that is not deployed.
  void set_split(const traffic_split& split) {
    const std::lock_guard lock{mutex_};
    put_in_force(split);
  }

  /// The same, unless a write with a higher revision was here before: then nothing changes.
  /// @throws error  for a revision below the highest seen.
  void set_split(const traffic_split& split, std::uint64_t revision) {
    const std::lock_guard lock{mutex_};
    fence_.admit(revision);
    put_in_force(split);
  }

  /// The split in force.
  /// @throws config_error  for another model.
  [[nodiscard]] traffic_split split(const std::string& model) const {
    return splitter_.split(model);
  }

  /// What a version has done since its first request; grows on when it is deployed again.
  [[nodiscard]] metrics_snapshot totals(const model_version& version) const {
    return recorder_.totals(version);
  }

  /// What versions do in windows of time.
  [[nodiscard]] windowed<recorder>& metrics() noexcept { return metrics_; }

 protected:
  /// Where a version is, for good: it may be closed at any time.
  struct place {
    std::uint32_t index;  // of its arms
    deployment<Model>* at;
  };

  /// @throws config_error  for another model's version.
  void require_model(const model_version& version) const {
    splitter_.require_model(version.model());
  }

  /// @param next  what is to be done with it, for the message
  /// @throws error  if it is not deployed.
  place require_deployed(const model_version& version, const char* next) {
    const std::lock_guard lock{mutex_};
    const auto found = indices_.find(version);
    if (found != indices_.end() && deployments_[found->second].is_open()) {
      return {found->second, &deployments_[found->second]};
    }
    throw must_be_deployed(version, next);
  }

 private:
  static task<> deploy_version(in_process_platform& self, model_version version) {
    deployment<Model>& target = self.deployment_of(version);
    if (target.reopen()) co_return;
    if (self.options_.pool == nullptr) {
      target.open(self.load_(version));
    } else {
      std::shared_ptr<const Model> model =
          co_await blocking(*self.options_.pool, std::cref(self.load_), version);
      target.open(std::move(model));
    }
  }

  static task<> warm_up_version(in_process_platform& self, model_version version) {
    const lease<Model> pinned = self.pin(version, "warmed up");
    if (!self.options_.warm_up) co_return;
    if (self.options_.pool == nullptr) {
      self.options_.warm_up(pinned.model(), version);
    } else {
      co_await blocking(*self.options_.pool, std::cref(self.options_.warm_up),
                        std::cref(pinned.model()), version);
    }
  }

  static task<smoke_test_report> smoke_test_version(in_process_platform& self,
                                                    model_version version, std::size_t samples) {
    const lease<Model> pinned = self.pin(version, "tested");
    if (self.options_.pool == nullptr) {
      co_return self.options_.smoke_samples.run(pinned.model(), samples);
    }
    co_return co_await blocking(*self.options_.pool, &smoke_samples<Model>::run,
                                std::cref(self.options_.smoke_samples), std::cref(pinned.model()),
                                samples);
  }

  static task<> remove_version(in_process_platform& self, model_version version) {
    deployment<Model>* const closed = self.close(version);
    if (closed != nullptr) co_await closed->drained();
  }

  void put_in_force(const traffic_split& split) {
    splitter_.require_model(split.model());
    for (const auto& [version, part] : split.entries()) {
      const deployment<Model>* const found = find_locked(version);
      if (found != nullptr && found->is_open()) continue;
      throw error("platform: version must be deployed before it gets traffic, got " +
                  to_string(version));
    }
    splitter_.set_split(split);
  }

  static error must_be_deployed(const model_version& version, const char* next) {
    return error("platform: version must be deployed before it is " + std::string{next} + ", got " +
                 to_string(version));
  }

  deployment<Model>* find(const model_version& version) {
    const std::lock_guard lock{mutex_};
    return find_locked(version);
  }

  deployment<Model>* find_locked(const model_version& version) {
    const auto found = indices_.find(version);
    return found == indices_.end() ? nullptr : &deployments_[found->second];
  }

  deployment<Model>& deployment_of(const model_version& version) {
    const std::lock_guard lock{mutex_};
    const std::uint32_t index = splitter_.arm_index(version);
    // the arm that the splitter gives a version is its place here
    while (deployments_.size() <= index) {
      const auto next = static_cast<std::uint32_t>(deployments_.size());
      const model_version added = splitter_.version({.index = next, .epoch = 0});
      deployments_.emplace_back(added, recorder_.counters(added));
      known_.store(next + 1, std::memory_order_release);
      indices_.emplace(added, next);
    }
    return deployments_[index];
  }

  lease<Model> pin(const model_version& version, const char* next) {
    deployment<Model>* const found = find(version);
    if (found == nullptr || !found->enter()) throw must_be_deployed(version, next);
    return lease<Model>{*found, {}};
  }

  /// From here on no split can give it traffic. Null for what was never deployed.
  deployment<Model>* close(const model_version& version) {
    const std::lock_guard lock{mutex_};
    const share traffic = splitter_.split(splitter_.model()).share_of(version);
    if (traffic != share{}) {
      throw error("platform: version must have no traffic when it is removed, got " +
                  to_string(traffic) + " for " + to_string(version));
    }
    deployment<Model>* const found = find_locked(version);
    if (found != nullptr) found->close();
    return found;
  }

  model_loader<Model> load_;
  in_process_options<Model> options_;
  splitter splitter_;
  recorder recorder_;
  windowed<recorder> metrics_{recorder_};
  std::mutex mutex_;  // of what is deployed and what has traffic, so that neither outruns the other
  revision_fence fence_{"platform"};
  std::map<model_version, std::uint32_t> indices_;
  stable_list<deployment<Model>> deployments_;  // by the index of its arm
  std::atomic<std::uint32_t> known_{0};         // of which there are so many
};

template <typename Loader>
in_process_platform(const model_version&, Loader) -> in_process_platform<loaded_model_t<Loader>>;
template <typename Loader, typename Options>
in_process_platform(const model_version&, Loader, Options)
    -> in_process_platform<loaded_model_t<Loader>>;

}  // namespace hotswap::inline v0_1
