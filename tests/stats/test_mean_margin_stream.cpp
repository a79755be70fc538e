// What mean_margin_stream promises: the formulas of its variance, independence of units and
// offsets, silence until there are values enough, and an error for moments that are none.

#include <hotswap/stats/mean_margin_stream.hpp>
#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/normal_mixture.hpp>
#include <hotswap/stats/two_sided_normal_mixture.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>

using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using hotswap::stats::linear_contrast;
using hotswap::stats::mean_margin_stream;
using hotswap::stats::mean_margin_stream_options;
using hotswap::stats::moments;
using hotswap::stats::normal_mixture;
using hotswap::stats::two_sided_normal_mixture;

namespace {

const mean_margin_stream_options no_noise{.noise = std::nullopt};

moments values(std::uint64_t count, double mean, double variance) {
  return moments::from_summary(count, mean, variance);
}

}  // namespace

TEST_CASE("mean_margin_stream: the sum and its variance are the formulas",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream{{.slope = 1.5, .offset = 0.1}, no_noise};
  stream.add(values(900, 2.0, 0.5), values(100, 3.5, 4.0));
  stream.add(values(400, 2.2, 0.7), values(400, 3.3, 3.0));

  // Weights 90 and 200; contrasts 3.5 - 3.0 - 0.1 and 3.3 - 3.3 - 0.1.
  const auto all = stream.total();
  CHECK_THAT(all.sum, WithinRel(90.0 * 0.4 - 200.0 * 0.1, 1e-12));
  CHECK_THAT(all.weight, WithinRel(290.0, 1e-14));
  const double baseline_share = 8100.0 / 900.0 + 40'000.0 / 400.0;
  const double candidate_share = 8100.0 / 100.0 + 40'000.0 / 400.0;
  const double baseline = (899.0 * 0.5 + 399.0 * 0.7) / 1298.0;
  const double candidate = (99.0 * 4.0 + 399.0 * 3.0) / 498.0;
  CHECK_THAT(stream.variance_of(all),
             WithinRel(candidate * candidate_share + 2.25 * baseline * baseline_share, 1e-12));
  CHECK_THAT(stream.log_e_within(normal_mixture{50.0}),
             WithinRel(normal_mixture{50.0}.log_e(-all.sum, stream.variance_of(all)), 1e-14));
}

TEST_CASE("mean_margin_stream: a candidate whose values lie close together has the common variance",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream{{.slope = 1.5}, no_noise};
  stream.add(values(900, 2.0, 0.5), values(100, 2.0, 0.0));
  const double common = 2.25 * 899.0 * 0.5 / (899.0 + 99.0);
  CHECK_THAT(stream.variance_of(stream.total()), WithinRel(common * (81.0 + 9.0), 1e-12));
}

TEST_CASE("mean_margin_stream: a start's variance is that of its windows, or of all, if greater",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream{{}, no_noise};
  stream.add(values(500, 2.0, 1.0), values(500, 2.0, 1.0));
  stream.begin_step();
  stream.add(values(500, 2.0, 0.01), values(500, 2.0, 0.01));
  CHECK_THAT(stream.variance_of(stream.of_step()), WithinRel(250.0 * 0.505 * 1.0, 1e-9));

  stream.begin_step();
  stream.add(values(500, 2.0, 9.0), values(500, 2.0, 9.0));
  CHECK_THAT(stream.variance_of(stream.of_step()), WithinRel(250.0 * 9.0, 1e-12));
}

TEST_CASE("mean_margin_stream: the unit of the values does not matter",
          "[stats][mean_margin_stream]") {
  const auto log_e = [](double unit) {
    std::mt19937_64 random{20260504};
    std::normal_distribution<double> mean{1.0, 0.05};
    mean_margin_stream stream{{.slope = 1.2, .offset = 0.1 * unit}};
    for (int i = 0; i < 30; ++i) {
      stream.add(values(300, unit * mean(random), unit * unit),
                 values(50, unit * (mean(random) + 0.4), unit * unit * 1.3));
    }
    return stream.log_e_beyond(normal_mixture{100.0 * unit * unit});
  };
  CHECK(std::abs(log_e(1.0)) > 0.1);
  CHECK_THAT(log_e(1e-3), WithinRel(log_e(1.0), 1e-10));
  CHECK_THAT(log_e(1e6), WithinRel(log_e(1.0), 1e-10));
}

TEST_CASE("mean_margin_stream: means around 1e9 keep the digits of their difference",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream{{}, no_noise};
  moments baseline;
  moments candidate;
  for (int i = 0; i < 200; ++i) {
    baseline.add(1e9 + i % 2);
    candidate.add(1e9 + i % 2 + 1.0 / 1024.0);
  }
  stream.add(baseline, candidate);
  // The values are rounded to 2^-23 or 1.2e-7, which divides 1 / 1024.
  CHECK_THAT(stream.total().sum, WithinRel(100.0 / 1024.0, 1e-9));
}

TEST_CASE("mean_margin_stream: says nothing until both arms have had values enough",
          "[stats][mean_margin_stream]") {
  const normal_mixture mixture{10.0};
  mean_margin_stream stream;
  CHECK(stream.log_e_beyond(mixture) == 0.0);
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(stream.ready());
    CHECK(stream.log_e_within(mixture) == 0.0);
    CHECK(stream.log_e_beyond(mixture) <= 0.0);
    stream.add(values(900, 1.0, 1.0), values(25, 50.0, 1.0));
  }
  CHECK(stream.ready());
  CHECK(stream.log_e_beyond(mixture) > 10.0);

  // As many windows of one value each have a mean, and no variance.
  mean_margin_stream singles;
  for (int i = 0; i < 200; ++i) singles.add(values(900, 1.0, 1.0), values(1, 50.0, 0.0));
  CHECK_FALSE(singles.ready());
  CHECK(singles.log_e_within(mixture) == 0.0);
}

TEST_CASE("mean_margin_stream: a window without values in an arm changes nothing",
          "[stats][mean_margin_stream]") {
  mean_margin_stream with;
  mean_margin_stream without;
  for (int i = 0; i < 12; ++i) {
    with.add(values(900, 1.0, 1.0), values(100, 1.0 + 0.01 * i, 1.0));
    with.add(moments{}, values(100, 3.0, 1.0));
    without.add(values(900, 1.0, 1.0), values(100, 1.0 + 0.01 * i, 1.0));
  }
  CHECK(with == without);
  CHECK(with.windows() == 12);
}

TEST_CASE("mean_margin_stream: plans with the variance that it has seen",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream{{}, no_noise};
  stream.add(values(900, 1.0, 2.0), values(100, 1.0, 2.0));
  // 90 for each unit of variance of 100 values of the candidate, so 20 times as much for 2000.
  CHECK_THAT(stream.variance_at(2000.0), WithinRel(20.0 * 90.0 * 2.0, 1e-12));
}

TEST_CASE("mean_margin_stream: finds a regression at the end of a rollout",
          "[stats][mean_margin_stream]") {
  const normal_mixture mixture{1000.0};
  mean_margin_stream stream{{.slope = 1.5}, no_noise};
  for (int i = 0; i < 100; ++i) stream.add(values(900, 1.0, 1.0), values(100, 1.0, 1.0));
  for (int i = 0; i < 3; ++i) stream.add(values(900, 1.0, 1.0), values(100, 3.0, 1.0));
  const auto all = stream.total();
  CHECK(mixture.log_e(all.sum, stream.variance_of(all)) < 0.0);
  CHECK(stream.log_e_beyond(mixture) > std::log(20.0));
}

TEST_CASE("mean_margin_stream: noise between windows lowers the evidence",
          "[stats][mean_margin_stream][overdispersion]") {
  mean_margin_stream with;
  mean_margin_stream without{{}, no_noise};
  for (int i = 0; i < 5; ++i) {
    for (auto* stream : {&with, &without})
      stream->add(values(200, 1.0, 2.0), values(200, 1.5, 3.0));
  }
  const auto all = with.total();
  const double plain = without.variance_of(all);
  // 0.005 of a variance of 2 + 3, at five squared weights of 100.
  CHECK_THAT(with.variance_of(all), WithinRel(plain + 0.005 * 5.0 * 5e4, 1e-12));
}

TEST_CASE("mean_margin_stream: values that do not vary leave nothing to plan with",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream;
  stream.add(values(200, 1.0, 0.0), values(200, 1.0, 0.0));
  CHECK(stream.variance_at(2000.0) == 0.0);
  CHECK(stream.log_e_within(normal_mixture{1.0}) == 0.0);
}

TEST_CASE("mean_margin_stream: counts of 1e15 stay finite", "[stats][mean_margin_stream]") {
  constexpr std::uint64_t many = 1'000'000'000'000'000;
  const normal_mixture mixture{1e12};
  mean_margin_stream stream;
  for (int i = 0; i < 20; ++i) stream.add(values(many, 1.0, 2.0), values(many, 1.0 + 1e-9, 2.0));
  CHECK(std::isfinite(stream.log_e_beyond(mixture)));
  CHECK(std::isfinite(stream.log_e_within(mixture)));
}

TEST_CASE("mean_margin_stream: the interval has the contrasts that are not rejected",
          "[stats][mean_margin_stream]") {
  mean_margin_stream stream;
  for (int i = 0; i < 10; ++i) stream.add(values(200, 1.0, 2.0), values(200, 1.5 + 0.01 * i, 3.0));
  const two_sided_normal_mixture both{10.0};
  const auto all = stream.total();
  const auto [lower, upper] = stream.contrast_interval(both, 0.9);
  for (const double end : {lower, upper}) {
    CHECK_THAT(both.log_e(all.sum - end * all.weight, stream.variance_of(all)),
               WithinAbs(std::log(10.0), 1e-9));
  }
}

TEST_CASE("mean_margin_stream: what is no contrast, no moments or too little is an error",
          "[stats][mean_margin_stream][errors]") {
  mean_margin_stream stream;
  const moments bad{1.0, HUGE_VAL};
  const moments good{1.0, 2.0};

  CHECK_THROWS_WITH(mean_margin_stream({.slope = -1.0}),
                    "mean_margin_stream: slope must be above 0 and finite, got -1.000000");
  CHECK_THROWS_WITH(mean_margin_stream({.offset = HUGE_VAL}),
                    "mean_margin_stream: offset must be finite, got inf");
  CHECK_THROWS_WITH(mean_margin_stream({}, {.burn_in = 1}),
                    "mean_margin_stream: burn_in must be at least 2, got 1");
  CHECK_THROWS_WITH(mean_margin_stream({}, {.starts = 1}),
                    "start_windows: most must be at least 2, got 1");
  CHECK_THROWS_WITH(stream.add(bad, good),
                    "mean_margin_stream: moments of baseline must be finite, got some that are "
                    "not");
  CHECK_THROWS_WITH(stream.add(good, bad),
                    "mean_margin_stream: moments of candidate must be finite, got some that are "
                    "not");
  stream.add(good, good);
  CHECK_THROWS_WITH(stream.variance_at(2000.0),
                    "mean_margin_stream: a planned variance must be of at least 100 values of each "
                    "arm, got 2 of baseline and 2 of candidate");
  CHECK_THROWS_WITH(stream.contrast_interval(two_sided_normal_mixture{1.0}),
                    "mean_margin_stream: an interval must be of at least 100 values of each arm, "
                    "got 2 of baseline and 2 of candidate");
  CHECK_THROWS_WITH(stream.variance_of(stream.total()),
                    "mean_margin_stream: a variance must be of at least 100 values of each arm, "
                    "got 2 of baseline and 2 of candidate");
  CHECK_THROWS_WITH(stream.variance_at(0.0),
                    "mean_margin_stream: candidate_values must be above 0 and finite, got "
                    "0.000000");
}
