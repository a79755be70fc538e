#pragma once

/// @file
/// What can go wrong with one call.
///
///     const hotswap::call_fault how = world.next_fault(choice_site::deploy, ways);
///     world.tell([&] { return "deploy of fraud@2" + std::string{to_string(how)}; });

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hotswap::inline v0_1 {

/// What one call into the platform or the journal does wrong.
enum class call_fault : std::uint8_t {
  none,
  fails,            ///< has no effect, and says so
  fails_after,      ///< has its effect, and denies it
  hangs,            ///< has no effect, and never ends
  answers_late,     ///< has its effect, and says so after the deadline
  lands_late,       ///< has its effect after the deadline, and says so then
  lands_very_late,  ///< the same, after the rollout has given up waiting for it
  lost,             ///< fails at once, and has its effect soon after
  lies,             ///< has no effect, and says that it has
  crashes_before,   ///< the process dies before the effect
  crashes_after,    ///< and after it
  partly_fails,     ///< of a router: reaches only some of its replicas, and says so
  partly,           ///< reaches the others later, and does not say so
  empty,            ///< of an answer: nothing in it
  stale,            ///< of the window before
  not_a_number,
  negative,
  doubled,
  of_the_other,  ///< of the other version
  lagging,       ///< of a window three windows ago
  impossible,    ///< more errors than requests
};
inline constexpr std::size_t call_faults = static_cast<std::size_t>(call_fault::impossible) + 1;

[[nodiscard]] constexpr std::string_view to_string(call_fault fault) noexcept {
  constexpr std::array<std::string_view, call_faults> words{
      "",
      " - fails",
      " - has its effect, and fails",
      " - hangs",
      " - has its effect, and answers late",
      " - will have its effect late",
      " - will have its effect very late",
      " - fails, and will have its effect all the same",
      " - says yes, and does nothing",
      " - the process dies before it",
      " - the process dies after it",
      " - reaches one replica of two, and fails",
      " - reaches one replica of two, and says nothing",
      " - answers with nothing",
      " - answers with the window before",
      " - answers with NaN",
      " - answers with a negative number",
      " - answers with everything doubled",
      " - answers with the other version's",
      " - answers with what was three windows ago",
      " - answers with more errors than requests"};
  return words[static_cast<std::size_t>(fault)];
}

}  // namespace hotswap::inline v0_1
