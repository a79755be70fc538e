#pragma once

/// @file
/// Where a rollout writes down what it does, before and after it does it.
///
///     class my_journal final : public hotswap::journal { … };
///     environment.journal = std::make_shared<my_journal>();

#include <hotswap/async/task.hpp>
#include <hotswap/rollout/journal_record.hpp>

#include <string>
#include <vector>

namespace hotswap::inline v0_1 {

/// One stream per model, of one rollout after the other. Its members are called through the one
/// door (`call`), so they may take their time and end on any thread.
class journal {
 public:
  journal() = default;
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  virtual ~journal() = default;

  /// The streams whose latest rollout has no terminal record.
  virtual task<std::vector<std::string>> unfinished() = 0;

  /// The latest rollout of the stream, oldest record first; empty for a stream that is not known.
  virtual task<std::vector<journal_record>> load(std::string stream) = 0;

  /// Resolves when the record is durable. The same record again is success.
  /// @throws journal_conflict  if another record with this sequence is there, or the stream has
  ///   come to a later rollout: its first record may come late, too.
  /// @throws journal_error     if the record is not known to be durable.
  virtual task<void> append(std::string stream, journal_record record) = 0;

  /// Can another process read what this one has written? If not, a rollout that is told to stop has
  /// nobody to resume it, and rolls back.
  [[nodiscard]] virtual bool survives_the_process() const { return true; }
};

}  // namespace hotswap::inline v0_1
