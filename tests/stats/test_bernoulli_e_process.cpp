// What bernoulli_e_process promises: the oracle's digits, an expectation of at most 1 that can be
// counted out, bets that know only the past, and an error for rates that are none.

#include <hotswap/stats/bernoulli_e_process.hpp>

#include "stats/proportions.hpp"
#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <cstdint>

using Catch::Matchers::WithinRel;
using hotswap::stats::bernoulli_e_process;
using hotswap::stats::bernoulli_log_e;
using hotswap::stats::exchanged;
using hotswap::stats::linear_contrast;
using hotswap::stats::proportion;
using hotswap::stats::rate_bet;

namespace {

/// Of e, over all outcomes of so many requests of each arm at these rates.
double expected_e(int baseline, double baseline_rate, int candidate, double candidate_rate,
                  const rate_bet& bet, const linear_contrast& contrast) {
  double sum = 0.0;
  for (int a = 0; a <= baseline; ++a) {
    for (int b = 0; b <= candidate; ++b) {
      const proportion of_baseline(static_cast<std::uint64_t>(a),
                                   static_cast<std::uint64_t>(baseline));
      const proportion of_candidate(static_cast<std::uint64_t>(b),
                                    static_cast<std::uint64_t>(candidate));
      sum += proportions::probability(a, baseline, baseline_rate) *
             proportions::probability(b, candidate, candidate_rate) *
             std::exp(bernoulli_log_e(of_baseline, of_candidate, bet, contrast));
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("bernoulli_log_e: agrees with the oracle to 12 digits, up to counts of 1e15",
          "[stats][bernoulli_e_process][oracle]") {
  for (const auto& row : oracle::every_case("bernoulli_log_e")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    CHECK_THAT(bernoulli_log_e(proportions::from(input.at("a")), proportions::from(input.at("b")),
                               {input.at("rate_a"), input.at("rate_b")},
                               {input.at("slope"), input.at("offset")}),
               oracle::agrees_with(row, "log_e"));
  }
}

TEST_CASE("bernoulli_log_e: at any rates within the margin, e is at most 1 on average",
          "[stats][bernoulli_e_process][calibration]") {
  // Nothing is drawn: the probability of each outcome is known.
  for (const auto& contrast : {linear_contrast{}, linear_contrast{.offset = 0.1},
                               linear_contrast{.slope = 0.8, .offset = 0.2},
                               linear_contrast{.slope = 1.5, .offset = -0.1}}) {
    for (const double baseline_rate : {0.1, 0.3, 0.6}) {
      const double margin = contrast.slope * baseline_rate + contrast.offset;
      for (const double part : {0.3, 0.9, 1.0}) {
        const double candidate_rate = part * margin;
        for (const auto& bet : {rate_bet{0.2, 0.9}, rate_bet{0.05, 0.3}, rate_bet{0.5, 0.95}}) {
          CAPTURE(contrast.slope, contrast.offset, baseline_rate, candidate_rate, bet.baseline,
                  bet.candidate);
          const double expected = expected_e(12, baseline_rate, 5, candidate_rate, bet, contrast);
          CHECK(expected <= 1.0 + 1e-12);
        }
      }
    }
  }
}

TEST_CASE("bernoulli_log_e: where the bet is right, e grows on average",
          "[stats][bernoulli_e_process]") {
  CHECK(expected_e(12, 0.2, 5, 0.7, {0.2, 0.7}, {.offset = 0.1}) > 1.5);
}

TEST_CASE("bernoulli_log_e: at a bet's own margin, the best null has an expectation of just 1",
          "[stats][bernoulli_e_process]") {
  // The likeliest null rates themselves: there the bet is fair.
  const auto null = hotswap::stats::restricted_rates_of(
      hotswap::stats::weighted_outcomes{12.0 * 0.2, 12.0 * 0.8},
      hotswap::stats::weighted_outcomes{5.0 * 0.7, 5.0 * 0.3}, linear_contrast{.offset = 0.1});
  CHECK_THAT(
      expected_e(12, null.baseline.rate, 5, null.candidate.rate, {0.2, 0.7}, {.offset = 0.1}),
      WithinRel(1.0, 1e-10));
}

TEST_CASE("bernoulli_log_e: a bet that keeps the margin, or a window without trials, says nothing",
          "[stats][bernoulli_e_process]") {
  CHECK(bernoulli_log_e({5, 900}, {3, 100}, {0.01, 0.02}, {.offset = 0.01}) == 0.0);
  CHECK(bernoulli_log_e({5, 900}, {3, 100}, {0.01, 0.005}) == 0.0);
  CHECK(bernoulli_log_e({0, 0}, {3, 100}, {0.01, 0.05}) == 0.0);
  CHECK(bernoulli_log_e({5, 900}, {0, 0}, {0.01, 0.05}) == 0.0);
}

TEST_CASE("bernoulli_e_process: bets on what the windows before have shown",
          "[stats][bernoulli_e_process]") {
  bernoulli_e_process worse{{.offset = 0.01}};
  worse.add({5, 900}, {3, 100});
  CHECK(worse.log_e() == 0.0);  // nothing was known

  const rate_bet bet = worse.next_bet();
  CHECK_THAT(bet.baseline, WithinRel(5.5 / 901.0, 1e-14));
  CHECK_THAT(bet.candidate, WithinRel((3.0 + 2.0 * (bet.baseline + 0.01)) / 102.0, 1e-14));

  worse.add({4, 900}, {6, 100});
  const double first = bernoulli_log_e({4, 900}, {6, 100}, bet, {.offset = 0.01});
  CHECK(first > 0.0);
  CHECK(worse.log_e() == first);

  const rate_bet next = worse.next_bet();
  worse.add({4, 900}, {0, 100});
  CHECK(worse.log_e() == first + bernoulli_log_e({4, 900}, {0, 100}, next, {.offset = 0.01}));
  CHECK(worse.log_e() < first);
  CHECK(worse.greatest_log_e() == first);
  CHECK_THAT(worse.p_value(), WithinRel(std::exp(-first), 1e-14));
}

TEST_CASE("bernoulli_e_process: the first window is no evidence, be the margin reached by no rate",
          "[stats][bernoulli_e_process]") {
  bernoulli_e_process worse{{.offset = -0.6}};
  CHECK(worse.next_bet().candidate == 0.25);  // the margin is at 0.5 - 0.6
  worse.add({400, 900}, {90, 100});
  CHECK(worse.log_e() == 0.0);
  worse.add({400, 900}, {90, 100});
  CHECK(worse.log_e() > 1.0);
}

TEST_CASE("bernoulli_e_process: never bets on a candidate that is better than its margin",
          "[stats][bernoulli_e_process]") {
  bernoulli_e_process worse{{.offset = 0.05}};
  worse.add({5, 900}, {0, 100});
  const rate_bet bet = worse.next_bet();
  CHECK(bet.candidate == bet.baseline + 0.05);
  worse.add({5, 900}, {50, 100});
  CHECK(worse.log_e() == 0.0);
}

TEST_CASE("bernoulli_e_process: is sure of a candidate that is far worse, and of one that is not",
          "[stats][bernoulli_e_process]") {
  const linear_contrast margin{.offset = 0.01};
  bernoulli_e_process worse{margin};
  bernoulli_e_process not_worse{exchanged(margin)};
  for (int i = 0; i < 30; ++i) {
    worse.add({5, 900}, {5, 100});
    not_worse.add({0, 100}, {5, 900});  // the arms exchanged
  }
  CHECK(worse.log_e() > std::log(1000.0));
  CHECK(worse.p_value() < 0.001);
  CHECK(not_worse.log_e() > std::log(1000.0));
}

TEST_CASE("bernoulli_e_process: a window without trials in an arm says and teaches nothing",
          "[stats][bernoulli_e_process]") {
  bernoulli_e_process worse;
  worse.add({5, 900}, {3, 100});
  worse.add({400, 900}, {0, 0});
  worse.add({0, 0}, {90, 100});
  CHECK(worse.log_e() == 0.0);
  CHECK_THAT(worse.next_bet().baseline, WithinRel(5.5 / 901.0, 1e-14));
}

TEST_CASE("bernoulli_e_process: has an answer at every extreme of the counts",
          "[stats][bernoulli_e_process]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  for (const auto& margin :
       {linear_contrast{}, linear_contrast{.offset = 0.01}, linear_contrast{.offset = -0.01},
        linear_contrast{.slope = 3.0}, linear_contrast{.slope = 0.2, .offset = 0.7}}) {
    for (const auto& baseline : {proportion{0, many}, proportion{many, many},
                                 proportion{many / 2, many}, proportion{1, 1}}) {
      for (const auto& candidate : {proportion{0, many}, proportion{many, many},
                                    proportion{many / 2, many}, proportion{0, 1}}) {
        CAPTURE(margin.slope, margin.offset, baseline.successes(), candidate.successes());
        bernoulli_e_process worse{margin};
        for (int i = 0; i < 3; ++i) worse.add(baseline, candidate);
        CHECK_FALSE(std::isnan(worse.log_e()));
        CHECK(worse.greatest_log_e() >= 0.0);
        CHECK(worse.p_value() <= 1.0);
      }
    }
  }
}

TEST_CASE("bernoulli_e_process: margins and rates that are none are errors",
          "[stats][bernoulli_e_process][errors]") {
  CHECK_THROWS_WITH(bernoulli_e_process({.slope = 0.0}),
                    "bernoulli_e_process: slope must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(bernoulli_e_process({.offset = -1.0}),
                    "bernoulli_e_process: offset must lie between -slope and 1, got -1.000000 and "
                    "a slope of 1.000000");
  CHECK_THROWS_WITH(bernoulli_log_e({5, 900}, {3, 100}, {0.0, 0.5}),
                    "bernoulli_log_e: rates must lie between 0 and 1, got 0.000000 and 0.500000");
  CHECK_THROWS_WITH(bernoulli_log_e({5, 900}, {3, 100}, {0.5, 1.0}),
                    "bernoulli_log_e: rates must lie between 0 and 1, got 0.500000 and 1.000000");
  CHECK_THROWS_WITH(bernoulli_log_e({5, 900}, {3, 100}, {0.2, 0.5}, {.offset = 2.0}),
                    "bernoulli_log_e: offset must lie between -slope and 1, got 2.000000 and a "
                    "slope of 1.000000");
  CHECK_THROWS_AS(bernoulli_log_e({5, 900}, {3, 100}, {std::nan(""), 0.5}), std::invalid_argument);
}
