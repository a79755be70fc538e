#pragma once

/// @file
/// The servers that requests go to, and which of them gets a request, by its key.
///
///     const hotswap::rotation<fraud_model> rotation{{first, second}, epoch};
///     hotswap::deployment<fraud_model>& target = *rotation.pick("user-42").at;
///
/// Sources
///   D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM
///   Transactions on Networking 6 (1998), 1-14: the highest random weight.

#include <hotswap/serving/deployment.hpp>
#include <hotswap/serving/key_hash.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Never changes, so that any thread may use it while the next one is made.
template <typename Model>
class rotation {
 public:
  struct server {
    std::uint32_t index;  // among all of the fleet
    std::uint64_t seed;   // its own, for good
    deployment<Model>* at;
  };

  /// @param servers  at least one
  rotation(std::vector<server> servers, std::uint32_t epoch)
      : servers_(std::move(servers)), epoch_(epoch) {}

  /// Spreads keys evenly. While a key's server is in rotation, it gets no other; a server that
  /// leaves gives its keys to all that stay, and has them again when it is back. One hash a server.
  [[nodiscard]] const server& pick(std::string_view key) const noexcept {
    const server* chosen = &servers_.front();
    std::uint64_t highest = 0;
    for (const server& each : servers_) {
      const std::uint64_t weight = hash_key(key, each.seed);
      if (weight < highest) continue;
      highest = weight;
      chosen = &each;
    }
    return *chosen;
  }

  [[nodiscard]] const std::vector<server>& servers() const noexcept { return servers_; }
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

 private:
  std::vector<server> servers_;
  std::uint32_t epoch_;
};

}  // namespace hotswap::inline v0_1
