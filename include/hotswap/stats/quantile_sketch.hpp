#pragma once

/// @file
/// The distribution of latencies, to a relative error of 2^-7, however many there are.
///
///     quantile_sketch latency;
///     latency.add(0.0125);                                  // seconds
///     latency += of_another_server;
///     const double p95 = latency.quantile(0.95);            // 0.0125, give or take 0.78 %
///     const auto of_this_minute = latency - a_minute_ago;
///
/// Sources
///   [HDR] G. Tene, HdrHistogram (2012): buckets that are linear within each octave, so that the
///         relative error has a bound and the bucket of a value needs no logarithm.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

/// So many values at or above a threshold: at least those whose bucket lies above it as a whole,
/// and at most these and those of the bucket that it cuts.
struct count_bounds {
  std::uint64_t at_least = 0;
  std::uint64_t at_most = 0;

  friend bool operator==(const count_bounds&, const count_bounds&) = default;
};

/// Counts per bucket: 64 to an octave between 1.024 us and 2^40 ns (18 min), 16 ns wide below, and
/// one for all that lies above. So sketches of different streams have the same buckets, and merging
/// loses nothing: the sketch of two samples is the sum of their sketches, in any order.
///
/// Memory is taken for the buckets between the least and the greatest value only: 8 bytes each, 5
/// KB for latencies from 1 ms to 1 s, none without values.
class quantile_sketch {
 public:
  static constexpr std::size_t bucket_count = 64 + 30 * 64 + 1;

  /// In which bucket a latency is counted. Six instructions; for recorders with counters of their
  /// own, which become a sketch by `from_counts`.
  [[nodiscard]] static constexpr std::size_t bucket_of_nanoseconds(std::uint64_t value) noexcept {
    if (value >= (std::uint64_t{1} << 40)) return bucket_count - 1;
    const int shift = value < 1024 ? 4 : static_cast<int>(std::bit_width(value)) - 7;
    return static_cast<std::size_t>(shift - 4) * 64 + static_cast<std::size_t>(value >> shift);
  }

  /// Where a bucket begins, in seconds; it ends where the next one begins, and the last one never.
  [[nodiscard]] static constexpr double lower_edge(std::size_t bucket) noexcept {
    return static_cast<double>(lower_nanoseconds(bucket)) / 1e9;
  }

  quantile_sketch() = default;

  /// The inverse of `first_bucket()` and `counts()`; zeros at either end do no harm.
  /// @throws std::invalid_argument  for counts of more buckets than there are.
  [[nodiscard]] static quantile_sketch from_counts(std::size_t first_bucket,
                                                   std::span<const std::uint64_t> counts) {
    if (first_bucket > bucket_count || counts.size() > bucket_count - first_bucket) {
      throw std::invalid_argument("quantile_sketch::from_counts: counts must be of buckets below " +
                                  std::to_string(bucket_count) + ", got " +
                                  std::to_string(counts.size()) + " from bucket " +
                                  std::to_string(first_bucket));
    }
    quantile_sketch result;
    result.first_ = first_bucket;
    result.counts_.assign(counts.begin(), counts.end());
    for (const std::uint64_t count : counts) result.count_ += count;
    result.trim();
    return result;
  }

  /// @param seconds  not below 0; above 2^40 ns it is only known to be so
  /// @throws std::invalid_argument  for a negative value or a NaN, and adds nothing.
  void add(double seconds) {
    if (!(seconds >= 0.0)) {
      throw std::invalid_argument("quantile_sketch: a value must not be below 0, got " +
                                  std::to_string(seconds));
    }
    const std::size_t bucket = bucket_of(seconds);
    cover(bucket, bucket + 1);
    ++counts_[bucket - first_];
    ++count_;
  }

  /// As if the values of `other` had been added one by one, exactly.
  quantile_sketch& operator+=(const quantile_sketch& other) {
    if (other.count_ == 0) return *this;
    const std::size_t offset = other.first_;  // `other` may be *this
    const std::size_t size = other.counts_.size();
    cover(offset, offset + size);
    for (std::size_t i = 0; i < size; ++i) counts_[offset + i - first_] += other.counts_[i];
    count_ += other.count_;
    return *this;
  }

  /// Takes away the values that an earlier snapshot of the same stream had already.
  /// @throws std::invalid_argument  for one that has more values in some bucket, so that it is not
  ///   an earlier one, and changes nothing.
  quantile_sketch& operator-=(const quantile_sketch& earlier) {
    for (std::size_t i = 0; i < earlier.counts_.size(); ++i) {
      const std::size_t bucket = earlier.first_ + i;
      if (earlier.counts_[i] > count_in(bucket)) {
        throw std::invalid_argument(
            "quantile_sketch: the earlier snapshot must have no more values in any bucket, got " +
            std::to_string(earlier.counts_[i]) + " against " + std::to_string(count_in(bucket)) +
            " in bucket " + std::to_string(bucket));
      }
    }
    const std::size_t offset = earlier.first_;
    count_ -= earlier.count_;
    for (std::size_t i = 0; i < earlier.counts_.size(); ++i) {
      if (earlier.counts_[i] > 0) counts_[offset + i - first_] -= earlier.counts_[i];
    }
    trim();
    return *this;
  }

  friend quantile_sketch operator+(quantile_sketch left, const quantile_sketch& right) {
    left += right;
    return left;
  }
  friend quantile_sketch operator-(quantile_sketch later, const quantile_sketch& earlier) {
    later -= earlier;
    return later;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The smallest value that at least the part `q` of the values does not exceed, in seconds; 0.5
  /// is the median, 0 the least value, 1 the greatest.
  ///
  /// Off by at most 2^-7 of it within the range of the sketch, and by at most 8 ns below. Of values
  /// above the range it says where the range ends. O(buckets between the least and the greatest).
  ///
  /// @throws std::invalid_argument  for `q` outside [0, 1].
  /// @throws std::domain_error  without values.
  [[nodiscard]] double quantile(double q) const {
    if (!(q >= 0.0 && q <= 1.0)) {
      throw std::invalid_argument("quantile_sketch: q must lie between 0 and 1, got " +
                                  std::to_string(q));
    }
    if (count_ == 0) {
      throw std::domain_error("quantile_sketch: a quantile must be of at least 1 value, got 0");
    }
    const double rank = std::ceil(q * static_cast<double>(count_));
    std::uint64_t seen = 0;
    std::size_t i = 0;
    while (i + 1 < counts_.size()) {
      seen += counts_[i];
      if (seen > 0 && static_cast<double>(seen) >= rank) break;
      ++i;
    }
    return representative(first_ + i);
  }

  /// Can `earlier` be a snapshot of the same stream, that is: has no bucket fewer values by now?
  [[nodiscard]] bool continues(const quantile_sketch& earlier) const noexcept {
    for (std::size_t i = 0; i < earlier.counts_.size(); ++i) {
      if (earlier.counts_[i] > count_in(earlier.first_ + i)) return false;
    }
    return true;
  }

  /// How many values are at or above a threshold, in seconds. Both bounds are exact at an edge.
  [[nodiscard]] count_bounds counts_from(double threshold) const noexcept {
    count_bounds result;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      const std::size_t bucket = first_ + i;
      if (lower_edge(bucket) >= threshold) result.at_least += counts_[i];
      if (bucket + 1 == bucket_count || !(lower_edge(bucket + 1) <= threshold)) {
        result.at_most += counts_[i];
      }
    }
    return result;
  }

  /// Of any bucket, 0 for those without values.
  [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const noexcept {
    return bucket < first_ || bucket - first_ >= counts_.size() ? 0 : counts_[bucket - first_];
  }

  /// That of the least value; 0 without values.
  [[nodiscard]] std::size_t first_bucket() const noexcept { return first_; }

  /// Of the buckets from the first with a value to the last one. Valid until the sketch changes.
  [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }

  /// Equal counts in all buckets.
  friend bool operator==(const quantile_sketch&, const quantile_sketch&) = default;

 private:
  static constexpr std::uint64_t lower_nanoseconds(std::size_t bucket) noexcept {
    if (bucket < 128) return std::uint64_t{bucket} * 16;
    return (std::uint64_t{bucket} % 64 + 64) << (bucket / 64 + 3);
  }

  /// The edges decide, and not a product that is rounded.
  static std::size_t bucket_of(double seconds) noexcept {
    if (seconds >= lower_edge(bucket_count - 1)) return bucket_count - 1;
    std::size_t bucket = bucket_of_nanoseconds(static_cast<std::uint64_t>(seconds * 1e9));
    if (seconds < lower_edge(bucket)) --bucket;
    if (seconds >= lower_edge(bucket + 1)) ++bucket;
    return bucket;
  }

  /// Above 1.024 us, the value with the same relative distance to both edges: at most 1/129.
  static double representative(std::size_t bucket) noexcept {
    const double lower = lower_edge(bucket);
    if (bucket + 1 == bucket_count) return lower;
    const double upper = lower_edge(bucket + 1);
    return bucket < 64 ? (lower + upper) / 2.0 : 2.0 * lower * (upper / (lower + upper));
  }

  /// Makes room for the buckets from `begin` to before `end`.
  void cover(std::size_t begin, std::size_t end) {
    if (counts_.empty()) first_ = begin;
    if (begin < first_) {
      counts_.insert(counts_.begin(), first_ - begin, 0);
      first_ = begin;
    }
    if (end - first_ > counts_.size()) counts_.resize(end - first_);
  }

  void trim() {
    while (!counts_.empty() && counts_.back() == 0) counts_.pop_back();
    const auto used = std::find_if(counts_.begin(), counts_.end(),
                                   [](std::uint64_t count) { return count != 0; });
    first_ = counts_.empty() ? 0 : first_ + static_cast<std::size_t>(used - counts_.begin());
    counts_.erase(counts_.begin(), used);
  }

  std::uint64_t count_ = 0;
  std::size_t first_ = 0;
  std::vector<std::uint64_t> counts_;  // neither begins nor ends with a 0
};

}  // namespace hotswap::inline v0_1::stats
