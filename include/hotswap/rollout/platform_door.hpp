#pragma once

/// @file
/// How a rollout calls the platform: under a deadline, a few times, and telling what went wrong.
///
///     co_await door.deploy(step, candidate);   // throws rollout_failure when all attempts failed

#include <hotswap/async/call.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/outstanding_calls.hpp>
#include <hotswap/async/repeatable_call.hpp>
#include <hotswap/async/stop_offer.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/active_rollouts.hpp>
#include <hotswap/rollout/backoff.hpp>
#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/rollout/steering.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// One kind of call: what it is called, how long it may take, and what its failure means.
class call_terms {
 public:
  /// Whom or what it is called for; a version of whoever awaits the call.
  using subject_type = std::variant<std::string, const model_version*, traffic_split>;

  /// @param step_name  outlives the call
  /// @param what       a literal
  call_terms(const shared_text& step_name, std::string_view what, subject_type of,
             std::chrono::nanoseconds each_at_most, hotswap::reason_code when_it_fails)
      : step(step_name),
        member(what),
        subject(std::move(of)),
        limit(each_at_most),
        code(when_it_fails) {}

  /// `deploy of fraud@2`; only needed when it fails.
  [[nodiscard]] std::string name() const {
    const auto text_of_subject = [](const auto& of) -> std::string {
      using type = std::decay_t<decltype(of)>;
      if constexpr (std::is_same_v<type, std::string>) {
        return of;
      } else if constexpr (std::is_pointer_v<type>) {
        return to_string(*of);
      } else {
        return to_string(of);
      }
    };
    return std::string{member} + " " + std::visit(text_of_subject, subject);
  }

  const shared_text& step;  ///< of whoever awaits the call
  std::string_view member;
  subject_type subject;
  std::chrono::nanoseconds limit;
  hotswap::reason_code code;
  int attempts = 1;
  bool shielded = false;       ///< neither abort nor stop gives it up: for roll-back
  bool retries_late = false;   ///< tries again also after a deadline
  bool changes_model = false;  ///< what it does late may harm the next rollout of the model
  std::shared_ptr<outstanding_calls> counter;  ///< of its kind, besides that of all calls
};

[[nodiscard]] inline std::string text_of(std::chrono::nanoseconds time) {
  const bool is_short = time < std::chrono::minutes{2};
  const auto unit = is_short ? std::chrono::seconds{1} : std::chrono::minutes{1};
  const std::string_view name = is_short ? " s" : " min";
  if (time % unit == std::chrono::nanoseconds::zero()) {
    return std::to_string(time / unit).append(name);
  }
  const double units = std::chrono::duration<double>(time) / unit;
  return fmt::format("{:.6g}{}", units, name);
}

/// Belongs to the clock's thread; terms and config outlive it. A template for the reason that
/// `basic_memory_journal` gives.
template <typename = void>
class basic_platform_door {
 public:
  basic_platform_door(std::shared_ptr<platform_calls> calls, const rollout_terms& terms,
                      const rollout_config& config, chronicle& told, steering& steered)
      : clock_(*terms.environment.clock),
        calls_(std::move(calls)),
        chronicle_(told),
        steering_(steered),
        terms_(terms),
        config_(&config),
        model_calls_(clock_.shared<active_rollouts>()->calls_on(terms.model())) {}

  /// From here on, with that config's deadlines, attempts and pauses between them.
  void calls_as(const rollout_config& config) noexcept { config_ = &config; }

  [[nodiscard]] const call_deadlines& deadlines() const noexcept {
    return terms_.environment.deadlines ? *terms_.environment.deadlines : config_->deadlines;
  }
  /// Of each call, the first included.
  [[nodiscard]] int attempts() const noexcept {
    return terms_.environment.attempts.value_or(config_->attempts);
  }
  [[nodiscard]] bool has_health_check() const noexcept { return calls_->has_health_check(); }
  [[nodiscard]] bool has_split() const noexcept { return calls_->has_split(); }

  /// Calls to the router that have not ended; late ones may still land.
  [[nodiscard]] const std::shared_ptr<outstanding_calls>& router_calls() const noexcept {
    return router_calls_;
  }

  [[nodiscard]] const std::shared_ptr<outstanding_calls>& deploy_calls() const noexcept {
    return deploy_calls_;
  }

  /// Of all rollouts of this model: what an earlier one has left under way.
  [[nodiscard]] const std::shared_ptr<outstanding_calls>& model_calls() const noexcept {
    return model_calls_;
  }

  /// Of a fenced router: above those of all earlier rollouts of the model.
  void first_revision_is(std::uint64_t revision) noexcept { next_revision_ = revision; }

  task<void> deploy(const shared_text& step, const model_version& version) {
    call_terms terms{step, "deploy of", &version, deadlines().deploy, reason_code::deploy_failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.counter = deploy_calls_;
    return attempt<void>(std::move(terms),
                         [calls = calls_, version = version](const stop_offer& stop) {
                           return calls->deploy(version, stop);
                         });
  }

  task<void> warm_up(const shared_text& step, const model_version& version,
                     std::optional<std::chrono::nanoseconds> limit_of_rollback = {}) {
    call_terms terms{step, "warm_up of", &version, limit_of_rollback.value_or(deadlines().warm_up),
                     reason_code::warm_up_failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.shielded = limit_of_rollback.has_value();
    return attempt<void>(std::move(terms),
                         [calls = calls_, version = version](const stop_offer& stop) {
                           return calls->warm_up(version, stop);
                         });
  }

  /// Shielded, since it comes after the decision: committed, or rolled back.
  task<void> remove(const shared_text& step, const model_version& version) {
    call_terms terms{step, "remove of", &version, deadlines().remove, reason_code::failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.shielded = true;
    return attempt<void>(std::move(terms),
                         [calls = calls_, version = version](const stop_offer& stop) {
                           return calls->remove(version, stop);
                         });
  }

  task<void> set_split(const shared_text& step, traffic_split split) {
    call_terms terms{step, "set_split to", split, deadlines().set_split,
                     reason_code::set_split_failed};
    terms.attempts = attempts();
    return set_split(std::move(terms), std::move(split));
  }

  /// With a fenced router, each call has a revision above all before.
  task<void> set_split(call_terms terms, traffic_split split) {
    terms.changes_model = true;
    terms.counter = router_calls_;
    return attempt<void>(
        std::move(terms),
        [this, calls = calls_, split = split.with_salt(salt_of(split))](const stop_offer& stop) {
          return calls->set_split(split, next_revision(),
                                  stop);  // starts while `this` waits
        });
  }

  task<traffic_split> split(const shared_text& step, int attempts, bool shielded = false) {
    call_terms terms{step, "split of", chronicle_.stream(), deadlines().set_split,
                     reason_code::set_split_failed};
    terms.attempts = attempts;
    terms.shielded = shielded;
    return attempt<traffic_split>(
        std::move(terms), [calls = calls_, model = chronicle_.stream()](const stop_offer& stop) {
          return calls->split(model, stop);
        });
  }

  task<bool> healthy(const shared_text& step, const model_version& version, bool shielded = false) {
    call_terms terms{step, "healthy of", &version, deadlines().healthy, reason_code::unhealthy};
    terms.shielded = shielded;
    return attempt<bool>(std::move(terms),
                         [calls = calls_, version = version](const stop_offer& stop) {
                           return calls->healthy(version, stop);
                         });
  }

  task<smoke_test_report> smoke_test(const shared_text& step, const model_version& version,
                                     std::size_t samples) {
    call_terms terms{step, "smoke_test of", &version, deadlines().smoke_test,
                     reason_code::smoke_test_failed};
    terms.attempts = attempts();
    return attempt<smoke_test_report>(
        std::move(terms), [calls = calls_, version = version, samples](const stop_offer& stop) {
          return calls->smoke_test(version, samples, stop);
        });
  }

  task<void> set_mirror(const shared_text& step, const model_version& production,
                        const model_version& shadow, share sampled, bool shielded = false) {
    call_terms terms{step, "set_mirror to", to_string(sampled), deadlines().set_split,
                     reason_code::failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.shielded = shielded;
    terms.counter = router_calls_;
    return attempt<void>(std::move(terms), [calls = calls_, production = production,
                                            shadow = shadow, sampled](const stop_offer& stop) {
      return calls->set_mirror(production, shadow, sampled, stop);
    });
  }

  task<divergence_snapshot> divergence(const shared_text& step, const model_version& production,
                                       const model_version& shadow, time_window window) {
    call_terms terms{step, "divergence of", &shadow, deadlines().collect,
                     reason_code::metrics_unavailable};
    terms.attempts = config_->max_metrics_failures;
    terms.retries_late = true;
    return attempt<divergence_snapshot>(
        std::move(terms),
        [calls = calls_, production = production, shadow = shadow, window](const stop_offer& stop) {
          return calls->divergence(production, shadow, window, stop);
        });
  }

  task<std::vector<server_id>> servers(const shared_text& step, bool shielded = false) {
    call_terms terms{step, "servers of", chronicle_.stream(), deadlines().healthy,
                     reason_code::failed};
    terms.attempts = attempts();
    terms.retries_late = true;
    terms.shielded = shielded;
    return attempt<std::vector<server_id>>(
        std::move(terms), [calls = calls_, model = chronicle_.stream()](const stop_offer& stop) {
          return calls->servers(model, stop);
        });
  }

  task<void> update(const shared_text& step, server_id server, const model_version& version,
                    bool shielded = false) {
    call_terms terms{step, "update of", to_string(server) + " to " + to_string(version),
                     deadlines().update, reason_code::deploy_failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.shielded = shielded;
    terms.counter = deploy_calls_;
    return attempt<void>(std::move(terms),
                         [calls = calls_, server, version](const stop_offer& stop) {
                           return calls->update(server, version, stop);
                         });
  }

  task<bool> server_healthy(const shared_text& step, server_id server, bool shielded = false) {
    call_terms terms{step, "healthy of", to_string(server), deadlines().healthy,
                     reason_code::unhealthy};
    terms.shielded = shielded;
    return attempt<bool>(std::move(terms), [calls = calls_, server](const stop_offer& stop) {
      return calls->server_healthy(server, stop);
    });
  }

  [[nodiscard]] bool has_rotation() const noexcept { return calls_->has_rotation(); }

  task<void> set_rotation(const shared_text& step, server_id server, bool in_rotation,
                          bool shielded = false) {
    call_terms terms{step, "set_rotation of", to_string(server) + (in_rotation ? " in" : " out"),
                     deadlines().set_split, reason_code::set_split_failed};
    terms.changes_model = true;
    terms.attempts = attempts();
    terms.shielded = shielded;
    terms.counter = router_calls_;
    return attempt<void>(std::move(terms),
                         [calls = calls_, server, in_rotation](const stop_offer& stop) {
                           return calls->set_rotation(server, in_rotation, stop);
                         });
  }

  task<metrics_snapshot> collect(const shared_text& step, const model_version& version,
                                 time_window window) {
    return collect(step, version, window, config_->max_metrics_failures);
  }

  /// Asks for an empty window, so that a source of counters (`windowed`) knows where they stand
  /// when the first window begins. Once, and no answer is no harm.
  task<void> begin_counting(const shared_text& step, const model_version& version) {
    const auto present = clock_.now();
    const time_window empty{present, present};
    try {
      co_await collect(step, version, empty, 1);
    } catch (const rollout_failure& failure) {
      if (failure.reason_code() != reason_code::metrics_unavailable) throw;
    }
  }

 private:
  task<metrics_snapshot> collect(const shared_text& step, const model_version& version,
                                 time_window window, int attempts) {
    call_terms terms{step, "collect of", &version, deadlines().collect,
                     reason_code::metrics_unavailable};
    terms.attempts = attempts;
    terms.retries_late = true;
    return attempt<metrics_snapshot>(
        std::move(terms), [calls = calls_, version = version, window](const stop_offer& stop) {
          return calls->collect(version, window, stop);
        });
  }

  shared_text salt_of(const traffic_split& split) const {
    return split.salt().empty() ? chronicle_.id() : shared_text{split.salt()};
  }

  std::uint64_t next_revision() noexcept { return next_revision_++; }

  /// @throws rollout_failure  with the last failure's text, when all attempts have failed.
  /// @throws config_error     at once: the program is wrong, not the platform.
  template <typename T>
  task<T> attempt(call_terms terms, repeatable_call<T> function) {
    backoff wait{config_->backoff_min, config_->backoff_max, terms_.environment.seed + ++backoffs_};
    for (int number = 1;; ++number) {
      if (!terms.shielded) steering_.check();
      bool late = false;
      std::string text;
      try {
        repeatable_call<T> started = function;
        call_options options;
        if (!terms.shielded) options.cancel = steering_.given_up();
        options.counters[0] = terms_.calls;
        options.counters[1] = terms.counter;
        if (terms.changes_model) options.counters[2] = model_calls_;
        if constexpr (std::is_void_v<T>) {
          co_await call(clock_, terms.limit, std::move(started), std::move(options));
          co_return;
        } else {
          T value = co_await call(clock_, terms.limit, std::move(started), std::move(options));
          co_return value;
        }
      } catch (const config_error&) {
        throw;
      } catch (const call_cancelled& cancelled) {
        text = cancelled.what();
      } catch (const deadline_exceeded&) {
        late = true;
        text = "must end within " + text_of(terms.limit) + ", and did not";
      } catch (const std::exception& failure) {
        text = failure.what();
      } catch (...) {
        text = "an exception that is no std::exception";
      }
      if (!terms.shielded) steering_.check();
      if (late) {
        chronicle_.tell(event_kind::call_timed_out, terms.step, terms.name() + " " + text,
                        severity::warning);
      }
      if (number >= terms.attempts || (late && !terms.retries_late)) {
        throw rollout_failure(terms.code, terms.name() + (late ? " " : " failed: ") + text);
      }
      const std::chrono::nanoseconds pause = wait.next();
      if (!late) {
        chronicle_.tell(event_kind::retrying, terms.step,
                        fmt::format("{} failed: {}; attempt {} of {} follows", terms.name(), text,
                                    number + 1, terms.attempts),
                        severity::warning);
      }
      if (terms.shielded) {
        co_await sleep_for(clock_, pause);
      } else {
        co_await wait_out(pause);
      }
    }
  }

  /// News that do not end the rollout do not shorten the wait.
  task<void> wait_out(std::chrono::nanoseconds pause) {
    while (pause > std::chrono::nanoseconds::zero()) {
      const std::chrono::nanoseconds passed = co_await steering_.pass_time(pause);
      pause -= passed;
    }
  }

  clock& clock_;
  std::shared_ptr<platform_calls> calls_;
  chronicle& chronicle_;
  steering& steering_;
  const rollout_terms& terms_;
  const rollout_config* config_;
  std::uint64_t backoffs_ = 0;
  std::uint64_t next_revision_ = 1;
  std::shared_ptr<outstanding_calls> model_calls_;  ///< of all rollouts of this model
  std::shared_ptr<outstanding_calls> router_calls_ = std::make_shared<outstanding_calls>();
  std::shared_ptr<outstanding_calls> deploy_calls_ = std::make_shared<outstanding_calls>();
};

using platform_door = basic_platform_door<>;

}  // namespace hotswap::inline v0_1
