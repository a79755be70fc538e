#pragma once

/// @file
/// A list that one thread extends while others read it without a lock: elements never move.
///
///     hotswap::stable_list<hotswap::model_version> versions;
///     const std::size_t index = versions.emplace_back("fraud", "2");
///     publish(index);  // whoever learns the index by an acquire may read versions[index]

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace hotswap::inline v0_1 {

/// Blocks of 8, 16, 32, … elements, so that an index finds its place in a few instructions.
template <typename T>
class stable_list {
 public:
  stable_list() = default;
  stable_list(const stable_list&) = delete;
  stable_list& operator=(const stable_list&) = delete;

  /// By one thread at a time. Returns the index of the new element.
  /// @throws std::length_error  after half a billion elements.
  template <typename... Arguments>
  std::size_t emplace_back(Arguments&&... arguments) {
    const place where = place_of(size_);
    if (where.block >= blocks_.size()) throw std::length_error("stable_list: is full");
    if (!owners_[where.block]) {
      owners_[where.block] = std::make_unique<std::optional<T>[]>(first_block << where.block);
      blocks_[where.block].store(owners_[where.block].get(), std::memory_order_release);
    }
    owners_[where.block][where.offset].emplace(std::forward<Arguments>(arguments)...);
    return size_++;
  }

  /// By the thread that extends it.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// By any thread that has synchronised with the return of the `emplace_back` of this index; of no
  /// other index.
  [[nodiscard]] T& operator[](std::size_t index) noexcept { return slot(index).value(); }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept {
    return slot(index).value();
  }

 private:
  static constexpr std::size_t first_block = 8;

  struct place {
    std::size_t block;
    std::size_t offset;
  };

  static constexpr place place_of(std::size_t index) noexcept {
    const std::size_t shifted = index + first_block;
    const auto block = static_cast<std::size_t>(std::bit_width(shifted / first_block)) - 1;
    return {block, shifted - (first_block << block)};
  }

  std::optional<T>& slot(std::size_t index) const noexcept {
    const place where = place_of(index);
    return blocks_[where.block].load(std::memory_order_acquire)[where.offset];
  }

  std::array<std::unique_ptr<std::optional<T>[]>, 26> owners_;
  std::array<std::atomic<std::optional<T>*>, 26> blocks_{};
  std::size_t size_ = 0;
};

}  // namespace hotswap::inline v0_1
