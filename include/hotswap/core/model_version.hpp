#pragma once

/// @file
/// The name of one version of one model, `fraud@2.1.0`.
///
///     const hotswap::model_version candidate{"fraud", "2.1.0"};

#include <hotswap/core/error.hpp>

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

namespace detail {

inline bool is_name_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

inline bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 128 || !is_name_letter(text.front())) return false;
  for (const char c : text) {
    if (!is_name_letter(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

/// Escapes all but printable ASCII, so that a hostile name can neither forge a second line nor talk
/// to a terminal, and so that a message is UTF-8 whatever it quotes, and wherever it cuts.
inline std::string quoted_for_message(std::string_view text) {
  constexpr std::size_t longest_shown = 140;
  std::string quoted{"\""};
  for (const char c : text.substr(0, longest_shown)) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') {
      constexpr std::string_view digits = "0123456789abcdef";
      quoted += "\\x";
      quoted += digits[static_cast<unsigned char>(c) >> 4U];
      quoted += digits[static_cast<unsigned char>(c) & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + (text.size() > longest_shown ? "…\"" : "\"");
}

}  // namespace detail

/// A model and one of its versions. Both names are valid by construction, so they are safe in a
/// URL, a command, a file name and a line of a log.
class model_version {
 public:
  /// @throws config_error  unless each name is a letter or digit, followed by at most 127 letters,
  ///   digits, dots, underscores and hyphens.
  model_version(std::string model, std::string version)
      : model_(std::move(model)), version_(std::move(version)) {
    require_name("model", model_);
    require_name("version", version_);
  }

  [[nodiscard]] const std::string& model() const noexcept { return model_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

  friend bool operator==(const model_version&, const model_version&) = default;
  friend std::strong_ordering operator<=>(const model_version&, const model_version&) = default;

 private:
  static void require_name(const char* field, const std::string& name) {
    if (detail::is_name(name)) return;
    throw config_error(
        std::string{"/"} + field,
        "must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or digit, got " +
            detail::quoted_for_message(name));
  }

  std::string model_;
  std::string version_;
};

/// `fraud@2.1.0`
[[nodiscard]] inline std::string to_string(const model_version& version) {
  return version.model() + "@" + version.version();
}

}  // namespace hotswap::inline v0_1

template <>
struct std::hash<hotswap::model_version> {
  std::size_t operator()(const hotswap::model_version& version) const noexcept {
    const std::size_t model = std::hash<std::string>{}(version.model());
    return (model * 31U) ^ std::hash<std::string>{}(version.version());
  }
};
