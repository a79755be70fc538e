// What hash_key promises: these values for ever, evenly spread, and independent from seed to seed.

#include <hotswap/serving/key_hash.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using hotswap::hash_key;
using hotswap::hash_seed;

namespace {

/// What identifiers look like: of one length and of several, text and bytes, close together and
/// not.
std::vector<std::string> keys_of(std::string_view format, int count) {
  std::mt19937_64 random{20260101};
  std::vector<std::string> keys;
  keys.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    std::array<char, 40> text{};
    int size = 0;
    if (format == "user-%011d") {
      size = std::snprintf(text.data(), text.size(), "user-%011d", i);
    } else if (format == "%d") {
      size = std::snprintf(text.data(), text.size(), "%d", i);
    } else if (format == "%016d") {
      size = std::snprintf(text.data(), text.size(), "%016d", i);
    } else if (format == "little-endian counter") {
      size = 8;
      for (std::size_t byte = 0; byte < 4; ++byte) {
        text[byte] = static_cast<char>(static_cast<unsigned>(i) >> (8U * byte) & 0xffU);
      }
    } else {  // UUID version 7: a time in milliseconds, then random
      size = std::snprintf(text.data(), text.size(), "0190a5f0-%04x-7%03x-%04x-%012llx", i >> 10,
                           static_cast<unsigned>(random() & 0xfffU),
                           static_cast<unsigned>(random() & 0xffffU),
                           static_cast<unsigned long long>(random() >> 16U));
    }
    keys.emplace_back(text.data(), static_cast<std::size_t>(size));
  }
  return keys;
}

/// (chi-square - degrees of freedom) / sqrt(2 degrees of freedom): standard normal if the cells of
/// the table are hit equally often.
double excess(const std::vector<int>& table, std::size_t keys) {
  const double expected = static_cast<double>(keys) / static_cast<double>(table.size());
  double chi_square = 0.0;
  for (const int count : table) chi_square += (count - expected) * (count - expected) / expected;
  const double degrees_of_freedom = static_cast<double>(table.size()) - 1.0;
  return (chi_square - degrees_of_freedom) / std::sqrt(2.0 * degrees_of_freedom);
}

std::size_t bucket(std::uint64_t hash, std::size_t buckets) {
  return static_cast<std::size_t>((hash >> 32U) * buckets >> 32U);
}

}  // namespace

TEST_CASE("key_hash: the published vectors, which another implementation must meet",
          "[serving][key_hash][oracle]") {
  struct vector {
    std::string_view key;
    std::uint64_t without_salt;
    std::uint64_t with_salt;  // "fraud~17"
  };
  using namespace std::string_view_literals;
  constexpr std::array vectors{
      vector{"", 0xe3de6b5947fa009f, 0x411a98b0e657b896},
      vector{"a", 0xabe69d0b7bff5dbf, 0x331f1cbac273a3a1},
      vector{"ab", 0xd9fb0fde6ba62d17, 0xe21045a12da19bd4},
      vector{"abc", 0x9a494df0b3fd07d0, 0x21a3e251356d2b9f},
      vector{"user", 0x4d87e5d3cbb29b3c, 0xd8155a92c2d97355},
      vector{"user-42", 0xb772be2d17e68279, 0x569d944d394f698e},
      vector{"user-042", 0xf9fcc390c22c06eb, 0x359db1dd741792c9},
      vector{"user-00000000042", 0x271d2c46b5285453, 0x6b120efa74a053f6},
      vector{"user-000000000042", 0x214e6d9b8c62a50d, 0x43fae16d5d24567c},
      vector{"0123456789abcdef0123456789abcdef", 0xfd05007d6b520df7, 0x75c3dc402b0de318},
      vector{"0123456789abcdef0123456789abcdef0", 0x5ef11aa5b521921b, 0x2844fb0b93e4dda9},
      vector{"\xff\0\x80\xfe caf\xc3\xa9"sv, 0xe1bb81420de71552, 0xf4958f2292c15d34},
  };

  static_assert(hash_seed("") == 0x0e8ccdc60a43cf38);
  static_assert(hash_seed("fraud~17") == 0xec4996c0a85a5aaf);
  for (const auto& [key, without_salt, with_salt] : vectors) {
    CAPTURE(key);
    CHECK(hash_key(key, hash_seed("")) == without_salt);
    CHECK(hash_key(key, hash_seed("fraud~17")) == with_salt);
  }
  CHECK(hash_key(std::string(100, 'x'), hash_seed("")) == 0x2a3072cb995e6183);
}

TEST_CASE("key_hash: every byte of a key and of a salt matters, whatever its length",
          "[serving][key_hash]") {
  for (std::size_t size = 1; size <= 70; ++size) {
    const std::string key(size, 'k');
    for (std::size_t at = 0; at < size; ++at) {
      CAPTURE(size, at);
      std::string other = key;
      other[at] = 'K';
      CHECK(hash_key(other, hash_seed("")) != hash_key(key, hash_seed("")));
      CHECK(hash_seed(other) != hash_seed(key));
    }
    CHECK(hash_key(key, hash_seed("")) != hash_key(key + "k", hash_seed("")));
  }
}

TEST_CASE("key_hash: keys are spread evenly, and independently of those with another salt",
          "[serving][key_hash][calibration]") {
  constexpr std::size_t tables = 20;
  for (const auto* format :
       {"user-%011d", "%d", "%016d", "little-endian counter", "UUID version 7"}) {
    CAPTURE(format);
    const std::vector<std::string> keys = keys_of(format, 200'000);

    for (const auto* salt : {"fraud~17", "b"}) {
      CAPTURE(salt);
      std::vector<int> shares(100);
      std::vector<int> pairs(tables * tables);
      for (const std::string& key : keys) {
        const std::uint64_t hash = hash_key(key, hash_seed(salt));
        const std::uint64_t first = hash_key(key, hash_seed("fraud~16"));
        ++shares[bucket(hash, shares.size())];
        ++pairs[bucket(first, tables) * tables + bucket(hash, tables)];
      }

      CHECK(std::abs(excess(shares, keys.size())) < 4.0);
      CHECK(std::abs(excess(pairs, keys.size())) < 4.0);
    }
  }
}
