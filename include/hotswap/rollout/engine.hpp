#pragma once

/// @file
/// The engine's class: the verbs in which strategies are written. Their bodies stand next door, by
/// subject; `rollout.hpp` is all of it.
///
///     rollout running{std::move(calls), terms, config};
///     co_return co_await running.run(steps(running, config));
///
///     auto step = running.step("step-25");            // in `steps`
///     co_await step.shift(25_pct);
///     co_await step.observe(10min, std::move(judge));  // returns only if all is well

#include <hotswap/analysis/judge.hpp>
#include <hotswap/async/clock.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/shared_text.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/active_rollouts.hpp>
#include <hotswap/rollout/chronicle.hpp>
#include <hotswap/rollout/dry_run.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/observation.hpp>
#include <hotswap/rollout/platform_calls.hpp>
#include <hotswap/rollout/platform_door.hpp>
#include <hotswap/rollout/recorded_rollout.hpp>
#include <hotswap/rollout/rollout_config.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/rollout/rollout_terms.hpp>
#include <hotswap/rollout/steering.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// A bake that a strategy plans, so that the rollout can tell beforehand whether the traffic will
/// do.
class planned_bake {
 public:
  planned_bake(share of_candidate, std::chrono::nanoseconds lasting, std::uint64_t samples) noexcept
      : candidate_share(of_candidate),
        smaller_side(of_candidate.rest() == share{} ? of_candidate
                                                    : std::min(of_candidate, of_candidate.rest())),
        duration(lasting),
        minimum_samples(samples) {}

  /// Of a shadow, which gets copies: the baseline has all the traffic.
  [[nodiscard]] static planned_bake of_shadow(share sampled, std::chrono::nanoseconds lasting,
                                              std::uint64_t samples) noexcept {
    planned_bake planned{sampled, lasting, samples};
    planned.smaller_side = sampled;
    return planned;
  }

  /// Each extension is that long, and there are as many as `config` says.
  planned_bake& extended(const rollout_config& config, std::chrono::nanoseconds extension) {
    const bool extends = config.on_inconclusive == on_inconclusive::extend;
    longest = duration + (extends ? config.max_extensions : 0) * extension;
    return *this;
  }

  share candidate_share;
  share smaller_side;  ///< of the sides that have traffic
  std::chrono::nanoseconds duration;
  std::uint64_t minimum_samples;  ///< of each side that has traffic
  /// With all its extensions; absent if each is as long as the reference, and it has as many of
  /// them as the config says.
  std::optional<std::chrono::nanoseconds> longest;
  /// Is it the first to look at metrics, and has the baseline no traffic in it? Then the reference
  /// needs as many samples.
  bool needs_reference = false;
};

/// A decision that is made once: a replay finds it again, whatever today's program would decide.
class decided_once {
 public:
  decided_once(std::string chosen, std::string said)
      : what(std::move(chosen)), reason(std::move(said)) {}

  /// As it stands in a record, and back.
  [[nodiscard]] std::string text() const { return what + ": " + reason; }
  [[nodiscard]] static decided_once from_text(const std::string& recorded) {
    const auto colon = recorded.find(": ");
    return {recorded.substr(0, colon),
            colon == std::string::npos ? std::string{} : recorded.substr(colon + 2)};
  }

  std::string what;    ///< without a colon
  std::string reason;  ///< a sentence
};

/// What both versions did in a bake. Not in place: most who await a bake do not want it, and it
/// would lie in three frames for as long as the bake takes.
using totals_of_bake = std::unique_ptr<const paired_windows>;

/// One rollout of one model. Each verb records that it began, calls the platform under a deadline,
/// records the outcome and tells of it; it throws `rollout_failure` when the rollout must not go
/// on. A platform's failures are handled here and nowhere else: a strategy contains no `try`.
///
/// Belongs to the clock's thread. Lives in the coroutine that `deploy` returns. A template for the
/// reason that `basic_memory_journal` gives.
template <typename Tag = void>
class basic_rollout {
 public:
  class named_step;

  /// Terms and config outlive the rollout: they stand in the frame that it lives in.
  basic_rollout(std::shared_ptr<platform_calls> calls, const rollout_terms& terms,
                const rollout_config& config)
      : terms_(terms),
        config_(&config),
        is_dry_run_(config.dry_run),
        clock_(*terms_.environment.clock),
        chronicle_(terms_, config),
        steering_(terms_, config, chronicle_),
        door_(is_dry_run_ ? std::make_shared<dry_run_calls>(std::move(calls), terms_.baseline)
                          : std::move(calls),
              terms_, config, chronicle_, steering_) {}
  basic_rollout(std::shared_ptr<platform_calls>, const rollout_terms&&,
                const rollout_config&) = delete;
  basic_rollout(std::shared_ptr<platform_calls>, const rollout_terms&,
                const rollout_config&&) = delete;
  basic_rollout(const basic_rollout&) = delete;
  basic_rollout& operator=(const basic_rollout&) = delete;

  /// False for the first deployment of a model.
  [[nodiscard]] bool has_baseline() const noexcept { return terms_.baseline.has_value(); }
  /// @pre has_baseline()
  [[nodiscard]] const model_version& baseline() const noexcept { return *terms_.baseline; }
  [[nodiscard]] const model_version& candidate() const noexcept { return terms_.candidate; }

  /// The candidate gets its traffic server by server, and no router is asked for anything.
  void rolls_servers(int max_unavailable) {
    fleet_ = std::make_unique<fleet_state>(max_unavailable);
  }

  /// What success means, unless it is that the candidate was promoted: e.g. that an experiment has
  /// a winner. `active` is the version that then has the traffic.
  void concludes(hotswap::reason_code code, model_version active, std::string reason) {
    ending_ = std::make_unique<const conclusion>(code, std::move(active), std::move(reason));
  }

  /// From here on it looks, extends, holds and calls as `config` says: of a strategy that follows
  /// another one. What is of the whole rollout stays, its deadline for example. The config outlives
  /// the rollout.
  void goes_on_with(const rollout_config& config) {
    config_ = &config;
    door_.calls_as(config);
  }

  /// A person wants the last step now: the steps before it are to be left out.
  [[nodiscard]] bool goes_to_last_step() const noexcept { return steering_.to_last_step(); }

  /// Has an earlier incarnation begun this step? Then it is gone through again, whatever was asked
  /// for since: a look may be waiting for its answer.
  [[nodiscard]] bool has_begun(const std::string& step) const { return earlier().has_step(step); }

  /// Begins a step; the one before is finished.
  /// @throws std::logic_error  if there was a step of this name.
  [[nodiscard]] named_step step(shared_text name);

  /// The same for the step after which there is none to be promoted to.
  [[nodiscard]] named_step last_step(shared_text name) {
    steering_.reached_last_step();
    return step(std::move(name));
  }

  /// Runs a strategy's steps to their end. Whatever they throw becomes a roll-back. Where the
  /// journal holds an unfinished rollout of the same identity, verbs whose outcome is recorded are
  /// not called again.
  /// @throws journal_conflict  if another driver has taken the rollout over; nothing was rolled
  ///   back.
  /// @throws journal_mismatch  if the recorded rollout is not what these steps do; nothing was
  ///   touched.
  /// @throws rollout_stopped   if the process shuts down and another one can resume.
  task<deployment_result> run(task<void> steps);

  /// Ends the unfinished rollout of the journal without its steps: the baseline gets the traffic.
  /// @throws journal_error  if there is none.
  task<deployment_result> abandon(std::string reason);

 private:
  class conclusion {
   public:
    conclusion(hotswap::reason_code code, model_version serves, std::string said)
        : reason_code(code), active(std::move(serves)), reason(std::move(said)) {}
    hotswap::reason_code reason_code;
    model_version active;
    std::string reason;
  };

  /// Its step's name is that of whoever began it.
  class begun_verb {
   public:
    begun_verb(const shared_text& of_step, shared_text named, const recorded_verb* before)
        : step(of_step), verb(std::move(named)), recorded(before) {}

    /// Was it, by an earlier incarnation?
    [[nodiscard]] bool is_over() const noexcept {
      return recorded != nullptr && recorded->outcome != nullptr;
    }

    const shared_text& step;
    shared_text verb;
    const recorded_verb* recorded;  ///< null if it begins now
  };

  task<std::unique_ptr<deployment_result>> open();
  task<deployment_result> conclude(std::exception_ptr failed);
  [[nodiscard]] opening_record what_this_is() const;
  void require_same_rollout(const journal_record& first) const;
  task<void> resume(std::vector<journal_record> records);
  void conclude_as_recorded();
  [[nodiscard]] const model_version* loser_not_retired() const;
  task<void> remove_loser();
  void claim_model();
  task<std::vector<journal_record>> load_latest();
  task<void> begin_anew(std::uint64_t at_least);
  [[nodiscard]] std::uint64_t milliseconds_since_epoch() const;
  [[nodiscard]] bool is_same_request(const journal_record& first) const;
  task<void> outwait_earlier_calls();
  [[nodiscard]] deployment_result recorded_result(const std::vector<journal_record>& records) const;
  [[nodiscard]] rollout_failure cause_of(std::exception_ptr failed) const;

  task<begun_verb> begin_verb(const shared_text& step, const shared_text& verb,
                              std::string arguments, std::string_view awaits);
  [[nodiscard]] const recorded_verb* replayed(const shared_text& step, const shared_text& verb,
                                              std::string_view arguments) const;
  task<void> end_verb(const begun_verb& verb, std::string why);
  task<void> end_verb(const shared_text& step, const shared_text& verb, std::string why);

  task<void> reference(shared_text step, std::chrono::nanoseconds window,
                       std::vector<planned_bake> bakes);
  task<void> vacancy(shared_text step);
  task<void> deploy(shared_text step, model_version version);
  task<void> warm_up(shared_text step, model_version version);
  task<void> smoke_test(shared_text step, model_version version, std::size_t samples);
  task<void> shift(shared_text step, traffic_split split);
  task<void> mirror(shared_text step, share sampled);
  task<totals_of_bake> observe(task<const recorded_verb*> begin);
  task<const recorded_verb*> begin_bake(shared_text step, shared_text named,
                                        std::chrono::nanoseconds bake, std::unique_ptr<judge> judge,
                                        std::optional<std::chrono::nanoseconds> extension);
  task<shared_text> take_up_bake(const recorded_verb& verb);
  task<shared_text> take_up_after_bake(const recorded_verb& verb);
  task<shared_text> look_and_answer(bool promote_asked);
  task<decided_once> decide(shared_text step, std::string what, std::string reason);
  task<void> wait(shared_text step, std::chrono::nanoseconds time);
  task<void> approve(shared_text step);
  task<void> retire(shared_text step, model_version version);
  task<void> commit(shared_text step);

  task<server_batch> next_batch(shared_text step);
  task<bool> server_is_healthy(const shared_text& step, server_id server, bool shielded = false);
  task<void> rotate(shared_text step, server_id server, bool in_rotation);
  task<void> update(shared_text step, server_id server, model_version version);
  task<void> turn(const shared_text& step, server_id server, bool in_rotation,
                  bool shielded = false);
  task<void> make_sure_of_updated(const shared_text& step);
  task<void> require_still_healthy(const shared_text& step, server_id server);
  task<void> replace(const shared_text& step, server_id server, model_version version,
                     bool shielded = false);
  task<void> await_health(shared_text step, server_id server, health_terms terms);
  task<void> serve(shared_text step, server_batch batch);
  task<void> outwait(std::chrono::nanoseconds time);
  task<std::string> restore_servers();
  [[nodiscard]] bool fleet_calls_are_out() const;
  [[nodiscard]] std::vector<server_id> not_restored() const;
  task<std::string> restore_each(std::vector<server_id> servers);
  task<std::vector<server_id>> undone_late(std::vector<server_id> besides);
  task<bool> puts_in_rotation(server_id server);
  task<std::optional<server_id>> keep_one_of(std::vector<server_id> fleet);
  task<server_batch> next_to_restore(std::vector<server_id> servers, bool beyond_limit);
  task<std::string> restore(server_id server, bool may_be_undone);

  task<void> require_all_traffic_on_baseline(const shared_text& step);
  task<metrics_snapshot> measure_baseline(const shared_text& step, std::chrono::nanoseconds window);
  [[nodiscard]] std::string shortage_of_traffic(const metrics_snapshot& seen,
                                                std::chrono::nanoseconds window,
                                                const std::vector<planned_bake>& bakes) const;
  task<void> put_in_force(const shared_text& step, traffic_split split);
  void is_in_force(traffic_split split);
  task<void> require_health(const shared_text& step);
  task<void> require_no_traffic(const shared_text& step, model_version version);

  class look_result;
  std::optional<look_result> replay_looks(const recorded_verb& verb);
  shared_text replay_over(const recorded_verb& verb);
  std::optional<look_result> replay_looks_after(const recorded_verb& verb);
  void replay_hold(const journal_record& record);
  void remember(const metrics_snapshot& of_baseline, const shared_text& why);
  task<look_result> look();
  [[nodiscard]] look_result result_of(const look_report& report, const std::string& trouble) const;
  task<shared_text> answer(const look_result& seen, bool promote_asked);
  [[nodiscard]] bool bake_goes_on() const noexcept { return !steering_.paused() && !hold_left_; }
  task<void> answer_fail(look_result seen);
  task<void> extend_or_end(const look_result& seen);
  task<void> hold(const shared_text& step, look_result seen);
  void release_hold();
  void require_hold_not_expired() const;
  void tell_promoted(const control_command* promotion);
  void refuse_promotion(const std::string& why);
  task<void> wait_for_news();
  task<void> outwait_pause();
  std::shared_ptr<const look_report> judged(paired_windows seen);
  task<std::optional<paired_windows>> collect_windows(time_window window);
  void tell_of(std::shared_ptr<const look_report> report);
  task<bool> candidate_is_healthy();
  task<void> reassert_drifted_split();
  void tell_drifted(const traffic_split& found, const traffic_split& wanted);
  [[nodiscard]] std::chrono::nanoseconds look_interval(std::chrono::nanoseconds bake) const;

  task<deployment_result> roll_back(rollout_failure cause);
  task<deployment_result> roll_back_servers(rollout_failure cause);
  task<void> decide_to_roll_back(const rollout_failure& cause);
  task<deployment_result> give_up_rolling_back(const rollout_failure& cause, std::string trouble,
                                               const model_version& active,
                                               const model_version* left);
  task<std::string> make_baseline_ready();
  task<std::string> force_baseline();
  task<std::string> set_baseline_until_confirmed();
  task<void> stop_mirroring(const shared_text& step);
  task<void> remove_candidate();
  task<void> remove_or_tell(const shared_text& step, model_version version);
  void tell_left_over(const shared_text& step, const model_version& version,
                      const std::string& why);
  task<deployment_result> finish(deployment_status status, std::optional<model_version> active,
                                 hotswap::reason_code code, std::string reason);
  [[nodiscard]] const rollback_limits& limits() const noexcept {
    return terms_.environment.rollback;
  }

  [[nodiscard]] const recorded_rollout& earlier() const noexcept {
    static const recorded_rollout nothing;
    return earlier_ ? *earlier_ : nothing;
  }

  [[nodiscard]] conclusion ending() const {
    if (ending_) return *ending_;
    return {reason_code::promoted, candidate(), to_string(candidate()) + " serves all traffic"};
  }

  /// Has this rollout made sure of where the traffic is, or asked for another split? If not, the
  /// traffic is where others have put it, and there is nothing to take back.
  [[nodiscard]] bool has_charge_of_traffic() const {
    return in_force_ || intended_ || earlier().has_begun("shift") ||
           earlier().has_ended("reference");
  }

  /// Has this rollout asked the platform for any change?
  [[nodiscard]] bool platform_was_touched() const noexcept {
    return intended_ || candidate_was_deployed_ || (fleet_ && !fleet_->touched.empty());
  }

  [[nodiscard]] share candidate_share() const {
    return in_force_ ? in_force_->share_of(candidate()) : share{};
  }

  const rollout_terms& terms_;
  const rollout_config* config_;
  bool is_dry_run_;
  clock& clock_;
  hotswap::chronicle chronicle_;
  hotswap::steering steering_;
  platform_door door_;
  model_claim claim_;
  std::unique_ptr<const recorded_rollout> earlier_;  ///< null if there is nothing to resume
  std::unique_ptr<const conclusion> ending_;         ///< null: the candidate is promoted
  std::unique_ptr<fleet_state> fleet_;               ///< of a rolling rollout

  std::vector<shared_text> step_names_;
  shared_text step_;
  std::shared_ptr<const traffic_split> in_force_;  ///< as last confirmed
  std::shared_ptr<const traffic_split> intended_;  ///< as last asked for; may be in force too
  bool split_was_set_ = false;                     ///< by this incarnation, and confirmed
  bool candidate_was_deployed_ = false;
  bool mirror_was_set_ = false;
  share mirrored_;  ///< of the baseline's requests, as last confirmed
  bool committed_ = false;
  /// The baseline's, for when it has no traffic; null if nothing was measured.
  std::shared_ptr<const metrics_snapshot> reference_;
  std::chrono::nanoseconds extension_{};  ///< each one: as long as the reference, which is
                                          ///< monitoringDuration
  std::optional<observation> observation_;
  totals_of_bake over_totals_;         ///< of a bake that is replayed
  std::vector<std::string> unjudged_;  ///< metrics that were told of
  int drifts_ = 0;
  std::optional<std::chrono::nanoseconds> hold_left_;
  std::unique_ptr<const rollout_failure> held_for_;
  bool failure_is_held_ = false;
  bool router_is_drained_ = true;
};

using rollout = basic_rollout<>;

}  // namespace hotswap::inline v0_1
