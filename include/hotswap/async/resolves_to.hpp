#pragma once

/// @file
/// What a platform call may give back: the value itself, or anything one can `co_await` for it.
///
///     { router.set_split(split) } -> hotswap::resolves_to<void>;
///
/// With this one word a user answers from a plain function, from our `task`, or from a coroutine
/// type of their own, and no concept of ours needs to know which.

#include <hotswap/async/awaitable.hpp>
#include <hotswap/async/awaitable_bridge.hpp>

#include <concepts>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename R, typename T>
concept awaits_to = awaitable<R> && std::convertible_to<await_result_t<R>, T>;

template <typename R, typename T>
concept bridges_to =
    bridged<R> && std::convertible_to<typename awaitable_bridge<R>::result_type, T>;

}  // namespace detail

/// `R` is a `T`, converts to one, can be awaited for one, or has a bridge to something that can.
///
/// For `T` = void, nothing else will do: a router that reports failure by returning `false` would
/// have its answer dropped, so it is refused here, at compile time.
template <typename R, typename T>
concept resolves_to =
    std::convertible_to<R, T> || detail::awaits_to<R, T> || detail::bridges_to<R, T>;

}  // namespace hotswap::inline v0_1
