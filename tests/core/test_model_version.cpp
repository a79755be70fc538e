// What a model_version promises: a name that is safe wherever it goes, or a message that is.

#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <vector>

using hotswap::model_version;

namespace {

const std::string rule =
    "must be 1 to 128 of A-Z a-z 0-9 . _ -, and start with a letter or digit, got ";

std::string refusal_of_version(const std::string& version) {
  try {
    const model_version made{"fraud", version};
  } catch (const hotswap::config_error& e) {
    CHECK(e.pointer() == "/version");
    return e.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("model_version: keeps both names, and is written model@version",
          "[core][model_version]") {
  const model_version version{"fraud", "2.1.0"};
  CHECK(version.model() == "fraud");
  CHECK(version.version() == "2.1.0");
  CHECK(to_string(version) == "fraud@2.1.0");
}

TEST_CASE("model_version: takes letters, digits, dots, underscores and hyphens",
          "[core][model_version]") {
  const std::string longest(128, 'v');
  for (const std::string& name : {std::string{"2"}, std::string{"v2.1.0-rc.1_build-7"},
                                  std::string{"AZaz09"}, std::string{"0-._"}, longest}) {
    CAPTURE(name);
    CHECK_NOTHROW(model_version{name, name});
  }
}

TEST_CASE("model_version: every other character is refused, wherever it stands",
          "[core][model_version]") {
  const std::string allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    const bool inside = allowed.find(c) != std::string::npos;
    const bool first = inside && c != '.' && c != '_' && c != '-';
    CAPTURE(code);
    CHECK((refusal_of_version(std::string{"a"} + c) == "accepted") == inside);
    CHECK((refusal_of_version(std::string{c} + "a") == "accepted") == first);
  }
}

TEST_CASE("model_version: a hostile name is refused in one harmless line",
          "[core][model_version][errors]") {
  CHECK(refusal_of_version("") == "/version: " + rule + "\"\"");
  CHECK(refusal_of_version("../../etc/passwd") == "/version: " + rule + "\"../../etc/passwd\"");
  CHECK(refusal_of_version("2; rm -rf /") == "/version: " + rule + "\"2; rm -rf /\"");
  CHECK(refusal_of_version("2\n/model: all is well") ==
        "/version: " + rule + "\"2\\x0a/model: all is well\"");
  CHECK(refusal_of_version(std::string{"2\0", 2}) == "/version: " + rule + "\"2\\x00\"");
  CHECK(refusal_of_version("\"2\\") == "/version: " + rule + "\"\\x222\\x5c\"");
  CHECK(refusal_of_version("2\x1b[2J\x7f") == "/version: " + rule + "\"2\\x1b[2J\\x7f\"");
  CHECK(refusal_of_version("-rf") == "/version: " + rule + "\"-rf\"");
  CHECK(refusal_of_version("…") == "/version: " + rule + "\"\\xe2\\x80\\xa6\"");
}

TEST_CASE("model_version: of a long name a message shows the begin, and no half of a character",
          "[core][model_version][errors]") {
  CHECK(refusal_of_version(std::string(129, 'v')) ==
        "/version: " + rule + "\"" + std::string(129, 'v') + "\"");
  CHECK(refusal_of_version(std::string(141, 'v')) ==
        "/version: " + rule + "\"" + std::string(140, 'v') + "…\"");
  CHECK(refusal_of_version(std::string(139, 'v') + "é") ==
        "/version: " + rule + "\"" + std::string(139, 'v') + "\\xc3…\"");
}

TEST_CASE("model_version: the field at fault is named, the model first",
          "[core][model_version][errors]") {
  CHECK_THROWS_WITH((model_version{"no model", "2"}), "/model: " + rule + "\"no model\"");
  CHECK_THROWS_WITH((model_version{"a/b", "c/d"}), "/model: " + rule + "\"a/b\"");
  CHECK_THROWS_AS((model_version{"", ""}), hotswap::config_error);
}

TEST_CASE("model_version: equal if both names are, ordered by model and then by version",
          "[core][model_version]") {
  const model_version fraud_1{"fraud", "1"};
  const model_version fraud_2{"fraud", "2"};
  const model_version spam_1{"spam", "1"};

  CHECK(fraud_1 == model_version{"fraud", "1"});
  CHECK(fraud_1 != fraud_2);
  CHECK(fraud_1 != spam_1);

  std::vector<model_version> all{spam_1, fraud_2, fraud_1};
  std::sort(all.begin(), all.end());
  CHECK(all == std::vector<model_version>{fraud_1, fraud_2, spam_1});
  CHECK(model_version{"fraud", "10"} < fraud_2);  // as texts: a version need not be a number
}

TEST_CASE("model_version: equal ones have equal hashes, and each field counts",
          "[core][model_version]") {
  const std::hash<model_version> hash;
  CHECK(hash({"fraud", "1"}) == hash({"fraud", "1"}));
  CHECK(hash({"fraud", "1"}) != hash({"fraud", "2"}));
  CHECK(hash({"fraud", "1"}) != hash({"spam", "1"}));
  CHECK(hash({"1", "2"}) != hash({"2", "1"}));

  std::unordered_set<model_version> set{{"fraud", "1"}, {"fraud", "2"}, {"fraud", "1"}};
  CHECK(set.size() == 2);
}

TEST_CASE("model_version: is made of two names only", "[core][model_version]") {
  static_assert(!std::is_default_constructible_v<model_version>);
  static_assert(!std::is_constructible_v<model_version, std::string>);
  static_assert(!std::is_convertible_v<std::string, model_version>);
  SUCCEED("it compiled");
}
