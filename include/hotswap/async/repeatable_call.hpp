#pragma once

/// @file
/// A call that is tried again after it has failed.
///
///     const hotswap::repeatable_call<int> call{[](hotswap::stop_token) { return answer(); }};
///     const int value = co_await call({});

#include <hotswap/async/frame_memory.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>

#include <memory>
#include <utility>

namespace hotswap::inline v0_1 {

/// A function from a stop token to a `task<T>`, to be called again and again. Copies share the
/// function: one that is late keeps it, while the next try is under way. Belongs to one thread.
template <typename T>
class repeatable_call {
 public:
  template <typename Function>
  repeatable_call(Function function)  // NOLINT: a lambda is a call
      : start_(std::allocate_shared<start_by<Function>>(frame_allocator<start_by<Function>>{},
                                                        std::move(function))) {}

  [[nodiscard]] task<T> operator()(stop_token stop) const {
    return start_->start_one(std::move(stop));
  }

 private:
  struct start {
    virtual ~start() = default;
    virtual task<T> start_one(stop_token stop) = 0;
  };
  template <typename Function>
  struct start_by final : start {
    explicit start_by(Function of) : function(std::move(of)) {}
    task<T> start_one(stop_token stop) override { return function(std::move(stop)); }
    Function function;
  };

  std::shared_ptr<start> start_;
};

}  // namespace hotswap::inline v0_1
