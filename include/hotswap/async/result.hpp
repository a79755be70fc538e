#pragma once

/// @file
/// The end of a computation, kept for whoever asks: a value or an exception.
///
///     hotswap::result<int> end;
///     end.succeed(42);
///     const int value = end.take();

#include <exception>
#include <optional>
#include <utility>

namespace hotswap::inline v0_1 {

/// Is filled once and taken once. An exception leaves it for good, so that its last owner is the
/// thread that caught it, and not whichever destroys this.
template <typename T>
class result {
 public:
  template <typename U>
  void succeed(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  void fail(std::exception_ptr failure) noexcept { failure_ = std::move(failure); }
  /// As the other, which has nothing left to take.
  void end_as(result& other) {
    if (other.value_) value_.emplace(std::move(*other.value_));
    failure_ = std::move(other.failure_);
  }

  /// Is inlined, as are those who only hand it on: an exception pays for each frame that it passes.
  /// @throws …  what it failed with.
  [[gnu::always_inline]] T take() {
    if (failure_) std::rethrow_exception(std::move(failure_));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  std::exception_ptr failure_;
};

template <>
class result<void> {
 public:
  void fail(std::exception_ptr failure) noexcept { failure_ = std::move(failure); }
  void end_as(result& other) noexcept { failure_ = std::move(other.failure_); }
  [[gnu::always_inline]] void take() {
    if (failure_) std::rethrow_exception(std::move(failure_));
  }

 private:
  std::exception_ptr failure_;
};

}  // namespace hotswap::inline v0_1
