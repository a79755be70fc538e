// What mann_whitney_test and hodges_lehmann_shift promise: R's numbers, exact and not, the algebra
// of ranks, and the error rate.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/exactness.hpp>
#include <hotswap/stats/hodges_lehmann.hpp>
#include <hotswap/stats/mann_whitney.hpp>
#include <hotswap/stats/pooled_values.hpp>

#include "stats/samples.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::alternative;
using hotswap::stats::counted_values;
using hotswap::stats::exactness;
using hotswap::stats::hodges_lehmann_shift;
using hotswap::stats::mann_whitney_options;
using hotswap::stats::mann_whitney_test;
using hotswap::stats::paired_bins;

namespace {

using values = std::vector<double>;
using counts = std::vector<std::uint64_t>;

constexpr std::pair<alternative, const char*> sides[] = {{alternative::two_sided, "two_sided"},
                                                         {alternative::less, "less"},
                                                         {alternative::greater, "greater"}};

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const samples::sample a{row.at("input").at("a")};
  const samples::sample b{row.at("input").at("b")};
  const auto all_a = a.expanded();
  const auto all_b = b.expanded();
  const auto check = [&](double value, const std::string& field) {
    if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
  };

  for (const auto& [side, name] : sides) {
    const auto check_all = [&](auto test) {
      const auto plain = test(mann_whitney_options{
          .alternative = side, .exactness = exactness::asymptotic, .continuity = false});
      const auto corrected =
          test(mann_whitney_options{.alternative = side, .exactness = exactness::asymptotic});
      check(plain.u, "u_b");
      check(plain.superiority, "superiority_b");
      check(plain.cliffs_delta, "cliffs_delta");
      check(plain.statistic, "z");
      check(plain.p_value, std::string{"p_"} + name);
      check(plain.log_p_value, std::string{"log_p_"} + name);
      check(corrected.statistic, std::string{"corrected_z_"} + name);
      check(corrected.p_value, std::string{"corrected_p_"} + name);
      check(corrected.log_p_value, std::string{"log_corrected_p_"} + name);
      if (!row.at("expected").contains("exact_p_less")) return;
      const auto exact =
          test(mann_whitney_options{.alternative = side, .exactness = exactness::exact});
      check(exact.p_value, std::string{"exact_p_"} + name);
      check(exact.log_p_value, std::string{"log_exact_p_"} + name);
      CHECK(exact.exact);
    };
    check_all([&](const auto& options) { return mann_whitney_test(all_a, all_b, options); });
    check_all(
        [&](const auto& options) { return mann_whitney_test(a.counted(), b.counted(), options); });
  }
  check(mann_whitney_test(all_b, all_a).u, "u_a");
  if (row.at("expected").contains("hodges_lehmann")) {
    check(hodges_lehmann_shift(all_a, all_b), "hodges_lehmann");
  }
}

}  // namespace

TEST_CASE("mann_whitney_test: agrees with the oracle to 12 digits, and with R",
          "[stats][mann_whitney][oracle]") {
  for (const auto& row : oracle::every_case("mann_whitney")) check_agreement(row);
  for (const auto& row : oracle::cases("r_mann_whitney")) check_agreement(row);
}

TEST_CASE("mann_whitney_test: superiority counts pairs, and a tie as one half",
          "[stats][mann_whitney]") {
  const auto test = mann_whitney_test(values{1.0, 2.0, 3.0}, values{2.0, 5.0});

  CHECK(test.u == 4.5);  // 2 > 1, 2 = 2, and 5 above all three
  CHECK_THAT(test.superiority, WithinRel(0.75, 1e-15));
  CHECK_THAT(test.cliffs_delta, WithinRel(0.5, 1e-15));
}

TEST_CASE("mann_whitney_test: only the order of the values matters", "[stats][mann_whitney]") {
  std::mt19937_64 random{20260101};
  auto a = samples::normal(random, 60);
  auto b = samples::normal(random, 70, 0.3);
  const auto before = mann_whitney_test(a, b);
  for (double& value : a) value = std::exp(value);
  for (double& value : b) value = std::exp(value);
  std::reverse(a.begin(), a.end());
  const auto after = mann_whitney_test(a, b);

  CHECK(after.u == before.u);
  CHECK(after.p_value == before.p_value);
}

TEST_CASE("mann_whitney_test: exchanging the samples changes the sign and nothing else",
          "[stats][mann_whitney]") {
  std::mt19937_64 random{7};
  for (const std::size_t size : {20U, 80U}) {  // exact, and not
    const auto a = samples::normal(random, size);
    const auto b = samples::normal(random, size - 5, 0.5);
    const auto forth = mann_whitney_test(a, b);
    const auto back = mann_whitney_test(b, a);
    CHECK(forth.exact == (size == 20));
    CHECK(back.statistic == -forth.statistic);
    CHECK_THAT(back.p_value, WithinRel(forth.p_value, 1e-14));
    CHECK_THAT(back.superiority + forth.superiority, WithinRel(1.0, 1e-15));
    CHECK_THAT(
        mann_whitney_test(a, b, {.alternative = alternative::greater}).p_value,
        WithinRel(mann_whitney_test(b, a, {.alternative = alternative::less}).p_value, 1e-14));
  }
}

TEST_CASE("mann_whitney_test: counts in bins are the same values, tied", "[stats][mann_whitney]") {
  std::mt19937_64 random{11};
  std::uniform_int_distribution<std::size_t> bin{0, 9};
  counts a(10);
  counts b(10);
  values all_a;
  values all_b;
  for (int i = 0; i < 300; ++i) {
    const std::size_t of_a = bin(random);
    const std::size_t of_b = std::min<std::size_t>(9, bin(random) + 1);
    ++a[of_a];
    ++b[of_b];
    all_a.push_back(static_cast<double>(of_a));
    all_b.push_back(static_cast<double>(of_b));
  }

  const auto binned = mann_whitney_test(paired_bins{a, b});
  const auto raw = mann_whitney_test(all_a, all_b);
  CHECK(binned.u == raw.u);
  CHECK_THAT(binned.p_value, WithinRel(raw.p_value, 1e-13));
}

TEST_CASE("mann_whitney_test: many values have the answer of their counts, ties or not",
          "[stats][mann_whitney]") {
  for (const double different : {7.0, 500.0, 1e9}) {
    CAPTURE(different);
    std::mt19937_64 random{20260102};
    auto a = samples::normal(random, 3000);
    auto b = samples::normal(random, 5000, 0.05);
    for (double& each : a) each = std::round(each * different) / different;
    for (double& each : b) each = std::round(each * different) / different;
    const counts once_in_a(a.size(), 1);
    const counts once_in_b(b.size(), 1);
    const auto of_samples = mann_whitney_test(a, b);
    const auto of_counts =
        mann_whitney_test(counted_values{a, once_in_a}, counted_values{b, once_in_b});

    CHECK(of_samples.u == of_counts.u);
    CHECK(of_samples.statistic == of_counts.statistic);
    CHECK(of_samples.p_value == of_counts.p_value);
  }
}

TEST_CASE("mann_whitney_test: counts of 1e15 neither overflow nor lose the answer",
          "[stats][mann_whitney]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  const auto test =
      mann_whitney_test(paired_bins{counts{many, many}, counts{many, many + 100'000'000}});

  // rates of the upper bin 1/2 and 1/2 + 2.5e-8: z = 2.5e-8 / sqrt(2 (1/4) / 2e15) = 1.58
  CHECK_THAT(test.statistic, WithinAbs(1.5811, 1e-3));
  CHECK(test.p_value > 0.1);
}

TEST_CASE("mann_whitney_test: equal values everywhere say nothing", "[stats][mann_whitney]") {
  const auto test = mann_whitney_test(values{2.0, 2.0}, values{2.0, 2.0, 2.0});

  CHECK(test.p_value == 1.0);
  CHECK(test.statistic == 0.0);
  CHECK(test.superiority == 0.5);
}

TEST_CASE("mann_whitney_test: automatic is exact below 50 values without ties",
          "[stats][mann_whitney]") {
  std::mt19937_64 random{3};
  const auto small = samples::normal(random, 49);
  const auto large = samples::normal(random, 50);
  auto tied = small;
  tied[0] = tied[1];

  CHECK(mann_whitney_test(small, samples::normal(random, 49)).exact);
  CHECK_FALSE(mann_whitney_test(small, large).exact);
  CHECK_FALSE(mann_whitney_test(tied, samples::normal(random, 49)).exact);
}

TEST_CASE("mann_whitney_test: the exact distribution is right for all arrangements of 4 and 3",
          "[stats][mann_whitney]") {
  // 35 arrangements, each as likely: P(U >= u) by going through them
  for (unsigned seen = 0; seen < 128; ++seen) {
    values a;
    values b;
    for (int i = 0; i < 7; ++i) ((seen >> i & 1U) != 0 ? b : a).push_back(i);
    if (b.size() != 3) continue;
    const auto u_of = [](const values& x, const values& y) {
      int u = 0;
      for (const double each : y) {
        for (const double other : x) u += each > other ? 1 : 0;
      }
      return u;
    };
    int as_great = 0;
    for (unsigned other = 0; other < 128; ++other) {
      values x;
      values y;
      for (int i = 0; i < 7; ++i) ((other >> i & 1U) != 0 ? y : x).push_back(i);
      if (y.size() == 3 && u_of(x, y) >= u_of(a, b)) ++as_great;
    }
    CHECK_THAT(mann_whitney_test(a, b, {.alternative = alternative::greater}).p_value,
               WithinRel(as_great / 35.0, 1e-14));
  }
}

TEST_CASE(
    "mann_whitney_test: one distribution is rejected as often as advertised, whatever its shape",
    "[stats][mann_whitney][calibration]") {
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260101};
  std::lognormal_distribution<double> latency{-3.0, 1.5};
  int rejected = 0;
  for (int i = 0; i < rounds; ++i) {
    values a(60);
    values b(90);
    for (double& value : a) value = latency(random);
    for (double& value : b) value = latency(random);
    if (mann_whitney_test(a, b).p_value < 0.05) ++rejected;
  }

  // five standard errors: sqrt(0.05 * 0.95 / 4000) = 0.00345
  CHECK_THAT(static_cast<double>(rejected) / rounds, WithinAbs(0.05, 0.0173));
}

TEST_CASE("hodges_lehmann_shift: a sample that was moved is shifted by that",
          "[stats][hodges_lehmann]") {
  const values sample{0.5, 3.25, 1.0, -2.0, 8.5};
  values moved = sample;
  for (double& value : moved) value += 0.375;

  CHECK(hodges_lehmann_shift(sample, moved) == 0.375);
  CHECK(hodges_lehmann_shift(moved, sample) == -0.375);
  moved[4] = 1e300;  // one that is wild
  CHECK(std::abs(hodges_lehmann_shift(sample, moved)) < 4.0);
}

TEST_CASE("hodges_lehmann_shift: is the median of all differences", "[stats][hodges_lehmann]") {
  std::mt19937_64 random{20260101};
  for (const std::size_t size : {1U, 2U, 3U, 10U, 11U}) {
    const auto a = samples::normal(random, size);
    const auto b = samples::normal(random, size + 1, 1.0);
    values differences;
    for (const double y : b) {
      for (const double x : a) differences.push_back(y - x);
    }
    std::sort(differences.begin(), differences.end());
    const std::size_t n = differences.size();
    const double median = 0.5 * (differences[(n - 1) / 2] + differences[n / 2]);
    CHECK_THAT(hodges_lehmann_shift(a, b), WithinAbs(median, 1e-15));
  }
}

TEST_CASE("mann_whitney_test, hodges_lehmann_shift: what has no answer is an error that says why",
          "[stats][mann_whitney][errors]") {
  const values some{1.0, 2.0};
  CHECK_THROWS_WITH(mann_whitney_test(values{}, some),
                    "mann_whitney_test: baseline must have at least 1 value, got 0");
  CHECK_THROWS_AS(mann_whitney_test(some, values{}), std::domain_error);
  CHECK_THROWS_WITH(mann_whitney_test(some, values{1.0, std::nan("")}),
                    "mann_whitney_test: candidate must have no NaN, got one at index 1");
  CHECK_THROWS_WITH(mann_whitney_test(some, some, {.exactness = exactness::exact}),
                    "mann_whitney_test: values must have no ties where the test is exact");
  values many(101);
  values others(100);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
  for (std::size_t i = 0; i < others.size(); ++i) others[i] = static_cast<double>(i) + 0.5;
  CHECK_THROWS_WITH(mann_whitney_test(many, others, {.exactness = exactness::exact}),
                    "mann_whitney_test: an exact test must be of at most 10000 pairs, got 10100");
  CHECK_THROWS_WITH(
      mann_whitney_test(paired_bins{counts{1}, counts{1, 2}}),
      "mann_whitney_test: baseline and candidate must have the same bins, got 1 and 2");
  CHECK_THROWS_WITH(mann_whitney_test(paired_bins{counts{1, 0}, counts{0, 0}}),
                    "mann_whitney_test: candidate must have at least 1 value, got 0");
  CHECK_THROWS_WITH(hodges_lehmann_shift(some, values{}),
                    "hodges_lehmann_shift: candidate must have at least 1 value, got 0");
  CHECK_THROWS_WITH(hodges_lehmann_shift(some, values{-HUGE_VAL}),
                    "hodges_lehmann_shift: values must be finite, got -inf");
}
