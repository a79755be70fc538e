#pragma once

/// @file
/// Who was sent how many requests, and what became of them: the true rates behind the metrics.
///
///     traffic.quality_of(candidate).error_rate = 0.05;
///     const auto seen = traffic.measured(1, begin, end, now);

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotswap::inline v0_1 {

/// What a version is like, in truth.
struct simulated_quality {
  double error_rate = 0.001;
  double latency = 0.02;             ///< seconds, mean
  double accuracy = 0.0;             ///< of labelled requests; 0: there are no labels
  double disagreement_rate = 0.005;  ///< as a shadow: of its answers, from production's
};

/// Counts are the whole parts of what is to be expected, so that windows in a row add up, and a run
/// is the same each time. A version that is not ready answers with errors only.
class simulated_traffic {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  static constexpr std::size_t most_versions = 4;

  /// Who gets what, from `since` on.
  class distribution {
   public:
    std::array<double, most_versions> share{};  ///< of all requests; sums to 1
    std::array<bool, most_versions> is_ready{};
    double mirrored = 0.0;   ///< of all requests
    std::size_t shadow = 0;  ///< who gets the copies

    friend bool operator==(const distribution&, const distribution&) = default;
  };

  explicit simulated_traffic(const distribution& first) { segments_.emplace_back(-past, first); }

  double rate = 100.0;  ///< requests per second, in an average hour
  nanoseconds label_delay{0};
  std::array<simulated_quality, most_versions> quality{};

  void changes(nanoseconds now, const distribution& to) {
    segment& last = segments_.back();
    if (last.to == to) return;
    if (last.since == now) {
      last.to = to;
      return;
    }
    segment next{now, to};
    next.before = totals_at(now);
    segments_.push_back(next);
  }

  [[nodiscard]] const distribution& now() const noexcept { return segments_.back().to; }

  /// @param now  until when labels have come in, but for their delay
  [[nodiscard]] metrics_snapshot measured(std::size_t version, nanoseconds begin, nanoseconds end,
                                          nanoseconds now) const {
    const totals from = totals_at(begin);
    const totals to = totals_at(end);
    const simulated_quality& like = quality[version];
    metrics_snapshot seen;
    seen.requests = between(from.requests[version], to.requests[version]);
    seen.errors = std::min(between(from.errors[version], to.errors[version]), seen.requests);
    const std::uint64_t good = seen.requests - seen.errors;
    if (good > 0) {
      const double variance = good > 1 ? like.latency * like.latency / 16.0 : 0.0;
      seen.latency = stats::moments::from_summary(good, like.latency, variance);
    }
    if (like.accuracy > 0.0) {
      const nanoseconds labelled = std::min(end, now - label_delay);
      if (labelled > begin) {
        const totals known = totals_at(labelled);
        const std::uint64_t labels = between(from.requests[version], known.requests[version]);
        const std::uint64_t correct = between(from.requests[version] * like.accuracy,
                                              known.requests[version] * like.accuracy);
        if (labels > 0) seen.accuracy = stats::proportion{std::min(correct, labels), labels};
      }
    }
    return seen;
  }

  /// Of the copies that the shadow was sent.
  [[nodiscard]] divergence_snapshot diverged(std::size_t shadow, nanoseconds begin,
                                             nanoseconds end) const {
    const totals from = totals_at(begin);
    const totals to = totals_at(end);
    const simulated_quality& like = quality[shadow];
    divergence_snapshot seen;
    const std::uint64_t copies = between(from.copies[shadow], to.copies[shadow]);
    seen.shadow_errors =
        std::min(between(from.copy_errors[shadow], to.copy_errors[shadow]), copies);
    seen.compared = copies - seen.shadow_errors;
    seen.disagreed = std::min(seen.compared, between(from.copies[shadow] * like.disagreement_rate,
                                                     to.copies[shadow] * like.disagreement_rate));
    return seen;
  }

 private:
  using sums = std::array<double, most_versions>;

  /// Since the beginning.
  struct totals {
    sums requests{};  ///< the copies included
    sums errors{};
    sums copies{};
    sums copy_errors{};
  };

  class segment {
   public:
    segment(nanoseconds begins, const distribution& then) : since(begins), to(then) {}
    nanoseconds since;
    distribution to;
    totals before;
  };

  static constexpr nanoseconds past = std::chrono::days{30};

  static std::uint64_t between(double from, double to) {
    const double counted = std::floor(to + 1e-6) - std::floor(from + 1e-6);
    return counted > 0.0 ? static_cast<std::uint64_t>(counted) : 0;
  }

  [[nodiscard]] totals totals_at(nanoseconds time) const {
    auto at = segments_.rbegin();
    while (at->since > time && std::next(at) != segments_.rend()) ++at;
    totals sum = at->before;
    const double came = std::max(0.0, demand(time) - demand(at->since));
    for (std::size_t i = 0; i < most_versions; ++i) {
      const double failing = at->to.is_ready[i] ? quality[i].error_rate : 1.0;
      const double copies = i == at->to.shadow ? came * at->to.mirrored : 0.0;
      const double requests = came * at->to.share[i] + copies;
      sum.requests[i] += requests;
      sum.errors[i] += requests * failing;
      sum.copies[i] += copies;
      sum.copy_errors[i] += copies * failing;
    }
    return sum;
  }

  /// Requests of all versions until `time`. Each hour of the day has its own rate: more by day than
  /// by night.
  [[nodiscard]] double demand(nanoseconds time) const {
    constexpr std::array<double, 24> of_hour{0.7, 0.7, 0.7, 0.7, 0.7, 0.8, 0.9, 1.0,
                                             1.1, 1.2, 1.3, 1.3, 1.3, 1.3, 1.3, 1.2,
                                             1.2, 1.1, 1.1, 1.0, 1.0, 0.9, 0.8, 0.7};
    const nanoseconds since = time + past;
    const auto hours = since / std::chrono::hours{1};
    const double rest =
        std::chrono::duration<double>(since - hours * std::chrono::hours{1}).count();
    double sum = 0.0;
    const auto hour = static_cast<std::size_t>(hours % 24);
    for (std::size_t i = 0; i < hour; ++i) sum += of_hour[i];
    const auto whole_days = hours / 24;
    sum += static_cast<double>(whole_days) * 24.0;
    return rate * (sum * 3600.0 + of_hour[hour] * rest);
  }

  std::vector<segment> segments_;
};

}  // namespace hotswap::inline v0_1
