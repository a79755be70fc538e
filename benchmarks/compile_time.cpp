// How long does a program compile longer because it includes us?
//
// Each row is the CPU time (user and system) of compiling a translation unit that includes some of
// our headers and uses nothing, at -O0, as a ratio to the unit: one that includes nlohmann/json and
// Boost's Student t, which together take about two seconds. The last rows, which have no target,
// run a canary. There is no peer: what comparable systems have in common with us is that they are
// services of their own, and are not included by anybody.
//
// For the sake of these numbers much of the library is a template with a defaulted parameter,
// though nothing in it is generic: g++ instantiates what an inline function names, and emits an
// inline coroutine, even if nobody calls them; from a template it does so for those who do.
//
// Started without arguments; the build has told which compiler, with which include directories.

#include "support/paired.hpp"

#include <fmt/core.h>
#include <sys/resource.h>  // getrusage, of POSIX

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Of all children that have ended, so of the driver, the compiler and the assembler.
double children_cpu_ns() {
  rusage used{};
  getrusage(RUSAGE_CHILDREN, &used);
  const auto ns = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
  };
  return ns(used.ru_utime) + ns(used.ru_stime);
}

/// A directory for sources and objects, gone with the object.
class scratch_directory {
 public:
  scratch_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "compile_time.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("compile_time: cannot make " + name);
    }
    path_ = name;
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() { std::filesystem::remove_all(path_); }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

std::string in_single_quotes(const std::string& argument) {
  std::string quoted = "'";
  for (const char letter : argument) quoted += letter == '\'' ? "'\\''" : std::string{letter};
  return quoted + "'";
}

/// Of what the build has told, with colons in between.
std::string include_flags() {
  std::string flags;
  std::string_view rest = HOTSWAP_INCLUDES;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string_view each = rest.substr(0, end);
    // not -isystem, which must not name a directory that the compiler knows already
    if (!each.empty()) flags += " -I" + in_single_quotes(std::string{each});
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return flags;
}

class compiler {
 public:
  /// What compiles `source` with `flags`, and says what it cost.
  [[nodiscard]] std::function<double()> of(const std::string& name, const std::string& source,
                                           const std::string& flags) const {
    const std::filesystem::path file = directory_.path() / (name + ".cpp");
    std::ofstream{file} << source;
    const std::string command =
        fmt::format("{} -std=c++20 {}{} -c {} -o {}", in_single_quotes(HOTSWAP_CXX), flags,
                    include_flags(), in_single_quotes(file.string()),
                    in_single_quotes((directory_.path() / (name + ".o")).string()));
    return [command] {
      const double start = children_cpu_ns();
      if (std::system(command.c_str()) != 0) {
        throw std::runtime_error("compile_time: must compile, got a failure of " + command);
      }
      return children_cpu_ns() - start;
    };
  }

 private:
  scratch_directory directory_;
};

std::string including(const std::vector<std::string_view>& headers) {
  std::string source;
  for (const std::string_view each : headers) source += fmt::format("#include <{}>\n", each);
  return source;
}

constexpr std::string_view a_canary = R"(
#include <hotswap/async/event_loop.hpp>
#include <hotswap/strategies/canary.hpp>

struct platform {
  void deploy(const hotswap::model_version&) {}
  void warm_up(const hotswap::model_version&) {}
  void remove(const hotswap::model_version&) {}
  void set_split(const hotswap::traffic_split&) {}
  hotswap::metrics_snapshot collect(const hotswap::model_version&, const hotswap::time_window&) {
    return {};
  }
};

int main() {
  platform all;
  hotswap::event_loop loop;
  hotswap::rollout_context context{loop};
  hotswap::canary_strategy canary{all, all, all};
  return loop.run(canary.deploy({"fraud", "1"}, {"fraud", "2"}, context)).active().version() != "2";
}
)";

}  // namespace

int main() try {
  const compiler cxx;
  support::paired_benchmark bench{"compile a translation unit"};
  bench.rounds = 7;
  const std::string unit = "unit: nlohmann/json.hpp and students_t.hpp";
  bench.add_measured(
      unit,
      cxx.of("unit", including({"nlohmann/json.hpp", "boost/math/distributions/students_t.hpp"}),
             "-O0"));

  const auto add = [&](const std::string& name, const std::vector<std::string_view>& headers,
                       double budget) {
    bench.add_measured(name, cxx.of(name, including(headers), "-O0"));
    bench.at_most(name, unit, budget);
  };
  // the budget of each part of the library, as its design sets it
  add("concepts", {"hotswap/concepts/platform.hpp"}, 0.40);
  add("async",
      {"hotswap/async/event_loop.hpp", "hotswap/async/call.hpp", "hotswap/async/task.hpp",
       "hotswap/async/virtual_clock.hpp"},
      0.35);
  add("canary", {"hotswap/strategies/canary.hpp"}, 0.80);
  add("umbrella", {"hotswap/hotswap.hpp"}, 1.60);

  // what a user pays who runs one, too; no target, since code generation is not in the budget
  bench.add_measured("a canary that runs, -O0", cxx.of("run-O0", std::string{a_canary}, "-O0"));
  bench.add_measured("a canary that runs, -O2", cxx.of("run-O2", std::string{a_canary}, "-O2"));
  return bench.run();
} catch (const std::exception& failure) {
  fmt::print(stderr, "{}\n", failure.what());
  return support::exit_missed;
}
