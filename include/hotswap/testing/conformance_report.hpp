#pragma once

/// @file
/// How a platform is asked whether it keeps its promises, and what came of it.
///
///     hotswap::conformance_options options;
///     options.send_requests = [&](std::size_t requests) { … };

#include <hotswap/core/model_version.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// How a platform is asked. What is absent is not asked for, and the report says so.
class conformance_options {
 public:
  conformance_options() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// Sends so many requests, each of another user, and returns when they are answered and counted.
  /// The model must get no others meanwhile. Runs on the clock's thread.
  std::function<void(std::size_t requests)> send_requests;
  std::size_t requests = 2'000;                               ///< in each window
  std::chrono::nanoseconds window = std::chrono::seconds{1};  ///< at least as long as metrics lag
  std::chrono::nanoseconds limit = std::chrono::seconds{30};  ///< of each call
  std::optional<model_version> unknown;  ///< a version that the server cannot deploy
};

/// What came of it.
class conformance_report {
 public:
  conformance_report() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  std::vector<std::string> broken;     ///< a sentence for each promise that is not kept
  std::vector<std::string> unchecked;  ///< and for each that could not be asked about

  [[nodiscard]] bool conforms() const noexcept { return broken.empty(); }
};

}  // namespace hotswap::inline v0_1
