#pragma once

/// @file
/// A few threads for calls that block, so that they do not block a clock.
///
///     hotswap::thread_pool pool{4};
///     const auto body = co_await hotswap::blocking(pool, &http_get, url);   // async/blocking.hpp

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Runs jobs in the order in which they came. Its destructor first runs what is queued; it must not
/// be destroyed by one of its own threads.
class thread_pool {
 public:
  class job {
   public:
    job() = default;
    job(const job&) = delete;
    job& operator=(const job&) = delete;
    virtual ~job() = default;
    virtual void run() noexcept = 0;
  };

  /// @throws std::invalid_argument  for no thread.
  /// @throws std::system_error       if the system has no more threads.
  explicit thread_pool(std::size_t threads) {
    if (threads == 0) throw std::invalid_argument("thread_pool: threads must be at least 1, got 0");
    try {
      for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    } catch (...) {
      close();
      throw;
    }
  }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  ~thread_pool() { close(); }

  /// From any thread.
  void post(std::shared_ptr<job> added) {
    {
      const std::lock_guard lock{mutex_};
      jobs_.push_back(std::move(added));
    }
    condition_.notify_one();
  }

 private:
  void close() {
    {
      const std::lock_guard lock{mutex_};
      closing_ = true;
    }
    condition_.notify_all();
    for (std::thread& each : threads_) each.join();
  }

  void work() {
    std::unique_lock lock{mutex_};
    while (true) {
      condition_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::shared_ptr<job> next = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      next->run();
      next.reset();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<std::shared_ptr<job>> jobs_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hotswap::inline v0_1
