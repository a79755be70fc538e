#pragma once

/// @file
/// The hash by which a request's key chooses its arm: the same on every machine, in every build and
/// in every process, so that a user keeps the version after a restart and on another host.
///
///     const std::uint64_t seed = hotswap::hash_seed("fraud~17");
///     const std::uint64_t place = hotswap::hash_key("user-42", seed);
///
/// Its definition is these 60 lines and the vectors in tests/serving/test_key_hash.cpp: it must not
/// change within a major version. The structure is that of
///   rapidhash, N. De Carli, https://github.com/Nicoshev/rapidhash (from wyhash, Wang Yi),
/// two 64 × 64 → 128 bit multiplications for a short key; its values are not rapidhash's.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hotswap::inline v0_1 {

namespace detail {

// rapidhash's constants: odd-looking words with as many ones as zeros
inline constexpr std::uint64_t hash_words[] = {0x2d358dccaa6c78a5U, 0x8bb84b93962eacc9U,
                                               0x4b33a62ed433d4a3U};

struct product {
  std::uint64_t low;
  std::uint64_t high;
};

/// By halves of 32 bits, since C++ has no type for 128; a compiler's own would be an extension.
constexpr product multiply(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t a_low = a & 0xffffffffU;
  const std::uint64_t a_high = a >> 32U;
  const std::uint64_t b_low = b & 0xffffffffU;
  const std::uint64_t b_high = b >> 32U;

  const std::uint64_t first = a_low * b_low;
  const std::uint64_t second = a_high * b_low + (first >> 32U);         // cannot overflow
  const std::uint64_t third = a_low * b_high + (second & 0xffffffffU);  // nor this
  return {(third << 32U) | (first & 0xffffffffU),
          a_high * b_high + (second >> 32U) + (third >> 32U)};
}

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const product wide = multiply(a, b);
  return wide.low ^ wide.high;
}

/// Little-endian on every machine; compilers make one load of it.
constexpr std::uint64_t read_bytes(std::string_view key, std::size_t at, unsigned count) noexcept {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < count; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(key[at + i])} << (8U * i);
  }
  return word;
}

}  // namespace detail

/// Uniform in all 64 bits, and independent for different seeds: the seed enters before the mixing.
/// @param seed  from `hash_seed`. Who knows it can find keys that collide.
[[nodiscard]] constexpr std::uint64_t hash_key(std::string_view key, std::uint64_t seed) noexcept {
  const std::size_t size = key.size();
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  if (size >= 8) {
    for (std::size_t at = 0; size - at > 16; at += 16) {
      seed = detail::mix(detail::read_bytes(key, at, 8) ^ detail::hash_words[2],
                         detail::read_bytes(key, at + 8, 8) ^ seed);
    }
    first = detail::read_bytes(key, size > 16 ? size - 16 : 0, 8);
    last = detail::read_bytes(key, size - 8, 8);
  } else if (size >= 4) {
    first = detail::read_bytes(key, 0, 4);
    last = detail::read_bytes(key, size - 4, 4);
  } else if (size > 0) {
    first = detail::read_bytes(key, 0, 1) | detail::read_bytes(key, size / 2, 1) << 8U |
            detail::read_bytes(key, size - 1, 1) << 16U;
  }
  const detail::product wide = detail::multiply(first ^ detail::hash_words[1], last ^ seed);
  return detail::mix(wide.low ^ detail::hash_words[0] ^ size, wide.high ^ detail::hash_words[1]);
}

/// The seed of an experiment, from its salt; to be computed once for each split, not for each key.
[[nodiscard]] constexpr std::uint64_t hash_seed(std::string_view salt) noexcept {
  return hash_key(salt, 0x9e3779b97f4a7c15U);  // 0 would let salts of up to 3 bytes collide
}

}  // namespace hotswap::inline v0_1
