// The schema that is offered is the one that the rules make. That it says what parse_strategy says
// is for schema/check_schema.py.

#include <hotswap/config/json_schema.hpp>

#include "support/catch.hpp"

#include <fstream>
#include <iterator>
#include <string>

TEST_CASE("json_schema: cmake/strategy.schema.json is up to date", "[config][json_schema]") {
  std::ifstream file{HOTSWAP_TESTS "/../cmake/strategy.schema.json"};
  REQUIRE(file);
  const std::string offered{std::istreambuf_iterator<char>{file}, {}};

  INFO("schema_documents --schema > cmake/strategy.schema.json");
  CHECK(offered == hotswap::json_schema());
}
