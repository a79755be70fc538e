// What start_windows promises: sums since each start, weights that add up to less than 1, and a
// number of starts that does not grow, without the first ones lost.

#include <hotswap/stats/start_windows.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

using Catch::Matchers::WithinRel;
using hotswap::stats::start_windows;

TEST_CASE("start_windows: has the sums since each start", "[stats][start_windows]") {
  start_windows<double> starts;
  for (const double window : {1.0, 10.0, 100.0}) starts.add(window);

  std::vector<double> sums;
  (void)starts.log_mean_e([&](double since) {
    sums.push_back(since);
    return 0.0;
  });
  CHECK(sums == std::vector<double>{111.0, 110.0, 100.0});
  CHECK(starts.total() == 111.0);
  CHECK(starts.windows() == 3);
}

TEST_CASE("start_windows: the mean weighs start j by 1 / (j (j + 1))", "[stats][start_windows]") {
  start_windows<double> starts;
  for (const double window : {1.0, 10.0, 100.0}) starts.add(window);

  const double mean = std::exp(starts.log_mean_e([](double since) { return std::log(since); }));
  CHECK_THAT(mean, WithinRel(111.0 / 2.0 + 110.0 / 6.0 + 100.0 / 12.0, 1e-14));
}

TEST_CASE("start_windows: the mean of evidence that is none is below 1", "[stats][start_windows]") {
  start_windows<double> starts{1000};
  for (int window = 0; window < 300; ++window) {
    starts.add(1.0);
    const double mean = std::exp(starts.log_mean_e([](double) { return 0.0; }));
    CHECK_THAT(mean, WithinRel(1.0 - 1.0 / (window + 2.0), 1e-12));
  }
}

TEST_CASE("start_windows: e-values beyond what a double holds have a mean, and so have zeros",
          "[stats][start_windows]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  start_windows<double> starts;
  CHECK(starts.log_mean_e([](double) { return 1.0; }) == 0.0);
  starts.add(1.0);
  starts.add(1.0);
  CHECK_THAT(starts.log_mean_e([](double since) { return 5000.0 * since; }),
             WithinRel(10'000.0 - std::log(2.0), 1e-14));
  CHECK_THAT(starts.log_mean_e([](double since) { return since > 1.5 ? -infinity : -5000.0; }),
             WithinRel(-5000.0 - std::log(6.0), 1e-14));
  CHECK(starts.log_mean_e([](double) { return -infinity; }) == -infinity);
}

TEST_CASE("start_windows: keeps the first start and the steps', and a number that does not grow",
          "[stats][start_windows]") {
  start_windows<double> starts{64};
  for (std::uint64_t window = 1; window <= 2000; ++window) {
    if (window == 300 || window == 301 || window == 1500) starts.begin_step();
    starts.add(1.0);
    CHECK(starts.kept().size() <= 64);
    CHECK(starts.kept().back() == window);
  }
  const auto kept = starts.kept();
  std::map<std::uint64_t, int> count;
  for (const auto number : kept) ++count[number];
  for (const std::uint64_t needed : {1U, 300U, 301U, 1500U}) {
    CAPTURE(needed);
    CHECK(count[needed] == 1);
  }
  CHECK(kept.size() >= 32);
  // The recent ones are all there: a regression that has just begun is found as soon as ever.
  for (std::uint64_t recent = 1980; recent <= 2000; ++recent) CHECK(count[recent] == 1);
  CHECK(starts.total() == 2000.0);
  CHECK(starts.of_step() == 501.0);
}

TEST_CASE("start_windows: a start that is kept keeps its weight and its sums",
          "[stats][start_windows]") {
  start_windows<double> few{4};
  start_windows<double> all{1000};
  for (int window = 1; window <= 50; ++window) {
    few.add(window);
    all.add(window);
  }
  const auto kept = few.kept();
  REQUIRE(kept.size() <= 4);
  double expected = 0.0;
  std::size_t next = 0;
  std::uint64_t number = 0;
  (void)all.log_mean_e([&](double since) {
    ++number;
    if (next < kept.size() && kept[next] == number) {
      const auto j = static_cast<double>(number);
      expected += since / (j * (j + 1.0));
      ++next;
    }
    return 0.0;
  });
  CHECK(next == kept.size());
  CHECK_THAT(std::exp(few.log_mean_e([](double since) { return std::log(since); })),
             WithinRel(expected, 1e-12));
}

TEST_CASE("start_windows: more steps than starts are all kept", "[stats][start_windows]") {
  start_windows<double> starts{4};
  for (int window = 0; window < 30; ++window) {
    starts.begin_step();
    starts.add(1.0);
  }
  CHECK(starts.kept().size() == 30);
}

TEST_CASE("start_windows: a step begins with nothing", "[stats][start_windows]") {
  start_windows<double> starts;
  CHECK(starts.of_step() == 0.0);
  starts.add(1.0);
  starts.add(2.0);
  CHECK(starts.of_step() == 3.0);
  starts.begin_step();
  CHECK(starts.of_step() == 0.0);
  starts.add(4.0);
  CHECK(starts.of_step() == 4.0);
  CHECK(starts.total() == 7.0);
}

TEST_CASE("start_windows: one start is too few", "[stats][start_windows][errors]") {
  CHECK_THROWS_WITH(start_windows<double>(1), "start_windows: most must be at least 2, got 1");
}
