#pragma once

/// @file
/// Times variants of one operation against each other, fairly, on a machine that is not quiet, and
/// holds their ratios to targets.
///
///     support::paired_benchmark bench{"pick a version"};
///     bench.add("floor: one multiply", [] { ... });   // the first variant is the reference
///     bench.add("splitter", [] { ... });
///     bench.at_most("splitter", "floor: one multiply", 2.0);
///     return bench.run();   // 0: all targets met, 1: one is missed, 77: too noisy to tell
///
/// Absolute times drift by tens of per cent on a shared machine; ratios taken within a round do
/// not. So every round times each variant once, in a new order, and the ratio reported is the
/// median over the rounds of (variant / reference in the same round). If the reference itself
/// spreads too much, the whole measurement is tried again, and given up after `attempts`.

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <time.h>  // clock_gettime, of POSIX

namespace support {

inline constexpr int exit_met = 0;
inline constexpr int exit_missed = 1;
inline constexpr int exit_too_noisy = 77;  // ctest: SKIP_RETURN_CODE

/// What a program leaves with that has several parts: a miss is certain whatever the others say.
inline int worst_of(std::initializer_list<int> parts) {
  int worst = exit_met;
  for (const int part : parts) {
    if (part == exit_missed) return exit_missed;
    if (part != exit_met) worst = part;
  }
  return worst;
}

/// Makes the compiler believe that `value` is used.
template <typename T>
void keep(const T& value) {
  asm volatile("" : : "g"(&value) : "memory");
}

/// CPU time of this thread: it does not pass while others have the processor.
inline double thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Prints what was counted, which no noise can change, beside the most that it may be.
inline int counted(std::string_view what, double value, double most, std::string_view unit) {
  const bool met = value <= most;
  fmt::print("  {:<58} {:>9.4g} {}  target at most {:.4g}  {}\n", what, value, unit, most,
             met ? "met" : "MISSED");
  return met ? exit_met : exit_missed;
}

/// Says what the variants disagree on; their times would be worth nothing.
inline int disagreement(std::string_view what) {
  fmt::print(stderr, "the variants disagree: {}\n", what);
  return exit_missed;
}

class paired_benchmark {
 public:
  explicit paired_benchmark(std::string title) : title_(std::move(title)) {}

  int rounds = 15;
  int attempts = 3;             ///< measurements, until one is quiet
  double slice_ns = 8e6;        ///< CPU time of one variant in one round, if it is repeated
  std::string unit = "CPU ns";  ///< what is measured
  double noisy_spread = 1.25;   ///< p90 / p10 of the reference, above which nothing is claimed

  /// `operation` does the thing once; it is repeated until it fills a slice.
  template <typename Operation>
  void add(std::string name, Operation operation) {
    variants_.emplace_back(std::move(name), [operation](std::uint64_t repetitions) mutable {
      const double start = thread_cpu_ns();
      for (std::uint64_t i = 0; i < repetitions; ++i) operation();
      return thread_cpu_ns() - start;
    });
  }

  /// `cost_ns` does it once a round, and says itself what it cost.
  void add_measured(std::string name, std::function<double()> cost_ns) {
    variants_.emplace_back(std::move(name),
                           [cost_ns = std::move(cost_ns)](std::uint64_t) { return cost_ns(); });
    variants_.back().repetitions = 1;
  }

  /// @name Targets
  /// Of the median ratio of `of` to `to` within a round, or of the median time.
  /// @{
  void at_most(std::string of, std::string to, double ratio) {
    targets_.emplace_back(index_of(of), index_of(to), ratio, false);
  }
  void at_least(std::string of, std::string to, double ratio) {
    targets_.emplace_back(index_of(of), index_of(to), ratio, true);
  }
  void at_most_ms(std::string of, double ms) { limits_.emplace_back(index_of(of), ms); }
  /// @}

  /// Measures, prints the table and the targets, and returns what `main` should.
  int run() {
    for (variant& each : variants_) {
      if (each.repetitions == 0) calibrate(each);
    }
    double spread = 0.0;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      measure();
      const std::vector<double>& reference = variants_.front().ns;
      spread = quantile(reference, 0.9) / quantile(reference, 0.1);
      if (spread <= noisy_spread) break;
    }
    const bool noisy = spread > noisy_spread;
    print_table(spread);
    const bool all_met = print_targets(noisy);
    if (noisy) return exit_too_noisy;
    return all_met ? exit_met : exit_missed;
  }

  /// After `run`.
  [[nodiscard]] double median_ns(const std::string& name) const {
    return quantile(variants_[index_of(name)].ns, 0.5);
  }

 private:
  class variant {
   public:
    variant(std::string called, std::function<double(std::uint64_t)> measured)
        : name(std::move(called)), cost_ns(std::move(measured)) {}
    std::string name;
    std::function<double(std::uint64_t)> cost_ns;
    std::uint64_t repetitions = 0;
    std::vector<double> ns;  // of one repetition, by round
  };

  class target {
   public:
    target(std::size_t of, std::size_t to, double bound, bool is_least)
        : numerator(of), denominator(to), ratio(bound), least(is_least) {}
    std::size_t numerator;
    std::size_t denominator;
    double ratio;
    bool least;
  };

  class time_limit {
   public:
    time_limit(std::size_t of, double most) : index(of), ms(most) {}
    std::size_t index;
    double ms;
  };

  std::size_t index_of(const std::string& name) const {
    for (std::size_t i = 0; i < variants_.size(); ++i) {
      if (variants_[i].name == name) return i;
    }
    throw std::logic_error("paired_benchmark: target must be of a variant, got " + name);
  }

  void calibrate(variant& of) const {
    of.repetitions = 1;
    while (of.cost_ns(of.repetitions) < slice_ns) of.repetitions *= 2;
  }

  void measure() {
    for (variant& each : variants_) each.ns.clear();
    std::vector<std::size_t> order(variants_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::mt19937 random{1};
    for (int round = 0; round < rounds; ++round) {
      std::shuffle(order.begin(), order.end(), random);
      for (const std::size_t i : order) {
        variant& each = variants_[i];
        each.ns.push_back(each.cost_ns(each.repetitions) / static_cast<double>(each.repetitions));
      }
    }
  }

  void print_table(double spread) const {
    fmt::print("{:<58} {:>11} {:>8}  {:>14}\n", title_, unit, "ratio", "p10 .. p90");
    for (const variant& each : variants_) {
      const std::vector<double> ratios = ratios_of(each, variants_.front());
      fmt::print("  {:<56} {:>11.5g} {:>7.2f}x  {:>5.2f} .. {:.2f}\n", each.name,
                 quantile(each.ns, 0.5), quantile(ratios, 0.5), quantile(ratios, 0.1),
                 quantile(ratios, 0.9));
    }
    fmt::print("  p90/p10 of the reference: {:.2f}{}\n", spread,
               spread > noisy_spread ? ", too noisy to tell" : "");
  }

  bool print_targets(bool noisy) const {
    bool all_met = true;
    const auto answer = [&](bool met) {
      all_met = all_met && met;
      return noisy ? "not judged" : met ? "met" : "MISSED";
    };
    for (const target& each : targets_) {
      const variant& of = variants_[each.numerator];
      const variant& to = variants_[each.denominator];
      const double ratio = quantile(ratios_of(of, to), 0.5);
      const bool met = each.least ? ratio >= each.ratio : ratio <= each.ratio;
      fmt::print("  {} / {}: {:.2f}, target at {} {:.2f}: {}\n", of.name, to.name, ratio,
                 each.least ? "least" : "most", each.ratio, answer(met));
    }
    for (const time_limit& each : limits_) {
      const double ms = quantile(variants_[each.index].ns, 0.5) / 1e6;
      fmt::print("  {}: {:.3g} ms, target at most {:.3g} ms: {}\n", variants_[each.index].name, ms,
                 each.ms, answer(ms <= each.ms));
    }
    return all_met;
  }

  static std::vector<double> ratios_of(const variant& of, const variant& to) {
    std::vector<double> ratios(of.ns.size());
    std::transform(of.ns.begin(), of.ns.end(), to.ns.begin(), ratios.begin(), std::divides<>{});
    return ratios;
  }

  static double quantile(std::vector<double> values, double p) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1) + 0.5)];
  }

  std::string title_;
  std::vector<variant> variants_;
  std::vector<target> targets_;
  std::vector<time_limit> limits_;
};

}  // namespace support
