#pragma once

/// @file
/// How one request went, measured by whoever served it.
///
///     lease.record({.latency = std::chrono::steady_clock::now() - started});

#include <chrono>
#include <optional>

namespace hotswap::inline v0_1 {

/// What was not measured is absent, and then counts nowhere.
struct outcome {
  std::optional<std::chrono::nanoseconds> latency{};  ///< counted if there was no error
  bool error = false;                                 ///< the service's, not the client's
  std::optional<bool> correct{};                      ///< if the label is known already
};

}  // namespace hotswap::inline v0_1
