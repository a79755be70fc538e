#pragma once

/// @file
/// Whether a rank test counts all arrangements of its values, or takes their limit.
///
///     mann_whitney_test(baseline, candidate, {.exactness = exactness::asymptotic});

namespace hotswap::inline v0_1::stats {

/// `automatic` is exact where that is cheap and allowed, and says in the result which it was.
enum class exactness { automatic, exact, asymptotic };

}  // namespace hotswap::inline v0_1::stats
