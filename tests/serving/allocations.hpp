#pragma once

/// @file
/// Counts the allocations of this thread; test_splitter.cpp replaces the operators that do.
///
///     const std::size_t before = allocations;
///     CHECK(allocations == before);

#include <cstddef>

inline thread_local std::size_t allocations = 0;
