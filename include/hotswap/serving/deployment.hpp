#pragma once

/// @file
/// One version of a model in memory, and who is using it: what a platform deploys and drains, and
/// what a lease pins.
///
///     deployment.open(model);
///     if (deployment.enter()) { use(deployment.model()); deployment.leave(); }
///     deployment.close();
///     co_await deployment.drained();     // the last to leave has dropped the model

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/serving/version_counters.hpp>

#include <algorithm>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Closed and without a model at first. Any member may be called from any thread; outlives its
/// users.
template <typename Model>
class deployment {
 public:
  deployment(model_version version, std::shared_ptr<version_counters> counters)
      : version_(std::move(version)), counters_(std::move(counters)) {}
  deployment(const deployment&) = delete;
  deployment& operator=(const deployment&) = delete;

  /// Pins the model until `leave`. False, and then nothing is to be left, if it is closed.
  /// Lock-free.
  [[nodiscard]] bool enter() noexcept {
    if ((users_.fetch_add(1, std::memory_order_acquire) & closed) == 0) return true;
    leave();
    return false;
  }

  /// The last to leave what is closed drops the model and resumes those who wait for that.
  void leave() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == (closed | 1U)) drop_if_drained();
  }

  /// Between `enter` and `leave`.
  [[nodiscard]] const Model& model() const noexcept { return *model_; }

  [[nodiscard]] const model_version& version() const noexcept { return version_; }
  [[nodiscard]] version_counters& counters() const noexcept { return *counters_; }
  [[nodiscard]] bool is_open() const noexcept {
    return (users_.load(std::memory_order_acquire) & closed) == 0;
  }

  /// Opens it again if it has its model still. False if it has none.
  bool reopen() {
    std::unique_lock lock{mutex_};
    if (!model_) return false;
    open_for(lock);
    return true;
  }

  /// Gives it a model, unless it has one, and opens it.
  void open(std::shared_ptr<const Model> model) {
    std::unique_lock lock{mutex_};
    if (!model_) model_.swap(model);
    open_for(lock);
  }

  /// Lets nobody enter any more. To be followed by `drained`, in case that nobody is in it.
  void close() noexcept { users_.fetch_or(closed, std::memory_order_acq_rel); }

  /// What `drained` returns; await it where it stands. A coroutine that waits for it must not be
  /// destroyed while the last user may be leaving.
  class [[nodiscard]] drain_awaiter {
   public:
    explicit drain_awaiter(deployment& draining) noexcept : draining_(draining) {}
    drain_awaiter(const drain_awaiter&) = delete;
    drain_awaiter& operator=(const drain_awaiter&) = delete;
    ~drain_awaiter() {
      const std::lock_guard lock{draining_.mutex_};
      std::erase(draining_.waiters_, this);
      std::erase(draining_.due_, this);
    }

    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> waiter) {
      draining_.drop_if_drained();
      const std::lock_guard lock{draining_.mutex_};
      if (!draining_.model_) return false;
      if (draining_.is_open()) {
        drained_ = false;
        return false;
      }
      waiter_ = waiter;
      draining_.waiters_.push_back(this);
      return true;
    }
    void await_resume() const {
      if (drained_) return;
      throw error("platform: version must stay removed until it is drained, got " +
                  to_string(draining_.version_) + " deployed again");
    }

   private:
    friend deployment;
    deployment& draining_;
    std::coroutine_handle<> waiter_;
    bool drained_ = true;
  };

  /// Resumes once the model is gone, on the thread of the last user; at once if there is none.
  /// @throws error  when awaited, if it was opened again instead.
  drain_awaiter drained() noexcept { return drain_awaiter{*this}; }

 private:
  static constexpr std::uint64_t closed = std::uint64_t{1} << 63U;

  void drop_if_drained() {
    std::shared_ptr<const Model> dropped;  // is destroyed without the lock
    std::unique_lock lock{mutex_};
    if (users_.load(std::memory_order_acquire) != closed) return;
    dropped = std::move(model_);
    resume_waiters(lock, true);
  }

  void open_for(std::unique_lock<std::mutex>& lock) {
    users_.fetch_and(~closed, std::memory_order_release);
    resume_waiters(lock, false);
  }

  /// Those who wait now, and not those who will by the time that these have been resumed. One after
  /// the other, since each may destroy the next.
  void resume_waiters(std::unique_lock<std::mutex>& lock, bool drained) {
    for (drain_awaiter* const each : waiters_) each->drained_ = drained;
    due_.insert(due_.end(), waiters_.begin(), waiters_.end());
    waiters_.clear();
    while (!due_.empty()) {
      const std::coroutine_handle<> waiter = due_.back()->waiter_;
      due_.pop_back();
      lock.unlock();
      waiter.resume();
      lock.lock();
    }
  }

  model_version version_;
  std::shared_ptr<version_counters> counters_;
  std::atomic<std::uint64_t> users_{closed};  // how many, and whether it is closed
  std::mutex mutex_;                          // of what follows
  std::shared_ptr<const Model> model_;        // absent only while it is closed and has no users
  std::vector<drain_awaiter*> waiters_;
  std::vector<drain_awaiter*> due_;  // to be resumed: what they waited for has come
};

}  // namespace hotswap::inline v0_1
