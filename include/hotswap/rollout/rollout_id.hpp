#pragma once

/// @file
/// The names of rollouts, `fraud~1767225600000`, and the revisions that follow from them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace hotswap::inline v0_1 {

[[nodiscard]] inline std::string rollout_id(const std::string& model, std::uint64_t number) {
  return model + "~" + std::to_string(number);
}

/// 0 if it has none.
[[nodiscard]] inline std::uint64_t number_of(const std::string& id) {
  const auto tilde = id.rfind('~');
  return tilde == std::string::npos ? 0 : std::strtoull(id.c_str() + tilde + 1, nullptr, 10);
}

/// Can a rollout of that name be opened in a stream after that other one? An opening that comes
/// late, after a later rollout's, cannot.
[[nodiscard]] inline bool may_follow(const std::string& id, const std::string& before) {
  return id != before && number_of(id) >= number_of(before);
}

/// Of the splits that an incarnation of a rollout sends to a fenced router: above those of all
/// incarnations and rollouts before. 1'024 for each of 1'024 incarnations, the upper half of them
/// for the next one while it is not recorded; and a number is at least the milliseconds since 1970.
[[nodiscard]] inline std::uint64_t first_revision_of(const std::string& id,
                                                     std::size_t incarnation) {
  return (number_of(id) << 20U) + (static_cast<std::uint64_t>(incarnation) << 10U);
}

/// So far below its first revision an incarnation begins, until it is recorded: then whoever could
/// write that it goes on is above whoever could not.
inline constexpr std::uint64_t revisions_unrecorded = 512;

}  // namespace hotswap::inline v0_1
