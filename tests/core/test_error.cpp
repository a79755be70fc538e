// What hotswap throws: one root, and the text as it was given.

#include <hotswap/core/error.hpp>

#include "support/catch.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

static_assert(std::is_base_of_v<std::runtime_error, hotswap::error>);
static_assert(std::is_base_of_v<hotswap::error, hotswap::config_error>);
static_assert(std::is_base_of_v<hotswap::error, hotswap::timeout_error>);
static_assert(std::is_base_of_v<hotswap::error, hotswap::journal_error>);
static_assert(std::is_base_of_v<hotswap::journal_error, hotswap::journal_conflict>);

TEST_CASE("config_error: puts the pointer before the rule, and keeps it apart", "[core][error]") {
  const hotswap::config_error at_field{"/rollbackThresholds/latencyIncrease",
                                       "must be a ratio above 1, got 0.5"};
  CHECK(at_field.pointer() == "/rollbackThresholds/latencyIncrease");
  CHECK(std::string{at_field.what()} ==
        "/rollbackThresholds/latencyIncrease: must be a ratio above 1, got 0.5");
}

TEST_CASE("config_error: without a pointer the rule stands alone", "[core][error]") {
  const hotswap::config_error whole{"", "the document must be an object, got an array"};
  CHECK(whole.pointer().empty());
  CHECK(std::string{whole.what()} == "the document must be an object, got an array");
}

TEST_CASE("error: every kind is caught as hotswap::error, with its text", "[core][error]") {
  const auto text_of = [](const auto& thrown) -> std::string {
    try {
      throw thrown;
    } catch (const hotswap::error& e) {
      return e.what();
    }
  };
  CHECK(text_of(hotswap::error{"a"}) == "a");
  CHECK(text_of(hotswap::config_error{"/b", "c"}) == "/b: c");
  CHECK(text_of(hotswap::timeout_error{"d"}) == "d");
  CHECK(text_of(hotswap::journal_error{"e"}) == "e");
  CHECK(text_of(hotswap::journal_conflict{"f"}) == "f");
}
