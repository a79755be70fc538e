// What a text_map promises: a map of texts in all but its price.

#include <hotswap/core/text_map.hpp>

#include "support/catch.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using hotswap::text_map;

TEST_CASE("text_map: copies share their texts until one is changed", "[core][text_map]") {
  text_map labels{{"team", "fraud"}};
  const text_map as_they_were = labels;
  CHECK(&as_they_were.at("team") == &labels.at("team"));

  labels["team"] = "search";
  CHECK(as_they_were.at("team") == "fraud");
  CHECK(labels.at("team") == "search");

  const std::string* const alone = &labels.at("team");
  labels["tier"] = "1";
  CHECK(&labels.at("team") == alone);
}

TEST_CASE("text_map: reads like the map that it was made of", "[core][text_map]") {
  const std::map<std::string, std::string> texts{{"a", "1"}, {"b", "2"}};
  const text_map made = texts;
  CHECK(made.size() == 2);
  CHECK_FALSE(made.empty());
  CHECK(made.find("b")->second == "2");
  CHECK(made.find("c") == made.end());
  CHECK(made.contains("a"));
  CHECK(made.count("c") == 0);
  CHECK_THROWS_AS(made.at("c"), std::out_of_range);
  CHECK(std::vector<text_map::value_type>(made.begin(), made.end()) ==
        std::vector<text_map::value_type>(texts.begin(), texts.end()));
  const std::map<std::string, std::string>& again = made;
  CHECK(again == texts);
  CHECK(made == text_map{{"b", "2"}, {"a", "1"}});
  CHECK_FALSE(made == text_map{{"a", "1"}});
}

TEST_CASE("text_map: one without texts holds nothing", "[core][text_map]") {
  text_map none;
  CHECK(none.empty());
  CHECK(none == text_map{std::map<std::string, std::string>{}});
  CHECK(none.find("a") == none.end());
  CHECK(sizeof(text_map) == 2 * sizeof(void*));

  const text_map from = std::exchange(none, {{"a", "1"}});
  CHECK(from.empty());
  CHECK(none.at("a") == "1");
}
