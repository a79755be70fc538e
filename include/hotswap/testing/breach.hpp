#pragma once

/// @file
/// The first promise that a simulated run has broken.
///
///     broken.of(4, "the baseline is removed before the rollout is committed");

#include <hotswap/testing/simulated_world.hpp>

#include <string>

namespace hotswap::inline v0_1 {

/// Tells its world's story of it. What is broken after it is a consequence, and is not kept.
class breach {
 public:
  explicit breach(simulated_world& world) : world_(world) {}

  /// @param invariant  its number, see `rollout_invariants`
  void of(int invariant, const std::string& how) {
    if (!text_.empty()) return;
    text_ = "invariant " + std::to_string(invariant) + ": " + how;
    world_.tell([&] { return "BREACH of " + text_; });
  }

  /// Empty if all is well.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  simulated_world& world_;
  std::string text_;
};

}  // namespace hotswap::inline v0_1
