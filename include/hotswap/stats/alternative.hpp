#pragma once

/// @file
/// What a test looks for, should its null hypothesis be false.
///
///     welch_t_test(baseline, candidate, {.alternative = alternative::greater});

namespace hotswap::inline v0_1::stats {

/// It speaks of the candidate: `greater` means that the candidate's value is the greater one.
enum class alternative { two_sided, less, greater };

}  // namespace hotswap::inline v0_1::stats
