#pragma once

/// @file
/// The journal of a rollout that is replayed: it knows how the rollout went on when it was
/// recorded, and hands out only the records before that.
///
///     const auto journal = std::make_shared<hotswap::replayed_journal>(records, 12);
///     environment.journal = journal;   // resumes after record 12

#include <hotswap/async/task.hpp>
#include <hotswap/core/error.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hotswap::inline v0_1 {

/// Of one rollout. Belongs to the clock's thread.
class replayed_journal final : public journal {
 public:
  /// @param recorded  all records of a rollout, oldest first
  /// @param known     how many of them a replay finds, at least the opening
  /// @throws journal_error  unless the rollout opens, and has ended.
  replayed_journal(std::vector<journal_record> recorded, std::size_t known)
      : recorded_(std::move(recorded)), known_(known) {
    const auto* first =
        recorded_.empty()
            ? nullptr
            : std::get_if<std::shared_ptr<const opening_record>>(&recorded_.front().payload);
    if (first == nullptr) {
      throw journal_error("replayed_journal: record 1 must be the opening of a rollout");
    }
    if (!is_terminal(recorded_.back())) {
      throw journal_error("replayed_journal: the last record must be terminal, got " +
                          name_of(recorded_.back()));
    }
    opening_ = *first;
    known_ = std::clamp<std::size_t>(known_, 1, recorded_.size());
    written_.assign(recorded_.begin(), recorded_.begin() + static_cast<std::ptrdiff_t>(known_));
    for (const journal_record& each : recorded_) {
      if (const auto* found = std::get_if<rollback_record>(&each.payload)) rollback_ = found;
    }
  }

  task<std::vector<std::string>> unfinished() override {
    std::vector<std::string> streams;
    if (!is_terminal(written_.back())) streams.push_back(opening_->model);
    co_return streams;
  }

  task<std::vector<journal_record>> load(std::string stream) override {
    std::vector<journal_record> records;
    if (stream == opening_->model) records = written_;
    co_return records;
  }

  task<void> append(std::string stream, journal_record record) override {
    if (record.sequence != written_.size() + 1 || record.rollout != written_.front().rollout) {
      throw journal_conflict("journal of " + stream + ": record " +
                             std::to_string(written_.size() + 1) + " of " +
                             written_.front().rollout + " must be next, got " +
                             std::to_string(record.sequence) + " of " + record.rollout);
    }
    written_.push_back(std::move(record));
    co_return;
  }

  [[nodiscard]] const opening_record& opening() const noexcept { return *opening_; }
  [[nodiscard]] const std::vector<journal_record>& recorded() const noexcept { return recorded_; }
  /// How many of the recorded ones a replay finds.
  [[nodiscard]] std::size_t known() const noexcept { return known_; }
  /// Those, and what the replay has added.
  [[nodiscard]] const std::vector<journal_record>& written() const noexcept { return written_; }

  /// How it ended when it was recorded.
  [[nodiscard]] const terminal_record& end() const {
    return std::get<terminal_record>(recorded_.back().payload);
  }
  /// Why it was rolled back when it was recorded; null if it was not.
  [[nodiscard]] const rollback_record* rollback() const noexcept { return rollback_; }

  /// Null if that was not recorded.
  [[nodiscard]] const journal_record* find(std::string_view step, std::string_view verb,
                                           record_phase phase) const {
    return find_in(recorded_, step, verb, phase);
  }

  /// The latest verb that the replay has begun with those arguments; null if there is none.
  [[nodiscard]] const journal_record* begun(std::string_view verb,
                                            std::string_view arguments) const {
    for (auto each = written_.rbegin(); each != written_.rend(); ++each) {
      const auto* asked = std::get_if<fingerprint_record>(&each->payload);
      const bool is_it = each->phase == record_phase::began && each->verb == verb;
      if (is_it && asked != nullptr && asked->arguments == arguments) return &*each;
    }
    return nullptr;
  }

  /// The latest verb that looks at metrics; null if none has begun.
  [[nodiscard]] const journal_record* looking() const {
    for (auto each = written_.rbegin(); each != written_.rend(); ++each) {
      const bool looks =
          each->verb == "reference" || each->verb == "observe" || each->verb == "compare";
      if (looks && each->phase == record_phase::began) return &*each;
    }
    return nullptr;
  }

  /// Its looks among the recorded, or among the written records.
  [[nodiscard]] static std::vector<const journal_record*> looks_of(
      const journal_record& verb, const std::vector<journal_record>& records) {
    std::vector<const journal_record*> looks;
    for (const journal_record& each : records) {
      if (each.step != verb.step || each.verb != verb.verb) continue;
      if (std::holds_alternative<std::shared_ptr<const look_report>>(each.payload)) {
        looks.push_back(&each);
      }
    }
    return looks;
  }

  /// The outcome of that verb among those that a replay finds; null if it is not over there.
  [[nodiscard]] const journal_record* known_outcome(std::string_view step,
                                                    std::string_view verb) const {
    const journal_record* outcome = find(step, verb, record_phase::outcome);
    return outcome != nullptr && outcome->sequence <= known_ ? outcome : nullptr;
  }

  /// Has the replay decided to, or found that it was decided?
  [[nodiscard]] bool is_rolling_back() const {
    return std::any_of(written_.begin(), written_.end(), [](const journal_record& each) {
      return std::holds_alternative<rollback_record>(each.payload);
    });
  }

  /// `step-25/shift outcome`
  [[nodiscard]] static std::string name_of(const journal_record& record) {
    const std::string step = record.step.empty() ? "" : record.step + "/";
    return step + record.verb + " " + std::string{to_string(record.phase)};
  }

 private:
  static const journal_record* find_in(const std::vector<journal_record>& records,
                                       std::string_view step, std::string_view verb,
                                       record_phase phase) {
    for (const journal_record& each : records) {
      if (each.step == step && each.verb == verb && each.phase == phase) return &each;
    }
    return nullptr;
  }

  std::vector<journal_record> recorded_;
  std::size_t known_;
  std::vector<journal_record> written_;
  std::shared_ptr<const opening_record> opening_;
  const rollback_record* rollback_ = nullptr;
};

}  // namespace hotswap::inline v0_1
