// What covariance promises: the definition's number at any offset, the algebra of merging, and an
// error where there is none.

#include <hotswap/stats/covariance.hpp>
#include <hotswap/stats/moments.hpp>

#include "stats/pairs.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::covariance;
using hotswap::stats::moments;

namespace {

const std::vector<double> y{2.0, 4.0, 3.0, 7.0, 9.0};
const std::vector<double> x{1.0, 3.0, 2.0, 4.0, 5.0};  // means 5 and 3; products 6 + 0 + 2 + 2 + 8

}  // namespace

TEST_CASE("covariance: is the mean product of deviations", "[stats][covariance]") {
  const auto seen = covariance::of(y, x);

  CHECK_THAT(seen.sum_of_products(), WithinRel(18.0, 1e-15));
  CHECK_THAT(seen.value(), WithinRel(4.5, 1e-15));
  CHECK_THAT(seen.correlation(), WithinRel(18.0 / std::sqrt(34.0 * 10.0), 1e-15));
  CHECK(seen.y() == moments::of(y));
  CHECK(seen.x() == moments::of(x));
}

TEST_CASE("covariance: an offset of 1e9 changes nothing", "[stats][covariance]") {
  covariance moved;
  for (std::size_t i = 0; i < y.size(); ++i) moved.add(y[i] + 1e9, x[i] - 1e9);

  CHECK_THAT(moved.value(), WithinRel(4.5, 1e-15));
}

TEST_CASE("covariance: of parts that are merged it is that of the whole", "[stats][covariance]") {
  std::mt19937_64 random{20260101};
  auto whole = pairs::draw(random, 400, 3.0, 0.7);
  const auto first = whole;
  std::mt19937_64 same = random;
  const auto second = pairs::draw(random, 100, 30.0, -0.2);
  std::normal_distribution<double> noise;
  for (int i = 0; i < 100; ++i) {
    const double at = noise(same);
    const double rest = std::sqrt(1.0 - 0.04) * noise(same);
    whole.add(30.0 - 0.2 * at + rest, at);
  }
  auto merged = first;
  merged += second;

  CHECK(merged.count() == 500);
  CHECK_THAT(merged.value(), WithinRel(whole.value(), 1e-12));
  CHECK_THAT(merged.correlation(), WithinRel(whole.correlation(), 1e-12));
  covariance from_none;
  from_none += first;
  CHECK(from_none == first);
  from_none += covariance{};
  CHECK(from_none == first);
}

TEST_CASE("covariance: exchanging y and x changes nothing", "[stats][covariance]") {
  CHECK_THAT(covariance::of(x, y).value(), WithinRel(covariance::of(y, x).value(), 1e-15));
}

TEST_CASE("covariance: what was drawn with a correlation has it",
          "[stats][covariance][calibration]") {
  // five standard errors, (1 - 0.36) / sqrt(20 000) = 0.0045
  std::mt19937_64 random{20260101};
  CHECK_THAT(pairs::draw(random, 20'000, 0.0, -0.6).correlation(), WithinAbs(-0.6, 0.023));
}

TEST_CASE("covariance: a line has a correlation of 1, never more", "[stats][covariance]") {
  covariance line;
  for (int i = 0; i < 1000; ++i) line.add(0.1 * i, 0.3 * i);
  CHECK(line.correlation() <= 1.0);
  CHECK_THAT(line.correlation(), WithinRel(1.0, 1e-14));
}

TEST_CASE("covariance: a value that is not finite is never forgotten", "[stats][covariance]") {
  auto seen = covariance::of(y, x);
  CHECK(seen.finite());
  seen.add(1.0, std::nan(""));
  seen.add(1.0, 1.0);
  CHECK_FALSE(seen.finite());
}

TEST_CASE("covariance: what has no answer is an error that says why",
          "[stats][covariance][errors]") {
  CHECK_THROWS_WITH(covariance::of(y, std::vector<double>{1.0}),
                    "covariance: each y must have an x, got 5 and 1");
  CHECK_THROWS_WITH(covariance{}.value(),
                    "covariance: a covariance must be of at least 2 pairs, got 0");
  covariance constant;
  constant.add(1.0, 2.0);
  constant.add(1.0, 3.0);
  CHECK_THROWS_WITH(
      constant.correlation(),
      "covariance: a correlation must be of values that vary, got 2 pairs of which one "
      "does not");
  CHECK_THROWS_AS(constant.correlation(), std::domain_error);
  CHECK_THROWS_WITH(covariance::from_summary(moments::of(y), moments{1.0}, 0.0),
                    "covariance::from_summary: each y must have an x, got 5 and 1");
  CHECK_THROWS_WITH(
      covariance::from_summary(moments::of(y), moments::of(x), 5.0),
      "covariance::from_summary: covariance must not exceed the root of the variances' "
      "product, got 5.000000");
  CHECK_THROWS_AS(covariance::from_summary(moments::of(y), moments::of(x), std::nan("")),
                  std::invalid_argument);
  CHECK_THROWS_AS(covariance::from_summary(moments{1.0}, moments{1.0}, 1.0), std::invalid_argument);
}
