#pragma once

/// @file
/// A call that is tried again after it has failed.
///
///     hotswap::repeatable_call<int> again{[] { return answer(); }};   // a task
///     const int value = co_await hotswap::call(clock, 5s, again);

#include <hotswap/async/await_answer.hpp>
#include <hotswap/async/frame_memory.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/task.hpp>

#include <memory>
#include <utility>

namespace hotswap::inline v0_1 {

/// A function to a `task<T>`, which may take an offer to stop, to be called again and again. Copies
/// share the function: one that is late keeps it, while the next try is under way. Belongs to one
/// thread.
template <typename T>
class repeatable_call {
 public:
  template <typename Function>
  repeatable_call(Function function)  // NOLINT: a lambda is a call
      : start_(std::allocate_shared<start_by<Function>>(frame_allocator<start_by<Function>>{},
                                                        std::move(function))) {}

  [[nodiscard]] task<T> operator()(const stop_offer& stop) const { return start_->start_one(stop); }

 private:
  struct start {
    virtual ~start() = default;
    virtual task<T> start_one(const stop_offer& stop) = 0;
  };
  template <typename Function>
  struct start_by final : start {
    explicit start_by(Function of) : function(std::move(of)) {}
    task<T> start_one(const stop_offer& stop) override {
      return detail::invoke_with_stop(function, stop);
    }
    Function function;
  };

  std::shared_ptr<start> start_;
};

}  // namespace hotswap::inline v0_1
