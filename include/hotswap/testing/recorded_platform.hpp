#pragma once

/// @file
/// Server, router and metrics that answer as they did when a journal was recorded, and refuse to do
/// again what is recorded as done.
///
///     hotswap::recorded_platform platform{clock, *journal};   // of a replayed_journal
///     hotswap::canary_strategy canary{platform, platform, platform, config};

#include <hotswap/async/clock.hpp>
#include <hotswap/async/sleep.hpp>
#include <hotswap/async/task.hpp>
#include <hotswap/core/deployment_result.hpp>
#include <hotswap/core/divergence_snapshot.hpp>
#include <hotswap/core/event.hpp>
#include <hotswap/core/metrics_snapshot.hpp>
#include <hotswap/core/model_version.hpp>
#include <hotswap/core/reason_code.hpp>
#include <hotswap/core/server_id.hpp>
#include <hotswap/core/share.hpp>
#include <hotswap/core/smoke_test_report.hpp>
#include <hotswap/core/time_window.hpp>
#include <hotswap/core/traffic_split.hpp>
#include <hotswap/rollout/fleet_state.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/replayed_journal.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// A call ends when its outcome was recorded; one that failed fails with the recorded text, one
/// that had no outcome does not end. A look gets the metrics of the recorded look of its number.
/// What no record tells, such as who was healthy, is answered so that it ends as it did.
///
/// Has all that a strategy may ask for, a fleet whose servers rotate included. Belongs to the
/// clock's thread; the clock and the journal outlive it.
class recorded_platform {
 public:
  recorded_platform(clock& on, const replayed_journal& journal) : clock_(on), journal_(journal) {
    const opening_record& opening = journal_.opening();
    if (!opening.baseline.empty()) {
      baseline_.emplace(opening.model, opening.baseline);
      split_ = traffic_split::all_to(*baseline_);
      deployed_.insert(*baseline_);
    }
    for (std::size_t i = 0; i < journal_.known(); ++i) restore(journal_.recorded()[i]);
  }
  recorded_platform(const recorded_platform&) = delete;
  recorded_platform& operator=(const recorded_platform&) = delete;

  task<void> deploy(const model_version& version) {
    return change("deploy", to_string(version), "deploy of " + to_string(version),
                  [this, version] { deployed_.insert(version); });
  }
  task<void> warm_up(const model_version& version) {
    return change("warm_up", to_string(version), "warm_up of " + to_string(version), [] {});
  }
  task<smoke_test_report> smoke_test(const model_version& version, std::size_t samples) {
    const std::string count = std::to_string(samples) + " samples";
    const std::string failure = " smoke tests of " + to_string(version) + " failed";
    smoke_test_report report;
    report.samples = samples;
    const auto* decided = journal_.rollback();
    if (decided != nullptr && decided->reason.find(failure) != std::string::npos) {
      report.failures = 1;
      report.messages.push_back(after(decided->reason, failure + ": "));
      co_return report;
    }
    co_await change("smoke_test", to_string(version) + ", " + count,
                    "smoke_test of " + to_string(version), [] {});
    co_return report;
  }
  task<void> remove(const model_version& version) {
    const bool is_left = was_left_over(version);
    if (is_left) throw std::runtime_error(to_string(version) + " was left over");
    const std::string verb = journal_.is_rolling_back() ? "remove" : "retire";
    return change(verb, to_string(version), "remove of " + to_string(version),
                  [this, version] { deployed_.erase(version); });
  }

  task<void> set_split(const traffic_split& split) {
    return change("shift", to_string(split), "set_split to " + to_string(split),
                  [this, split] { split_ = split; });
  }
  task<traffic_split> split(const std::string& model) {
    if (!split_) throw std::runtime_error("unknown model " + model);
    traffic_split answer = *split_;
    co_return answer;
  }
  task<void> set_mirror(const model_version&, const model_version&, const share& sampled) {
    return change("mirror", to_string(sampled), "set_mirror to " + to_string(sampled),
                  [this, sampled] { mirror_ = sampled; });
  }
  task<bool> healthy(const model_version& version) {
    const bool is_candidate = !baseline_ || version != *baseline_;
    co_return is_candidate ? !is_sick() : !could_not_go_back();
  }

  task<metrics_snapshot> collect(const model_version& version, const time_window& window) {
    metrics_snapshot seen;
    const journal_record* verb = journal_.looking();
    if (verb == nullptr || window.begin == window.end) co_return seen;
    if (const journal_record* look = recorded_look(*verb)) {
      co_await until(std::min(look->at, clock_.now() + std::chrono::seconds{5}));
      const look_report& report = *std::get<std::shared_ptr<const look_report>>(look->payload);
      if (!report.collected) throw std::runtime_error("the metrics could not be had");
      const bool of_baseline = baseline_ && version == *baseline_;
      if (of_baseline) seen = report.baseline;
      if (!of_baseline) seen = report.candidate;
    } else if (const journal_record* outcome = outcome_of(*verb)) {
      const auto* measured =
          std::get_if<std::shared_ptr<const reference_record>>(&outcome->payload);
      if (measured != nullptr) seen = (*measured)->baseline;
    }
    co_return seen;
  }
  task<divergence_snapshot> divergence(const model_version&, const model_version&,
                                       const time_window&) {
    divergence_snapshot seen;
    const journal_record* verb = journal_.looking();
    const journal_record* look = verb == nullptr ? nullptr : recorded_look(*verb);
    if (look == nullptr) co_return seen;
    const look_report& report = *std::get<std::shared_ptr<const look_report>>(look->payload);
    if (report.divergence) seen = *report.divergence;
    co_return seen;
  }

  /// In the order in which they were updated; those that never were come last, and have no name.
  task<std::vector<server_id>> servers(const std::string&) {
    std::vector<server_id> names;
    std::size_t fleet_size = 0;
    for (const journal_record& each : journal_.recorded()) {
      const auto* outcome = std::get_if<outcome_record>(&each.payload);
      if (each.verb != "batch" || outcome == nullptr) continue;
      const server_batch batch = server_batch::parse(outcome->why);
      names.insert(names.end(), batch.servers.begin(), batch.servers.end());
      fleet_size = std::max(fleet_size, batch.fleet_size);
    }
    while (names.size() < fleet_size) names.emplace_back("unnamed-" + std::to_string(names.size()));
    co_return names;
  }
  task<void> update(const server_id& server, const model_version& version) {
    const std::string verb = journal_.is_rolling_back() ? "restore " : "update ";
    return change(verb + server.name(), to_string(version),
                  "update of " + to_string(server) + " to " + to_string(version),
                  [this, server, version] { servers_[server] = to_string(version); });
  }
  task<bool> healthy(const server_id& server) {
    if (journal_.is_rolling_back()) {
      const bool is_touched = servers_.contains(server);
      co_return !is_touched || !could_not_go_back() || was_restored(server);
    }
    co_return !is_sick() && !does_not_become_healthy(server);
  }
  /// Asked again for what is so already, it makes sure of it: no record tells of a roll-back that
  /// could not be recorded.
  task<void> set_rotation(const server_id& server, bool in_rotation) {
    const auto found = rotation_.find(server);
    const bool is_so = found != rotation_.end() && found->second == in_rotation;
    if (is_so && !journal_.is_rolling_back()) return already_so();
    const std::string way = in_rotation ? "in" : "out";
    const std::string verb = journal_.is_rolling_back() ? "restore " : "rotate_" + way + " ";
    return change(verb + server.name(), std::string{},
                  "set_rotation of " + to_string(server) + " " + way,
                  [this, server, in_rotation] { rotation_[server] = in_rotation; });
  }

  /// The first call that was made again although its outcome is recorded, as a sentence; empty if
  /// there was none.
  [[nodiscard]] const std::string& repeated() const noexcept { return repeated_; }

  /// `100 % fraud@2; deployed fraud@2`: split, mirror, versions, and the servers that were updated.
  [[nodiscard]] std::string state() const {
    std::string text = split_ ? to_string(*split_) : "no traffic";
    if (mirror_ > share{}) text += "; mirrored " + to_string(mirror_);
    text += "; deployed";
    for (const model_version& each : deployed_) text += " " + to_string(each);
    for (const auto& [server, version] : servers_) {
      const auto found = rotation_.find(server);
      const bool is_out = found != rotation_.end() && !found->second;
      text += "; " + server.name() + " " + version + (is_out ? " out" : "");
    }
    return text;
  }

 private:
  using time_point = clock::time_point;

  /// A call that changes something.
  /// @param name  of the call, as a failure of it begins
  task<void> change(std::string verb, std::string arguments, std::string name,
                    std::function<void()> effect) {
    const bool goes_back = journal_.is_rolling_back();
    const journal_record* begun = journal_.begun(verb, arguments);
    std::string step{"rollback"};
    if (!goes_back) step.clear();
    if (!goes_back && begun != nullptr) step = begun->step;
    if (const journal_record* over = journal_.known_outcome(step, verb)) {
      if (repeated_.empty()) repeated_ = sentence(*over, name);
      throw std::runtime_error(name + " is over, and must not be repeated");
    }
    const journal_record* outcome = journal_.find(step, verb, record_phase::outcome);
    if (outcome != nullptr) {
      co_await until(outcome->at);
    } else if (goes_back) {
      const bool restores = verb == "shift" || verb == "warm_up" || verb.starts_with("restore ");
      if (restores && could_not_go_back()) throw std::runtime_error(text_of_failure(name));
    } else if (begun != nullptr) {
      const std::string text = text_of_failure(name);
      if (!text.empty()) throw std::runtime_error(text);
      co_await sleep_for(clock_, std::chrono::hours{240});
      throw std::runtime_error(name + " was given up");
    }
    effect();
  }

  static task<void> already_so() { co_return; }

  task<void> until(time_point time) {
    const auto left = time - clock_.now();
    if (left > time_point::duration::zero()) co_await sleep_for(clock_, left);
  }

  static std::string sentence(const journal_record& over, const std::string& name) {
    return "record " + std::to_string(over.sequence) + " of " + over.rollout + ": " + over.step +
           "/" + over.verb + " must not be repeated, got " + name + " again";
  }

  /// What follows after that text; empty if it is not there.
  static std::string after(const std::string& all, const std::string& text) {
    const auto at = all.find(text);
    return at == std::string::npos ? std::string{} : all.substr(at + text.size());
  }

  /// What that call said when the rollout was recorded; empty if it did not fail.
  [[nodiscard]] std::string text_of_failure(const std::string& name) const {
    const auto* decided = journal_.rollback();
    if (decided == nullptr) return {};
    if (journal_.is_rolling_back()) return journal_.end().reason;
    return decided->reason.starts_with(name) ? after(decided->reason, " failed: ") : std::string{};
  }

  [[nodiscard]] bool could_not_go_back() const {
    return journal_.end().status == deployment_status::rollback_failed;
  }

  [[nodiscard]] bool was_restored(const server_id& server) const {
    return journal_.find("rollback", "restore " + server.name(), record_phase::outcome) != nullptr;
  }

  [[nodiscard]] bool was_left_over(const model_version& version) const {
    for (const journal_record& each : journal_.recorded()) {
      for (const auto& told : each.events) {
        const auto found = told->payload.find("version");
        if (told->kind != event_kind::leftover || found == told->payload.end()) continue;
        if (found->second == version.version()) return true;
      }
    }
    return false;
  }

  /// Is the candidate about to be found unhealthy, at a look or before a rise?
  [[nodiscard]] bool is_sick() const {
    const auto* decided = journal_.rollback();
    if (decided == nullptr || decided->reason_code != reason_code::unhealthy) return false;
    const journal_record& latest = journal_.written().back();
    const bool rises = latest.verb == "shift" && latest.phase == record_phase::began;
    if (rises) return journal_.find(latest.step, "shift", record_phase::outcome) == nullptr;
    const journal_record* verb = journal_.looking();
    if (verb == nullptr || outcome_of(*verb) != nullptr) return false;
    const std::size_t all = replayed_journal::looks_of(*verb, journal_.recorded()).size();
    return replayed_journal::looks_of(*verb, journal_.written()).size() + 2 >= all;
  }

  /// Is it waited for after its update, in vain?
  [[nodiscard]] bool does_not_become_healthy(const server_id& server) const {
    const auto* decided = journal_.rollback();
    if (decided == nullptr || !decided->reason.starts_with("server " + server.name() + " ")) {
      return false;
    }
    for (const journal_record& each : journal_.written()) {
      if (each.verb == "healthy " + server.name()) return outcome_of(each) == nullptr;
    }
    return false;
  }

  [[nodiscard]] const journal_record* outcome_of(const journal_record& verb) const {
    return journal_.find(verb.step, verb.verb, record_phase::outcome);
  }

  /// The one of the number that is next, or the last.
  [[nodiscard]] const journal_record* recorded_look(const journal_record& verb) const {
    const auto looks = replayed_journal::looks_of(verb, journal_.recorded());
    if (looks.empty()) return nullptr;
    const auto made = replayed_journal::looks_of(verb, journal_.written()).size();
    return looks[std::min(made, looks.size() - 1)];
  }

  /// What a record that is known says of the platform.
  void restore(const journal_record& record) {
    if (const auto* back = std::get_if<traffic_split>(&record.payload)) split_ = *back;
    if (record.phase != record_phase::outcome) return;
    if (record.verb == "remove" || is_terminal(record)) mirror_ = share{};  // has no record
    const journal_record* begun = journal_.find(record.step, record.verb, record_phase::began);
    const auto* asked =
        begun == nullptr ? nullptr : std::get_if<fingerprint_record>(&begun->payload);
    const std::string arguments = asked == nullptr ? std::string{} : asked->arguments;
    const std::string& verb = record.verb;
    const auto space = verb.find(' ');
    const std::string kind = verb.substr(0, space);
    if (kind == "deploy") deployed_.insert(version_of(arguments));
    if (kind == "retire") deployed_.erase(version_of(arguments));
    if (kind == "remove") deployed_.erase({journal_.opening().model, journal_.opening().candidate});
    if (kind == "shift" && asked != nullptr) split_ = split_of(arguments);
    if (kind == "mirror") mirror_ = share_of(arguments);
    if (space == std::string::npos) return;
    const server_id server{verb.substr(space + 1)};
    if (kind == "update" || kind == "restore") servers_[server] = arguments;
    if (kind == "rotate_out") rotation_[server] = false;
    if (kind == "rotate_in" || kind == "restore") rotation_[server] = true;
  }

  /// Of `fraud@2`.
  static model_version version_of(const std::string& text) {
    const auto at = text.find('@');
    return {text.substr(0, at), text.substr(at + 1)};
  }
  /// Of `12.5 %`.
  static share share_of(const std::string& text) { return share::percent(std::stod(text)); }
  /// Of `90 % fraud@1, 10 % fraud@2`.
  static traffic_split split_of(const std::string& text) {
    std::vector<traffic_split::entry> entries;
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find(", ", begin), text.size());
      const std::string each = text.substr(begin, end - begin);
      entries.emplace_back(version_of(each.substr(each.rfind(' ') + 1)), share_of(each));
      begin = end + 2;
    }
    return traffic_split::of(std::move(entries));
  }

  clock& clock_;
  const replayed_journal& journal_;
  std::optional<model_version> baseline_;
  std::optional<traffic_split> split_;
  share mirror_;
  std::set<model_version> deployed_;
  std::map<server_id, std::string> servers_;
  std::map<server_id, bool> rotation_;
  std::string repeated_;
};

}  // namespace hotswap::inline v0_1
