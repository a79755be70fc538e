// What beta_binomial_test and beta_binomial_interval promise: the oracle's digits up to 1e15
// trials, that each is the inverse of the other, and an error rate that holds however often one
// looks.

#include <hotswap/stats/always_valid_p_value.hpp>
#include <hotswap/stats/beta_binomial.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <utility>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::always_valid_p_value;
using hotswap::stats::beta_binomial_interval;
using hotswap::stats::beta_binomial_test;
using hotswap::stats::beta_prior;
using hotswap::stats::proportion;

TEST_CASE("beta_binomial: agrees with the oracle to 12 digits, up to 1e15 trials",
          "[stats][beta_binomial][oracle]") {
  for (const auto& row : oracle::every_case("beta_binomial")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const proportion seen = proportions::from(input);
    const beta_prior prior{input.at("prior_a"), input.at("prior_b")};
    const auto test = beta_binomial_test(seen, input.at("p"), prior);
    const auto interval = beta_binomial_interval(
        seen, {.confidence = 1.0 - input.at("alpha").get<double>(), .prior = prior});

    for (const auto& [value, field] :
         {std::pair{test.log_martingale, "log_martingale"}, std::pair{test.p_value, "p"},
          std::pair{test.log_p_value, "log_p"}}) {
      if (oracle::promises(row, field)) CHECK_THAT(value, oracle::agrees_with(row, field));
    }
    CHECK_THAT(interval.lower, oracle::agrees_with(row, "lower"));
    CHECK_THAT(interval.upper, oracle::agrees_with(row, "upper"));
  }
}

TEST_CASE("beta_binomial_test: exchanging successes and failures changes nothing",
          "[stats][beta_binomial]") {
  const auto test = beta_binomial_test({37, 120}, 0.25, {2.0, 5.0});
  const auto other = beta_binomial_test({83, 120}, 0.75, {5.0, 2.0});

  CHECK_THAT(other.log_martingale, WithinRel(test.log_martingale, 1e-13));
  CHECK_THAT(other.p_value, WithinRel(test.p_value, 1e-13));
}

TEST_CASE("beta_binomial_interval: exchanging successes and failures mirrors it",
          "[stats][beta_binomial]") {
  for (const std::uint64_t successes : {0U, 1U, 37U, 119U, 120U}) {
    const auto interval =
        beta_binomial_interval({successes, 120}, {.confidence = 0.9, .prior = {2.0, 5.0}});
    const auto mirrored =
        beta_binomial_interval({120 - successes, 120}, {.confidence = 0.9, .prior = {5.0, 2.0}});

    CAPTURE(successes);
    CHECK_THAT(mirrored.lower, WithinAbs(1.0 - interval.upper, 1e-14));
    CHECK_THAT(mirrored.upper, WithinAbs(1.0 - interval.lower, 1e-14));
  }
}

TEST_CASE("beta_binomial_test: has mean 1 if the rate is the true one", "[stats][beta_binomial]") {
  for (const double rate : {0.01, 0.3, 0.5}) {
    double mean = 0.0;
    for (int successes = 0; successes <= 40; ++successes) {
      mean +=
          proportions::probability(successes, 40, rate) *
          std::exp(beta_binomial_test({static_cast<std::uint64_t>(successes), 40}, rate, {0.5, 3.0})
                       .log_martingale);
    }
    CAPTURE(rate);
    CHECK_THAT(mean, WithinRel(1.0, 1e-12));
  }
}

TEST_CASE("beta_binomial_interval: its bounds are the rates that are just rejected",
          "[stats][beta_binomial]") {
  for (const double confidence : {0.05, 0.5, 0.95, 0.999'999, 1.0 - 0x1p-53}) {
    for (const beta_prior prior : {beta_prior{}, beta_prior{0.5, 0.5}, beta_prior{3.0, 97.0}}) {
      for (const proportion seen :
           {proportion{1, 1}, proportion{3, 20}, proportion{52, 1000}, proportion{1, 1'000'000}}) {
        CAPTURE(confidence, prior.successes, seen.successes());
        const auto [lower, upper] =
            beta_binomial_interval(seen, {.confidence = confidence, .prior = prior});
        const double threshold = -std::log1p(-confidence);
        CHECK_THAT(beta_binomial_test(seen, lower, prior).log_martingale,
                   WithinRel(threshold, 1e-11));
        if (upper < 1.0) {
          CHECK_THAT(beta_binomial_test(seen, upper, prior).log_martingale,
                     WithinRel(threshold, 1e-11));
        }
      }
    }
  }
}

TEST_CASE("beta_binomial_interval: contains the observed rate, and narrows with the trials",
          "[stats][beta_binomial]") {
  double before = 1.0;
  for (std::uint64_t trials = 10; trials <= 1'000'000'000'000'000; trials *= 10) {
    const auto [lower, upper] = beta_binomial_interval({3 * trials / 10, trials});
    CAPTURE(trials);
    CHECK(lower < 0.3);
    CHECK(upper > 0.3);
    CHECK(upper - lower < before);
    before = upper - lower;
  }
  CHECK(before < 3e-7);  // sqrt(2 log(20 sqrt(n)) .3 .7 / n) on either side
}

TEST_CASE("beta_binomial_interval: is closed where only one outcome was seen",
          "[stats][beta_binomial]") {
  // By the uniform prior, M is (1 - p)^-n / (n + 1).
  const auto none = beta_binomial_interval({0, 100}, {.confidence = 0.95});
  CHECK(none.lower == 0.0);
  CHECK_THAT(none.upper, WithinRel(1.0 - std::pow(0.05 / 101.0, 0.01), 1e-13));
  const auto all = beta_binomial_interval({100, 100}, {.confidence = 0.95});
  CHECK_THAT(all.lower, WithinRel(std::pow(0.05 / 101.0, 0.01), 1e-13));
  CHECK(all.upper == 1.0);
}

TEST_CASE("beta_binomial: no trials are no evidence", "[stats][beta_binomial]") {
  CHECK(beta_binomial_test({0, 0}, 0.3).log_martingale == 0.0);
  CHECK(beta_binomial_test({0, 0}, 0.3, {7.0, 1e9}).p_value == 1.0);
  CHECK(beta_binomial_interval({0, 0}).lower == 0.0);
  CHECK(beta_binomial_interval({0, 0}).upper == 1.0);
}

TEST_CASE("beta_binomial: with any prior, and any counts, they are numbers",
          "[stats][beta_binomial]") {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const double a : {1e-100, 0.5, 1e15, 1e100}) {
    for (const double b : {1e-100, 0.5, 1e15, 1e100}) {
      for (const proportion seen : {proportion{0, 1}, proportion{1, 1}, proportion{1, most},
                                    proportion{most / 2, most}, proportion{most, most}}) {
        for (const double rate : {1e-300, 0.5, 1.0 - 0x1p-53}) {
          CAPTURE(a, b, seen.successes(), seen.trials(), rate);
          CHECK_FALSE(std::isnan(beta_binomial_test(seen, rate, {a, b}).log_martingale));
          CHECK_FALSE(std::isnan(beta_binomial_test(seen, rate, {a, b}).p_value));
        }
        for (const double confidence : {1e-300, 0.95, 1.0 - 0x1p-53}) {
          CAPTURE(a, b, seen.successes(), seen.trials(), confidence);
          const auto [lower, upper] =
              beta_binomial_interval(seen, {.confidence = confidence, .prior = {a, b}});
          CHECK(lower >= 0.0);
          CHECK(lower <= seen.rate() * (1.0 + 1e-14));
          CHECK(upper >= seen.rate() * (1.0 - 1e-14));
          CHECK(upper <= 1.0);
        }
      }
    }
  }
}

TEST_CASE("beta_binomial_interval: a bound that is too small for a double is 0",
          "[stats][beta_binomial]") {
  // The prior is certain of successes, of which one in 2^64 was seen: e^-1e16 cannot be rejected.
  const auto interval = beta_binomial_interval({1, std::numeric_limits<std::uint64_t>::max()},
                                               {.confidence = 0.95, .prior = {1e15, 1e-100}});
  CHECK(interval.lower == 0.0);
  CHECK(interval.upper > 0.0);
}

TEST_CASE("beta_binomial: err at most as often as advertised, at 300 looks",
          "[stats][beta_binomial][calibration]") {
  constexpr int rounds = 2000;
  constexpr std::uint64_t trials = 20;
  constexpr double rate = 0.1;
  std::mt19937_64 random{20260108};

  int rejected = 0;
  int missed = 0;
  int naive = 0;  // by a z-test at each look, in the same harness
  for (int round = 0; round < rounds; ++round) {
    proportion seen;
    always_valid_p_value p;
    bool outside = false;
    bool crossed = false;
    for (int look = 0; look < 300; ++look) {
      seen += proportions::draw(random, trials, rate);
      p.add(beta_binomial_test(seen, rate).log_martingale);
      const auto [lower, upper] = beta_binomial_interval(seen);
      outside = outside || rate < lower || rate > upper;
      const auto all = static_cast<double>(seen.trials());
      crossed = crossed || (look >= 5 && std::abs(seen.rate() - rate) >
                                             1.96 * std::sqrt(rate * (1.0 - rate) / all));
    }
    if (p.p_value() <= 0.05) ++rejected;
    if (outside) ++missed;
    if (crossed) ++naive;
  }

  // Of 2000 at probability 0.05, more than 149 are rarer than 1e-6.
  CHECK(rejected <= 149);
  CHECK(rejected >= 5);
  CHECK(missed == rejected);  // the interval is the test, inverted
  CHECK(naive > 400);         // the test can fail: it does for a method that is wrong
}

TEST_CASE("beta_binomial: a question that is none is an error", "[stats][beta_binomial][errors]") {
  CHECK_THROWS_WITH(beta_binomial_test({1, 2}, 0.0),
                    "beta_binomial_test: rate must lie between 0 and 1, got 0.000000");
  CHECK_THROWS_WITH(beta_binomial_test({1, 2}, 1.5),
                    "beta_binomial_test: rate must lie between 0 and 1, got 1.500000");
  CHECK_THROWS_WITH(beta_binomial_test({1, 2}, 0.5, {0.0, 1.0}),
                    "beta_binomial_test: prior must have successes and failures between 1e-100 and "
                    "1e100, got 0.000000");
  CHECK_THROWS_WITH(beta_binomial_test({1, 2}, 0.5, {1.0, -2.0}),
                    "beta_binomial_test: prior must have successes and failures between 1e-100 and "
                    "1e100, got -2.000000");
  CHECK_THROWS_WITH(beta_binomial_interval({1, 2}, {.confidence = 95.0}),
                    "beta_binomial_interval: confidence must lie between 0 and 1, got 95.000000");
  CHECK_THROWS_WITH(beta_binomial_interval({1, 2}, {.prior = {HUGE_VAL, 1.0}}),
                    "beta_binomial_interval: prior must have successes and failures between 1e-100 "
                    "and 1e100, got inf");
  CHECK_THROWS_AS(beta_binomial_test({1, 2}, std::nan("")), std::invalid_argument);
  CHECK_THROWS_AS(beta_binomial_test({1, 2}, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(beta_binomial_test({1, 2}, 0.5, {std::nan(""), 1.0}), std::invalid_argument);
  CHECK_THROWS_AS(beta_binomial_interval({1, 2}, {.confidence = std::nan("")}),
                  std::invalid_argument);
  CHECK_THROWS_AS(beta_binomial_interval({0, 0}, {.confidence = 1.0}), std::invalid_argument);
}
