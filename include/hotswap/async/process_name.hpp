#pragma once

/// @file
/// A name that no other clock of any process has.

#include <chrono>
#include <cstdint>
#include <string>

namespace hotswap::inline v0_1::detail {

/// 16 hexadecimal digits. From the time, to the nanosecond, and from where `object` lies: processes
/// that start at the same instant place theirs elsewhere. Mixed by SplitMix64 (G. Steele, D. Lea,
/// C. Flood, OOPSLA 2014). No secret, and not to be guarded as one.
[[nodiscard]] inline std::string unlike_any_other(const void* object) {
  const auto wall = std::chrono::system_clock::now().time_since_epoch().count();
  const auto steady = std::chrono::steady_clock::now().time_since_epoch().count();
  auto bits = static_cast<std::uint64_t>(wall) * 0x9e3779b97f4a7c15U;
  bits ^= static_cast<std::uint64_t>(steady) ^ reinterpret_cast<std::uintptr_t>(object);
  bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
  bits ^= bits >> 31U;
  std::string digits;
  for (int shift = 60; shift >= 0; shift -= 4) {
    digits += "0123456789abcdef"[(bits >> static_cast<unsigned>(shift)) & 0xfU];
  }
  return digits;
}

}  // namespace hotswap::inline v0_1::detail
