#pragma once

/// @file
/// Where another library's coroutine type learns to be awaited by ours.
///
///     template <>
///     struct hotswap::awaitable_bridge<other::future<int>> {
///       using result_type = int;
///       static hotswap::task<int> adapt(other::future<int> foreign, hotswap::clock& clock);
///     };
///
/// `adapters/asio` does this for `boost::asio::awaitable`.

#include <hotswap/async/awaitable.hpp>
#include <hotswap/async/stop_token.hpp>

#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

class clock;

/// Specialise it for a type that has no `operator co_await` of use here. `adapt` takes the foreign
/// awaitable and the clock on which the rollout runs, and returns something we can await. It throws
/// before the first step if that clock cannot drive the foreign coroutine: such a mistake is the
/// program's, and must not look like a fault of the platform, which is tried again.
///
/// `adapt` may take the call's `stop_token` as a third argument: it is triggered when nobody waits
/// for the call any more, and the foreign coroutine should then be cancelled.
template <typename R>
struct awaitable_bridge;

/// `R` has a bridge.
template <typename R>
concept bridged = requires(R&& foreign, clock& on) {
  typename awaitable_bridge<R>::result_type;
  { awaitable_bridge<R>::adapt(std::forward<R>(foreign), on) } -> awaitable;
};

namespace detail {

/// What the bridge makes of `foreign`, told of the token if it wants to know.
template <typename R>
decltype(auto) adapt_bridged(R&& foreign, clock& on, const stop_token& stop) {
  using bridge = awaitable_bridge<std::remove_cvref_t<R>>;
  if constexpr (requires { bridge::adapt(std::forward<R>(foreign), on, stop); }) {
    return bridge::adapt(std::forward<R>(foreign), on, stop);
  } else {
    return bridge::adapt(std::forward<R>(foreign), on);
  }
}

}  // namespace detail

}  // namespace hotswap::inline v0_1
