// What margin_stream promises: the evidence of its windows by the formulas that it names, a state
// that depends on them alone, and an error for an increment that no window has.

#include <hotswap/stats/gamma_poisson_mixture.hpp>
#include <hotswap/stats/margin_stream.hpp>
#include <hotswap/stats/margin_window.hpp>
#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include "stats/drawn_counts.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::gamma_poisson_mixture;
using hotswap::stats::margin_increment;
using hotswap::stats::margin_stream;
using hotswap::stats::margin_stream_options;
using hotswap::stats::margin_window;
using hotswap::stats::one_sided_rho;
using hotswap::stats::two_sided_normal_mixture;

namespace {

const gamma_poisson_mixture mixture{one_sided_rho(20.0, 0.05)};
const margin_stream_options no_noise{.noise = std::nullopt};

std::vector<margin_increment> drawn_windows(int count) {
  std::mt19937_64 random{20260503};
  const drawn_counts baseline{900, 0.01};
  const drawn_counts candidate{100, 0.02};
  std::vector<margin_increment> windows;
  for (int i = 0; i < count; ++i) {
    windows.push_back(margin_window(baseline(random), candidate(random), {.offset = 0.005}));
  }
  return windows;
}

}  // namespace

TEST_CASE("margin_stream: two windows are the evidence of both starts", "[stats][margin_stream]") {
  margin_stream stream{no_noise};
  stream.add(margin_window({5, 900}, {6, 100}));
  stream.add(margin_window({4, 900}, {8, 100}));

  const auto first = margin_window({5, 900}, {6, 100});
  const auto second = margin_window({4, 900}, {8, 100});
  const double since_first =
      mixture.log_e(first.sum + second.sum, first.variance + second.variance);
  const double since_second = mixture.log_e(second.sum, second.variance);
  CHECK_THAT(
      stream.log_e_beyond(mixture),
      WithinRel(std::log(std::exp(since_first) / 2.0 + std::exp(since_second) / 6.0), 1e-13));
  CHECK_THAT(
      stream.log_e_within(mixture),
      WithinRel(mixture.log_e(-(first.sum + second.sum), first.variance + second.variance), 1e-13));
}

TEST_CASE("margin_stream: before the first window there is no evidence", "[stats][margin_stream]") {
  const margin_stream stream;
  CHECK(stream.log_e_beyond(mixture) == 0.0);
  CHECK(stream.log_e_within(mixture) == 0.0);
  CHECK(stream.windows() == 0);
}

TEST_CASE("margin_stream: a window without traffic in an arm changes nothing",
          "[stats][margin_stream]") {
  margin_stream with;
  margin_stream without;
  for (const auto& window : drawn_windows(12)) {
    with.add(window);
    with.add(margin_window({3, 100}, {0, 0}));
    without.add(window);
  }
  CHECK(with == without);
  CHECK(with.windows() == 12);
}

TEST_CASE("margin_stream: fed again with the same windows, from any on, it is equal bit for bit",
          "[stats][margin_stream]") {
  const auto windows = drawn_windows(150);
  const auto feed = [&](margin_stream& stream, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      if (i == 40 || i == 90) stream.begin_step();
      stream.add(windows[i]);
    }
  };
  margin_stream whole;
  feed(whole, 0, windows.size());
  for (const std::size_t prefix : {0U, 1U, 40U, 64U, 65U, 100U}) {
    CAPTURE(prefix);
    margin_stream before;
    feed(before, 0, prefix);
    margin_stream after = before;
    feed(after, prefix, windows.size());
    CHECK(after == whole);
    CHECK(after.log_e_beyond(mixture) == whole.log_e_beyond(mixture));
    CHECK(after.log_e_within(mixture) == whole.log_e_within(mixture));
    CHECK_FALSE(before == whole);
  }
}

TEST_CASE("margin_stream: evidence that the candidate is well starts afresh with each step",
          "[stats][margin_stream]") {
  margin_stream stream{no_noise};
  for (int i = 0; i < 20; ++i) stream.add(margin_window({5, 900}, {0, 100}, {.offset = 0.02}));
  CHECK(stream.log_e_within(mixture) > 3.0);

  stream.begin_step();
  CHECK(stream.log_e_within(mixture) == 0.0);
  stream.add(margin_window({5, 900}, {0, 100}, {.offset = 0.02}));
  const auto one = margin_window({5, 900}, {0, 100}, {.offset = 0.02});
  CHECK(stream.log_e_within(mixture) == mixture.log_e(-one.sum, one.variance));
}

TEST_CASE("margin_stream: a regression is not held up by windows in which all was well",
          "[stats][margin_stream]") {
  margin_stream stream{no_noise};
  for (int i = 0; i < 100; ++i) stream.add(margin_window({5, 900}, {0, 100}, {.offset = 0.02}));
  for (int i = 0; i < 4; ++i) stream.add(margin_window({5, 900}, {20, 100}, {.offset = 0.02}));

  const auto all = stream.total();
  CHECK(mixture.log_e(all.sum, all.variance) < 0.0);
  CHECK(stream.log_e_beyond(mixture) > std::log(20.0));
}

TEST_CASE("margin_stream: overdispersion lowers the evidence, by its share of the spread",
          "[stats][margin_stream]") {
  margin_stream with;
  margin_stream without{no_noise};
  for (const auto& window : drawn_windows(5)) {
    with.add(window);
    without.add(window);
  }
  CHECK(with.overdispersion_seen() == 0.005);  // what is expected, as long as little is known
  CHECK(without.overdispersion_seen() == 0.0);
  const auto all = with.total();
  CHECK(with.variance_of(all) == all.variance + 0.005 * all.spread);
  CHECK(without.variance_of(all) == all.variance);
  CHECK(with.log_e_within(mixture) == mixture.log_e(-all.sum, with.variance_of(all)));
}

TEST_CASE("margin_stream: overdispersion is estimated from the steps between the windows",
          "[stats][margin_stream][overdispersion]") {
  margin_stream stream;
  double half_squared_steps = 0.0;
  double noise = 0.0;
  double spread = 0.0;
  std::optional<double> last;
  const auto windows = drawn_windows(20);
  for (const auto& window : windows) {
    stream.add(window);
    const double contrast = window.sum / std::sqrt(window.weight);
    if (last) half_squared_steps += 0.5 * (contrast - *last) * (contrast - *last);
    last = contrast;
    noise += window.noise / window.weight;
    spread += window.spread / window.weight;
  }
  const double alone = std::max(0.0, (half_squared_steps * 20.0 / 19.0 - noise) / spread);
  CHECK_THAT(stream.overdispersion_seen(), WithinRel((20.0 * alone + 8.0 * 0.005) / 28.0, 1e-12));
}

TEST_CASE("margin_stream: the interval has the contrasts that are not rejected",
          "[stats][margin_stream]") {
  margin_stream stream;
  for (const auto& window : drawn_windows(30)) stream.add(window);
  const two_sided_normal_mixture both{10.0};
  const auto all = stream.total();
  for (const double end :
       {stream.contrast_interval(both, 0.9).lower, stream.contrast_interval(both, 0.9).upper}) {
    CHECK_THAT(both.log_e(all.sum - end * all.weight, stream.variance_of(all)),
               WithinAbs(std::log(10.0), 1e-10));
  }
}

TEST_CASE("margin_stream: counts of 1e15 in hundreds of windows stay finite",
          "[stats][margin_stream]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  margin_stream stream;
  for (std::uint64_t i = 0; i < 200; ++i) {
    stream.add(margin_window({many / 200 + i * 10'000'000, many}, {many / 200, many / 9},
                             {.offset = 0.01}));
  }
  CHECK(std::isfinite(stream.log_e_within(mixture)));
  CHECK(std::isfinite(stream.log_e_beyond(mixture)));
  CHECK(std::isfinite(stream.overdispersion_seen()));
  CHECK(stream.log_e_beyond(mixture) > 1e3);  // ten percentage points are far beyond one
}

TEST_CASE("margin_stream: an increment that no window has is an error, and is not added",
          "[stats][margin_stream][errors]") {
  margin_stream stream;
  const margin_increment good = margin_window({5, 900}, {3, 100});
  stream.add(good);
  const margin_stream before = stream;
  const auto with = [&](double margin_increment::* field, double value) {
    margin_increment bad = good;
    bad.*field = value;
    return bad;
  };

  CHECK_THROWS_WITH(stream.add(with(&margin_increment::weight, -1.0)),
                    "margin_stream: weight must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(stream.add(with(&margin_increment::sum, HUGE_VAL)),
                    "margin_stream: sum must be finite, got inf");
  CHECK_THROWS_WITH(stream.add(with(&margin_increment::variance, -1.0)),
                    "margin_stream: variance must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(stream.add(with(&margin_increment::spread, -2.0)),
                    "margin_stream: spread must be finite and not below 0, got -2.000000");
  CHECK_THROWS_WITH(stream.add(with(&margin_increment::noise, HUGE_VAL)),
                    "margin_stream: noise must be finite, got inf");
  for (const auto field :
       {&margin_increment::weight, &margin_increment::sum, &margin_increment::variance,
        &margin_increment::spread, &margin_increment::noise}) {
    CHECK_THROWS_AS(stream.add(with(field, std::nan(""))), std::invalid_argument);
  }
  CHECK(stream == before);
}

TEST_CASE("margin_stream: options that are none, and an interval of nothing, are errors",
          "[stats][margin_stream][errors]") {
  CHECK_THROWS_WITH(margin_stream({.starts = 1}), "start_windows: most must be at least 2, got 1");
  CHECK_THROWS_WITH(margin_stream({.noise = hotswap::stats::overdispersion_options{-1.0, 8}}),
                    "overdispersion: expected must be finite and not below 0, got -1.000000");
  CHECK_THROWS_WITH(margin_stream{}.contrast_interval(two_sided_normal_mixture{1.0}),
                    "margin_stream: an interval must be of at least 1 window, got 0");
}
