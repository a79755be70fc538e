#pragma once

/// @file
/// A table for people: columns that are aligned, as plain text or as Markdown.
///
///     report::table told{{"feature", report::left}, {"mean", report::right}};
///     told.add({"word_freq_free", "0.52"});
///     fmt::print("{}", told.text());   // or told.markdown()

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace report {

enum alignment { left, right };

struct column {
  std::string title;
  alignment aligned = left;
};

class table {
 public:
  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  /// @param cells  one per column
  void add(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
  }

  /// Two blanks between the columns, a rule below their titles.
  [[nodiscard]] std::string text() const {
    std::string rule;
    for (const std::size_t width : widths()) rule.append(width + 2, '-');
    rule.resize(rule.size() - 2);
    return lines("", "  ", "", rule);
  }

  /// The same as a table that Markdown understands.
  [[nodiscard]] std::string markdown() const {
    table escaped = *this;
    for (auto& row : escaped.rows_) {
      for (auto& cell : row) cell = without_bars(cell);
    }
    std::string rule = "|";
    const auto all = escaped.widths();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string dashes(all[i] + 1, '-');
      rule += (columns_[i].aligned == right ? dashes + ":" : "-" + dashes) + "|";
    }
    return escaped.lines("| ", " | ", " |", rule);
  }

 private:
  /// In characters: bytes of UTF-8 that begin one.
  static std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char each) {
      return (static_cast<unsigned char>(each) & 0xc0) != 0x80;
    }));
  }

  /// A bar would begin the next cell.
  static std::string without_bars(std::string_view cell) {
    std::string result;
    for (const char each : cell) {
      if (each == '|') result += '\\';
      result += each;
    }
    return result;
  }

  [[nodiscard]] std::vector<std::size_t> widths() const {
    std::vector<std::size_t> result;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      result.push_back(width_of(columns_[i].title));
      for (const auto& row : rows_) result[i] = std::max(result[i], width_of(row[i]));
    }
    return result;
  }

  [[nodiscard]] std::string lines(std::string_view before, std::string_view between,
                                  std::string_view after, std::string_view rule) const {
    const auto all = widths();
    const auto line_of = [&](const auto& cell_of) {
      std::string line{before};
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        const std::string& cell = cell_of(i);
        const std::string blanks(all[i] - width_of(cell), ' ');
        line += columns_[i].aligned == right ? blanks + cell : cell + blanks;
        line += i + 1 < columns_.size() ? between : after;
      }
      line.resize(line.find_last_not_of(' ') + 1);
      return line + '\n';
    };
    std::string result =
        line_of([this](std::size_t i) -> const auto& { return columns_[i].title; });
    result.append(rule) += '\n';
    for (const auto& row : rows_) {
      result += line_of([&row](std::size_t i) -> const auto& { return row[i]; });
    }
    return result;
  }

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace report
