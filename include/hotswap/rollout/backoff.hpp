#pragma once

/// @file
/// How long to wait before the next attempt: longer each time, and never all at once.
///
///     hotswap::backoff wait{1s, 30s, seed};
///     co_await hotswap::sleep_for(clock, wait.next());
///
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog (2015), "equal
/// jitter"; the random bits are SplitMix64 of G. Steele, D. Lea, C. Flood, OOPSLA 2014.

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace hotswap::inline v0_1 {

/// Doubles from `first` to `longest`; of each wait, the second half is left to chance. The same
/// seed gives the same waits.
class backoff {
 public:
  backoff(std::chrono::nanoseconds first, std::chrono::nanoseconds longest,
          std::uint64_t seed) noexcept
      : full_(std::min(first, longest)), longest_(longest), state_(seed) {}

  [[nodiscard]] std::chrono::nanoseconds next() noexcept {
    const std::chrono::nanoseconds half = full_ / 2;
    const double chance = static_cast<double>(next_bits() >> 11U) * 0x1p-53;
    full_ = full_ > longest_ / 2 ? longest_ : full_ * 2;
    return half + std::chrono::nanoseconds{
                      static_cast<std::int64_t>(chance * static_cast<double>(half.count()))};
  }

 private:
  std::uint64_t next_bits() noexcept {
    std::uint64_t bits = (state_ += 0x9e3779b97f4a7c15U);
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31U);
  }

  std::chrono::nanoseconds full_;
  std::chrono::nanoseconds longest_;
  std::uint64_t state_;
};

}  // namespace hotswap::inline v0_1
