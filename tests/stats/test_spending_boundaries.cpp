// What spending_boundaries promises: the oracle's and the published numbers, that a look depends on
// the earlier ones alone, and that exactly alpha is spent.

#include <hotswap/stats/alpha_spending.hpp>
#include <hotswap/stats/normal.hpp>
#include <hotswap/stats/spending_boundaries.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::normal_upper_quantile;
using hotswap::stats::spending_boundaries;
using hotswap::stats::spending_boundaries_options;
using hotswap::stats::spending_boundary;
using hotswap::stats::spending_function;

namespace {

std::vector<double> equal_steps(std::size_t looks) {
  std::vector<double> information(looks);
  for (std::size_t i = 0; i < looks; ++i) {
    information[i] = static_cast<double>(i + 1) / static_cast<double>(looks);
  }
  return information;
}

std::vector<spending_boundary> boundaries(const std::vector<double>& information,
                                          const spending_boundaries_options& options = {}) {
  return spending_boundaries(information, options);
}

/// How many of the rounds are rejected, if nothing is there to be found.
int rejected(int rounds, const std::vector<spending_boundary>& looks, bool two_sided) {
  std::mt19937_64 random{20260109};
  std::normal_distribution<double> step;
  int count = 0;
  for (int round = 0; round < rounds; ++round) {
    double sum = 0.0;
    double before = 0.0;
    bool crossed = false;
    for (const spending_boundary& look : looks) {
      sum += std::sqrt(look.information - before) * step(random);
      before = look.information;
      const double z = sum / std::sqrt(look.information);
      crossed = crossed || (two_sided ? std::abs(z) : z) >= look.critical_z;
    }
    if (crossed) ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("spending_boundaries: agrees with the oracle, as closely as it promises",
          "[stats][spending_boundaries][oracle]") {
  for (const auto& row : oracle::every_case("spending_boundaries")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto looks = boundaries(
        input.at("information").get<std::vector<double>>(),
        {.spending = input.at("spending_function") == "pocock" ? spending_function::pocock
                                                               : spending_function::obrien_fleming,
         .alpha_per_side = input.at("alpha_per_side"),
         .two_sided = input.at("two_sided")});
    const auto& spent = row.at("expected").at("cumulative_spending_per_side");
    const auto& critical = row.at("expected").at("critical_z");
    REQUIRE(looks.size() == critical.size());
    for (std::size_t i = 0; i < looks.size(); ++i) {
      CAPTURE(i);
      CHECK_THAT(looks[i].critical_z,
                 WithinRel(critical[i].get<double>(), oracle::tolerance(row, "critical_z")));
      CHECK_THAT(looks[i].spent_alpha, WithinRel(spent[i].get<double>(), 1e-12));
      CHECK(looks[i].information == input.at("information")[i].get<double>());
    }
  }
}

TEST_CASE("spending_boundaries: gives the published table for four looks",
          "[stats][spending_boundaries]") {
  // O'Brien-Fleming spending, one-sided 0.05 at quarters
  const std::array published{3.7496, 2.5399, 2.0161, 1.7202};
  const auto looks = boundaries(equal_steps(4), {.alpha_per_side = 0.05, .two_sided = false});
  for (std::size_t i = 0; i < published.size(); ++i) {
    CHECK_THAT(looks[i].critical_z, WithinAbs(published[i], 6e-5));
  }
}

TEST_CASE("spending_boundaries: a single look is an ordinary test",
          "[stats][spending_boundaries]") {
  for (const double alpha : {1e-290, 1e-6, 0.025, 0.49}) {
    CAPTURE(alpha);
    for (const bool two_sided : {true, false}) {
      CHECK_THAT(boundaries({1.0}, {.alpha_per_side = alpha, .two_sided = two_sided})[0].critical_z,
                 WithinRel(normal_upper_quantile(alpha), 1e-13));
    }
  }
}

TEST_CASE("spending_boundaries: a look depends on the earlier ones alone",
          "[stats][spending_boundaries]") {
  const auto planned = boundaries({0.2, 0.5, 0.7, 1.0}, {.spending = spending_function::pocock});
  const auto so_far = boundaries({0.2, 0.5}, {.spending = spending_function::pocock});

  REQUIRE(so_far.size() == 2);
  CHECK(so_far[0].critical_z == planned[0].critical_z);
  CHECK_THAT(so_far[1].critical_z, WithinRel(planned[1].critical_z, 1e-13));
}

TEST_CASE("spending_boundaries: O'Brien and Fleming's last look costs little",
          "[stats][spending_boundaries]") {
  const double last = boundaries(equal_steps(5)).back().critical_z;
  CHECK(last > normal_upper_quantile(0.025));
  CHECK(last < 1.04 * normal_upper_quantile(0.025));
}

TEST_CASE("spending_boundaries: the other side changes a boundary by next to nothing",
          "[stats][spending_boundaries]") {
  // Whoever is rejected on one side and later would be on the other is rare.
  const auto both = boundaries(equal_steps(5));
  const auto one = boundaries(equal_steps(5), {.two_sided = false});
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(one[i].critical_z >= both[i].critical_z);
    CHECK_THAT(one[i].critical_z, WithinRel(both[i].critical_z, 1e-9));
  }
}

TEST_CASE("spending_boundaries: a look that is repeated at once spends next to nothing",
          "[stats][spending_boundaries]") {
  const auto once = boundaries({0.5, 1.0}, {.spending = spending_function::pocock});
  const auto twice = boundaries({0.5, 0.500'001, 1.0}, {.spending = spending_function::pocock});

  CHECK(twice[0].critical_z == once[0].critical_z);
  CHECK(twice[1].critical_z > once[0].critical_z);
  CHECK_THAT(twice[2].critical_z, WithinRel(once[1].critical_z, 1e-6));
}

TEST_CASE("spending_boundaries: what may spend nothing never rejects",
          "[stats][spending_boundaries]") {
  // At 1/1000 of the information, O'Brien and Fleming's spends e^-2500.
  const auto looks = boundaries({0.001, 0.5, 1.0});
  const auto without = boundaries({0.5, 1.0});

  CHECK(looks[0].critical_z == std::numeric_limits<double>::infinity());
  CHECK(looks[0].spent_alpha == 0.0);
  CHECK_THAT(looks[1].critical_z, WithinRel(without[0].critical_z, 1e-12));
  CHECK_THAT(looks[2].critical_z, WithinRel(without[1].critical_z, 1e-12));
}

TEST_CASE("spending_boundaries: a hundred looks spend what they may, and no boundary is negative",
          "[stats][spending_boundaries]") {
  for (const auto spending : {spending_function::obrien_fleming, spending_function::pocock}) {
    const auto looks = boundaries(equal_steps(100), {.spending = spending, .alpha_per_side = 0.45});
    REQUIRE(looks.size() == 100);
    CHECK(looks.back().spent_alpha == 0.45);
    for (const auto& look : looks) CHECK(look.critical_z > 0.0);
  }
}

TEST_CASE("spending_boundaries: errs as often as advertised, neither more nor less",
          "[stats][spending_boundaries][calibration]") {
  constexpr int rounds = 20'000;
  for (const auto spending : {spending_function::obrien_fleming, spending_function::pocock}) {
    for (const bool two_sided : {true, false}) {
      CAPTURE(static_cast<int>(spending), two_sided);
      const double alpha = 0.05;
      const auto looks =
          boundaries({0.1, 0.3, 0.4, 0.8, 1.0}, {.spending = spending,
                                                 .alpha_per_side = two_sided ? alpha / 2.0 : alpha,
                                                 .two_sided = two_sided});
      // five standard errors: sqrt(0.05 * 0.95 / 20'000) = 0.00154
      CHECK_THAT(static_cast<double>(rejected(rounds, looks, two_sided)) / rounds,
                 WithinAbs(alpha, 0.0077));
    }
  }
  // The same harness fails who takes 1.96 at each of the five looks: 0.142 of equal ones.
  auto naive = boundaries(equal_steps(5));
  for (auto& look : naive) look.critical_z = 1.96;
  CHECK(rejected(rounds, naive, true) > 0.12 * rounds);
}

TEST_CASE("spending_boundaries: a schedule that is none is an error",
          "[stats][spending_boundaries][errors]") {
  CHECK_THROWS_WITH(boundaries({}), "spending_boundaries: there must be at least 1 look, got 0");
  CHECK_THROWS_WITH(boundaries({0.6, 0.5}),
                    "spending_boundaries: information must grow from 0 to at most 1, by at least "
                    "1e-6 per look, got 0.500000 after 0.600000");
  CHECK_THROWS_WITH(boundaries({0.5, 0.5}),
                    "spending_boundaries: information must grow from 0 to at most 1, by at least "
                    "1e-6 per look, got 0.500000 after 0.500000");
  CHECK_THROWS_WITH(boundaries({0.5, 1.25}),
                    "spending_boundaries: information must grow from 0 to at most 1, by at least "
                    "1e-6 per look, got 1.250000 after 0.500000");
  CHECK_THROWS_WITH(boundaries({0.0, 1.0}),
                    "spending_boundaries: information must grow from 0 to at most 1, by at least "
                    "1e-6 per look, got 0.000000 after 0.000000");
  CHECK_THROWS_WITH(boundaries({1.0}, {.alpha_per_side = 0.5}),
                    "spending_boundaries: alpha_per_side must lie between 0 and 0.5, got 0.500000");
  CHECK_THROWS_WITH(boundaries({1.0}, {.alpha_per_side = 0.0}),
                    "spending_boundaries: alpha_per_side must lie between 0 and 0.5, got 0.000000");
  CHECK_THROWS_AS(boundaries({1.0}, {.alpha_per_side = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(boundaries({std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(boundaries({-0.5, 1.0}), std::invalid_argument);
  CHECK_THROWS_AS(boundaries({1.0}, {.spending = static_cast<spending_function>(7)}),
                  std::invalid_argument);
}
