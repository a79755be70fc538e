#pragma once

/// @file
/// A value whose constructions and destructions are counted, so that one too few and one too many
/// are both seen, without a sanitizer.

#include <atomic>

/// Each test that uses it begins and ends with `counted::alive() == 0`. A double destruction leaves
/// -1, a leak 1.
class counted {
 public:
  counted() noexcept { ++alive_; }
  explicit counted(int held) noexcept : value(held) { ++alive_; }
  counted(const counted& other) noexcept : value(other.value) {
    ++alive_;
    ++copies_;
  }
  counted(counted&& other) noexcept : value(other.value) { ++alive_; }
  counted& operator=(const counted& other) noexcept {
    value = other.value;
    ++copies_;
    return *this;
  }
  counted& operator=(counted&& other) noexcept {
    value = other.value;
    return *this;
  }
  ~counted() { --alive_; }

  [[nodiscard]] static int alive() noexcept { return alive_; }
  [[nodiscard]] static int copies() noexcept { return copies_; }

  int value = 0;

 private:
  static inline std::atomic<int> alive_{0};
  static inline std::atomic<int> copies_{0};
};
