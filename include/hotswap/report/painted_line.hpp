#pragma once

/// @file
/// One line of a terminal: coloured pieces that together never exceed a width.
///
///     hotswap::painted_line line;
///     line.add("spam", tone::bold).add("  ").add("pass", tone::good);
///     line.text(100, true);   // with SGR codes; text(100, false) without
///
/// Source: ECMA-48, 8.3.117 (SGR).

#include <hotswap/report/printable.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

enum class tone { plain, bold, dim, good, bad, warning, accent, very_good, very_bad };

/// The parameters of the SGR sequence; empty for plain text.
[[nodiscard]] constexpr std::string_view sgr_of(tone of) noexcept {
  switch (of) {
    case tone::plain:
      return "";
    case tone::bold:
      return "1";
    case tone::dim:
      return "2";
    case tone::good:
      return "32";
    case tone::bad:
      return "31";
    case tone::warning:
      return "33";
    case tone::accent:
      return "36";
    case tone::very_good:
      return "1;32";
    case tone::very_bad:
      return "1;31";
  }
  return "";
}

/// A template so that only its users compile it.
template <typename = void>
class basic_painted_line {
 public:
  /// Any text: what could drive a terminal is made harmless here.
  basic_painted_line& add(std::string_view text, tone in = tone::plain) {
    if (text.empty()) return *this;
    pieces_.push_back({printable(text), in});
    columns_ += columns_of(pieces_.back().text);
    return *this;
  }

  /// The same, filled with spaces up to `width` columns, so that columns of lines align.
  basic_painted_line& add_left(std::string_view text, int width, tone in = tone::plain) {
    const int before = columns_;
    add(text, in);
    return skip_to(before + width);
  }
  basic_painted_line& add_right(std::string_view text, int width, tone in = tone::plain) {
    return skip_to(columns_ + width - columns_of(printable(text))).add(text, in);
  }

  /// Spaces up to that column; nothing if the line is there already.
  basic_painted_line& skip_to(int column) {
    if (column > columns_) add(std::string(static_cast<std::size_t>(column - columns_), ' '));
    return *this;
  }

  [[nodiscard]] int columns() const noexcept { return columns_; }

  /// Cut to `width` columns, without spaces at its end; without colours it holds no escape
  /// sequence.
  [[nodiscard]] std::string text(int width, bool with_colour) const {
    const int end = columns_without_spaces();
    std::string out;
    int at = 0;
    for (const piece& each : pieces_) {
      if (at >= std::min(end, width)) break;
      const int columns = columns_of(each.text);
      const std::string_view sgr = with_colour ? sgr_of(each.in) : std::string_view{};
      if (!sgr.empty()) out.append("\x1b[").append(sgr).append("m");
      if (end > width && at + columns >= width) {
        out += fitted(each.text + ' ', width - at);  // one space more, so that it is always cut
      } else {
        out += std::string_view{each.text}.substr(
            0, at + columns > end ? each.text.find_last_not_of(' ') + 1 : std::string::npos);
      }
      if (!sgr.empty()) out += "\x1b[0m";
      at += columns;
    }
    return out;
  }

 private:
  struct piece {
    std::string text;
    tone in;
  };

  int columns_without_spaces() const {
    int end = columns_;
    for (auto each = pieces_.rbegin(); each != pieces_.rend(); ++each) {
      const std::size_t last = each->text.find_last_not_of(' ');
      const std::size_t length = last == std::string::npos ? 0 : last + 1;
      end -= static_cast<int>(each->text.size() - length);
      if (length > 0) break;
    }
    return end;
  }

  std::vector<piece> pieces_;
  int columns_ = 0;
};

using painted_line = basic_painted_line<>;

/// A bar of `width` columns, filled from the left to an eighth of a column.
template <typename = void>
void add_bar(painted_line& to, double fraction, int width, tone filled) {
  const int eighths = static_cast<int>(
      std::lround(std::clamp(std::isfinite(fraction) ? fraction : 0.0, 0.0, 1.0) * width * 8));
  const int whole = eighths / 8;
  std::string full;
  for (int i = 0; i < whole; ++i) full += "█";
  if (eighths % 8 != 0) {
    full += "\xE2\x96";  // U+2588 is eight eighths, U+258F is one
    full += static_cast<char>(0x90 - eighths % 8);
  }
  std::string rest;
  for (int i = whole + (eighths % 8 != 0 ? 1 : 0); i < width; ++i) rest += "░";
  to.add(full, filled).add(rest, tone::dim);
}

/// A thin one, for time.
template <typename = void>
void add_thin_bar(painted_line& to, double fraction, int width, tone filled) {
  const int whole = static_cast<int>(
      std::lround(std::clamp(std::isfinite(fraction) ? fraction : 0.0, 0.0, 1.0) * width));
  std::string full;
  std::string rest;
  for (int i = 0; i < width; ++i) (i < whole ? full : rest) += i < whole ? "━" : "─";
  to.add(full, filled).add(rest, tone::dim);
}

}  // namespace hotswap::inline v0_1
