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

}  // namespace hotswap::inline v0_1
