// What kolmogorov_smirnov_test promises: the oracle's numbers and R's, exact and not, with ties,
// and its error rate.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/exactness.hpp>
#include <hotswap/stats/kolmogorov_smirnov.hpp>
#include <hotswap/stats/pooled_values.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::exactness;
using hotswap::stats::kolmogorov_smirnov_options;
using hotswap::stats::kolmogorov_smirnov_test;
using hotswap::stats::paired_bins;

namespace {

using values = std::vector<double>;
using counts = std::vector<std::uint64_t>;

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const samples::sample a{row.at("input").at("a")};
  const samples::sample b{row.at("input").at("b")};
  const auto all_a = a.expanded();
  const auto all_b = b.expanded();
  const auto check = [&](double value, const char* field) {
    if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
  };

  const auto check_all = [&](auto test) {
    const auto limit = [&](alternative side) {
      return test(kolmogorov_smirnov_options{side, exactness::asymptotic});
    };
    const auto two_sided = limit(alternative::two_sided);
    check(two_sided.statistic, "d");
    check(two_sided.candidate_above, "d_plus");
    check(two_sided.baseline_above, "d_minus");
    check(two_sided.p_value, "asymptotic_p");
    check(two_sided.log_p_value, "log_asymptotic_p");
    check(limit(alternative::less).p_value, "asymptotic_p_plus");
    check(limit(alternative::less).log_p_value, "log_asymptotic_p_plus");
    check(limit(alternative::greater).p_value, "asymptotic_p_minus");
    check(limit(alternative::greater).log_p_value, "log_asymptotic_p_minus");
    if (!row.at("expected").contains("exact_p")) return;
    const auto exact = test(kolmogorov_smirnov_options{alternative::two_sided, exactness::exact});
    check(exact.p_value, "exact_p");
    check(exact.log_p_value, "log_exact_p");
  };
  check_all([&](const auto& options) { return kolmogorov_smirnov_test(all_a, all_b, options); });
  check_all([&](const auto& options) {
    return kolmogorov_smirnov_test(a.counted(), b.counted(), options);
  });
}

/// F_b - F_a at its greatest, over the ends of ties.
double candidate_above(const values& a, const values& b) {
  double greatest = 0.0;
  for (const double at : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0}) {
    const auto part = [&](const values& x) {
      return static_cast<double>(
                 std::count_if(x.begin(), x.end(), [&](double value) { return value <= at; })) /
             static_cast<double>(x.size());
    };
    greatest = std::max(greatest, part(b) - part(a));
  }
  return greatest;
}

}  // namespace

TEST_CASE("kolmogorov_smirnov_test: agrees with the oracle to 12 digits, and with R",
          "[stats][kolmogorov_smirnov][oracle]") {
  for (const auto& row : oracle::every_case("kolmogorov_smirnov")) {
    check_agreement(row);
  }
  for (const auto& row : oracle::cases("r_kolmogorov_smirnov")) check_agreement(row);
}

TEST_CASE(
    "kolmogorov_smirnov_test: one-sided, it is exact over all arrangements, with and without ties",
    "[stats][kolmogorov_smirnov]") {
  for (const values& pooled : {values{0, 1, 2, 3, 4, 5, 6}, values{0, 1, 1, 1, 4, 5, 5}}) {
    const auto split = [&](unsigned which) {
      std::pair<values, values> both;
      for (unsigned i = 0; i < 7; ++i) {
        ((which >> i & 1U) != 0 ? both.second : both.first).push_back(pooled[i]);
      }
      return both;
    };
    for (unsigned seen = 0; seen < 128; ++seen) {
      const auto [a, b] = split(seen);
      if (b.size() != 3) continue;
      int as_great = 0;
      for (unsigned other = 0; other < 128; ++other) {
        const auto [x, y] = split(other);
        if (y.size() == 3 && candidate_above(x, y) >= candidate_above(a, b) - 1e-9) ++as_great;
      }
      const auto less = kolmogorov_smirnov_test(a, b, {.alternative = alternative::less});
      const auto greater = kolmogorov_smirnov_test(b, a, {.alternative = alternative::greater});
      CHECK(less.exact);
      CHECK_THAT(less.p_value, WithinRel(as_great / 35.0, 1e-13));
      CHECK_THAT(greater.p_value, WithinRel(less.p_value, 1e-13));
    }
  }
}

TEST_CASE("kolmogorov_smirnov_test: exchanging the samples exchanges the sides",
          "[stats][kolmogorov_smirnov]") {
  std::mt19937_64 random{20260101};
  const auto a = samples::normal(random, 300);
  const auto b = samples::normal(random, 200, 0.2, 1.5);
  const auto forth = kolmogorov_smirnov_test(a, b);
  const auto back = kolmogorov_smirnov_test(b, a);

  CHECK_FALSE(forth.exact);
  CHECK(back.statistic == forth.statistic);
  CHECK(back.candidate_above == forth.baseline_above);
  CHECK(back.baseline_above == forth.candidate_above);
  CHECK(back.p_value == forth.p_value);
}

TEST_CASE(
    "kolmogorov_smirnov_test: `greater` is significant where the candidate's values are greater",
    "[stats][kolmogorov_smirnov]") {
  std::mt19937_64 random{7};
  const auto a = samples::normal(random, 300);
  const auto b = samples::normal(random, 300, 1.0);

  CHECK(kolmogorov_smirnov_test(a, b, {.alternative = alternative::greater}).p_value < 1e-6);
  CHECK(kolmogorov_smirnov_test(a, b, {.alternative = alternative::less}).p_value > 0.5);
}

TEST_CASE("kolmogorov_smirnov_test: only the order of the values matters",
          "[stats][kolmogorov_smirnov]") {
  std::mt19937_64 random{8};
  auto a = samples::normal(random, 50);
  auto b = samples::normal(random, 60, 0.2);
  const auto before = kolmogorov_smirnov_test(a, b);
  for (double& value : a) value = std::exp(value);
  for (double& value : b) value = std::exp(value);

  CHECK(kolmogorov_smirnov_test(a, b).p_value == before.p_value);
}

TEST_CASE("kolmogorov_smirnov_test: many values have the answer of their counts, ties or not",
          "[stats][kolmogorov_smirnov]") {
  for (const double different : {7.0, 500.0, 1e9}) {
    CAPTURE(different);
    std::mt19937_64 random{20260102};
    auto a = samples::normal(random, 3000);
    auto b = samples::normal(random, 5000, 0.05);
    for (double& each : a) each = std::round(each * different) / different;
    for (double& each : b) each = std::round(each * different) / different;
    const counts once_in_a(a.size(), 1);
    const counts once_in_b(b.size(), 1);
    const auto of_samples = kolmogorov_smirnov_test(a, b);
    const auto of_counts = kolmogorov_smirnov_test(hotswap::stats::counted_values{a, once_in_a},
                                                   hotswap::stats::counted_values{b, once_in_b});

    CHECK(of_samples.candidate_above == of_counts.candidate_above);
    CHECK(of_samples.baseline_above == of_counts.baseline_above);
    CHECK(of_samples.p_value == of_counts.p_value);
  }
}

TEST_CASE("kolmogorov_smirnov_test: in bins it is the test of tied values",
          "[stats][kolmogorov_smirnov]") {
  const counts a{3, 0, 5, 9, 1};
  const counts b{1, 0, 2, 8, 9};
  values at{0, 1, 2, 3, 4};

  const auto binned = kolmogorov_smirnov_test(paired_bins{a, b});
  const auto counted = kolmogorov_smirnov_test(hotswap::stats::counted_values{at, a},
                                               hotswap::stats::counted_values{at, b});
  CHECK(binned.exact);
  CHECK(binned.statistic == counted.statistic);
  CHECK(binned.p_value == counted.p_value);
}

TEST_CASE("kolmogorov_smirnov_test: counts of 1e15 neither overflow nor lose the answer",
          "[stats][kolmogorov_smirnov]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  const auto test =
      kolmogorov_smirnov_test(paired_bins{counts{many, many}, counts{many, many + 4}});

  // F of the first bin: 1/2 against many / (2 many + 4) = 1/2 - 1e-15
  CHECK_THAT(test.baseline_above, WithinRel(1e-15, 1e-12));
  CHECK_THAT(test.p_value, WithinAbs(1.0, 1e-12));
}

TEST_CASE("kolmogorov_smirnov_test: nor do counts of 1e9, whose products no double holds",
          "[stats][kolmogorov_smirnov]") {
  const counts a{500'000'003, 500'000'004};
  const counts b{500'000'007, 500'000'016};
  const auto test = kolmogorov_smirnov_test(paired_bins{a, b});

  // in whole numbers: 500'000'003 * 1'000'000'023 - 500'000'007 * 1'000'000'007
  CHECK_THAT(test.baseline_above,
             WithinRel(4'000'000'020.0 / 1'000'000'007.0 / 1'000'000'023.0, 1e-13));
}

TEST_CASE("kolmogorov_smirnov_test: the logarithm of p goes on where p is 0",
          "[stats][kolmogorov_smirnov]") {
  const auto test =
      kolmogorov_smirnov_test(paired_bins{counts{0, 1'000'000}, counts{1'000'000, 0}});

  CHECK(test.p_value == 0.0);
  CHECK_THAT(test.log_p_value, WithinRel(std::log(2.0) - 1e6, 1e-14));  // 2 exp(-2 * 5e5)
}

TEST_CASE("kolmogorov_smirnov_test: exact and asymptotic meet in large samples",
          "[stats][kolmogorov_smirnov]") {
  std::mt19937_64 random{9};
  const auto a = samples::normal(random, 2000);
  const auto b = samples::normal(random, 1500, 0.04);
  const auto exact = kolmogorov_smirnov_test(a, b, {.exactness = exactness::exact});
  const auto limit = kolmogorov_smirnov_test(a, b, {.exactness = exactness::asymptotic});

  CHECK(exact.p_value < 0.9);
  CHECK_THAT(exact.p_value, WithinRel(limit.p_value, 0.1));
  CHECK(exact.p_value != limit.p_value);
}

TEST_CASE("kolmogorov_smirnov_test: one distribution is rejected at most as often as advertised",
          "[stats][kolmogorov_smirnov][calibration]") {
  constexpr int rounds = 2000;
  std::mt19937_64 random{20260101};
  int exactly = 0;
  int nearly = 0;
  for (int i = 0; i < rounds; ++i) {
    const auto a = samples::normal(random, 40);
    const auto b = samples::normal(random, 55);
    if (kolmogorov_smirnov_test(a, b).p_value < 0.05) ++exactly;
    if (kolmogorov_smirnov_test(a, b, {.exactness = exactness::asymptotic}).p_value < 0.05)
      ++nearly;
  }

  // five standard errors: sqrt(0.05 * 0.95 / 2000) = 0.0049; the limit is known to reject too
  // rarely
  CHECK(exactly <= rounds * 0.0744);
  CHECK(exactly >= rounds * 0.0256);
  CHECK(nearly <= exactly);
}

TEST_CASE("kolmogorov_smirnov_test: what has no answer is an error that says why",
          "[stats][kolmogorov_smirnov][errors]") {
  const values some{1.0, 2.0};
  CHECK_THROWS_WITH(kolmogorov_smirnov_test(values{}, some),
                    "kolmogorov_smirnov_test: baseline must have at least 1 value, got 0");
  CHECK_THROWS_AS(kolmogorov_smirnov_test(some, values{}), std::domain_error);
  CHECK_THROWS_WITH(kolmogorov_smirnov_test(some, values{std::nan("")}),
                    "kolmogorov_smirnov_test: candidate must have no NaN, got one at index 0");
  const counts many{100'000};
  CHECK_THROWS_WITH(
      kolmogorov_smirnov_test(paired_bins{many, many}, {.exactness = exactness::exact}),
      "kolmogorov_smirnov_test: an exact test must be of at most 100000000 pairs, got 10000000000");
  CHECK_THROWS_AS(kolmogorov_smirnov_test(paired_bins{many, counts{1, 2}}), std::invalid_argument);
}
