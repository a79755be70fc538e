#pragma once

/// @file
/// A split made ready for requests: 10 000 slots, each the property of one arm.
///
///     const hotswap::split_plan plan{{{0, 7'500}, {1, 2'500}}, hotswap::hash_seed("fraud~17"), 3};
///     const hotswap::arm chosen = plan.pick("user-42");
///
/// A key falls into a slot by its hash, so a share is exact to a basis point, and any set of slots
/// costs the same. Of two splits with one salt, the later takes only those slots from an arm that
/// its share has lost: no user moves without need.

#include <hotswap/core/error.hpp>
#include <hotswap/serving/arm.hpp>
#include <hotswap/serving/key_hash.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hotswap::inline v0_1 {

/// Immutable. Two arms with one salt lie the same however they came there: the candidate has the
/// lowest slots, so that another process, or this one after a restart, sends every user the same
/// way. With more arms, where a slot lies depends on the splits before.
class split_plan {
 public:
  static constexpr std::size_t slots = 10'000;

  struct part {
    std::uint32_t arm = 0;
    std::size_t slots = 0;
  };

  /// @param parts     the baseline first; different arms, and `slots` slots in all
  /// @param previous  the plan from which as few slots as possible change hands; if its seed is
  ///                  another one there is nothing to keep
  /// @throws config_error  for more than 256 arms.
  split_plan(const std::vector<part>& parts, std::uint64_t seed, std::uint32_t epoch,
             const split_plan* previous = nullptr)
      : seed_(seed), epoch_(epoch) {
    if (parts.size() > 256) {
      throw config_error("", "split_plan: versions in one split must be at most 256, got " +
                                 std::to_string(parts.size()));
    }
    for (const part& each : parts) arms_.push_back(each.arm);
    std::vector<std::size_t> owners(slots, nobody);
    if (previous != nullptr && previous->seed_ == seed) keep_owners(*previous, owners);
    release_excess(parts, owners);
    give_free(parts, owners);
    std::transform(owners.begin(), owners.end(), owners_.begin(),
                   [](std::size_t owner) { return static_cast<std::uint8_t>(owner); });
  }

  [[nodiscard]] arm pick(std::string_view key) const noexcept {
    const std::uint64_t place = hash_key(key, seed_) >> 32U;
    return {arms_[owners_[place * slots >> 32U]], epoch_};
  }

  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

 private:
  static constexpr std::size_t nobody = 256;

  void keep_owners(const split_plan& previous, std::vector<std::size_t>& owners) const {
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::uint32_t owner = previous.arms_[previous.owners_[slot]];
      const auto found = std::find(arms_.begin(), arms_.end(), owner);
      if (found != arms_.end()) owners[slot] = static_cast<std::size_t>(found - arms_.begin());
    }
  }

  /// The baseline gives its lowest slots away and everybody else their highest, so that a candidate
  /// that rises and falls goes over the same slots both ways.
  static void release_excess(const std::vector<part>& parts, std::vector<std::size_t>& owners) {
    std::vector<std::size_t> excess;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto has = static_cast<std::size_t>(std::count(owners.begin(), owners.end(), i));
      excess.push_back(has - std::min(has, parts[i].slots));
    }
    for (std::size_t& owner : owners) {
      if (owner == 0 && excess[0] > 0) release(owner, excess);
    }
    for (auto owner = owners.rbegin(); owner != owners.rend(); ++owner) {
      if (*owner != 0 && *owner != nobody && excess[*owner] > 0) release(*owner, excess);
    }
  }

  static void release(std::size_t& owner, std::vector<std::size_t>& excess) {
    --excess[owner];
    owner = nobody;
  }

  /// The lowest free slots to the candidates in their order, what is left to the baseline.
  static void give_free(const std::vector<part>& parts, std::vector<std::size_t>& owners) {
    auto free = owners.begin();
    for (std::size_t i = 1; i <= parts.size(); ++i) {
      const std::size_t taker = i % parts.size();
      const auto has = static_cast<std::size_t>(std::count(owners.begin(), owners.end(), taker));
      for (std::size_t missing = parts[taker].slots - has; missing > 0; --missing) {
        free = std::find(free, owners.end(), nobody);
        *free = taker;
      }
    }
  }

  std::uint64_t seed_;
  std::uint32_t epoch_;
  std::vector<std::uint32_t> arms_;
  std::array<std::uint8_t, slots> owners_{};
};

}  // namespace hotswap::inline v0_1
