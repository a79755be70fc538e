#pragma once

/// @file
/// The buckets of a `quantile_sketch`, counted by several threads, each in a row of its own.
///
///     hotswap::latency_counters latencies{rows};
///     latencies.add(row, 3ms);                        // one thread a row at a time: no lock
///     hotswap::latency_counters::sum all{};
///     for (std::size_t row = 0; row < rows; ++row) latencies.add_row(row, all);
///     const auto sketch = hotswap::stats::quantile_sketch::from_counts(0, all);

#include <hotswap/stats/quantile_sketch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace hotswap::inline v0_1 {

/// Counts only up. All memory is asked for at once, as zeros, so that counting never allocates. It
/// is 16 KB a row, but systems that hand out zeros page by page keep only the pages that were
/// written to: 4 KB for latencies within three octaves.
class latency_counters {
 public:
  using sum = std::array<std::uint64_t, stats::quantile_sketch::bucket_count>;

  /// @throws std::bad_alloc  if there is no memory.
  explicit latency_counters(std::size_t rows)
      : counts_(static_cast<std::uint64_t*>(
            std::calloc(rows * row_size, sizeof(std::uint64_t)))) {  // NOLINT: see above
    if (!counts_) throw std::bad_alloc{};
  }

  /// By one thread at a time for each row. A latency below 0 counts as 0.
  void add(std::size_t row, std::chrono::nanoseconds latency) noexcept {
    const auto value = static_cast<std::uint64_t>(latency.count() < 0 ? 0 : latency.count());
    const std::atomic_ref count{at(row, stats::quantile_sketch::bucket_of_nanoseconds(value))};
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  /// By any thread: everything that was added to the row before, and no bucket less than the last
  /// time.
  void add_row(std::size_t row, sum& to) const noexcept {
    for (std::size_t bucket = 0; bucket < to.size(); ++bucket) {
      to[bucket] += std::atomic_ref{at(row, bucket)}.load(std::memory_order_relaxed);
    }
  }

 private:
  // whole cache lines, so that threads share as few as possible
  static constexpr std::size_t row_size = (stats::quantile_sketch::bucket_count + 7) / 8 * 8;

  struct release {
    void operator()(std::uint64_t* memory) const noexcept { std::free(memory); }  // NOLINT
  };

  std::uint64_t& at(std::size_t row, std::size_t bucket) const noexcept {
    return counts_.get()[row * row_size + bucket];
  }

  std::unique_ptr<std::uint64_t[], release> counts_;
};

}  // namespace hotswap::inline v0_1
