#pragma once

/// @file
/// Tells a test that a driver's task has ended, on whatever thread.

#include <hotswap/async/driver.hpp>

#include <atomic>

class finish final : public hotswap::driver::completion {
 public:
  void completed() noexcept override {
    reached_.store(true);
    reached_.notify_one();
  }
  [[nodiscard]] bool reached() const noexcept { return reached_.load(); }
  void wait() const noexcept { reached_.wait(false); }

 private:
  std::atomic<bool> reached_{false};
};
