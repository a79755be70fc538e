#pragma once

/// @file
/// One rollout of a user's strategy in a simulated world, or two, one after the other: processes
/// die and are started again, people have their say, late effects land; and the invariants are
/// checked all the way.
///
///     const auto start = [](auto& platform, const hotswap::rollout_rules& rules,
///                           hotswap::rollout_context& context) {
///       hotswap::canary_strategy canary{platform, platform, platform, config};
///       return canary.deploy(rules.baseline, rules.candidate, context);
///     };
///     auto choices = hotswap::schedule::random(seed);
///     hotswap::simulation<hotswap::simulated_platform> run{choices, rules, start};
///     run.run();
///     if (!run.breach().empty()) …

#include <hotswap/async/task.hpp>
#include <hotswap/concepts/traffic_router.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_failure.hpp>
#include <hotswap/testing/driving_process.hpp>
#include <hotswap/testing/invariants.hpp>
#include <hotswap/testing/rollout_rules.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_happenings.hpp>
#include <hotswap/testing/simulated_journal.hpp>
#include <hotswap/testing/simulated_people.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>
#include <hotswap/testing/simulation_tally.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Platform is `simulated_platform` or derived from it, and made of a world and the version that
/// serves.
template <typename Platform>
class simulation {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  /// Starts the rollout, in each process anew.
  using start_function = std::function<task<deployment_result>(
      Platform& platform, const rollout_rules& rules, rollout_context& context)>;

  /// @param choices  outlives it
  simulation(schedule& choices, rollout_rules rules, start_function start)
      : world_(choices),
        platform_(world_, rules.baseline),
        journal_(std::make_shared<simulated_journal>(world_)),
        rules_(readable(std::move(rules))),
        invariants_(std::make_unique<rollout_invariants>(world_, platform_, *journal_, rules_)),
        start_(std::move(start)) {
    if (rules_.is_first) platform_.knows_no_version();
    world_.at_each_call = [this] { return happenings_.something_happens(*invariants_); };
    happenings_.second_driver_starts = [this] {
      if (living() == 1) start_process();
    };
    happenings_.process_is_told_to_stop = [this] { is_told_to_stop(); };
    people_.nobody_is_needed = [this] { return status_ && living() == 0; };
    people_.promotes = [this](bool forced) { invariants_->person_promotes(forced); };
  }
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation() {
    world_.at_each_call = {};
    platform_.watched_by(nullptr);
    journal_->watched_by(nullptr);
    for (auto& each : processes_) each->dies();
    world_.let_go(nullptr);
  }

  [[nodiscard]] Platform& platform() noexcept { return platform_; }
  [[nodiscard]] simulated_world& world() noexcept { return world_; }

  void tell_into(std::vector<std::string>& story) { world_.tell_into(story); }

  /// To the end of the rollout and of all that lands late.
  /// @param most_choices  after which it is given up, if faults never stop; 0: they stop, and then
  ///   an end must come
  void run(std::size_t most_choices = 0) {
    start_process();
    look_after_processes();
    std::uint64_t steps = 0;
    while (breach().empty()) {
      if (is_over() && another_begins()) continue;
      if (is_over() && !world_.has_late_effects()) break;
      if (!world_.clock.step()) {
        invariants_->breaks(11, "nothing can make progress");
        break;
      }
      look_after_processes();
      if (most_choices > 0 && world_.choices().choices().size() >= most_choices) {
        was_given_up_ = true;
        return;
      }
      const bool is_long = world_.clock.elapsed() - world_.last_fault > patience;
      if (++steps > most_steps || is_long) {
        invariants_->breaks(11, is_long ? "nothing has gone wrong for 30 h, and there is no end"
                                        : "there is no end after 100,000 steps of the world");
      }
    }
    if (breach().empty()) invariants_->is_settled();
  }

  [[nodiscard]] const std::string& breach() const noexcept { return invariants_->breach(); }
  [[nodiscard]] const std::optional<deployment_status>& status() const noexcept { return status_; }

  /// Adds what has happened.
  void add_to(simulation_tally& tally) {
    ++tally.schedules;
    tally.choices += world_.choices().choices().size();
    tally.faults += world_.choices().faults();
    tally.crashes += crashes_;
    if (was_given_up_) ++tally.unfinished;
    if (status_) ++tally.statuses[static_cast<std::size_t>(*status_)];
    for (const std::string& each : resumed_in_) ++tally.sometimes["resumed in " + each];
    for (const std::string& each : noted_) ++tally.sometimes[each];
    for (const std::string& each : happenings_.noted()) ++tally.sometimes[each];
    for (const std::string& each : people_.answers()) ++tally.sometimes[each];
    if (invariants_->rolled_back_from_all > 0) ++tally.sometimes["rolled back from 100 %"];
    if (invariants_->late_effects_undone > 0) ++tally.sometimes["a late split was undone"];
    if (begun_at_ && world_.late_effects > late_effects_before_) {
      ++tally.sometimes["a late effect landed in the next rollout"];
    }
    if (platform_.fenced_off() > 0) ++tally.sometimes["a late split was fenced off"];
    if (conflicts_ > 0) ++tally.sometimes["a driver lost"];
    if (stops_ > 0) ++tally.sometimes["a driver was stopped"];
  }

 private:
  static constexpr nanoseconds patience = std::chrono::hours{30};
  static constexpr std::uint64_t most_steps = 100'000;

  static rollout_rules readable(rollout_rules rules) {
    rules.router_is_readable = ReadableRouter<Platform>;
    return rules;
  }

  void start_process() {
    ++started_;
    invariants_->process_starts();
    world_.tell([this] { return "process " + std::to_string(started_) + " starts"; });
    note_resume();
    processes_.push_back(
        std::make_unique<driving_process>(world_, "driver-" + std::to_string(started_)));
    drive(*processes_.back());
  }

  void drive(driving_process& process) {
    process.drives(
        journal_, request_id_, [this](const event& each) { told(each); },
        [this](rollout_context& context) { return start_(platform_, rules_, context); });
  }

  void note_resume() {
    const auto& records = journal_->records();
    if (records.empty() || is_terminal(*records.back())) return;
    const journal_record& last = *records.back();
    const std::string verb = last.verb.empty() ? "rollout" : last.verb.str();  // before its first
    resumed_in_.push_back(last.step == "rollback" ? "rollback/" + verb : verb);
  }

  [[nodiscard]] std::size_t living() const noexcept {
    return static_cast<std::size_t>(std::count_if(
        processes_.begin(), processes_.end(), [](const auto& each) { return each->drives_now(); }));
  }

  [[nodiscard]] bool is_over() const { return status_ && living() == 0 && !restarts_; }

  /// Once, and sometimes: a rollout of the version that does not serve now, while effects of the
  /// one before may still be to come.
  bool another_begins() {
    if (rules_.is_first || std::exchange(asked_for_another_, true)) return false;
    enum class where : unsigned { in_the_process = 13, in_another_one, with_the_journal_lost };
    const auto how = static_cast<where>(world_.choices().choose(choice_site::shape, 16));
    if (how < where::in_the_process) return false;
    const bool candidate_serves = platform_.is_all_to(rules_.candidate);
    const auto& serving = platform_.state(candidate_serves ? rules_.candidate : rules_.baseline);
    const bool can_begin = platform_.is_all_to(serving.version) && serving.is_ready() &&
                           serving.is_told_deployed && serving.is_told_warm;
    const auto& records = journal_->records();
    const bool is_closed = records.empty() || is_terminal(*records.back());
    if (!can_begin || !is_closed || *status_ == deployment_status::rollback_failed) return false;

    if (candidate_serves) {
      std::swap(rules_.baseline, rules_.candidate);
      rules_.candidate_is_bad = false;  // it has served before
    }
    noted_.push_back(how == where::in_the_process   ? "a second rollout began in the same process"
                     : how == where::in_another_one ? "a second rollout began in another process"
                                                    : "the journal was lost between two rollouts");
    world_.tell([this] { return noted_.back(); });
    if (how == where::with_the_journal_lost) journal_->forgets();
    request_id_ = "asked for later";
    status_.reset();
    begun_at_ = world_.clock.elapsed();
    late_effects_before_ = world_.late_effects;
    auto next = std::make_unique<rollout_invariants>(world_, platform_, *journal_, rules_);
    next->follows(*invariants_);
    invariants_ = std::move(next);
    driving_process& latest = *processes_.back();
    if (how == where::in_the_process && !latest.clock.is_dead() && !stop_requested_) {
      drive(latest);
    } else {
      start_process();
    }
    look_after_processes();
    return true;
  }

  void start_again(nanoseconds in) {
    if (std::exchange(restarts_, true)) return;
    world_.at(in, [this] {
      restarts_ = false;
      if (living() == 0) start_process();
    });
  }

  void look_after_processes() {
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      driving_process& each = *processes_[i];
      if (!each.drives_now()) continue;
      if (stop_requested_ && each.clock.stop_token().stop_requested()) {
        each.clock.is_told_to_stop = true;
      }
      if (each.clock.is_doomed) {
        crash(each);
      } else if (each.has_ended()) {
        leave(each);
      }
    }
  }

  void crash(driving_process& process) {
    ++crashes_;
    world_.tell([&] { return process.clock.identity() + " is dead"; });
    process.dies();
    world_.let_go(&process.clock);
    invariants_->process_died();
    constexpr std::array<std::chrono::seconds, 3> away{
        std::chrono::seconds{5}, std::chrono::seconds{1'200}, std::chrono::seconds{7'200}};
    if (living() == 0) {
      start_again(away[world_.choices().choose(choice_site::restart, away.size())]);
    }
  }

  void leave(driving_process& process) {
    std::string why;
    try {
      const deployment_result result = process.take();
      world_.tell([&] {
        return process.clock.identity() + " says: " + std::string{to_string(result.status())} +
               ", " + std::string{to_string(result.reason_code())} + ": " + result.reason();
      });
      if (!is_the_end(result, process.clock)) {
        why = result.reason();
      } else {
        status_ = result.status();
        invariants_->ended(result, process.clock);
      }
    } catch (const journal_conflict& conflict) {
      ++conflicts_;
      why = conflict.what();
    } catch (const rollout_stopped& stopped) {
      ++stops_;
      why = stopped.what();
    } catch (const std::bad_alloc&) {
      crash(process);
      return;
    } catch (const std::exception& failure) {
      why = failure.what();
      invariants_->breaks(6, "deploy throws: " + why);
    }
    if (!why.empty()) {
      world_.tell([&] { return process.clock.identity() + " leaves: " + why; });
    }
    process.leaves();
    if (!status_ && living() == 0) start_again(std::chrono::seconds{5});
  }

  /// Or has it only failed to take part, while another driver goes on, or can?
  [[nodiscard]] bool is_the_end(const deployment_result& result,
                                const simulated_process& by) const {
    const auto& records = journal_->records();
    const bool is_alone = living() <= 1;
    if (records.empty()) return is_alone;
    // the opening of the rollout before has come late, and nobody closes it
    if (begun_at_ && result.reason_code() == reason_code::already_active) return true;
    const bool is_rejected = result.status() == deployment_status::rejected &&
                             result.reason_code() == reason_code::journal_failed;
    const bool is_its_own = records.back()->driver.starts_with(by.identity() + "-");
    const auto* const recorded = std::get_if<terminal_record>(&records.back()->payload);
    // what it says of itself, and could not write, is not how the rollout has ended, unless nobody
    // else can say more
    return (is_its_own && (is_alone || recorded != nullptr)) ||
           (!is_rejected && recorded != nullptr && recorded->status == result.status());
  }

  void told(const event& each) {
    const simulated_world::work own{world_};
    invariants_->told(each);
    people_.told(each);
  }

  void is_told_to_stop() {
    stop_requested_ = true;
    for (const auto& each : processes_) {
      if (&each->clock == world_.running) each->clock.stop();
    }
  }

  simulated_world world_;
  Platform platform_;
  std::shared_ptr<simulated_journal> journal_;
  rollout_rules rules_;
  std::unique_ptr<rollout_invariants> invariants_;  ///< of the latest rollout
  start_function start_;
  simulated_people::processes processes_;
  simulated_people people_{world_, processes_, rules_};
  simulated_happenings<Platform> happenings_{world_, platform_, rules_, people_};
  std::string request_id_ = "asked for once";
  bool asked_for_another_ = false;
  std::optional<nanoseconds> begun_at_;  ///< of the second rollout, if there is one
  std::uint64_t late_effects_before_ = 0;
  std::size_t started_ = 0;
  std::uint64_t crashes_ = 0;
  std::uint64_t conflicts_ = 0;
  std::uint64_t stops_ = 0;
  bool restarts_ = false;
  bool stop_requested_ = false;
  bool was_given_up_ = false;
  std::optional<deployment_status> status_;
  std::vector<std::string> resumed_in_;
  std::vector<std::string> noted_;  ///< what has happened besides
};

}  // namespace hotswap::inline v0_1
