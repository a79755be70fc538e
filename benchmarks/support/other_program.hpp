#pragma once

/// @file
/// What another program took for the same, where it is installed.
///
///     support::other_program scipy{"python3", "py", script};
///     const auto answers = scipy.run({baseline, candidate});   // empty: it is not installed
///     answers.at("welch").ms;
///
/// The script gets the samples as files of doubles, in the order given, and prints a line
/// `name milliseconds value` per thing that it did: CPU time of its own, with the data in memory.

#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <stdlib.h>  // mkdtemp, of POSIX

namespace support {

struct other_answer {
  double ms = 0.0;
  double value = 0.0;
};

class other_program {
 public:
  other_program(std::string interpreter, std::string suffix, std::string script)
      : interpreter_(std::move(interpreter)),
        suffix_(std::move(suffix)),
        script_(std::move(script)) {}

  /// By name; empty if the script did not end well, so where what it needs is not installed.
  [[nodiscard]] std::map<std::string, other_answer> run(
      const std::vector<std::span<const double>>& samples) const {
    const scratch_directory directory;
    const auto script = directory.path / ("script." + suffix_);
    std::ofstream{script} << script_;
    std::string command = interpreter_ + " '" + script.string() + "'";
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const auto file = directory.path / fmt::format("sample_{}", i);
      std::ofstream{file, std::ios::binary}.write(
          reinterpret_cast<const char*>(samples[i].data()),
          static_cast<std::streamsize>(samples[i].size_bytes()));
      command += " '" + file.string() + "'";
    }
    command += " 2>/dev/null";

    std::map<std::string, other_answer> answers;
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return answers;
    char name[64];
    other_answer answer;
    while (std::fscanf(pipe, "%63s %lf %lf", name, &answer.ms, &answer.value) == 3) {
      answers[name] = answer;
    }
    if (pclose(pipe) != 0) answers.clear();
    return answers;
  }

 private:
  struct scratch_directory {
    scratch_directory() {
      std::string name = (std::filesystem::temp_directory_path() / "benchmark.XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("other_program: a directory must be made, got none at " + name);
      }
      path = name;
    }
    scratch_directory(const scratch_directory&) = delete;
    scratch_directory& operator=(const scratch_directory&) = delete;
    ~scratch_directory() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
  };

  std::string interpreter_;
  std::string suffix_;
  std::string script_;
};

}  // namespace support
