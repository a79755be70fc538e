#pragma once

/// @file
/// One request that was answered twice: by production, and by its shadow.
///
///     options.agree = [](double production, double shadow) {
///       return (production >= 0.5) == (shadow >= 0.5);
///     };
///     options.comparison_sink = [](const hotswap::comparison<double>& seen) { log(seen); };

#include <hotswap/core/model_version.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

template <typename Answer>
class comparison {
 public:
  comparison(std::string request_key, model_version of, model_version by, Answer given)
      : key(std::move(request_key)),
        production(std::move(of)),
        shadow(std::move(by)),
        production_answer(std::move(given)) {}

  std::string key;
  model_version production;
  model_version shadow;
  Answer production_answer;
  std::optional<Answer> shadow_answer;  ///< absent if it threw
  std::string shadow_error;             ///< what it threw; empty if it did not
  std::chrono::nanoseconds production_latency{};
  std::chrono::nanoseconds shadow_latency{};
  bool agreed = false;  ///< never true without an answer of the shadow
};

/// How answers are mirrored and compared. Its functions are called on the mirror's own thread, but
/// for `now`; none may block for long, or requests are dropped.
template <typename Answer>
class mirror_options {
 public:
  mirror_options() {}  // not defaulted: an aggregate would be destroyed twice by g++ 12

  /// How many copies of requests may wait for the shadow; the next power of two. Those that find no
  /// room are dropped.
  std::size_t queue_capacity = 256;
  /// Are both answers as good as the same? `==` unless set. Scores are hardly ever equal: say what
  /// they decide. A throw counts as a disagreement.
  std::function<bool(const Answer& production, const Answer& shadow)> agree;
  /// The answer as a number, for the moments of the difference. Unless set, what is a number is its
  /// own score, and there is none of anything else. Where a score is not finite the answers
  /// disagree, whatever `agree` says.
  std::function<double(const Answer&)> score;
  /// Gets each request that the shadow has answered, or failed to. What it throws is counted by
  /// `failed_comparison_sinks()`.
  std::function<void(const comparison<Answer>&)> comparison_sink;
  /// Measures latencies: the time since some moment. Steady, unless set; on any thread.
  std::function<std::chrono::nanoseconds()> now;
};

}  // namespace hotswap::inline v0_1
