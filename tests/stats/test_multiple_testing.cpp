// What adjusted p-values promise: R's numbers, an order among the methods, and the error rates.

#include <hotswap/stats/multiple_testing.hpp>
#include <hotswap/stats/normal.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using hotswap::stats::benjamini_hochberg;
using hotswap::stats::benjamini_yekutieli;
using hotswap::stats::bonferroni;
using hotswap::stats::hochberg;
using hotswap::stats::holm;

namespace {

using method = std::vector<double> (*)(std::span<const double>);

const std::vector<std::pair<std::string, method>> methods{
    {"bonferroni", bonferroni},
    {"holm", holm},
    {"hochberg", hochberg},
    {"benjamini_hochberg", benjamini_hochberg},
    {"benjamini_yekutieli", benjamini_yekutieli}};

void check_agreement(const nlohmann::json& row) {
  CAPTURE(row.at("name"));
  const auto p_values = row.at("input").at("p").get<std::vector<double>>();
  for (const auto& [name, adjust] : methods) {
    CAPTURE(name);
    const auto& expected = row.at("expected").at(name);
    const auto adjusted = adjust(p_values);
    REQUIRE(adjusted.size() == expected.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      CHECK(oracle::error(adjusted[i], oracle::number(expected[i])) <=
            oracle::tolerance(row, name));
    }
  }
}

std::vector<double> uniform_p_values(std::mt19937_64& random, std::size_t count) {
  std::uniform_real_distribution<double> uniform;
  std::vector<double> p_values(count);
  for (double& p : p_values) p = uniform(random);
  return p_values;
}

}  // namespace

TEST_CASE("multiple_testing: each method agrees with the oracle and with R",
          "[stats][multiple_testing][oracle]") {
  for (const auto& row : oracle::every_case("adjusted_p")) check_agreement(row);
  for (const auto& row : oracle::cases("r_multiple_testing")) check_agreement(row);
}

TEST_CASE("multiple_testing: of one test nothing changes, and of none there is nothing",
          "[stats][multiple_testing]") {
  for (const auto& [name, adjust] : methods) {
    CAPTURE(name);
    CHECK(adjust(std::vector<double>{0.03}) == std::vector<double>{0.03});
    CHECK(adjust({}).empty());
  }
}

TEST_CASE("multiple_testing: an adjusted p-value is none the smaller, and keeps its rank",
          "[stats][multiple_testing]") {
  std::mt19937_64 random{20260101};
  const auto p_values = uniform_p_values(random, 60);
  for (const auto& [name, adjust] : methods) {
    CAPTURE(name);
    const auto adjusted = adjust(p_values);
    for (std::size_t i = 0; i < p_values.size(); ++i) {
      CHECK(adjusted[i] >= p_values[i]);
      CHECK(adjusted[i] <= 1.0);
      for (std::size_t j = 0; j < i; ++j) {
        if (p_values[i] < p_values[j]) REQUIRE(adjusted[i] <= adjusted[j]);
      }
    }
  }
}

TEST_CASE("multiple_testing: the order of the tests does not matter", "[stats][multiple_testing]") {
  std::mt19937_64 random{7};
  auto p_values = uniform_p_values(random, 40);
  for (const auto& [name, adjust] : methods) {
    CAPTURE(name);
    auto reversed = p_values;
    std::reverse(reversed.begin(), reversed.end());
    auto back = adjust(reversed);
    std::reverse(back.begin(), back.end());
    CHECK(back == adjust(p_values));
  }
}

TEST_CASE("multiple_testing: each next method rejects as much as the one before",
          "[stats][multiple_testing]") {
  std::mt19937_64 random{11};
  for (int round = 0; round < 50; ++round) {
    const auto p_values = uniform_p_values(random, 12);
    const auto first = bonferroni(p_values);
    const auto second = holm(p_values);
    const auto third = hochberg(p_values);
    const auto fourth = benjamini_hochberg(p_values);
    for (std::size_t i = 0; i < p_values.size(); ++i) {
      CHECK(second[i] <= first[i]);
      CHECK(third[i] <= second[i]);
      CHECK(fourth[i] <= third[i]);
    }
  }
}

TEST_CASE("multiple_testing: with true nulls only, any is rejected as rarely as advertised",
          "[stats][multiple_testing][calibration]") {
  constexpr int rounds = 4000;
  for (const auto& [name, adjust] : methods) {
    CAPTURE(name);
    std::mt19937_64 random{20260101};
    int any = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto adjusted = adjust(uniform_p_values(random, 20));
      if (*std::min_element(adjusted.begin(), adjusted.end()) <= 0.05) ++any;
    }
    // five standard errors: sqrt(0.05 * 0.95 / 4000) = 0.00345
    CHECK(static_cast<double>(any) / rounds < 0.0673);
    CHECK(static_cast<double>(any) / rounds > (name == "benjamini_yekutieli" ? 0.005 : 0.0327));
  }
}

TEST_CASE("benjamini_hochberg: the part of false discoveries is as small as advertised",
          "[stats][multiple_testing][calibration]") {
  // 15 true nulls of 20: the expected part is exactly 15/20 of the level, 0.075 of 0.1.
  constexpr int rounds = 4000;
  std::mt19937_64 random{20260101};
  std::normal_distribution<double> shifted{3.0, 1.0};
  double part = 0.0;
  for (int i = 0; i < rounds; ++i) {
    auto p_values = uniform_p_values(random, 15);
    for (int k = 0; k < 5; ++k) {
      p_values.push_back(hotswap::stats::normal_upper_tail(shifted(random)));
    }
    const auto adjusted = benjamini_hochberg(p_values);
    int rejected = 0;
    int falsely = 0;
    for (std::size_t k = 0; k < adjusted.size(); ++k) {
      if (adjusted[k] > 0.1) continue;
      ++rejected;
      if (k < 15) ++falsely;
    }
    if (rejected > 0) part += static_cast<double>(falsely) / rejected / rounds;
  }

  // five standard errors of a part whose deviation is at most 0.15: 0.012
  CHECK(std::abs(part - 0.075) < 0.012);
}

TEST_CASE("multiple_testing: what is no probability is refused",
          "[stats][multiple_testing][errors]") {
  for (const auto& [name, adjust] : methods) {
    CHECK_THROWS_WITH(adjust(std::vector<double>{0.5, 1.5}),
                      name + ": a p-value must lie between 0 and 1, got 1.500000");
    CHECK_THROWS_AS(adjust(std::vector<double>{-0.1}), std::invalid_argument);
    CHECK_THROWS_AS(adjust(std::vector<double>{std::nan("")}), std::invalid_argument);
  }
}
