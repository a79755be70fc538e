// What spent_alpha promises: the oracle's numbers, and that all is spent at the end and not before.

#include <hotswap/stats/alpha_spending.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::spending_function;
using hotswap::stats::spent_alpha;

TEST_CASE("spent_alpha: agrees with the oracle to 12 digits", "[stats][alpha_spending][oracle]") {
  for (const auto& row : oracle::every_case("spending_boundaries")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const auto spending = input.at("spending_function") == "pocock"
                              ? spending_function::pocock
                              : spending_function::obrien_fleming;
    const auto information = input.at("information").get<std::vector<double>>();
    const auto& expected = row.at("expected").at("cumulative_spending_per_side");
    for (std::size_t i = 0; i < information.size(); ++i) {
      CHECK_THAT(spent_alpha(spending, input.at("alpha_per_side"), information[i]),
                 WithinRel(expected[i].get<double>(), 1e-12));
    }
  }
}

TEST_CASE("spent_alpha: rises from 0 to alpha", "[stats][alpha_spending]") {
  for (const auto spending : {spending_function::obrien_fleming, spending_function::pocock}) {
    for (const double alpha : {1e-6, 0.025, 0.5, 0.99}) {
      CAPTURE(static_cast<int>(spending), alpha);
      CHECK(spent_alpha(spending, alpha, 0.0) == 0.0);
      CHECK(spent_alpha(spending, alpha, 1.0) == alpha);
      double before = 0.0;
      for (double information = 0.01; information < 1.0; information += 0.01) {
        const double spent = spent_alpha(spending, alpha, information);
        CHECK(spent >= before);
        CHECK(spent <= alpha);
        before = spent;
      }
      CHECK(before > 0.8 * alpha);
    }
    CHECK(spent_alpha(spending, 1e-300, 1.0) == 1e-300);
  }
  CHECK(spent_alpha(spending_function::obrien_fleming, 1e-300, 0.5) == 0.0);  // e^-1379
}

TEST_CASE("spent_alpha: O'Brien and Fleming's is the lower early, Pocock's the more even",
          "[stats][alpha_spending]") {
  for (const double information : {0.1, 0.3, 0.5, 0.8}) {
    CHECK(spent_alpha(spending_function::obrien_fleming, 0.025, information) <
          spent_alpha(spending_function::pocock, 0.025, information));
  }
}

TEST_CASE("spent_alpha: what cannot be spent is an error", "[stats][alpha_spending][errors]") {
  constexpr auto pocock = spending_function::pocock;
  CHECK_THROWS_WITH(spent_alpha(pocock, 0.0, 0.5),
                    "spent_alpha: alpha must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(spent_alpha(pocock, 1.0, 0.5),
                    "spent_alpha: alpha must lie between 0 and 1, got 1.000000");
  CHECK_THROWS_WITH(spent_alpha(pocock, 0.05, 1.5),
                    "spent_alpha: information must be at least 0 and at most 1, got 1.500000");
  CHECK_THROWS_WITH(spent_alpha(pocock, 0.05, -0.5),
                    "spent_alpha: information must be at least 0 and at most 1, got -0.500000");
  CHECK_THROWS_WITH(spent_alpha(static_cast<spending_function>(7), 0.05, 0.5),
                    "spent_alpha: spending must be one of the enumerators, got 7");
  CHECK_THROWS_AS(spent_alpha(pocock, std::nan(""), 0.5), std::invalid_argument);
  CHECK_THROWS_AS(spent_alpha(pocock, 0.05, std::nan("")), std::invalid_argument);
}
