#pragma once

/// @file
/// What can be awaited, and what for.
///
///     static_assert(hotswap::awaitable<hotswap::task<int>>);
///     static_assert(std::same_as<hotswap::await_result_t<hotswap::task<int>>, int>);
///
/// Source: ISO C++20, [expr.await]/3, for how an awaitable becomes an awaiter.

#include <concepts>
#include <coroutine>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename T>
concept awaiter = requires(T& candidate, std::coroutine_handle<> caller) {
  { candidate.await_ready() } -> std::convertible_to<bool>;
  candidate.await_suspend(caller);
  candidate.await_resume();
};

template <typename T>
concept member_co_await = requires(T&& value) {
  { std::forward<T>(value).operator co_await() } -> awaiter;
};

template <typename T>
concept free_co_await = requires(T&& value) {
  { operator co_await(std::forward<T>(value)) } -> awaiter;
};

/// The awaiter that `co_await std::forward<T>(value)` would use.
template <typename T>
constexpr decltype(auto) awaiter_of(T&& value) {
  if constexpr (member_co_await<T>) {
    return std::forward<T>(value).operator co_await();
  } else if constexpr (free_co_await<T>) {
    return operator co_await(std::forward<T>(value));
  } else {
    return std::forward<T>(value);
  }
}

}  // namespace detail

/// A type that any of our coroutines can `co_await`. A type that only its own library's coroutines
/// can await, such as `boost::asio::awaitable`, is not one; an `awaitable_bridge` makes up for it.
template <typename T>
concept awaitable = detail::member_co_await<T> || detail::free_co_await<T> || detail::awaiter<T>;

/// The type of the expression `co_await std::declval<T>()`.
template <awaitable T>
using await_result_t = decltype(detail::awaiter_of(std::declval<T>()).await_resume());

namespace detail {

/// `co_await awaited_in_place<T>{std::forward<T>(value)}` is `co_await std::forward<T>(value)`, for
/// awaiters that cannot be moved too: g++ 12 copies what it awaits, unless it is a variable or a
/// temporary. `value` outlives it.
template <awaitable T>
class awaited_in_place {
 public:
  explicit awaited_in_place(T&& value) : awaiter_(awaiter_of(std::forward<T>(value))) {}
  awaited_in_place(const awaited_in_place&) = delete;
  awaited_in_place& operator=(const awaited_in_place&) = delete;

  bool await_ready() { return awaiter_.await_ready(); }
  decltype(auto) await_suspend(std::coroutine_handle<> caller) {
    return awaiter_.await_suspend(caller);
  }
  [[gnu::always_inline]] decltype(auto) await_resume() { return awaiter_.await_resume(); }

 private:
  decltype(awaiter_of(std::declval<T>())) awaiter_;
};

}  // namespace detail

}  // namespace hotswap::inline v0_1
