#pragma once

/// @file
/// Reads the numbers of a CSV file, and says exactly where one is not.
///
///     const csv::table measured{"baseline.csv"};
///     const std::vector<double> latency = measured.numbers("latency");
///
/// Source: RFC 4180; a byte order mark, lines that end in LF alone, blanks around a number and
/// blank lines in a table of several columns are accepted, too.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace csv {

/// What to do with a cell that is empty, NA or NaN.
enum class missing_values { refused, left_out };

/// Quotes, and makes visible what a terminal would act upon.
inline std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result = "\"";
  for (const char each : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += each;
    }
  }
  return result + (text.size() > most ? "...\"" : "\"");
}

namespace detail {

inline std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

inline bool is_missing(std::string_view text) {
  constexpr std::string_view words[] = {"", "NA", "N/A", "NaN", "nan", "NAN", "null", "NULL"};
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

/// A number that is finite, all of the text.
inline std::optional<double> number_in(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto [stopped, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stopped != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace detail

class table {
 public:
  /// @throws std::runtime_error  naming the file, the line and what is wrong.
  explicit table(std::string file) : name_(std::move(file)) {
    std::ifstream input{name_, std::ios::binary};
    const bool is_readable = input && !std::filesystem::is_directory(name_);
    if (is_readable) text_.assign(std::istreambuf_iterator<char>{input}, {});
    if (!is_readable || !input)
      throw std::runtime_error(name_ + ": must be a file that can be read");
    if (text_.starts_with("\xef\xbb\xbf")) text_.erase(0, 3);

    if (!read_row(columns_)) throw std::runtime_error(name_ + ": must have a header, got nothing");
    for (std::vector<std::string> fields; read_row(fields);) {
      const bool is_blank = fields.size() == 1 && fields[0].empty();
      if (is_blank && columns_.size() > 1) continue;
      if (fields.size() != columns_.size()) {
        throw std::runtime_error(fmt::format("{}:{}: row must have {} fields, got {}", name_,
                                             row_line_, columns_.size(), fields.size()));
      }
      std::move(fields.begin(), fields.end(), std::back_inserter(cells_));
      lines_.push_back(row_line_);
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<std::string>& columns() const { return columns_; }
  [[nodiscard]] std::size_t rows() const { return lines_.size(); }

  /// Where a row begins in the file; the header is line 1.
  [[nodiscard]] std::size_t line_of(std::size_t row) const { return lines_[row]; }

  /// The column's number in each row.
  /// @throws std::runtime_error  for a column that is not there, or there twice; and for a cell
  ///   that is no finite number, naming file, line, column and value.
  [[nodiscard]] std::vector<double> numbers(
      std::string_view column, missing_values missing = missing_values::refused) const {
    const std::size_t index = index_of(column);
    std::vector<double> result;
    result.reserve(rows());
    for (std::size_t row = 0; row < rows(); ++row) {
      const std::string_view cell = detail::without_blanks(cells_[row * columns_.size() + index]);
      if (const auto number = detail::number_in(cell)) {
        result.push_back(*number);
      } else if (!detail::is_missing(cell) || missing == missing_values::refused) {
        throw std::runtime_error(fmt::format("{}:{}: {} must be a finite number, got {}", name_,
                                             line_of(row), column,
                                             cell.empty() ? "an empty cell" : shown(cell)));
      }
    }
    return result;
  }

 private:
  [[nodiscard]] std::size_t index_of(std::string_view column) const {
    const auto found = std::find(columns_.begin(), columns_.end(), column);
    if (found == columns_.end()) {
      std::string all;
      for (const auto& each : columns_) all += (all.empty() ? "" : ", ") + shown(each);
      throw std::runtime_error(
          fmt::format("{}:1: header must name {}, got {}", name_, shown(column), all));
    }
    if (std::find(found + 1, columns_.end(), column) != columns_.end()) {
      throw std::runtime_error(
          fmt::format("{}:1: header must name {} once, got it twice", name_, shown(column)));
    }
    return static_cast<std::size_t>(found - columns_.begin());
  }

  /// The next row's fields, or false at the end of the file.
  bool read_row(std::vector<std::string>& fields) {
    fields.clear();
    if (next_ == text_.size()) return false;
    row_line_ = line_;
    for (;;) {
      fields.push_back(peek() == '"' ? quoted_field() : plain_field());
      if (peek() == ',') {
        ++next_;
        continue;
      }
      if (peek() == '\r') ++next_;
      if (peek() == '\n') ++next_;
      ++line_;
      return true;
    }
  }

  /// 0 at the end of the file.
  [[nodiscard]] char peek() const { return next_ < text_.size() ? text_[next_] : '\0'; }

  /// Where a field ends: a comma, a line's end, the file's end.
  [[nodiscard]] bool at_end_of_field() const {
    const bool is_line_end =
        text_.compare(next_, 1, "\n") == 0 || text_.compare(next_, 2, "\r\n") == 0;
    return next_ == text_.size() || text_[next_] == ',' || is_line_end;
  }

  std::string plain_field() {
    const std::size_t first = next_;
    while (!at_end_of_field()) ++next_;
    return text_.substr(first, next_ - first);
  }

  std::string quoted_field() {
    std::string field;
    const std::size_t opened = line_;
    for (++next_;; ++next_) {
      if (next_ == text_.size()) {
        throw std::runtime_error(fmt::format(
            "{}:{}: a quoted field must be closed, got the end of the file", name_, opened));
      }
      if (text_[next_] == '\n') ++line_;
      if (text_[next_] == '"') {
        ++next_;
        if (peek() != '"') break;  // two of them are one
      }
      field += text_[next_];
    }
    if (!at_end_of_field()) {
      throw std::runtime_error(fmt::format("{}:{}: a quoted field must end at a comma, got {}",
                                           name_, line_, shown(text_.substr(next_, 1))));
    }
    return field;
  }

  std::string name_;
  std::string text_;
  std::size_t next_ = 0;      // in text_
  std::size_t line_ = 1;      // of text_[next_]
  std::size_t row_line_ = 1;  // where the row that was read last begins
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;  // row by row
  std::vector<std::size_t> lines_;
};

}  // namespace csv
