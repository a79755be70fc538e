// Are the statistics as fast as the memory that they read, and how much faster than what people
// use?
//
// Four questions, with targets as ratios: Welch's test of 2 x 10^7 values against reading them;
// Mann-Whitney and Kolmogorov-Smirnov of 2 x 10^6; the stability index of 2 x 10^7 values between
// 9 edges; and what a rollout asks again and again, tests of a recorder's bins and one look at the
// margin stream, which have bounds in time.
//
// The peers in this program are Boost.Math, and the textbook's way with std::sort and
// std::upper_bound. SciPy and R get the same data and say their CPU time themselves, if `python3`
// and `Rscript` are there; without them their targets are not judged.
// No row is compiled with -march: it is what a user of headers gets.

#include <hotswap/stats/gamma_poisson_mixture.hpp>
#include <hotswap/stats/histogram.hpp>
#include <hotswap/stats/kolmogorov_smirnov.hpp>
#include <hotswap/stats/mann_whitney.hpp>
#include <hotswap/stats/margin_stream.hpp>
#include <hotswap/stats/margin_window.hpp>
#include <hotswap/stats/mixture_tuning.hpp>
#include <hotswap/stats/pooled_values.hpp>
#include <hotswap/stats/population_stability_index.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/stats/welch.hpp>

#include "support/other_program.hpp"
#include "support/paired.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <boost/math/statistics/univariate_statistics.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hotswap::stats;
using values = std::vector<double>;
using answers = std::map<std::string, support::other_answer>;

/// Latencies in milliseconds, whose logarithms are normal.
values draw(std::size_t count, double median, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::lognormal_distribution<double> latency{std::log(median), 0.5};
  values drawn(count);
  for (double& each : drawn) each = latency(random);
  return drawn;
}

bool agree(double a, double b, double within) {
  return std::abs(a - b) <= within * std::max(std::abs(a), std::abs(b));
}

// ---- the floor: read them

double sum_anywhere(std::span<const double> of) {
  std::array<double, 8> sums{};
  for (std::size_t i = 0; i + 8 <= of.size(); i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += of[i + lane];
  }
  double sum = 0.0;
  for (const double each : sums) sum += each;
  return sum;
}

#if defined(__x86_64__) && defined(__GNUC__)
using four [[gnu::vector_size(32)]] = double;

[[gnu::target("avx2")]] double sum_avx2(std::span<const double> of) {
  four sums[4] = {};
  for (std::size_t i = 0; i + 16 <= of.size(); i += 16) {
    __builtin_prefetch(of.data() + i + 1024, 0, 2);  // without these it would be no floor
    __builtin_prefetch(of.data() + i + 1032, 0, 2);
    for (std::size_t k = 0; k < 4; ++k) {
      four next;
      std::memcpy(&next, of.data() + i + 4 * k, sizeof next);
      sums[k] += next;
    }
  }
  const four all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  return all[0] + all[1] + all[2] + all[3];
}

double sum(std::span<const double> of) {
  return __builtin_cpu_supports("avx2") ? sum_avx2(of) : sum_anywhere(of);
}
#else
double sum(std::span<const double> of) {
  return sum_anywhere(of);
}
#endif

// ---- the peers in this program

double boost_welch(const values& baseline, const values& candidate) {
  namespace math = boost::math;
  const auto [mean_a, variance_a] = math::statistics::mean_and_sample_variance(baseline);
  const auto [mean_b, variance_b] = math::statistics::mean_and_sample_variance(candidate);
  const double a = variance_a / static_cast<double>(baseline.size());
  const double b = variance_b / static_cast<double>(candidate.size());
  const double df = (a + b) * (a + b) /
                    (a * a / static_cast<double>(baseline.size() - 1) +
                     b * b / static_cast<double>(candidate.size() - 1));
  const double t = (mean_b - mean_a) / std::sqrt(a + b);
  return 2.0 * cdf(complement(math::students_t{df}, std::abs(t)));
}

/// Of two samples: U, in pairs, and the greatest distance of their distributions.
struct rank_answer {
  double u = 0.0;
  double distance = 0.0;
};

rank_answer ranks_by_std_sort(values baseline, values candidate) {
  std::sort(baseline.begin(), baseline.end());
  std::sort(candidate.begin(), candidate.end());
  const auto a_count = static_cast<double>(baseline.size());
  const auto b_count = static_cast<double>(candidate.size());
  rank_answer answer;
  auto a = baseline.begin();
  auto b = candidate.begin();
  while (a != baseline.end() || b != candidate.end()) {
    const double value = a == baseline.end() ? *b : b == candidate.end() ? *a : std::min(*a, *b);
    const auto below = static_cast<double>(a - baseline.begin());
    const auto before = a;
    while (a != baseline.end() && *a == value) ++a;
    const auto equal = static_cast<double>(a - before);
    for (; b != candidate.end() && *b == value; ++b) answer.u += below + 0.5 * equal;
    const double gap = static_cast<double>(b - candidate.begin()) / b_count -
                       static_cast<double>(a - baseline.begin()) / a_count;
    answer.distance = std::max(answer.distance, std::abs(gap));
  }
  return answer;
}

std::vector<std::uint64_t> bins_by_upper_bound(const values& edges, const values& of) {
  std::vector<std::uint64_t> counts(edges.size() + 1);
  for (const double each : of) {
    ++counts[static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), each) -
                                      edges.begin())];
  }
  return counts;
}

// ---- the peers that are other programs

constexpr std::string_view in_scipy = R"(
import sys, time
import numpy as np
from scipy import stats
many_a, many_b, a, b, edges = [np.fromfile(name) for name in sys.argv[1:]]
def psi():
    p, q = [np.bincount(np.searchsorted(edges, x, side="right")) / len(x) for x in (many_a, many_b)]
    return np.sum((q - p) * np.log(q / p))
def took(name, rounds, function):
    function()
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        value = function()
        times.append(time.thread_time() - start)
    print(name, 1e3 * sorted(times)[rounds // 2], repr(float(value)))
took("welch", 5, lambda: stats.ttest_ind(many_b, many_a, equal_var=False).statistic)
took("psi", 3, psi)
took("mann-whitney", 3, lambda: stats.mannwhitneyu(b, a, method="asymptotic").statistic)
took("kolmogorov-smirnov", 3, lambda: stats.ks_2samp(a, b, method="asymp").statistic)
)";

constexpr std::string_view in_r = R"(
names <- commandArgs(trailingOnly = TRUE)
x <- lapply(names, function(name) readBin(name, "double", file.size(name) / 8))
took <- function(name, f) {
  times <- system.time(value <- f())
  cat(name, 1e3 * (times[[1]] + times[[2]]), format(as.numeric(value), digits = 17), "\n")
}
took("welch", function() t.test(x[[2]], x[[1]])$statistic)
took("mann-whitney", function() wilcox.test(x[[4]], x[[3]], exact = FALSE)$statistic)
took("kolmogorov-smirnov", function() suppressWarnings(ks.test(x[[3]], x[[4]], exact = FALSE))$statistic)
)";

/// What is measured here, beside another program's answer for the same.
class comparison {
 public:
  comparison(std::string program, answers of_program)
      : program_(std::move(program)), of_program_(std::move(of_program)) {}

  /// @param noisy  ours was: nothing is judged
  int at_least(const std::string& name, double ratio, double our_ns, double our_value,
               bool noisy) const {
    const auto found = of_program_.find(name);
    if (found == of_program_.end()) {
      fmt::print("  {} {} / ours: no answer, is {} installed?\n", program_, name, program_);
      return support::exit_met;
    }
    if (!agree(found->second.value, our_value, 1e-9)) {
      return support::disagreement(fmt::format("{} has {} for {}, ours is {}", program_,
                                               found->second.value, name, our_value));
    }
    const double is = found->second.ms * 1e6 / our_ns;
    const bool met = is >= ratio;
    fmt::print("  {} {} / ours: {:.1f} ({:.4g} ms), target at least {:.1f}: {}\n", program_, name,
               is, found->second.ms, ratio,
               noisy ? "not judged"
               : met ? "met"
                     : "MISSED");
    if (noisy) return support::exit_too_noisy;
    return met ? support::exit_met : support::exit_missed;
  }

 private:
  std::string program_;
  answers of_program_;
};

struct peers {
  comparison scipy;
  comparison r;
};

// ---- the questions

int time_welch(const values& baseline, const values& candidate, const peers& others) {
  const auto ours = welch_t_test(baseline, candidate);
  if (!agree(ours.p_value, boost_welch(baseline, candidate), 1e-6)) {
    return support::disagreement("Boost and ours on the p-value of Welch's test");
  }
  support::paired_benchmark bench{"Welch's t-test, 2 x 10^7 values"};
  bench.add("floor: read both samples", [&] { support::keep(sum(baseline) + sum(candidate)); });
  bench.add("welch_t_test", [&] { support::keep(welch_t_test(baseline, candidate)); });
  bench.add("Boost.Math", [&] { support::keep(boost_welch(baseline, candidate)); });
  bench.at_most("welch_t_test", "floor: read both samples", 1.4);
  bench.at_least("Boost.Math", "welch_t_test", 8.0);
  const int answer = bench.run();
  const double ns = bench.median_ns("welch_t_test");
  fmt::print("  {:.1f} GB/s\n", 8.0 * static_cast<double>(baseline.size() + candidate.size()) / ns);
  const bool noisy = answer == support::exit_too_noisy;
  return support::worst_of({answer, others.scipy.at_least("welch", 10.0, ns, ours.statistic, noisy),
                            others.r.at_least("welch", 40.0, ns, ours.statistic, noisy)});
}

int time_ranks(const values& baseline, const values& candidate, const peers& others) {
  const double u = mann_whitney_test(baseline, candidate).u;
  const double distance = kolmogorov_smirnov_test(baseline, candidate).statistic;
  const rank_answer textbook = ranks_by_std_sort(baseline, candidate);
  if (textbook.u != u || !agree(textbook.distance, distance, 1e-9)) {
    return support::disagreement("std::sort and ours on U or D");
  }
  support::paired_benchmark bench{"Ranks, 2 x 10^6 values"};
  bench.rounds = 11;
  bench.add("floor: copy both samples", [&] {
    const values a = baseline;
    const values b = candidate;
    support::keep(a);
    support::keep(b);
  });
  bench.add("mann_whitney_test", [&] { support::keep(mann_whitney_test(baseline, candidate)); });
  bench.add("kolmogorov_smirnov_test",
            [&] { support::keep(kolmogorov_smirnov_test(baseline, candidate)); });
  bench.add("both, by std::sort", [&] { support::keep(ranks_by_std_sort(baseline, candidate)); });
  bench.at_least("both, by std::sort", "mann_whitney_test", 3.0);
  bench.at_least("both, by std::sort", "kolmogorov_smirnov_test", 3.0);
  const int answer = bench.run();
  const bool noisy = answer == support::exit_too_noisy;
  const double u_ns = bench.median_ns("mann_whitney_test");
  const double d_ns = bench.median_ns("kolmogorov_smirnov_test");
  return support::worst_of({answer, others.scipy.at_least("mann-whitney", 35.0, u_ns, u, noisy),
                            others.scipy.at_least("kolmogorov-smirnov", 7.0, d_ns, distance, noisy),
                            others.r.at_least("mann-whitney", 150.0, u_ns, u, noisy),
                            others.r.at_least("kolmogorov-smirnov", 5.0, d_ns, distance, noisy)});
}

double stability_index(const values& edges, const values& baseline, const values& candidate) {
  histogram reference{edges};
  reference.add(baseline);
  histogram current = reference.empty_copy();
  current.add(candidate);
  return population_stability_index(reference.counts(), current.counts()).score;
}

int time_stability_index(const values& edges, const values& baseline, const values& candidate,
                         const peers& others) {
  const auto by_upper_bound = [&] {
    return population_stability_index(bins_by_upper_bound(edges, baseline),
                                      bins_by_upper_bound(edges, candidate))
        .score;
  };
  const double score = stability_index(edges, baseline, candidate);
  if (score != by_upper_bound()) {
    return support::disagreement("std::upper_bound and ours on the stability index");
  }
  support::paired_benchmark bench{"Population stability index, 2 x 10^7 values, 10 bins"};
  bench.add("floor: read both samples", [&] { support::keep(sum(baseline) + sum(candidate)); });
  bench.add("histogram and index",
            [&] { support::keep(stability_index(edges, baseline, candidate)); });
  bench.add("std::upper_bound and index", [&] { support::keep(by_upper_bound()); });
  bench.at_least("std::upper_bound and index", "histogram and index", 8.0);
  const int answer = bench.run();
  const double ns = bench.median_ns("histogram and index");
  const bool noisy = answer == support::exit_too_noisy;
  return support::worst_of({answer, others.scipy.at_least("psi", 12.0, ns, score, noisy)});
}

int time_bins(const values& baseline, const values& candidate) {
  // as a recorder has them: 2048 bins of the same ratio, here from 1/16 ms to a second
  values edges;
  for (int i = 0; i < 2047; ++i) edges.push_back(std::exp2(-4.0 + 14.0 * i / 2047.0));
  histogram reference{edges};
  reference.add(baseline);
  histogram current{edges};
  current.add(candidate);
  const auto a = reference.counts();
  const auto b = current.counts();
  const paired_bins bins{a, b};

  support::paired_benchmark bench{"2048 bins of a recorder"};
  bench.add("floor: add up the counts", [&] {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < a.size(); ++i) all += a[i] ^ b[i];
    support::keep(all);
  });
  bench.add("mann_whitney_test", [&] { support::keep(mann_whitney_test(bins)); });
  bench.add("kolmogorov_smirnov_test", [&] { support::keep(kolmogorov_smirnov_test(bins)); });
  bench.add("population_stability_index", [&] { support::keep(population_stability_index(a, b)); });
  bench.at_most_ms("mann_whitney_test", 0.025);
  bench.at_most_ms("kolmogorov_smirnov_test", 0.025);
  bench.at_most_ms("population_stability_index", 0.025);
  return bench.run();
}

int time_looks() {
  constexpr double starts = 64.0;  // that are kept at most
  const gamma_poisson_mixture mixture{one_sided_rho(20.0, 0.05)};
  std::mt19937_64 random{7};
  std::binomial_distribution<std::uint64_t> errors_of_baseline{900, 0.01};
  std::binomial_distribution<std::uint64_t> errors_of_candidate{100, 0.012};
  std::vector<margin_increment> windows;
  margin_stream stream;
  for (int i = 0; i < 1024; ++i) {
    windows.push_back(margin_window({errors_of_baseline(random), 900},
                                    {errors_of_candidate(random), 100}, {.offset = 0.005}));
    stream.add(windows.back());
  }
  std::size_t next = 0;
  const auto add = [&] { stream.add(windows[next++ % windows.size()]); };

  support::paired_benchmark bench{"A look at the margin stream, 64 starts kept at most"};
  bench.add("floor: add the window", add);
  bench.add("add it, and ask both questions", [&] {
    add();
    support::keep(stream.log_e_beyond(mixture));
    support::keep(stream.log_e_within(mixture));
  });
  bench.at_most_ms("add it, and ask both questions", starts * 1e-3);
  return bench.run();
}

}  // namespace

int main() {
  const values many_baseline = draw(10'000'000, 20.0, 1);
  const values many_candidate = draw(10'000'000, 20.02, 2);
  const values baseline{many_baseline.begin(), many_baseline.begin() + 1'000'000};
  const values candidate{many_candidate.begin(), many_candidate.begin() + 1'000'000};
  const values edges = equal_count_edges(baseline, 10);

  const std::vector<std::span<const double>> samples{many_baseline, many_candidate, baseline,
                                                     candidate, edges};
  const support::other_program scipy{"python3", "py", std::string{in_scipy}};
  const support::other_program r{"Rscript", "R", std::string{in_r}};
  const peers others{{"SciPy", scipy.run(samples)}, {"R", r.run(samples)}};

  const int welch = time_welch(many_baseline, many_candidate, others);
  const int ranks = time_ranks(baseline, candidate, others);
  const int drift = time_stability_index(edges, many_baseline, many_candidate, others);
  const int bins = time_bins(baseline, candidate);
  return support::worst_of({welch, ranks, drift, bins, time_looks()});
}
