#pragma once

/// @file
/// The name of one server of a fleet.
///
///     const hotswap::server_id first{"gpu-host-1"};

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// Converts neither from nor to a string or a `model_version`, so that the overloads of a fleet's
/// members cannot be confused.
class server_id {
 public:
  /// @throws config_error  under the rule of `model_version`'s names.
  explicit server_id(std::string name) : name_(std::move(name)) {
    if (!detail::is_name(name_)) {
      throw config_error(
          "",
          "server_id: must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or digit, got " +
              detail::quoted_for_message(name_));
    }
  }

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  friend bool operator==(const server_id&, const server_id&) = default;
  friend std::strong_ordering operator<=>(const server_id&, const server_id&) = default;

 private:
  std::string name_;
};

[[nodiscard]] inline std::string to_string(const server_id& server) {
  return server.name();
}

}  // namespace hotswap::inline v0_1

template <>
struct std::hash<hotswap::server_id> {
  std::size_t operator()(const hotswap::server_id& server) const noexcept {
    return std::hash<std::string>{}(server.name());
  }
};
