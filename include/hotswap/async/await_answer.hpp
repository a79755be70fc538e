#pragma once

/// @file
/// User code is called, and whatever it returns is awaited: a value, a task, an awaiter of its own,
/// or another library's coroutine that has a bridge.
///
///     auto probe = [&] { return server.probe(); };
///     const int health = co_await detail::await_answer<int>(probe, clock, stop);

#include <hotswap/async/awaitable.hpp>
#include <hotswap/async/awaitable_bridge.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>

#include <type_traits>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

/// A function may take a stop token, or the offer of one, or neither.
template <typename Function>
decltype(auto) invoke_with_stop(Function& function, const stop_offer& stop) {
  if constexpr (std::is_invocable_v<Function&, stop_token>) {
    return function(stop.take());
  } else if constexpr (std::is_invocable_v<Function&, const stop_offer&>) {
    return function(stop);
  } else {
    return function();
  }
}

template <typename Function>
using answer_t =
    decltype(invoke_with_stop(std::declval<Function&>(), std::declval<const stop_offer&>()));

/// What an answer comes to, once awaited or bridged.
template <typename Answer>
struct resolved {
  using type = std::remove_cvref_t<Answer>;
};
template <typename Answer>
  requires awaitable<Answer>
struct resolved<Answer> {
  using type = std::remove_cvref_t<await_result_t<Answer>>;
};
template <typename Answer>
  requires(!awaitable<Answer> && bridged<Answer>)
struct resolved<Answer> {
  using type = typename awaitable_bridge<Answer>::result_type;
};

// g++ 12 takes a coroutine's frame for a type of this file, and warns if what it awaits stands in
// an unnamed namespace of the user's.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif

/// Calls the function and awaits its answer. Owns the function, and the answer, for as long as that
/// takes.
template <typename T, typename Function>
task<T> await_answer(Function function, clock& on, const stop_offer& stop) {
  using answer = answer_t<Function>;
  if constexpr (awaitable<answer>) {
    answer pending = invoke_with_stop(function, stop);
    if constexpr (std::is_void_v<T>) {
      co_await awaited_in_place<answer>{std::forward<answer>(pending)};
    } else {
      T value = co_await awaited_in_place<answer>{std::forward<answer>(pending)};
      co_return value;
    }
  } else if constexpr (bridged<answer>) {
    auto pending = adapt_bridged(invoke_with_stop(function, stop), on, stop.take());
    if constexpr (std::is_void_v<T>) {
      co_await awaited_in_place<decltype(pending)>{std::move(pending)};
    } else {
      T value = co_await awaited_in_place<decltype(pending)>{std::move(pending)};
      co_return value;
    }
  } else if constexpr (std::is_void_v<T>) {
    invoke_with_stop(function, stop);
    co_return;
  } else {
    co_return invoke_with_stop(function, stop);
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace detail

}  // namespace hotswap::inline v0_1
