#pragma once

/// @file
/// The journal that forgets everything when the process ends; the default.
///
///     environment.journal = std::make_shared<hotswap::memory_journal>();

#include <hotswap/async/task.hpp>
#include <hotswap/rollout/append_rule.hpp>
#include <hotswap/rollout/journal.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <cstddef>
#include <iterator>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hotswap::inline v0_1 {

/// Belongs to the clock's thread. Keeps the latest rollout of each model. A template only so that a
/// program which includes it, and does not use it, does not compile it: g++ emits each coroutine
/// that it has seen outside of templates.
template <typename = void>
class basic_memory_journal final : public journal {
 public:
  task<std::vector<std::string>> unfinished() override {
    std::vector<std::string> streams;
    for (const auto& [stream, latest] : latest_) {
      if (latest.end.records > 0 && !latest.end.is_finished) streams.push_back(stream);
    }
    co_return streams;
  }

  task<std::vector<journal_record>> load(std::string stream) override {
    const auto found = latest_.find(stream);
    if (found == latest_.end()) co_return std::vector<journal_record>{};
    const std::list<journal_record>& records = found->second.records;
    co_return std::vector<journal_record>{records.begin(), records.end()};
  }

  task<void> append(std::string stream, journal_record record) override {
    auto& [records, end] = latest_[stream];
    const append_place place = place_of(stream, end, record);
    if (place == append_place::taken) {
      if (*std::next(records.begin(), static_cast<std::ptrdiff_t>(record.sequence - 1)) != record) {
        refuse_taken(stream, record);
      }
      co_return;
    }
    std::list<journal_record> added;
    added.push_back(std::move(record));  // first: if it throws, nothing has changed
    if (place == append_place::opens) records.clear();
    records.splice(records.end(), added);
    end.add(records.back());
    co_return;
  }

  [[nodiscard]] bool survives_the_process() const override { return false; }

 private:
  /// A list moves no record when it grows, and has no room to spare: there may be 100,000 of them.
  struct stream_of_records {
    std::list<journal_record> records;
    stream_end end;
  };

  std::map<std::string, stream_of_records> latest_;
};

using memory_journal = basic_memory_journal<>;

}  // namespace hotswap::inline v0_1
