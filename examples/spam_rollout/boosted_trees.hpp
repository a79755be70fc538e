#pragma once

/// @file
/// Gradient-boosted decision trees, trained and asked through the C interface of XGBoost.
///
///     const auto trees = spam::boosted_trees::train(features, labels, {.rounds = 60, .depth = 5});
///     const double probability = trees.predict(row);
///
/// Source: XGBoost 1.7, xgboost/c_api.h.

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace spam {

struct training_options {
  int rounds = 60;             // one tree each
  int depth = 5;               // of each tree
  double learning_rate = 0.3;  // how much of what is still wrong the next tree corrects
  double row_share = 1;        // of the rows, drawn anew for each tree
  double column_share = 1;     // of the columns, drawn anew for each tree
  int seed = 1;                // of these draws
};

/// The probability that a row belongs to class 1. Movable; a moved-from one must not be asked.
class boosted_trees {
 public:
  /// @param features  row after row; NaN means missing
  /// @param labels    one for each row, 0 or 1
  /// @throws std::invalid_argument  if the features are not a whole number of rows
  /// @throws std::runtime_error     what XGBoost has to say
  static boosted_trees train(std::span<const float> features, std::span<const float> labels,
                             const training_options& options);

  /// May be called by any number of threads at once.
  ///
  /// @throws std::invalid_argument  for a row of another width than those it was trained on
  double predict(std::span<const float> row) const;

 private:
  struct release {
    void operator()(BoosterHandle booster) const noexcept { XGBoosterFree(booster); }
  };
  using booster_owner = std::unique_ptr<void, release>;

  boosted_trees(booster_owner booster, std::size_t columns)
      : booster_{std::move(booster)}, columns_{columns} {}

  booster_owner booster_;
  std::size_t columns_;
};

namespace detail {

inline void check(int code) {
  if (code == 0) return;
  const std::string_view message = XGBGetLastError();
  // A stack trace follows the first line.
  throw std::runtime_error(fmt::format("xgboost: {}", message.substr(0, message.find('\n'))));
}

}  // namespace detail

inline boosted_trees boosted_trees::train(std::span<const float> features,
                                          std::span<const float> labels,
                                          const training_options& options) {
  if (labels.empty() || features.empty() || features.size() % labels.size() != 0) {
    throw std::invalid_argument(
        fmt::format("boosted_trees: features must be the same number for each of {} labels, got {}",
                    labels.size(), features.size()));
  }
  const std::size_t columns = features.size() / labels.size();

  DMatrixHandle matrix = nullptr;
  detail::check(
      XGDMatrixCreateFromMat(features.data(), labels.size(), columns, std::nanf(""), &matrix));
  const auto release_matrix = [](DMatrixHandle handle) { XGDMatrixFree(handle); };
  const std::unique_ptr<void, decltype(release_matrix)> matrix_owner{matrix, release_matrix};
  detail::check(XGDMatrixSetFloatInfo(matrix, "label", labels.data(), labels.size()));

  BoosterHandle booster = nullptr;
  detail::check(XGBoosterCreate(&matrix, 1, &booster));
  boosted_trees trees{booster_owner{booster}, columns};
  const auto set = [booster](const char* name, const std::string& value) {
    detail::check(XGBoosterSetParam(booster, name, value.c_str()));
  };
  set("objective", "binary:logistic");
  set("tree_method", "hist");  // four times faster here than the default, and as accurate
  set("nthread", "1");         // a row is too little work to share out
  set("max_depth", fmt::to_string(options.depth));
  set("eta", fmt::to_string(options.learning_rate));
  set("subsample", fmt::to_string(options.row_share));
  set("colsample_bytree", fmt::to_string(options.column_share));
  set("seed", fmt::to_string(options.seed));
  for (int round = 0; round < options.rounds; ++round) {
    detail::check(XGBoosterUpdateOneIter(booster, round, matrix));
  }

  // XGBoost finishes its configuration within the first call; the calls after it only read.
  static_cast<void>(trees.predict(features.first(columns)));
  return trees;
}

inline double boosted_trees::predict(std::span<const float> row) const {
  if (row.size() != columns_) {
    throw std::invalid_argument(
        fmt::format("boosted_trees: row must have {} features, got {}", columns_, row.size()));
  }
  // The in-place prediction is the thread-safe one: its answer lies in memory of this thread.
  const std::string where =
      fmt::format(R"({{"data":[{},true],"shape":[1,{}],"typestr":"<f4","version":3}})",
                  reinterpret_cast<std::uintptr_t>(row.data()), row.size());
  constexpr auto how = R"({"type":0,"training":false,"iteration_begin":0,"iteration_end":0,)"
                       R"("strict_shape":false,"missing":NaN,"cache_id":0})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* answer = nullptr;
  detail::check(XGBoosterPredictFromDense(booster_.get(), where.c_str(), how, nullptr, &shape,
                                          &dimensions, &answer));
  return *answer;
}

}  // namespace spam
