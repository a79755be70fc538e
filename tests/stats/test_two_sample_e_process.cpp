// What two_sample_e_process promises: the oracle's digits at every block, either direction, and an
// error for a prior that is none.

#include <hotswap/stats/two_sample_e_process.hpp>

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

using hotswap::stats::proportion;
using hotswap::stats::two_sample_e_process;

TEST_CASE("two_sample_e_process: agrees with the oracle to 12 digits",
          "[stats][two_sample_e_process][oracle]") {
  for (const auto& row : oracle::every_case("two_sample_bernoulli")) {
    CAPTURE(row.at("name"));
    const auto& input = row.at("input");
    two_sample_e_process differ{{input.at("prior_successes"), input.at("prior_failures")}};
    std::vector<double> path;
    for (const auto& block : input.at("blocks")) {
      differ.add({block.at(0), input.at("block_a")}, {block.at(1), input.at("block_b")});
      path.push_back(differ.log_e());
    }
    const double greatest = *std::max_element(path.begin(), path.end());
    CHECK_THAT(differ.log_e(), oracle::agrees_with(row, "log_e"));
    CHECK_THAT(greatest, oracle::agrees_with(row, "log_e_max"));
    CHECK(differ.greatest_log_e() == std::max(greatest, 0.0));

    if (!oracle::promises(row, "log_e_path_last_10")) continue;
    const auto& last = row.at("expected").at("log_e_path_last_10");
    REQUIRE(path.size() >= last.size());
    for (std::size_t i = 0; i < last.size(); ++i) {
      CAPTURE(i);
      const double value = path[path.size() - last.size() + i];
      CHECK(oracle::error(value, oracle::number(last[i])) <=
            oracle::tolerance(row, "log_e_path_last_10"));
    }
  }
}

TEST_CASE("two_sample_e_process: does not care which arm is which",
          "[stats][two_sample_e_process]") {
  std::mt19937_64 random{20260505};
  two_sample_e_process forth;
  two_sample_e_process back;
  for (int i = 0; i < 100; ++i) {
    const proportion low{random() % 2, 3};
    const proportion high{random() % 4, 3};
    forth.add(low, high);
    back.add(high, low);
  }
  CHECK(forth.log_e() > std::log(20.0));
  CHECK(std::abs(back.log_e() - forth.log_e()) < 1e-12);
}

TEST_CASE("two_sample_e_process: equal arms are told apart as rarely as advertised",
          "[stats][two_sample_e_process][calibration]") {
  std::mt19937_64 random{20260506};
  std::bernoulli_distribution fails{0.2};
  int wrong = 0;
  for (int round = 0; round < 1000; ++round) {
    two_sample_e_process differ;
    for (int i = 0; i < 200; ++i) {
      differ.add({fails(random) ? 1U : 0U, 1}, {fails(random) ? 1U : 0U, 1});
    }
    wrong += differ.p_value() <= 0.05 ? 1 : 0;
  }
  CHECK(wrong <= 86);  // more than 86 of 1000 at probability 0.05 are rarer than 1e-6
}

TEST_CASE("two_sample_e_process: counts of 1e15 have an answer", "[stats][two_sample_e_process]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  two_sample_e_process differ;
  differ.add({many / 2, many}, {many / 2, many});
  CHECK(differ.log_e() == 0.0);
  differ.add({many / 2, many}, {many / 2 + many / 1000, many});
  CHECK(std::isfinite(differ.log_e()));
  differ.add({0, 0}, {many, many});
  CHECK(std::isfinite(differ.log_e()));
}

TEST_CASE("two_sample_e_process: a prior that is none is an error",
          "[stats][two_sample_e_process][errors]") {
  CHECK_THROWS_WITH(two_sample_e_process({0.0, 0.5}),
                    "two_sample_e_process: successes must be above 0 and finite, got 0.000000");
  CHECK_THROWS_WITH(two_sample_e_process({0.5, HUGE_VAL}),
                    "two_sample_e_process: failures must be above 0 and finite, got inf");
  CHECK_THROWS_AS(two_sample_e_process({std::nan(""), 0.5}), std::invalid_argument);
}
