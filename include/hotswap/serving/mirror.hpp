#pragma once

/// @file
/// Copies a share of production's requests to a shadow, whose answers nobody gets, and compares.
///
///     hotswap::mirror<fraud_model, payment> mirror{options};
///     mirror.turn_on(target, 25_pct);
///     mirror.offer(lease, "user-42", payment, score, latency);    // after production has answered
///
/// Used by `mirroring_platform`, which says who is mirrored to whom.

#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/serving/comparison.hpp>
#include <hotswap/serving/deployment.hpp>
#include <hotswap/serving/divergence_counters.hpp>
#include <hotswap/serving/divergence_history.hpp>
#include <hotswap/serving/drop_ring.hpp>
#include <hotswap/serving/key_hash.hpp>
#include <hotswap/serving/lease.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

namespace detail {

template <typename T>
inline constexpr bool refers_elsewhere = std::is_pointer_v<T>;
template <typename Char, typename Traits>
inline constexpr bool refers_elsewhere<std::basic_string_view<Char, Traits>> = true;
template <typename T, std::size_t Extent>
inline constexpr bool refers_elsewhere<std::span<T, Extent>> = true;

}  // namespace detail

/// Who is mirrored to whom.
template <typename Model>
struct mirror_target {
  model_version production;
  std::uint32_t production_index;  // of its arms
  deployment<Model>* shadow;       // outlives the mirror
};

/// One shadow at a time. It has a thread of its own, which asks the shadow, compares and counts;
/// the shadow's own metrics (requests, errors, latency) are counted as if users had asked it.
///
/// A request is sampled by its key, so a user is mirrored always or never. Copies wait in a queue
/// of `queue_capacity` places; a copy of the request and of the answer for each place is all the
/// memory that a slow shadow can take. While the mirror is on the thread looks for work every 0.2
/// ms, since a request must not have to wake it.
///
/// A shadow that never returns stops the comparison, which shows as `queue_full`; but the mirror
/// cannot be destroyed then.
template <typename Model, typename Request>
class mirror {
  static_assert(!detail::refers_elsewhere<Request>,
                "a mirrored request must own what it refers to, since it is answered again later: "
                "mirror a std::vector or a std::string, not a pointer, a span or a string_view.");

 public:
  using answer = std::remove_cvref_t<decltype(std::declval<const Model&>().predict(
      std::declval<const Request&>()))>;

  /// @throws config_error  if answers cannot be compared by `==` and the options do not say how.
  explicit mirror(mirror_options<answer> options)
      : options_(std::move(options)), queue_(options_.queue_capacity) {
    if (!options_.agree) options_.agree = equality();
    if (!options_.score) options_.score = identity();
    worker_ = std::thread{[this] { work(); }};
  }
  mirror(const mirror&) = delete;
  mirror& operator=(const mirror&) = delete;
  /// Waits for the request that the shadow is answering; those in the queue are dropped.
  ~mirror() {
    {
      const std::lock_guard lock{mutex_};
      ending_ = true;
    }
    wake_.notify_one();
    worker_.join();
  }

  /// In force on return, instead of what was mirrored before.
  void turn_on(const mirror_target<Model>& target, share sampled) {
    const std::lock_guard lock{mutex_};
    pair& of = pair_of(target.production, target.shadow->version());
    const plan* const last = plan_.load(std::memory_order_relaxed);
    if (last == nullptr || last->of != &of) of.history.begin(of.counters.totals());
    plans_.push_back(std::make_unique<const plan>(plan{
        target.production_index, target.shadow, &of, hash_seed("mirror to " + to_string(of.shadow)),
        static_cast<std::uint64_t>(sampled.basis_points())}));
    plan_.store(plans_.back().get(), std::memory_order_release);
    wake_.notify_one();
  }

  /// In force on return. Changes nothing if something else is mirrored.
  void turn_off(const model_version& production, const model_version& shadow) {
    const std::lock_guard lock{mutex_};
    const plan* const last = plan_.load(std::memory_order_relaxed);
    if (last == nullptr || last->of->production != production || last->of->shadow != shadow) return;
    plan_.store(nullptr, std::memory_order_release);
  }

  /// To be called when production has answered a request. Does nothing unless its version is
  /// mirrored and the key sampled; then copies the request and the answer, or drops them.
  /// Lock-free, and allocates nothing but what their copies do, and a long key where there is a
  /// sink.
  void offer(const lease<Model>& answered, std::string_view key, const Request& request,
             const answer& given, std::chrono::nanoseconds latency) noexcept {
    const plan* const now = plan_.load(std::memory_order_acquire);
    if (now == nullptr || now->production_index != answered.arm().index) return;
    if ((hash_key(key, now->seed) >> 32U) * 10'000 >> 32U >= now->basis_points) return;
    const std::string_view kept = options_.comparison_sink ? key : std::string_view{};
    switch (queue_.try_push(now, kept, request, given, latency)) {
      case pushed::yes:
        return;
      case pushed::full:
        return now->of->counters.add_dropped(drop_cause::queue_full);
      case pushed::failed:
        return now->of->counters.add_dropped(drop_cause::not_copied);
    }
  }

  /// What was compared in a window, to be asked for when it ends; see `divergence_history`. Empty
  /// for two versions that were never mirrored.
  /// @throws error  for a window that ended before the latest reading, if none was taken at its
  ///   end.
  [[nodiscard]] divergence_snapshot divergence(const model_version& production,
                                               const model_version& shadow,
                                               const time_window& window) {
    const std::lock_guard lock{mutex_};
    const auto known = pairs_.find({production, shadow});
    if (known == pairs_.end()) return {};
    pair& of = *known->second;
    return of.history.collect(window, of.counters.totals());
  }

  /// How often the options' sink has thrown.
  [[nodiscard]] std::uint64_t failed_comparison_sinks() const noexcept {
    return failed_sinks_.load(std::memory_order_relaxed);
  }

  /// The time by which latencies are measured.
  [[nodiscard]] std::chrono::nanoseconds now() const {
    return options_.now ? options_.now() : std::chrono::steady_clock::now().time_since_epoch();
  }

 private:
  class pair {
   public:
    pair(model_version of, model_version by) : production(std::move(of)), shadow(std::move(by)) {}
    const model_version production;
    const model_version shadow;
    divergence_counters counters;
    divergence_history history;
  };

  struct plan {
    std::uint32_t production_index;
    deployment<Model>* shadow;
    pair* of;
    std::uint64_t seed;
    std::uint64_t basis_points;
  };

  class copied_request {
   public:
    copied_request(const plan* at, std::string_view of_key, const Request& of, const answer& by,
                   std::chrono::nanoseconds after)
        : mirrored_by(at), key(of_key), request(of), given(by), latency(after) {}
    const plan* mirrored_by;
    std::string key;
    Request request;
    answer given;
    std::chrono::nanoseconds latency;
  };

  static std::function<bool(const answer&, const answer&)> equality() {
    if constexpr (std::equality_comparable<answer>) {
      return [](const answer& production, const answer& shadow) { return production == shadow; };
    } else {
      throw config_error("", "mirror: agree must be set for answers without ==, got none");
    }
  }

  static std::function<double(const answer&)> identity() {
    if constexpr (std::is_arithmetic_v<answer> && !std::same_as<answer, bool>) {
      return [](const answer& given) { return static_cast<double>(given); };
    } else {
      return {};
    }
  }

  pair& pair_of(const model_version& production, const model_version& shadow) {
    std::unique_ptr<pair>& known = pairs_[{production, shadow}];
    if (!known) known = std::make_unique<pair>(production, shadow);
    return *known;
  }

  void work() {
    std::unique_lock lock{mutex_};
    while (!ending_) {
      lock.unlock();
      std::optional<copied_request> next = queue_.try_pop();
      if (next) compare(std::move(*next));
      const bool is_idle = !next;
      next.reset();
      lock.lock();
      if (!is_idle || ending_) continue;
      // off: a request that began while it was on may still come
      const bool is_on = plan_.load(std::memory_order_relaxed) != nullptr;
      wake_.wait_for(lock, is_on ? std::chrono::microseconds{200} : std::chrono::milliseconds{10});
    }
  }

  void compare(copied_request request) {
    const plan& by = *request.mirrored_by;
    comparison<answer> seen{std::move(request.key), by.of->production, by.of->shadow,
                            std::move(request.given)};
    seen.production_latency = request.latency;
    if (!ask(*by.shadow, request.request, seen)) {
      return by.of->counters.add_dropped(drop_cause::shadow_removed);
    }
    if (seen.shadow_answer) {
      const std::optional<double> difference = difference_of(seen);
      seen.agreed = agree(seen, difference);
      const bool is_number = difference && std::isfinite(*difference);
      by.of->counters.add_compared(seen.agreed, is_number ? difference : std::nullopt);
    } else {
      by.of->counters.add_shadow_error();
    }
    tell(seen);
  }

  /// False if the shadow is gone. Only while it answers does a removal have to wait.
  bool ask(deployment<Model>& shadow, const Request& request, comparison<answer>& seen) const {
    if (!shadow.enter()) return false;
    const lease<Model> pinned{shadow, {}};
    const std::chrono::nanoseconds started = now();
    try {
      seen.shadow_answer.emplace(pinned.model().predict(request));
    } catch (const std::exception& failure) {
      seen.shadow_error = *failure.what() == '\0' ? "an exception without a text" : failure.what();
    } catch (...) {
      seen.shadow_error = "an exception that is no std::exception";
    }
    seen.shadow_latency = now() - started;
    pinned.record({.latency = seen.shadow_latency, .error = !seen.shadow_answer});
    return true;
  }

  /// Of the scores, if there are any; a NaN if that is what a score throws.
  std::optional<double> difference_of(const comparison<answer>& seen) const noexcept {
    if (!options_.score) return std::nullopt;
    try {
      return options_.score(*seen.shadow_answer) - options_.score(seen.production_answer);
    } catch (...) {
      return std::nan("");
    }
  }

  bool agree(const comparison<answer>& seen, std::optional<double> difference) const noexcept {
    if (difference && !std::isfinite(*difference)) return false;
    try {
      return options_.agree(seen.production_answer, *seen.shadow_answer);
    } catch (...) {
      return false;
    }
  }

  void tell(const comparison<answer>& seen) noexcept {
    if (!options_.comparison_sink) return;
    try {
      options_.comparison_sink(seen);
    } catch (...) {
      failed_sinks_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  mirror_options<answer> options_;
  drop_ring<copied_request> queue_;
  std::atomic<const plan*> plan_{nullptr};  // null while it is off
  std::atomic<std::uint64_t> failed_sinks_{0};
  std::mutex mutex_;  // of what follows; requests do not need it
  std::condition_variable wake_;
  bool ending_ = false;
  std::map<std::pair<model_version, model_version>, std::unique_ptr<pair>> pairs_;
  std::vector<std::unique_ptr<const plan>> plans_;  // all that a request may still look at
  std::thread worker_;
};

}  // namespace hotswap::inline v0_1
