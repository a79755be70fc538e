#pragma once

/// @file
/// One include for Catch2 v2 and v3, under the names that both have.

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
