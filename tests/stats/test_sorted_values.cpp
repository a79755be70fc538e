// What sorted_values promises: what std::sort gives, whatever the values are.

#include <hotswap/stats/sorted_values.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

using hotswap::stats::sorted_values;

namespace {

using values = std::vector<double>;

/// Kinds of samples, the hard ones among them; each draws one value.
std::vector<std::pair<std::string, std::function<double(std::mt19937_64&)>>> kinds() {
  const auto normal = [](std::mt19937_64& random) {
    return std::normal_distribution<double>{}(random);
  };
  return {
      {"normal", normal},
      {"heavy tail", [=](auto& random) { return std::exp(9.0 * normal(random)); }},
      {"far from 0", [=](auto& random) { return 1e9 + normal(random); }},
      {"some huge", [=](auto& random) { return random() % 500 == 0 ? -1e300 : normal(random); }},
      {"two scales",
       [=](auto& random) { return (random() % 9 == 0 ? 1.0 : 1e-9) * normal(random); }},
      {"few different", [](auto& random) { return static_cast<double>(random() % 7) - 3.0; }},
      {"mostly 0", [=](auto& random) { return random() % 9 == 0 ? normal(random) : 0.0; }},
      {"one value", [](auto&) { return 0.25; }},
      {"one value but a few",
       [=](auto& random) { return random() % 999 == 0 ? normal(random) : 0.25; }},
      {"infinities",
       [=](auto& random) { return random() % 3 == 0 ? normal(random) / 0.0 : normal(random); }},
      {"denormal", [](auto& random) { return static_cast<double>(random() % 4096) * 5e-324; }},
      {"the whole range",
       [=](auto& random) { return normal(random) * std::numeric_limits<double>::max() / 8.0; }},
      {"every pattern of bits",
       [](auto& random) {
         const double drawn = std::bit_cast<double>(random());
         return std::isnan(drawn) ? 1.0 : drawn;
       }},
  };
}

void check_sorted(const values& sample) {
  values expected = sample;
  std::sort(expected.begin(), expected.end());
  CHECK(sorted_values(sample) == expected);
}

}  // namespace

TEST_CASE("sorted_values: as std::sort, whatever the distribution and however many",
          "[stats][sorted_values][long]") {
  for (const auto& [name, draw] : kinds()) {
    for (const std::size_t count : {0U, 1U, 2U, 31U, 1023U, 1024U, 1500U, 50'000U, 300'000U}) {
      CAPTURE(name, count);
      std::mt19937_64 random{count};
      values sample(count);
      for (double& each : sample) each = draw(random);
      check_sorted(sample);
    }
  }
}

TEST_CASE("sorted_values: in order, in reverse and as an organ pipe", "[stats][sorted_values]") {
  values rising(20'000);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<double>(i) * 0.1;
  values falling{rising.rbegin(), rising.rend()};
  values pipe = rising;
  pipe.insert(pipe.end(), falling.begin(), falling.end());

  for (const values& each : {rising, falling, pipe}) check_sorted(each);
}

TEST_CASE("sorted_values: powers of 2, which no equal widths can part", "[stats][sorted_values]") {
  values sample;
  for (int sign : {-1, 1}) {
    for (int power = -1070; power < 1024; ++power) sample.push_back(std::ldexp(sign, power));
  }
  std::shuffle(sample.begin(), sample.end(), std::mt19937_64{3});

  check_sorted(sample);
}

TEST_CASE("sorted_values: a value keeps its sign, and 0 is as good as -0",
          "[stats][sorted_values]") {
  values sample(5000);
  for (std::size_t i = 0; i < sample.size(); ++i) sample[i] = i % 2 == 0 ? 0.0 : -0.0;
  const values sorted = sorted_values(sample);

  CHECK(std::count_if(sorted.begin(), sorted.end(), [](double x) { return std::signbit(x); }) ==
        2500);
  CHECK(sorted == sample);
}
