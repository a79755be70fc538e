#pragma once

/// @file
/// Evidence summed over the windows at which a change may have begun, so that a late one is found.
///
///     start_windows<margin_sums> starts;
///     starts.add(sums_of_this_window);
///     starts.log_mean_e([&](const margin_sums& since) { return mixture.log_e(...); });
///
/// Whoever only accumulates goes blind: a candidate that was well for long has piled up evidence
/// that it is, which a regression must first use up.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace hotswap::inline v0_1::stats {

/// The sums since each of the kept starts. The start at window j = 1, 2, ... weighs 1 / (j (j +
/// 1)): these add up to less than 1, so that the weighted mean of e-values is one. When more than
/// `most` are kept, every second one of the older half is dropped, but never the first of all and
/// never a step's first. What is dropped is lost evidence, no lost validity.
///
/// @tparam Sums  a regular type with `+=` whose default is nothing
template <typename Sums>
class start_windows {
 public:
  /// @throws std::invalid_argument  for fewer than 2.
  explicit start_windows(std::size_t most = 64) : most_{most} {
    if (most < 2) {
      throw std::invalid_argument("start_windows: most must be at least 2, got " +
                                  std::to_string(most));
    }
  }

  /// The next window is the first of a step, at which load or traffic changes.
  void begin_step() noexcept { step_begins_ = true; }

  /// One more window, which is a new start, too.
  void add(const Sums& window) {
    ++windows_;
    const bool for_good = step_begins_ || windows_ == 1;
    starts_.push_back({windows_, for_good, Sums{}});
    if (step_begins_ || windows_ == 1) step_ = windows_;
    step_begins_ = false;
    if (starts_.size() > most_) thin();
    for (start& each : starts_) each.since += window;
  }

  /// The logarithm of the weighted mean; 0, which is no evidence, before the first window.
  /// @param log_e  of the sums since a start; may be minus infinity, but not NaN
  template <typename LogE>
  [[nodiscard]] double log_mean_e(LogE log_e) const {
    if (starts_.empty()) return 0.0;
    double greatest = -std::numeric_limits<double>::infinity();
    double total = 0.0;  // of the e-values divided by the greatest one
    for (const start& each : starts_) {
      const auto number = static_cast<double>(each.window);
      const double term = log_e(each.since) - std::log(number * (number + 1.0));
      if (term > greatest) {
        total = total * std::exp(greatest - term) + 1.0;
        greatest = term;
      } else if (total > 0.0) {
        total += std::exp(term - greatest);
      }
    }
    return total > 0.0 ? greatest + std::log(total) : greatest;
  }

  /// Since the first window.
  [[nodiscard]] Sums total() const { return starts_.empty() ? Sums{} : starts_.front().since; }

  /// Since the first window of this step; nothing after `begin_step` until the next window.
  [[nodiscard]] Sums of_step() const {
    if (step_begins_) return Sums{};
    for (const start& each : starts_) {
      if (each.window == step_) return each.since;
    }
    return Sums{};
  }

  [[nodiscard]] std::uint64_t windows() const noexcept { return windows_; }

  /// The numbers of the windows that are kept as starts, in their order.
  [[nodiscard]] std::vector<std::uint64_t> kept() const {
    std::vector<std::uint64_t> numbers;
    for (const start& each : starts_) numbers.push_back(each.window);
    return numbers;
  }

  friend bool operator==(const start_windows&, const start_windows&) = default;

 private:
  struct start {
    std::uint64_t window = 0;  ///< its number, from 1 on
    bool for_good = false;
    Sums since;

    friend bool operator==(const start&, const start&) = default;
  };

  void thin() {
    const std::size_t older = starts_.size() / 2;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      if (i < older && i % 2 == 1 && !starts_[i].for_good) continue;
      starts_[kept++] = starts_[i];
    }
    starts_.resize(kept);
  }

  std::size_t most_;
  std::uint64_t windows_ = 0;
  std::uint64_t step_ = 0;
  bool step_begins_ = false;
  std::vector<start> starts_;
};

}  // namespace hotswap::inline v0_1::stats
