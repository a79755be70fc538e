# Mistakes that a good engineer could make, each in one place of one header. tests/simulation has to
# find every one of them; plant.cmake makes it.
#
#   planted(NAME STRATEGY FILE MISTAKE FROM TO)   FROM stands once in FILE, a path of include/hotswap

# ---- the engine

planted(late_split_stays canary rollout/rollout_rollback.hpp
  "a split that lands late, after the roll-back has set the baseline, is not undone"
[[
    trouble = co_await set_baseline_until_confirmed();
]]
[[
]])

planted(candidate_removed_too_early canary rollout/rollout_rollback.hpp
  "the candidate is removed although a call that is under way may still give it traffic"
[[
  if (!router_is_drained_) {
]]
[[
  if (!candidate_was_deployed_) {
]])

planted(fence_is_tried_again canary rollout/chronicle.hpp
  "an append that conflicts is taken for one that failed, so that the loser rolls back"
[[
        } catch (const journal_conflict&) {
          throw;
        } catch (const deadline_exceeded&) {
]]
[[
        } catch (const deadline_exceeded&) {
]])

planted(decision_is_forgotten canary rollout/rollout_verbs.hpp
  "a process that resumes goes forth, though the decision to roll back is recorded"
[[
    throw rollout_failure(decided->reason_code, decided->reason, decided->status);
  }
  steering_.announce(step, verb, awaits);
]]
[[
    static_cast<void>(decided);
  }
  steering_.announce(step, verb, awaits);
]])

planted(revisions_begin_again canary rollout/rollout_opening.hpp
  "a process that resumes sends the revisions again that the dead one has sent"
[[
  const std::uint64_t first_revision = first_revision_of(chronicle_.id(), earlier().resumes() + 1);
]]
[[
  const std::uint64_t first_revision = first_revision_of(chronicle_.id(), 1);
]])

planted(removed_before_committed canary rollout/rollout_retire.hpp
  "the baseline is removed, and nothing has recorded that there is no way back"
[[
  co_await commit(step);
]]
[[
]])

planted(call_without_a_deadline canary rollout/platform_door.hpp
  "a call that changes something is waited for until it ends, however long that takes"
[[
          co_await call(clock_, terms.limit, std::move(started), std::move(options));
          co_return;
]]
[[
          co_await call(clock_, std::chrono::nanoseconds::max(), std::move(started),
                        std::move(options));
          co_return;
]])

planted(rollback_is_not_read_back canary rollout/rollout_rollback.hpp
  "a roll-back believes the router, and does not read what it has set"
[[
      if (door_.has_split()) {
        const traffic_split found = co_await door_.split("rollback"_text, 1, true);
        if (found != wanted) trouble = "the router has " + to_string(found) + " in force";
      }
]]
[[
]])

planted(stop_rolls_back canary rollout/steering.hpp
  "a driver that is stopped rolls back, though another process could resume the rollout"
[[
        resumable_(terms.environment.journal->survives_the_process()),
]]
[[
        resumable_(false),
]])

planted(bake_counts_while_paused canary rollout/steering.hpp
  "a bake goes on while the rollout is paused"
[[
    if (paused_ || held_) return;
]]
[[
    if (held_) return;
]])

planted(commit_is_forgotten canary rollout/rollout_opening.hpp
  "a process that resumes does not know that there is no way back any more"
[[
  committed_ = earlier().committed();
]]
[[
]])

# ---- canary

planted(canary_is_not_warmed canary strategies/canary.hpp
  "the candidate gets traffic as soon as it is deployed"
[[
    co_await start.warm_up(running.candidate());
]]
[[
]])

planted(last_step_is_not_observed canary strategies/canary.hpp
  "nobody looks at the candidate once it has all of the traffic"
[[
      co_await step.observe(config.bake_of(to), judge_of(to, config), config.extension_of(to));
]]
[[
      if (is_last) continue;
      co_await step.observe(config.bake_of(to), judge_of(to, config), config.extension_of(to));
]])

planted(baseline_is_not_kept canary strategies/canary.hpp
  "the baseline is removed at once, and not kept warm for a way back"
[[
    co_await end.wait(config.keep_duration);  // the baseline is warm: a way back costs nothing yet
]]
[[
]])

planted(one_side_has_samples canary analysis/threshold_judge.hpp
  "enough samples of either side are taken for enough of both"
[[
    const std::uint64_t fewest = std::min(found.baseline_samples, found.candidate_samples);
]]
[[
    const std::uint64_t fewest = std::max(found.baseline_samples, found.candidate_samples);
]])

# ---- blue-green

planted(green_is_not_warmed blue_green strategies/blue_green.hpp
  "green is switched to as soon as it is deployed"
[[
    co_await start.warm_up(running.candidate());
]]
[[
]])

planted(blue_is_not_kept blue_green strategies/blue_green.hpp
  "blue is removed at once, so that a switch back needs a deploy"
[[
    co_await end.wait(config.keep_blue_duration);  // blue is warm: a way back costs nothing yet
]]
[[
]])

# ---- A/B test

planted(arm_is_not_warmed ab_test strategies/ab_test.hpp
  "the candidate's arm gets traffic as soon as it is deployed"
[[
    co_await start.warm_up(candidate);
]]
[[
]])

planted(winner_is_not_observed ab_test strategies/ab_test.hpp
  "a winner gets all of the traffic, and nobody looks at it there"
[[
      co_await winner.observe(config.ramp_step_duration,
                              guardrails(config, config.samples_of_limits()),
                              config.ramp_step_duration);
]]
[[
]])

planted(loser_is_not_kept ab_test strategies/ab_test.hpp
  "the loser is removed at once, so that a way back needs a deploy"
[[
    co_await end.wait(config.keep_duration);  // the loser is warm: a way back costs nothing yet
]]
[[
]])

# ---- shadow

planted(mirror_is_not_stopped shadow strategies/shadow.hpp
  "a shadow that was validated gets users' requests and copies of others"
[[
    co_await validated.mirror(share{});  // a version that gets requests gets no copies
]]
[[
]])

planted(shadow_is_not_compared shadow strategies/shadow.hpp
  "a shadow is promoted without a look at its answers"
[[
    co_await shadow.compare(config.duration, judge_of(config), config.duration);
]]
[[
]])

# ---- rolling

planted(server_is_updated_while_it_serves rolling strategies/rolling.hpp
  "a server is updated while requests reach it"
[[
    co_await step.rotate(server, false);
]]
[[
]])

planted(batch_is_not_observed rolling strategies/rolling.hpp
  "one batch is updated after the other, and nobody looks at what was updated"
[[
      if (observes) co_await step.observe(config.monitoring_duration, judge_of(config));
]]
[[
]])

planted(server_serves_before_it_is_healthy rolling strategies/rolling.hpp
  "a server is put in rotation as soon as it is updated, and its health is asked for after that"
[[
    co_await step.await_health(server, ready);
    co_await step.rotate(server, true);
]]
[[
    co_await step.rotate(server, true);
    co_await step.await_health(server, ready);
]])

# ---- first deployment

planted(first_is_not_warmed first_deployment strategies/first_deployment.hpp
  "the first version of a model gets requests as soon as it is deployed"
[[
    co_await start.warm_up(running.candidate());
]]
[[
]])

planted(first_is_not_observed first_deployment strategies/first_deployment.hpp
  "nobody looks at the first version of a model, since there is none to compare it with"
[[
    co_await first.observe(of.bake, std::move(judge), of.bake);
]]
[[
]])

planted(first_is_removed_while_it_serves first_deployment rollout/rollout_rollback.hpp
  "the first version of a model is removed when it fails, though it has the traffic"
[[
  if (!has_baseline() && intended_) {
]]
[[
  if (!has_baseline() && intended_ && committed_) {
]])
