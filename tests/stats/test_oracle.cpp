// What the oracles' loader promises, since all numerical tests rest on it.

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <limits>

namespace {

const auto row = nlohmann::json::parse(R"({
  "expected": {"mean": 2.0, "zero": 0.0, "end": "-Infinity", "skewness": 1.0},
  "tolerance": 1e-12, "tolerances": {"mean": 1e-6}, "left_out": ["skewness"]})");

bool agrees(double value, const char* field) {
  return oracle::agrees_with(row, field).match(value);
}

}  // namespace

TEST_CASE("oracle: a number agrees when its relative error is within the field's own tolerance",
          "[stats][oracle]") {
  CHECK(agrees(2.000001, "mean"));
  CHECK_FALSE(agrees(2.000003, "mean"));
  CHECK_FALSE(agrees(-2.0, "mean"));
}

TEST_CASE("oracle: the error of what should be 0 is absolute", "[stats][oracle]") {
  CHECK(agrees(1e-12, "zero"));
  CHECK_FALSE(agrees(-2e-12, "zero"));
}

TEST_CASE("oracle: an infinity agrees with itself only, and a NaN with nothing",
          "[stats][oracle]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();

  CHECK(agrees(-infinity, "end"));
  CHECK_FALSE(agrees(infinity, "end"));
  CHECK_FALSE(agrees(-1e308, "end"));
  CHECK_FALSE(agrees(infinity, "mean"));
  CHECK_FALSE(agrees(std::nan(""), "mean"));
  CHECK_FALSE(agrees(std::nan(""), "end"));
}

TEST_CASE("oracle: what is left out is not promised, and what is lacking is an error",
          "[stats][oracle]") {
  CHECK(oracle::promises(row, "mean"));
  CHECK_FALSE(oracle::promises(row, "skewness"));
  CHECK_FALSE(oracle::promises(row, "kurtosis"));
  CHECK_THROWS(oracle::agrees_with(row, "kurtosis"));
}
