// What the loops over long samples promise: the same bits from each way to take them.

#include <hotswap/stats/vector_loops.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace detail = hotswap::stats::detail;

namespace {

constexpr std::size_t lengths[] = {0, 1, 3, 4, 7, 8, 9, 63, 64, 1000, 1024, 1027};

std::vector<double> sample_of(std::size_t count) {
  std::mt19937_64 random{count};
  return samples::normal(random, count, 1e6, 3.0);
}

}  // namespace

TEST_CASE("sum_about: is the sum of distances and of their squares", "[stats][vector_loops]") {
  const std::vector<double> values{1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0};
  const auto [sum, squares] = detail::sum_about(values.data(), values.size(), 1.0);

  CHECK(sum == 1013.0);
  CHECK(squares == 347'489.0);  // sum of 4^k - 2 * 2^k + 1 for k < 10
}

TEST_CASE("sum_about: each way to take the sums has the same bits", "[stats][vector_loops]") {
  for (const std::size_t count : lengths) {
    CAPTURE(count);
    const auto values = sample_of(count);
    const auto chosen = detail::sum_about(values.data(), count, 999'999.3);
    const auto anywhere = detail::sum_about_anywhere(values.data(), count, 999'999.3);

    CHECK(chosen.sum == anywhere.sum);
    CHECK(chosen.squares == anywhere.squares);
  }
}

TEST_CASE("sum_about: a value that is no number is in both sums", "[stats][vector_loops]") {
  for (const std::size_t place : {0U, 5U, 9U}) {
    std::vector<double> values(10, 1.0);
    values[place] = std::nan("");
    const auto [sum, squares] = detail::sum_about(values.data(), values.size(), 0.0);

    CHECK(std::isnan(sum));
    CHECK(std::isnan(squares));
  }
}

TEST_CASE("count_from_edges: each way to count finds the same", "[stats][vector_loops]") {
  for (const std::size_t count : lengths) {
    for (std::size_t edge_count = 0; edge_count <= 9; ++edge_count) {
      CAPTURE(count, edge_count);
      const auto values = sample_of(count);
      std::vector<double> edges;
      for (std::size_t k = 0; k < edge_count; ++k) {
        edges.push_back(k < count ? values[k] : 1e6 + static_cast<double>(k));
      }
      std::vector<std::uint64_t> chosen(edge_count, 7);
      std::vector<std::uint64_t> anywhere(edge_count, 7);
      detail::count_from_edges(values.data(), count, edges, chosen.data());
      detail::count_from_edges_anywhere(values.data(), count, edges, anywhere.data());

      CHECK(chosen == anywhere);
      for (std::size_t k = 0; k < edge_count; ++k) {
        const auto found = std::count_if(values.begin(), values.end(),
                                         [&](double value) { return value >= edges[k]; });
        CHECK(chosen[k] == 7 + static_cast<std::uint64_t>(found));
      }
    }
  }
}

TEST_CASE("count_from_edges: a NaN is at no edge, and an infinity at each",
          "[stats][vector_loops]") {
  const std::vector<double> values{std::nan(""), HUGE_VAL, -HUGE_VAL, 0.0, std::nan(""), 1.0};
  const std::vector<double> edges{-HUGE_VAL, 0.0, 1e300};
  std::vector<std::uint64_t> found(3);
  detail::count_from_edges(values.data(), values.size(), edges, found.data());

  CHECK(found == std::vector<std::uint64_t>{4, 3, 1});
}

TEST_CASE("subtract_products: no digit is lost, whichever way", "[stats][vector_loops]") {
  // (2^30 + 1)^2 - (2^60 + 2^31) = 1, where the products themselves need 61 bits
  constexpr double root = 0x1p30 + 1.0;
  for (const std::size_t count : lengths) {
    std::vector<double> chosen(count, root);
    std::vector<double> anywhere(count, root);
    const std::vector<double> others(count, 0x1p60 + 0x1p31);
    detail::subtract_products(chosen.data(), root, others.data(), 1.0, count);
    detail::subtract_products_anywhere(anywhere.data(), root, others.data(), 1.0, count);

    CHECK(chosen == std::vector<double>(count, 1.0));
    CHECK(anywhere == chosen);
  }
}
