#pragma once

/// @file
/// Inputs on which a version is tried before any user sees it.
///
///     options.smoke_samples = hotswap::smoke_samples<fraud_model>{payments};
///     options.smoke_samples = hotswap::smoke_samples<fraud_model>{
///         payments, [](const payment&, double score) { return score >= 0.0 && score <= 1.0; }};

#include <hotswap/core/smoke_test_report.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// None at first; a smoke test without samples proves nothing, and a rollout refuses it.
template <typename Model>
class smoke_samples {
 public:
  smoke_samples() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// @param inputs  each is handed to the model's `predict`
  template <typename Input>
  explicit smoke_samples(std::vector<Input> inputs)
      : smoke_samples(std::move(inputs), [](const Input&, const auto&) { return true; }) {}

  /// @param check  is called with an input and the model's answer, and says whether that will do
  template <typename Input, typename Check>
  smoke_samples(std::vector<Input> inputs, Check check)
      : size_(inputs.size()),
        passes_([inputs = std::move(inputs), check = std::move(check)](const Model& model,
                                                                       std::size_t sample) -> bool {
          const auto& input = inputs[sample];
          return check(input, model.predict(input));
        }) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Tries the model on so many of them, in their order; on each once, if there are fewer. A
  /// prediction or a check that throws is a failure. The first failures are told, 5 at most.
  [[nodiscard]] smoke_test_report run(const Model& model, std::size_t samples) const {
    smoke_test_report report;
    report.samples = std::min(samples, size_);
    for (std::size_t sample = 0; sample < report.samples; ++sample) {
      const std::string failure = try_on(model, sample);
      if (failure.empty()) continue;
      ++report.failures;
      if (report.messages.size() == most_messages) continue;
      report.messages.push_back("sample " + std::to_string(sample) + ": " + failure);
    }
    return report;
  }

 private:
  static constexpr std::size_t most_messages = 5;

  /// What went wrong; empty if nothing did.
  std::string try_on(const Model& model, std::size_t sample) const {
    try {
      return passes_(model, sample) ? "" : "the answer does not pass the check";
    } catch (const std::exception& failure) {
      return *failure.what() == '\0' ? "an exception without a text" : failure.what();
    } catch (...) {
      return "an exception that is no std::exception";
    }
  }

  std::size_t size_ = 0;
  std::function<bool(const Model&, std::size_t sample)> passes_;
};

}  // namespace hotswap::inline v0_1
