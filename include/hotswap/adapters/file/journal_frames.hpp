#pragma once

/// @file
/// How records stand in a file, so that one that was cut off or changed is noticed.
///
///     text += hotswap::frame_of(json);
///     hotswap::frame_scan scan{text};
///     while (const auto json = scan.next()) …
///     if (scan.state() == hotswap::frame_state::torn) …
///
/// A frame is a line, `LENGTH CHECKSUM JSON`: the length of the JSON in bytes and the CRC32C of
/// length and JSON, each as eight hexadecimal digits. JSON has neither a line feed nor a NUL.

#include <hotswap/config/crc32c.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace hotswap::inline v0_1 {

namespace detail {

inline constexpr std::size_t frame_prefix = 18;  // two times eight digits and a space

[[nodiscard]] inline std::optional<std::uint32_t> eight_digits(std::string_view text) noexcept {
  std::uint32_t value = 0;
  const char* const begin = &text.front();
  const char* const end = begin + 8;
  const auto [last, failure] = std::from_chars(begin, end, value, 16);
  if (last != end || failure != std::errc{} || text[8] != ' ') return std::nullopt;
  return value;
}

}  // namespace detail

[[nodiscard]] inline std::string frame_of(std::string_view json) {
  const std::string length = fmt::format("{:08x}", json.size());
  return fmt::format("{} {:08x} {}\n", length, crc32c(json, crc32c(length)), json);
}

/// Where a scan stands. Torn is what a write leaves that was cut off: a frame whose end is missing,
/// or in which blocks of the disk were never written, and after which no frame comes. All else that
/// is no frame is corrupt: it was whole, and may have been told to be durable.
enum class frame_state { whole, torn, corrupt };

/// Goes from frame to frame of a text that outlives it.
class frame_scan {
 public:
  explicit frame_scan(std::string_view text) noexcept : text_(text) {}

  /// The JSON of the next frame; nothing at the end, or where there is no frame: see `state`.
  [[nodiscard]] std::optional<std::string_view> next() {
    if (at_ == text_.size() || state_ != frame_state::whole) return std::nullopt;
    const auto json = frame_at(at_);
    if (json) {
      at_ += detail::frame_prefix + json->size() + 1;
      return json;
    }
    state_ = is_torn() ? frame_state::torn : frame_state::corrupt;
    return std::nullopt;
  }

  [[nodiscard]] frame_state state() const noexcept { return state_; }

  /// Where the next frame begins, or what is none.
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

 private:
  [[nodiscard]] std::optional<std::string_view> frame_at(std::size_t at) const {
    const std::string_view rest = text_.substr(at);
    if (rest.size() <= detail::frame_prefix) return std::nullopt;
    const auto length = detail::eight_digits(rest);
    const auto checksum = detail::eight_digits(rest.substr(9));
    if (!length || !checksum || rest.size() - detail::frame_prefix <= *length) return std::nullopt;
    const std::string_view json = rest.substr(detail::frame_prefix, *length);
    const bool is_frame = rest[detail::frame_prefix + *length] == '\n' &&
                          crc32c(json, crc32c(rest.substr(0, 8))) == *checksum;
    return is_frame ? std::optional{json} : std::nullopt;
  }

  /// Not what has all of its bytes, of which one was changed: its line feed, say.
  [[nodiscard]] bool is_torn() const {
    const std::string_view rest = text_.substr(at_);
    constexpr std::string_view unwritten{"\0\0\0\0\0\0\0\0", 8};
    const bool has_holes = rest.find(unwritten) != rest.npos;
    const std::size_t line = rest.find('\n');
    if (line == rest.npos) return has_holes || !has_its_length(rest);
    return has_holes && !has_frame_after(line);
  }

  static bool has_its_length(std::string_view rest) {
    if (rest.size() <= detail::frame_prefix) return false;
    const auto length = detail::eight_digits(rest);
    return length && rest.size() - detail::frame_prefix > *length;
  }

  [[nodiscard]] bool has_frame_after(std::size_t line) const {
    for (std::size_t next = at_ + line + 1; next < text_.size();) {
      if (frame_at(next)) return true;
      const std::size_t end = text_.find('\n', next);
      if (end == text_.npos) return false;
      next = end + 1;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  frame_state state_ = frame_state::whole;
};

}  // namespace hotswap::inline v0_1
