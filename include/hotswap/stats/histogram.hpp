#pragma once

/// @file
/// Counts of values between given edges.
///
///     histogram reference{equal_count_edges(training_values, 10)};
///     reference.add(training_values);
///     histogram current = reference.empty_copy();
///     for (const double value : todays_values) current.add(value);
///     population_stability_index(reference.counts(), current.counts());

#include <hotswap/stats/sorted_values.hpp>
#include <hotswap/stats/vector_loops.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1::stats {

/// One bin more than edges: below the first one, from each to before the next one, and from the
/// last one on. So no value is lost, however far it lies from those that the edges were made for.
class histogram {
 public:
  /// @param edges  finite, each greater than the one before; at least one
  /// @throws std::invalid_argument  for other ones.
  explicit histogram(std::vector<double> edges) : edges_(std::move(edges)) {
    if (edges_.empty()) {
      throw std::invalid_argument("histogram: there must be at least 1 edge, got 0");
    }
    for (std::size_t i = 0; i < edges_.size(); ++i) {
      if (std::isfinite(edges_[i]) && (i == 0 || edges_[i - 1] < edges_[i])) continue;
      throw std::invalid_argument("histogram: edges must be finite and rise, got " +
                                  std::to_string(edges_[i]) + " at index " + std::to_string(i));
    }
    counts_.resize(edges_.size() + 1);
  }

  /// @throws std::invalid_argument  for a NaN, and counts nothing.
  void add(double value) {
    if (std::isnan(value)) {
      throw std::invalid_argument("histogram: a value must be a number, got NaN");
    }
    ++counts_[bin_of(value)];
  }

  /// One by one. Between a few edges it is quick: each value is compared with all of them at once.
  /// @throws std::invalid_argument  for a NaN; those before it are counted.
  void add(std::span<const double> values) {
    constexpr std::size_t block = 1024;  // stays near the processor while it is compared
    if (edges_.size() > few) {
      for (const double value : values) add(value);
      return;
    }
    for (std::size_t begin = 0; begin < values.size(); begin += block) {
      add_block(values.subspan(begin, std::min(block, values.size() - begin)));
    }
  }

  /// As if the values of `other` had been added one by one.
  /// @throws std::invalid_argument  unless it has the same edges.
  histogram& operator+=(const histogram& other) {
    if (edges_ != other.edges_) {
      throw std::invalid_argument("histogram: both must have the same edges, got " +
                                  std::to_string(edges_.size()) + " and other " +
                                  std::to_string(other.edges_.size()));
    }
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }

  /// The same edges, without values.
  [[nodiscard]] histogram empty_copy() const { return histogram{edges_}; }

  [[nodiscard]] std::size_t bin_of(double value) const noexcept {
    return static_cast<std::size_t>(std::upper_bound(edges_.begin(), edges_.end(), value) -
                                    edges_.begin());
  }

  /// Valid until the histogram ends.
  [[nodiscard]] std::span<const double> edges() const noexcept { return edges_; }
  [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }

  friend bool operator==(const histogram&, const histogram&) = default;

 private:
  static constexpr std::size_t few = 24;

  void add_block(std::span<const double> values) {
    std::array<std::uint64_t, few + 1> from{};  // from[k]: how many are at least edge k
    constexpr double least = -std::numeric_limits<double>::infinity();
    std::uint64_t numbers = 0;
    detail::count_from_edges(values.data(), values.size(), {&least, 1}, &numbers);
    if (numbers != values.size()) {
      for (const double value : values) add(value);  // until the NaN
      return;
    }
    detail::count_from_edges(values.data(), values.size(), edges_, from.data());
    counts_[0] += numbers - from[0];
    for (std::size_t k = 0; k < edges_.size(); ++k) counts_[k + 1] += from[k] - from[k + 1];
  }

  std::vector<double> edges_;
  std::vector<std::uint64_t> counts_;
};

/// Edges between which a sample has about as many values in each of `bins` bins: its deciles,
/// for 10. A value that fills several bins makes one edge only, so there may be fewer.
///
/// @throws std::invalid_argument  for fewer than 2 bins.
/// @throws std::domain_error  for a sample with a value that is not finite, or with fewer than two
///   different values.
[[nodiscard]] inline std::vector<double> equal_count_edges(std::span<const double> sample,
                                                           std::size_t bins) {
  if (bins < 2) {
    throw std::invalid_argument("equal_count_edges: there must be at least 2 bins, got " +
                                std::to_string(bins));
  }
  for (const double value : sample) {
    if (std::isfinite(value)) continue;
    throw std::domain_error("equal_count_edges: values must be finite, got " +
                            std::to_string(value));
  }
  const std::vector<double> sorted = sorted_values(sample);
  if (sorted.empty() || sorted.front() == sorted.back()) {
    throw std::domain_error(
        "equal_count_edges: the sample must have at least 2 different values, "
        "got " +
        std::to_string(sorted.empty() ? 0 : 1));
  }

  std::vector<double> edges;
  double last = sorted.front();  // an edge at the least value would leave the first bin empty
  for (std::size_t k = 1; k < bins; ++k) {
    const auto rank = static_cast<std::size_t>(static_cast<double>(k) / static_cast<double>(bins) *
                                               static_cast<double>(sorted.size()));
    const double edge = sorted[std::min(rank, sorted.size() - 1)];
    if (edge <= last) continue;
    edges.push_back(edge);
    last = edge;
  }
  if (edges.empty()) edges.push_back(*std::upper_bound(sorted.begin(), sorted.end(), last));
  return edges;
}

}  // namespace hotswap::inline v0_1::stats
