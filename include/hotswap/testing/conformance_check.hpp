#pragma once

/// @file
/// The questions of <hotswap/testing/conformance.hpp>, asked of any platform.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/testing/conformance_report.hpp>
#include <hotswap/testing/platform_questions.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// What a platform can do beyond what `platform_calls` tells.
struct conformance_features {
  bool fences = false;
  bool mirrors = false;
  bool smoke_tests = false;
};

/// Belongs to the clock's thread, and outlives its `run()`.
class conformance_check : private platform_questions {
 public:
  conformance_check(std::shared_ptr<platform_calls> calls, model_version serving,
                    model_version spare, clock& on, conformance_options options,
                    conformance_features features)
      : platform_questions(std::move(calls), std::move(serving), std::move(spare), on,
                           std::move(options)),
        features_(features) {}

  task<conformance_report> run() {
    note_what_is_not_asked();
    const bool begins = co_await begins_as_it_should();
    if (begins) {
      co_await check_what_is_not_deployed();
      const bool deployed = co_await check_deployment();
      if (deployed) {
        co_await check_metrics();
        co_await check_splits();
        if (features_.fences) co_await check_fence();
        if (features_.mirrors) co_await check_mirror();
        co_await check_removal();
      }
      (void)co_await remove(spare_);
    }
    co_return std::move(report_);
  }

 private:
  void note_what_is_not_asked() {
    const auto note = [this](bool is_missing, const char* sentence) {
      if (is_missing) report_.unchecked.emplace_back(sentence);
    };
    note(!options_.send_requests,
         "no requests are sent: what metrics count and what the router does with a request was not "
         "checked");
    note(!calls_->has_split(), "the router has no split(): no split was read back");
    note(!calls_->has_health_check(), "the server has no healthy(): it was not asked");
    note(!options_.unknown, "no unknown version is named: its deploy was not tried");
  }

  [[nodiscard]] traffic_split all() const { return traffic_split::all_to(serving_); }
  [[nodiscard]] traffic_split part(share of_spare) const {
    return traffic_split::between(serving_, spare_, of_spare);
  }

  // ---- the questions

  task<bool> begins_as_it_should() {
    if (!calls_->has_split()) {
      const std::string failure = co_await set_split(all());
      if (!failure.empty()) broken("set_split must set {}, got: {}", to_string(all()), failure);
      const bool is_set = failure.empty();
      co_return is_set;
    }
    const answer<traffic_split> found = co_await split(serving_.model());
    if (!found.value) {
      broken("split of {} must tell what is in force, got: {}", serving_.model(), found.failure);
    } else if (*found.value != all()) {
      broken("split of {} must be {} before the check, got {}", serving_.model(), to_string(all()),
             to_string(*found.value));
    }
    const answer<traffic_split> other = co_await split(serving_.model() + "-unknown");
    if (other.value) {
      broken("split of {}-unknown must throw for a model that the router does not know, got {}",
             serving_.model(), to_string(*other.value));
    }
    co_return found.value && *found.value == all();
  }

  task<void> check_what_is_not_deployed() {
    const std::string early = co_await warm_up(spare_);
    if (early.empty()) {
      broken("warm_up of {} must throw while it is not deployed, got no exception", name());
    }
    const std::string removed = co_await remove(spare_);
    if (!removed.empty()) {
      broken("remove of {} must do nothing while it is not deployed, got: {}", name(), removed);
    }
    co_await check_refusal("which is not deployed");
    if (!options_.unknown) co_return;
    const std::string failure = co_await deploy(*options_.unknown);
    if (failure.empty()) {
      broken("deploy of {} must throw, since there is no such version, got no exception",
             to_string(*options_.unknown));
    }
  }

  /// Of a split with a version that cannot serve.
  task<void> check_refusal(std::string why) {
    const traffic_split wrong = part(share::basis_points(5'000));
    const std::string failure = co_await set_split(wrong);
    if (failure.empty()) {
      broken("set_split must refuse a version that cannot serve, {} {}, got no exception", name(),
             why);
      const std::string back = co_await set_split(all());
      if (!back.empty()) broken("set_split must set {}, got: {}", to_string(all()), back);
    }
    if (!failure.empty()) co_await check_in_force(all(), "after a refusal");
  }

  task<bool> check_deployment() {
    const std::string first = co_await deploy(spare_);
    if (!first.empty()) {
      broken("deploy of {} must start it, got: {}", name(), first);
      co_return false;
    }
    const std::string second = co_await deploy(spare_);
    if (!second.empty()) {
      broken("deploy of {} must be idempotent, got at the second call: {}", name(), second);
    }
    co_await check_in_force(all(), "after a deploy, which gives no traffic");
    const std::string warm = co_await warm_up(spare_);
    if (!warm.empty()) {
      broken("warm_up of {} must make it ready, got: {}", name(), warm);
      co_return false;
    }
    const std::string again = co_await warm_up(spare_);
    if (!again.empty()) {
      broken("warm_up of {} must be idempotent, got at the second call: {}", name(), again);
    }
    if (calls_->has_health_check()) {
      const answer<bool> well = co_await healthy(spare_);
      if (!well.value.value_or(false)) {
        broken("healthy of {} must be true once it is warm, got {}", name(),
               well.value ? "false" : well.failure);
      }
    }
    if (features_.smoke_tests) co_await check_smoke_test();
    co_return true;
  }

  task<void> check_smoke_test() {
    constexpr std::size_t wanted = 10;
    const answer<smoke_test_report> tried = co_await smoke_test(wanted);
    if (!tried.value) {
      broken("smoke_test of {} must report what it tried, got: {}", name(), tried.failure);
    } else if (tried.value->samples > wanted || tried.value->failures > tried.value->samples) {
      broken(
          "smoke_test of {} must try at most the {} samples that it is asked for, and fail at "
          "most those, got {} samples and {} failures",
          name(), wanted, tried.value->samples, tried.value->failures);
    }
  }

  task<void> check_splits() {
    for (const int points : {100, 5'000, 9'900}) {
      const traffic_split wanted = part(share::basis_points(points));
      for (const char* when : {"after it was set", "after it was set twice"}) {
        const std::string failure = co_await set_split(wanted);
        if (!failure.empty()) {
          broken("set_split must set {}, as often as it is asked, got: {}", to_string(wanted),
                 failure);
        } else {
          co_await check_in_force(wanted, when);
        }
      }
    }
    const std::string failure = co_await set_split(all());
    if (!failure.empty()) broken("set_split must set {}, got: {}", to_string(all()), failure);
    if (failure.empty()) co_await check_in_force(all(), "after it was set");
  }

  task<void> check_in_force(traffic_split wanted, std::string when) {
    if (!calls_->has_split()) co_return;
    const answer<traffic_split> found = co_await split(serving_.model());
    if (found.value && *found.value == wanted) co_return;
    broken("split must be {} {}, got {}", to_string(wanted), when,
           found.value ? to_string(*found.value) : found.failure);
    if (wanted == all()) (void)co_await set_split(wanted);  // so that what follows begins there
  }

  task<void> check_fence() {
    const traffic_split newer = part(share::basis_points(1'000));
    const std::uint64_t old = ++revision_;
    const std::uint64_t high = ++revision_;
    const std::string set = co_await set_split(newer, high);
    if (!set.empty()) broken("set_split must take a higher revision, got: {}", set);
    const std::string again = co_await set_split(newer, high);
    if (!again.empty()) {
      broken("set_split must take the revision again that it saw last, got: {}", again);
    }
    const std::string late = co_await set_split(part(share::basis_points(2'000)), old);
    if (late.empty()) {
      broken("set_split must refuse a revision below the highest seen, got no exception");
    } else {
      co_await check_in_force(newer, "after a refusal");
    }
    const std::string back = co_await set_split(all());
    if (!back.empty()) broken("set_split must set {}, got: {}", to_string(all()), back);
  }

  task<void> check_mirror() {
    for (const int points : {5'000, 5'000, 0, 0}) {
      const share sampled = share::basis_points(points);
      const std::string failure = co_await set_mirror(sampled);
      if (!failure.empty()) {
        broken("set_mirror must set {}, as often as it is asked, got: {}", to_string(sampled),
               failure);
        break;
      }
      co_await check_in_force(all(), "after set_mirror, which moves no traffic");
    }
  }

  task<void> check_removal() {
    co_await check_removed();
    if (calls_->has_health_check()) {
      const answer<bool> well = co_await healthy(spare_);
      if (well.value.value_or(false)) {
        broken("healthy of {} must not be true after it was removed, got true", name());
      }
    }
    co_await check_refusal("which was removed");
    const std::string back = co_await deploy(spare_);
    if (!back.empty()) {
      broken("deploy of {} must start it again after it was removed, got: {}", name(), back);
    }
    co_await check_removed();
  }

  task<void> check_removed() {
    const std::string first = co_await remove(spare_);
    if (!first.empty()) {
      broken("remove of {} must stop it, got: {}", name(), first);
      co_return;
    }
    const std::string second = co_await remove(spare_);
    if (!second.empty()) {
      broken("remove of {} must be idempotent, got at the second call: {}", name(), second);
    }
  }

  // ---- metrics: what is counted where

  /// Of both versions, in one window.
  class counted {
   public:
    counted() {}
    time_window window;
    metrics_snapshot of_serving;
    metrics_snapshot of_spare;
    bool known = false;

    [[nodiscard]] std::uint64_t requests() const noexcept {
      return of_serving.requests + of_spare.requests;
    }
  };

  task<counted> count(time_window window) {
    counted seen;
    seen.window = window;
    const answer<metrics_snapshot> a = co_await collect(serving_, window);
    const answer<metrics_snapshot> b = co_await collect(spare_, window);
    for (const answer<metrics_snapshot>* each : {&a, &b}) {
      const std::string of = to_string(each == &a ? serving_ : spare_);
      if (!each->value) {
        broken("collect of {} must answer for a window that has ended, got: {}", of, each->failure);
      } else {
        check_sense(of, *each->value);
      }
    }
    if (a.value && b.value) {
      seen.of_serving = *a.value;
      seen.of_spare = *b.value;
      seen.known = true;
    }
    co_return seen;
  }

  void check_sense(const std::string& of, const metrics_snapshot& seen) {
    if (seen.errors > seen.requests) {
      broken("collect of {} must have no more errors than requests, got {} of {}", of, seen.errors,
             seen.requests);
      return;
    }
    if (!seen.latency || seen.latency->count() == 0) return;
    if (seen.latency->count() > seen.requests - seen.errors) {
      broken(
          "collect of {} must have no more latencies than requests without an error, got {} of "
          "{}",
          of, seen.latency->count(), seen.requests - seen.errors);
    }
    const double mean = seen.latency->mean();
    if (!(mean >= 0.0 && std::isfinite(mean))) {
      broken("collect of {} must have a latency in seconds, got {}", of, mean);
    }
  }

  /// The window from `begin` on, with requests if any can be sent.
  task<counted> next_window(clock::time_point begin, bool with_requests) {
    if (with_requests && options_.send_requests) options_.send_requests(options_.requests);
    co_await sleep_for(clock_, options_.window);
    const time_window window{begin, clock_.now()};
    counted seen = co_await count(window);
    co_return seen;
  }

  task<void> check_metrics() {
    const clock::time_point begin = clock_.now();
    const time_window empty{begin, begin};  // so a source of counters knows where they stand
    const counted nothing = co_await count(empty);
    if (!nothing.known) co_return;
    if (nothing.requests() > 0) {
      broken("collect must have nothing in an empty window, got {} requests", nothing.requests());
    }

    const counted first = co_await next_window(begin, true);
    if (!first.known) co_return;
    if (first.of_spare.requests > 0) {
      broken("collect of {} must have nothing while it has no traffic, got {} requests", name(),
             first.of_spare.requests);
    }
    const traffic_split half = part(share::basis_points(5'000));
    const std::string failure = co_await set_split(half);
    if (!failure.empty()) {
      broken("set_split must set {}, got: {}", to_string(half), failure);
      co_return;
    }
    const counted second = co_await next_window(first.window.end, true);
    if (!second.known) co_return;
    co_await check_again(second);
    co_await check_again(first);
    co_await check_sum(first, second);
    if (options_.send_requests) co_await check_requests(first, second);
    const std::string back = co_await set_split(all());
    if (!back.empty()) broken("set_split must set {}, got: {}", to_string(all()), back);
  }

  task<void> check_again(counted seen) {
    const counted again = co_await count(seen.window);
    if (!again.known || (again.of_serving.requests == seen.of_serving.requests &&
                         again.of_spare.requests == seen.of_spare.requests)) {
      co_return;
    }
    broken(
        "collect must answer the same again for a window that has ended, got {} requests and "
        "then {}",
        seen.requests(), again.requests());
  }

  task<void> check_sum(counted first, counted second) {
    const time_window whole{first.window.begin, second.window.end};
    const counted both = co_await count(whole);
    if (!both.known || both.requests() == first.requests() + second.requests()) co_return;
    broken(
        "collect of two windows in a row must add up to both in one, got {} and {} requests, and "
        "{} in both",
        first.requests(), second.requests(), both.requests());
  }

  task<void> check_requests(counted first, counted second) {
    for (const counted* each : {&first, &second}) {
      if (each->requests() == options_.requests) continue;
      broken("collect must have each request once, got {} of {} that were sent", each->requests(),
             options_.requests);
      co_return;
    }
    // six standard errors of a split in halves: a router that is right fails once in 5e8 times
    const double sent = static_cast<double>(options_.requests);
    const double of_spare = static_cast<double>(second.of_spare.requests);
    if (std::abs(of_spare - 0.5 * sent) > 6.0 * std::sqrt(0.25 * sent)) {
      broken("requests must be routed by {} as soon as it is set, got {} of {} at {}",
             to_string(part(share::basis_points(5'000))), second.of_spare.requests,
             options_.requests, name());
    }
    const counted quiet = co_await next_window(second.window.end, false);
    if (quiet.known && quiet.requests() > 0) {
      broken("collect must be of its window alone, got {} requests in one without any",
             quiet.requests());
    }
  }

  conformance_features features_;
};

}  // namespace hotswap::inline v0_1
