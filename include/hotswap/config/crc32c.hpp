#pragma once

/// @file
/// A checksum that finds what a disk or a hand has changed in a record.
///
///     hotswap::crc32c("123456789");   // 0xE3069283
///
/// Sources: G. Castagnoli, S. Bräuer, M. Herrmann, "Optimization of cyclic redundancy-check codes
/// with 24 and 32 parity bits", IEEE Transactions on Communications 41 (1993), 883-892, for the
/// polynomial; RFC 3720, 12.1 and B.4, for its use and test vectors; P. Koopman, "32-bit cyclic
/// redundancy codes for Internet applications", DSN 2002, for what it finds.

#include <array>
#include <cstdint>
#include <string_view>

namespace hotswap::inline v0_1 {

namespace detail {

inline constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value >> 1U) ^ ((value & 1U) != 0 ? 0x82F63B78U : 0U);
    }
    table[i] = value;
  }
  return table;
}();

}  // namespace detail

/// Finds every change of up to 32 bits in a row, and of up to 3 bits anywhere in 250 MB. No defence
/// against somebody who changes the checksum as well.
///
/// @param before  the checksum of what precedes `text`.
[[nodiscard]] inline std::uint32_t crc32c(std::string_view text,
                                          std::uint32_t before = 0) noexcept {
  std::uint32_t value = ~before;
  for (const char letter : text) {
    value =
        (value >> 8U) ^ detail::crc32c_table[(value ^ static_cast<unsigned char>(letter)) & 0xFFU];
  }
  return ~value;
}

}  // namespace hotswap::inline v0_1
