// What log_dirichlet_multinomial_factor promises: to be the ratio of two probabilities.

#include <hotswap/stats/dirichlet_multinomial.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::counted_share;
using hotswap::stats::log_dirichlet_multinomial_factor;

namespace {

std::vector<counted_share> classes(const std::vector<double>& shares,
                                   const std::vector<double>& counts,
                                   const std::vector<double>& priors) {
  double count = 0.0;
  double prior = 0.0;
  for (const double each : counts) count += each;
  for (const double each : priors) prior += each;
  std::vector<counted_share> all;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    all.push_back({shares[i], counts[i], counts[i] - count * shares[i], priors[i],
                   priors[i] - prior * shares[i]});
  }
  return all;
}

}  // namespace

TEST_CASE("log_dirichlet_multinomial_factor: is that of the gamma functions, for small counts",
          "[stats][dirichlet_multinomial]") {
  std::mt19937_64 random{20260106};
  std::uniform_real_distribution<double> prior{0.1, 9.0};
  for (int round = 0; round < 300; ++round) {
    const std::vector<double> shares{0.125, 0.25, 0.625};
    const std::vector<double> priors{prior(random), prior(random), prior(random)};
    const std::vector<double> counts{static_cast<double>(random() % 9),
                                     static_cast<double>(random() % 9),
                                     static_cast<double>(random() % 9)};
    double expected = 0.0;
    double count = 0.0;
    double total = 0.0;
    for (std::size_t i = 0; i < 3; ++i) {
      expected += std::lgamma(priors[i] + counts[i]) - std::lgamma(priors[i]) -
                  counts[i] * std::log(shares[i]);
      count += counts[i];
      total += priors[i];
    }
    expected += std::lgamma(total) - std::lgamma(total + count);

    CAPTURE(counts, priors);
    CHECK_THAT(log_dirichlet_multinomial_factor(classes(shares, counts, priors)),
               WithinAbs(expected, 1e-12));
  }
}

TEST_CASE("log_dirichlet_multinomial_factor: has mean 1 if the null is true",
          "[stats][dirichlet_multinomial]") {
  // over all outcomes of 6 draws from three classes
  const std::vector<double> shares{0.5, 0.3, 0.2};
  double mean = 0.0;
  for (int a = 0; a <= 6; ++a) {
    for (int b = 0; a + b <= 6; ++b) {
      const int c = 6 - a - b;
      const double probability = std::exp(std::lgamma(7.0) - std::lgamma(a + 1.0) -
                                          std::lgamma(b + 1.0) - std::lgamma(c + 1.0)) *
                                 std::pow(0.5, a) * std::pow(0.3, b) * std::pow(0.2, c);
      mean += probability *
              std::exp(log_dirichlet_multinomial_factor(classes(
                  shares, {static_cast<double>(a), static_cast<double>(b), static_cast<double>(c)},
                  {2.0, 0.5, 7.0})));
    }
  }
  CHECK_THAT(mean, WithinRel(1.0, 1e-13));
}

TEST_CASE("log_dirichlet_multinomial_factor: no counts are no evidence, whatever the prior",
          "[stats][dirichlet_multinomial]") {
  CHECK(log_dirichlet_multinomial_factor(classes({0.5, 0.5}, {0.0, 0.0}, {1.0, 1.0})) == 0.0);
  CHECK(log_dirichlet_multinomial_factor(classes({0.9, 0.1}, {0.0, 0.0}, {1e-6, 1e9})) == 0.0);
}

TEST_CASE("log_dirichlet_multinomial_factor: evidence of parts is the product of the parts'",
          "[stats][dirichlet_multinomial]") {
  // The posterior of the first counts is the prior of the second.
  const std::vector<double> shares{0.25, 0.75};
  const double first = log_dirichlet_multinomial_factor(classes(shares, {9.0, 41.0}, {1.5, 2.0}));
  const double second =
      log_dirichlet_multinomial_factor(classes(shares, {700.0, 1900.0}, {10.5, 43.0}));
  const double both =
      log_dirichlet_multinomial_factor(classes(shares, {709.0, 1941.0}, {1.5, 2.0}));

  CHECK_THAT(both, WithinAbs(first + second, 1e-12));
}
