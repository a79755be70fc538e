#pragma once

/// @file
/// A service that exists in virtual time only, with faults that are switched on call by call.
///
///     simulated_rollout<> world;
///     world.service.breaks("set_split 75 %", fault::hangs);
///     const auto result = world.run();
///     CHECK(world.broken_promises(result) == nothing);
///
/// It keeps an eye on the invariants of a rollout by itself: who gets traffic must be warm, and who
/// is removed must get none.

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/async/timer.hpp>
#include <hotswap/async/virtual_clock.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/core/verdict.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/rollout/memory_journal.hpp>
#include <hotswap/rollout/rollout_context.hpp>
#include <hotswap/rollout/rollout_control.hpp>
#include <hotswap/rollout/rollout_environment.hpp>
#include <hotswap/stats/moments.hpp>
#include <hotswap/stats/proportion.hpp>
#include <hotswap/strategies/canary.hpp>
#include <hotswap/strategies/canary_config.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// What one call does wrong.
enum class fault {
  none,
  throws,           ///< has no effect, and says so
  acts_and_throws,  ///< has its effect, and denies it
  hangs,            ///< has no effect, and never ends
  late,             ///< has its effect, and ends, after `late_by`
  lies,             ///< has no effect, or answers wrongly, and says nothing
  conflicts,        ///< of an append: somebody else was there first
};

inline const std::vector<std::string> nothing;

/// Which of the calls that are made to it fail, and how; and which were made.
class fault_script {
 public:
  static constexpr int always = std::numeric_limits<int>::max();

  class call_made {
   public:
    call_made(std::string what, std::chrono::nanoseconds when) : text(std::move(what)), at(when) {}
    std::string text;
    std::chrono::nanoseconds at;
  };

  explicit fault_script(hotswap::virtual_clock& on) : clock_(on) {}
  fault_script(const fault_script&) = delete;
  fault_script& operator=(const fault_script&) = delete;
  ~fault_script() { let_go(); }

  /// What hangs fails now, so that nothing leaks when a test ends.
  void let_go() {
    for (const auto each : std::exchange(hung_, {})) each.resume();
  }

  /// Of the calls whose text begins with `prefix`, `times` fail, after the first `skipped`.
  void breaks(std::string prefix, fault how, int times = always, int skipped = 0) {
    rules_.emplace_back(std::move(prefix), how, times, skipped);
  }
  void is_repaired() { rules_.clear(); }

  [[nodiscard]] const std::vector<call_made>& calls() const noexcept { return calls_; }

  /// Is called as each call begins, with its number from 1.
  std::function<void(std::size_t)> when_called;
  std::chrono::nanoseconds latency{0};
  std::chrono::nanoseconds late_by = std::chrono::seconds{150};

  /// A call of that text, which does `effect` unless it is to fail.
  hotswap::task<bool> act(std::string text, std::function<void()> effect) {
    calls_.emplace_back(text, clock_.elapsed());
    if (when_called) when_called(calls_.size());
    const fault how = next_fault(text);
    if (latency > std::chrono::nanoseconds::zero()) co_await hotswap::sleep_for(clock_, latency);
    if (how == fault::hangs) co_await for_ever{hung_};
    if (how == fault::late) co_await hotswap::sleep_for(clock_, late_by);
    if (how == fault::conflicts) throw hotswap::journal_conflict(text + " conflicts");
    if (how == fault::throws) throw std::runtime_error(text + " is broken");
    if (how != fault::lies && effect) effect();
    if (how == fault::acts_and_throws) throw std::runtime_error(text + " is broken");
    co_return how != fault::lies;
  }

 private:
  class rule {
   public:
    rule(std::string begins, fault what, int how_often, int after)
        : prefix(std::move(begins)), how(what), times(how_often), skipped(after) {}
    std::string prefix;
    fault how;
    int times;
    int skipped;
  };

  class for_ever {
   public:
    explicit for_ever(std::vector<std::coroutine_handle<>>& hung) noexcept : hung_(hung) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) { hung_.push_back(waiter); }
    void await_resume() const { throw std::runtime_error("let go at the end of the test"); }

   private:
    std::vector<std::coroutine_handle<>>& hung_;
  };

  fault next_fault(const std::string& text) {
    for (rule& each : rules_) {
      if (!text.starts_with(each.prefix) || each.times == 0) continue;
      if (each.skipped > 0) {
        --each.skipped;
        continue;
      }
      if (each.times != always) --each.times;
      return each.how;
    }
    return fault::none;
  }

  hotswap::virtual_clock& clock_;
  std::vector<rule> rules_;
  std::vector<call_made> calls_;
  std::vector<std::coroutine_handle<>> hung_;
};

/// What a version is like.
struct simulated_quality {
  double error_rate = 0.001;
  double latency = 0.02;  ///< seconds
  double accuracy = 0.0;  ///< of the requests, all of which are labelled; 0: there are no labels
};

/// Server, router and metrics in one. The baseline is deployed, warm, and has all the traffic.
class simulated_service {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  using model_version = hotswap::model_version;
  using traffic_split = hotswap::traffic_split;
  using time_window = hotswap::time_window;

  explicit simulated_service(hotswap::virtual_clock& on,
                             model_version first = model_version{"fraud", "1"})
      : script_(on), clock_(on), deployed_{first}, warm_{first} {
    script_.latency = std::chrono::seconds{1};
    history_.emplace_back(on.elapsed() - std::chrono::days{30}, traffic_split::all_to(first));
  }

  hotswap::task<> deploy(const model_version& version) {
    return done("deploy " + to_string(version), [this, version] { deployed_.insert(version); });
  }
  hotswap::task<> warm_up(const model_version& version) {
    return done("warm_up " + to_string(version), [this, version] { warm_.insert(version); });
  }
  hotswap::task<> remove(const model_version& version) {
    return done("remove " + to_string(version), [this, version] {
      if (in_force().share_of(version) > hotswap::share{}) {
        wrongs_.push_back(to_string(version) + " was removed while it had traffic");
      }
      deployed_.erase(version);
      warm_.erase(version);
    });
  }
  hotswap::task<> set_split(const traffic_split& split) {
    return done("set_split " + to_string(split), [this, split] { enforce(split); });
  }
  hotswap::task<hotswap::metrics_snapshot> collect(const model_version& version,
                                                   const time_window& window) {
    windows_.push_back(window);
    const bool truly = co_await script_.act("collect " + to_string(version), {});
    hotswap::metrics_snapshot seen = measured(version, window);
    if (distort) distort(version, window, seen);
    if (!truly) seen = hotswap::metrics_snapshot{};
    co_return seen;
  }

  void breaks(std::string prefix, fault how, int times = fault_script::always, int skipped = 0) {
    script_.breaks(std::move(prefix), how, times, skipped);
  }
  [[nodiscard]] fault_script& script() noexcept { return script_; }

  /// Behind the rollout's back, if somebody else does it.
  void enforce(const traffic_split& split) {
    for (const auto& [version, part] : split.entries()) {
      if (!warm_.contains(version)) {
        wrongs_.push_back(to_string(version) + " got traffic, and was not warm");
      }
    }
    history_.emplace_back(clock_.elapsed(), split);
  }
  /// As a baseline does that has slept for too long.
  void cools_down(const model_version& version) { warm_.erase(version); }

  [[nodiscard]] const traffic_split& in_force() const noexcept { return history_.back().second; }
  [[nodiscard]] const std::set<model_version>& deployed() const noexcept { return deployed_; }
  [[nodiscard]] const std::vector<std::string>& wrongs() const noexcept { return wrongs_; }
  [[nodiscard]] const std::vector<time_window>& windows() const noexcept { return windows_; }

  /// How long after `time` that split was in force for the first time.
  [[nodiscard]] nanoseconds until_in_force(const traffic_split& split,
                                           time_window::time_point time) const {
    const nanoseconds steady = on_steady_clock(time);
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const bool is_over = i + 1 < history_.size() && history_[i + 1].first <= steady;
      if (is_over || history_[i].second != split) continue;
      return std::max(nanoseconds::zero(), history_[i].first - steady);
    }
    return nanoseconds::max();
  }

  /// The calls that change something; `collect`, `healthy` and `split` do not.
  [[nodiscard]] std::vector<std::string> changes() const {
    std::vector<std::string> texts;
    for (const auto& each : script_.calls()) {
      const bool asks = each.text.starts_with("collect ") || each.text.starts_with("healthy ") ||
                        each.text.starts_with("split ");
      if (!asks) texts.push_back(each.text);
    }
    return texts;
  }

  /// How often a call whose text begins so was made.
  [[nodiscard]] std::size_t count(const std::string& prefix) const {
    const auto& calls = script_.calls();
    return static_cast<std::size_t>(std::count_if(
        calls.begin(), calls.end(), [&](const auto& c) { return c.text.starts_with(prefix); }));
  }

  double rate = 100.0;  ///< requests per second, of all versions together
  std::map<std::string, simulated_quality> quality;  ///< by version
  std::function<void(const model_version&, const time_window&, hotswap::metrics_snapshot&)> distort;

 protected:
  hotswap::task<> done(std::string text, std::function<void()> effect) {
    co_await script_.act(std::move(text), std::move(effect));
  }

  /// As a fleet does, whose versions come and go with its servers.
  void runs_only(std::set<model_version> versions) {
    deployed_ = versions;
    warm_ = std::move(versions);
  }
  void went_wrong(std::string what) { wrongs_.push_back(std::move(what)); }

  fault_script script_;

 private:
  /// Requests since the beginning, whole ones, so that windows in a row add up.
  [[nodiscard]] double served(const model_version& version, time_window::time_point time) const {
    const nanoseconds until = on_steady_clock(time);
    double seconds = 0.0;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const auto begin = history_[i].first;
      auto end = i + 1 < history_.size() ? history_[i + 1].first : until;
      end = std::min(end, until);
      if (end <= begin) continue;
      seconds += std::chrono::duration<double>(end - begin).count() *
                 history_[i].second.share_of(version).basis_points() / 10'000.0;
    }
    return std::floor(seconds * rate + 1e-6);
  }

  /// As far from now as that wall time is: requests come whether that clock jumps or not.
  [[nodiscard]] nanoseconds on_steady_clock(time_window::time_point time) const {
    return clock_.elapsed() - (clock_.now() - time);
  }

  [[nodiscard]] hotswap::metrics_snapshot measured(const model_version& version,
                                                   const time_window& window) const {
    const auto found = quality.find(version.version());
    const simulated_quality like = found == quality.end() ? simulated_quality{} : found->second;
    const double before = served(version, window.begin);
    const double after = served(version, window.end);
    const auto between = [&](double part) {
      return static_cast<std::uint64_t>(std::floor(after * part) - std::floor(before * part));
    };
    hotswap::metrics_snapshot seen;
    seen.requests = static_cast<std::uint64_t>(after - before);
    seen.errors = between(like.error_rate);
    const std::uint64_t good = seen.requests - seen.errors;
    if (good > 0) {
      const double variance = good > 1 ? like.latency * like.latency / 16.0 : 0.0;
      seen.latency = hotswap::stats::moments::from_summary(good, like.latency, variance);
    }
    if (like.accuracy > 0.0 && seen.requests > 0) {
      seen.accuracy = hotswap::stats::proportion{between(like.accuracy), seen.requests};
    }
    return seen;
  }

  hotswap::virtual_clock& clock_;
  std::set<model_version> deployed_;
  std::set<model_version> warm_;
  std::vector<std::pair<nanoseconds, traffic_split>> history_;  ///< since when, on the steady clock
  std::vector<std::string> wrongs_;
  std::vector<time_window> windows_;
};

/// One that can also be asked for the health of a version and for the split in force.
class readable_service : public simulated_service {
 public:
  using simulated_service::simulated_service;

  hotswap::task<bool> healthy(const model_version& version) {
    const bool truly = co_await script_.act("healthy " + to_string(version), {});
    co_return truly;
  }
  hotswap::task<traffic_split> split(const std::string& model) {
    const bool truly = co_await script_.act("split " + model, {});
    traffic_split answer = truly ? in_force() : traffic_split::all_to({model, "0"});
    co_return answer;
  }
};

/// One whose router refuses what is older than what it has seen.
class fenced_service : public simulated_service {
 public:
  using simulated_service::simulated_service;

  hotswap::task<> set_split(const traffic_split& split, std::uint64_t revision) {
    revisions.push_back(revision);
    return done("set_split " + to_string(split), [this, split, revision] {
      if (revision < newest_) {
        ++refused;
        throw std::runtime_error("a newer split is in force");
      }
      newest_ = revision;
      enforce(split);
    });
  }

  std::vector<std::uint64_t> revisions;  ///< as they were sent
  int refused = 0;

 private:
  std::uint64_t newest_ = 0;
};

[[nodiscard]] inline std::string name_of(hotswap::record_phase phase) {
  switch (phase) {
    case hotswap::record_phase::began:
      return "began";
    case hotswap::record_phase::progress:
      return "progress";
    case hotswap::record_phase::outcome:
      return "outcome";
  }
  return "outcome";
}

/// `append step-25/shift/began`; `append rollout/began` is of no step.
[[nodiscard]] inline std::string text_of(const hotswap::journal_record& record) {
  const std::string step = record.step.empty() ? "" : record.step + "/";
  return "append " + step + record.verb + "/" + name_of(record.phase);
}

/// A user's journal: it survives the process, takes its time, and can fail.
class simulated_journal final : public hotswap::journal {
 public:
  explicit simulated_journal(hotswap::virtual_clock& on) : script(on) {}

  hotswap::task<std::vector<std::string>> unfinished() override { return kept_.unfinished(); }
  hotswap::task<std::vector<hotswap::journal_record>> load(std::string stream) override {
    co_await script.act("load " + stream, {});
    std::vector<hotswap::journal_record> records = co_await kept_.load(stream);
    co_return records;
  }
  hotswap::task<void> append(std::string stream, hotswap::journal_record record) override {
    bool takes_effect = false;
    std::exception_ptr failure;
    try {
      co_await script.act(text_of(record), [&takes_effect] { takes_effect = true; });
    } catch (...) {
      failure = std::current_exception();
    }
    if (takes_effect) co_await kept_.append(std::move(stream), std::move(record));
    if (failure) std::rethrow_exception(failure);
  }
  [[nodiscard]] bool survives_the_process() const override { return survives; }

  fault_script script;
  bool survives = true;

 private:
  hotswap::memory_journal kept_;
};

/// All that an event says, on one line.
[[nodiscard]] inline std::string text_of(const hotswap::event& told) {
  std::string text = std::to_string(told.time.time_since_epoch().count()) + " #" +
                     std::to_string(told.sequence) + " " + std::string{to_string(told.kind)} + " " +
                     std::string{to_string(told.severity)} + " " + told.rollout + " " + told.model +
                     " " + told.baseline + ">" + told.candidate + " " + told.strategy + " [" +
                     told.step + "] " + to_string(told.candidate_share) + " by '" + told.actor +
                     "' " + std::string{to_string(told.reason_code)} + ": " + told.message;
  for (const auto& [name, value] : told.payload) text += " " + name + "=" + value;
  for (const auto& [name, value] : told.labels) text += " " + name + ":" + value;
  if (told.look) {
    text += " {" + std::string{to_string(told.look->verdict.decision())} + " " +
            std::to_string(told.look->baseline.requests) + "/" +
            std::to_string(told.look->candidate.requests) + " " +
            std::to_string(told.look->elapsed.count()) + "}";
  }
  return text;
}

[[nodiscard]] inline std::vector<std::string> texts_of(const std::vector<hotswap::event>& history) {
  std::vector<std::string> lines;
  for (const hotswap::event& each : history) lines.push_back(text_of(each));
  return lines;
}

/// The messages of one kind.
[[nodiscard]] inline std::vector<std::string> messages(const hotswap::deployment_result& result,
                                                       hotswap::event_kind kind) {
  std::vector<std::string> found;
  for (const hotswap::event& each : result.history()) {
    if (each.kind == kind) found.push_back(each.message);
  }
  return found;
}

[[nodiscard]] inline std::size_t count(const hotswap::deployment_result& result,
                                       hotswap::event_kind kind) {
  return messages(result, kind).size();
}

/// A canary of fraud@2 in place of fraud@1, and the world around it.
template <typename Service = simulated_service>
class simulated_rollout {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit simulated_rollout(std::string model = "fraud")
      : baseline(model, "1"), candidate(model, "2"), service(clock, baseline) {}
  simulated_rollout(const simulated_rollout&) = delete;
  simulated_rollout& operator=(const simulated_rollout&) = delete;
  /// Late calls end, so that nothing leaks.
  ~simulated_rollout() {
    actions_.clear();
    service.script().let_go();
    if (journal_) journal_->script.let_go();
    clock.advance(std::chrono::hours{1});
  }

  /// With a journal that survives the process, so that a stop is no abort.
  simulated_journal& with_users_journal() {
    journal_ = std::make_shared<simulated_journal>(clock);
    environment.journal = journal_;
    return *journal_;
  }

  [[nodiscard]] simulated_journal& journal() { return *journal_; }

  /// As if in a new process: what comes next is deployed in a context of its own.
  void restarts() { context_.reset(); }

  hotswap::rollout_context& context() {
    if (!context_) context_.emplace(environment);
    return *context_;
  }
  hotswap::rollout_control control() { return context().control(); }

  /// Does something at that time after the start.
  void at(nanoseconds time, std::function<void()> doing) {
    actions_.push_back(std::make_unique<action>(clock, std::move(doing)));
    clock.arm(*actions_.back(), hotswap::clock::steady_time_point{} + time);
  }

  hotswap::task<hotswap::deployment_result> deploy() {
    hotswap::canary_strategy canary{service, service, service, config};
    return canary.deploy(baseline, candidate, context());
  }
  hotswap::deployment_result run() { return clock.run(deploy()); }

  [[nodiscard]] std::vector<hotswap::journal_record> records() {
    return clock.run(environment.journal->load(baseline.model()));
  }

  /// What must hold at every end: invariants 2, 3, 4, 6 and 15 of a rollout, and that its history
  /// is what a re-read of the journal gives.
  [[nodiscard]] std::vector<std::string> broken_promises(const hotswap::deployment_result& result) {
    using hotswap::deployment_status;
    std::vector<std::string> broken = service.wrongs();
    const auto written = records();
    std::size_t terminals = 0;
    std::vector<hotswap::event> reread;
    for (const auto& each : written) {
      if (std::holds_alternative<hotswap::terminal_record>(each.payload)) ++terminals;
      for (const auto& told : each.events) reread.push_back(*told);
    }
    if (terminals != 1) broken.push_back(std::to_string(terminals) + " terminal records");
    if (texts_of(reread) != texts_of(result.history())) {
      broken.push_back("the journal tells another history");
    }

    std::set<hotswap::model_version> left = service.deployed();
    left.erase(result.active());
    for (const hotswap::event& each : result.history()) {
      if (each.kind == hotswap::event_kind::leftover && each.payload.contains("version")) {
        left.erase({each.model, each.payload.at("version")});
      }
    }
    for (const auto& each : left) broken.push_back(to_string(each) + " is left, and not named");

    const bool baseline_serves = result.status() == deployment_status::rolled_back ||
                                 result.status() == deployment_status::aborted;
    if (baseline_serves && service.in_force() != hotswap::traffic_split::all_to(baseline)) {
      broken.push_back("the baseline has not all the traffic: " + to_string(service.in_force()));
    }
    if (baseline_serves && result.active() != baseline) broken.push_back("the baseline serves");
    return broken;
  }

  /// From the decision to roll back to the baseline in force.
  [[nodiscard]] nanoseconds way_back(const hotswap::deployment_result& result) const {
    for (const hotswap::event& each : result.history()) {
      if (each.kind != hotswap::event_kind::rollback_started) continue;
      return service.until_in_force(hotswap::traffic_split::all_to(baseline), each.time);
    }
    return nanoseconds::max();
  }

  hotswap::virtual_clock clock;
  hotswap::model_version baseline;
  hotswap::model_version candidate;
  hotswap::rollout_environment environment{clock};
  hotswap::canary_config config;
  Service service;

 private:
  class action final : public hotswap::timer {
   public:
    action(hotswap::clock& on, std::function<void()> doing)
        : clock_(on), doing_(std::move(doing)) {}
    ~action() override { clock_.disarm(*this); }

   private:
    void expired() override { doing_(); }
    hotswap::clock& clock_;
    std::function<void()> doing_;
  };

  std::shared_ptr<simulated_journal> journal_;
  std::optional<hotswap::rollout_context> context_;
  std::vector<std::unique_ptr<action>> actions_;
};
