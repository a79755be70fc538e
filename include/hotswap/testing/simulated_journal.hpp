#pragma once

/// @file
/// A user's journal, which fails as the schedule of its world says; all that is in it is in sight.
///
///     environment.journal = std::make_shared<hotswap::simulated_journal>(world);

#include <hotswap/async/task.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/append_rule.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>
#include <hotswap/testing/schedule.hpp>
#include <hotswap/testing/simulated_process.hpp>
#include <hotswap/testing/simulated_world.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Is told of each record once it is durable, and never of the same one twice.
class journal_watcher {
 public:
  journal_watcher() = default;
  journal_watcher(const journal_watcher&) = delete;
  journal_watcher& operator=(const journal_watcher&) = delete;
  virtual ~journal_watcher() = default;

  /// @param by  the process that has asked for it, perhaps long ago; null if it is in none.
  virtual void is_durable(const journal_record& record, simulated_process* by) = 0;
};

/// Of one stream. As its contract says, the same record again is success, also if another driver
/// has written since: that driver's predecessor then goes on for one more call, and `cannot_know`.
///
/// It survives every process; several may share it. A template for the reason that
/// `basic_memory_journal` gives.
template <typename = void>
class basic_simulated_journal final : public journal {
 public:
  using kept_record = std::shared_ptr<const journal_record>;

  /// @param world  outlives it.
  explicit basic_simulated_journal(simulated_world& world) : world_(world) {}

  task<std::vector<std::string>> unfinished() override {
    std::vector<std::string> streams;
    if (!latest_.empty() && !is_terminal(*latest_.back())) streams.push_back(stream_);
    co_return streams;
  }

  task<std::vector<journal_record>> load(std::string stream) override {
    auto read = world_.ask<std::monostate>(
        choice_site::load, load_ways, deadline,
        [&stream] { return "read the journal of " + stream; },
        [](call_fault) { return std::monostate{}; });
    co_await read;
    std::vector<journal_record> records;
    records.reserve(latest_.size());
    for (const kept_record& each : latest_) records.push_back(*each);
    co_return records;
  }

  task<void> append(std::string stream, journal_record record) override {
    stream_ = std::move(stream);
    const auto added = std::make_shared<const journal_record>(std::move(record));
    const auto refused = std::make_shared<bool>(false);
    simulated_process* const by = world_.running;
    const auto asked_at = world_.clock.elapsed();
    auto write = world_.change(
        choice_site::append, append_ways, deadline, [added] { return text_of(*added); },
        [this, added, refused, by](bool) { *refused = !keep(added, by); }, [](bool) {});
    co_await write;
    if (!*refused) co_return;
    const bool is_heard = world_.clock.elapsed() == asked_at;  // else it may have given up
    if (by != nullptr && is_heard) by->has_lost = true;
    refuse_taken(stream_, *added);
  }

  /// The latest rollout, oldest record first.
  [[nodiscard]] const std::vector<kept_record>& records() const noexcept { return latest_; }

  /// As if its disk were lost.
  void forgets() { latest_.clear(); }

  void watched_by(journal_watcher* watcher) noexcept { watcher_ = watcher; }

  std::chrono::nanoseconds deadline = std::chrono::seconds{10};  ///< of the rollout

 private:
  using f = call_fault;
  static constexpr std::array append_ways{f::none,  f::fails,          f::fails_after,
                                          f::hangs, f::answers_late,   f::lands_late,
                                          f::lost,  f::crashes_before, f::crashes_after};
  static constexpr std::array load_ways{f::none, f::fails, f::hangs, f::crashes_before};

  static std::string text_of(const journal_record& record) {
    return "append " + std::to_string(record.sequence) + ": " + record.step + "/" + record.verb +
           " " + std::string{to_string(record.phase)} + " by " + record.driver;
  }

  /// False if it is refused.
  bool keep(const kept_record& added, simulated_process* by) {
    stream_end end;
    if (!latest_.empty()) end.add(*latest_.back());
    try {
      const append_place place = place_of(stream_, end, *added);
      if (place == append_place::taken) return *latest_[added->sequence - 1] == *added;
      if (place == append_place::opens) latest_.clear();
    } catch (const journal_error&) {  // of which a conflict is one
      return false;
    }
    latest_.push_back(added);
    if (watcher_ != nullptr) watcher_->is_durable(*added, by);
    return true;
  }

  simulated_world& world_;
  std::string stream_;
  std::vector<kept_record> latest_;
  journal_watcher* watcher_ = nullptr;
};

using simulated_journal = basic_simulated_journal<>;

}  // namespace hotswap::inline v0_1
