#pragma once

/// @file
/// What one version has done so far, counted by many threads at once.
///
///     counters.record({.latency = 3ms});               // any thread
///     const hotswap::metrics_snapshot so_far = counters.totals();
///
/// Each thread counts in a cell of its own, so recording needs neither a lock nor an atomic
/// read-modify-write, and threads do not wait for each other.

#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/serving/latency_counters.hpp>
#include <hotswap/serving/outcome.hpp>
#include <hotswap/serving/thread_slot.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/quantile_sketch.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>

namespace hotswap::inline v0_1 {

/// Counts only up, and loses nothing. 8 KB, and for the distribution 4 to 16 KB for each thread
/// that records (see `latency_counters`).
class version_counters {
 public:
  version_counters() = default;
  version_counters(const version_counters&) = delete;
  version_counters& operator=(const version_counters&) = delete;

  /// One request that has ended. A latency below 0 counts as 0.
  void record(const outcome& request) noexcept {
    write([&](cell& mine, std::size_t row) { mine.add(request, latencies_, row); });
  }

  /// What a request's answer was worth, once it is known; the request itself is not counted again.
  void record_label(bool correct) noexcept {
    write([correct](cell& mine, std::size_t) { mine.add_label(correct); });
  }

  /// Everything that was recorded before, and each request either as a whole or not at all; but the
  /// distribution may be ahead by those latencies that were recorded while it was read.
  [[nodiscard]] metrics_snapshot totals() const {
    metrics_snapshot sum;
    stats::proportion accuracy;
    stats::moments latency;
    latency_counters::sum distribution{};
    for (std::size_t slot = 0; slot < cells_.size(); ++slot) {
      const counts seen = cells_[slot].read();
      sum.requests += seen.requests;
      sum.errors += seen.errors;
      accuracy += stats::proportion{seen.correct, seen.labelled};
      if (seen.latency.count == 0) continue;
      latency += stats::moments::from_raw(seen.latency);
      latencies_.add_row(slot, distribution);
    }
    if (accuracy.trials() > 0) sum.accuracy = accuracy;
    if (latency.count() > 0) {
      sum.latency = latency;
      sum.latency_distribution = stats::quantile_sketch::from_counts(0, distribution);
    }
    return sum;
  }

 private:
  struct counts {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;
    std::uint64_t labelled = 0;
    std::uint64_t correct = 0;
    stats::moments::raw_state latency;
  };

  /// Written by one thread at a time. `turn_` is odd while it writes; a reader that sees another
  /// turn after its reading than before has seen half a request, and reads again.
  class alignas(64) cell {
   public:
    void add(const outcome& request, latency_counters& distribution, std::size_t row) noexcept {
      const std::uint64_t turn = begin();
      increment(requests_);
      if (request.error) {
        increment(errors_);
      } else if (request.latency) {
        distribution.add(row, *request.latency);  // before the turn ends: who sees that, sees this
        add_latency(*request.latency);
      }
      if (request.correct) count_label(*request.correct);
      end(turn);
    }

    void add_label(bool correct) noexcept {
      const std::uint64_t turn = begin();
      count_label(correct);
      end(turn);
    }

    [[nodiscard]] counts read() const noexcept {
      while (true) {
        const std::uint64_t before = turn_.load(std::memory_order_acquire);
        counts seen;
        seen.requests = requests_.load(std::memory_order_acquire);
        seen.errors = errors_.load(std::memory_order_acquire);
        seen.labelled = labelled_.load(std::memory_order_acquire);
        seen.correct = correct_.load(std::memory_order_acquire);
        seen.latency.count = latencies_.load(std::memory_order_acquire);
        seen.latency.origin = origin_.load(std::memory_order_acquire);
        seen.latency.mean_distance = mean_distance_.load(std::memory_order_acquire);
        seen.latency.squared_deviations = squared_deviations_.load(std::memory_order_acquire);
        const std::uint64_t after = turn_.load(std::memory_order_relaxed);
        if (before == after && before % 2 == 0) return seen;
        std::this_thread::yield();  // the writer may need this core to end its turn
      }
    }

   private:
    // Released by each store below: whoever sees one of them sees the turn as begun.
    std::uint64_t begin() noexcept {
      const std::uint64_t turn = turn_.load(std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_relaxed);
      return turn;
    }
    void end(std::uint64_t turn) noexcept { turn_.store(turn + 2, std::memory_order_release); }

    template <typename T>
    static void set(std::atomic<T>& field, T value) noexcept {
      field.store(value, std::memory_order_release);
    }
    static void increment(std::atomic<std::uint64_t>& field) noexcept {
      set(field, field.load(std::memory_order_relaxed) + 1);
    }

    void count_label(bool correct) noexcept {
      increment(labelled_);
      if (correct) increment(correct_);
    }

    void add_latency(std::chrono::nanoseconds latency) noexcept {
      const double seconds = std::chrono::duration<double>(latency).count();
      stats::moments sum = stats::moments::from_raw(
          {.count = latencies_.load(std::memory_order_relaxed),
           .origin = origin_.load(std::memory_order_relaxed),
           .mean_distance = mean_distance_.load(std::memory_order_relaxed),
           .squared_deviations = squared_deviations_.load(std::memory_order_relaxed)});
      sum.add(seconds < 0.0 ? 0.0 : seconds);
      set(latencies_, sum.raw().count);
      set(origin_, sum.raw().origin);
      set(mean_distance_, sum.raw().mean_distance);
      set(squared_deviations_, sum.raw().squared_deviations);
    }

    std::atomic<std::uint64_t> turn_{0};
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> errors_{0};
    std::atomic<std::uint64_t> labelled_{0};
    std::atomic<std::uint64_t> correct_{0};
    std::atomic<std::uint64_t> latencies_{0};
    std::atomic<double> origin_{0.0};
    std::atomic<double> mean_distance_{0.0};
    std::atomic<double> squared_deviations_{0.0};
  };

  template <typename Write>
  void write(Write add) noexcept {
    const std::size_t slot = thread_slot();
    if (slot < thread_slots) {
      add(cells_[slot], slot);
    } else {
      const std::lock_guard lock{shared_cell_};
      add(cells_[thread_slots], thread_slots);
    }
  }

  std::array<cell, thread_slots + 1> cells_;
  latency_counters latencies_{thread_slots + 1};  // a row for each cell
  std::mutex shared_cell_;
};

}  // namespace hotswap::inline v0_1
