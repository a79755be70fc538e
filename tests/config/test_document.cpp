// What a document must be before anybody asks what it means: JSON that every parser reads alike.

#include <hotswap/config/document.hpp>

#include "config/refusal.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

using namespace std::string_literals;
using config_tests::refusal_of;

namespace {

config_tests::refusal refused(std::string_view text) {
  return refusal_of([text] { (void)hotswap::read_document(text); });
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("read_document: a syntax error points to its line and column",
          "[config][document][errors]") {
  const std::pair<std::string, std::string> cases[] = {
      {"", "must be JSON, got its end at line 1, column 1"},
      {"{", "must be JSON, got its end at line 1, column 2"},
      {"{\n  \"a\": 1,\n}", "must be JSON, got \"}\" at line 3, column 1"},
      {"{\"a\": tru}", "must be JSON, got \"}\" at line 1, column 10"},
      {"{'a': 1}", "must be JSON, got \"'\" at line 1, column 2"},
      {"{\"a\" 1}", "must be JSON, got \"1\" at line 1, column 6"},
      {"{\"a\": 01}", "must be JSON, got \"1\" at line 1, column 8"},
      {"{\"a\": +1}", "must be JSON, got \"+\" at line 1, column 7"},
      {"{\"a\": .5}", "must be JSON, got \".\" at line 1, column 7"},
      {"{\"a\": NaN}", "must be JSON, got \"N\" at line 1, column 7"},
      {"{\"a\": Infinity}", "must be JSON, got \"I\" at line 1, column 7"},
      {"{\"a\": -Infinity}", "must be JSON, got \"I\" at line 1, column 8"},
      {"{\"a\": 1} // why", "must end after one value, got \"/\" at line 1, column 10"},
      {"{\"a\": 1}\n{}", "must end after one value, got \"{\" at line 2, column 1"},
      {"{\"a\": \"b\nc\"}", "must be JSON, got \"\\u000a\" at line 1, column 9"},
      {"{\"a\": \"\\ud800\"}", "must be JSON, got \"\\\"\" at line 1, column 14"},
      {"{\"a\": \"\\x41\"}", "must be JSON, got \"x\" at line 1, column 9"},
      {"{\"a\": 1\xC3\xA4}", "must be JSON, got \"\\u00e4\" at line 1, column 8"},
  };
  for (const auto& [text, rule] : cases) {
    CAPTURE(text);
    CHECK(refused(text).pointer.empty());
    CHECK(refused(text).message == "document: " + rule);
  }
}

TEST_CASE("read_document: bytes that are no text are refused before they are parsed",
          "[config][document][errors]") {
  const std::pair<std::string, std::string> cases[] = {
      {"\xEF\xBB\xBF{}", "must begin with its value, got a byte order mark"},
      {"\xFF\xFE{", "must be UTF-8, got the byte 0xFF at line 1, column 1"},
      {"{\"a\":\n\"\xC0\xAF\"}", "must be UTF-8, got the byte 0xC0 at line 2, column 2"},
      {"\"\xED\xA0\x80\"", "must be UTF-8, got the byte 0xED at line 1, column 2"},
      {"\"\xE0\x80\x80\"", "must be UTF-8, got the byte 0xE0 at line 1, column 2"},
      {"\"\xF0\x80\x80\x80\"", "must be UTF-8, got the byte 0xF0 at line 1, column 2"},
      {"\"\xF4\x90\x80\x80\"", "must be UTF-8, got the byte 0xF4 at line 1, column 2"},
      {"\"\xF5\x80\x80\x80\"", "must be UTF-8, got the byte 0xF5 at line 1, column 2"},
      {"\"\xE2\x82\"", "must be UTF-8, got the byte 0xE2 at line 1, column 2"},
      {"{}\0{\"a\": 1}"s, "must be JSON, got a NUL byte at line 1, column 3"},
  };
  for (const auto& [text, rule] : cases) {
    CAPTURE(text);
    CHECK(refused(text).pointer.empty());
    CHECK(refused(text).message == "document: " + rule);
  }
  CHECK(hotswap::read_document("\"\xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF\"")
            .is_string());
}

TEST_CASE("read_document: a key may be written once, at every depth",
          "[config][document][errors]") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"a": 1, "a": 1})", R"(/a: must be written once, got "a" again)"},
      {R"({"a": {}, "b": 2, "a": null})", R"(/a: must be written once, got "a" again)"},
      {R"({"a": 1, "\u0061": 1})", R"(/a: must be written once, got "a" again)"},
      {R"({"s": [1, {"b": {"c": 1, "c": 2}}]})",
       R"(/s/1/b/c: must be written once, got "c" again)"},
      {R"({"a/b~c": 1, "a/b~c": 1})", R"(/a~1b~0c: must be written once, got "a/b~c" again)"},
      {R"({"": 1, "": 1})", R"(/: must be written once, got "" again)"},
      {R"([{"x": 1}, [], {"x": 1, "x": 1}])", R"(/2/x: must be written once, got "x" again)"},
      {"{\"\\n\\u001b[2J\\u202e\": 1, \"\\n\\u001b[2J\\u202e\": 1}",
       R"(/\u000a\u001b[2J\u202e: must be written once, got "\u000a\u001b[2J\u202e" again)"},
  };
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(refused(text).message == message);
    CHECK(refused(text).pointer == message.substr(0, message.find(": must")));
  }
  CHECK(refused(R"({"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}]})").message == "accepted");
}

TEST_CASE("read_document: nesting, size and keys are bounded", "[config][document][errors]") {
  const std::string fits = "\"" + std::string(hotswap::longest_document - 2, 'x') + "\"";
  CHECK(refused(fits).message == "accepted");
  CHECK(refused(fits + " ").message == "document: must be at most 65536 bytes, got 65537");

  std::string deepest;
  for (int i = 0; i < 32; ++i) deepest += "/0";
  CHECK(refused(nested(32)).message == "accepted");
  CHECK(refused(nested(33)).message ==
        deepest + ": must be nested at most 32 deep, got one level more");
  CHECK(refused(nested(30'000)).pointer == deepest);

  const std::string long_key(257, 'k');
  CHECK(refused("{\"" + long_key.substr(1) + "\": 1}").message == "accepted");
  CHECK(refused("{\"" + long_key + "\": 1}").message ==
        "document: must have keys of at most 256 bytes, got \"" + long_key.substr(0, 64) +
            "...\" of 257 bytes");
  CHECK(refused("[0, {\"a\": {\"" + long_key + "\": 1}}]").pointer == "/1/a");
}

TEST_CASE("read_document: a number that is too large for a double is named by its place",
          "[config][document][errors]") {
  CHECK(refused("{\"a\": [0, 1e400]}").message ==
        "/a/1: must be a finite number, got one beyond 1.8e308");
  CHECK(refused("{\"a\": {\"b\": 1}, \"c\": -1e999}").pointer == "/c");
  CHECK(refused("1e400").message == "document: must be a finite number, got one beyond 1.8e308");
  CHECK(hotswap::read_document("1e-400").get<double>() == 0.0);
}
