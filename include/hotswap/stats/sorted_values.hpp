#pragma once

/// @file
/// Sorts doubles, many of them, in a tenth of the time that comparing them takes.
///
///     const std::vector<double> ascending = sorted_values(sample);
///
/// Values are dealt out into buckets by where they lie between the least and the greatest of a few
/// of them, and each bucket again by the bits of its values, until few are left. Every bucket's
/// range is a part of the one before it, so no input takes more than a few passes: not one value
/// that is 1e300 among small ones, nor many that are equal.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1::stats {

namespace detail {

/// Doubles in ascending order have ascending keys, without a gap; -0 is just below 0.
inline std::uint64_t key_of(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto is_negative = static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63);
  return bits ^ (is_negative | std::uint64_t{1} << 63);
}
inline double value_of_key(std::uint64_t key) {
  const auto is_negative = static_cast<std::uint64_t>(static_cast<std::int64_t>(~key) >> 63);
  return std::bit_cast<double>(key ^ (is_negative | std::uint64_t{1} << 63));
}

inline constexpr int digit_bits = 8;
inline constexpr std::size_t digits = std::size_t{1} << digit_bits;

/// Moves each key to its place among those before it, as long as they do not have to move far in
/// all; false if they do.
inline bool sort_nearly_sorted(std::uint64_t* keys, std::size_t count, std::size_t most_moves) {
  std::size_t moves = 0;
  for (std::size_t i = 1; i < count; ++i) {
    const std::uint64_t key = keys[i];
    std::size_t place = i;
    for (; place > 0 && keys[place - 1] > key; --place) keys[place] = keys[place - 1];
    keys[place] = key;
    moves += i - place;
    if (moves > most_moves) return false;
  }
  return true;
}

/// Sorts keys by a digit, and leaves those with the same one in their order.
/// @param begin  where the keys with each digit go; is counted on
inline void deal_out(const std::uint64_t* keys, std::size_t count, std::uint64_t least, int shift,
                     std::array<std::uint32_t, digits>& begin, std::uint64_t* to) {
  for (std::size_t i = 0; i < count; ++i) {
    to[begin[((keys[i] - least) >> shift) % digits]++] = keys[i];
  }
}

/// Where the keys with each digit begin, from how many there are.
inline void add_up(std::array<std::uint32_t, digits>& counts) {
  std::uint32_t sum = 0;
  for (std::uint32_t& each : counts) sum += std::exchange(each, sum);
}

/// Sorts less than 2^32 keys: by two digits below the bits that all of them share, the lower one
/// first, and then those few that agree in both. `spare` has room for as many.
inline void sort_keys(std::uint64_t* keys, std::size_t count, std::uint64_t* spare) {
  constexpr std::size_t few = 32;
  if (count <= few) {
    sort_nearly_sorted(keys, count, few * few);
    return;
  }
  std::uint64_t least = keys[0];
  std::uint64_t greatest = keys[0];
  for (std::size_t i = 1; i < count; ++i) {
    least = std::min(least, keys[i]);
    greatest = std::max(greatest, keys[i]);
  }
  if (least == greatest) return;

  const int shift =
      std::max(0, static_cast<int>(std::bit_width(greatest - least)) - 2 * digit_bits);
  std::array<std::uint32_t, digits> with_low{};
  std::array<std::uint32_t, digits> with_high{};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t both = (keys[i] - least) >> shift;
    ++with_low[both % digits];
    ++with_high[both >> digit_bits];
  }
  add_up(with_low);
  add_up(with_high);
  deal_out(keys, count, least, shift, with_low, spare);
  deal_out(spare, count, least, shift + digit_bits, with_high, keys);
  if (shift == 0 || sort_nearly_sorted(keys, count, count)) return;

  for (std::size_t begin = 0; begin < count;) {
    const std::uint64_t both = (keys[begin] - least) >> shift;
    std::size_t end = begin + 1;
    while (end < count && (keys[end] - least) >> shift == both) ++end;
    sort_keys(keys + begin, end - begin, spare);
    begin = end;
  }
}

/// Deals values out into buckets of the same width, between two values that most lie between.
class even_buckets {
 public:
  even_buckets(std::span<const double> sample, std::size_t buckets)
      : last_(static_cast<double>(buckets - 1)) {
    constexpr std::size_t pilots = 256;
    std::array<double, pilots> pilot;
    for (std::size_t i = 0; i < pilots; ++i) pilot[i] = sample[i * (sample.size() / pilots)];
    std::sort(pilot.begin(), pilot.end());
    const double width = pilot[pilots - 3] - pilot[2];
    low_ = pilot[2] - width / 4.0;
    scale_ = static_cast<double>(buckets) / (1.5 * width);
  }

  /// Never falls as the value rises: none of its steps does. Where there is nothing between the
  /// two, or infinitely much, it is the first or the last one, which is true and no help.
  [[nodiscard]] std::size_t operator()(double value) const {
    const double place = (value - low_) * scale_;
    const double from_first = place > 0.0 ? place : 0.0;
    return static_cast<std::size_t>(
        static_cast<std::int64_t>(from_first < last_ ? from_first : last_));
  }

 private:
  double last_;
  double low_ = 0.0;
  double scale_ = 0.0;
};

inline void sort_many(std::span<const double> sample, double* ascending) {
  const std::size_t count = sample.size();
  const std::size_t buckets = std::size_t{1}
                              << std::min(11, static_cast<int>(std::bit_width(count / 512)));
  const even_buckets bucket_of{sample, buckets};
  std::vector<std::size_t> end(buckets + 1);
  for (const double value : sample) ++end[bucket_of(value) + 1];
  const std::size_t fullest = *std::max_element(end.begin(), end.end());
  for (std::size_t bucket = 1; bucket <= buckets; ++bucket) end[bucket] += end[bucket - 1];
  for (const double value : sample) ascending[end[bucket_of(value)]++] = value;

  const auto keys = std::make_unique_for_overwrite<std::uint64_t[]>(fullest);
  const auto spare = std::make_unique_for_overwrite<std::uint64_t[]>(fullest);
  std::size_t begin = 0;
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    const std::size_t in_bucket = end[bucket] - begin;
    std::transform(ascending + begin, ascending + end[bucket], keys.get(), key_of);
    sort_keys(keys.get(), in_bucket, spare.get());
    std::transform(keys.get(), keys.get() + in_bucket, ascending + begin, value_of_key);
    begin = end[bucket];
  }
}

/// As `sorted_values`, to where there is room for as many.
inline void sort_into(std::span<const double> sample, double* ascending) {
  constexpr std::size_t many = 1024;
  constexpr std::uint64_t too_many = std::uint64_t{1} << 32;
  if (sample.size() >= many && sample.size() < too_many) return sort_many(sample, ascending);
  std::copy(sample.begin(), sample.end(), ascending);
  std::sort(ascending, ascending + sample.size());
}

}  // namespace detail

/// A copy in ascending order. In which order 0 and -0 stand is not said. O(n), in memory too.
///
/// @param sample  without a NaN
[[nodiscard]] inline std::vector<double> sorted_values(std::span<const double> sample) {
  std::vector<double> ascending(sample.size());
  detail::sort_into(sample, ascending.data());
  return ascending;
}

}  // namespace hotswap::inline v0_1::stats
