// What the oracles' loader promises, since all numerical tests rest on it.

#include "support/catch.hpp"
#include "support/oracle.hpp"

#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace {

const auto row = nlohmann::json::parse(R"({
  "expected": {"mean": 2.0, "zero": 0.0, "end": "-Infinity", "skewness": 1.0},
  "tolerance": 1e-12, "tolerances": {"mean": 1e-6}, "left_out": ["skewness"]})");

bool agrees(double value, const char* field) {
  return oracle::agrees_with(row, field).match(value);
}

}  // namespace

TEST_CASE("oracle: a number agrees when its relative error is within the field's own tolerance",
          "[stats][oracle]") {
  CHECK(agrees(2.000001, "mean"));
  CHECK_FALSE(agrees(2.000003, "mean"));
  CHECK_FALSE(agrees(-2.0, "mean"));
}

TEST_CASE("oracle: the error of what should be 0 is absolute", "[stats][oracle]") {
  CHECK(agrees(1e-12, "zero"));
  CHECK_FALSE(agrees(-2e-12, "zero"));
}

TEST_CASE("oracle: an infinity agrees with itself only, and a NaN with nothing",
          "[stats][oracle]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();

  CHECK(agrees(-infinity, "end"));
  CHECK_FALSE(agrees(infinity, "end"));
  CHECK_FALSE(agrees(-1e308, "end"));
  CHECK_FALSE(agrees(infinity, "mean"));
  CHECK_FALSE(agrees(std::nan(""), "mean"));
  CHECK_FALSE(agrees(std::nan(""), "end"));
}

TEST_CASE("oracle: what is left out is not promised, and what is lacking is an error",
          "[stats][oracle]") {
  CHECK(oracle::promises(row, "mean"));
  CHECK_FALSE(oracle::promises(row, "skewness"));
  CHECK_FALSE(oracle::promises(row, "kurtosis"));
  CHECK_THROWS(oracle::agrees_with(row, "kurtosis"));
}

TEST_CASE("oracle: each case has a formula that some test reads, so that none is passed over",
          "[stats][oracle]") {
  const std::set<std::string> known{"adjusted_p",
                                    "always_valid_p",
                                    "bernoulli_log_e",
                                    "beta_binomial",
                                    "clopper_pearson",
                                    "cuped",
                                    "distribution",
                                    "divergences",
                                    "farrington_manning",
                                    "fisher_exact",
                                    "gamma_poisson_mixture",
                                    "gamma_upper_tail",
                                    "goodness_of_fit",
                                    "independence",
                                    "kolmogorov_smirnov",
                                    "mann_whitney",
                                    "margin_window",
                                    "mean_difference_mixture",
                                    "merged_moments",
                                    "miettinen_nurminen",
                                    "moments",
                                    "moments_weighted",
                                    "multinomial_srm",
                                    "newcombe",
                                    "normal_mixture_boundary",
                                    "normal_mixture_radius",
                                    "normal_mixture_rho",
                                    "one_sided_normal_mixture",
                                    "pearson_two_by_two",
                                    "power_proportions",
                                    "power_t_test",
                                    "quantile",
                                    "quantile_interval",
                                    "quantile_test",
                                    "ratio_metric",
                                    "size_proportions",
                                    "size_t_test",
                                    "spending_boundaries",
                                    "two_sample_bernoulli",
                                    "wasserstein_1",
                                    "welch",
                                    "wilson",
                                    "z_two_proportions"};
  // R's own answers, which tests read by the file's name
  const std::set<std::string> by_name{"r_chi_square",      "r_kolmogorov_smirnov",
                                      "r_mann_whitney",    "r_multiple_testing",
                                      "r_one_proportion",  "r_power",
                                      "r_two_proportions", "r_welch",
                                      "welch_examples"};

  const auto names = oracle::names();
  REQUIRE_FALSE(names.empty());
  for (const std::string& name : names) {
    if (by_name.contains(name)) continue;
    for (const auto& each : oracle::cases(name)) {
      CAPTURE(name, each.at("name"));
      REQUIRE(each.contains("formula"));
      CHECK(known.contains(each.at("formula").get<std::string>()));
    }
  }
}

TEST_CASE("oracle: cases of a formula are gathered from every file", "[stats][oracle]") {
  if (oracle::other_folder() != nullptr) return;
  CHECK(oracle::every_case("fisher_exact").size() ==
        oracle::cases("fisher_large", "fisher_exact").size() +
            oracle::cases("two_proportions", "fisher_exact").size());
}
