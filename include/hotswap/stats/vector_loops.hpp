#pragma once

/// @file
/// The inner loops over long samples, with vector instructions where the processor has them.
///
///     const auto [sum, squares] = detail::sum_about(values, count, shift);
///
/// This header alone knows of instruction sets. On x86-64, GCC and Clang compile each loop twice,
/// without any option, and the faster one is taken where it can run; elsewhere there is one, in
/// standard C++. All of them take the same steps in the same order, so that they agree bit for bit
/// (unless the compiler is told to fuse multiplications with additions).
///
/// AVX-512 is no gain here: what is left to wait for is the memory.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace hotswap::inline v0_1::stats::detail {

struct shifted_sums {
  double sum = 0.0;      ///< of value - shift
  double squares = 0.0;  ///< of (value - shift)^2
};

/// So many sums are taken side by side: value i goes into the sum i % lanes.
inline constexpr std::size_t lanes = 8;

inline double sum_of_lanes(const std::array<double, lanes>& of) {
  return ((of[0] + of[4]) + (of[1] + of[5])) + ((of[2] + of[6]) + (of[3] + of[7]));
}

/// What the loops over whole groups of lanes leave over.
inline shifted_sums with_rest(shifted_sums so_far, const double* rest, std::size_t count,
                              double shift) {
  for (std::size_t i = 0; i < count; ++i) {
    const double distance = rest[i] - shift;
    so_far.sum += distance;
    so_far.squares += distance * distance;
  }
  return so_far;
}

inline shifted_sums sum_about_anywhere(const double* values, std::size_t count, double shift) {
  std::array<double, lanes> sums{};
  std::array<double, lanes> squares{};
  const std::size_t whole = count - count % lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const double distance = values[i + lane] - shift;
      sums[lane] += distance;
      squares[lane] += distance * distance;
    }
  }
  return with_rest({sum_of_lanes(sums), sum_of_lanes(squares)}, values + whole, count - whole,
                   shift);
}

/// Adds to counts[k] how many values are at least edges[k].
inline void count_from_edges_anywhere(const double* values, std::size_t count,
                                      std::span<const double> edges, std::uint64_t* counts) {
  for (std::size_t k = 0; k < edges.size(); ++k) {
    const double edge = edges[k];
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < count; ++i) found += values[i] >= edge ? 1 : 0;
    counts[k] += found;
  }
}

/// a[i] becomes a[i] * b - c[i] * d, without cancellation (W. Kahan).
inline void subtract_products_anywhere(double* a, double b, const double* c, double d,
                                       std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double product = c[i] * d;
    const double rounding = std::fma(-c[i], d, product);
    a[i] = std::fma(a[i], b, -product) + rounding;
  }
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(_WIN32)

// Four doubles, and what comparing them gives: -1 for true, 0 for false.
using four_doubles [[gnu::vector_size(32)]] = double;
using four_integers [[gnu::vector_size(32)]] = long long;

/// What lies so far ahead is asked for, beyond the end too, which harms nothing: one core has more
/// loads under way to its second cache than to its first, so that it reads a third faster.
inline constexpr std::size_t ahead = 1024;

[[gnu::target("avx2")]] inline shifted_sums sum_about_avx2(const double* values, std::size_t count,
                                                           double shift) {
  const four_doubles shifts = {shift, shift, shift, shift};
  four_doubles low_sums = {};
  four_doubles high_sums = {};
  four_doubles low_squares = {};
  four_doubles high_squares = {};
  const std::size_t whole = count - count % lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    __builtin_prefetch(values + i + ahead, 0, 2);
    four_doubles low;
    four_doubles high;
    std::memcpy(&low, values + i, sizeof low);
    std::memcpy(&high, values + i + 4, sizeof high);
    low -= shifts;
    high -= shifts;
    low_sums += low;
    high_sums += high;
    low_squares += low * low;
    high_squares += high * high;
  }
  std::array<double, lanes> sums;
  std::array<double, lanes> squares;
  std::memcpy(sums.data(), &low_sums, sizeof low_sums);
  std::memcpy(sums.data() + 4, &high_sums, sizeof high_sums);
  std::memcpy(squares.data(), &low_squares, sizeof low_squares);
  std::memcpy(squares.data() + 4, &high_squares, sizeof high_squares);
  return with_rest({sum_of_lanes(sums), sum_of_lanes(squares)}, values + whole, count - whole,
                   shift);
}

[[gnu::target("avx2")]] inline void count_from_edges_avx2(const double* values, std::size_t count,
                                                          std::span<const double> edges,
                                                          std::uint64_t* counts) {
  const std::size_t whole = count - count % 4;
  std::size_t k = 0;
  for (; k + 4 <= edges.size(); k += 4) {  // four edges a pass, for the loads cost as much
    const double* const e = edges.data() + k;
    const four_doubles first = {e[0], e[0], e[0], e[0]};
    const four_doubles second = {e[1], e[1], e[1], e[1]};
    const four_doubles third = {e[2], e[2], e[2], e[2]};
    const four_doubles fourth = {e[3], e[3], e[3], e[3]};
    four_integers of_first = {};
    four_integers of_second = {};
    four_integers of_third = {};
    four_integers of_fourth = {};
    for (std::size_t i = 0; i < whole; i += 4) {
      four_doubles four;
      std::memcpy(&four, values + i, sizeof four);
      of_first -= four >= first;
      of_second -= four >= second;
      of_third -= four >= third;
      of_fourth -= four >= fourth;
    }
    counts[k] += static_cast<std::uint64_t>(of_first[0] + of_first[1] + of_first[2] + of_first[3]);
    counts[k + 1] +=
        static_cast<std::uint64_t>(of_second[0] + of_second[1] + of_second[2] + of_second[3]);
    counts[k + 2] +=
        static_cast<std::uint64_t>(of_third[0] + of_third[1] + of_third[2] + of_third[3]);
    counts[k + 3] +=
        static_cast<std::uint64_t>(of_fourth[0] + of_fourth[1] + of_fourth[2] + of_fourth[3]);
  }
  for (; k < edges.size(); ++k) {
    const four_doubles edge = {edges[k], edges[k], edges[k], edges[k]};
    four_integers found = {};
    for (std::size_t i = 0; i < whole; i += 4) {
      four_doubles four;
      std::memcpy(&four, values + i, sizeof four);
      found -= four >= edge;
    }
    counts[k] += static_cast<std::uint64_t>(found[0] + found[1] + found[2] + found[3]);
  }
  count_from_edges_anywhere(values + whole, count - whole, edges, counts);
}

/// std::fma is one instruction here; without the attribute, a call.
[[gnu::target("avx2,fma")]] inline void subtract_products_avx2(double* a, double b, const double* c,
                                                               double d, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const double product = c[i] * d;
    const double rounding = std::fma(-c[i], d, product);
    a[i] = std::fma(a[i], b, -product) + rounding;
  }
}

inline bool has_avx2() {
  static const bool has = [] {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  }();
  return has;
}

inline shifted_sums sum_about(const double* values, std::size_t count, double shift) {
  return has_avx2() ? sum_about_avx2(values, count, shift)
                    : sum_about_anywhere(values, count, shift);
}

inline void count_from_edges(const double* values, std::size_t count, std::span<const double> edges,
                             std::uint64_t* counts) {
  has_avx2() ? count_from_edges_avx2(values, count, edges, counts)
             : count_from_edges_anywhere(values, count, edges, counts);
}

inline void subtract_products(double* a, double b, const double* c, double d, std::size_t count) {
  has_avx2() ? subtract_products_avx2(a, b, c, d, count)
             : subtract_products_anywhere(a, b, c, d, count);
}

#else

inline bool has_avx2() {
  return false;
}

/// The sum and the sum of squares of `count` values' distances from `shift`.
inline shifted_sums sum_about(const double* values, std::size_t count, double shift) {
  return sum_about_anywhere(values, count, shift);
}

inline void count_from_edges(const double* values, std::size_t count, std::span<const double> edges,
                             std::uint64_t* counts) {
  count_from_edges_anywhere(values, count, edges, counts);
}

inline void subtract_products(double* a, double b, const double* c, double d, std::size_t count) {
  subtract_products_anywhere(a, b, c, d, count);
}

#endif

}  // namespace hotswap::inline v0_1::stats::detail
