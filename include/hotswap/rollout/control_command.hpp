#pragma once

/// @file
/// What a person or a program asks of a running rollout, and who it was.

#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

class control_command {
 public:
  enum class kind { pause, resume, promote, promote_fully, approve, abort };

  control_command(kind what, std::string by, std::string why)
      : asked(what), actor(std::move(by)), reason(std::move(why)) {}

  kind asked;
  std::string actor;
  std::string reason;
  std::string gate;     ///< of `approve`
  bool forced = false;  ///< of `promote`

  friend bool operator==(const control_command&, const control_command&) = default;
};

[[nodiscard]] constexpr std::string_view to_string(control_command::kind asked) noexcept {
  switch (asked) {
    case control_command::kind::pause:
      return "pause";
    case control_command::kind::resume:
      return "resume";
    case control_command::kind::promote:
      return "promote";
    case control_command::kind::promote_fully:
      return "promote_fully";
    case control_command::kind::approve:
      return "approve";
    case control_command::kind::abort:
      return "abort";
  }
  return "abort";
}

}  // namespace hotswap::inline v0_1
