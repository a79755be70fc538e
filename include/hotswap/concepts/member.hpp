#pragma once

/// @file
/// How a member of a user's class is asked for: by its name, its arguments and what it resolves to,
/// with or without a trailing `std::stop_token`.
///
///     static_assert(hotswap::has_member<my_server, hotswap::member::deploy,
///                                       void(const hotswap::model_version&)>);

#include <hotswap/async/resolves_to.hpp>
#include <hotswap/async/stop_token.hpp>

#include <type_traits>

namespace hotswap::inline v0_1 {

/// One type per member name that a concept of ours asks for; calling it calls the member.
namespace member {

struct deploy {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.deploy(arguments...)) {
    return platform.deploy(arguments...);
  }
};

struct warm_up {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.warm_up(arguments...)) {
    return platform.warm_up(arguments...);
  }
};

struct remove {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.remove(arguments...)) {
    return platform.remove(arguments...);
  }
};

struct healthy {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.healthy(arguments...)) {
    return platform.healthy(arguments...);
  }
};

struct smoke_test {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.smoke_test(arguments...)) {
    return platform.smoke_test(arguments...);
  }
};

struct servers {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.servers(arguments...)) {
    return platform.servers(arguments...);
  }
};

struct update {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.update(arguments...)) {
    return platform.update(arguments...);
  }
};

struct set_rotation {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.set_rotation(arguments...)) {
    return platform.set_rotation(arguments...);
  }
};

struct set_split {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.set_split(arguments...)) {
    return platform.set_split(arguments...);
  }
};

struct split {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.split(arguments...)) {
    return platform.split(arguments...);
  }
};

struct set_mirror {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.set_mirror(arguments...)) {
    return platform.set_mirror(arguments...);
  }
};

struct collect {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.collect(arguments...)) {
    return platform.collect(arguments...);
  }
};

struct totals {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.totals(arguments...)) {
    return platform.totals(arguments...);
  }
};

struct divergence {
  template <typename Platform, typename... Arguments>
  constexpr auto operator()(Platform& platform, const Arguments&... arguments) const
      -> decltype(platform.divergence(arguments...)) {
    return platform.divergence(arguments...);
  }
};

}  // namespace member

namespace detail {

template <typename Platform, typename Member, typename... Arguments>
concept takes_stop_token = std::is_invocable_v<Member, Platform&, Arguments..., const stop_token&>;

template <typename Platform, typename Member, typename Signature>
struct member_call;

template <typename Platform, typename Member, typename Result, typename... Arguments>
struct member_call<Platform, Member, Result(Arguments...)> {
  static constexpr bool stoppable = takes_stop_token<Platform, Member, Arguments...>;
  static constexpr bool exists = stoppable || std::is_invocable_v<Member, Platform&, Arguments...>;

  static decltype(auto) call(Platform& platform, const stop_token& stop,
                             const std::remove_cvref_t<Arguments>&... arguments) {
    if constexpr (stoppable) {
      return Member{}(platform, arguments..., stop);
    } else {
      return Member{}(platform, arguments...);
    }
  }

  /// Asks for types only: nothing of the user's is instantiated, nor needs a definition.
  static constexpr bool answers() {
    if constexpr (stoppable) {
      using answer = std::invoke_result_t<Member, Platform&, Arguments..., const stop_token&>;
      return resolves_to<answer, Result>;
    } else if constexpr (exists) {
      return resolves_to<std::invoke_result_t<Member, Platform&, Arguments...>, Result>;
    } else {
      return false;
    }
  }
};

}  // namespace detail

/// `platform.member(arguments…)` compiles, with or without a trailing `std::stop_token`.
template <typename Platform, typename Member, typename Signature>
concept has_member = detail::member_call<Platform, Member, Signature>::exists;

/// And what it returns resolves to the signature's result.
template <typename Platform, typename Member, typename Signature>
concept answers = detail::member_call<Platform, Member, Signature>::answers();

/// Calls the member, and hands it the stop token if it takes one.
template <typename Member, typename Signature, typename Platform, typename... Arguments>
decltype(auto) call_member(Platform& platform, const stop_token& stop,
                           const Arguments&... arguments) {
  return detail::member_call<Platform, Member, Signature>::call(platform, stop, arguments...);
}

}  // namespace hotswap::inline v0_1
