#pragma once

/// @file
/// A user's own awaiters, for members that answer with them.

#include <coroutine>
#include <utility>

/// Gives what it was made of, without ever suspending.
template <typename T>
class ready {
 public:
  explicit ready(T value) : value_(std::move(value)) {}
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  T await_resume() { return std::move(value_); }

 private:
  T value_;
};

/// Can be neither copied nor moved, as those that own a timer.
class pinned {
 public:
  pinned() {}
  pinned(const pinned&) = delete;
  pinned& operator=(const pinned&) = delete;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};
