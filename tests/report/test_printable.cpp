// What printable text promises: nothing foreign drives a terminal, and widths are kept.

#include <hotswap/report/painted_line.hpp>
#include <hotswap/report/printable.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <string_view>

using hotswap::columns_of;
using hotswap::fitted;
using hotswap::painted_line;
using hotswap::printable;
using hotswap::tone;

TEST_CASE("printable: a control becomes its picture, a line break a space", "[report][printable]") {
  CHECK(printable("plain text, 25 %") == "plain text, 25 %");
  CHECK(printable("\x1b[2J\x1b[31mred\a") == "␛[2J␛[31mred␇");
  CHECK(printable("two\r\nlines\tand a tab") == "two  lines and a tab");
  CHECK(printable(std::string_view{"a\0b\x7F", 4}) == "a␀b␡");
}

TEST_CASE("printable: C1 controls and reversed reading become U+FFFD", "[report][printable]") {
  CHECK(printable("\xC2\x9B"
                  "31m") == "�31m");                // U+009B is CSI in one character
  CHECK(printable("\u202Egnp.exe") == "�gnp.exe");  // right-to-left override
  CHECK(printable("a\u2028b\u2069c\uFEFF") == "a�b�c�");
}

TEST_CASE("printable: a byte that is no UTF-8 becomes U+FFFD, the rest stays",
          "[report][printable]") {
  CHECK(printable("caf\xE9 ok") == "caf� ok");
  CHECK(printable("\xC0\xAF") == "��");       // overlong
  CHECK(printable("\xED\xA0\x80") == "���");  // a surrogate
  CHECK(printable("cut \xE2\x82") == "cut ��");
  CHECK(printable("größer ≤ 模型 🚀") == "größer ≤ 模型 🚀");
}

TEST_CASE("columns_of: wide characters take two columns, combining ones none",
          "[report][printable]") {
  CHECK(columns_of("größer") == 6);
  CHECK(columns_of("模型") == 4);
  CHECK(columns_of("🚀") == 2);
  CHECK(columns_of("e\u0301") == 1);
  CHECK(columns_of("█▌░━─→●") == 7);
}

TEST_CASE("fitted: what is too wide is cut before an ellipsis, never within a character",
          "[report][printable]") {
  CHECK(fitted("12345", 5) == "12345");
  CHECK(fitted("123456", 5) == "1234…");
  CHECK(fitted("größer", 4) == "grö…");
  CHECK(fitted("模型模", 4) == "模…");  // the second would end in column 4
  CHECK(fitted("12", 1) == "…");
  CHECK(fitted("12", 0).empty());
}

TEST_CASE("painted_line: is as wide as asked for, whatever it is made of",
          "[report][painted_line]") {
  painted_line line;
  line.add("one", tone::bold).add(" ").add_right("two", 6, tone::good).add_left("x", 3).add("end");

  CHECK(line.columns() == 16);
  CHECK(line.text(100, false) == "one    twox  end");
  CHECK(line.text(16, false) == "one    twox  end");
  CHECK(line.text(15, false) == "one    twox  e…");
  CHECK(line.text(10, false) == "one    tw…");
  CHECK(line.text(3, false) == "on…");
}

TEST_CASE("painted_line: each colour ends with its piece, and there is none without colours",
          "[report][painted_line]") {
  painted_line line;
  line.add("good", tone::good).add(" plain ").add("bad", tone::very_bad).add("   ");

  CHECK(line.text(100, true) == "\x1b[32mgood\x1b[0m plain \x1b[1;31mbad\x1b[0m");
  CHECK(line.text(6, true) == "\x1b[32mgood\x1b[0m …");
  CHECK(line.text(100, false) == "good plain bad");
}

TEST_CASE("painted_line: foreign text is made harmless on its way in", "[report][painted_line]") {
  painted_line line;
  line.add("\x1b[2J\n", tone::bad);
  CHECK(line.text(100, false) == "␛[2J");
}

TEST_CASE("add_bar: fills to an eighth of a column and is always as wide as asked for",
          "[report][painted_line]") {
  const auto bar = [](double fraction) {
    painted_line line;
    hotswap::add_bar(line, fraction, 4, tone::accent);
    CHECK(line.columns() == 4);
    return line.text(100, false);
  };
  CHECK(bar(0.0) == "░░░░");
  CHECK(bar(0.25) == "█░░░");
  CHECK(bar(0.25 + 1.0 / 32) == "█▏░░");
  CHECK(bar(0.5 - 1.0 / 32) == "█▉░░");
  CHECK(bar(1.0) == "████");
  CHECK(bar(7.0) == "████");
  CHECK(bar(-1.0) == "░░░░");
  CHECK(bar(std::numeric_limits<double>::quiet_NaN()) == "░░░░");
}
