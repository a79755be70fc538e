#pragma once

/// @file
/// The right to use one version of a model for one request.
///
///     auto lease = platform.acquire("user-42");
///     const double score = lease.predict(features);      // measured and recorded
///
/// or, for whoever measures themselves,
///
///     const double score = lease->predict(features);
///     lease.record({.latency = elapsed, .correct = score > 0.5});

#include <hotswap/core/model_version.hpp>
#include <hotswap/serving/arm.hpp>
#include <hotswap/serving/deployment.hpp>
#include <hotswap/serving/outcome.hpp>
#include <hotswap/serving/version_counters.hpp>

#include <chrono>
#include <exception>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// Records a request when it ends: as an error if by an exception.
class request_timer {
 public:
  explicit request_timer(version_counters& counters) noexcept : counters_(counters) {}
  request_timer(const request_timer&) = delete;
  request_timer& operator=(const request_timer&) = delete;
  ~request_timer() {
    counters_.record({.latency = std::chrono::steady_clock::now() - started_,
                      .error = std::uncaught_exceptions() > exceptions_});
  }

 private:
  version_counters& counters_;
  int exceptions_ = std::uncaught_exceptions();
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace detail

/// Pins a model and its version: while it lives neither a split nor a removal can take them away,
/// for `remove` waits for it. Belongs to one request; ends before its platform does.
template <typename Model>
class [[nodiscard]] lease {
 public:
  /// @param entered  is left when the lease ends
  lease(deployment<Model>& entered, arm chosen) noexcept : pinned_(&entered), arm_(chosen) {}
  lease(lease&& other) noexcept
      : pinned_(std::exchange(other.pinned_, nullptr)), arm_(other.arm_) {}
  lease& operator=(lease&& other) noexcept {
    std::swap(pinned_, other.pinned_);
    std::swap(arm_, other.arm_);
    return *this;
  }
  ~lease() {
    if (pinned_ != nullptr) pinned_->leave();
  }

  /// For as long as the lease lives.
  [[nodiscard]] const Model& model() const noexcept { return pinned_->model(); }
  const Model* operator->() const noexcept { return &pinned_->model(); }

  [[nodiscard]] model_version version() const { return pinned_->version(); }
  [[nodiscard]] hotswap::arm arm() const noexcept { return arm_; }

  /// Asks the model, and records how long it took, or that it threw.
  /// @throws …  what the model's `predict` throws.
  template <typename... Inputs>
  auto predict(Inputs&&... inputs) const {
    const detail::request_timer timer{pinned_->counters()};
    return pinned_->model().predict(std::forward<Inputs>(inputs)...);
  }

  /// Counts the request for this version. Once for each request, and not after `predict`, which
  /// does so itself.
  void record(const outcome& request) const noexcept { pinned_->counters().record(request); }

  /// What the answer was worth, if that is known by now; `platform.record_label` takes it later.
  void record_label(bool correct) const noexcept { pinned_->counters().record_label(correct); }

 private:
  deployment<Model>* pinned_;
  hotswap::arm arm_;
};

}  // namespace hotswap::inline v0_1
