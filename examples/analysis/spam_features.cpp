// Do spam and other e-mails differ, and in what? A table for a report, from real e-mails.
//
//   ./spam_features              the 57 features of Spambase, the greatest effect first
//   ./spam_features --markdown   the same for a page in Markdown
//   ./spam_features --sort file --level 0.01
//
// For each feature: Welch's t-test of the means, with p-values after Holm, so that the chance of
// any false "differs" in the table is below the level; the interval of the difference; and two
// sizes of the effect, one in standard deviations, and Cliff's delta, which no single wild e-mail
// can move.
//
// Leaves with 0 if there is a table, 2 if not.

#include <hotswap/stats/interval.hpp>
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
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace stats = hotswap::stats;

constexpr std::string_view usage =
    "usage: spam_features [--data FILE] [--level LEVEL] [--sort effect|p|file] [--markdown] [--help]\n"
    "\n"
    "Tells which features of e-mails differ between spam and ham, how much, and how surely.\n"
    "\n"
    "  --data FILE       a CSV file with a column spam (0 or 1), and a feature in each other one;\n"
    "                    default: examples/spam_rollout/spambase.csv\n"
    "  --level LEVEL     the most that the chance of any false verdict may be; default: 0.05\n"
    "  --sort effect     the greatest difference in standard deviations first (the default),\n"
    "         p          the least p-value first, or\n"
    "         file       in the order of the file's columns\n"
    "  --markdown        prints the table in Markdown\n"
    "  --help            prints this\n"
    "\n"
    "Leaves with 0 if there is a table, 2 if not.\n";

struct options {
  std::string file = HOTSWAP_EXAMPLE_FOLDER "/../spam_rollout/spambase.csv";
  double level = 0.05;
  std::string sort = "effect";
  bool markdown = false;
  bool help = false;
};

options read_options(command_line::arguments told) {
  options result;
  while (const auto next = told.next()) {
    if (*next == "--data") {
      result.file = told.value("--data");
    } else if (*next == "--level") {
      result.level = told.number("--level", 0.0, 1.0);
    } else if (*next == "--sort") {
      result.sort = told.value("--sort");
      if (result.sort != "effect" && result.sort != "p" && result.sort != "file") {
        throw command_line::usage_error("--sort: must be effect, p or file, got " + result.sort);
      }
    } else if (*next == "--markdown") {
      result.markdown = true;
    } else if (*next == "--help" || *next == "-h") {
      result.help = true;
    } else {
      throw command_line::usage_error(
          "option must be one of --data, --level, --sort, --markdown, --help, got " + *next);
    }
  }
  return result;
}

/// One feature, in ham and in spam. Without tests if it has the same value in all e-mails.
struct comparison {
  std::string feature;
  stats::moments ham;
  stats::moments spam;
  std::optional<stats::welch_result> means;  // difference: spam - ham
  double deviations = 0.0;                   // that difference, in standard deviations
  double cliffs_delta = 0.0;                 // P(a spam's value is greater) - P(it is smaller)
  double holm_p_value = 1.0;
};

comparison compare(std::string feature, const std::vector<double>& ham,
                   const std::vector<double>& spam) {
  comparison result{std::move(feature), stats::moments::of(ham), stats::moments::of(spam), {}};
  const double variance = (result.ham.variance() + result.spam.variance()) / 2.0;
  result.cliffs_delta = stats::mann_whitney_test(ham, spam).cliffs_delta;
  if (variance == 0.0) return result;
  result.means = stats::welch_t_test(result.ham, result.spam);
  result.deviations = result.means->difference / std::sqrt(variance);
  return result;
}

/// Which rows are spam?
std::vector<bool> labels_of(const csv::table& emails) {
  const std::vector<double> numbers = emails.numbers("spam");
  std::vector<bool> labels;
  std::size_t spam = 0;
  for (std::size_t row = 0; row < numbers.size(); ++row) {
    if (numbers[row] != 0.0 && numbers[row] != 1.0) {
      throw std::runtime_error(fmt::format("{}:{}: spam must be 0 or 1, got {}", emails.name(),
                                           emails.line_of(row), numbers[row]));
    }
    labels.push_back(numbers[row] == 1.0);
    if (labels.back()) ++spam;
  }
  if (spam < 2 || labels.size() - spam < 2) {
    throw std::runtime_error(
        fmt::format("{}: must have 2 e-mails of each kind, got {} spam and {} ham", emails.name(),
                    spam, labels.size() - spam));
  }
  return labels;
}

std::vector<comparison> compare_features(const csv::table& emails,
                                         const std::vector<bool>& is_spam) {
  std::vector<comparison> features;
  for (const std::string& column : emails.columns()) {
    if (column == "spam") continue;
    const std::vector<double> values = emails.numbers(column);
    std::vector<double> ham;
    std::vector<double> spam;
    for (std::size_t row = 0; row < values.size(); ++row) {
      (is_spam[row] ? spam : ham).push_back(values[row]);
    }
    features.push_back(compare(column, ham, spam));
  }

  std::vector<double> p_values;
  for (const auto& each : features) p_values.push_back(each.means ? each.means->p_value : 1.0);
  const std::vector<double> adjusted = stats::holm(p_values);
  for (std::size_t i = 0; i < features.size(); ++i) features[i].holm_p_value = adjusted[i];
  return features;
}

void sort(std::vector<comparison>& features, std::string_view how) {
  if (how == "file") return;
  std::ranges::sort(features, {}, [how](const comparison& each) {
    const double least_first = how == "p" ? each.holm_p_value : -std::abs(each.deviations);
    return std::pair{least_first, each.feature};
  });
}

std::string_view verdict(const comparison& feature, double level) {
  if (!feature.means) return "never varies";
  if (!(feature.holm_p_value < level)) return "not shown to differ";
  return feature.means->difference > 0.0 ? "more in spam" : "less in spam";
}

std::vector<std::string> cells(const comparison& feature, double level) {
  const std::string what{verdict(feature, level)};
  if (!feature.means) {
    return {feature.feature,
            report::fixed(feature.spam.mean(), 3),
            report::fixed(feature.ham.mean(), 3),
            "-",
            "-",
            "-",
            "-",
            "-",
            what};
  }
  const stats::interval around = feature.means->difference_interval;
  const int places = report::places_for(around.upper - around.lower);
  return {feature.feature,
          report::fixed(feature.spam.mean(), places),
          report::fixed(feature.ham.mean(), places),
          report::with_sign(feature.means->difference, places),
          fmt::format("{} to {}", report::fixed(around.lower, places),
                      report::fixed(around.upper, places)),
          report::with_sign(feature.deviations, 2),
          report::with_sign(feature.cliffs_delta, 2),
          report::p_value(feature.holm_p_value),
          what};
}

void print(const std::vector<comparison>& features, const options& told) {
  using report::left, report::right;
  report::table table{{{"feature", left},
                       {"spam mean", right},
                       {"ham mean", right},
                       {"difference", right},
                       {"95 % CI", right},
                       {"d", right},
                       {"delta", right},
                       {"Holm p", right},
                       {"verdict", left}}};
  for (const auto& each : features) table.add(cells(each, told.level));
  const auto differ = std::ranges::count_if(
      features, [&](const auto& each) { return each.holm_p_value < told.level; });

  fmt::print("{} e-mails: {} spam, {} ham. {} of {} features differ (Holm p below {}).\n\n{}\n",
             features[0].spam.count() + features[0].ham.count(), features[0].spam.count(),
             features[0].ham.count(), differ, features.size(), told.level,
             told.markdown ? table.markdown() : table.text());
  fmt::print(
      "difference  spam mean - ham mean; Welch's t-test. Each interval by itself holds at 95 %.\n"
      "d           the difference in standard deviations (root of the mean of both variances)\n"
      "delta       Cliff's: P(a spam has more than a ham) - P(it has less)\n"
      "Holm p      p-value for {} tests at once: below a level, the chance of any false one is, too\n",
      features.size());
}

int run(const options& told) {
  const csv::table emails{told.file};
  std::vector<comparison> features = compare_features(emails, labels_of(emails));
  if (features.empty()) {
    throw std::runtime_error(emails.name() + ": must have a feature besides spam, got none");
  }
  sort(features, told.sort);
  print(features, told);
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
    fmt::print(stderr, "spam_features: {}\n\n{}", refused.what(), usage);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "spam_features: {}\n", failure.what());
  }
  return 2;
}
