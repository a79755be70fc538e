#pragma once

/// @file
/// What hotswap throws: one root, and a type for each mistake that a caller can act upon.
///
///     try { … } catch (const hotswap::config_error& e) { point_at(e.pointer()); }
///
/// Messages read `where: field must rule, got value`. The statistics throw the standard library's
/// exceptions instead, since they stand alone.

#include <stdexcept>
#include <string>
#include <utility>

namespace hotswap::inline v0_1 {

/// The root of all that hotswap throws, but for `stats/` and `async/`.
class error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A setting, a name or a document that cannot be used. Never retried.
class config_error : public error {
 public:
  /// @param pointer  the JSON pointer (RFC 6901) of the field at fault; empty for the whole
  ///   document.
  /// @param rule     what must hold, and what was found instead.
  config_error(std::string pointer, const std::string& rule)
      : error(pointer.empty() ? rule : pointer + ": " + rule), pointer_(std::move(pointer)) {}

  [[nodiscard]] const std::string& pointer() const noexcept { return pointer_; }

 private:
  std::string pointer_;
};

/// A call into the platform that did not end before its deadline. Whether it took effect is
/// unknown.
class timeout_error : public error {
 public:
  using error::error;
};

/// The journal could not be read or written; what was to be recorded is not known to be durable.
class journal_error : public error {
 public:
  using error::error;
};

/// Somebody else has written to the same rollout: this driver has lost it, and leaves at once.
class journal_conflict : public journal_error {
 public:
  using journal_error::journal_error;
};

}  // namespace hotswap::inline v0_1
