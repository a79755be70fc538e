// What moments promises: the mean and variance of the values, wherever they lie and however they
// were split; a state that can be written down; and that no NaN is ever lost.

#include <hotswap/stats/moments.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::moments;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

std::vector<double> values_of(const nlohmann::json& input) {
  if (input.contains("x")) return input.at("x").get<std::vector<double>>();
  std::vector<double> values;
  for (std::size_t i = 0; i < input.at("values").size(); ++i) {
    values.insert(values.end(), input.at("counts")[i].get<std::size_t>(),
                  input.at("values")[i].get<double>());
  }
  return values;
}

std::vector<double> normal_values(std::mt19937_64& random, int count) {
  std::normal_distribution<double> value{3.0, 2.0};
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(value(random));
  return values;
}

void check_agreement(const moments& sample, const nlohmann::json& row) {
  CHECK_THAT(static_cast<double>(sample.count()), oracle::agrees_with(row, "n"));
  CHECK_THAT(sample.mean(), oracle::agrees_with(row, "mean"));
  CHECK_THAT(sample.sum_of_squared_deviations(), oracle::agrees_with(row, "m2"));
  if (oracle::promises(row, "variance")) {
    CHECK_THAT(sample.variance(), oracle::agrees_with(row, "variance"));
  }
}

}  // namespace

TEST_CASE("moments: agrees with the oracle, NIST's data sets among it",
          "[stats][moments][oracle]") {
  for (const auto* formula : {"moments", "moments_weighted"}) {
    for (const auto& row : oracle::every_case(formula)) {
      CAPTURE(row.at("name"));
      check_agreement(moments::of(values_of(row.at("input"))), row);
    }
  }
}

TEST_CASE("moments: a merge agrees with the oracle", "[stats][moments][oracle]") {
  for (const auto& row : oracle::every_case("merged_moments")) {
    CAPTURE(row.at("name"));
    moments sum;
    for (const auto& part : row.at("input").at("parts")) {
      const auto count = part.at("n").get<std::uint64_t>();
      const double squares = part.at("m2");
      sum += moments::from_summary(count, part.at("mean"),
                                   count < 2 ? 0.0 : squares / static_cast<double>(count - 1));
    }
    check_agreement(sum, row);
  }
}

TEST_CASE("moments: far from zero, the variance keeps 12 digits", "[stats][moments][oracle]") {
  // Half an ulp of the inputs changes the oracle's variance in the sixth digit; ours takes the
  // inputs as they are, so it need not lose any.
  for (const auto& row : oracle::cases("moments")) {
    const std::string name = row.at("name");
    if (name != "offset 1e9" && name != "NIST NumAcc4") continue;
    CAPTURE(name);
    CHECK_THAT(moments::of(values_of(row.at("input"))).variance(),
               WithinRel(row.at("expected").at("variance").get<double>(), 1e-12));
  }
}

TEST_CASE("moments: values can be listed, added one by one, or given as a span",
          "[stats][moments]") {
  const moments listed{1.0, 2.0, 4.0};
  moments added;
  for (const double value : {1.0, 2.0, 4.0}) added.add(value);

  CHECK(added == listed);
  CHECK(moments::of(std::array{1.0, 2.0, 4.0}) == listed);
  CHECK(moments::of(std::vector{1.0, 2.0, 4.0}) == listed);
  CHECK_FALSE(moments{1.0, 2.0} == listed);
}

TEST_CASE("moments: merged parts are the whole, wherever it is cut", "[stats][moments]") {
  std::mt19937_64 random{20260102};
  const auto values = normal_values(random, 100);
  const auto whole = moments::of(values);

  for (std::size_t cut = 0; cut <= values.size(); ++cut) {
    CAPTURE(cut);
    const std::span<const double> all{values};
    auto merged = moments::of(all.first(cut));
    merged += moments::of(all.subspan(cut));

    CHECK(merged.count() == whole.count());
    CHECK_THAT(merged.mean(), WithinRel(whole.mean(), 1e-14));
    CHECK_THAT(merged.variance(), WithinRel(whole.variance(), 1e-13));
  }
}

TEST_CASE("moments: merging nothing changes nothing, bit for bit", "[stats][moments]") {
  const moments sample{0.1, 0.2, 0.7};
  auto right = sample;
  right += moments{};
  moments left;
  left += sample;

  CHECK(right == sample);
  CHECK(left == sample);
}

TEST_CASE("moments: merged with itself, it has each value twice", "[stats][moments]") {
  moments sample{1.0, 2.0, 4.0};
  sample += sample;

  CHECK(sample.count() == 6);
  CHECK_THAT(sample.mean(), WithinRel(7.0 / 3.0, 1e-15));
  CHECK_THAT(sample.sum_of_squared_deviations(), WithinRel(28.0 / 3.0, 1e-15));
}

TEST_CASE("moments: a merge of distant parts keeps the variance between them", "[stats][moments]") {
  moments sample{1e9 - 1.0, 1e9 + 1.0};
  sample += moments{-1e9 - 1.0, -1e9 + 1.0};

  CHECK_THAT(sample.mean(), WithinAbs(0.0, 1e-7));
  CHECK_THAT(sample.variance(), WithinRel((4e18 + 4.0) / 3.0, 1e-15));
}

TEST_CASE("moments: a shift moves the mean only, and a unit scales both", "[stats][moments]") {
  const moments sample{0.5, 1.25, 4.0};
  const moments shifted{1024.5, 1025.25, 1028.0};
  const moments scaled{-1.0, -2.5, -8.0};

  CHECK(shifted.mean() == sample.mean() + 1024.0);
  CHECK(shifted.variance() == sample.variance());
  CHECK(scaled.mean() == -2.0 * sample.mean());
  CHECK(scaled.variance() == 4.0 * sample.variance());
}

TEST_CASE("moments: a constant has no variance, not even from rounding", "[stats][moments]") {
  moments sample;
  for (int i = 0; i < 1000; ++i) sample.add(0.1);

  CHECK(sample.mean() == 0.1);
  CHECK(sample.variance() == 0.0);
  for (const std::size_t count : {2U, 255U, 256U, 1024U, 5000U}) {
    const auto at_once = moments::of(std::vector<double>(count, 0.1));
    CHECK(at_once.mean() == 0.1);
    CHECK(at_once.variance() == 0.0);
  }
}

TEST_CASE("moments: many values at once have all digits, wherever they lie and however they drift",
          "[stats][moments]") {
  // Whole numbers, which an offset moves exactly; the reference has 64 bits, where long double has.
  const auto check = [](const std::vector<double>& values, double offset) {
    CAPTURE(values.size(), offset);
    std::vector<double> moved = values;
    for (double& each : moved) each += offset;
    long double sum = 0.0L;
    for (const double each : values) sum += static_cast<long double>(each);
    const long double mean = sum / static_cast<long double>(values.size());
    long double squares = 0.0L;
    for (const double each : values) {
      const long double distance = static_cast<long double>(each) - mean;
      squares += distance * distance;
    }
    const auto seen = moments::of(moved);

    CHECK(seen.count() == values.size());
    const double expected = static_cast<double>(mean) + offset;
    const double deviation = std::sqrt(seen.variance());
    CHECK_THAT(seen.mean(), WithinAbs(expected, 1e-15 * (std::abs(expected) + deviation)));
    CHECK_THAT(seen.sum_of_squared_deviations(), WithinRel(static_cast<double>(squares), 1e-14));
  };
  for (const std::size_t count : {256U, 257U, 1023U, 1024U, 1025U, 4096U, 100'000U, 1'000'003U}) {
    std::mt19937_64 random{count};
    std::vector<double> even(count);
    for (double& each : even) each = static_cast<double>(random() % 100'001) - 50'000.0;
    std::vector<double> first_is_wild = even;
    first_is_wild[0] = 1e12;
    std::vector<double> drifting = even;
    for (std::size_t i = 0; i < count; ++i) drifting[i] += std::floor(static_cast<double>(i) / 3.0);
    std::vector<double> jumping = even;
    for (std::size_t i = count / 2; i < count; ++i) jumping[i] += 1e9;

    for (const double offset : {0.0, 1e6, 1e9, 1e12}) check(even, offset);
    check(first_is_wild, 0.0);
    check(drifting, 0.0);
    check(jumping, 0.0);
  }
}

TEST_CASE("moments: many values at once are as good as one by one", "[stats][moments]") {
  std::mt19937_64 random{20260105};
  const auto values = normal_values(random, 10'000);
  moments added;
  for (const double value : values) added.add(value);
  const auto at_once = moments::of(values);

  CHECK(at_once.count() == added.count());
  CHECK_THAT(at_once.mean(), WithinRel(added.mean(), 1e-14));
  CHECK_THAT(at_once.variance(), WithinRel(added.variance(), 1e-13));
  CHECK(moments::of(values) == at_once);
  CHECK(moments::from_raw(at_once.raw()) == at_once);
}

TEST_CASE("moments: the raw state brings back all of it, bit for bit", "[stats][moments]") {
  std::mt19937_64 random{20260103};
  auto sample = moments::of(normal_values(random, 50));
  auto copy = moments::from_raw(sample.raw());
  CHECK(copy == sample);

  for (const double value : normal_values(random, 50)) {
    sample.add(value);
    copy.add(value);
  }
  CHECK(copy == sample);
  CHECK(moments::from_raw(moments{}.raw()) == moments{});
}

TEST_CASE("moments: a summary is taken at its word", "[stats][moments]") {
  const auto sample = moments::from_summary(10'000, 0.12, 0.0036);

  CHECK(sample.count() == 10'000);
  CHECK(sample.mean() == 0.12);
  CHECK_THAT(sample.variance(), WithinRel(0.0036, 1e-15));
  CHECK(moments::from_summary(1, 3.5, 0.0) == moments{3.5});
  CHECK(moments::from_summary(0, 0.0, 0.0) == moments{});
}

TEST_CASE("moments: on average, the variance of few values is that of the source",
          "[stats][moments][calibration]") {
  constexpr int rounds = 20'000;
  std::mt19937_64 random{20260104};

  moments variances;
  for (int i = 0; i < rounds; ++i) {
    variances.add(moments::of(normal_values(random, 5)).variance());
  }

  // A variance of 4 from 5 normal values has itself a deviation of 4 * sqrt(2 / 4) = 2.83; four
  // standard errors of the average: 4 * 2.83 / sqrt(20'000) = 0.08. Divided by 5 it would be 3.2.
  CHECK_THAT(variances.mean(), WithinAbs(4.0, 0.08));
}

TEST_CASE("moments: a value that is not finite is never lost", "[stats][moments]") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    for (std::size_t place = 0; place < 4; ++place) {
      CAPTURE(bad, place);
      std::vector<double> values{1.0, 2.0, 4.0};
      values.insert(values.begin() + static_cast<std::ptrdiff_t>(place), bad);
      const auto sample = moments::of(values);

      CHECK(sample.count() == 4);
      CHECK_FALSE(sample.finite());
      CHECK_FALSE(std::isfinite(sample.mean()));
      CHECK_FALSE(std::isfinite(sample.variance()));
    }
  }
  CHECK(moments{}.finite());
  CHECK(moments{1.0, 2.0, 4.0}.finite());
}

TEST_CASE("moments: nor is it lost among many", "[stats][moments]") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    for (const std::size_t place : {0U, 1U, 63U, 64U, 1023U, 1024U, 2999U}) {
      CAPTURE(bad, place);
      std::vector<double> values(3000, 1.0);
      values[place] = bad;
      moments added;
      for (const double value : values) added.add(value);
      const auto at_once = moments::of(values);

      CHECK(at_once.count() == 3000);
      CHECK_FALSE(at_once.finite());
      CHECK_FALSE(std::isfinite(at_once.mean()));
      CHECK_FALSE(std::isfinite(at_once.variance()));
      CHECK(std::isnan(at_once.mean()) == std::isnan(added.mean()));
    }
  }
  std::vector<double> huge(3000, 1e150);
  huge[7] = -1e150;
  CHECK(moments::of(huge).finite());
  huge[8] = 1e200;
  CHECK_FALSE(moments::of(huge).finite());
}

TEST_CASE("moments: a merge does not lose a NaN or an infinity either", "[stats][moments]") {
  for (const double bad : {not_a_number, infinity, -infinity}) {
    CAPTURE(bad);
    moments right{1.0, 2.0};
    right += moments{bad};
    moments left{bad};
    left += moments{1.0, 2.0};
    left += moments{};
    moments empty;
    empty += moments{bad};

    CHECK_FALSE(right.finite());
    CHECK_FALSE(left.finite());
    CHECK_FALSE(empty.finite());
    CHECK_FALSE(moments::from_raw(right.raw()).finite());
  }
}

TEST_CASE("moments: squares beyond the range of double are not taken for numbers",
          "[stats][moments]") {
  CHECK_FALSE(moments{1e200, -1e200}.finite());
  CHECK_FALSE(moments{1.7e308, -1.7e308}.finite());
  CHECK(moments{1e150, -1e150}.finite());
}

TEST_CASE("moments: squares within it are, though those from the first values are not",
          "[stats][moments]") {
  // The mean is -7/8 c, so the deviations have 64 (15/8)^2 + 960 (1/8)^2 = 240 squares of c; from
  // the first 64 values they have 960 * 4.
  constexpr double c = 5e152;
  std::vector<double> values(1024, -c);
  std::fill_n(values.begin(), 64, c);
  const auto seen = moments::of(values);

  CHECK(seen.finite());
  CHECK_THAT(seen.sum_of_squared_deviations(), WithinRel(240.0 * c * c, 1e-14));
}

TEST_CASE("moments: too few values for an answer are an error", "[stats][moments][errors]") {
  CHECK_THROWS_AS(moments{}.mean(), std::domain_error);
  CHECK_THROWS_WITH(moments{}.mean(), "moments: mean must be of at least 1 value, got 0");
  CHECK_THROWS_AS(moments{3.5}.variance(), std::domain_error);
  CHECK_THROWS_WITH(moments{3.5}.variance(),
                    "moments: variance must be of at least 2 values, got 1");
  CHECK_THROWS_WITH(moments{}.variance(), "moments: variance must be of at least 2 values, got 0");
  CHECK(moments{}.sum_of_squared_deviations() == 0.0);
}

TEST_CASE("moments: a summary that contradicts itself is an error", "[stats][moments][errors]") {
  CHECK_THROWS_AS(moments::from_summary(2, infinity, 1.0), std::invalid_argument);
  CHECK_THROWS_WITH(moments::from_summary(2, infinity, 1.0),
                    "moments::from_summary: mean must be finite, got inf");
  CHECK_THROWS_WITH(moments::from_summary(0, 1.0, 0.0),
                    "moments::from_summary: mean must be 0 without values, got 1.000000");
  CHECK_THROWS_AS(moments::from_summary(2, 1.0, -1.0), std::invalid_argument);
  CHECK_THROWS_WITH(
      moments::from_summary(2, 1.0, -1.0),
      "moments::from_summary: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(moments::from_summary(2, 1.0, infinity),
                    "moments::from_summary: variance must be finite and not below 0, got inf");
  CHECK_THROWS_WITH(
      moments::from_summary(1, 1.0, 2.0),
      "moments::from_summary: variance must be 0 for fewer than 2 values, got 2.000000");
  CHECK_THROWS_AS(moments::from_summary(2, not_a_number, 1.0), std::invalid_argument);
  CHECK_THROWS_AS(moments::from_summary(2, 1.0, not_a_number), std::invalid_argument);
}

TEST_CASE("moments: a raw state that no values lead to is an error", "[stats][moments][errors]") {
  CHECK_THROWS_AS(moments::from_raw({.count = 2, .squared_deviations = -1.0}),
                  std::invalid_argument);
  CHECK_THROWS_WITH(moments::from_raw({.count = 2, .squared_deviations = -1.0}),
                    "moments::from_raw: squared_deviations must not be below 0, got -1.000000");
  CHECK_THROWS_AS(moments::from_raw({.count = 0, .origin = 1.5}), std::invalid_argument);
  CHECK_THROWS_WITH(moments::from_raw({.count = 0, .origin = 1.5}),
                    "moments::from_raw: all must be 0 without values, got 1.500000, 0.000000 and "
                    "0.000000");
}
