// What a server_id promises: it is confused with nothing else.

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/server_id.hpp>

#include "support/catch.hpp"

#include <string>
#include <type_traits>
#include <unordered_set>

using hotswap::server_id;

// Overloads of a fleet's members stay apart.
static_assert(!std::is_convertible_v<std::string, server_id>);
static_assert(!std::is_convertible_v<const char*, server_id>);
static_assert(!std::is_convertible_v<server_id, std::string>);
static_assert(!std::is_convertible_v<server_id, hotswap::model_version>);
static_assert(!std::is_convertible_v<hotswap::model_version, server_id>);
static_assert(!std::is_constructible_v<server_id, hotswap::model_version>);
static_assert(!std::is_constructible_v<hotswap::model_version, server_id>);

TEST_CASE("server_id: has its name, an order and a hash", "[core][server_id]") {
  const server_id first{"gpu-host-1"};
  const server_id second{"gpu-host-2"};

  CHECK(first.name() == "gpu-host-1");
  CHECK(to_string(first) == "gpu-host-1");
  CHECK(first == server_id{"gpu-host-1"});
  CHECK(first < second);
  CHECK(std::unordered_set<server_id>{first, second, first}.size() == 2);
  CHECK(std::hash<server_id>{}(first) != std::hash<server_id>{}(second));
}

TEST_CASE("server_id: is held to the rule of names", "[core][server_id][errors]") {
  const std::string rule =
      "server_id: must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or digit, got ";
  CHECK_THROWS_WITH(server_id{""}, rule + "\"\"");
  CHECK_THROWS_WITH(server_id{"gpu host"}, rule + "\"gpu host\"");
  CHECK_THROWS_WITH(server_id{"-gpu\n"}, rule + "\"-gpu\\x0a\"");
  CHECK_THROWS_AS(server_id{std::string(129, 'a')}, hotswap::config_error);
  CHECK_NOTHROW(server_id{std::string(128, 'a')});
}
