#pragma once

/// @file
/// A platform inside this process that can also mirror: a shadow answers copies of production's
/// requests, and is compared with it, before any user gets an answer of it.
///
///     hotswap::mirroring_platform<fraud_model, payment> platform{first, load, compare};
///     const double score = platform.predict("user-42", payment);            // any thread
///     hotswap::shadow_strategy shadow{platform, platform, platform.metrics()};

#include <hotswap/async/stop_token.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/concepts/windowed.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/serving/comparison.hpp>
#include <hotswap/serving/in_process_options.hpp>
#include <hotswap/serving/lease.hpp>
#include <hotswap/serving/mirror.hpp>
#include <hotswap/serving/model_loader.hpp>
#include <hotswap/serving/platform.hpp>
#include <hotswap/serving/recorder.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>

namespace hotswap::inline v0_1 {

/// What versions do in windows of time, and how two of them differ: a `MetricsSource` and a
/// `DivergenceSource`.
template <typename Model, typename Request>
class mirror_metrics {
 public:
  mirror_metrics(windowed<recorder>& versions, mirror<Model, Request>& pairs) noexcept
      : versions_(versions), pairs_(pairs) {}

  /// As `windowed` does.
  task<metrics_snapshot> collect(const model_version& version, const time_window& window,
                                 stop_token stop = {}) {
    return versions_.collect(version, window, std::move(stop));
  }

  /// As `mirror` does.
  [[nodiscard]] divergence_snapshot divergence(const model_version& production,
                                               const model_version& shadow,
                                               const time_window& window) {
    return pairs_.divergence(production, shadow, window);
  }

 private:
  windowed<recorder>& versions_;
  mirror<Model, Request>& pairs_;
};

/// An `in_process_platform` that is a `MirroringRouter`, too, for one type of request.
/// @tparam Request  what a model's `predict` takes; is copied, so it owns what it refers to
template <typename Model, typename Request>
class mirroring_platform : public in_process_platform<Model> {
 public:
  using answer = typename mirror<Model, Request>::answer;

  /// Loads the first version, as an `in_process_platform` does.
  /// @param compare  how answers are compared, and who is told
  /// @throws config_error  if answers cannot be compared by `==` and `compare` does not say how.
  template <loads<Model> Loader>
  mirroring_platform(const model_version& first, Loader load, mirror_options<answer> compare = {},
                     in_process_options<Model> options = {})
      : in_process_platform<Model>(first, std::move(load), std::move(options)),
        mirror_(std::move(compare)),
        metrics_(in_process_platform<Model>::metrics(), mirror_) {}

  /// The answer of the version that serves this key, measured and recorded; mirrored, if a mirror
  /// is set. A request that production fails to answer is not mirrored.
  /// @throws …  what the model's `predict` throws.
  answer predict(std::string_view key, const Request& request) {
    const lease<Model> chosen = this->acquire(key);
    const std::chrono::nanoseconds started = mirror_.now();
    answer given = answer_of(chosen, request);
    const std::chrono::nanoseconds latency = mirror_.now() - started;
    chosen.record({.latency = latency});
    mirror_.offer(chosen, key, request, given, latency);
    return given;
  }

  /// For whoever asks the lease's model, measures and records themselves: to be called when it has
  /// answered, while the lease lives. Neither locks, nor throws, nor waits for the shadow.
  void mirror_request(const lease<Model>& answered, std::string_view key, const Request& request,
                      const answer& given, std::chrono::nanoseconds latency) noexcept {
    mirror_.offer(answered, key, request, given, latency);
  }

  /// From here on, copies this share of the requests that `production` answers to `shadow`, instead
  /// of what was mirrored before; with 0 % ends that, unless something else is mirrored by now.
  /// @throws config_error  for another model's version, or the same twice.
  /// @throws error         for a share above 0 % of a version that is not deployed.
  void set_mirror(const model_version& production, const model_version& shadow, share sampled) {
    this->require_model(production);
    this->require_model(shadow);
    if (production == shadow) {
      throw config_error(
          "", "platform: shadow must differ from production, got " + to_string(shadow) + " twice");
    }
    if (sampled == share{}) return mirror_.turn_off(production, shadow);
    const auto of = this->require_deployed(production, "mirrored");
    const auto by = this->require_deployed(shadow, "mirrored to");
    mirror_.turn_on({production, of.index, by.at}, sampled);
  }

  /// What versions do in windows of time, and how two of them differ.
  [[nodiscard]] mirror_metrics<Model, Request>& metrics() noexcept { return metrics_; }

  /// How often the comparison sink has thrown.
  [[nodiscard]] std::uint64_t failed_comparison_sinks() const noexcept {
    return mirror_.failed_comparison_sinks();
  }

 private:
  static answer answer_of(const lease<Model>& chosen, const Request& request) {
    try {
      return chosen.model().predict(request);
    } catch (...) {
      chosen.record({.error = true});
      throw;
    }
  }

  mirror<Model, Request> mirror_;
  mirror_metrics<Model, Request> metrics_;
};

}  // namespace hotswap::inline v0_1
