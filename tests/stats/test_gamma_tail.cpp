// What log_gamma_upper_tail promises: the oracle's digits and Boost's, on both sides of each border
// between two ways to compute it, where the probability itself is 0, too.

#include <hotswap/stats/gamma_tail.hpp>
#include <hotswap/stats/log_factorial.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <boost/math/special_functions/gamma.hpp>

#include <cmath>
#include <limits>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::log_gamma_upper_tail;
using hotswap::stats::log_scaled_upper_gamma;
using hotswap::stats::stirling_error;

TEST_CASE("log_gamma_upper_tail: agrees with the oracle to 12 digits, up to shapes of 1e15",
          "[stats][gamma_tail][oracle]") {
  for (const auto& row : oracle::every_case("gamma_upper_tail")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    CHECK_THAT(log_gamma_upper_tail(input.at("shape"), input.at("x")),
               oracle::agrees_with(row, "log_q"));
  }
}

TEST_CASE("log_gamma_upper_tail: agrees with Boost wherever that has digits",
          "[stats][gamma_tail][oracle]") {
  std::mt19937_64 random{20260107};
  std::uniform_real_distribution<double> magnitude{-4.0, 4.0};
  std::uniform_real_distribution<double> deviations{-6.0, 6.0};

  for (int i = 0; i < 3000; ++i) {
    const double shape = std::pow(10.0, magnitude(random));
    const double x = i % 2 == 0 ? std::abs(shape + deviations(random) * std::sqrt(shape))
                                : std::pow(10.0, magnitude(random));
    CAPTURE(shape, x);
    const double tail = boost::math::gamma_q(shape, x);
    if (tail < 1e-290) continue;
    // Boost's own error is relative to the tail; of a shape of 1e4 it is some 1e-12.
    CHECK_THAT(log_gamma_upper_tail(shape, x), WithinAbs(std::log(tail), 3e-12));
  }
}

TEST_CASE("log_gamma_upper_tail: of shape 1 it is -x, however far out", "[stats][gamma_tail]") {
  for (const double x : {0.0, 1e-9, 0.29, 0.31, 1.0, 30.0, 745.0, 1e6, 1e15}) {
    CAPTURE(x);
    CHECK_THAT(log_gamma_upper_tail(1.0, x), WithinRel(-x, 1e-13));
  }
}

TEST_CASE("log_gamma_upper_tail: falls in x and rises in the shape, across all borders",
          "[stats][gamma_tail]") {
  for (const double shape : {0.049, 0.051, 0.9, 5.5, 13.99, 14.01, 40.0, 1234.5}) {
    double before = 0.0;
    for (int i = 1; i <= 600; ++i) {
      const double x = shape * i / 200.0 + 0.001 * i;
      CAPTURE(shape, x);
      const double tail = log_gamma_upper_tail(shape, x);
      CHECK(tail <= before);
      CHECK(log_gamma_upper_tail(shape * 1.01, x) >= tail);
      before = tail;
    }
  }
}

TEST_CASE("log_scaled_upper_gamma: satisfies the recurrence of the incomplete gamma function",
          "[stats][gamma_tail]") {
  // G(a + 1, x) = a G(a, x) + x^a e^-x; with F(a) = G(a, x) e^x / x^a, x F(a + 1) = a F(a) + 1.
  for (const double shape : {0.04, 0.3, 2.7, 13.2, 13.9, 20.0, 300.0}) {
    for (const double x : {0.05, 0.29, 0.31, 1.0, 5.0, 13.0, 14.5, 29.0, 250.0, 310.0, 900.0}) {
      CAPTURE(shape, x);
      const double here = log_scaled_upper_gamma(shape, x, shape - x);
      const double next = log_scaled_upper_gamma(shape + 1.0, x, shape + 1.0 - x);
      if (here > 600.0) continue;
      CHECK_THAT(x * std::exp(next), WithinRel(shape * std::exp(here) + 1.0, 1e-12));
    }
  }
}

TEST_CASE("log_scaled_upper_gamma: uses the excess that it is given, not the rounded difference",
          "[stats][gamma_tail]") {
  // At 1e16, a neighbour is 2 away: the arguments do not know of an excess of 0.75.
  const double at_0 = log_scaled_upper_gamma(1e16, 1e16, 0.0);
  const double above = log_scaled_upper_gamma(1e16, 1e16, 0.75);
  CHECK(above >= at_0);
  CHECK_THAT(above, WithinAbs(at_0, 1e-7));  // one excess is 1e-8 standard deviations
}

TEST_CASE("stirling_error: satisfies the gamma function's recurrence between whole numbers, too",
          "[stats][gamma_tail]") {
  for (double n = 0.03; n < 20.0; n += 0.17) {
    CAPTURE(n);
    const double step = (n + 0.5) * std::log1p(1.0 / n) - 1.0;
    CHECK_THAT(stirling_error(n) - stirling_error(n + 1.0), WithinAbs(step, 5e-14));
  }
  for (double n = 1.0; n < 20.0; ++n) {
    CAPTURE(n);
    CHECK_THAT(stirling_error(std::nextafter(n, 100.0)), WithinAbs(stirling_error(n), 5e-14));
  }
}

TEST_CASE("log_gamma_upper_tail: what has no tail is an error that says why",
          "[stats][gamma_tail][errors]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();

  CHECK_THROWS_WITH(log_gamma_upper_tail(0.0, 1.0),
                    "log_gamma_upper_tail: shape must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(log_gamma_upper_tail(infinity, 1.0),
                    "log_gamma_upper_tail: shape must be above 0 and finite, got inf");
  CHECK_THROWS_WITH(log_gamma_upper_tail(1.0, -0.5),
                    "log_gamma_upper_tail: x must be finite and not below 0, got -0.500000");
  CHECK_THROWS_WITH(log_gamma_upper_tail(1.0, infinity),
                    "log_gamma_upper_tail: x must be finite and not below 0, got inf");
  CHECK_THROWS_AS(log_gamma_upper_tail(std::nan(""), 1.0), std::invalid_argument);
  CHECK_THROWS_AS(log_gamma_upper_tail(1.0, std::nan("")), std::invalid_argument);
}
