// That a judge's numbers are written as fmt, and so C's %g, writes them.

#include <hotswap/analysis/sentence.hpp>

#include "support/catch.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

using hotswap::sentence;
using hotswap::significant;

TEST_CASE("sentence: words, counts, and numbers to three digits", "[analysis]") {
  const std::string metric = "the error rate";
  CHECK(sentence(metric, " rose by ", 0.0123456, " (limit ", 0.01, ", ", 60'000, " requests)") ==
        "the error rate rose by 0.0123 (limit 0.01, 60000 requests)");
  CHECK(sentence(1'500'000.0, " ", -2.0, " ", 0.0, " ", significant{0.123456, 5}) ==
        "1.5e+06 -2 0 0.12346");
  CHECK(sentence(std::numeric_limits<double>::quiet_NaN(), " ",
                 -std::numeric_limits<double>::infinity()) == "nan -inf");
  CHECK(sentence(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("sentence: a number is written as fmt writes it, whatever it is", "[analysis]") {
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> mantissa{-10.0, 10.0};
  std::uniform_int_distribution<int> exponent{-320, 307};
  int differences = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double value = mantissa(random) * std::pow(10.0, exponent(random));
    const int digits = 1 + i % 17;
    if (sentence(significant{value, digits}) != fmt::format("{:.{}g}", value, digits)) {
      ++differences;
    }
  }
  CHECK(differences == 0);
  CHECK(sentence(significant{-std::numeric_limits<double>::denorm_min(), 17}) ==
        "-4.9406564584124654e-324");
}
