// Do two measurements differ? Reads a column of two CSV files, and tests means, ranks and shapes.
//
//   ./compare_samples before.csv after.csv --column latency
//   ./compare_samples before.csv after.csv --column latency --test welch,ks --alternative greater
//   ./compare_samples both.csv both.csv --column old --candidate-column new
//
// The first file is the baseline, the second the candidate; differences are candidate - baseline.
// Several tests of the same samples are several chances to be wrong: so there is a p-value after
// Holm, too.
//
// Leaves with 0 if there is an answer, whatever it says, and 2 if not.

#include <hotswap/stats/alternative.hpp>
#include <hotswap/stats/hodges_lehmann.hpp>
#include <hotswap/stats/interval.hpp>
#include <hotswap/stats/kolmogorov_smirnov.hpp>
#include <hotswap/stats/mann_whitney.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/multiple_testing.hpp>
#include <hotswap/stats/welch.hpp>

#include "arguments.hpp"
#include "csv.hpp"
#include "number_text.hpp"
#include "report_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace stats = hotswap::stats;

constexpr std::string_view usage =
    "usage: compare_samples BASELINE.csv CANDIDATE.csv --column NAME [--candidate-column NAME]\n"
    "                       [--test TESTS] [--alternative WHICH] [--confidence LEVEL]\n"
    "                       [--skip-missing] [--markdown] [--help]\n"
    "\n"
    "Compares a column of two CSV files, whose first line names the columns.\n"
    "\n"
    "  --column NAME            the column, in both files\n"
    "  --candidate-column NAME  its name in the second file, if it has another one there\n"
    "  --test TESTS             which ones, separated by commas; default: all of\n"
    "                             welch         do the means differ?\n"
    "                             mann-whitney  does one tend to have greater values?\n"
    "                             ks            do the distributions differ in any way?\n"
    "  --alternative WHICH      two-sided (the default), or less or greater: only whether the\n"
    "                           candidate's values are\n"
    "  --confidence LEVEL       of the interval; default: 0.95\n"
    "  --skip-missing           leaves out cells that are empty, NA, NaN or null, and counts them\n"
    "  --markdown               prints the tables in Markdown\n"
    "  --help                   prints this\n"
    "\n"
    "Leaves with 0 if there is an answer, whatever it says, and 2 if not.\n";

struct options {
  std::vector<std::string> files;
  std::string baseline_column;
  std::string candidate_column;
  std::vector<std::string> tests{"welch", "mann-whitney", "ks"};
  stats::alternative alternative = stats::alternative::two_sided;
  double confidence = 0.95;
  csv::missing_values missing = csv::missing_values::refused;
  bool markdown = false;
  bool help = false;
};

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

std::vector<std::string> tests_of(std::string_view list) {
  std::vector<std::string> tests = parts_of(list);
  for (std::size_t i = 0; i < tests.size(); ++i) {
    const std::string& each = tests[i];
    if (each != "welch" && each != "mann-whitney" && each != "ks") {
      throw command_line::usage_error("--test: must be of welch, mann-whitney, ks, got " + each);
    }
    const auto here = tests.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(tests.begin(), here, each) != here) {
      throw command_line::usage_error("--test: must name a test once, got twice " + each);
    }
  }
  return tests;
}

stats::alternative alternative_of(std::string_view word) {
  if (word == "two-sided") return stats::alternative::two_sided;
  if (word == "less") return stats::alternative::less;
  if (word == "greater") return stats::alternative::greater;
  throw command_line::usage_error(
      fmt::format("--alternative: must be two-sided, less or greater, got {}", word));
}

void require_complete(const options& told) {
  if (told.files.size() != 2) {
    throw command_line::usage_error(
        fmt::format("there must be two files, baseline and candidate, got {}", told.files.size()));
  }
  if (told.baseline_column.empty()) {
    throw command_line::usage_error("--column: must name a column, got none");
  }
}

options read_options(command_line::arguments told) {
  options result;
  while (const auto next = told.next()) {
    if (*next == "--column") {
      result.baseline_column = told.value("--column");
    } else if (*next == "--candidate-column") {
      result.candidate_column = told.value("--candidate-column");
    } else if (*next == "--test") {
      result.tests = tests_of(told.value("--test"));
    } else if (*next == "--alternative") {
      result.alternative = alternative_of(told.value("--alternative"));
    } else if (*next == "--confidence") {
      result.confidence = told.number("--confidence", 0.0, 1.0);
    } else if (*next == "--skip-missing") {
      result.missing = csv::missing_values::left_out;
    } else if (*next == "--markdown") {
      result.markdown = true;
    } else if (*next == "--help" || *next == "-h") {
      result.help = true;
      return result;
    } else if (next->starts_with("-") && next->size() > 1) {
      throw command_line::usage_error(
          "option must be one of --column, --candidate-column, --test, --alternative, "
          "--confidence, --skip-missing, --markdown, --help, got " +
          *next);
    } else {
      result.files.push_back(*next);
    }
  }
  require_complete(result);
  if (result.candidate_column.empty()) result.candidate_column = result.baseline_column;
  return result;
}

struct sample {
  std::string name;
  std::vector<double> values;
  std::size_t missing = 0;
};

sample read_sample(const std::string& file, const std::string& column,
                   csv::missing_values missing) {
  const csv::table measured{file};
  sample result{fmt::format("{}, {}", file, column), measured.numbers(column, missing)};
  result.missing = measured.rows() - result.values.size();
  if (result.values.empty()) {
    throw std::runtime_error(fmt::format("{}: {} must have a value, got none", file, column));
  }
  return result;
}

/// One line of the answer.
struct finding {
  std::string test;
  std::string statistic;
  double p_value = 1.0;
  std::string effect;
};

finding compare_means(const sample& baseline, const sample& candidate, const options& told) {
  const auto test =
      stats::welch_t_test(baseline.values, candidate.values,
                          {.alternative = told.alternative, .confidence = told.confidence});
  const stats::interval around = test.difference_interval;
  const int places = report::places_for(4.0 * test.standard_error);
  return {"welch", fmt::format("t = {:.4g}, df = {:.5g}", test.statistic, test.degrees_of_freedom),
          test.p_value,
          fmt::format("means differ by {} ({} to {} at {:g} %)",
                      report::fixed(test.difference, places), report::fixed(around.lower, places),
                      report::fixed(around.upper, places), 100.0 * told.confidence)};
}

finding compare_ranks(const sample& baseline, const sample& candidate, const options& told) {
  const auto test = stats::mann_whitney_test(baseline.values, candidate.values,
                                             {.alternative = told.alternative});
  const double shift = stats::hodges_lehmann_shift(baseline.values, candidate.values);
  return {"mann-whitney", fmt::format("U = {:.15g}{}", test.u, test.exact ? ", exact" : ""),
          test.p_value,
          fmt::format("candidate greater in {:.1f} % of pairs, typically by {:.4g}",
                      100.0 * test.superiority, shift)};
}

finding compare_distributions(const sample& baseline, const sample& candidate,
                              const options& told) {
  const auto test = stats::kolmogorov_smirnov_test(baseline.values, candidate.values,
                                                   {.alternative = told.alternative});
  return {"ks", fmt::format("D = {:.4g}{}", test.statistic, test.exact ? ", exact" : ""),
          test.p_value,
          fmt::format("distributions at most {:.1f} % apart", 100.0 * test.statistic)};
}

std::vector<finding> compare(const sample& baseline, const sample& candidate, const options& told) {
  std::vector<finding> findings;
  for (const std::string& test : told.tests) {
    if (test == "welch") findings.push_back(compare_means(baseline, candidate, told));
    if (test == "mann-whitney") findings.push_back(compare_ranks(baseline, candidate, told));
    if (test == "ks") findings.push_back(compare_distributions(baseline, candidate, told));
  }
  return findings;
}

void print(const report::table& table, const options& told) {
  fmt::print("{}\n", told.markdown ? table.markdown() : table.text());
}

void print_samples(const sample& baseline, const sample& candidate, const options& told) {
  using report::left, report::right;
  report::table table{{{"", left},
                       {"sample", left},
                       {"values", right},
                       {"mean", right},
                       {"sd", right},
                       {"min", right},
                       {"median", right},
                       {"p95", right},
                       {"max", right}}};
  for (const auto& [role, which] :
       {std::pair{"baseline", &baseline}, std::pair{"candidate", &candidate}}) {
    std::vector<double> sorted = which->values;
    std::ranges::sort(sorted);
    const auto quantile =
        [&](double q) {  // the least value that at least this part does not exceed
          const double rank = std::ceil(q * static_cast<double>(sorted.size()));
          return fmt::format("{:.5g}", sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1]);
        };
    const auto seen = stats::moments::of(which->values);
    table.add({role, which->name, fmt::format("{}", seen.count()),
               fmt::format("{:.5g}", seen.mean()),
               seen.count() < 2 ? "-" : fmt::format("{:.4g}", std::sqrt(seen.variance())),
               quantile(0.0), quantile(0.5), quantile(0.95), quantile(1.0)});
  }
  print(table, told);
  if (baseline.missing + candidate.missing > 0) {
    fmt::print("left out as missing: {} of the baseline, {} of the candidate\n\n", baseline.missing,
               candidate.missing);
  }
}

void print_findings(const std::vector<finding>& findings, const options& told) {
  using report::left, report::right;
  std::vector<double> p_values;
  for (const auto& each : findings) p_values.push_back(each.p_value);
  const std::vector<double> adjusted = stats::holm(p_values);
  const bool is_alone = findings.size() == 1;

  std::vector<report::column> columns{{"test", left}, {"statistic", left}, {"p", right}};
  if (!is_alone) columns.push_back({"Holm p", right});
  columns.push_back({"effect", left});
  report::table table{columns};
  for (std::size_t i = 0; i < findings.size(); ++i) {
    std::vector<std::string> cells{findings[i].test, findings[i].statistic,
                                   report::p_value(findings[i].p_value)};
    if (!is_alone) cells.push_back(report::p_value(adjusted[i]));
    cells.push_back(findings[i].effect);
    table.add(cells);
  }
  print(table, told);
}

int run(const options& told) {
  const sample baseline = read_sample(told.files[0], told.baseline_column, told.missing);
  const sample candidate = read_sample(told.files[1], told.candidate_column, told.missing);
  const auto findings = compare(baseline, candidate, told);
  print_samples(baseline, candidate, told);
  print_findings(findings, told);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const options told = read_options({argc, argv});
    if (!told.help) return run(told);
    fmt::print("{}", usage);
    return 0;
  } catch (const command_line::usage_error& refused) {
    fmt::print(stderr, "compare_samples: {}\n\n{}", refused.what(), usage);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "compare_samples: {}\n", failure.what());
  }
  return 2;
}
