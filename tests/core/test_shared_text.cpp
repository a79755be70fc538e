// What a shared_text promises: a string in all but its price.

#include <hotswap/core/shared_text.hpp>

#include "support/catch.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using hotswap::shared_text;

TEST_CASE("shared_text: a copy is the same text, and not another one as long",
          "[core][shared_text]") {
  const std::string name(100, 'x');
  const shared_text first = name;
  const shared_text copy = first;

  CHECK(copy == first);
  CHECK(&copy.str() == &first.str());
  CHECK(&shared_text{name}.str() != &first.str());
  CHECK(sizeof(shared_text) == sizeof(void*));
}

TEST_CASE("shared_text: lives until its last holder has gone", "[core][shared_text]") {
  shared_text last;
  {
    const shared_text first = "step-25";
    shared_text second = first;
    last = std::move(second);
  }

  CHECK(last.str() == "step-25");
  last = shared_text{last};
  CHECK(last.str() == "step-25");
}

TEST_CASE("shared_text: is equal to every text of the same letters", "[core][shared_text]") {
  const shared_text text = "step-25";

  CHECK(text == shared_text{"step-25"});
  CHECK(text == "step-25");
  CHECK(std::string{"step-25"} == text);
  CHECK(text == std::string_view{"step-25"});
  CHECK(text != shared_text{"step-50"});
  CHECK(text != "step-2");
  CHECK(text != shared_text{});
}

TEST_CASE("shared_text: without letters there is nothing to hold", "[core][shared_text]") {
  CHECK(shared_text{}.empty());
  CHECK(shared_text{""}.empty());
  CHECK(shared_text{} == shared_text{""});
  CHECK(shared_text{} == "");
  CHECK(shared_text{}.str().empty());
}

TEST_CASE("shared_text: stands where a string does", "[core][shared_text]") {
  const shared_text text = "step-25";
  const std::string copied = text;
  const std::string_view seen = text;

  CHECK(copied == "step-25");
  CHECK(seen == "step-25");
  CHECK("at " + text == "at step-25");
  CHECK(text + "/" + copied == "step-25/step-25");
  CHECK((copied + text).size() == 2 * text.size());
  CHECK(text.starts_with("step-"));
  CHECK(text.ends_with("25"));
  CHECK(text.substr(text.find("25")) == "25");
  CHECK(std::string(text.begin(), text.end()) == text.c_str());
  CHECK(fmt::format("{:>9}", text) == "  step-25");

  std::ostringstream out;
  out << text;
  CHECK(out.str() == "step-25");

  std::map<std::string, int> by_step;
  by_step[text] = 25;
  std::vector<std::string> steps;
  steps.push_back(text);
  steps.back() += text;
  CHECK(by_step.at(text) == 25);
  CHECK(steps.back() == "step-25step-25");
  CHECK(shared_text{"a"} < shared_text{"b"});
}

TEST_CASE("shared_text: a literal's is one for the whole program", "[core][shared_text]") {
  using namespace hotswap::literals;
  const shared_text& verb = "observe"_text;
  CHECK(verb == "observe");
  CHECK(&verb == &"observe"_text);
  CHECK_FALSE(verb == "compare"_text);
  CHECK(""_text.empty());
}
