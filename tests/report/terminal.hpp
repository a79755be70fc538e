#pragma once

/// @file
/// A terminal of endless height, as far as the views need one: what is on the screen after a text.
///
///     terminal screen;
///     screen.take("one\n\x1b[1Atwo");
///     screen.lines();   // {"two"}

#include <hotswap/report/printable.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Characters are one column wide. Whatever is no text and no sequence that the views may send
/// throws.
class terminal {
 public:
  void take(std::string_view text) {
    while (!text.empty()) {
      const hotswap::utf8_character next = hotswap::first_character(text);
      if (!next.is_utf8) throw std::runtime_error("terminal: a byte that is no UTF-8");
      std::size_t length = next.length;
      if (text[0] == '\n') {
        ++row_;
        column_ = 0;
      } else if (text[0] == '\r') {
        column_ = 0;
      } else if (text[0] == '\x1b') {
        length = obey(text);
      } else if (hotswap::is_control(next.code)) {
        throw std::runtime_error("terminal: a control " + std::to_string(text[0]));
      } else {
        put(text.substr(0, length));
      }
      text.remove_prefix(length);
    }
  }

  /// Without trailing spaces and empty lines at the end.
  std::vector<std::string> lines() const {
    std::vector<std::string> shown;
    for (const std::vector<std::string>& cells : cells_) {
      std::string line;
      for (const std::string& cell : cells) line += cell;
      line.erase(line.find_last_not_of(' ') + 1);
      shown.push_back(line);
    }
    while (!shown.empty() && shown.back().empty()) shown.pop_back();
    return shown;
  }

  std::size_t row() const { return row_; }
  bool wraps() const { return wraps_; }

 private:
  std::size_t obey(std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789;?", 2);
    if (text.substr(0, 2) != "\x1b[" || end == std::string_view::npos) {
      throw std::runtime_error("terminal: an escape that begins no sequence");
    }
    const std::string parameters{text.substr(2, end - 2)};
    const char final = text[end];
    if (final == 'A') {
      const std::size_t up = std::stoul(parameters);
      if (up > row_) throw std::runtime_error("terminal: the cursor leaves the top");
      row_ -= up;
    } else if (final == 'K' && parameters.empty()) {
      if (row_ < cells_.size() && column_ < cells_[row_].size()) cells_[row_].resize(column_);
    } else if (final == 'J' && parameters.empty()) {
      if (row_ < cells_.size()) cells_.resize(row_ + (column_ > 0 ? 1 : 0));
    } else if ((final == 'l' || final == 'h') && parameters == "?7") {
      wraps_ = final == 'h';
    } else if (final != 'm') {
      throw std::runtime_error("terminal: a sequence that is not expected");
    }
    return end + 1;
  }

  void put(std::string_view character) {
    if (cells_.size() <= row_) cells_.resize(row_ + 1);
    if (cells_[row_].size() <= column_) cells_[row_].resize(column_ + 1, " ");
    cells_[row_][column_] = character;
    ++column_;
  }

  std::vector<std::vector<std::string>> cells_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;
  bool wraps_ = true;
};
