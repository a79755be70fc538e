// Holds every header to the table of permitted includes, and the check itself to its word.

#include "layers/layer_table.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> lines(std::vector<std::string> expected) {
  return expected;
}

const layers::table& house() {
  static const layers::table table =
      layers::read(text_of(std::filesystem::path{HOTSWAP_TESTS} / "layers/layers.txt"));
  return table;
}

}  // namespace

TEST_CASE("layers: every header includes only what its folder may", "[layers]") {
  const std::filesystem::path root =
      std::filesystem::path{HOTSWAP_TESTS}.parent_path() / "include/hotswap";

  int headers = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    if (!entry.is_regular_file()) continue;
    ++headers;
    const std::string header = std::filesystem::relative(entry.path(), root).generic_string();
    for (const std::string& edge : house().violations(header, text_of(entry.path()))) {
      FAIL_CHECK(edge);
    }
  }

  CHECK(headers > 10);  // else we looked in the wrong place
}

TEST_CASE("layers: the umbrella has every header but those that a program opts in to", "[layers]") {
  const std::filesystem::path root =
      std::filesystem::path{HOTSWAP_TESTS}.parent_path() / "include/hotswap";
  const std::string umbrella = text_of(root / "hotswap.hpp");

  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    if (!entry.is_regular_file()) continue;
    const std::string header = std::filesystem::relative(entry.path(), root).generic_string();
    if (header == "hotswap.hpp") continue;
    const bool is_opt_in = header.starts_with("testing/") || header.starts_with("adapters/") ||
                           header == "rollout/engine_elsewhere.hpp" ||
                           header == "rollout/engine_here.hpp";
    const bool is_there = umbrella.find("#include <hotswap/" + header + ">\n") != std::string::npos;
    INFO(header);
    CHECK(is_there != is_opt_in);
  }
}

TEST_CASE("layers: an edge to a higher folder is named whole", "[layers]") {
  CHECK(
      house().violations("core/share.hpp",
                         "#pragma once\n"
                         "#include <hotswap/core/error.hpp>\n"
                         "#include <hotswap/rollout/rollout.hpp>\n") ==
      lines({"core/share.hpp -> <hotswap/rollout/rollout.hpp> (core/ may not include rollout/)"}));
  CHECK(house().violations("rollout/verbs.hpp", "#include <hotswap/serving/splitter.hpp>\n") ==
        lines({"rollout/verbs.hpp -> <hotswap/serving/splitter.hpp> "
               "(rollout/ may not include serving/)"}));
  CHECK(house().violations("hotswap.hpp", "#include <hotswap/testing/faults.hpp>") ==
        lines({"hotswap.hpp -> <hotswap/testing/faults.hpp> "
               "(the umbrella may not include testing/)"}));
}

TEST_CASE("layers: of async the concepts see how an answer resolves, but for windowed",
          "[layers]") {
  CHECK(house().violations("concepts/windowed.hpp",
                           "#include <hotswap/async/task.hpp>\n"
                           "#include <hotswap/rollout/rollout.hpp>\n") ==
        lines({"concepts/windowed.hpp -> <hotswap/rollout/rollout.hpp> "
               "(concepts/ may not include rollout/)"}));
  CHECK(house().violations("concepts/model_server.hpp",
                           "#include <hotswap/async/resolves_to.hpp>\n"
                           "#include <hotswap/async/task.hpp>\n") ==
        lines({"concepts/model_server.hpp -> <hotswap/async/task.hpp> "
               "(concepts/ may not include async/)"}));
}

TEST_CASE("layers: another library stays in its folders", "[layers]") {
  CHECK(house().violations("stats/welch.hpp",
                           "#include <boost/math/distributions/students_t.hpp>\n"
                           "#include <boost/asio.hpp>\n") ==
        lines({"stats/welch.hpp -> <boost/asio.hpp> (stats/ may not include boost/asio.hpp)"}));
  CHECK(house().violations("analysis/verdict.hpp", "#include <nlohmann/json.hpp>\n") ==
        lines({"analysis/verdict.hpp -> <nlohmann/json.hpp> "
               "(analysis/ may not include nlohmann/json.hpp)"}));
  CHECK(house().violations("async/task.hpp", "#include <fmt/core.h>\n") ==
        lines({"async/task.hpp -> <fmt/core.h> (async/ may not include fmt/core.h)"}));
  CHECK(house().violations("config/parse.hpp", "#include <nlohmann/json.hpp>\n") == lines({}));
}

TEST_CASE("layers: the platform and the costly standard headers stay outside", "[layers]") {
  CHECK(
      house().violations("async/event_loop.hpp", "#include <sys/epoll.h>\n#include <iostream>\n") ==
      lines({"async/event_loop.hpp -> <sys/epoll.h> (async/ may not include sys/epoll.h)",
             "async/event_loop.hpp -> <iostream> (async/ may not include iostream)"}));
  CHECK(house().violations("async/event_loop.hpp", "#include <future>\n") ==
        lines({"async/event_loop.hpp -> <future> (only async/submit.hpp may)"}));
  CHECK(house().violations("async/submit.hpp", "#include <future>\n") == lines({}));
}

TEST_CASE("layers: an include is written with its whole path", "[layers]") {
  CHECK(house().violations("core/share.hpp", "#  include \"error.hpp\"\n#include HEADER\n") ==
        lines({"core/share.hpp -> \"error.hpp\" (write the whole path in angle brackets)",
               "core/share.hpp -> #include HEADER (write the whole path in angle brackets)"}));
  CHECK(house().violations("core/share.hpp", "#include <hotswap/hotswap.hpp>\n") ==
        lines({"core/share.hpp -> <hotswap/hotswap.hpp> (nothing may include the umbrella)"}));
}

TEST_CASE("layers: a folder that the table does not know is refused", "[layers]") {
  CHECK(house().violations("misc/tools.hpp", "") ==
        lines({"misc/tools.hpp (the table knows no folder misc/)"}));
}

TEST_CASE("layers: a rule that does not parse is refused", "[layers]") {
  const auto refusal = [](const char* text) {
    try {
      layers::read(text);
    } catch (const std::invalid_argument& refused) {
      return std::string{refused.what()};
    }
    return std::string{};
  };
  CHECK(refusal("core stats\n") == "layers: a rule must have a colon, got core stats");
  CHECK(refusal("folders core: stats\n") ==
        "layers: a rule must be folder, header, standard or only, got folders core: stats");
  CHECK(refusal("folder core: +stats\n") ==
        "layers: +stats must name a folder that stands above core");
}
