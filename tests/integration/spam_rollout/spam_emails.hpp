#pragma once

/// @file
/// The e-mails of the example, read and split once for all tests.
///
///     const spam::split_emails& emails = spam_emails();

#include "spambase.hpp"

#include <filesystem>

/// The file that the example reads.
inline std::filesystem::path spambase_file() {
  return std::filesystem::path{HOTSWAP_TESTS} / "../examples/spam_rollout/spambase.csv";
}

/// As the example splits them.
inline const spam::split_emails& spam_emails() {
  static const spam::split_emails emails =
      spam::split(spam::read_emails(spambase_file()), 1.0 / 3.0);
  return emails;
}
