// What restricted_rates_of promises for a slope: the oracle's digits, rates that lie on the margin,
// and no likelier pair beside them.

#include <hotswap/stats/restricted_contrast.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::linear_contrast;
using hotswap::stats::rate_and_rest;
using hotswap::stats::restricted_pair;
using hotswap::stats::restricted_rates_of;
using hotswap::stats::weighted_outcomes;

namespace {

weighted_outcomes outcomes(const nlohmann::json& arm) {
  const double successes = arm.at("successes");
  return {successes, arm.at("trials").get<double>() - successes};
}

double log_likelihood(const weighted_outcomes& seen, double rate) {
  double sum = 0.0;
  if (seen.successes > 0.0) sum += seen.successes * std::log(rate);
  if (seen.failures > 0.0) sum += seen.failures * std::log1p(-rate);
  return sum;
}

}  // namespace

TEST_CASE("restricted_rates_of: agrees with the oracle to 12 digits, next to 0 and 1, too",
          "[stats][restricted_contrast][oracle]") {
  for (const auto& row : oracle::every_case("margin_window")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    const restricted_pair at =
        restricted_rates_of(outcomes(input.at("a")), outcomes(input.at("b")),
                            linear_contrast{input.at("slope"), input.at("offset")});
    CHECK_THAT(at.baseline.rate, oracle::agrees_with(row, "p_a"));
    CHECK_THAT(at.candidate.rate, oracle::agrees_with(row, "p_b"));
  }
}

TEST_CASE("restricted_rates_of: lie on the margin, and no neighbours there are likelier",
          "[stats][restricted_contrast]") {
  std::mt19937_64 random{20260501};
  std::uniform_real_distribution<double> part{0.0, 1.0};
  for (int i = 0; i < 3000; ++i) {
    const double slope = std::exp(3.0 * part(random) - 1.5);
    const double offset = -slope + (1.0 + slope) * part(random);
    const auto draw = [&] {
      const double trials = std::floor(std::pow(10.0, 6.0 * part(random))) + 1.0;
      const double rate = i % 3 == 0 ? std::round(part(random)) : part(random);
      const double successes = std::floor(trials * rate);
      return weighted_outcomes{successes, trials - successes};
    };
    const weighted_outcomes baseline = draw();
    const weighted_outcomes candidate = draw();
    const linear_contrast contrast{slope, offset};
    CAPTURE(slope, offset, baseline.successes, baseline.failures, candidate.successes,
            candidate.failures);
    const auto [p, q] = restricted_rates_of(baseline, candidate, contrast);

    for (const rate_and_rest& each : {p, q}) {
      CHECK(each.rate >= 0.0);
      CHECK(each.rest >= 0.0);
      CHECK_THAT(each.rate + each.rest, WithinAbs(1.0, 1e-14));
    }
    CHECK_THAT(q.rate, WithinAbs(slope * p.rate + offset, 1e-14 * (1.0 + slope)));

    const double low = std::max(0.0, -offset / slope);
    const double high = std::min(1.0, (1.0 - offset) / slope);
    const auto value = [&](double at) {
      return log_likelihood(baseline, at) + log_likelihood(candidate, slope * at + offset);
    };
    const double here = log_likelihood(baseline, p.rate) + log_likelihood(candidate, q.rate);
    for (const double step : {-1e-3, 1e-3}) {
      const double beside = std::clamp(p.rate + step * (high - low), low, high);
      const double there = value(beside);
      if (std::isnan(there)) continue;  // a rate that rounding has taken below 0 or above 1
      CHECK(here >= there - 1e-9 * std::abs(there));
    }
  }
}

TEST_CASE("restricted_rates_of: without an offset, it is the root of a quadratic equation",
          "[stats][restricted_contrast]") {
  for (const double slope : {0.2, 0.95, 1.5, 4.0}) {
    for (const double baseline : {0.0, 5.0, 899.0, 900.0}) {
      for (const double candidate : {0.0, 3.0, 99.0, 100.0}) {
        CAPTURE(slope, baseline, candidate);
        const double a = slope * 1000.0;
        const double b = -(slope * (100.0 + baseline) + 900.0 + candidate);
        const double c = baseline + candidate;
        const double rate = 2.0 * c / (-b + std::sqrt(std::max(0.0, b * b - 4.0 * a * c)));
        const auto at =
            restricted_rates_of({baseline, 900.0 - baseline}, {candidate, 100.0 - candidate},
                                linear_contrast{slope, 0.0});
        CHECK_THAT(at.baseline.rate, WithinRel(rate, 1e-12));
        CHECK_THAT(at.candidate.rate, WithinRel(slope * rate, 1e-12));
      }
    }
  }
}

TEST_CASE("restricted_rates_of: a slope next to 1 gives what a slope of 1 does",
          "[stats][restricted_contrast]") {
  const weighted_outcomes baseline{45.0, 855.0};
  const weighted_outcomes candidate{15.0, 85.0};
  for (const double offset : {-0.3, -0.001, 0.0, 0.001, 0.3}) {
    CAPTURE(offset);
    const auto exact = restricted_rates_of(baseline, candidate, linear_contrast{1.0, offset});
    const auto near = restricted_rates_of(baseline, candidate, linear_contrast{1.0 + 1e-9, offset});
    CHECK_THAT(near.baseline.rate, WithinRel(exact.baseline.rate, 1e-7));
    CHECK_THAT(near.candidate.rest, WithinRel(exact.candidate.rest, 1e-7));
  }
}

TEST_CASE("restricted_rates_of: with the arms exchanged, gives the same rates",
          "[stats][restricted_contrast]") {
  const weighted_outcomes baseline{5.0, 895.0};
  const weighted_outcomes candidate{3.0, 97.0};
  for (const auto& contrast :
       {linear_contrast{0.95, 0.05}, linear_contrast{2.0, 0.0}, linear_contrast{1.5, -0.002}}) {
    CAPTURE(contrast.slope, contrast.offset);
    const auto forth = restricted_rates_of(baseline, candidate, contrast);
    const auto back = restricted_rates_of(candidate, baseline, exchanged(contrast));
    CHECK_THAT(back.baseline.rate, WithinRel(forth.candidate.rate, 1e-12));
    CHECK_THAT(back.candidate.rate, WithinRel(forth.baseline.rate, 1e-12));
  }
}
